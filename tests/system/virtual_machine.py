# SPDX-License-Identifier: MIT
"""The same Debian root under Debian's own kernel, emulated by QEMU: for what namespaces do not have (limits).

Boots in about 20 seconds, all in memory, and needs only to read the root. The kernel is a package that is downloaded
once and kept beside the root of image.py. Commands go over a serial line to a small shell script.
"""

import base64
import contextlib
import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile

import pytest

import machine
from cpio import pack
from fleet import CONF
from image import CACHE
from waiting import wait_for

QEMU = "qemu-system-x86_64"
# This kernel needs no modules to boot into a root in memory.
KERNEL = "linux-image-cloud-amd64"
NOT_NEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt", "var/cache")
AGENT = "usr/lib/test-agent"

_AGENT = """#!/bin/bash
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo ready >&3
while read -r line <&3; do
  base64 -d <<<"$line" >/run/command
  bash /run/command >/run/output 2>&1 </dev/null
  echo "$? $(base64 -w0 /run/output)" >&3
done
"""
_AGENT_UNIT = f"""[Unit]
After=multi-user.target
[Service]
ExecStart=/{AGENT}
[Install]
WantedBy=multi-user.target
"""


def _fetch_kernel():
    """The path of a kernel, or None if there is none and it cannot be downloaded."""
    folder = os.path.join(CACHE, "kernel")
    found = glob.glob(f"{folder}/boot/vmlinuz-*")
    if found:
        return found[0]
    partial = f"{folder}.{os.getpid()}"
    os.makedirs(partial)
    try:
        depends = subprocess.run(["apt-cache", "depends", "--important", KERNEL], check=True, capture_output=True, text=True)
        package = next(line.split()[-1] for line in depends.stdout.splitlines() if "Depends:" in line)
        subprocess.run(["apt-get", "download", package], cwd=partial, check=True, capture_output=True)
        subprocess.run(["dpkg-deb", "--extract", *glob.glob(f"{partial}/*.deb"), partial], check=True)
        shutil.rmtree(f"{partial}/lib", ignore_errors=True)
        os.rename(partial, folder)
    except (subprocess.CalledProcessError, StopIteration, OSError):
        return None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return next(iter(glob.glob(f"{folder}/boot/vmlinuz-*")), None)


def why_not():
    """Why a virtual machine cannot run here, or None."""
    if os.uname().machine != "x86_64":
        return "needs an x86_64 machine"
    if shutil.which(QEMU) is None:
        return f"needs {QEMU} (package qemu-system-x86)"
    if _fetch_kernel() is None:
        return f"needs the package {KERNEL}, which cannot be downloaded"
    return None


class VirtualMachine:
    """Runs a copy of the directory `root` from enter to exit."""

    def __init__(self, root, directory):
        self._root = root
        self._archive = os.path.join(directory, "root.cpio")
        self._socket = os.path.join(directory, "agent")
        self._console = os.path.join(directory, "console")
        self._process = self._line = self._reader = None

    def __enter__(self):
        self._add_agent()
        pack(self._root, self._archive, NOT_NEEDED)
        words = "console=ttyS0 quiet rdinit=/lib/systemd/systemd systemd.mask=serial-getty@ttyS0.service"
        self._process = subprocess.Popen(
            [QEMU, "-accel", "tcg", "-cpu", "max", "-m", "1024", "-nodefaults", "-no-user-config", "-display", "none",
             "-no-reboot", "-kernel", _fetch_kernel(), "-initrd", self._archive, "-append", words,
             "-serial", f"file:{self._console}", "-serial", f"unix:{self._socket},server=on,wait=on"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(180)
        wait_for(lambda: self._line.connect_ex(self._socket) == 0 or self._ended(), "QEMU to listen")
        self._reader = self._line.makefile("rb")
        while self._read() != b"ready":
            pass
        return self

    def __exit__(self, *_):
        if self._line:
            self._reader.close()
            self._line.close()
        self._process.kill()
        self._process.wait()

    def _add_agent(self):
        for path, text, mode in ((AGENT, _AGENT, 0o755), ("etc/systemd/system/test-agent.service", _AGENT_UNIT, 0o644)):
            with open(os.path.join(self._root, path), "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(os.path.join(self._root, path), mode)
        subprocess.run(["systemctl", f"--root={self._root}", "enable", "test-agent.service"], check=True,
                       capture_output=True)

    def _ended(self):
        if self._process.poll() is not None:
            raise AssertionError(f"QEMU ended with {self._process.returncode}")

    def _read(self):
        try:
            line = self._reader.readline()
        except TimeoutError:
            line = b""
        if not line:
            with open(self._console, encoding="utf-8", errors="replace") as console:
                raise AssertionError(f"the virtual machine says nothing:\n{console.read()}")
        return line.strip()

    def run(self, command, check=True):
        """Runs shell commands in the machine and returns their exit status and output."""
        self._line.sendall(base64.b64encode(command.encode()) + b"\n")
        status, _, output = self._read().partition(b" ")
        text = base64.b64decode(output).decode(errors="replace")
        if check and status != b"0":
            raise AssertionError(f"{command!r} ended with {status.decode()}:\n{text}")
        return int(status), text


@contextlib.contextmanager
def booted(entries, scripts=(), settings=""):
    """A virtual machine in which the manager runs `entries`, {name: text}, each with an account of its name and one program
    that is started. `scripts` are programs, {path: text}."""
    reason = machine.why_not() or why_not()
    if reason:
        pytest.skip(reason)
    with machine.Machine(tempfile.mkdtemp(prefix="sm-machine-")) as made:
        made.install()
        for account in entries:
            subprocess.run(["chroot", made.root, "useradd", "--create-home", account], check=True, capture_output=True)
        for path, text in dict(scripts).items():
            made.write(path, text, 0o755)
        made.write("/etc/supervisor-manager/supervisor-manager.conf", f"[supervisor-manager]\n{settings}\n")
        for name, text in entries.items():
            made.write(f"{CONF}/{name}.conf", text)
        subprocess.run(["systemctl", f"--root={made.root}", "enable", "supervisor-manager.service"], check=True,
                       capture_output=True)
        with tempfile.TemporaryDirectory(prefix="sm-vm-") as directory, VirtualMachine(made.root, directory) as running:
            for name in entries:
                wait_for(lambda n=name: running.run(f"supervisorctl_{n} status | grep -c RUNNING", check=False)[1] == "1\n",
                        f"the program of {name}", 120)
            yield running


def told(vm, name):
    """What the manager says about an instance."""
    return json.loads(vm.run(f"supervisor-manager --json status {name}", check=False)[1])[0]


def group(vm, name, *files):
    """The contents of files of an instance's control group, one line each."""
    folder = f"/sys/fs/cgroup/system.slice/supervisor-manager.service/instance-{name}"
    return vm.run(f"cd {folder} && cat {' '.join(files)}")[1].strip()


def events(vm, name, file):
    """A file of counters of the group."""
    return dict(line.split() for line in group(vm, name, file).splitlines())
