# SPDX-License-Identifier: MIT
"""Who may do what on the bus, with real accounts: root, the owner and another account, with polkit and without."""

import os
import subprocess
import xml.etree.ElementTree

import pytest

from manager_bus import INSTANCE, NAME, Service, instance_path
from programs import SOURCE
from waiting import wait_for

DENIED = "org.freedesktop.DBus.Error.AccessDenied"
QUESTION = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
LIMIT = "org.freedesktop.DBus.Error.LimitsExceeded"


@pytest.fixture
def stranger(account):
    return account("smother")


@pytest.fixture
def service(work_dir, owner):
    own = f"{owner.pw_uid}:{owner.pw_name}"
    with Service(work_dir, f"own:{own}", f"slow-1:{own}", "roots:0:root") as running:
        yield running


OWNERS_METHODS = [
    ("StartInstance", "s", ["own"]), ("StopInstance", "s", ["own"]), ("RestartInstance", "s", ["own"]),
    ("KillInstance", "ssi", ["own", "all", 15]), ("EnableInstances", "as", [1, "own"]),
    ("DisableInstances", "as", [1, "own"]), ("StartProgram", "ss", ["own", "program1"]),
    ("StopProgram", "ss", ["own", "program1"]), ("RestartProgram", "ss", ["own", "program1"]),
    ("GetFailureDetails", "s", ["own"]),
]
ADMINISTRATORS_METHODS = [
    ("CreateInstance", "sa{sv}", ["neu", 0]), ("SetInstanceProperties", "sa{sv}", ["own", 0]),
    ("RemoveInstance", "sb", ["own", "false"]), ("Reload", "", []), ("PlanReload", "", []), ("Reexecute", "", []),
    ("ListRefusedEntries", "", []), ("ListWarnings", "", []),
]


def may_call(service, method, user, options=()):
    name, signature, arguments = method
    return service.try_call(name, signature, *arguments, user=user, options=options).returncode == 0


@pytest.mark.parametrize("method", OWNERS_METHODS, ids=lambda m: m[0])
def test_the_owner_controls_its_instance_and_a_stranger_does_not(service, owner, stranger, method):
    assert may_call(service, method, owner.pw_uid)
    assert not may_call(service, method, stranger.pw_uid)
    assert may_call(service, method, 0)


@pytest.mark.parametrize("method", ADMINISTRATORS_METHODS, ids=lambda m: m[0])
def test_only_administrators_redefine(service, owner, stranger, method):
    assert not may_call(service, method, owner.pw_uid)
    assert not may_call(service, method, stranger.pw_uid)
    assert may_call(service, method, 0)


@pytest.mark.parametrize("method", ["Start", "Stop", "Restart", "Enable", "Disable"])
def test_the_object_of_an_instance_is_guarded_as_the_manager(service, owner, stranger, method):
    own = {"path": instance_path("own"), "interface": INSTANCE}
    assert service.try_call(method, user=owner.pw_uid, **own).returncode == 0
    assert service.try_call(method, user=stranger.pw_uid, **own).returncode != 0
    roots = {"path": instance_path("roots"), "interface": INSTANCE}
    assert service.try_call(method, user=owner.pw_uid, **roots).returncode != 0


def test_an_owner_cannot_widen_its_instance_through_its_object(service, owner):
    own = {"path": instance_path("own"), "interface": INSTANCE, "user": owner.pw_uid}
    assert service.try_call("SetProperties", "a{sv}", 1, "user", "s", "root", **own).returncode != 0
    assert service.try_call("Remove", "b", "true", **own).returncode != 0
    assert service.busctl("set-property", NAME, instance_path("own"), INSTANCE, "User", "s", "root",
                          user=owner.pw_uid).returncode != 0


def test_one_foreign_name_refuses_the_whole_list(service, owner):
    result = service.try_call("DisableInstances", "as", 2, "own", "roots", user=owner.pw_uid)
    assert result.returncode != 0
    assert service.property("Enabled", instance_path("own"), INSTANCE) is True


def test_each_name_of_many_is_authorised_by_itself(service, owner):
    outcomes = service.call("StopInstances", "as", 3, "own", "roots", "nix", user=owner.pw_uid)[0]
    assert [(name, error) for name, error, _ in outcomes] == [
        ("own", ""), ("roots", DENIED), ("nix", f"{NAME}.Error.NoSuchInstance")]
    assert "Not allowed to stop 'roots'" in outcomes[1][2]


def test_a_programs_log_is_for_root_and_the_owner(service, owner, stranger):
    call = ("GetProgramLog", "ss", "own", "program1")
    assert service.error(*call, user=stranger.pw_uid)[0] == DENIED
    for uid in (0, owner.pw_uid):
        assert service.error(*call, user=uid)[0] == f"{NAME}.Error.NoSuchProgram"  # the simulated one has none


def test_everybody_may_look(service, stranger):
    uid = stranger.pw_uid
    assert len(service.call("ListInstances", user=uid)[0]) == 3
    assert service.call("ListPrograms", "s", "own", user=uid) == [[["program1", "RUNNING", 4242, ""]]]
    assert service.property("State", instance_path("own"), INSTANCE, user=uid) == "inactive"


def test_a_refusal_names_what_is_needed(service, owner, stranger):
    name, text = service.error("StopInstance", "s", "own", user=stranger.pw_uid)
    assert name == DENIED
    assert text == (f"Not allowed to stop 'own': requires root, its owner '{owner.pw_name}' or polkit authorization "
                    "for org.supervisormanager1.manage-instances (polkit does not answer)")


def test_polkit_is_asked_with_details(service, stranger, owner):
    with service.polkit("yes") as polkit:
        assert may_call(service, ("StopInstance", "s", ["own"]), stranger.pw_uid)
        assert polkit.line() == f"{NAME}.manage-instances 1 instance=own user={owner.pw_name} verb=stop"
        assert may_call(service, ("RemoveInstance", "sb", ["own", "false"]), owner.pw_uid)
        assert polkit.line() == f"{NAME}.edit-instances 1 instance=own user={owner.pw_name} verb=remove"
        assert may_call(service, ("Reload", "", []), owner.pw_uid)
        assert polkit.line() == f"{NAME}.manage-manager 1 verb=reload-manager"


def test_polkit_is_not_asked_for_root_and_the_owner(service, owner, stranger):
    with service.polkit("no") as polkit:
        assert may_call(service, ("StartInstance", "s", ["own"]), owner.pw_uid)
        assert may_call(service, ("Reload", "", []), 0)
        assert service.error("StopInstance", "s", "own", user=stranger.pw_uid)[0] == DENIED
        assert "verb=stop" in polkit.line()  # the first question is about this call


def test_without_leave_to_ask_the_caller_is_told_so(service, stranger):
    with service.polkit("challenge"):
        stop = ("StopInstance", "s", ["own"])
        assert service.error("StopInstance", "s", "own", user=stranger.pw_uid)[0] == QUESTION
        assert not may_call(service, stop, stranger.pw_uid, ["--allow-interactive-authorization=no"])
        assert may_call(service, stop, stranger.pw_uid, ["--allow-interactive-authorization=yes"])


def test_a_mute_polkit_holds_up_nobody(service, owner, stranger, cleanup):
    with service.polkit("mute") as polkit:
        waiting = service.start("stop", "own", user=stranger.pw_uid)
        cleanup.callback(waiting.wait)
        cleanup.callback(waiting.kill)
        assert "verb=stop" in polkit.line()
        service.call("StartInstance", "s", "own", user=owner.pw_uid)
        assert service.property("State", instance_path("own"), INSTANCE) == "running"
        assert waiting.poll() is None


def waiting_calls(service):
    """How many operations wait in the simulated manager."""
    return int(service.property("StatusText", instance_path("slow-1"), INSTANCE) or 0)


def test_a_slow_operation_holds_up_nobody(service, owner, cleanup):
    slow = service.start("stop", "slow-1", user=owner.pw_uid)
    cleanup.callback(slow.kill)
    wait_for(lambda: waiting_calls(service) == 1, "the call to arrive")
    service.call("StartInstance", "s", "own", user=owner.pw_uid)
    service.call("StartProgram", "ss", "slow-1", "release", user=owner.pw_uid)
    assert slow.wait() == 0


def start_crowd(service, owner, cleanup, count):
    """Clients of `owner` whose calls the pretended manager holds back: all of them, when this returns."""
    crowd = [service.start("stop", "slow-1", user=owner.pw_uid) for _ in range(count)]
    for one in crowd:
        cleanup.callback(one.wait)
        cleanup.callback(one.kill)
    wait_for(lambda: waiting_calls(service) == count, f"{count} waiting calls")
    return crowd


def test_an_account_cannot_pile_up_work(service, owner, cleanup):
    """With 64 calls waiting the next is refused; another account is served; a finished call makes room."""
    crowd = start_crowd(service, owner, cleanup, 64)
    assert service.error("StopInstance", "s", "slow-1", user=owner.pw_uid)[0] == LIMIT
    service.call("StartInstance", "s", "own")
    service.call("StartProgram", "ss", "slow-1", "release")
    assert [one.wait() for one in crowd] == [0] * 64
    service.call("StartInstance", "s", "own", user=owner.pw_uid)


def test_a_call_with_many_names_is_counted_once(service, owner, cleanup):
    """With one place left, a call for several instances is served."""
    start_crowd(service, owner, cleanup, 63)
    assert service.call("DisableInstances", "as", 2, "own", "slow-1", user=owner.pw_uid) == [["own", "slow-1"]]
    outcomes = service.call("StartInstances", "as", 3, "own", "nix", "roots", user=owner.pw_uid)[0]
    assert [error for _, error, _ in outcomes] == ["", f"{NAME}.Error.NoSuchInstance", DENIED]
    service.call("StartProgram", "ss", "slow-1", "release")


def test_authorization_does_not_extend_to_an_instance_that_replaced_the_authorised_one(service, owner, stranger, cleanup):
    """polkit was asked about the instance of one owner; meanwhile root gives the name to another."""
    with service.polkit("late") as polkit:
        waiting = service.start("stop", "own", user=stranger.pw_uid)
        cleanup.callback(waiting.kill)
        assert f"user={owner.pw_name} " in polkit.line()
        service.call("RemoveInstance", "sb", "own", "false")
        service.call("CreateInstance", "sa{sv}", "own", 0)
        service.call("StartInstance", "s", "own")
        next_question = service.start("stop", "roots", user=stranger.pw_uid)
        cleanup.callback(next_question.wait)
        cleanup.callback(next_question.kill)
        assert "Repeat the call" in waiting.communicate()[0]
        assert service.property("State", instance_path("own"), INSTANCE) == "running"


def test_whoever_edits_entries_is_said_to_equal_root_and_is_asked_each_time():
    policy = xml.etree.ElementTree.parse(os.path.join(SOURCE, "dbus/org.supervisormanager1.policy"))
    action = policy.find(f"action[@id='{NAME}.edit-instances']")
    assert [default.text for default in action.find("defaults")] == ["auth_admin"] * 3
    assert "equal to root" in action.find("description").text and "same rights as root" in action.find("message").text
    with open(os.path.join(SOURCE, "dbus/org.supervisormanager1.rules"), encoding="utf-8") as rules:
        assert "edit-instances" not in rules.read()


FLOOD = os.path.join(SOURCE, "tests", "support", "bus_flood.py")


def flood(service, account, count, *mode):
    return subprocess.Popen(["/usr/bin/python3", FLOOD, service.socket, str(count), *mode], stdout=subprocess.PIPE, text=True,
                            user=account.pw_uid, group=account.pw_gid, extra_groups=[])


def test_calls_that_take_too_much_time_are_refused_immediately(service, stranger):
    """Eight clients send before they read: each call is answered or refused, and root is served meanwhile."""
    clients = [flood(service, stranger, 3000) for _ in range(8)]
    try:
        for _ in range(20):
            assert len(service.call("ListInstances", user=0)[0]) == 3
        lines = [client.communicate(timeout=120)[0].split() for client in clients]
    finally:
        for client in clients:
            client.kill()
            client.wait()
    answered, refused = (sum(int(line[i]) for line in lines) for i in (1, 2))
    assert answered + refused == 8 * 3000
    assert refused > answered > 0
    # Root has a share of its own.
    assert len(service.call("ListInstances", user=0)[0]) == 3


def test_calls_that_read_and_want_no_reply_are_dropped(service, stranger):
    client = flood(service, stranger, 20000, "unheard")
    assert client.communicate(timeout=120)[0] == "sent\n"
    assert len(service.call("ListInstances", user=0)[0]) == 3
    # None of them was served: the account has not used up its share.
    assert len(service.call("ListInstances", user=stranger.pw_uid)[0]) == 3
