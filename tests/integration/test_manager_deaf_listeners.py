# SPDX-License-Identifier: MIT
"""Accounts that do not read what the manager sends them. The D-Bus daemon holds such messages, counts them against the
manager, and reads nothing more from it when they are too many."""

import itertools
import json
import socket
import struct

import pytest

from bus_flood import deaf_listener, unread_calls
from manager_bus import NAME
from manager_root import Managerd
from waiting import wait_for

LIMIT = 1024 * 1024
PROGRAMS = 3000  # their changes, each of some 500 bytes, are more than the limit and all buffers between
SCM_CREDENTIALS = 2


@pytest.fixture
def narrow(work_dir, cleanup):
    """A manager on a bus that holds a megabyte from a sender, and a little more for a receiver."""
    return cleanup.enter_context(
        Managerd(work_dir, limits={"max_incoming_bytes": LIMIT, "max_outgoing_bytes": LIMIT + LIMIT // 4}))


@pytest.fixture
def even(work_dir, cleanup):
    """The same with equal limits, as Debian's are: whether the sender or the receiver has to wait first is chance."""
    return cleanup.enter_context(Managerd(work_dir, limits={"max_incoming_bytes": LIMIT, "max_outgoing_bytes": LIMIT}))


class Instance:
    """Sends what the process of an instance would report: root may name any sender."""

    def __init__(self, manager, name, owner):
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.connect(manager.path(f"run/supervisor-manager/notify/{name}/socket"))
        self._sender = struct.pack("iII", manager.main_pid(name), owner.pw_uid, owner.pw_gid)

    def report(self, state, first, last):
        """The state of so many programs, with texts that are long."""
        text = "".join(f"X_SUPERVISOR_PROGRAM={state} {1000 + number} p{number:04d}{'x' * 100}\n"
                       f"X_SUPERVISOR_DESCRIPTION={'because ' * 20}\n" for number in range(first, last))
        self._end.sendmsg([text.encode()], [(socket.SOL_SOCKET, SCM_CREDENTIALS, self._sender)])

    def report_all(self, state):
        for first in range(0, PROGRAMS, 300):
            self.report(state, first, first + 300)


def blocked(manager):
    """Whether the manager was held up, and connected again."""
    return "connects again" in manager.log()


def unique_name(manager):
    return manager.bus.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                              "GetNameOwner", "s", NAME).stdout


def failure_of_list(manager):
    """What `supervisor-manager list` says if it gets no answer."""
    reply = manager.manager("list")
    return reply.stderr if reply.returncode != 0 else None


def answers(manager):
    return manager.try_call("ListInstances").returncode == 0


@pytest.mark.parametrize("listeners", [1, 2])
def test_listeners_that_do_not_read_block_nobody_for_long(narrow, owner, cleanup, listeners):
    narrow.entry("tsupv", owner)
    narrow.start()
    narrow.wait_state("tsupv", "running")
    pid = narrow.main_pid("tsupv")
    first = unique_name(narrow)
    for _ in range(listeners):
        cleanup.enter_context(deaf_listener(narrow.bus.socket))
    instance = Instance(narrow, "tsupv", owner)
    states = itertools.cycle(["RUNNING", "STOPPING"])

    def fail_to_list():
        """Changes more states, since a manager that is slow reports the newest one only, and asks for the list."""
        instance.report_all(next(states))
        return failure_of_list(narrow)

    failed = wait_for(fail_to_list, "a call that the manager does not answer", 60)
    assert "Lost the connection to the supervisor manager" in failed
    assert blocked(narrow)
    wait_for(lambda: answers(narrow), "an answer")
    second = unique_name(narrow)
    assert first != second
    # What does not read now has as much as it may have: more signals do not block the new connection.
    for state in ("STOPPING", "RUNNING"):
        instance.report_all(state)
        wait_for(lambda s=state: {row[1] for row in narrow.call("ListPrograms", "s", "tsupv")[0]} == {s}, state)
    assert answers(narrow)
    assert unique_name(narrow) == second
    assert narrow.main_pid("tsupv") == pid
    narrow.stop()


def test_listeners_that_do_not_read_are_given_up_where_limits_are_equal(even, owner, cleanup):
    even.entry("tsupv", owner)
    even.start()
    even.wait_state("tsupv", "running")
    for _ in range(2):
        cleanup.enter_context(deaf_listener(even.bus.socket))
    instance = Instance(even, "tsupv", owner)

    def states():
        reply = even.try_call("ListPrograms", "s", "tsupv")
        return {row[1] for row in json.loads(reply.stdout)["data"][0]} if reply.returncode == 0 else None

    for state in ("RUNNING", "STOPPING", "RUNNING"):
        instance.report_all(state)
        wait_for(lambda s=state: states() == {s}, state, 60)
    before = unique_name(even)
    assert states() == {"RUNNING"}
    assert unique_name(even) == before


def test_a_caller_that_reads_no_reply_blocks_nobody_for_long(narrow, owner, cleanup):
    for index in range(10):
        narrow.entry(f"i{index}", owner)
    narrow.start()
    narrow.wait_state("i9", "running")
    for _ in range(2):
        cleanup.enter_context(unread_calls(narrow.bus.socket, 100))
    wait_for(lambda: blocked(narrow), "the manager to connect again", 60)
    wait_for(lambda: answers(narrow), "an answer")
    narrow.call("StopInstance", "s", "i0")
    narrow.stop()


def test_a_manager_that_is_blocked_can_be_stopped(narrow, owner, cleanup):
    narrow.entry("tsupv", owner)
    narrow.start()
    narrow.wait_state("tsupv", "running")
    cleanup.enter_context(deaf_listener(narrow.bus.socket))
    Instance(narrow, "tsupv", owner).report_all("RUNNING")

    def is_silent():
        return narrow.bus.busctl("--timeout=1", "call", NAME, "/", "org.freedesktop.DBus.Peer", "Ping").returncode != 0

    wait_for(is_silent, "the manager to be blocked")
    narrow.stop()
