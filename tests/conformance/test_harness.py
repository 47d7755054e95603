# SPDX-License-Identifier: MIT
"""The harness itself, on Debian's supervisord: if these pass, another test's failure is not caused by the harness."""

import pwd

from processes import children


def test_debians_daemon_runs_and_answers(daemon):
    judge = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n", kind="debian")
    info = judge.wait_state("cat", "RUNNING")
    assert info["pid"] in children(judge.pid)
    assert "cat" in judge.ctl("status").stdout
    assert judge.stop() == 0
    assert "spawned: 'cat' with pid" in judge.log()


def test_bus_answers_an_account(bus, account):
    owner = account("smbus")
    assert pwd.getpwnam(owner.pw_name) == owner
    listed = bus.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
                        user=owner.pw_uid)
    assert listed.returncode == 0, listed.stderr
