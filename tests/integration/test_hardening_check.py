# SPDX-License-Identifier: MIT
"""The check of the programs' hardening finds each weakness."""

import os
import subprocess
import sys

import pytest

from programs import SOURCE

CODE = """#include <stdio.h>
#ifdef WRITABLE_CODE
int code __attribute__((section(".wx,\\"awx\\",@progbits#"))) = 1;
#endif
int main(int argc, char **argv) { char b[64]; sprintf(b, "%s", argv[argc - 1]); return printf("%s", b); }
"""
GOOD = ["-O2", "-fPIE", "-pie", "-Wl,-z,relro,-z,now", "-fstack-protector-all", "-U_FORTIFY_SOURCE", 
        "-D_FORTIFY_SOURCE=2"]


def check(directory, *flags):
    """The check's output for a small program that is compiled with the good flags, followed by these."""
    source, path = os.path.join(directory, "x.c"), os.path.join(directory, "x")
    with open(source, "w", encoding="utf-8") as file:
        file.write(CODE)
    subprocess.run(["gcc", *GOOD, *flags, "-o", path, source], check=True)
    result = subprocess.run([sys.executable, os.path.join(SOURCE, "tests/check_hardening.py"), "--programs", path],
                            capture_output=True, text=True, check=False)
    assert (result.returncode == 0) == (result.stdout == ""), result.stdout + result.stderr
    return result.stdout


def test_a_hardened_program_passes(work_dir):
    assert check(work_dir) == ""


@pytest.mark.parametrize("flags, words", [
    (["-no-pie", "-fno-pie"], "not a position-independent executable"),
    (["-Wl,-z,norelro"], "no read-only relocations"),
    (["-Wl,-z,lazy"], "binds lazily"),
    (["-Wl,-z,execstack"], "an executable stack"),
    (["-DWRITABLE_CODE"], "a segment to write and execute"),
    (["-fno-stack-protector"], "no stack protector"),
    (["-U_FORTIFY_SOURCE"], "calls printf without FORTIFY"),
    (["-Wl,-rpath,/tmp"], "RUNPATH"),
    (["-Wl,-rpath,/tmp", "-Wl,--disable-new-dtags"], "RUNPATH"),
    (["-fno-pie", "-mcmodel=large", "-Wl,-z,notext"], "TEXTREL"),
])
def test_a_weak_program_is_refused(work_dir, flags, words):
    assert words in check(work_dir, *flags)
