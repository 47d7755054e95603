# SPDX-License-Identifier: MIT
"""The costs of the manager and its instances: {figure: value}. Needs root, for the account of the instances."""

import contextlib
import json
import os
import pwd
import statistics
import subprocess
import time

from compiled import compiled, numbers
from manager_root import SETTINGS, Managerd
from meters import elapsed, memory, processor_time, wake_ups
from programs import program
from storm import Storm

RUNS = "' runs (pid "  # in the line of the log about an instance that is ready
SLEEPER = "/bin/sleep 98765"
OWNER = "games"  # every Debian has this account and its group, and nothing runs as it


def directory_for(directory):
    """Lets the account enter a directory, below which its instances have their files."""
    os.chmod(directory, 0o755)
    return directory


def instances_of(manager):
    """{name: pid} of the instances that run."""
    reply = manager.try_call("ListInstances")
    rows = json.loads(reply.stdout)["data"][0] if reply.returncode == 0 else []
    return {name: pid for name, _, state, _, pid, *_ in rows if state == "running"}


def started(directory, count, supervisord=None):
    """A manager with `count` running instances, of another program if given, and the seconds until all ran."""
    manager = Managerd(directory_for(directory))
    if supervisord:
        manager.write("etc/supervisor-manager/supervisor-manager.conf",
                      SETTINGS.format(supervisord=supervisord, supervisorctl=program("supervisorctl")[0]))
    for index in range(count):
        manager.entry(f"i{index:03d}", pwd.getpwnam(OWNER))
    manager.__enter__()
    try:
        start = time.monotonic()
        manager.start()
        while len(instances_of(manager)) < count:
            if time.monotonic() - start > 240:
                raise AssertionError(f"{len(instances_of(manager))} of {count} instances run\n{manager.log()[-3000:]}")
            time.sleep(0.05)
        return manager, time.monotonic() - start
    except BaseException:
        manager.__exit__()
        raise


@contextlib.contextmanager
def run_in_memory(manager):
    """A file system in memory for the manager's /run, which is one on every host."""
    run = manager.path("run")
    os.makedirs(run, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "run", run], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", run], check=True)


def bare_loop(manager, directory, count):
    """The seconds in which a loop in C starts the same supervisords as the same account until all are ready, and ends
    them. The manager has put their files in place, and does not run."""
    sockets = os.path.join(directory, "n")
    os.makedirs(sockets, exist_ok=True)
    directory_for(sockets)
    owner = pwd.getpwnam(OWNER)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "LANG": "C.UTF-8",
                   "HOME": owner.pw_dir, "USER": OWNER, "LOGNAME": OWNER, "SHELL": owner.pw_shell,
                   "SUPERVISOR_MANAGER_INSTANCE": "i000:0123456789abcdef"}
    return numbers(compiled("instance_loop", directory), program("supervisord")[0], str(count),
                   manager.path("etc/supervisord_i%03d.conf"), str(owner.pw_uid), str(owner.pw_gid), sockets,
                   env=environment)[:2]


def wait_until_running(manager, count):
    """Starts the manager, and waits for `count` more lines of the log that say so: a call would use its time."""
    before = manager.log().count(RUNS) if manager.process else 0
    start = time.monotonic()
    manager.start()
    while manager.log().count(RUNS) - before < count:
        if time.monotonic() - start > 240:
            raise AssertionError(f"{len(instances_of(manager))} of {count} instances run\n{manager.log()[-3000:]}")
        time.sleep(0.005)
    return time.monotonic() - start


def end(manager):
    """Ends the manager, with its instances. A wait with a limit would look for the end at growing intervals, up to
    50 ms, which is half of what is measured."""
    manager.process.terminate()
    if manager.process.wait() != 0:
        raise AssertionError(manager.log()[-3000:])


def starting(directory, count):
    """The times until `count` instances run and until they have ended, beside a bare loop in C that does the same, and
    the memory of them and the manager. The first start also creates the files of the instances."""
    manager = Managerd(directory_for(directory))
    for index in range(count):
        manager.entry(f"i{index:03d}", pwd.getpwnam(OWNER))
    with run_in_memory(manager), manager:
        figures = {f"{count} instances: first start, which creates their files, s": wait_until_running(manager, count)}
        costs = [memory(pid) for pid in instances_of(manager).values()]
        own = memory(manager.process.pid)
        manager.stop()
        spawning, ending = bare_loop(manager, directory, count)
        started_in = wait_until_running(manager, count)
        stopped_in = elapsed(lambda: end(manager))
        figures |= {f"{count} instances: all running, s": started_in,
                    f"{count} instances: all running, times the bare loop": started_in / spawning,
                    f"{count} instances: all stopped, s": stopped_in,
                    f"{count} instances: all stopped, times the bare loop": stopped_in / ending,
                    f"{count} instances: bare loop in C, all ready, s": spawning,
                    f"{count} instances: bare loop in C, all ended, s": ending,
                    f"{count} instances: manager, private KB": own[1],
                    f"{count} instances: each further instance, private KB": sum(c[1] for c in costs) / count,
                    f"{count} instances: each further instance, PSS KB": sum(c[0] for c in costs) / count}
    return figures


def adding(directory, count):
    """The time of a reload that adds `count` entries, and the longest that another client waited meanwhile."""
    manager = Managerd(directory_for(directory))
    with run_in_memory(manager), manager:
        manager.start()
        for index in range(count):
            manager.entry(f"i{index:03d}", pwd.getpwnam(OWNER))
        start = time.monotonic()
        with subprocess.Popen([*program("supervisor-manager"), f"--bus-address={manager.bus.address}", "reload"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as reload:
            waits = []
            while reload.poll() is None:
                waits.append(elapsed(lambda: manager.try_call("ListInstances")))
        duration = time.monotonic() - start
        if reload.returncode != 0 or len(instances_of(manager)) != count:
            raise AssertionError(f"{len(instances_of(manager))} of {count} added instances run\n"
                                 f"{manager.log()[-3000:]}")
        manager.stop()
    return {f"reload that adds {count} entries, s": duration,
            f"reload that adds {count} entries: longest call of another client, s": max(waits)}


def quiet(directory, seconds):
    """One manager with ten instances: its calls per second on the bus, and wake-ups."""
    manager, _ = started(directory, 10)
    try:
        caller = compiled("bus_rate", directory, "-lsystemd")
        figures = {f"10 instances: {method} per second": numbers(caller, manager.bus.address, method, "2")[0]
                   for method in ("ListInstances",)}
        pid = manager.process.pid
        figures["10 instances: manager, private KB"] = memory(pid)[1]
        figures[f"10 instances: manager, wake-ups in {seconds} idle s"] = wake_ups(pid, seconds)
        return figures
    finally:
        manager.__exit__()


def booting(directory, count, programs):
    """A start of `count` instances, first without programs and then with `programs` sleeping ones each, until all run:
    what each instance costs the manager, and its helpers. All files are in place."""
    figures = {}
    directory_for(directory)
    for number in (0, programs):
        os.makedirs(place := os.path.join(directory, str(number)))
        manager = Managerd(directory_for(place))
        for index in range(count):
            name = f"i{index:03d}"
            manager.entry(name, pwd.getpwnam(OWNER), programs=[(f"{name}p{p:02d}", SLEEPER) for p in range(number)])
        with run_in_memory(manager), manager:
            wait_until_running(manager, count)
            manager.stop()
            start = time.monotonic()
            wait_until_running(manager, count)
            while (running := sleepers()) < count * number:
                if time.monotonic() - start > 240:
                    raise AssertionError(f"{running} of {count * number} programs run\n{manager.log()[-3000:]}")
                time.sleep(0.02)
            title = f"{count} instances with {number or 'no'} programs"
            figures[f"{title}: all run, s"] = time.monotonic() - start
            own, helpers = family_time(manager.process.pid)
            figures[f"{title}: manager, processor ms for each"] = 1000 * own / count
            figures[f"{title}: its helpers, processor ms for each"] = 1000 * helpers / count
            manager.stop()
    return figures


def sleepers():
    """The number of processes that run SLEEPER."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as line:
            count += line.read() == SLEEPER.replace(" ", "\0") + "\0"
    return count


def family_time(pid):
    """Processor seconds of a process, and those of its helpers that have ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return processor_time(pid), (int(fields[13]) + int(fields[14])) / ticks


def at_rest(pid):
    """Private KB of the manager after it has returned what the starts needed for a moment."""
    lowest = memory(pid)[1]
    for _ in range(8):
        time.sleep(0.5)
        lowest = min(lowest, memory(pid)[1])
    return lowest


def growing(directory, count):
    """The manager's memory for each further of `count` replaced instances, with and without programs."""
    directory_for(directory)
    figures = {}
    for programs in (0, 20):
        held = {}
        for instances in (20, count):
            os.makedirs(place := os.path.join(directory, f"{programs}-{instances}"))
            manager, _ = started(place, instances, compiled("fake_instance", place, f"-DPROGRAMS={programs}"))
            try:
                held[instances] = at_rest(manager.process.pid)
            finally:
                manager.__exit__()
        title = f"{count} instances with {programs or 'no'} programs: manager, for each further, private KB"
        figures[title] = (held[count] - held[20]) / (count - 20)
    return figures


def stormy(directory, count, seconds=8, rate=1000):
    """`count` replaced instances with 20 programs each: `supervisor-manager list`, and the processor time while their
    programs change: first without a listener, then with a `monitor`, of which nothing may get lost."""
    directory_for(directory)
    manager, _ = started(directory, count, compiled("fake_instance", directory))
    try:
        figures = {f"{count} instances: supervisor-manager list, ms": 1000 * statistics.median(
            elapsed(lambda: manager.manager("list")) for _ in range(15))}
        title = f"{count} instances, {rate} changes per second"
        output = os.path.join(directory, "monitor")
        pids = {"manager": manager.process.pid, "bus daemon": manager.bus.process.pid}
        with storm(manager) as changes, open(output, "w", encoding="utf-8") as file:
            alone = shares(pids, changes, rate, seconds)
            figures.update({f"{title}, nobody listens: {name}, % of a processor": value for name, value in alone.items()})
            with subprocess.Popen(
                    [*program("supervisor-manager"), f"--bus-address={manager.bus.address}", "monitor", "--json"],
                    stdin=subprocess.DEVNULL, stdout=file) as monitor:
                try:
                    time.sleep(1)  # until its matches are there
                    used = shares({**pids, "monitor": monitor.pid}, changes, rate, seconds)
                    fail_if_lost(changes, output)
                finally:
                    monitor.terminate()
        figures.update({f"{title}: {name}, % of a processor": value for name, value in used.items()})
        figures[f"{title}: together, % of a processor"] = sum(used.values())
        return figures
    finally:
        manager.__exit__()


def storm(manager):
    return Storm(manager.path("run/supervisor-manager/notify"), instances_of(manager), pwd.getpwnam(OWNER).pw_uid)


def shares(pids, changes, rate, seconds):
    """The percent of a processor that each of `pids`, {name: pid}, takes for changes at that rate."""
    before = {name: processor_time(pid) for name, pid in pids.items()}
    changes.blow(rate, seconds)
    time.sleep(1)  # for what waits for its burst
    return {name: 100 * (processor_time(pid) - before[name]) / seconds for name, pid in pids.items()}


def fail_if_lost(changes, output):
    """Fails if `output` of a monitor lacks the last state of a program that has changed."""
    with open(output, encoding="utf-8") as lines:
        events = [event for event in map(json.loads, lines) if event["event"] == "program"]
    last = {(event["instance"], event["program"]): event["state"] for event in events}
    lost = [key for key in changes.changed if last.get(key) != changes.states[key]]
    if lost:
        raise AssertionError(f"the monitor has not received the last state of {len(lost)} programs: {lost[:3]}")
