# SPDX-License-Identifier: MIT
"""The check of the words itself: each planted phrase is found in its line, and what is code, example or allowed passes."""

import re
import subprocess
import sys

import check_words
import pytest

WORDS = [(check_words.compiled(r"\bshall\b"), '"will"'), (check_words.compiled(r"\bat once\b"), '"immediately"')]
ALLOWED = [check_words.compiled(r"\bbytes at once\b")]

VIOLATIONS = [
    # (file, its text, line of the phrase)
    ("README.md", "First.\n\nIt shall end.\n", 3),
    ("README.md", "It ends at\nonce.\n", 1),
    ("README.md", "| key | it shall |\n", 1),
    ("doc/container/Dockerfile", "FROM x\n# It ends at\n# once.\n", 2),
    ("man/a.1", ".SH NAME\nIt ends\n.B at\nonce.\n", 3),
    ("man/a.1", '.\\" It \\fBshall\\fR end.\n', 1),
    ("conf.d/a.conf", "[a]\n; It ends at\n; once.\n", 2),
    ("dbus/a.xml", "<node>\n  <!-- It shall end. -->\n</node>\n", 2),
    ("lib/core/a.hpp", "int a;\n/// It ends at\n/// once.\n", 2),
    ("lib/core/a.cpp", "/* It\n * shall end. */\n", 2),
    ("lib/core/a.cpp", 'log("it ends at "\n    "once");\n', 1),
    ("lib/core/a.cpp", 'const char quote = \'"\';\nlog("it shall");\n', 2),
    ("lib/core/a.cpp", 'auto a = R"x(one\n"two" shall)x";\n', 2),
    ("tests/a.py", 'def a():\n    """It ends at\n    once."""\n', 2),
    ("tests/a.py", 'a = f"{1} shall"\n', 1),
    ("scripts/a", "#!/bin/sh\necho 'it shall'\n", 2),
]

FINE = [
    ("README.md", "```sh\nshall\n```\nThe word `shall`, [here](doc/shall).\n"),
    ("README.md", "It ends at\n\nonce it began.\n"),
    ("README.md", "It reads 4096 bytes\nat once.\n"),
    ("man/a.1", ".EX\nshall\n.EE\n.TP\nat\n.TP\nonce\n"),
    ("lib/core/a.cpp", "void shall();\nbool at, once; // at\nint once;\n"),
    ("lib/core/a.cpp", '#include "shall"\nint n = 1\'000; int shall = 2\'000;\n'),
    ("tests/a.py", "shall = at or once\n"),
]


def plant(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def finds(root):
    return list(check_words.check(root, check_words.files(root, True), WORDS, ALLOWED))


@pytest.mark.parametrize("path, text, line", VIOLATIONS)
def test_a_phrase_is_found_in_its_line(tmp_path, path, text, line):
    plant(tmp_path, path, text)
    assert [find[:2] for find in finds(tmp_path)] == [(path, line)]


@pytest.mark.parametrize("path, text", FINE)
def test_code_examples_and_allowed_phrases_pass(tmp_path, path, text):
    plant(tmp_path, path, text)
    assert not finds(tmp_path)


def test_only_documents_are_checked_without_the_option(tmp_path):
    for path in ("README.md", "doc/a.md", "man/a.1", "debian/control", "systemd/a.service.in"):
        plant(tmp_path, path, "shall\n")
    for path in ("lib/core/a.cpp", "tests/a.py", "man/meson.build", "dbus/a.hpp", "build-test/README.md", ".git/a.md"):
        plant(tmp_path, path, '# "shall"\n')
    assert sorted(check_words.files(tmp_path, False)) == [
        "README.md", "debian/control", "doc/a.md", "man/a.1", "systemd/a.service.in"]


def test_files_that_are_not_text_are_skipped(tmp_path):
    plant(tmp_path, "doc/a.png", "")
    (tmp_path / "doc/a.png").write_bytes(b"\x89PNG\xff shall")
    assert not finds(tmp_path)


def test_each_line_of_the_list_has_advice(tmp_path):
    assert all(advice for _, advice in check_words.read_words())
    (tmp_path / "words.txt").write_text("shall\n")
    with pytest.raises(ValueError, match="no advice after the expression 'shall'"):
        check_words.read_words(tmp_path / "words.txt")


@pytest.mark.parametrize("text", [
    "The value is no number.", "Nothing is lost behind your back.", "It is said once.", "until this is mended",
    "the bus is gone", "this takes root or polkit's leave", "No words about what went well", "wrong use",
    "it and all that belongs to it is killed", "Tells how one process fares", "a slip that would end worse later",
    "a failure is no failure if a later one comes about", "which one takes its place", "the file is in the way"])
def test_the_list_finds_what_it_is_for(text):
    assert list(check_words.check_text("a.md", text, check_words.read_words(), check_words.read_allowed()))


@pytest.mark.parametrize("text", ["There is no file.", "if there\nis no file", "It is no longer read.", "80 bytes at once"])
def test_the_list_leaves_ordinary_english_alone(text):
    assert not list(check_words.check_text("a.md", text, check_words.read_words(), check_words.read_allowed()))


def test_the_program_prints_each_find_with_its_advice(tmp_path):
    plant(tmp_path, "a.md", "It shall end.\n")
    done = subprocess.run([sys.executable, check_words.__file__, str(tmp_path / "a.md")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    assert re.search(r'a\.md:1: "shall": "will"', done.stdout)
