# SPDX-License-Identifier: MIT
"""What the manager shows on the bus: the described interfaces, and no others; properties, signals and errors."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET

import pytest

from manager_bus import INSTANCE, MANAGER, NAME, ROOT, Service, instancePath
from programs import SOURCE
from waiting import waitFor


@pytest.fixture
def service(workDir):
    with Service(workDir, "tsupv:65534:nobody", "svc-web:0:root") as running:
        yield running


def members(interface):
    """An interface as comparable facts: names, argument names, types, directions, access, change signals."""
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


def testTheManagerShowsWhatIsDescribed(service):
    assert shown(service, ROOT, MANAGER) == described(MANAGER)


def testAnInstanceShowsWhatIsDescribed(service):
    assert shown(service, instancePath("tsupv"), INSTANCE) == described(INSTANCE)


def testThePolicyNamesEachMethodAndNoOther():
    policy = ET.parse(os.path.join(SOURCE, "dbus", "org.supervisormanager1.conf")).getroot()
    default = policy.find("policy[@context='default']")
    for interface in (MANAGER, INSTANCE):
        allowed = {a.get("send_member") for a in default.findall("allow") if a.get("send_interface") == interface}
        assert allowed == {fact[1] for fact in described(interface) if fact[0] == "method"}
    assert default[0].tag == "deny"


def testBusctlTreeShowsTheInstances(service):
    tree = service.busctl("tree", "--list", NAME).stdout.split()
    assert {ROOT, instancePath("tsupv"), instancePath("svc-web")} <= set(tree)
    assert instancePath("svc-web").endswith("/svc_2dweb")


def testListsAndLookups(service):
    assert service.call("ListInstances") == [[
        ["svc-web", "root", "inactive", "", 0, True, "", instancePath("svc-web")],
        ["tsupv", "nobody", "inactive", "", 0, True, "", instancePath("tsupv")]]]
    assert service.call("GetInstance", "s", "tsupv") == [instancePath("tsupv")]
    assert service.call("GetInstanceByUID", "u", 65534) == [[instancePath("tsupv")]]
    assert service.call("GetInstanceByUID", "u", 12345) == [[]]
    service.call("StartInstance", "s", "tsupv")
    assert service.call("GetInstanceByPID", "u", 77) == [instancePath("tsupv")]
    assert service.error("GetInstanceByPID", "u", 1)[0] == f"{NAME}.Error.NoSuchInstance"


@pytest.mark.parametrize("method, signature, arguments, name", [
    ("GetInstance", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("StartInstance", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("ListPrograms", "s", ["nix"], f"{NAME}.Error.NoSuchInstance"),
    ("RemoveInstance", "sb", ["nix", "false"], f"{NAME}.Error.NoSuchInstance"),
    ("StartProgram", "ss", ["tsupv", "nix"], f"{NAME}.Error.NoSuchProgram"),
    ("ReloadInstance", "s", ["tsupv"], f"{NAME}.Error.OperationFailed"),
    ("KillInstance", "ssi", ["tsupv", "some", "15"], "org.freedesktop.DBus.Error.InvalidArgs"),
    ("KillInstance", "ssi", ["tsupv", "main", "0"], "org.freedesktop.DBus.Error.InvalidArgs"),
    ("KillInstance", "ssi", ["tsupv", "main", "999"], "org.freedesktop.DBus.Error.InvalidArgs"),
])
def testErrorsHaveNames(service, method, signature, arguments, name):
    assert service.error(method, signature, *arguments)[0] == name


def testAnErrorSaysWhatIsWrong(service):
    assert service.error("StartInstance", "s", "nix")[1] == "There is no instance 'nix'"


def testInstancesHaveTheSameVerbs(service):
    path = instancePath("tsupv")
    service.call("Start", path=path, interface=INSTANCE)
    assert service.property("State", path, INSTANCE) == "running"
    assert service.property("MainPID", path, INSTANCE) == 77
    service.call("Stop", path=path, interface=INSTANCE)
    assert service.property("State", path, INSTANCE) == "inactive"
    assert service.call("Disable", path=path, interface=INSTANCE) == [True]
    assert service.call("Disable", path=path, interface=INSTANCE) == [False]
    assert service.call("ListPrograms", path=path, interface=INSTANCE) == [[["program1", "RUNNING", 4242, ""]]]
    service.call("Remove", "b", "false", path=path, interface=INSTANCE)
    assert service.error("Start", path=path, interface=INSTANCE)[0] == "org.freedesktop.DBus.Error.UnknownObject"


def testPropertiesOfTheManagerCount(service):
    assert service.property("Version") == "1.2.3"
    assert (service.property("NInstances"), service.property("NRunningInstances")) == (2, 0)
    service.call("StartInstance", "s", "tsupv")
    assert service.property("NRunningInstances") == 1
    assert service.property("SystemState") == "degraded"  # an entry is refused
    assert service.property("NRefusedEntries") == 1


def testCreatedInstancesComeAndGo(service):
    path = service.call("CreateInstance", "sa{sv}", "neu", 1, "logs_dir", "s", "/x")[0]
    assert path == instancePath("neu")
    assert service.property("LogsDirectory", path, INSTANCE) == "/x"
    service.call("SetInstanceProperties", "sa{sv}", "neu", 1, "logs_dir", "u", 5)
    assert service.property("LogsDirectory", path, INSTANCE) == "5"
    service.call("SetInstanceProperties", "sa{sv}", "neu", 1, "logs_dir", "s", "")
    assert service.property("LogsDirectory", path, INSTANCE) == "default"
    assert service.property("NInstances") == 3
    service.call("RemoveInstance", "sb", "neu", "true")
    assert path not in service.busctl("tree", "--list", NAME).stdout.split()


def testAPropertyOfAnUnknownTypeIsRefusedByName(service):
    result = service.tryCall("CreateInstance", "sa{sv}", "neu", 1, "logs_dir", "ad", 1, "1.5")
    assert result.returncode != 0
    assert "logs_dir" in result.stderr
    assert service.property("NInstances") == 2


def testObjectManagerHasEveryInstance(service):
    objects = service.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")[0]
    assert set(objects) == {instancePath("tsupv"), instancePath("svc-web")}
    assert objects[instancePath("tsupv")][INSTANCE]["User"]["data"] == "nobody"


def follow(service, match):
    """busctl monitor as a process whose lines are JSON messages; it is listening when this returns."""
    process = subprocess.Popen(["busctl", f"--address={service.address}", "--json=short", f"--match={match}", "monitor"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Monitoring" in process.stderr.readline()
    return process


def nextMessage(process):
    return json.loads(process.stdout.readline())


def testChangesOfOneMomentAreToldOnce(service, cleanup):
    monitor = follow(service, "type='signal',interface='org.freedesktop.DBus.Properties'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    service.call("StartInstance", "s", "tsupv")  # the pretended manager tells it twice
    service.call("StopInstance", "s", "tsupv")
    seen = []
    while len([m for m in seen if m["path"] == instancePath("tsupv")]) < 2:
        seen.append(nextMessage(monitor))
    started, stopped = [m["payload"]["data"] for m in seen if m["path"] == instancePath("tsupv")]
    assert started[0] == INSTANCE
    assert {k: v["data"] for k, v in started[1].items()} == {"State": "running", "MainPID": 77}
    assert {k: v["data"] for k, v in stopped[1].items()} == {"State": "inactive", "MainPID": 0}


def testSignalsOfPrograms(service, cleanup):
    monitor = follow(service, "type='signal',member='ProgramStateChanged'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    service.call("StopProgram", "ss", "tsupv", "program1")
    message = nextMessage(monitor)
    assert message["path"] == ROOT
    assert message["payload"]["data"] == ["tsupv", "program1", "STOPPED", 4243, instancePath("tsupv"), ""]


def testWordsThatAreNotUtf8DoNoHarm(service, cleanup):
    """An owner chooses the names of its programs; the bus would take none of this."""
    monitor = follow(service, f"type='signal',sender='{NAME}'")
    cleanup.callback(monitor.wait)
    cleanup.callback(monitor.terminate)
    service.call("StartProgram", "ss", "tsupv", "latin1")
    seen = {}
    while not {"ProgramStateChanged", "PropertiesChanged"} <= set(seen):
        message = nextMessage(monitor)
        seen[message["member"]] = message["payload"]["data"]
    assert seen["ProgramStateChanged"][1] == "caf\ufffd"
    assert seen["PropertiesChanged"][1]["StatusText"]["data"] == "caf\ufffd"
    assert [row[6] for row in service.call("ListInstances")[0]] == ["", "caf\ufffd"]
    assert service.error("StartProgram", "ss", "tsupv", "latin1 error")[1] == "caf\ufffd"
    assert service.program.process.poll() is None


def testManyNamesInOneCallAreRefused(service):
    result = service.tryCall("EnableInstances", "as", 10001, *["tsupv"] * 10001)
    assert result.returncode != 0
    assert service.call("EnableInstances", "as", 3, "tsupv", "tsupv", "tsupv") == [[]]


def testManyNamesOfOneCallHaveAnOutcomeEach(service):
    assert service.call("StartInstances", "as", 3, "tsupv", "nix", "tsupv") == [[
        ["tsupv", "", ""], ["nix", f"{NAME}.Error.NoSuchInstance", "There is no instance 'nix'"]]]
    assert service.property("State", instancePath("tsupv"), INSTANCE) == "running"
    assert service.call("ReloadInstances", "as", 1, "tsupv") == [[
        ["tsupv", f"{NAME}.Error.OperationFailed", "It does not parse"]]]
    assert service.call("RestartInstances", "as", 2, "svc-web", "tsupv") == [[["svc-web", "", ""], ["tsupv", "", ""]]]
    assert service.property("MainPID", instancePath("svc-web"), INSTANCE) == 78
    assert service.call("StopInstances", "as", 2, "svc-web", "tsupv") == [[["svc-web", "", ""], ["tsupv", "", ""]]]
    assert service.call("StopInstances", "as", 0) == [[]]
    assert service.tryCall("StartInstances", "as", 10001, *["tsupv"] * 10001).returncode != 0


def testManyNamesOfOneCallAreWorkedOnSideBySide(workDir, cleanup):
    """Some at once, and the next when one is done; the caller waits for one reply."""
    names = [f"slow{i}" for i in range(100)]
    with Service(workDir, *[f"{name}:0:root" for name in names]) as service:
        call = subprocess.Popen(["busctl", f"--address={service.address}", "--json=short", "--timeout=300", "call",
                                 NAME, ROOT, MANAGER, "StartInstances", "as", "100", *names],
                                stdout=subprocess.PIPE, text=True)
        cleanup.callback(call.stdout.close)
        cleanup.callback(call.wait)
        cleanup.callback(call.kill)
        waitFor(lambda: service.property("NRunningInstances") == 32, "as many as are started side by side")
        for running in (64, 96, 100):
            service.call("StartProgram", "ss", "slow0", "release")
            waitFor(lambda: service.property("NRunningInstances") == running, "the next ones")
        service.call("StartProgram", "ss", "slow0", "release")
        assert json.loads(call.stdout.read())["data"] == [[[name, "", ""] for name in names]]


def testProgramsInTroubleAreTold(workDir, cleanup):
    with Service(workDir, "sick:0:root", "well:0:root") as service:
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


def testALostBusEndsTheService(service):
    assert service.endBus() == 69
