# SPDX-License-Identifier: MIT
"""A file system that does not answer, such as an account can mount: every access to it hangs.

    with HangingFiles(mountpoint, "flush"):     # an exec of a process that has a file of it open hangs half way
    with HangingFiles(mountpoint, "lookup"):    # so does whoever wants a name in it
    with HangingFiles(mountpoint, "read"):      # and whoever wants a byte of it, or of its page in memory

It implements the kernel's FUSE protocol itself, and needs root and /dev/fuse. When it ends, the accesses return.
"""

import ctypes
import os
import select
import signal
import struct
import subprocess
import sys

LOOKUP, GETATTR, OPEN, READ, FLUSH, INIT, OPENDIR = 1, 3, 14, 15, 25, 26, 27
UNANSWERED = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET: the kernel expects no reply


class HangingFiles:
    def __init__(self, mountpoint, hangs, namespace_of=None):
        """`namespace_of`: a pid in whose mount namespace it is mounted; pids are still those of this process's."""
        self.path = mountpoint
        self._hangs = hangs
        self._namespace = f"/proc/{namespace_of}/ns/mnt" if namespace_of else ""
        self._server = None

    def __enter__(self):
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            import pytest  # the server does without
            pytest.skip("needs /dev/fuse")
        if not self._namespace:
            os.makedirs(self.path, exist_ok=True)
        command = [sys.executable, __file__, self.path, self._hangs, self._namespace]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE,
                                        bufsize=0)  # a line that is read ahead would be hidden from select
        assert self._server.stdout.readline() == b"mounted\n", "no hanging file system"
        return self

    def wait_for_hang(self):
        """Waits until a process hangs and returns its pid."""
        assert select.select([self._server.stdout], [], [], 30)[0], "nobody hangs"
        return int(self._server.stdout.readline())

    def __exit__(self, *_):
        self._server.kill()
        self._server.wait()
        self._server.stdout.close()
        if not self._namespace:  # otherwise it goes with the namespace
            subprocess.run(["umount", "--lazy", self.path], check=False, stderr=subprocess.DEVNULL)


def _attributes(inode):
    mode = 0o40755 if inode == 1 else 0o100755
    return struct.pack("<6Q10I", inode, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def _serve(mountpoint, hangs, namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: the end of a killed test ends the hanging
    device = os.open("/dev/fuse", os.O_RDWR)
    if namespace:
        with open(namespace, "rb") as other:
            if libc.setns(other.fileno(), 0x20000) != 0:  # CLONE_NEWNS
                raise OSError(ctypes.get_errno(), "setns")
        os.makedirs(mountpoint, exist_ok=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"hanging", mountpoint.encode(), b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    print("mounted", flush=True)
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError:  # unmounted
            return
        _, operation, unique, node, _, _, pid, _ = struct.unpack_from("<IIQQIIII", request)

        def reply(data=b"", error=0):
            os.write(device, struct.pack("<IiQ", 16 + len(data), error, unique) + data)

        if operation == hangs:
            print(pid, flush=True)
        elif operation == INIT:
            reply(struct.pack("<IIIIHHIIHH8I", 7, 31, 65536, 0, 16, 12, 65536, 1, 16, 0, *[0] * 8))
        elif operation == LOOKUP:
            reply(struct.pack("<QQQQII", 2, 0, 60, 60, 0, 0) + _attributes(2))
        elif operation == GETATTR:
            reply(struct.pack("<QII", 60, 0, 0) + _attributes(node))
        elif operation in (OPEN, OPENDIR):
            reply(struct.pack("<QII", 1, 0, 0))
        elif operation not in UNANSWERED:
            reply(error=-38)  # ENOSYS


if __name__ == "__main__":
    _serve(sys.argv[1], {"lookup": LOOKUP, "flush": FLUSH, "read": READ}[sys.argv[2]], sys.argv[3])
