# SPDX-License-Identifier: MIT
"""scripts/style: each check finds what is planted in a tree without git, and one whose tool is missing is skipped."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from programs import SOURCE

import check_tidy

CLEAN = "// SPDX-License-Identifier: MIT\nint answer() { return 42; }\n"
SKIPPED = 77


@pytest.fixture
def tree(tmp_path):
    """A source tree of two files, with our scripts and rules."""
    for path in ("scripts/style", "tests/check_names.py", "tests/check_tidy.py", ".clang-format", ".clang-tidy"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(os.path.join(SOURCE, path), tmp_path / path)
    (tmp_path / "lib/core").mkdir(parents=True)
    (tmp_path / "lib/core/answer.cpp").write_text(CLEAN)
    return tmp_path


def style(tree, *arguments, **environment):
    return subprocess.run([tree / "scripts/style", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, **environment})


def has(tool):
    return shutil.which(tool) is not None


@pytest.mark.skipif(not has("clang-format"), reason="clang-format is not installed")
def test_format_finds_and_fixes_what_is_planted(tree):
    assert style(tree, "format").returncode == 0
    planted = tree / "lib/core/planted.hpp"
    planted.write_text("int   planted( ) ;\n")
    done = style(tree, "format")
    assert done.returncode == 1 and "planted.hpp:1:" in done.stdout and "format: failed" in done.stdout
    assert style(tree, "--fix").returncode == 0
    assert planted.read_text() == "int planted();\n"
    assert style(tree, "format").returncode == 0


@pytest.mark.skipif(not has("clang-format"), reason="clang-format is not installed")
def test_a_tree_without_sources_does_not_pass(tree):
    (tree / "lib/core/answer.cpp").unlink()
    done = style(tree, "format")
    assert done.returncode == 1 and "no C++ file" in done.stdout


def test_names_finds_what_is_planted(tree):
    assert style(tree, "names").returncode == 0
    (tree / "tests/planted.py").write_text("someName = 1\n")
    done = style(tree, "names")
    assert done.returncode == 1 and "tests/planted.py:1: variable 'someName'" in done.stdout


def test_a_missing_tool_is_skipped_and_said(tree, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    for name in ("bash", "env", "dirname", "find", "sort"):
        (programs / name).symlink_to(shutil.which(name))
    done = style(tree, "format", "names", PATH=str(programs))
    assert done.returncode == SKIPPED
    assert "clang-format 14 is not installed" in done.stdout and "style: format: skipped" in done.stdout
    assert "style: names: passed" in done.stdout


def test_an_unknown_check_fails(tree):
    assert style(tree, "spelling").returncode == 1


def plant(monkeypatch, tmp_path, sources):
    """A tree of `sources` with our rules, and its compile commands in `build`."""
    shutil.copy(os.path.join(SOURCE, ".clang-tidy"), tmp_path)
    build = tmp_path / "build"
    build.mkdir()
    for path, text in sources.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    commands = [{"directory": str(build), "file": f"../{path}", "command": f"g++ -I.. -std=c++20 -c ../{path}"}
                for path in sources if path.endswith(".cpp")]
    (build / "compile_commands.json").write_text(json.dumps(commands))
    monkeypatch.setattr(check_tidy, "SOURCE", str(tmp_path))
    return build


needs_tidy = pytest.mark.skipif(not has("clang-tidy"), reason="clang-tidy is not installed")


@needs_tidy
def test_tidy_finds_what_is_planted_in_sources_checked_together(monkeypatch, tmp_path):
    build = plant(monkeypatch, tmp_path, {
        "lib/core/a.cpp": '#include "lib/core/c.hpp"\nnamespace core {\nint a_value() { return 1; }\n}\n',
        "lib/core/b.cpp": "#include <string>\n#include <utility>\nnamespace core {\n"
                          "std::size_t b(std::string text) {\n  const auto moved = std::move(text);\n"
                          "  return text.size() + moved.size();\n}\n}\n",
        "lib/core/c.hpp": "#pragma once\nnamespace core {\nconstexpr int limit = 3;\nclass C { int bare; };\n}\n",
    })
    found, count = check_tidy.check(build)
    assert count == 2
    wanted = ["lib/core/a.cpp:3:5: error: invalid case style for function 'a_value'",
              "lib/core/b.cpp:6:10: error: 'text' used after",
              "lib/core/c.hpp:3:15: error: invalid case style for global constant 'limit'",
              "lib/core/c.hpp:4:15: error: invalid case style for private member 'bare'"]
    assert [line for line in wanted if not any(line in finding for finding in found)] == [], found


@needs_tidy
def test_tidy_passes_sources_that_define_the_same_name(monkeypatch, tmp_path, capsys):
    text = "namespace {\nint same() { return 1; }\n}  // namespace\nint %s() { return same(); }\n"
    build = plant(monkeypatch, tmp_path, {"lib/core/a.cpp": text % "a", "lib/core/b.cpp": text % "b"})
    assert check_tidy.check(build) == ([], 2)
    assert "one by one" not in capsys.readouterr().out


@needs_tidy
def test_tidy_checks_one_by_one_what_does_not_compile_together(monkeypatch, tmp_path, capsys):
    build = plant(monkeypatch, tmp_path, {"lib/core/a.cpp": "#define same 1\n", "lib/core/b.cpp": "int same;\nint B_b;\n"})
    found, _ = check_tidy.check(build)
    assert len(found) == 1 and "'B_b'" in found[0]
    assert "one by one" in capsys.readouterr().out


@needs_tidy
def test_tidy_reports_what_does_not_compile(monkeypatch, tmp_path):
    build = plant(monkeypatch, tmp_path, {"lib/core/a.cpp": "int a = nonsense;\n"})
    found, _ = check_tidy.check(build)
    assert len(found) == 1 and "nonsense" in found[0]


def test_sources_of_a_unity_file_are_checked_with_its_flags(monkeypatch, tmp_path):
    build = plant(monkeypatch, tmp_path, {"lib/core/a.cpp": "", "lib/core/b.cpp": ""})
    unity = build / "lib/core/libcore.a.p/core-unity0.cpp"
    unity.parent.mkdir(parents=True)
    unity.write_text(f"#include<{build}/../lib/core/a.cpp>\n#include<{build}/../lib/core/b.cpp>\n")
    commands = [{"directory": str(build), "file": str(unity.relative_to(build)), "command": "g++ -I.. -c unity.cpp"}]
    (build / "compile_commands.json").write_text(json.dumps(commands))
    assert check_tidy.read_sources(build) == {"lib/core/a.cpp": ("-I..",), "lib/core/b.cpp": ("-I..",)}
