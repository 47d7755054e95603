# SPDX-License-Identifier: MIT
"""Logs that Debian's logrotate rotates, by renaming and by copytruncate."""

import gzip
import os
import shutil
import subprocess

import pytest

from waiting import wait_for

LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/sbin:/usr/bin:/bin")
pytestmark = pytest.mark.skipif(LOGROTATE is None, reason="logrotate is not installed")

COPYTRUNCATE = """{directory}/my_app_*.log {{
  daily
  rotate 7
  copytruncate
  compress
  missingok
  notifempty
}}
"""
RENAME = """{directory}/*.log {{
  rotate 100
  missingok
  notifempty
  sharedscripts
  postrotate
    kill -USR2 "$(cat {directory}/supervisord.pid)"
  endscript
}}
"""
MY_APP = """[program:my_app]
command={command}
startsecs=0
stderr_logfile=%(here)s/%(program_name)s_stderr.log
stdout_logfile=%(here)s/%(program_name)s_stdout.log
stdout_logfile_maxbytes=0
stderr_logfile_maxbytes=0
stdout_logfile_backups=0
stderr_logfile_backups=0
"""
# An endless series of numbered lines, as fast as they are read.
COUNTING = "/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; done'"


def rotate(server, rules):
    path = os.path.join(server.directory, "rotate.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(rules.format(directory=server.directory))
    os.chmod(path, 0o644)
    done = subprocess.run([LOGROTATE, "--force", "--state", os.path.join(server.directory, "state"), path],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def say(server, text):
    """Makes the program write `text`, and waits until the log ends with it."""
    server.rpc.supervisor.sendProcessStdin("my_app", text)
    wait_for(lambda: server.read("my_app_stdout.log").endswith(text), f"{text!r} in the log")


def test_copytruncate(daemon):
    server = daemon(MY_APP.format(command="/bin/cat"))
    for number in range(3):
        say(server, f"line {number}\n")
        rotate(server, COPYTRUNCATE)
        assert server.read("my_app_stdout.log") == ""
    say(server, "line 3\n")
    assert server.read("my_app_stdout.log") == "line 3\n"  # from the start of the file: no hole
    for age, number in ((1, 2), (2, 1), (3, 0)):
        with gzip.open(os.path.join(server.directory, f"my_app_stdout.log.{age}.gz"), "rt", encoding="utf-8") as file:
            assert file.read() == f"line {number}\n"
    assert server.rpc.supervisor.readProcessStdoutLog("my_app", 0, 0) == "line 3\n"


def test_rename_and_usr2_lose_no_line(daemon):
    server = daemon(MY_APP.format(command=COUNTING))
    current = os.path.join(server.directory, "my_app_stdout.log")
    rounds = 10
    for _ in range(rounds):
        wait_for(lambda: os.path.exists(current) and os.stat(current).st_size > 2000, "some lines")
        rotate(server, RENAME)
        # Otherwise the next rotation could come before the signal's effect, and rename the same file twice.
        wait_for(lambda: os.path.exists(current), "the new file")
    server.rpc.supervisor.stopProcess("my_app")
    files = [f"my_app_stdout.log.{age}" for age in range(rounds, 0, -1)] + ["my_app_stdout.log"]
    lines = "".join(server.read(name) for name in files).splitlines()
    assert lines[:-1] == [str(number) for number in range(1, len(lines))]
    assert "received SIGUSR2 indicating log reopen request" in server.read("supervisord.log.1")
