# SPDX-License-Identifier: MIT
"""The stage `units` of a deployment, against a pretended systemctl that keeps the states of units in files."""

import os

import pytest

from deploy_host import Host, changed, children, messages, outline, units

# Each unit has a file with its properties; calls are noted in `log`.
SYSTEMCTL = """#!/bin/sh
cd {folder}
case $1 in
show)
  shift 3
  gap=
  for unit; do
    [ -z "$gap" ] || echo
    gap=1
    echo "Id=$unit"
    cat "$unit.state" 2>/dev/null || echo "ActiveState=inactive"
  done
  exit 0 ;;
esac
echo "$@" >>log
[ ! -e refuse ] || {{ echo "Unit is masked." >&2; exit 1; }}
set_state() {{ grep -v "^$2=" "$1.state" >new 2>/dev/null; echo "$2=$3" >>new; mv new "$1.state"; }}
case $1 in
start|restart) set_state "$3" ActiveState active
  set_state "$3" ActiveEnterTimestampMonotonic "$(cut -d' ' -f1 /proc/uptime | tr -d .)0000" ;;
stop) set_state "$3" ActiveState inactive ;;
enable|disable) set_state "$3" UnitFileState "$1"d ;;
esac
"""


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def system(work_dir, monkeypatch):
    """The folder of the pretended systemctl; units are in units/."""
    os.mkdir(f"{work_dir}/units")
    os.mkdir(f"{work_dir}/bin")
    write(f"{work_dir}/bin/systemctl", SYSTEMCTL.format(folder=work_dir))
    os.chmod(f"{work_dir}/bin/systemctl", 0o755)
    monkeypatch.setattr(units, "FOLDER", f"{work_dir}/units")
    monkeypatch.setitem(children.ENVIRONMENT, "PATH", f"{work_dir}/bin:" + children.ENVIRONMENT["PATH"])
    monkeypatch.setenv("PATH", f"{work_dir}/bin:" + os.environ["PATH"])
    return work_dir


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def calls(system):
    """What systemctl was asked to do since the last look."""
    try:
        with open(f"{system}/log", encoding="utf-8") as file:
            found = file.read().splitlines()
        os.unlink(f"{system}/log")
        return found
    except FileNotFoundError:
        return []


def unit(host, text="[Service]\n", **more):
    return {"systemd_units": [dict({"at": "app.yml:7:3", "name": "web", "scheme": "file", "source": "/src/web.service",
                                    "enabled": True, "state": "started", "action_on_notify": "restart"},
                                   **host.content(text), **more)]}


def test_a_unit_is_installed_enabled_and_started_once(host, system):
    assert changed(host.run("units", unit(host))) == ["Setup systemd unit 'web'", "Start web service"]
    assert calls(system) == ["daemon-reload", "enable -- web.service", "start -- web.service"]
    info = os.stat(f"{system}/units/web.service")
    assert (info.st_uid, info.st_gid, info.st_mode & 0o7777) == (0, 0, 0o644)
    assert outline(host.run("units", unit(host))) == [("Setup systemd unit 'web'", "ok"), ("Start web service", "ok")]
    assert calls(system) == []


@pytest.mark.parametrize("action", ["restart", "reload", "none"])
def test_a_changed_unit_gets_its_action(host, system, action):
    host.run("units", unit(host))
    calls(system)
    items = unit(host, "[Service]\n# new\n", state="current", action_on_notify=action)
    handler = {"restart": ["Restart web service"], "reload": ["Reload web service"], "none": []}[action]
    assert changed(host.run("units", items)) == ["Setup systemd unit 'web'"] + handler
    assert calls(system) == ["daemon-reload"] + [f"{action} -- web.service"] * len(handler)


def test_a_unit_that_does_not_run_is_not_restarted(host, system):
    host.run("units", unit(host, state="current"))
    assert changed(host.run("units", unit(host, "# new\n", state="current"))) == ["Setup systemd unit 'web'"]
    assert "restart -- web.service" not in calls(system)


def test_a_changed_file_restarts_the_unit_once(host, system):
    """The call that changed the file was another one; it is known from the comparison."""
    items = unit(host, state="current")
    host.run("units", unit(host))
    items["files"] = [{"at": "app.yml:2:3", "dest": f"{system}/f", "notify": [{"kind": "unit", "unit": "web.service"}]},
                      {"at": "app.yml:2:4", "dest": f"{system}/g", "notify": [{"kind": "unit", "unit": "web"}]}]
    before = {"changed_paths": [f"{system}/f", f"{system}/g"]}
    assert changed(host.call("units", items, before=before)) == ["Restart web service"]
    assert changed(host.run("units", items)) == []


def test_a_restart_is_not_lost_with_a_run_that_broke(host, system):
    host.run("units", unit(host))
    items = unit(host)
    items["files"] = [{"at": "app.yml:2:3", "dest": f"{system}/f", "notify": [{"kind": "unit", "unit": "web"}]}]
    write(f"{system}/f", "newer than the start of the unit")
    assert changed(host.run("units", items)) == ["Restart web service"]
    os.utime(f"{system}/f", (1, 1))
    assert changed(host.run("units", items)) == []
    os.utime(f"{system}/f", (2 ** 31, 2 ** 31))  # by the file's owner: it would restart the unit for ever
    assert changed(host.run("units", items)) == []


def test_states_are_kept_and_a_refusal_is_told(host, system):
    assert changed(host.run("units", unit(host, state="stopped", enabled=False))) == ["Setup systemd unit 'web'"]
    host.run("units", unit(host))
    assert changed(host.run("units", unit(host, state="stopped"))) == ["Stop web service"]
    write(f"{system}/refuse", "")
    result = host.call("units", unit(host))
    assert result["msg"] == ("Start web service: systemctl start -- web.service: Unit is masked.; see "
                             "'journalctl -u web.service' (app.yml:7:3)")


def test_start_and_stop(host, system):
    host.run("units", unit(host, state="current"))
    assert changed(host.run("units", unit(host), "start")) == ["Start web service"]
    assert changed(host.run("units", unit(host), "start")) == []
    assert changed(host.run("units", unit(host), "stop")) == ["Stop web service"]
    assert host.run("units", unit(host, state="stopped"), "start")["steps"] == []


def test_remove_stops_disables_and_deletes(host, system):
    host.run("units", unit(host))
    calls(system)
    assert changed(host.run("units", unit(host), "remove")) == ["Remove systemd unit 'web'"]
    assert calls(system) == ["stop -- web.service", "disable -- web.service", "daemon-reload"]
    assert os.listdir(f"{system}/units") == [] and changed(host.run("units", unit(host), "remove")) == []
    host.run("units", unit(host))
    result = host.run("units", unit(host, no_remove=True), "remove")
    assert messages(result) == {"Remove systemd unit 'web'": "stays: no_remove"}


def test_names_are_checked(host, system):
    assert "'--now.service' is not a name of a unit" in host.fails("units", unit(host, name="--now"))
    assert "'../x.service' is not a name of a unit" in host.fails("units", unit(host, name="../x"))
