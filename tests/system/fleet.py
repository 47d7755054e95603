# SPDX-License-Identifier: MIT
"""A booted machine with our files, entries, their accounts, and programs whose logs show interruptions and copies."""

import json

from waiting import wait_for

UNIT = "supervisor-manager.service"
MANAGER = "/usr/sbin/supervisor-managerd"
CONF = "/etc/supervisor-manager/conf.d"
COUNTER = "/opt/counter.pl"

# Prints numbered lines until it is stopped, and then writes their number to a file. It holds a lock while it runs: a
# second copy cannot take the lock, and records that.
_COUNTER = r"""#!/usr/bin/perl
my ($base, $pause) = @ARGV;
open(my $lock, '>>', "$base.lock") or die "$base.lock: $!";
unless (flock($lock, 2 | 4)) { open(my $said, '>>', "$base.doubled"); print $said "$$\n"; close $said; }
my $stop = 0;
$SIG{TERM} = sub { $stop = 1 };
$| = 1;
my $i = 0;
until ($stop) { print "$i\n"; $i++; select(undef, undef, undef, $pause); }
open(my $said, '>', "$base.count"); print $said $i; close $said;
"""


def entry(name, user, attributes=""):
    return f"[supervisor:{name}]\nuser = {user}\ngroup = {user}\n{attributes}\n"


def program(instance, name, command, attributes=""):
    return f"[supervisor_program:{name}]\nsupervisor = {instance}\ncommand = {command}\n{attributes}\n"


def counter(instance, name, pause=0.002):
    """A program that prints numbered lines into a log without rotation. The account has the instance's name."""
    return program(instance, name, f"{COUNTER} /home/{instance}/{name} {pause}",
                   f"stdout_logfile = {counter_log(instance, name)}\nstdout_logfile_maxbytes = 0\nstartsecs = 0")


def counter_log(instance, name):
    return f"/var/log/supervisor_{instance}/{name}.log"


def deploy(machine, entries, accounts, unit="", settings=""):
    """Boots `machine` and starts the manager with `entries`, a text for each name.

    `unit` is a drop-in of the manager's unit, `settings` lines of its own section.
    """
    machine.install()
    machine.boot()
    for account in accounts:
        machine.run("useradd", "--create-home", "--shell", "/bin/bash", account)
    machine.write(COUNTER, _COUNTER, 0o755)
    for name, text in entries.items():
        machine.write(f"{CONF}/{name}.conf", text)
    machine.write("/etc/supervisor-manager/supervisor-manager.conf", f"[supervisor-manager]\n{settings}\n")
    if unit:
        machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", unit)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", UNIT)
    return machine


def status(machine, name):
    """The status of an instance; empty while no manager runs, or the manager does not know the instance yet."""
    told = machine.run("supervisor-manager", "--json", "status", name, check=False).stdout
    return (json.loads(told or "[]") or [{}])[0]


def wait_state(machine, name, state="running"):
    wait_for(lambda: status(machine, name).get("state") == state, f"instance {name} to be {state}")


def wait_programs(machine, name, count):
    """Waits until `count` programs of the instance run, and returns its status."""
    return wait_for(lambda: (s := status(machine, name)).get("state") == "running"
                   and sum(p["state"] == "RUNNING" for p in s["programs"]) == count and s, f"the programs of {name}")


def show(machine, *properties):
    """Properties of the manager's unit, from systemctl show."""
    text = machine.run("systemctl", "show", UNIT, *(f"--property={p}" for p in properties)).stdout
    return dict(line.split("=", 1) for line in text.splitlines())
