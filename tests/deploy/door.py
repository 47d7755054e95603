# SPDX-License-Identifier: MIT
"""The way of ssh into a machine without network: ProxyCommand connects to a door, a Unix socket outside of the machine,
and passes the connection to ssh; an sshd inside the machine serves it.

    with Door(machine, "/tmp/bed/en1.mycluster.com") as door:   # ProxyCommand: python3 door.py /tmp/bed/%h
        door.close()     # the host is down: connections are refused, and those that exist end
        door.open()

Any account of the deployer may use it, as any account may use a network; what it gets from sshd is up to its key.
"""

import os
import signal
import socket
import subprocess
import sys
import threading


class Door:
    def __init__(self, machine, path):
        self._machine = machine
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._is_open = True
        self._served = []

    def __enter__(self):
        self._listener.bind(self._path)
        os.chmod(self._path, 0o666)
        self._listener.listen(16)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # ends accept()
        self._listener.close()
        self.close()

    def open(self):
        self._is_open = True

    def close(self):
        """Returns when no connection is left."""
        self._is_open = False
        for pid, line in self._machine.processes().items() if self._machine.is_running() else ():
            if line.startswith(("sshd:", "/usr/sbin/sshd")):
                _kill(pid)
        for process in self._served:
            process.wait()
        self._served.clear()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._served = [process for process in self._served if process.poll() is None]
                if self._is_open and self._machine.is_running():
                    self._served.append(subprocess.Popen(
                        [*self._machine.entering(), "/usr/sbin/sshd", "-i"], stdin=connection, stdout=connection,
                        stderr=subprocess.DEVNULL, start_new_session=True))


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _proxy(path):
    """For ssh's ProxyUseFdpass: passes a connection to `path` over standard output, which is a socket then."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        with socket.socket(fileno=os.dup(1)) as ssh:
            socket.send_fds(ssh, [b"\0"], [connection.fileno()])


if __name__ == "__main__":
    _proxy(sys.argv[1])
