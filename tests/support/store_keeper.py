# SPDX-License-Identifier: MIT
"""What keeps the descriptors of a supervisord, reaps its programs when it has crashed, and starts another one that takes
over: as the manager does, with the same messages and without its rules."""

import array
import ctypes
import os
import signal
import socket
import subprocess
import threading

from daemon import Daemon
from waiting import wait_for

PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True)


def directory_of(pid):
    """The working directory of a process; "" if it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


class KeptDaemon(Daemon):
    """A Daemon that can be killed, and is then replaced. While it exists, orphans become children of this process.

    reports   whether it reports the ends of the programs of a predecessor
    """

    def __init__(self, directory, config="", reports=True, **options):
        super().__init__("ours", directory, config, **options)
        self.reports = reports
        self.store, self.ends, self.takeovers = {}, [], 0
        self._exits, self._theirs = None, None
        self._path = os.path.join(directory, "notify")
        self.receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.receiver.bind(self._path)
        os.chmod(self._path, 0o777)
        self._mutex, self._synced = threading.Lock(), threading.Event()
        self._settings = dict(os.environ, NOTIFY_SOCKET=self._path, SUPERVISOR_MANAGER_INSTANCE="test")

    def start(self):
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._env = self._settings
        if self.process is None:
            threading.Thread(target=self._receive, daemon=True).start()
        return super().start()

    def __exit__(self, *_):
        super().__exit__()
        wait_for(self._nothing_runs, "the programs to end")
        for descriptor in list(self.store.values()):
            os.close(descriptor)
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        self.receiver.shutdown(socket.SHUT_RDWR)
        self.receiver.close()

    def _nothing_runs(self):
        """Kills and reaps what supervisords that were killed have left; they have the directory in common."""
        left = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and directory_of(pid) == self.directory]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.reap()
        return not left

    def _receive(self):
        while True:
            try:
                data, rights, _, _ = self.receiver.recvmsg(262144, socket.CMSG_SPACE(4))
            except OSError:
                return
            fields = dict(line.split("=", 1) for line in data.decode(errors="replace").splitlines() if "=" in line)
            with self._mutex:
                old = self.store.pop(fields.get("FDNAME"), None)
                if old is not None:
                    os.close(old)
                if "FDSTORE" in fields:
                    received = array.array("i")
                    received.frombytes(rights[0][2])
                    self.store[fields["FDNAME"]] = received[0]
            if "SYNC" in fields:
                self._synced.set()

    def receive(self):
        """Waits until every message that was sent before has been taken in."""
        self._synced.clear()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"SYNC=1", self._path)
        assert self._synced.wait(30)

    def reap(self):
        """Reaps orphans, and reports their ends."""
        while True:
            try:
                end = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if end is None or end.si_pid == self.process.pid:
                return
            _, status = os.waitpid(end.si_pid, 0)
            self.ends.append((end.si_pid, status))
            self._tell(end.si_pid, status)

    def _tell(self, pid, status):
        if self._exits is not None and self.reports:
            try:
                self._exits.send(f"EXITED={pid} {status}".encode())
            except OSError:
                pass  # it has crashed, or listens no more

    def is_answering(self):
        self.reap()
        return super().is_answering()

    def crash(self, number=signal.SIGKILL):
        """Kills supervisord."""
        self.process.send_signal(number)
        self.process.wait()
        self.receive()

    def take_over(self, crash="signal 9"):
        """Starts the next one, with what the last one left."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        before, self.ends = self.ends, []
        names = [*self.store, "exits"]
        descriptors = [*self.store.values(), theirs.fileno()]
        self._env = dict(self._settings, LISTEN_FDS=str(len(names)), LISTEN_FDNAMES=":".join(names),
                         SUPERVISORD_CRASH=crash)

        def arrange():
            high = [os.dup2(descriptor, 1000 + place) for place, descriptor in enumerate(descriptors)]
            for place, descriptor in enumerate(high):
                os.dup2(descriptor, 3 + place)
            os.closerange(3 + len(descriptors), 4096)

        with open(os.path.join(self.directory, "stdout"), "ab") as output:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [*self._program, "-n", "-c", self.config_path], cwd=self.directory, env=self._env,
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output, close_fds=False,
                preexec_fn=arrange, user=self._user)
        theirs.close()
        if self._exits is not None:
            self._exits.close()
        self._exits = mine
        for pid, status in before:
            self._tell(pid, status)
        self.reap()
        self.takeovers += 1

    def crash_and_take_over(self):
        self.crash()
        self.take_over()
        self.wait_ready()

    def stop_program(self, name):
        """Stops a program whose end this process may have to report."""
        self.rpc.supervisor.stopProcess(name, False)

        def stopped():
            self.reap()
            return self.rpc.supervisor.getProcessInfo(name)["statename"] in ("STOPPED", "EXITED", "FATAL")

        wait_for(stopped, f"{name} to stop")

    def wait_log(self, text, count=1):
        def there():
            self.reap()
            return self.log().count(text) >= count

        wait_for(there, f"the log to have {text!r} {count} times")
