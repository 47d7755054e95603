# SPDX-License-Identifier: MIT
"""The costs of one supervisord, Debian's or ours: one function for each group of figures, {figure: value}."""

import os
import statistics
import subprocess
import time

import log_bench
from compiled import compiled, numbers
from daemon import Daemon
from meters import elapsed, memory, processor_time, wake_ups
from waiting import wait_for

QUIET = "stdout_logfile=NONE\nstderr_logfile=NONE\n"
SLEEPERS = ("[program:p]\ncommand=/bin/sleep 100000\nnumprocs={count}\nprocess_name=%(process_num)04d\nstartsecs=1\n"
            + QUIET)


def call_rate(daemon, method):
    return numbers(compiled("rpc_rate", daemon.directory), daemon.socket, f"supervisor.{method}", "2")[0]


def bare_rate(daemon, method):
    """The limit for call_rate(): a C program answers with as many bytes, without reading the request."""
    size = numbers(compiled("one_request", daemon.directory), daemon.socket, f"supervisor.{method}")[0]
    path = os.path.join(daemon.directory, "bare.sock")
    with subprocess.Popen([compiled("answer_loop", daemon.directory), path, str(int(size))]) as server:
        try:
            wait_for(lambda: os.path.exists(path), "the C program to listen")
            return numbers(compiled("rpc_rate", daemon.directory), path, method, "2")[0]
        finally:
            server.kill()


def idle_wake_ups(pid):
    """Figures of the idle daemon: work for its last client has ended after a second."""
    wake_ups(pid, 1)
    return wake_ups(pid, 10)


def client_times(daemon):
    """ms of `supervisorctl status` and of a C program that makes one such request, by turns: the medians."""
    limit = compiled("one_request", daemon.directory)
    status, bare = [], []
    for _ in range(15):
        status.append(elapsed(lambda: daemon.ctl("status")))
        bare.append(elapsed(lambda: numbers(limit, daemon.socket, "supervisor.getAllProcessInfo")))
    return {"supervisorctl status, ms": sorted(status)[7] * 1000,
            "a C program that makes one request, ms": sorted(bare)[7] * 1000}


def idle(kind, directory):
    """A daemon without programs. A second one runs beside it, as on a host with several owners, so that their shared
    memory does not count as private."""
    other = os.path.join(directory, "other")
    os.mkdir(other)
    with Daemon(kind, other), Daemon(kind, directory) as daemon:
        pss, private = memory(daemon.pid)
        rates = {"getState per second": call_rate(daemon, "getState")}
        return {"idle: PSS, KB": pss, "idle: private, KB": private, **rates,
                **client_times(daemon),
                "wake-ups in 10 idle s": idle_wake_ups(daemon.pid)}


def seconds_of(line):
    """The time of a line of the activity log, in seconds since midnight."""
    hours, minutes, rest = line.split()[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))


def populated(kind, directory, count):
    """Many sleeping programs: the times until they run and until they are stopped, their costs, calls per second."""
    other = os.path.join(directory, "other")
    os.mkdir(other)
    with Daemon(kind, other), \
            Daemon(kind, directory, SLEEPERS.format(count=count), supervisord="minfds=8192", wait=False) as daemon:
        start = time.monotonic()
        daemon.wait_ready()
        wait_for(lambda: daemon.log().count("entered RUNNING state") >= count, f"{count} programs", limit=300)
        running = time.monotonic() - start
        spawns = [seconds_of(line) for line in daemon.log().splitlines() if "spawned: " in line]
        pss, private = memory(daemon.pid)
        listing = call_rate(daemon, "getAllProcessInfo")
        bare = bare_rate(daemon, "getAllProcessInfo")
        stopping = elapsed(lambda: daemon.stop(limit=120))
        return {f"{count} programs: all RUNNING (startsecs 1), s": running,
                f"{count} programs: first to last spawn, s": spawns[-1] - spawns[0],
                f"{count} programs: PSS, KB": pss, f"{count} programs: private, KB": private,
                f"{count} programs: getAllProcessInfo per second": listing,
                f"{count} programs: as many bytes from a C program, per second": bare,
                f"{count} programs: shutdown, s": stopping}


def logging(kind, directory, writers, size, lines):
    """`writers` programs write `size` bytes in total, `lines` lines of 80 bytes in one write: bytes per second, and the
    processor time of the daemon and of the programs."""
    command = " ".join(log_bench.writer(directory, size // writers, lines))
    config = (f"[program:w]\ncommand={command}\nnumprocs={writers}\n"
              "process_name=%(process_num)03d\nautostart=false\nautorestart=false\nstartsecs=0\nstderr_logfile=NONE\n"
              "stdout_logfile=%(here)s/w%(process_num)03d.log\n")
    with Daemon(kind, directory, config, supervisord="minfds=4096") as daemon:
        used, start = processor_time(daemon.pid), time.monotonic()
        daemon.rpc.supervisor.startProcessGroup("w", False)
        wait_for(lambda: daemon.log().count("exited: ") >= writers, "the writers to end", limit=300)
        duration = time.monotonic() - start
        used = processor_time(daemon.pid) - used
    name, megabytes = log_bench.title(writers, lines), size / 1e6
    return {f"{name}: MB per second": megabytes / duration, f"{name}: CPU ms per MB": used * 1000 / megabytes,
            f"{name}: the writers' own CPU ms per MB": log_bench.writers_time(directory) * 1000 / megabytes}


def bare_spawn(directory, count):
    """Seconds that a C program takes to start and to end `count` programs. The medians of three: what they are compared
    with is measured once."""
    loop = compiled("spawn_loop", directory)
    runs = [numbers("prlimit", "--nofile=8192", loop, str(count), "/bin/sleep", "100000") for _ in range(3)]
    return tuple(statistics.median(run[side] for run in runs) for side in (0, 1))


def hello_world(directory):
    """The time in ms that the smallest C program takes to run: the limit for a client."""
    source = os.path.join(directory, "hello.c")
    with open(source, "w", encoding="ascii") as file:
        file.write('#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
    hello = os.path.join(directory, "hello")
    subprocess.run(["cc", "-O2", source, "-o", hello], check=True)
    times = [elapsed(lambda: subprocess.run([hello], check=True, stdout=subprocess.DEVNULL)) for _ in range(15)]
    return sorted(times)[7] * 1000
