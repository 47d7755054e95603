# SPDX-License-Identifier: MIT
"""Output of programs: both write the same bytes to the same files."""

import os

from waiting import wait_for


def note_files(daemon, note, prefix):
    for name in sorted(os.listdir(daemon.directory)):
        if name.startswith(prefix):
            note(name, daemon.read(name))


def talking(script, keys):
    return f"[program:talk]\ncommand=sh -c \"{script}\"\nautostart=false\nautorestart=false\nstartsecs=0\n{keys}\n"


def run(daemon, note):
    daemon.call("startProcess", "talk", False)
    daemon.wait_state("talk", "EXITED")
    note_files(daemon, note, "talk")
    note("stdout", daemon.call("readProcessStdoutLog", "talk", 0, 0))
    note("stderr", daemon.call("readProcessStderrLog", "talk", 0, 0))


def test_separate_and_joined(compare):
    script = "echo one; echo two >&2; printf 'no newline'"
    compare(talking(script, "stdout_logfile=%(here)s/talk.out\nstderr_logfile=%(here)s/talk.err"), run)


def test_redirected(compare):
    compare(talking("echo one; echo two >&2; echo three", "redirect_stderr=true\nstdout_logfile=%(here)s/talk.out"), run)


def test_strips_colours(compare):
    script = "printf '\\033[31mred\\033[0m plain \\033[1;32mgreen\\n'"
    compare(talking(script, "stdout_logfile=%(here)s/talk.out"), run, supervisord="strip_ansi=true")


def test_bytes_that_are_no_text(compare):
    compare(talking("printf '\\377\\376 x \\200\\n'", "stdout_logfile=%(here)s/talk.out"),
            lambda daemon, note: (daemon.call("startProcess", "talk", False),
                                  daemon.wait_state("talk", "EXITED"), note_files(daemon, note, "talk")))


def test_empty_and_gone(compare):
    compare(talking("true", "stdout_logfile=%(here)s/talk.out\nstderr_logfile=NONE"), run)


def test_rotates(compare):
    """The program writes a line at a time and waits until it is in the log, so that both rotate at the same bytes."""

    def play(daemon, note):
        note("start", daemon.call("startProcess", "cat"))
        for number in range(40):
            line = f"line {number:03d} " + "x" * 40 + "\n"
            daemon.call("sendProcessStdin", "cat", line)
            wait_for(lambda: any(line in daemon.read(f"cat.log{suffix}") for suffix in ("", ".1")), "the line")
        wait_for(lambda: daemon.read("cat.log.1") and not daemon.read("cat.log"), "the last rotation")
        note_files(daemon, note, "cat.log")

    compare("[program:cat]\ncommand=cat\nautostart=false\nstartsecs=0\nstdout_logfile=%(here)s/cat.log\n"
            "stdout_logfile_maxbytes=500\nstdout_logfile_backups=2\n", play)


def test_activity_log_to_stdout(compare):
    def play(daemon, note):
        daemon.wait_state("cat", "RUNNING")
        note("read", daemon.call("readLog", 0, 0))

    compare("[program:cat]\ncommand=cat\nstartsecs=0\n", play, supervisord="logfile=/dev/stdout\nlogfile_maxbytes=0",
            with_log=False)


def test_removed_log_is_read_as_missing(compare):
    def play(daemon, note):
        note("start", daemon.call("startProcess", "cat"))
        os.remove(os.path.join(daemon.directory, "cat.log"))
        note("read", daemon.call("readProcessStdoutLog", "cat", 0, 0))
        note("tail", daemon.call("tailProcessStdoutLog", "cat", 0, 10))
        note("clear", daemon.call("clearProcessLogs", "cat"))
        note("state", daemon.call("getProcessInfo", "cat"))

    compare("[program:cat]\ncommand=cat\nautostart=false\nstartsecs=0\nstdout_logfile=%(here)s/cat.log\n", play)


def test_a_cleared_activity_log_is_empty(compare):
    def play(daemon, note):
        note("clear", daemon.call("clearLog"))
        note("file", daemon.read("supervisord.log"))
        note("log", daemon.call("readLog", 0, 0))
        note("reread", daemon.call("reloadConfig"))

    compare("", play)
