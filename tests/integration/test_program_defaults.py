# SPDX-License-Identifier: MIT
"""[program-defaults], defaults in [group:x], and the keys that Supervisor does not have in getAllConfigInfo."""

import subprocess

import pytest

from programs import program
from upgrading import Installation

CONFIG = """
[rpcinterface:twiddler]
supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface

[program-defaults]
command=/bin/cat
stopwaitsecs={stopwait}
restart_delay=2

[group:g]
programs=member
stopwaitsecs=4
restart_delay_factor=1.5

[program:member]
restart_delay=%(process_num)s

[program:alone]

[program:plain]
command=/bin/cat
"""

# What Supervisor has, in getAllConfigInfo, with none of these keys.
MEMBERS = {"name", "group", "group_prio", "process_prio", "inuse", "command", "directory", "uid", "serverurl",
           "autostart", "autorestart", "exitcodes", "startsecs", "startretries", "stopsignal", "stopwaitsecs",
           "killasgroup", "redirect_stderr", *(f"{channel}_{key}" for channel in ("stdout", "stderr") for key in (
               "capture_maxbytes", "events_enabled", "logfile", "logfile_backups", "logfile_maxbytes", "syslog"))}


def configured(server):
    return {info["name"]: info for info in server.rpc.supervisor.getAllConfigInfo()}


def test_values_of_the_group_and_of_all_programs_reach_the_programs(daemon):
    server = daemon(CONFIG.format(stopwait=3))
    infos = configured(server)
    assert {name: info["stopwaitsecs"] for name, info in infos.items()} == {"member": 4, "alone": 3, "plain": 3}
    assert {name: info["command"] for name, info in infos.items()} == dict.fromkeys(infos, "/bin/cat")
    for name in infos:
        server.wait_state(f"g:{name}" if name == "member" else name, "RUNNING")


def test_config_info_has_the_other_keys_only_of_programs_that_have_them(daemon):
    infos = configured(daemon(CONFIG.format(stopwait=3).replace("restart_delay=2", "")))
    assert set(infos["plain"]) == MEMBERS
    assert set(infos["member"]) == MEMBERS | {"restart_delay", "restart_delay_factor"}
    assert (infos["member"]["restart_delay"], infos["member"]["restart_delay_factor"]) == ("0", "1.5")


def test_a_changed_default_changes_those_that_take_it(daemon):
    server = daemon(CONFIG.format(stopwait=3))
    server.configure(CONFIG.format(stopwait=5))
    assert server.rpc.supervisor.reloadConfig() == [[[], ["alone", "plain"], []]]


def test_added_programs_take_the_defaults_also_after_an_upgrade(daemon, work_dir):
    server = daemon(CONFIG.format(stopwait=3), executable=Installation(work_dir).path)
    for name in "before", "after":
        assert server.rpc.twiddler.addProgramToGroup("g", name, {"stopsignal": "INT"}) is True
        assert server.rpc.twiddler.addProgramToGroup("alone", name, {"restart_delay": "9"}) is True
        infos = [info for info in server.rpc.supervisor.getAllConfigInfo() if info["name"] == name]
        assert {(info["group"], info["stopwaitsecs"], info["restart_delay"]) for info in infos} == {
            ("g", 4, "2"), ("alone", 3, "9")}
        assert server.rpc.supervisor.upgrade() is True


@pytest.mark.parametrize("section, line", [("program-defaults", 5), ("group:g", 8)])
def test_check_names_the_section_that_a_wrong_value_is_from(work_dir, section, line):
    path = f"{work_dir}/s.conf"
    lines = ["[supervisord]", "logfile=%(here)s/s.log", "pidfile=%(here)s/s.pid", "[program-defaults]", "",
             "[group:g]", "programs=cat", "", "[program:cat]", "command=/bin/cat"]
    lines[line - 1] = "restart_delay=soon"
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    done = subprocess.run([*program("supervisord"), "--check", "-c", path], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith(f" for key 'restart_delay' in section '{section}' (file: '{path}', line {line}), "
                                "taken by section 'program:cat'\n")
