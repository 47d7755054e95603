# SPDX-License-Identifier: MIT
"""What the manager exports on the bus: the described interfaces, and no others; properties, signals and errors."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET

import pytest

from bus_flood import pipelined
from manager_bus import INSTANCE, MANAGER, NAME, ROOT, Service, instance_path
from programs import SOURCE
from waiting import wait_for


@pytest.fixture
def service(work_dir):
    with Service(work_dir, "tsupv:65534:nobody", "svc-web:0:root") as running:
        yield running


def members(interface):
    """An interface as a comparable set: names, argument names, types, directions, access, change signals."""
    facts = set()
    for member in interface:
        if member.tag == "annotation":
            continue
        arguments = tuple((a.get("name"), a.get("type"), "" if member.tag == "signal" else a.get("direction", "in"))
                          for a in member.findall("arg"))
        told = [a.get("value") for a in member.findall("annotation") if a.get("name").endswith("EmitsChangedSignal")]
        facts.add((member.tag, member.get("name"), member.get("type"), member.get("access"), arguments,
                   told[0] if told else None))
    return facts


def described(name):
    tree = ET.parse(os.path.join(SOURCE, "dbus", f"{name}.xml")).getroot()
    return members(tree.find(f"interface[@name='{name}']"))


def shown(service, path, name):
    xml = service.call("Introspect", path=path, interface="org.freedesktop.DBus.Introspectable")[0]
    return members(ET.fromstring(xml).find(f"interface[@name='{name}']"))


def test_the_manager_shows_what_is_described(service):
    assert shown(service, ROOT, MANAGER) == described(MANAGER)


def test_an_instance_shows_what_is_described(service):
    assert shown(service, instance_path("tsupv"), INSTANCE) == described(INSTANCE)


def test_the_policy_names_each_method_and_no_other():
    policy = ET.parse(os.path.join(SOURCE, "dbus", "org.supervisormanager1.conf")).getroot()
    default = policy.find("policy[@context='default']")
    for interface in (MANAGER, INSTANCE):
        allowed = {a.get("send_member") for a in default.findall("allow") if a.get("send_interface") == interface}
        assert allowed == {fact[1] for fact in described(interface) if fact[0] == "method"}
    assert default[0].tag == "deny"


def test_busctl_tree_shows_the_instances(service):
    tree = service.busctl("tree", "--list", NAME).stdout.split()
    assert {ROOT, instance_path("tsupv"), instance_path("svc-web")} <= set(tree)
    assert instance_path("svc-web").endswith("/svc_2dweb")


def test_lists_and_lookups(service):
    assert service.call("ListInstances") == [[
        ["svc-web", "root", "inactive", "", 0, True, "", instance_path("svc-web")],
        ["tsupv", "nobody", "inactive", "", 0, True, "", instance_path("tsupv")]]]
    assert service.call("GetInstance", "s", "tsupv") == [instance_path("tsupv")]
    assert service.call("GetInstanceByUID", "u", 65534) == [[instance_path("tsupv")]]
    assert service.call("GetInstanceByUID", "u", 12345) == [[]]
    service.call("StartInstance", "s", "tsupv")
    assert service.call("GetInstanceByPID", "u", 77) == [instance_path("tsupv")]
    assert service.error("GetInstanceByPID", "u", 1)[0] == f"{NAME}.Error.NoSuchInstance"


@pytest.mark.parametrize("method, signature, arguments, name", [
    ("GetInstance", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("StartInstance", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("ListPrograms", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("RemoveInstance", "sb", ["nix", "false"], f"{NAME}.Error.NoSuchInstance"),
    ("StartProgram", "ss", ["tsupv", "nix"], f"{NAME}.Error.NoSuchProgram"),
    ("ReloadInstance", "s", ["tsupv"], f"{NAME}.Error.OperationFailed"),
    ("UpgradeInstance", "s", ["svc-web"], f"{NAME}.Error.OperationFailed"),
    ("UpgradeInstance", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("KillInstance", "ssi", ["tsupv", "some", "15"], "org.freedesktop.DBus.Error.InvalidArgs"),
    ("KillInstance", "ssi", ["tsupv", "main", "0"], "org.freedesktop.DBus.Error.InvalidArgs"),
    ("KillInstance", "ssi", ["tsupv", "main", "999"], "org.freedesktop.DBus.Error.InvalidArgs"),
])
def test_errors_have_names(service, method, signature, arguments, name):
    assert service.error(method, signature, *arguments)[0] == name


def test_an_error_says_what_is_wrong(service):
    assert service.error("StartInstance", "s", "nix")[1] == "There is no instance 'nix'"


def test_instances_have_the_same_verbs(service):
    path = instance_path("tsupv")
    service.call("Start", path=path, interface=INSTANCE)
    assert service.property("State", path, INSTANCE) == "running"
    assert service.property("MainPID", path, INSTANCE) == 77
    service.call("Upgrade", path=path, interface=INSTANCE)
    assert service.property("NTakeovers", path, INSTANCE) == 0
    service.call("Stop", path=path, interface=INSTANCE)
    assert service.property("State", path, INSTANCE) == "inactive"
    assert service.call("Disable", path=path, interface=INSTANCE) == [True]
    assert service.call("Disable", path=path, interface=INSTANCE) == [False]
    assert service.call("ListPrograms", path=path, interface=INSTANCE) == [[["program1", "RUNNING", 4242, ""]]]
    service.call("Remove", "b", "false", path=path, interface=INSTANCE)
    assert service.error("Start", path=path, interface=INSTANCE)[0] == "org.freedesktop.DBus.Error.UnknownObject"


def test_properties_of_the_manager_count(service):
    assert service.property("Version") == "1.2.3"
    assert (service.property("NInstances"), service.property("NRunningInstances")) == (2, 0)
    service.call("StartInstance", "s", "tsupv")
    assert service.property("NRunningInstances") == 1
    assert service.property("SystemState") == "degraded"  # since an entry is refused
    assert service.property("NRefusedEntries") == 1


def test_created_instances_come_and_go(service):
    path = service.call("CreateInstance", "sa{sv}", "neu", 1, "logs_dir", "s", "/x")[0]
    assert path == instance_path("neu")
    assert service.property("LogsDirectory", path, INSTANCE) == "/x"
    service.call("SetInstanceProperties", "sa{sv}", "neu", 1, "logs_dir", "u", 5)
    assert service.property("LogsDirectory", path, INSTANCE) == "5"
    service.call("SetInstanceProperties", "sa{sv}", "neu", 1, "logs_dir", "s", "")
    assert service.property("LogsDirectory", path, INSTANCE) == "default"
    assert service.property("NInstances") == 3
    service.call("RemoveInstance", "sb", "neu", "true")
    assert path not in service.busctl("tree", "--list", NAME).stdout.split()


def test_a_property_of_an_unknown_type_is_refused_by_name(service):
    result = service.try_call("CreateInstance", "sa{sv}", "neu", 1, "logs_dir", "ad", 1, "1.5")
    assert result.returncode != 0
    assert "logs_dir" in result.stderr
    assert service.property("NInstances") == 2


def test_object_manager_has_every_instance(service):
    objects = service.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")[0]
    assert set(objects) == {instance_path("tsupv"), instance_path("svc-web")}
    assert objects[instance_path("tsupv")][INSTANCE]["User"]["data"] == "nobody"


def follow(service, match):
    """busctl monitor as a process whose lines are JSON messages; it is listening when this returns."""
    process = subprocess.Popen(["busctl", f"--address={service.address}", "--json=short", f"--match={match}", "monitor"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Monitoring" in process.stderr.readline()
    return process


def next_message(process):
    return json.loads(process.stdout.readline())


def test_changes_of_one_moment_are_told_once(service, cleanup):
    monitor = follow(service, "type='signal',interface='org.freedesktop.DBus.Properties'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    service.call("StartInstance", "s", "tsupv")  # the pretended manager reports it twice
    service.call("StopInstance", "s", "tsupv")
    seen = []
    while len([m for m in seen if m["path"] == instance_path("tsupv")]) < 2:
        seen.append(next_message(monitor))
    started, stopped = [m["payload"]["data"] for m in seen if m["path"] == instance_path("tsupv")]
    assert started[0] == INSTANCE
    assert {k: v["data"] for k, v in started[1].items()} == {"State": "running", "MainPID": 77}
    assert {k: v["data"] for k, v in stopped[1].items()} == {"State": "inactive", "MainPID": 0}


def test_calls_of_a_new_sender_keep_their_order_and_need_one_question_for_its_account(service, cleanup):
    monitor = follow(service, "type='method_call',member='GetConnectionUnixUser'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    instance = instance_path("tsupv")
    pipelined(service.socket, [(instance, INSTANCE, member) for member in [*["Start"] * 10, *["Stop"] * 10]])
    assert service.property("State", instance, INSTANCE) == "inactive"
    service.call("StartInstance", "s", "tsupv")  # another sender: the end of what is counted
    asked = [next_message(monitor)["payload"]["data"][0]]
    while (name := next_message(monitor)["payload"]["data"][0]) == asked[0]:
        asked.append(name)
    assert len(asked) <= 2  # one question of the authorizer, one of the limits on time


def test_signals_of_programs(service, cleanup):
    monitor = follow(service, "type='signal',member='ProgramStateChanged'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    service.call("StopProgram", "ss", "tsupv", "program1")
    message = next_message(monitor)
    assert message["path"] == ROOT
    assert message["payload"]["data"] == ["tsupv", "program1", "STOPPED", 4243, instance_path("tsupv"), ""]


def test_words_that_are_not_utf8_do_no_harm(service, cleanup):
    """An owner chooses the names of its programs; the bus accepts no text that is not UTF-8."""
    monitor = follow(service, f"type='signal',sender='{NAME}'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    service.call("StartProgram", "ss", "tsupv", "latin1")
    seen = {}
    while not {"ProgramStateChanged", "PropertiesChanged"} <= set(seen):
        message = next_message(monitor)
        seen[message["member"]] = message["payload"]["data"]
    assert seen["ProgramStateChanged"][1] == "caf\ufffd"
    assert seen["PropertiesChanged"][1]["StatusText"]["data"] == "caf\ufffd"
    assert [row[6] for row in service.call("ListInstances")[0]] == ["", "caf\ufffd"]
    assert service.error("StartProgram", "ss", "tsupv", "latin1 error")[1] == "caf\ufffd"
    assert service.program.process.poll() is None


def test_many_names_in_one_call_are_refused(service):
    result = service.try_call("EnableInstances", "as", 10001, *["tsupv"] * 10001)
    assert result.returncode != 0
    assert service.call("EnableInstances", "as", 3, "tsupv", "tsupv", "tsupv") == [[]]


def test_many_names_of_one_call_have_an_outcome_each(service):
    assert service.call("StartInstances", "as", 3, "tsupv", "nix", "tsupv") == [[
        ["tsupv", "", ""], ["nix", f"{NAME}.Error.NoSuchInstance", "There is no instance 'nix'"]]]
    assert service.property("State", instance_path("tsupv"), INSTANCE) == "running"
    assert service.call("ReloadInstances", "as", 1, "tsupv") == [[
        ["tsupv", f"{NAME}.Error.OperationFailed", "It does not parse"]]]
    assert service.call("UpgradeInstances", "as", 2, "svc-web", "tsupv") == [[
        ["svc-web", f"{NAME}.Error.OperationFailed", "It is too old"], ["tsupv", "", ""]]]
    assert service.call("RestartInstances", "as", 2, "svc-web", "tsupv") == [[["svc-web", "", ""], ["tsupv", "", ""]]]
    assert service.property("MainPID", instance_path("svc-web"), INSTANCE) == 78
    assert service.call("StopInstances", "as", 2, "svc-web", "tsupv") == [[["svc-web", "", ""], ["tsupv", "", ""]]]
    assert service.call("StopInstances", "as", 0) == [[]]
    assert service.try_call("StartInstances", "as", 10001, *["tsupv"] * 10001).returncode != 0


def test_many_names_of_one_call_are_worked_on_side_by_side(work_dir, cleanup):
    """A few at a time, and the next one when one is done; the caller waits for one reply."""
    names = [f"slow{i}" for i in range(100)]
    with Service(work_dir, *[f"{name}:0:root" for name in names]) as service:
        call = subprocess.Popen(["busctl", f"--address={service.address}", "--json=short", "--timeout=300", "call",
                                 NAME, ROOT, MANAGER, "StartInstances", "as", "100", *names],
                                stdout=subprocess.PIPE, text=True)
        cleanup.callback(call.stdout.close)
        cleanup.callback(call.wait)
        cleanup.callback(call.kill)
        wait_for(lambda: service.property("NRunningInstances") == 32, "as many as are started side by side")
        for running in (64, 96, 100):
            service.call("StartProgram", "ss", "slow0", "release")
            wait_for(lambda: service.property("NRunningInstances") == running, "the next ones")
        service.call("StartProgram", "ss", "slow0", "release")
        assert json.loads(call.stdout.read())["data"] == [[[name, "", ""] for name in names]]


BROKEN = ("org.freedesktop.DBus.Error.Failed",
          "The manager could not complete this call because of an internal error; its log has the details")
DROPPED = ("org.freedesktop.DBus.Error.Failed",
           "The operation was abandoned: its instance was removed, or the manager is stopping")


def test_an_operation_that_throws_or_is_dropped_still_answers(work_dir):
    with Service(work_dir, "broken:0:root", "dropping:0:root") as service:
        assert service.error("StartInstance", "s", "broken") == BROKEN
        assert service.error("Start", path=instance_path("broken"), interface=INSTANCE) == BROKEN
        assert service.error("StartInstance", "s", "dropping") == DROPPED
        assert service.property("NInstances") == 2


def test_one_of_many_names_that_throws_or_is_dropped_has_an_outcome(work_dir):
    """More of them than run side by side: each frees its place for the next."""
    broken = [f"broken{i}" for i in range(40)]
    names = [*broken, "dropping", "well"]
    with Service(work_dir, *[f"{name}:0:root" for name in names]) as service:
        assert service.call("StartInstances", "as", len(names), *names) == [[
            *[[name, *BROKEN] for name in broken], ["dropping", *DROPPED], ["well", "", ""]]]
        assert service.property("State", instance_path("well"), INSTANCE) == "running"


def test_ten_thousand_names_need_no_deep_stack(work_dir):
    """Operations that end before they wait must not nest: 256 KiB are enough for any number of them."""
    names = [f"swarm{i}" for i in range(10000)]
    with Service(work_dir, under=["prlimit", f"--stack={256 * 1024}"]) as service:
        for method in ("StartInstances", "StopInstances"):
            assert service.call(method, "as", len(names), *names) == [[[name, "", ""] for name in names]]
        assert len(service.call("EnableInstances", "as", len(names), *names)[0]) == 0


def test_programs_in_trouble_are_told(work_dir, cleanup):
    with Service(work_dir, "sick:0:root", "well:0:root") as service:
        assert (service.call("ListProgramCounts"), service.property("NTroubledInstances")) == ([{}], 0)
        service.call("StartInstances", "as", 2, "sick", "well")
        assert service.call("ListProgramCounts") == [{"sick": {"FATAL": 7, "RUNNING": 1, "STOPPED": 1}}]
        assert service.property("NTroubledInstances") == 1
        rows = service.call("ListPrograms", "s", "sick")[0]
        assert rows[:3] == [["fine", "RUNNING", 4242, ""], ["idle", "STOPPED", 0, "Not started"],
                            ["p1", "FATAL", 0, "couldn't chdir to /x: ENOENT"]]
        assert service.call("GetProgramLog", "ss", "sick", "p1") == ["before\nlast of p1\x1b[2J caf\ufffd\n"]
        assert service.error("GetProgramLog", "ss", "well", "p1")[0] == f"{NAME}.Error.NoSuchProgram"
        service.call("StopInstance", "s", "sick")
        assert (service.call("ListProgramCounts"), service.property("NTroubledInstances")) == ([{}], 0)


def test_a_lost_bus_ends_the_service(service):
    assert service.end_bus() == 69
