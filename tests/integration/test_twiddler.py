# SPDX-License-Identifier: MIT
"""The namespace twiddler: programs that are added and removed while supervisord runs."""

import sys
import xmlrpc.client

import pytest

from waiting import wait_for

TWIDDLER = """
[rpcinterface:twiddler]
supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface
{options}

[group:group_name]

[program:cat]
command=/bin/cat
autostart=false
startsecs=0
"""

METHODS = ["addProgramToGroup", "getAPIVersion", "getGroupNames", "log", "removeProcessFromGroup"]


@pytest.fixture
def server(daemon):
    return daemon(TWIDDLER.format(options=""))


def fault(call, *arguments):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*arguments)
    return caught.value.faultCode, caught.value.faultString


def names(server):
    return {f"{info['group']}:{info['name']}" for info in server.rpc.supervisor.getAllProcessInfo()}


def test_the_session_of_the_documentation(server):
    """The session as printed in twiddler's documentation, with Supervisor's own transport."""
    sys.path.append("/usr/lib/python3/dist-packages")
    transport = pytest.importorskip("supervisor.xmlrpc").SupervisorTransport
    s = xmlrpc.client.ServerProxy("http://127.0.0.1/whatever", transport("", "", "unix://" + server.socket))
    assert s.twiddler.getAPIVersion() == "1.0"
    assert s.twiddler.addProgramToGroup("group_name", "ls", {"command": "ls -l", "autostart": "false",
                                                             "autorestart": "false", "startsecs": "0"}) is True
    assert s.supervisor.startProcess("group_name:ls") is True
    wait_for(lambda: s.supervisor.getProcessInfo("group_name:ls")["statename"] == "EXITED", "ls to end")
    assert s.supervisor.readProcessLog("group_name:ls", 0, 50).startswith("total ")


def test_all_methods_are_listed(server):
    methods = server.rpc.system.listMethods()
    assert [m for m in methods if m.startswith("twiddler.")] == [f"twiddler.{name}" for name in METHODS]
    signature = server.rpc.system.methodSignature
    assert signature("twiddler.getAPIVersion") == ["string"]
    assert signature("twiddler.getGroupNames") == ["array"]
    assert signature("twiddler.addProgramToGroup") == ["boolean", "string", "string", "struct"]
    assert signature("twiddler.removeProcessFromGroup") == ["boolean", "string", "string"]
    assert signature("twiddler.log") == ["boolean", "string", "string"]
    assert all(server.rpc.system.methodHelp(f"twiddler.{name}") for name in METHODS)


def test_groups_are_named_in_their_order(server):
    assert server.rpc.twiddler.getGroupNames() == ["cat", "group_name"]


def test_a_program_starts_by_itself_unless_told_otherwise(server):
    assert server.rpc.twiddler.addProgramToGroup("group_name", "sleeper", {"command": "sleep 1000", "startsecs": "0"})
    server.wait_state("group_name:sleeper", "RUNNING")
    options = {"command": "sleep 1000", "autostart": "false"}
    assert server.rpc.twiddler.addProgramToGroup("group_name", "idle", options)
    assert server.rpc.supervisor.getProcessInfo("group_name:idle")["statename"] == "STOPPED"
    assert names(server) == {"cat:cat", "group_name:sleeper", "group_name:idle"}


def test_a_program_may_make_several_processes(server):
    options = {"command": "sleep %(process_num)d00", "autostart": False, "numprocs": 2, "numprocs_start": "1",
               "Process_Name": "%(program_name)s_%(group_name)s_%(process_num)02d"}
    assert server.rpc.twiddler.addProgramToGroup("group_name", "many", options)
    assert names(server) == {"cat:cat", "group_name:many_group_name_01", "group_name:many_group_name_02"}


def test_a_process_that_is_not_stopped_stays(server):
    twiddler = server.rpc.twiddler
    twiddler.addProgramToGroup("group_name", "sleeper", {"command": "sleep 1000", "startsecs": "0"})
    server.wait_state("group_name:sleeper", "RUNNING")
    assert fault(twiddler.removeProcessFromGroup, "group_name", "sleeper") == (91, "STILL_RUNNING: sleeper")
    server.rpc.supervisor.stopProcess("group_name:sleeper")
    assert twiddler.removeProcessFromGroup("group_name", "sleeper") is True
    assert names(server) == {"cat:cat"}
    assert fault(server.rpc.supervisor.getProcessInfo, "group_name:sleeper")[0] == 10
    assert twiddler.addProgramToGroup("group_name", "sleeper", {"command": "sleep 1000", "autostart": "false"})


def configured(server):
    return [(info["group"], info["name"], info["inuse"]) for info in server.rpc.supervisor.getAllConfigInfo()]


def test_the_configuration_shows_what_was_added_and_removed(server):
    assert configured(server) == [("cat", "cat", True)]
    server.rpc.twiddler.addProgramToGroup("group_name", "a", {"command": "/bin/a", "autostart": "false"})
    assert configured(server) == [("group_name", "a", True), ("cat", "cat", True)]
    server.rpc.twiddler.removeProcessFromGroup("cat", "cat")
    assert configured(server) == [("group_name", "a", True)]
    server.rpc.twiddler.removeProcessFromGroup("group_name", "a")
    assert configured(server) == []


def test_a_configured_process_may_be_removed(server):
    assert server.rpc.twiddler.removeProcessFromGroup("cat", "cat") is True
    assert names(server) == set()
    assert server.rpc.twiddler.getGroupNames() == ["cat", "group_name"]


def test_faults(server):
    twiddler = server.rpc.twiddler
    program = {"command": "/bin/cat", "autostart": "false"}
    assert fault(twiddler.addProgramToGroup, "nope", "x", program) == (10, "BAD_NAME: group: nope")
    assert fault(twiddler.addProgramToGroup, "cat", "cat", program) == (10, "BAD_NAME: cat")
    assert fault(twiddler.removeProcessFromGroup, "nope", "x") == (10, "BAD_NAME: group: nope")
    assert fault(twiddler.removeProcessFromGroup, "group_name", "x") == (10, "BAD_NAME: x")
    for options, word in [({}, "command"), ({"command": "/bin/cat", "startsecs": "soon"}, "soon"),
                          ({"command": "/bin/cat", "autorestart": "perhaps"}, "perhaps"),
                          ({"command": "%(nothing)s"}, "nothing"),
                          ({"command": ["/bin/cat"]}, "command")]:
        code, text = fault(twiddler.addProgramToGroup, "group_name", "x", options)
        assert code == 2 and text.startswith("INCORRECT_PARAMETERS") and word in text, text
    for arguments in [(), ("group_name",), ("group_name", "x"), ("group_name", "x", program, 1),
                      ("group_name", "x", "command"), (1, "x", program)]:
        assert fault(twiddler.addProgramToGroup, *arguments)[0] == 2
    assert names(server) == {"cat:cat"}


def test_a_failed_add_adds_nothing(server):
    twiddler = server.rpc.twiddler
    options = {"command": "/bin/cat", "autostart": "false", "process_name": "p%(process_num)d"}
    assert twiddler.addProgramToGroup("group_name", "a", {**options, "numprocs": "1", "numprocs_start": "2"})
    assert fault(twiddler.addProgramToGroup, "group_name", "b", {**options, "numprocs": "3"}) == (10, "BAD_NAME: p2")
    assert names(server) == {"cat:cat", "group_name:p2"}


def test_messages_go_to_the_log(daemon):
    server = daemon(TWIDDLER.format(options=""), supervisord="loglevel=blather")
    levels = {50: "CRIT", 40: "ERRO", 30: "WARN", 20: "INFO", 10: "DEBG", 5: "TRAC", 3: "BLAT"}
    assert server.rpc.twiddler.log("without a level %s {}") is True
    assert "INFO without a level %s {}\n" in server.log()
    for number, name in levels.items():
        assert server.rpc.twiddler.log(f"as {number}", number) is True
        assert server.rpc.twiddler.log(f"as {name}", name.lower()) is True
        assert f" {name} as {number}\n" in server.log() and f" {name} as {name}\n" in server.log()
    for level in ("loud", 21, "", [], True):
        assert fault(server.rpc.twiddler.log, "x", level)[0] == 2
    assert fault(server.rpc.twiddler.log)[0] == 2


def test_only_listed_methods_may_be_called(daemon):
    server = daemon(TWIDDLER.format(options="whitelist = getGroupNames, log"))
    twiddler = server.rpc.twiddler
    assert twiddler.getGroupNames() == ["cat", "group_name"]
    assert twiddler.log("allowed") is True
    assert fault(twiddler.getAPIVersion) == (230, "NOT_IN_WHITELIST: getAPIVersion")
    assert fault(twiddler.removeProcessFromGroup, "nope", "x") == (230, "NOT_IN_WHITELIST: removeProcessFromGroup")
    assert fault(twiddler.addProgramToGroup, "nope", "x", {}) == (230, "NOT_IN_WHITELIST: addProgramToGroup")


def test_without_its_section_there_is_no_twiddler(daemon):
    server = daemon("[program:cat]\ncommand=/bin/cat\n")
    assert fault(server.rpc.twiddler.getAPIVersion) == (1, "UNKNOWN_METHOD")
    assert not [m for m in server.rpc.system.listMethods() if m.startswith("twiddler.")]


def test_a_misspelt_option_is_accepted_as_twiddler_does_and_logged_as_in_a_file(server):
    options = {"command": "/bin/cat", "autostart": "false", "restart_limt": "3/60", "ready_timeout": "5", "mine": "x"}
    assert server.rpc.twiddler.addProgramToGroup("group_name", "new", options) is True
    place = " in section 'program:new'\n"
    assert "WARN Unknown key 'restart_limt' (did you mean 'restart_limit'?)" + place in server.log()
    assert "WARN Key 'ready_timeout' has no effect without 'ready'" + place in server.log()
    assert "'mine'" not in server.log()
