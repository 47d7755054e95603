# SPDX-License-Identifier: MIT
"""Configurations: the values that both read from good ones, and the exit status for bad ones."""

import random
import subprocess

import pytest

from compare import KINDS
from daemon import BASE
from programs import program

# Keys of [program:x] with the values that a random configuration takes.
KEYS = {
    "autostart": ["false"],
    "autorestart": ["true", "false", "unexpected", "TRUE", "on", "0"],
    "priority": ["1", "-5", "999", "+7", "1_000"],
    "exitcodes": ["0", "0,2", "1, 2,3", "0,0"],
    "startsecs": ["0", "5", "010"],
    "startretries": ["0", "9"],
    "stopsignal": ["TERM", "hup", "SIGINT", "9", "Usr1"],
    "stopwaitsecs": ["0", "30"],
    "stopasgroup": ["true", "false"],
    "killasgroup": ["true", "yes"],
    "redirect_stderr": ["true", "no"],
    "stdout_logfile": ["NONE", "AUTO", "none", "syslog", "/tmp/%(program_name)s.log", "%(here)s/x_%(group_name)s"],
    "stderr_logfile": ["NONE", "AUTO", "auto", "/tmp/e%(process_num)d.log"],
    "stdout_logfile_maxbytes": ["0", "1KB", "2mb", "1024", "1 KB"],
    "stdout_logfile_backups": ["0", "3"],
    "stderr_logfile_maxbytes": ["0", "10MB"],
    "stdout_capture_maxbytes": ["0", "1MB", "5"],
    "stderr_capture_maxbytes": ["0", "7kb"],
    "stdout_events_enabled": ["true", "false"],
    "stderr_events_enabled": ["1", "off"],
    "stdout_syslog": ["true", "false"],
    "stderr_syslog": ["false"],
    "environment": ['A="1",B=2', 'PATH="%(ENV_PATH)s:/opt"', "X='y z'", ""],
    "directory": ["/tmp", "%(here)s"],
    "umask": ["022", "77"],
    "serverurl": ["AUTO", "http://localhost:9001", "unix:///tmp/x.sock"],
    "numprocs": ["1"],
}


def random_program(chance, number):
    """The text of one program: a random choice of keys, in random order and layout."""
    lines = [f"[program:p{number}]", "command=cat %(program_name)s ; a comment"]
    keys = chance.sample(sorted(KEYS), chance.randrange(len(KEYS)))
    for key in keys:
        separator = chance.choice(["=", " = ", ": ", ":"])
        lines.append(f"{key}{separator}{chance.choice(KEYS[key])}{chance.choice(['', '', '  ', ' ; note', ' # note'])}")
        if chance.random() < 0.1:
            lines.append(chance.choice(["", "; comment", "# comment", "unknown_key = 1"]))
    if "autostart" not in keys:
        lines.append("autostart=false")
    if chance.random() < 0.3:
        lines += [f"numprocs={chance.randrange(1, 4)}", "process_name=%(program_name)s-%(process_num)03d",
                  f"numprocs_start={chance.randrange(3)}"]
        lines.remove(next((line for line in lines if line.startswith("numprocs") and "start" not in line), lines[-1]))
        lines.append(f"numprocs={chance.randrange(1, 4)}")
    return "\n".join(lines) + "\n"


def read_config(daemon):
    """getAllConfigInfo without the key autorestart, which Debian's version does not have."""
    return [{key: value for key, value in process.items() if key != "autorestart"}
            for process in sorted(daemon.rpc.supervisor.getAllConfigInfo(), key=lambda p: (p["group"], p["name"]))]


@pytest.mark.parametrize("seed", range(4))
def test_random_configurations(compare, seed):
    chance = random.Random(seed)
    config = "\n".join(random_program(chance, number) for number in range(40))
    config += f"[group:g]\nprograms=p{chance.randrange(20)},p{chance.randrange(20, 40)}\npriority={chance.randrange(99)}\n"

    def play(daemon, note):
        for process in read_config(daemon):
            note(process["name"], process)

    compare(config, play, with_log=False)


def test_includes(compare, work_dir):
    for name, text in (("b.ini", "[program:b]\ncommand=cat %(here)s\nautostart=false\n[program:main]\nstartsecs=7\n"),
                       ("a.ini", "[program:a]\ncommand=cat\nautostart=false\n"), ("skip.txt", "nonsense")):
        with open(f"{work_dir}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def play(daemon, note):
        for process in read_config(daemon):
            note(process["name"], process)

    compare(f"[program:main]\ncommand=cat\nautostart=false\n[include]\nfiles={work_dir}/*.ini {work_dir}/none*\n", play,
            ignore_log=["is defined a second time"])  # a warning of ours


BAD = {
    "no command": "[program:x]\n",
    "bad number": "[program:x]\ncommand=cat\nstartsecs=soon\n",
    "hexadecimal": "[program:x]\ncommand=cat\npriority=0x10\n",
    "bad boolean": "[program:x]\ncommand=cat\nautostart=maybe\n",
    "bad signal": "[program:x]\ncommand=cat\nstopsignal=NONSENSE\n",
    "bad exit code": "[program:x]\ncommand=cat\nexitcodes=0,x\n",
    "bad size": "[program:x]\ncommand=cat\nstdout_logfile_maxbytes=big\n",
    "log in no directory": "[program:x]\ncommand=cat\nstdout_logfile=/nonexistent/log\n",
    "bad octal": "[program:x]\ncommand=cat\numask=99\n",
    "bad restart": "[program:x]\ncommand=cat\nautorestart=perhaps\n",
    "unknown user": "[program:x]\ncommand=cat\nuser=no-such-user\n",
    "bad expansion": "[program:x]\ncommand=cat %(nonsense)s\n",
    "bad environment": "[program:x]\ncommand=cat\nenvironment=A\n",
    "numprocs without name": "[program:x]\ncommand=cat\nnumprocs=2\n",
    "stop and kill as group": "[program:x]\ncommand=cat\nstopasgroup=true\nkillasgroup=false\n",
    "group of nobody": "[group:g]\nprograms=nobody\n",
    "listener without events": "[eventlistener:l]\ncommand=cat\n",
    "listener of an unknown event": "[eventlistener:l]\ncommand=cat\nevents=NONSENSE\n",
    "listener with redirect": "[eventlistener:l]\ncommand=cat\nevents=TICK_5\nredirect_stderr=true\n",
    "listener without buffer": "[eventlistener:l]\ncommand=cat\nevents=TICK_5\nbuffer_size=0\n",
    "fcgi without socket": "[fcgi-program:f]\ncommand=cat\n",
    "fcgi with a bad socket": "[fcgi-program:f]\ncommand=cat\nsocket=nonsense\n",
    "unknown interface": "[rpcinterface:x]\nsupervisor.rpcinterface_factory=no.such:thing\n",
    "interface without factory": "[rpcinterface:x]\n",
    "bad level": "[supervisord]\nloglevel=loud\n",
    "bad directory": "[supervisord]\ndirectory=/nonexistent\n",
    "no header": "nonsense\n[program:x]\ncommand=cat\n",
    "line without value": "[program:x]\ncommand\n",
    "name with a colon": "[program:x:y]\ncommand=cat\n",
    "name with a space": "[program:x y]\ncommand=cat\n",
    "inet without port": "[inet_http_server]\nusername=u\n",
    "inet with a bad port": "[inet_http_server]\nport=nonsense:x\n",
    "unix with a bad mode": "[unix_http_server]\nfile=%(here)s/t.sock\nchmod=999\n",
    "include without files": "[include]\nwhat=x\n",
}


TOLERATED = {
    "group without programs": "[group:g]\n",
    "unclosed header": "[program:x\ncommand=cat\n",
    "unknown section and keys": "[nonsense]\nx=1\n[program:cat]\ncommand=cat\nautostart=false\nnonsense=1\n",
    "program named twice": "[program:cat]\ncommand=cat\n[program:cat]\nautostart=false\n",
    "indented": "  [program:cat]\n  command=cat\n   -u\n  autostart=false\n",
}


@pytest.mark.parametrize("text", TOLERATED.values(), ids=list(TOLERATED))
def test_tolerated_configurations(compare, text):
    def play(daemon, note):
        note("programs", read_config(daemon))

    compare(text, play, with_log=False)


def run_until_end(kind, directory, *arguments):
    return subprocess.run([*program("supervisord", kind), *arguments], cwd=directory, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("text", BAD.values(), ids=list(BAD))
def test_bad_configurations(work_dir, text):
    """The exit status and the stream of the message are Supervisor's; the text has more details than Python's."""
    path = f"{work_dir}/supervisord.conf"
    with open(path, "w", encoding="utf-8") as config:
        config.write(text if text.startswith("nonsense") else BASE.format(supervisord="", config=text))
    theirs, ours = (run_until_end(kind, work_dir, "-n", "-c", path) for kind in KINDS)
    assert ours.returncode == theirs.returncode, ours.stderr
    assert "Error: " in theirs.stderr or theirs.returncode == 1
    assert ours.stderr.startswith("Error: ") or theirs.returncode == 1, ours.stderr
    assert "For help, use" in ours.stderr or theirs.returncode == 1
    assert "Traceback" not in ours.stderr or KINDS[1] == "debian"


def error_line(finished):
    """The beginning of the message, up to the first value that it quotes."""
    return next(line for line in finished.stderr.splitlines() if line.startswith("Error: ")).split("'")[0]


@pytest.mark.parametrize("arguments", [
    ["-Z"], ["-c"], ["foo"], ["-n", "-n"], ["-m", "9"], ["-c", "/nonexistent"], ["-e", "loud"], ["-y", "big"], ["-z", "x"],
    ["-d", "/nonexistent"], ["-u", "no-such-user"], ["--nonsense"], ["--conf"], ["-a", "x"],
])
def test_bad_command_lines(work_dir, arguments):
    with open(f"{work_dir}/supervisord.conf", "w", encoding="utf-8") as config:
        config.write(BASE.format(supervisord="", config=""))
    theirs, ours = (run_until_end(kind, work_dir, *arguments) for kind in KINDS)
    assert ours.returncode == theirs.returncode
    assert error_line(theirs) == error_line(ours)


@pytest.mark.parametrize("option", ["-h", "-?", "--help", "-v", "--version"])
def test_help_and_version(work_dir, option):
    theirs, ours = (run_until_end(kind, work_dir, option) for kind in KINDS)
    assert (ours.returncode, bool(ours.stdout), ours.stderr) == (theirs.returncode, bool(theirs.stdout), theirs.stderr)
