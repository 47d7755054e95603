# SPDX-License-Identifier: MIT
"""The Tab key in bash and zsh, in a real shell at a terminal."""

import os

import pexpect
import pytest

from programs import SOURCE, program

FOLDER = os.path.join(SOURCE, "completions")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
PROGRAMS = """
[program:cat]
command=/bin/cat
[program:web]
command=/bin/cat
process_name=%(program_name)s_%(process_num)d
numprocs=2
"""


@pytest.fixture
def server(daemon):
    return daemon(PROGRAMS, kind="debian")


@pytest.fixture
def shell(server, cleanup):
    """A shell with our completions, our programs in PATH, and a link supervisorctl_here."""
    bin = os.path.join(server.directory, "bin")
    os.mkdir(bin)
    for name in ("supervisorctl", "supervisor-manager"):
        os.symlink(program(name)[0], os.path.join(bin, name))
    os.symlink("supervisorctl", os.path.join(bin, "supervisorctl_here"))
    os.symlink(server.configPath, os.path.join(bin, "supervisord_here.conf"))

    def start(kind):
        needed = BASH_COMPLETION if kind == "bash" else "/usr/bin/zsh"
        if not os.path.exists(needed):
            pytest.skip(f"{needed} is not installed")
        environment = {"PATH": f"{bin}:/usr/bin:/bin", "TERM": "vt100", "PS1": "READY> ", "HOME": server.directory, "LC_ALL": "C.UTF-8"}
        arguments = ["--norc", "--noprofile", "-i"] if kind == "bash" else ["-f", "-i"]
        child = pexpect.spawn(f"/bin/{kind}", arguments, env=environment, encoding="utf-8", timeout=30, dimensions=(50, 250),
                              cwd=server.directory)
        cleanup.callback(child.close, force=True)
        child.expect_exact("READY> ")
        for line in setUp(kind):
            child.sendline(line)
        child.sendline("echo set''up")
        child.expect(r"setup\r\n")
        child.expect_exact("READY> ")
        return child

    return start


def setUp(kind):
    if kind == "bash":
        yield "bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'"
        yield f"source {BASH_COMPLETION}; source {FOLDER}/supervisorctl.bash; source {FOLDER}/supervisor-manager.bash"
        yield f"source {FOLDER}/supervisorctl_links.bash; complete -F _supervisorctl_link supervisorctl_here"
    else:
        yield f"fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -D"


@pytest.mark.parametrize("kind", ["bash", "zsh"])
@pytest.mark.parametrize("typed,offered", [
    ("supervisorctl rel", "reload"),
    ("supervisorctl -c supervisord.conf remove we", "web"),
    ("supervisorctl_here status ca", "cat"),
    ("supervisorctl_here -u x signal HUP ca", "cat"),
    ("supervisorctl_here start --par", "--parallel"),
    ("supervisor-manager daem", "daemon-reexec"),
])
def testOneCandidateIsFilledIn(shell, kind, typed, offered):
    child = shell(kind)
    child.send(typed + "\t")
    rest = offered[len(typed.split()[-1]):]
    child.expect(rest.replace("-", "\\-") + " ?")


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def testSeveralAreListed(shell, kind):
    child = shell(kind)
    child.send("supervisorctl_here stop we\t\t")
    for number in (0, 1):
        child.expect(f"web_{number}")
