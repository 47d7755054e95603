# SPDX-License-Identifier: MIT
"""The Debian packages on a real systemd: installation, upgrade under load, removal, purge, replacing Debian's own."""

import os
import re
import shutil
import subprocess

import pytest

from deployer import Deployer
from packages import changes_of, debian_supervisor, deployer_package, next_version, own_packages
from programs import SOURCE
from waiting import wait_for

MANAGER = "supervisor-manager.service"
POOL = "/srv/packages"
# Counts without a gap: a line that is missing or appears twice shows that the program was disturbed.
COUNTER = "n=0; while :; do n=$((n + 1)); echo $n; sleep 0.05; done"
ENTRY = """[supervisor:tsupv]
user = tsup
group = tsup

[supervisor_program:counter]
supervisor = tsupv
command = /opt/counter.sh
process_name = %(process_num)02d
numprocs = 10
"""
COUNTERS = 10


@pytest.fixture(scope="module")
def packages():
    return own_packages()


@pytest.fixture
def booted(machine):
    machine.boot()
    return machine


def apt(machine, *arguments, check=True):
    machine.run("mkdir", "-p", "/var/cache/apt/archives/partial")
    return machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", "--no-install-recommends",
                       "-o", "DPkg::Options::=--force-unsafe-io", *arguments, check=check)


def install(machine, paths):
    """Installs packages with apt, from files: the machine has no network."""
    pool = machine.root + POOL
    os.makedirs(pool, exist_ok=True)
    for path in paths:
        shutil.copy(path, pool)
    return apt(machine, "install", *(f"{POOL}/{os.path.basename(path)}" for path in paths))


def say(machine, *command):
    """The single line that a command prints, whether it succeeds or not."""
    return machine.run(*command, check=False).stdout.strip()


def main_pid(machine, unit):
    return say(machine, "systemctl", "show", "--property=MainPID", "--value", unit)


def deploy(machine):
    """The account tsup with an instance and programs that count."""
    machine.run("useradd", "--create-home", "tsup")
    machine.write("/opt/counter.sh", f"#!/bin/sh\n{COUNTER}\n", 0o755)
    machine.write("/etc/supervisor-manager/conf.d/tsupv.conf", ENTRY)
    machine.run("supervisor-manager", "reload")
    wait_for_counters(machine)


def wait_for_counters(machine):
    wait_for(lambda: say(machine, "supervisorctl_tsupv", "status").count("RUNNING") == COUNTERS, "the counters to run")


def pids_of(machine, account):
    """The processes of the account, without those that a program runs for a moment."""
    listed = machine.run("ps", "-u", account, "-o", "pid=,ppid=,args=", check=False).stdout.splitlines()
    found = [line.split(None, 2) for line in listed]
    programs = {pid for pid, _, line in found if "supervisord" not in line}
    return sorted(f"{pid} {line}" for pid, parent, line in found if parent not in programs)


def lines_of(machine, path):
    return machine.run("cat", path).stdout.splitlines()


def exists(machine, path):
    return machine.run("test", "-e", path, "-o", "-L", path, check=False).returncode == 0


def test_what_a_build_needs_is_in_one_place():
    """The sets of scripts/dependencies that the README names have all packages that debian/control names."""
    listed = subprocess.run([os.path.join(SOURCE, "scripts/dependencies"), "build", "packages"], check=True,
                            capture_output=True, text=True).stdout.split()
    with open(os.path.join(SOURCE, "debian/control"), encoding="utf-8") as control:
        wanted = re.search(r"^Build-Depends: (.*?)^\S", control.read(), re.DOTALL | re.MULTILINE).group(1)
    names = {re.split(r"[\s:(]", name.strip())[0] for name in wanted.split(",")}
    # Two are virtual packages for features of debhelper.
    names = {"debhelper" if name.startswith(("debhelper-", "dh-sequence-")) else name for name in names}
    assert names <= set(listed), names - set(listed)


def test_nothing_for_lintian_to_say(packages):
    said = subprocess.run(["lintian", "--allow-root", "--pedantic", "--fail-on", "error,warning,override",
                           changes_of(packages)],
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert said.returncode == 0, said.stdout + said.stderr


def depends_of(package):
    """The names of the packages that a package depends on."""
    field = subprocess.run(["dpkg-deb", "--field", package, "Depends"], check=True, capture_output=True,
                           text=True).stdout
    return {name.split()[0] for name in field.split(",")}


def test_an_instance_needs_few_libraries(packages):
    """Each further one costs memory in every instance, and time at each start (doc/decisions/17)."""
    assert depends_of(packages[0]) == {"libc6", "libcrypt1", "libedit2", "libexpat1", "libinih1"}


def test_the_deployer_is_a_package_of_its_own(packages, tmp_path):
    package = deployer_package(packages)
    assert depends_of(package) == {"ansible-core", "libc6", "libyaml-0-2", "openssh-client"}
    root = str(tmp_path / "root")
    subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
    for page in ("hadeploy.1", "supervisor-deploy.1", "supervisor-app.yml.5"):
        assert os.path.exists(f"{root}/usr/share/man/man{page[-1]}/{page}.gz"), page

    deployer = Deployer(str(tmp_path), f"{root}/usr/bin/hadeploy")
    deployer.source("app.yml", "hosts:\n- { name: en1, ssh_host: en1, ssh_user: root }\nusers:\n- login: tsup\n")
    done = deployer.run("--src", "app.yml", "--action", "deploy")
    assert done.returncode == 0, done.stderr
    collections = deployer.seen()["environment"]["ANSIBLE_COLLECTIONS_PATH"].split(":")[0]
    assert collections == f"{root}/usr/share/ansible/collections"


def test_installed_and_running_at_every_boot(booted, packages):
    install(booted, packages)
    assert say(booted, "systemctl", "is-active", MANAGER) == "active"
    assert say(booted, "systemctl", "is-enabled", MANAGER) == "enabled"
    # Root's own instances wait for an administrator.
    for unit in ("supervisord.service", "supervisor.service"):
        assert say(booted, "systemctl", "is-enabled", unit) == "disabled"
        assert say(booted, "systemctl", "is-active", unit) == "inactive"
    assert booted.run("getent", "group", "supervisor-admin").stdout
    assert say(booted, "dpkg", "--verify", "supervisor-instance", "supervisor-manager") == ""

    deploy(booted)
    assert booted.reboot() in ("running", "degraded"), booted.console()
    assert say(booted, "systemctl", "is-active", MANAGER) == "active"
    wait_for_counters(booted)


# A program whose lines are events as well, and a listener that writes down what it hears.
LISTENING = """[program:chatty]
command = /opt/counter.sh
stdout_logfile = /home/tsup/chatty.log
stdout_events_enabled = true

[eventlistener:listener]
command = /opt/listener.sh
events = PROCESS_LOG_STDOUT
buffer_size = 1000
"""
LISTENER = """#!/bin/sh
while echo READY; read -r header; do
    head -c "${header##*len:}" | tail -n +2 >>/home/tsup/heard
    printf 'RESULT 2\\nOK'
done
"""


def upgrades(machine, path):
    """How often the supervisord of this log was upgraded."""
    return machine.run("cat", path).stdout.count("supervisord upgraded from")


def numbers_from_one(lines):
    return lines == [str(n + 1) for n in range(len(lines))]


def test_an_upgrade_under_load_upgrades_the_instances(booted, packages, tmp_path):
    install(booted, packages)
    deploy(booted)
    booted.write("/opt/listener.sh", LISTENER, 0o755)
    booted.write("/etc/supervisord_tsupv.d/listening.ini", LISTENING)
    booted.run("supervisorctl_tsupv", "update")
    wait_for(lambda: exists(booted, "/home/tsup/heard") and len(lines_of(booted, "/home/tsup/heard")) > 10, "events")
    before = pids_of(booted, "tsup")
    assert len(before) == 1 + COUNTERS + 2, before
    log = "/var/log/supervisor_tsupv/supervisord.log"

    newer = next_version(packages, str(tmp_path))
    install(booted, newer)
    count = upgrades(booted, log)
    assert count >= 1  # the installation has waited for it
    (pid,) = [line.split()[0] for line in before if "supervisord" in line]
    assert say(booted, "readlink", f"/proc/{pid}/exe") == "/usr/bin/supervisord"
    assert pids_of(booted, "tsup") == before
    heard = len(lines_of(booted, "/home/tsup/heard"))
    wait_for(lambda: len(lines_of(booted, "/home/tsup/heard")) > heard + 10, "more events")
    for path in ("/home/tsup/heard", "/home/tsup/chatty.log"):
        assert numbers_from_one(lines_of(booted, path)), path

    # An administrator may want to choose the time.
    booted.write("/etc/supervisor-manager/supervisor-manager.conf", "[supervisor-manager]\nupgrade_instances = no\n")
    booted.run("supervisor-manager", "reload")
    apt(booted, "install", "--reinstall", *(f"{POOL}/{os.path.basename(path)}" for path in newer))
    assert upgrades(booted, log) == count and pids_of(booted, "tsup") == before
    booted.run("supervisor-manager", "upgrade", "tsupv")
    assert upgrades(booted, log) == count + 1 and pids_of(booted, "tsup") == before


def test_upgrade_disturbs_no_program(booted, packages, tmp_path):
    install(booted, packages)
    deploy(booted)
    before = pids_of(booted, "tsup")
    manager = main_pid(booted, MANAGER)
    assert len(before) == 1 + COUNTERS, before

    install(booted, next_version(packages, str(tmp_path)))
    version = say(booted, "dpkg-query", "-W", "-f", "${Version}", "supervisor-manager")
    assert version.endswith("+next")
    # The manager is the new file under the old pid; it knows its instance and reports no restart.
    wait_for(lambda: say(booted, "readlink", f"/proc/{manager}/exe") == "/usr/sbin/supervisor-managerd",
            "the manager to execute the new version")
    assert main_pid(booted, MANAGER) == manager
    status = wait_for(lambda: say(booted, "supervisor-manager", "--json", "status", "tsupv"), "the manager to answer")
    assert re.search(r'"(NRestarts|restarts|n_restarts)": *0\b', status, re.IGNORECASE), status
    assert pids_of(booted, "tsup") == before

    # They continued to count after the upgrade, and every line is in its log once.
    logs = say(booted, "find", "/var/log/supervisor_tsupv", "-name", "*-stdout-*").split()
    assert len(logs) == COUNTERS
    for log in logs:
        size = len(lines_of(booted, log))
        lines = wait_for(lambda: (found := lines_of(booted, log))[size + 5:] and found, "more lines")
        assert lines == [str(n + 1) for n in range(len(lines))]


def test_removal_stops_and_purge_forgets(booted, packages):
    install(booted, packages)
    deploy(booted)
    apt(booted, "remove", "supervisor-manager", "supervisor-instance")
    assert pids_of(booted, "tsup") == []
    assert not exists(booted, "/usr/sbin/supervisor-managerd") and not exists(booted, "/usr/bin/supervisord")
    for kept in ("/etc/supervisor-manager/conf.d/tsupv.conf", "/etc/supervisord_tsupv.conf"):
        assert exists(booted, kept), kept

    # A removed, not purged package is installed again with its old state.
    install(booted, packages)
    wait_for_counters(booted)

    apt(booted, "purge", "supervisor-manager", "supervisor-instance")
    assert pids_of(booted, "tsup") == []
    left = booted.run("find", "/etc", "/usr", "/lib/systemd", "/var/lib", "/run", "-xdev",
                      "(", "-name", "*supervisor*", "-o", "-lname", "*supervisor*", ")").stdout.split()
    # The files of the account, its programs, stay. So does the group, as is usual for system groups.
    assert left == ["/etc/supervisord_tsupv.d"], left
    assert exists(booted, "/var/log/supervisor_tsupv/supervisord.log")
    assert say(booted, "systemctl", "list-units", "--all", "--no-legend", "*supervisor*") == ""


SUPERVISORD_CONF = "/etc/supervisor/supervisord.conf"
DEBIAN_PROGRAM = """[program:counter]
command=/opt/counter.sh
stdout_logfile=/var/log/counter.log
"""


def counter_pid(machine):
    wait_for(lambda: "RUNNING" in say(machine, "supervisorctl", "status", "counter"), "the counter to run")
    pids = machine.run("pgrep", "-f", "/opt/counter.sh").stdout.split()
    assert len(pids) == 1, "one copy of the program"
    return pids[0]


def executable(machine):
    return say(machine, "readlink", f"/proc/{main_pid(machine, 'supervisor.service')}/exe")


def test_takes_over_from_debians_supervisor_and_gives_back(booted, packages, tmp_path):
    debian = debian_supervisor()
    install(booted, debian)
    booted.write("/opt/counter.sh", f"#!/bin/sh\n{COUNTER}\n", 0o755)
    booted.write("/etc/supervisor/conf.d/counter.conf", DEBIAN_PROGRAM)
    booted.run("supervisorctl", "update")
    counter_pid(booted)
    assert "python" in executable(booted)

    # Ours replaces Debian's: the same service, the same configuration, one copy of the same program.
    install(booted, packages)
    assert say(booted, "dpkg-query", "-W", "-f", "${db:Status-Status}", "supervisor") == "config-files"
    assert executable(booted) == "/usr/bin/supervisord"
    assert say(booted, "systemctl", "is-enabled", "supervisor.service") == "enabled"
    assert say(booted, "systemctl", "is-enabled", "supervisord.service") == "disabled"
    counter_pid(booted)
    booted.run("systemctl", "stop", "supervisor")
    assert say(booted, "pgrep", "-f", "/opt/counter.sh") == ""
    booted.run("systemctl", "start", "supervisor")
    booted.run("systemctl", "reload", "supervisor")
    booted.run("systemctl", "status", "supervisor")
    assert booted.reboot() in ("running", "degraded"), booted.console()
    program = counter_pid(booted)

    # An upgrade does not restart the system instance either: it is upgraded in place, and so it is by needrestart.
    daemon = main_pid(booted, "supervisor.service")
    install(booted, next_version(packages, str(tmp_path)))
    assert (main_pid(booted, "supervisor.service"), counter_pid(booted)) == (daemon, program)
    log = "/var/log/supervisor/supervisord.log"
    assert executable(booted) == "/usr/bin/supervisord" and upgrades(booted, log) == 1
    booted.run("/etc/needrestart/restart.d/supervisor.service")
    wait_for(lambda: upgrades(booted, log) == 2, "another upgrade")
    assert (main_pid(booted, "supervisor.service"), counter_pid(booted)) == (daemon, program)

    # Back to Debian's, and our configuration purged: its service is as it was.
    install(booted, [path for path in debian if os.path.basename(path).startswith("supervisor_")])
    apt(booted, "purge", "supervisor-manager", "supervisor-instance")
    assert say(booted, "systemctl", "is-enabled", "supervisor.service") == "enabled"
    assert "python" in executable(booted)
    counter_pid(booted)


def test_a_ready_system_instance_without_debians(booted, packages, tmp_path):
    install(booted, packages)
    assert say(booted, "systemctl", "is-enabled", "supervisor.service") == "disabled"
    booted.write("/opt/counter.sh", f"#!/bin/sh\n{COUNTER}\n", 0o755)
    booted.write("/etc/supervisor/conf.d/counter.conf", DEBIAN_PROGRAM)
    booted.run("systemctl", "enable", "--now", "supervisor.service")
    program = counter_pid(booted)
    # Changes of the administrator stay, also over upgrades.
    booted.run("sh", "-c", f"echo '; mine' >>{SUPERVISORD_CONF}")
    install(booted, next_version(packages, str(tmp_path)))
    assert say(booted, "tail", "-n1", SUPERVISORD_CONF) == "; mine" and counter_pid(booted) == program

    apt(booted, "remove", "supervisor-manager", "supervisor-instance")
    assert say(booted, "tail", "-n1", SUPERVISORD_CONF) == "; mine" and say(booted, "pgrep", "-f", "/opt/counter.sh") == ""
    apt(booted, "purge", "supervisor-manager", "supervisor-instance")
    assert not exists(booted, SUPERVISORD_CONF)
    assert exists(booted, "/etc/supervisor/conf.d/counter.conf") and exists(booted, "/var/log/counter.log")


@pytest.mark.parametrize("edited", [False, True])
def test_debians_configuration_is_used_as_it_is(booted, packages, edited):
    """apt has no terminal here: a question would make the installation fail."""
    debian = debian_supervisor()
    install(booted, debian)
    if edited:
        booted.run("sh", "-c", f"echo '; mine' >>{SUPERVISORD_CONF}")
    before = booted.run("cat", SUPERVISORD_CONF).stdout
    install(booted, packages)
    booted.run("systemctl", "enable", "--now", "supervisor.service")
    assert executable(booted) == "/usr/bin/supervisord" and booted.run("cat", SUPERVISORD_CONF).stdout == before

    # And the other way round.
    install(booted, [path for path in debian if os.path.basename(path).startswith("supervisor_")])
    apt(booted, "purge", "supervisor-manager", "supervisor-instance")
    assert booted.run("cat", SUPERVISORD_CONF).stdout == before
    assert "python" in executable(booted)


def test_a_purge_of_debians_supervisor_leaves_its_configuration(booted, packages):
    install(booted, debian_supervisor())
    booted.run("sh", "-c", f"echo '; mine' >>{SUPERVISORD_CONF}")
    before = booted.run("cat", SUPERVISORD_CONF).stdout
    install(booted, packages)
    apt(booted, "purge", "supervisor")
    assert booted.run("cat", SUPERVISORD_CONF).stdout == before
    booted.run("systemctl", "enable", "--now", "supervisor.service")
    assert executable(booted) == "/usr/bin/supervisord"


def test_a_disabled_supervisor_stays_disabled(booted, packages):
    install(booted, debian_supervisor())
    booted.run("systemctl", "disable", "--now", "supervisor.service")
    # A removal by an older debhelper left a mask of its own behind.
    apt(booted, "remove", "supervisor")
    booted.run("env", "DPKG_MAINTSCRIPT_PACKAGE=supervisor", "deb-systemd-helper", "mask", "supervisor.service")
    assert say(booted, "systemctl", "is-enabled", "supervisor.service") == "masked"
    install(booted, packages)
    assert say(booted, "systemctl", "is-enabled", "supervisor.service") == "disabled"
    assert say(booted, "systemctl", "is-active", "supervisor.service") == "inactive"
    booted.run("systemctl", "start", "supervisor")
    assert executable(booted) == "/usr/bin/supervisord"
