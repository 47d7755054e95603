# SPDX-License-Identifier: MIT
"""A booted machine with our files, entries and their accounts, and programs that tell what happened to them."""

import json

from waiting import waitFor

UNIT = "supervisor-manager.service"
MANAGER = "/usr/sbin/supervisor-managerd"
CONF = "/etc/supervisor-manager/conf.d"
COUNTER = "/opt/counter.pl"

# Prints lines with numbers, for ever. It holds a lock as long as it lives: a second copy finds it taken, and says so.
_COUNTER = r"""#!/usr/bin/perl
my ($lock, $pause) = @ARGV;
open(my $held, '>>', $lock) or die "$lock: $!";
unless (flock($held, 2 | 4)) { open(my $said, '>>', "$lock.doubled"); print $said "$$\n"; close $said; }
$| = 1;
for (my $i = 0; ; $i++) { print "$i\n"; select(undef, undef, undef, $pause); }
"""


def entry(name, user, attributes=""):
    return f"[supervisor:{name}]\nuser = {user}\ngroup = {user}\n{attributes}\n"


def program(instance, name, command, attributes=""):
    return f"[supervisor_program:{name}]\nsupervisor = {instance}\ncommand = {command}\n{attributes}\n"


def counter(instance, name, pause=0.002):
    """A program that prints its numbered lines into one log that is never rotated."""
    return program(instance, name, f"{COUNTER} /home/{instance}/{name}.lock {pause}",
                   "stdout_logfile_maxbytes = 0\nstartsecs = 0")


def deploy(machine, entries, accounts, unit=""):
    """Boots `machine` and starts the manager with `entries`, a text for each name; `unit`: a drop-in of its unit."""
    machine.install()
    machine.boot()
    for account in accounts:
        machine.run("useradd", "--create-home", "--shell", "/bin/bash", account)
    machine.write(COUNTER, _COUNTER, 0o755)
    for name, text in entries.items():
        machine.write(f"{CONF}/{name}.conf", text)
    if unit:
        machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", unit)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", UNIT)
    return machine


def status(machine, name):
    """All that the manager tells of an instance."""
    told = machine.run("supervisor-manager", "--json", "status", name, check=False).stdout
    return json.loads(told)[0] if told else {}


def waitState(machine, name, state="running"):
    waitFor(lambda: status(machine, name).get("State") == state, f"instance {name} to be {state}")


def waitPrograms(machine, name, count):
    """Waits until so many programs of the instance run, and returns its status."""
    return waitFor(lambda: (s := status(machine, name)).get("State") == "running"
                   and sum(p["state"] == "RUNNING" for p in s["Programs"]) == count and s, f"the programs of {name}")


def show(machine, *properties):
    """Properties of the manager's unit, as systemd has them."""
    text = machine.run("systemctl", "show", UNIT, *(f"--property={p}" for p in properties)).stdout
    return dict(line.split("=", 1) for line in text.splitlines())
