# SPDX-License-Identifier: MIT
"""The Tab key in bash and zsh, in a real shell at a terminal."""

import os

import pexpect
import pytest

from manager_bus import Service
from programs import SOURCE, program
from terminals import end

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
def shell_at(cleanup):
    """shell_at(kind, server): a shell with our completions, our programs in PATH, and a link supervisorctl_here.
    `pretended`: the names that a simulated supervisor-manager prints."""

    def start(kind, server, pretended=None):
        needed = BASH_COMPLETION if kind == "bash" else "/usr/bin/zsh"
        if not os.path.exists(needed):
            pytest.skip(f"{needed} is not installed")
        bin = programs_for(server, pretended)
        environment = {"PATH": f"{bin}:/usr/bin:/bin", "TERM": "vt100", "PS1": "READY> ", "HOME": server.directory, "LC_ALL": "C.UTF-8"}
        arguments = ["--norc", "--noprofile", "-i"] if kind == "bash" else ["-f", "-i"]
        child = pexpect.spawn(f"/bin/{kind}", arguments, env=environment, encoding="utf-8", timeout=30, dimensions=(50, 250),
                              cwd=server.directory)
        cleanup.callback(end, child)
        child.expect_exact("READY> ")
        for line in set_up(kind):
            child.sendline(line)
        child.sendline("echo set''up")
        child.expect(r"setup\r\n")
        child.expect_exact("READY> ")
        return child

    return start


@pytest.fixture
def shell(server, shell_at):
    return lambda kind: shell_at(kind, server)


def programs_for(server, pretended):
    bin = os.path.join(server.directory, "bin")
    if os.path.exists(bin):
        return bin
    os.mkdir(bin)
    os.symlink(program("supervisorctl")[0], os.path.join(bin, "supervisorctl"))
    os.symlink("supervisorctl", os.path.join(bin, "supervisorctl_here"))
    os.symlink(server.config_path, os.path.join(bin, "supervisord_here.conf"))
    manager = os.path.join(bin, "supervisor-manager")
    if pretended is None:
        os.symlink(program("supervisor-manager")[0], manager)
    else:
        with open(os.path.join(bin, "names"), "w", encoding="utf-8") as file:
            file.write("".join(name + "\n" for name in pretended))
        with open(manager, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\ncat \"${0%/*}/names\"\n")
        os.chmod(manager, 0o755)
    return bin


def set_up(kind):
    if kind == "bash":
        yield "bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'"
        yield f"source {BASH_COMPLETION}; source {FOLDER}/supervisorctl.bash; source {FOLDER}/supervisor-manager.bash; source {FOLDER}/supervisor-deploy.bash"
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
    ("supervisor-manager help restart-", "restart-program"),
    ("supervisor-manager remove --pu", "--purge"),
    ("supervisor-manager list --fu", "--full"),
    ("hadeploy --src app.yml --action rem", "remove"),
    ("supervisor-deploy --noScope sy", "systemd"),
    ("supervisor-deploy --working", "--workingFolder"),
])
def test_one_candidate_is_filled_in(shell, kind, typed, offered):
    child = shell(kind)
    child.send(typed + "\t")
    rest = offered[len(typed.split()[-1]):]
    child.expect(rest.replace("-", "\\-") + " ?")


@pytest.mark.parametrize("kind", ["bash", "zsh"])
@pytest.mark.parametrize("typed,offered", [
    ("stop-program ts", "tsupv"), ("stop-program tsupv pro", "program1"), ("restart-program -q tsupv program1 pro", "program1"),
    ("ctl tsupv restart pro", "program1"), ("status ts", "tsupv"), ("edit ts", "tsupv"),
])
def test_instances_and_programs_of_the_manager(server, shell_at, work_dir, cleanup, kind, typed, offered):
    service = cleanup.enter_context(Service(work_dir, "tsupv:65534:nobody"))
    child = shell_at(kind, server)
    child.send(f"supervisor-manager --bus-address {service.address} {typed}\t")
    child.expect(offered[len(typed.split()[-1]):] + r"(\x1b\[1m\x00*)? ")  # zsh adds a blank that it may remove again


def test_every_verb_is_completed_with_what_it_takes(work_dir, cleanup):
    service = cleanup.enter_context(Service(work_dir, "tsupv:65534:nobody"))
    verbs = service.manager("__complete").stdout.split()

    def offered(*words):
        result = service.manager("__complete", "--", "words", *words)
        assert result.returncode == 0 and result.stderr == ""
        return result.stdout.split()

    for verb in verbs:
        expected = {"plan": [], "verify": [], "daemon-reexec": [], "create": [], "help": verbs}.get(verb, ["tsupv"])
        assert offered(verb) == expected, verb
        options = service.manager("__complete", "options", verb).stdout.split()
        assert "--help" in options and ("--purge" in options) == (verb == "remove"), verb
        assert ("--json" in options) == (verb not in ("logs", "ctl", "verify", "help")), verb
        assert ("--lines" in options) == (verb in ("logs", "status")), verb
    assert offered("stop", "other") == ["tsupv"] and offered("edit", "tsupv") == []
    assert offered("start-program", "tsupv") == ["program1"] and offered("ctl", "tsupv") == []
    assert offered("nix") == [] and offered("help", "stop") == []


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_several_are_listed(shell, kind):
    child = shell(kind)
    child.send("supervisorctl_here stop we\t\t")
    for number in (0, 1):
        child.expect(f"web_{number}")


# Names that would run a command if a shell interpreted them, and the file that each command would create.
HOSTILE = ["worker$(>{0}dollar)", "worker`>{0}backtick`", "worker;>{0}semicolon", "worker'$(>{0}single)'", 'worker"$(>{0}double)"',
           "worker$'x'${{x-$(>{0}brace)}}", "worker!$(>{0}bang)", "worker(>{0}glob)", "worker<(>{0}process)"]
QUOTES = ["", "'", '"']


def hostile_names():
    # A program's name cannot have a slash: the commands create their files in the shell's directory.
    return [name.format("RAN-") for name in HOSTILE]


def assert_nothing_ran(directory):
    assert [name for name in os.listdir(directory) if name.startswith("RAN-")] == []


def wait(child, mark):
    """Abandons the edited line and waits until the shell has run another command. It sends the command repeatedly, as a
    shell may lose input while it completes."""
    for _ in range(30):
        child.send("\x03")
        child.sendline(f"echo {mark[:2]}''{mark[2:]}")
        if child.expect([mark + r"\r\n", pexpect.TIMEOUT], timeout=2) == 0:
            return
    raise AssertionError(f"the shell is stuck: {child.before!r}")


@pytest.mark.parametrize("kind", ["bash", "zsh"])
@pytest.mark.parametrize("quote", QUOTES)
def test_names_of_programs_are_not_run(daemon, kind, quote, shell_at):
    names = [chr(ord("a") + i) + name for i, name in enumerate(hostile_names())]
    server = daemon("".join(f"[program:{name}]\ncommand=/bin/cat\nautostart=false\n" for name in names))
    assert {info["name"] for info in server.rpc.supervisor.getAllProcessInfo()} == set(names)
    child = shell_at(kind, server)
    for name in names:
        child.send(f"supervisorctl_here pid {quote}{name[:3]}\t")
        if not quote:
            child.expect(name[:3] + ".*rker")
        child.send("\t\t\r")
        wait(child, "done" + name[0])
        assert_nothing_ran(server.directory)


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_names_of_instances_are_not_run(server, shell_at, kind):
    """Names that a manager returns, also one on another host (-H)."""
    for number, words in enumerate(["supervisor-manager status ", "supervisor-manager -H elsewhere status ", "supervisor-manager "]):
        child = shell_at(kind, server, pretended=hostile_names() + ["$(>RAN-alone)", "evil\x1b[2Jescape"])
        child.send(words + "\t\t\t")
        wait(child, f"listed{number}")
        child.send(words + "work\t\t\t\r")
        wait(child, f"done{number}")
        child.send(words + "ev\t\t")
        child.send("\x03")
        wait(child, f"escaped{number}")
        assert_nothing_ran(server.directory)
        end(child)


def test_the_whole_name_is_filled_in_quoted(daemon, shell_at):
    """bash and zsh quote the name where necessary, so that the command line means this program."""
    server = daemon("[program:worker$(>RAN-x)]\ncommand=/bin/cat\nautostart=false\n")
    for kind in ("bash", "zsh"):
        child = shell_at(kind, server)
        child.send("supervisorctl_here pid wor\t\r")
        child.expect(r"\r\n0\r\n")  # the pid that `pid` prints for a stopped program
        assert_nothing_ran(server.directory)


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_tab_runs_nothing_of_another_account_for_root(server, shell_at, account, kind):
    owner = account("smtab")
    child = shell_at(kind, server)
    for name in ("supervisorctl", "supervisor-manager"):
        folder = os.path.join(server.directory, "owners")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n>{server.directory}/RAN-{name}\necho reload\n")
        os.chmod(path, 0o755)
        for owned in (folder, path):
            os.chown(owned, owner.pw_uid, owner.pw_gid)
        child.send(f"{path} rel\t\t")
        wait(child, "done" + name.replace("-", ""))
    assert_nothing_ran(server.directory)
