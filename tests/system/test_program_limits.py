# SPDX-License-Identifier: MIT
"""Control groups of programs with every controller, in a virtual machine: limits, their accounts, and the manager's changes."""

import os
import urllib.parse

import pytest

from fleet import entry, program
from programs import SOURCE
from virtual_machine import booted, group, told
from waiting import wait_for

HOG = "/usr/bin/perl -e 'my @held; while (1) { push @held, \"x\" x 1048576; }'"
FORKS = "/usr/bin/perl -e 'while (1) { my $pid = fork; if (!$pid) { sleep 1000 if defined $pid; sleep 1; } }'"
LATER = "autostart = false\nstartsecs = 0\nautorestart = false"
# It ignores a stop, and has a child that left session, parent and environment.
STUBBORN = "/opt/stubborn"
STUBBORN_SCRIPT = "#!/bin/sh\ntrap '' TERM\nenv -i setsid sleep 31415 &\nwhile :; do sleep 1; done\n"
# It makes as many groups as it may, and prints their number.
FILL = "/opt/fill"
FILL_SCRIPT = "#!/usr/bin/perl\nmy $i = 0; $i++ while mkdir \"$ARGV[0]/g$i\"; print \"$i\\n\";\n"
# It passes a controller on again whenever that is taken back, for a minute.
SPOIL = "/opt/spoil"
SPOIL_SCRIPT = ("#!/usr/bin/perl\nopen(my $file, '>', $ARGV[0]) or die; my $end = time + 60;\n"
                "syswrite($file, '+memory') while time < $end;\n")
# A listener that writes down the payloads.
EARS = "/opt/ears"
HEARD = "/var/log/supervisor_divided/heard.log"
EARS_SCRIPT = f"""#!/bin/sh
while :; do
    echo READY
    read -r head
    payload=$(dd bs=1 count=${{head##*len:}} 2>/dev/null)
    echo "$payload" >>{HEARD}
    printf 'RESULT 2\\nOK'
done
"""

ENTRIES = {
    "divided": entry("divided", "divided", "memory_max = 300M") +
               program("divided", "calm", "/bin/sleep 1000",
                       "memory_max = 64MB\ncpu_max = 0.5\ntasks_max = 9\nmemory_high = 60MB") +
               program("divided", "hog", HOG, LATER + "\nmemory_max = 48MB") +
               program("divided", "greedy", HOG, LATER) +
               program("divided", "forks", FORKS, LATER + "\ntasks_max = 10\nkill_scope = tree\nstopwaitsecs = 1"),
    "plain": entry("plain", "plain") + program("plain", "quiet", "/bin/sleep 1000") +
             program("plain", "stubborn", STUBBORN, LATER + "\nkill_scope = tree\nstopwaitsecs = 1"),
    "hostile": entry("hostile", "hostile", "tasks_max = 60") + program("hostile", "quiet", "/bin/sleep 1000"),
}
UNIT = "/sys/fs/cgroup/system.slice/supervisor-manager.service"


@pytest.fixture(scope="module")
def vm():
    """One virtual machine for all tests: each uses an instance of its own or leaves it unchanged."""
    with booted(ENTRIES, {STUBBORN: STUBBORN_SCRIPT, FILL: FILL_SCRIPT, SPOIL: SPOIL_SCRIPT, EARS: EARS_SCRIPT}, "stop_timeout = 2") as running:
        yield running


def limits(vm):
    files = ("memory.max", "memory.high", "cpu.max", "pids.max", "memory.oom.group")
    return group(vm, "divided", *(f"program-calm/{file}" for file in files)).splitlines()


LIMITS = [str(64 << 20), str(60 << 20), "50000 100000", "9", "1"]


def as_account(vm, account, command):
    return vm.run(f"setpriv --reuid={account} --regid={account} --init-groups sh -c {command!r}", check=False)


def test_a_program_has_its_limits_below_those_of_its_instance(vm):
    assert limits(vm) == LIMITS
    assert group(vm, "divided", "memory.max") == str(300 << 20)
    calm = vm.run("supervisorctl_divided pid calm")[1].strip()
    assert group(vm, "divided", "program-calm/cgroup.procs").split() == [calm]
    assert group(vm, "divided", "supervisord/cgroup.procs").split() == [str(told(vm, "divided")["main_pid"])]
    assert group(vm, "divided", "cgroup.procs") == ""


def test_a_program_without_limits_has_no_group(vm):
    assert vm.run(f"ls -d {UNIT}/instance-plain/*/")[1].split() == [f"{UNIT}/instance-plain/supervisord/"]
    assert group(vm, "plain", "cgroup.subtree_control") == ""


def test_the_end_by_its_own_limit_is_told_apart(vm):
    calm = vm.run("supervisorctl_divided pid calm")[1]
    vm.run("supervisorctl_divided start hog")
    wait_for(lambda: "hog" in vm.run("supervisorctl_divided status hog | grep EXITED", check=False)[1], "the end of hog", 120)
    log = "/var/log/supervisor_divided/supervisord.log"
    assert ("was killed by the kernel because memory ran out: its limit is 48 MB (memory_max); raise the limit" in
            vm.run(f"grep 'hog (pid' {log}")[1])
    assert "its limit is 48 MB (memory_max)" in vm.run("supervisorctl_divided status hog", check=False)[1]
    vm.run("supervisorctl_divided start greedy")
    wait_for(lambda: vm.run("supervisorctl_divided status greedy | grep EXITED", check=False)[1], "the end of greedy", 120)
    assert ("instance-divided has a limit of 300 MB (memory.max); raise the limit" in vm.run(f"grep 'greedy (pid' {log}")[1])
    assert vm.run("supervisorctl_divided pid calm")[1] == calm
    assert vm.run(f"ls {UNIT}/instance-divided | grep -c hog", check=False)[1] == "0\n"


def test_the_event_tells_the_end_by_the_limit_apart(vm):
    listener = "/etc/supervisord_divided.d/ears.ini"
    vm.run(f"printf '[eventlistener:ears]\\ncommand={EARS}\\nevents=PROCESS_STATE_EXITED\\nevent_details=true\\n' >{listener}; "
           "supervisorctl_divided update")
    wait_for(lambda: "RUNNING" in vm.run("supervisorctl_divided status ears", check=False)[1], "the listener", 60)
    vm.run("supervisorctl_divided start hog")
    heard = lambda: vm.run(f"grep processname:hog {HEARD}", check=False)[1]
    wait_for(heard, "the event of the end", 120)
    details = dict(word.split(":", 1) for word in heard().splitlines()[0].split(" "))
    assert details["signal"] == "SIGKILL" and "exitcode" not in details
    assert urllib.parse.unquote(details["reason"]) == "killed because memory ran out: its limit is 48 MB (memory_max)"
    vm.run(f"rm {listener}; supervisorctl_divided update")


def test_forks_end_at_the_limit_and_with_the_tree(vm):
    vm.run("supervisorctl_divided start forks")
    refused = lambda: int(group(vm, "divided", "program-forks/pids.events").split()[1]) > 0
    wait_for(refused, "a refused fork", 60)
    assert int(group(vm, "divided", "program-forks/pids.current")) <= 10
    vm.run("supervisorctl_divided stop forks")
    assert "program-forks" not in vm.run(f"ls {UNIT}/instance-divided")[1]
    assert vm.run("pgrep -c -u divided perl", check=False)[1] == "0\n"


def test_a_stop_of_the_tree_misses_nobody(vm):
    vm.run("supervisorctl_plain start stubborn")
    wait_for(lambda: "sleep 31415" in vm.run("pgrep -a -u plain", check=False)[1], "the child that runs away", 60)
    vm.run("supervisorctl_plain stop stubborn")
    assert "31415" not in vm.run("pgrep -a -u plain", check=False)[1]


def test_other_limits_reach_the_running_program(vm):
    calm = vm.run("supervisorctl_divided pid calm")[1]
    files = "/etc/supervisord_divided.d/*calm*"
    vm.run(f"sed -i 's/^tasks_max.*/tasks_max = 8/' {files}")
    assert "calm" in vm.run("supervisorctl_divided update")[1]
    assert limits(vm)[3] == "8" and vm.run("supervisorctl_divided pid calm")[1] == calm
    vm.run(f"sed -i 's/^tasks_max.*/tasks_max = 9/' {files}; supervisorctl_divided update")
    assert limits(vm) == LIMITS


def test_successors_keep_the_limits(vm):
    """Of supervisord, by an upgrade and after a crash, and of the manager."""
    calm = vm.run("supervisorctl_divided pid calm")[1]
    for command in ("supervisorctl_divided upgrade --wait",
                    f"kill -KILL {told(vm, 'divided')['main_pid']}",
                    "supervisor-manager daemon-reexec",
                    "pkill -KILL -x supervisor-mana"):
        vm.run(command)
        wait_for(lambda: vm.run("supervisor-manager list", check=False)[0] == 0, "the manager", 60)
        wait_for(lambda: vm.run("supervisorctl_divided pid calm", check=False)[1] == calm, f"calm after {command}", 60)
        wait_for(lambda: vm.run(f"cat {UNIT}/instance-divided/program-calm/memory.max", check=False)[1] == f"{64 << 20}\n",
                 f"the limits after {command}", 60)
        wait_for(lambda: limits(vm) == LIMITS, "all limits")
    assert group(vm, "hostile", "pids.max") == "60"


def test_an_instance_of_an_older_manager_is_divided_later(vm):
    """There supervisord and its programs are in the group of the instance itself."""
    folder = f"{UNIT}/instance-plain"
    vm.run(f"for pid in $(cat {folder}/supervisord/cgroup.procs); do echo $pid >{folder}/cgroup.procs; done; "
           f"rmdir {folder}/supervisord; pkill -KILL -x supervisor-mana")
    wait_for(lambda: vm.run("supervisor-manager list", check=False)[0] == 0, "the manager", 60)
    wait_for(lambda: told(vm, "plain")["state"] == "running", "the instance", 60)
    quiet = vm.run("supervisorctl_plain pid quiet")[1].strip()
    vm.run("printf '[program:new]\\ncommand=sleep 1000\\nmemory_max=64MB\\n' >/etc/supervisord_plain.d/new.ini; "
           "supervisorctl_plain update")
    wait_for(lambda: "RUNNING" in vm.run("supervisorctl_plain status new", check=False)[1], "new", 60)
    assert group(vm, "plain", "program-new/memory.max") == str(64 << 20)
    assert quiet in group(vm, "plain", "supervisord/cgroup.procs").split()
    vm.run("rm /etc/supervisord_plain.d/new.ini; supervisorctl_plain update")


@pytest.mark.parametrize("user", ["root", "plain"])
def test_a_unit_with_delegation_has_groups_without_a_manager(vm, user):
    vm.run(f"mkdir -p /tmp/own-{user} && chown {user} /tmp/own-{user} && cat >/tmp/own-{user}/own.conf <<END\n"
           f"[supervisord]\nlogfile=/tmp/own-{user}/log\npidfile=/tmp/own-{user}/pid\nnodaemon=true\n"
           "[program:x]\ncommand=/bin/sleep 1000\nmemory_max=64MB\nstartsecs=0\nstartretries=0\nEND\n")
    command = f"supervisord -n -c /tmp/own-{user}/own.conf"
    folder = f"/sys/fs/cgroup/system.slice/own-{user}.service"
    vm.run(f"systemd-run --quiet --unit=own-{user} -p User={user} {command}")
    refused = (f"spawnerr: couldn't set memory_max: supervisord may not make groups in its control group "
               f"/system.slice/own-{user}.service; start supervisord by the manager, with Delegate=yes in its systemd unit")
    wait_for(lambda: refused in vm.run(f"cat /tmp/own-{user}/log", check=False)[1], "the refusal", 60)
    vm.run(f"systemctl stop own-{user}; systemd-run --quiet --unit=own-{user} -p User={user} -p Delegate=yes {command}")
    wait_for(lambda: vm.run(f"cat {folder}/program-x/memory.max", check=False)[1] == f"{64 << 20}\n", "the limit", 60)
    assert vm.run(f"cat {folder}/supervisord/cgroup.procs")[1] == vm.run(f"cat /tmp/own-{user}/pid")[1]
    vm.run(f"systemctl stop own-{user}")


def test_a_crash_of_the_system_instance_keeps_program_and_limit(vm):
    """With the drop-in of doc/administration.md."""
    folder = "/etc/systemd/system/supervisord.service.d"
    with open(os.path.join(SOURCE, "doc/administration.md"), encoding="utf-8") as page:
        drop_in = page.read().split("```ini\n")[1].split("```")[0]
    assert "Delegate=yes" in drop_in and "'" not in drop_in
    vm.run(f"mkdir -p {folder}; printf %s '{drop_in}' >{folder}/groups.conf; systemctl daemon-reload; "
           "(echo_supervisord_conf; printf '[program:x]\ncommand=sleep 1000\nmemory_max=64MB\n') >/etc/supervisord.conf; "
           "systemctl start supervisord")
    pid = lambda: vm.run("supervisorctl -c /etc/supervisord.conf pid x", check=False)[1]
    wait_for(lambda: pid().strip() not in ("", "0") and pid().strip().isdigit(), "x", 60)
    limit = f"cat {UNIT}/../supervisord.service/program-x/memory.max"
    assert vm.run(limit)[1] == f"{64 << 20}\n"
    before, main = pid(), vm.run("systemctl show -P MainPID supervisord")[1]
    vm.run(f"kill -KILL {main}")
    wait_for(lambda: vm.run("systemctl show -P MainPID supervisord")[1] not in (main, "0\n"), "the next supervisord", 60)
    wait_for(lambda: pid() == before, "x to be taken over", 60)
    wait_for(lambda: vm.run(limit, check=False)[1] == f"{64 << 20}\n", "the limit", 60)
    vm.run("systemctl stop supervisord")


def test_an_account_changes_nothing_above_its_group(vm):
    folder = f"{UNIT}/instance-hostile"
    quiet = vm.run("supervisorctl_hostile pid quiet")[1].strip()
    made = as_account(vm, "hostile", f"mkdir {folder}/mine && echo {quiet} >{folder}/mine/cgroup.procs")
    assert made[0] == 0, made[1]
    for command in (f"echo max >{folder}/pids.max", f"echo 9 >{folder}/cgroup.max.depth", f"echo 1 >{folder}/cgroup.freeze",
                    f"chmod u+w {folder}/pids.max && echo max >{folder}/pids.max",
                    f"echo {quiet} >{UNIT}/cgroup.procs", f"echo {quiet} >{UNIT}/instance-plain/supervisord/cgroup.procs",
                    f"echo $$ >{folder}/mine/cgroup.procs", f"mkdir -p {folder}/mine/a/b"):
        assert as_account(vm, "hostile", command)[0] != 0, command
    many = as_account(vm, "hostile", f"{FILL} {folder}")
    assert 500 < int(many[1].split()[-1]) < 512
    assert {pid for pid in group(vm, "hostile", "*/cgroup.procs").split()} == set(vm.run("pgrep -u hostile")[1].split())
    vm.run("supervisor-manager stop hostile")
    assert vm.run("pgrep -u hostile", check=False)[1] == ""
    vm.run("supervisor-manager start hostile")
    wait_for(lambda: "RUNNING" in vm.run("supervisorctl_hostile status", check=False)[1], "the program", 60)
    assert vm.run(f"ls -d {folder}/*/")[1].split() == [f"{folder}/supervisord/"]


def test_an_account_cannot_keep_the_manager_from_being_started(vm):
    """It passes controllers on whenever they are taken back."""
    folder = f"{UNIT}/instance-hostile"
    vm.run("printf '[program:new]\\ncommand=sleep 1000\\nmemory_max=64MB\\nstartsecs=0\\n' >/etc/supervisord_hostile.d/new.ini; "
           "supervisorctl_hostile update")
    wait_for(lambda: "memory" in group(vm, "hostile", "cgroup.subtree_control"), "the controllers", 60)
    vm.run(f"setpriv --reuid=hostile --regid=hostile --init-groups {SPOIL} {folder}/cgroup.subtree_control >/dev/null 2>&1 & "
           "echo $! >/run/spoiler")
    before = told(vm, "divided")["main_pid"]
    vm.run("pkill -KILL -x supervisor-mana")
    wait_for(lambda: vm.run("supervisor-manager list", check=False)[0] == 0, "the next manager", 60)
    assert told(vm, "divided")["main_pid"] == before
    vm.run("kill $(cat /run/spoiler)", check=False)


def test_an_entry_that_is_removed_leaves_no_group(vm):
    vm.run("rm /etc/supervisor-manager/conf.d/hostile.conf; supervisor-manager reload", check=False)
    wait_for(lambda: "instance-hostile" not in vm.run(f"ls {UNIT}")[1], "the group to be removed", 60)
