# SPDX-License-Identifier: MIT
"""What the manager keeps for an instance: pipes and memfds of a sealed size, through its own end as well. Whatever else
an owner sends is refused, and nothing that an owner sends holds up the manager."""

import array
import os
import signal
import socket

import pytest

from hanging_files import HangingFiles
from processes import is_running
from programs import program
from waiting import wait_for

# In the place of supervisord for the instance tsupv: does what the test wants, as its main process.
INSTANCE = """#!/usr/bin/python3
import array, fcntl, mmap, os, socket, subprocess, sys, time
if "tsupv" not in " ".join(sys.argv):
    os.execv("{supervisord}", ["{supervisord}", *sys.argv[1:]])
if "--check" in sys.argv:
    sys.exit(0)
path = os.environ["NOTIFY_SOCKET"]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

def send(text, *fds):
    notify.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [], 0, path)

def keep(name, *fds):
    send("FDSTORE=1\\nFDNAME=" + name + "\\nFDPOLL=0\\n", *fds)

def sealed(size=4096):
    fd = os.memfd_create("state", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size)
    fcntl.fcntl(fd, 1033, 2 | 4)  # F_ADD_SEALS: F_SEAL_SHRINK, F_SEAL_GROW
    return fd

def done(*words):
    with open(os.path.dirname(__file__) + "/done.new", "w") as file:
        file.write(" ".join(map(str, words)))
    os.rename(file.name, os.path.dirname(__file__) + "/done")

send("READY=1")
{deed}
while True:
    time.sleep(1000)
"""


class Kept:
    """An instance tsupv that does `deed`, and another one that must not notice."""

    def __init__(self, manager, owner):
        self.manager = manager
        self.owner = owner
        self.home = manager.path("home")

    def start(self, deed, **options):
        script = self.manager.write("home/supervisord", INSTANCE.format(supervisord=program("supervisord")[0], deed=deed))
        os.chmod(script, 0o755)
        os.chown(self.home, self.owner.pw_uid, self.owner.pw_gid)
        self.manager.write("etc/supervisor-manager/supervisor-manager.conf",
                           f"[supervisor-manager]\nsupervisord = {script}\nstop_timeout = 1\n")
        self.manager.entry("tsupv", self.owner)
        self.manager.entry("other", self.owner, programs=[("a", "/bin/sleep 1000")])
        self.manager.start(**options)
        self.manager.wait_state("other", "running")

    def done(self):
        """Waits until the deed is done, and returns the words that it wrote."""
        wait_for(lambda: os.path.exists(os.path.join(self.home, "done")), "the deed of the instance")
        with open(os.path.join(self.home, "done"), encoding="utf-8") as file:
            return file.read().split()

    def open_files(self):
        """What the manager has open."""
        names = []
        for fd in os.listdir(f"/proc/{self.manager.process.pid}/fd"):
            try:
                names.append(os.readlink(f"/proc/{self.manager.process.pid}/fd/{fd}"))
            except FileNotFoundError:
                pass
        return names

    def wait_open(self, name, wanted=True):
        wait_for(lambda: (name in self.open_files()) == wanted, f"{name} to be {'kept' if wanted else 'closed'}")

    def reexecute(self):
        """Returns when the new program of the manager answers."""
        done = self.manager.manager("daemon-reexec")
        assert done.returncode == 0, done.stderr + self.manager.log()

    def others_are_well(self):
        pid = self.manager.program_pid("other", "a")
        self.manager.call("RestartInstance", "s", "other")
        assert not is_running(pid)
        self.manager.program_pid("other", "a")


@pytest.fixture
def kept(manager, owner):
    return Kept(manager, owner)


PIPES = """
r, w = os.pipe()
old, other = os.pipe()
keep("p1.in", w)
keep("p1.out", old)
keep("state", sealed())
keep("p1.out", r)
keep("p2.in", other)
send("FDSTOREREMOVE=1\\nFDNAME=p2.in\\n")
done(*(os.readlink("/proc/self/fd/%d" % fd) for fd in (w, r, old)))
"""


def test_an_instance_keeps_replaces_and_removes(kept):
    kept.start(PIPES)
    pipe, same, replaced = kept.done()
    assert pipe == same
    wait_for(lambda: kept.open_files().count(pipe) == 2, "both ends to be kept")
    kept.wait_open("/memfd:state (deleted)")
    kept.wait_open(replaced, False)
    kept.manager.call("StopInstance", "s", "tsupv")  # an orderly stop drops everything
    kept.wait_open(pipe, False)
    kept.wait_open("/memfd:state (deleted)", False)


def open_file_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="utf-8") as limits:
        return next(line for line in limits if line.startswith("Max open files"))


def test_a_new_program_of_the_manager_has_what_was_kept(kept):
    kept.start(PIPES)
    pipe = kept.done()[0]
    wait_for(lambda: kept.open_files().count(pipe) == 2, "both ends to be kept")
    for _ in range(3):
        kept.reexecute()
        kept.manager.wait_state("tsupv", "running")
        assert kept.open_files().count(pipe) == 2
    kept.others_are_well()
    # The owner's limit of open files is not that which the manager raised for itself.
    for name in ("tsupv", "other"):
        assert open_file_limit(kept.manager.main_pid(name)) == open_file_limit("self")
    kept.manager.call("StopInstance", "s", "tsupv")
    kept.wait_open(pipe, False)


class Systemd:
    """The notify socket and the store of a service manager."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "systemd")
        self.store = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(0)

    def names(self):
        """Those that it has of the instance tsupv."""
        while True:
            try:
                text, control, _, _ = self._socket.recvmsg(65536, 1024)
            except BlockingIOError:
                return {name for name in self.store if name.startswith("tsupv/")}
            if text == b"BARRIER=1":  # all before it has been handled
                for _, _, data in control:
                    os.close(array.array("i", data)[0])
                continue
            name = next((line[7:] for line in text.decode().split("\n") if line.startswith("FDNAME=")), None)
            if text.startswith(b"FDSTOREREMOVE=1"):
                os.close(self.store.pop(name))
            for _, _, data in control:
                assert name not in self.store  # it would have both
                self.store[name] = array.array("i", data)[0]

    def close(self):
        self._socket.close()
        for fd in self.store.values():
            os.close(fd)


def test_what_systemd_kept_survives_a_crash_of_the_manager(kept, work_dir, cleanup):
    systemd = Systemd(work_dir)
    cleanup.callback(systemd.close)
    kept.start(PIPES, env={**os.environ, "NOTIFY_SOCKET": systemd.path})
    pipe = kept.done()[0]
    wait_for(lambda: systemd.names() == {"tsupv/p1.in", "tsupv/p1.out", "tsupv/state"}, "systemd's store")
    wait_for(lambda: systemd.names() and "other/state" in systemd.store, "that of the other instance")
    kept.manager.kill()
    # As systemd passes them: from 3 on, with names, for the pid of the new process.
    names = sorted(systemd.store)
    wrapper = kept.manager.write("home/managerd", "#!/bin/bash\nexport LISTEN_PID=$$\n" + "".join(
        f"exec {3 + i}<&{systemd.store[name]}\n" for i, name in enumerate(names)) + f'exec {kept.manager.program} "$@"\n')
    os.chmod(wrapper, 0o755)
    for fd in systemd.store.values():
        assert fd >= 3 + len(names)
    kept.manager.program = wrapper
    kept.manager.start(env={**os.environ, "NOTIFY_SOCKET": systemd.path, "LISTEN_FDS": str(len(names)),
                            "LISTEN_FDNAMES": ":".join(names)}, pass_fds=list(systemd.store.values()))
    kept.manager.wait_state("tsupv", "running")
    assert kept.open_files().count(pipe) >= 2
    assert systemd.names() == {name for name in names if name.startswith("tsupv/")}
    kept.manager.call("StopInstance", "s", "tsupv")
    wait_for(lambda: not systemd.names(), "systemd to hear of the end")


WRONG = {
    "socket": "notify.fileno()",
    "FIFO": "os.mkfifo('fifo') or os.open('fifo', os.O_RDWR)",
    "file": "os.open(__file__, os.O_RDONLY)",
    "device": "os.open('/dev/null', os.O_RDWR)",
    "unsealed memfd": "os.memfd_create('x')",
    "large memfd": "sealed((64 << 20) + 1)",
    "two pipes": "*os.pipe()",
    "many": "*([os.pipe()[0]] * 253)",
}


@pytest.mark.parametrize("what", WRONG)
def test_whatever_else_is_refused(kept, what):
    kept.start(f"""
os.chdir(os.path.dirname(__file__))
r, w = os.pipe()
for i in range(20):
    keep("p%d.in" % i, {WRONG[what].replace("'fifo'", "'fifo%d' % i")})
keep("good", w)
done(os.readlink("/proc/self/fd/%d" % w))
""")
    before = len(kept.open_files())
    kept.wait_open(kept.done()[0])
    assert len(kept.open_files()) <= before + 10  # the good one, and those of a call that is being answered
    assert kept.manager.log().count("sent a descriptor that is not kept") == 1
    kept.others_are_well()


def test_a_hundred_thousand_wrong_ones(kept):
    kept.start("""
bad = os.open("/dev/null", os.O_RDWR)
notify.setblocking(False)
sent = full = 0
while sent < 100000:
    try:
        keep("x", bad)
        sent += 1
    except BlockingIOError:
        if full == 0:
            done(sent)
        full += 1
        time.sleep(0.001)
""")
    kept.done()  # its queue is full: it is read only as far as its budget goes
    for _ in range(20):
        assert kept.manager.call("ListInstances")
    assert len(kept.open_files()) < 200
    kept.others_are_well()


def test_no_more_is_kept_than_the_limit(kept):
    kept.start("""
r, w = os.pipe()
for i in range(3 * 4096 + 100):
    keep("p%d.in" % i, w)
done(os.readlink("/proc/self/fd/%d" % w))
""")
    pipe = kept.done()[0]
    wait_for(lambda: "more descriptors than the manager keeps" in kept.manager.log(), "the limit")
    assert kept.open_files().count(pipe) <= 3 * 4096 + 16
    kept.others_are_well()
    kept.reexecute()
    kept.manager.call("StopInstance", "s", "tsupv")
    kept.wait_open(pipe, False)


def test_a_process_that_is_not_the_main_one_has_nothing_kept(kept):
    kept.start("""
r, w = os.pipe()
mine, other = os.pipe()
if os.fork() == 0:
    keep("p1.in", w)
    os._exit(0)
os.wait()
keep("p2.in", other)
send("FDSTOREREMOVE=1\\nFDNAME=p1.in\\n")
done(*(os.readlink("/proc/self/fd/%d" % fd) for fd in (w, other)))
""")
    foreign, own = kept.done()
    kept.wait_open(own)
    kept.wait_open(foreign, False)


def test_a_file_whose_close_hangs(kept, work_dir):
    with HangingFiles(os.path.join(work_dir, "hang"), "flush") as files:
        kept.start(f"""
keep("p1.in", os.open("{files.path}/file", os.O_RDONLY))
done()
""")
        files.wait_for_hang()
        for _ in range(20):
            assert kept.manager.call("ListInstances")
        kept.others_are_well()
        # The lock and the bus of the manager are not held by what hangs.
        kept.reexecute()
        kept.others_are_well()
        kept.manager.kill()
        kept.manager.start()
        kept.manager.wait_state("other", "running")
        kept.others_are_well()


HOSTAGE = """
r, w = os.pipe()
if os.fork() == 0:
    os.close(r)
    page = mmap.mmap(os.open("{path}/file", os.O_RDONLY), 4096, prot=mmap.PROT_READ)
    os.write(w, page)  # reads the page with the lock of the pipe, and for ever
    os._exit(0)
"""


@pytest.mark.parametrize("how", ["kept and removed", "refused", "left in the queue"])
def test_a_pipe_whose_last_close_hangs(kept, work_dir, how):
    with HangingFiles(os.path.join(work_dir, "hang"), "read") as files:
        give = {"kept and removed": 'keep("p1.out", r)\nos.close(r)\nsend("FDSTOREREMOVE=1\\nFDNAME=p1.out\\n")\n',
                "refused": 'keep("p1.out", r, os.dup(r))\nos.closerange(r, r + 1)\n',
                "left in the queue": 'keep("p1.out", r)\nos.close(r)\nos.kill(os.getpid(), 9)\n'}[how]
        kept.start(HOSTAGE.format(path=files.path) + f"""
while not os.path.exists(os.path.dirname(__file__) + "/go"):
    time.sleep(0.01)
{give}done()
""")
        writer = files.wait_for_hang()
        assert is_running(writer)
        kept.manager.write("home/go", "")
        if how == "left in the queue":
            wait_for(lambda: kept.manager.get("tsupv", "NRestarts") > 0, "the end of the instance")
        else:
            kept.done()
        for _ in range(20):
            assert kept.manager.call("ListInstances")
        kept.others_are_well()
        kept.reexecute()
        kept.others_are_well()
        os.kill(writer, signal.SIGKILL)


def test_pipes_that_cannot_be_closed_do_not_pile_up(kept, work_dir):
    """One whose close hangs holds up the others of its instance; more of them are not received then."""
    with HangingFiles(os.path.join(work_dir, "hang"), "read") as files:
        kept.start(HOSTAGE.format(path=files.path) + """
while not os.path.exists(os.path.dirname(__file__) + "/go"):
    time.sleep(0.01)
keep("p1.out", r)
os.close(r)
send("FDSTOREREMOVE=1\\nFDNAME=p1.out\\n")
if os.fork() == 0:  # not the main process: nothing of it is kept
    r, w = os.pipe()
    sent = full = 0
    notify.setblocking(False)
    while sent < 12000 and full < 3000:
        try:
            keep("x", w)
            sent += 1
            full = 0
        except BlockingIOError:
            full += 1
            time.sleep(0.001)
    done(os.readlink("/proc/self/fd/%d" % w), sent)
""")
        writer = files.wait_for_hang()
        kept.manager.write("home/go", "")
        pipe, _ = kept.done()
        assert kept.open_files().count(pipe) < 8000
        kept.others_are_well()
        os.kill(writer, signal.SIGKILL)
    # What hung is closed now, and the rest with it.
    kept.wait_open(pipe, False)
    kept.manager.wait_state("tsupv", "running")
