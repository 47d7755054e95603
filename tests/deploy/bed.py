# SPDX-License-Identifier: MIT
"""The hosts that the tests deploy to: Debian roots with their own systemd, reached with ssh as on a network.

en1 and en3 have our programs already; en2 does not, so that the first deployment installs the packages there. Root's
key on all hosts is Bed.root_key. Commands of the deployer run with Bed.environment(), in which ssh finds the hosts.
"""

import concurrent.futures
import contextlib
import os
import subprocess

from door import Door
from host_image import host_image
from machine import Machine

NAMES = ("en1", "en2", "en3")
WITHOUT_OURS = ("en2",)
DOMAIN = "mycluster.com"
# What runs as an account that is logged in.
LOGIN = ("sshd: ", "/lib/systemd/systemd --user", "(sd-pam)", "/usr/bin/dbus-daemon --session")

# Ends what a test may have left behind, so that the next one finds a clean host. The package stays where it is.
_CLEAN = r"""
if command -v supervisor-manager >/dev/null; then
  ls /etc/supervisor-manager/conf.d | sed -n 's/\.conf$//p' | xargs -r supervisor-manager remove --purge >&2
  rm -f /etc/supervisor-manager/conf.d/* /etc/supervisor-manager/templates/*
fi
awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' /etc/passwd | while read -r user; do
  pkill -KILL -u "$user"
  userdel --force --remove "$user" >&2
done
awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' /etc/group | xargs -r -n 1 groupdel >&2
rm -rf /opt/* /etc/sudoers.d/tsup
true
"""


class Host(Machine):
    """A host of the bed, running. `door` closes and opens its network."""

    def __init__(self, name, directory, public_key):
        super().__init__(directory, host_image())
        self.name = name
        self.door = None
        self._public_key = public_key

    def prepare(self):
        """What the host has before anything is deployed to it."""
        self.write("/etc/hostname", f"{self.name}\n")
        self.write("/root/.ssh/authorized_keys", self._public_key, 0o600)
        if self.name not in WITHOUT_OURS:
            self.install()
            subprocess.run(["systemctl", f"--root={self.root}", "enable", "supervisor-manager.service"], check=True,
                           capture_output=True)
        self.boot()

    def clean(self):
        self.run("/bin/sh", "-c", _CLEAN)

    def remove_packages(self):
        """Purges our packages, if an earlier deployment installed them."""
        self.run("sh", "-c", "! dpkg -s supervisor-manager || dpkg --purge supervisor-manager supervisor-instance")

    def pgrep(self, account):
        """The command lines of an account's processes, as `pgrep -au ACCOUNT` prints them, without the pids and without
        those of a login by ssh."""
        printed = self.run("pgrep", "-au", account, check=False).stdout
        lines = [line.split(" ", 1)[1] for line in printed.splitlines()]
        return sorted(line for line in lines if not line.startswith(LOGIN))

    def status(self, instance, program):
        """A line of supervisorctl, without the blanks between its words."""
        return " ".join(self.run(f"supervisorctl_{instance}", "status", program, check=False).stdout.split())


class Bed:
    """Boots the hosts, all at the same time, and ends them; `directory` must be one that every account can enter."""

    def __init__(self, directory):
        self._directory = directory
        self._stack = contextlib.ExitStack()
        self.root_key = os.path.join(directory, "root_id")
        self.hosts = {}

    def __enter__(self):
        with self._stack:
            self._start()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _start(self):
        public_key = make_key(self.root_key)
        for name in NAMES:
            folder = os.path.join(self._directory, name)
            os.mkdir(folder)
            self.hosts[name] = self._stack.enter_context(Host(name, folder, public_key))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda host: host.prepare(), self.hosts.values()))
        for name, host in self.hosts.items():
            host.door = self._stack.enter_context(Door(host, os.path.join(self._directory, f"{name}.{DOMAIN}")))
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "door.py")
        with open(os.path.join(self._directory, "ssh_config"), "w", encoding="utf-8") as file:
            file.write(f"Host *.{DOMAIN}\n ProxyCommand /usr/bin/python3 -IS {program} {self._directory}/%h\n"
                       " ProxyUseFdpass yes\n UserKnownHostsFile /dev/null\n"
                       " StrictHostKeyChecking accept-new\n LogLevel ERROR\n")

    def clean(self):
        """Every host as it was before the first deployment, except for the packages."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda host: host.clean(), self.hosts.values()))

    def environment(self):
        return {"ANSIBLE_SSH_COMMON_ARGS": f"-F {self._directory}/ssh_config"}


def make_key(path):
    """Makes a key pair without a passphrase, and returns the public key."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", os.path.basename(path), "-f", path],
                   check=True)
    with open(f"{path}.pub", encoding="ascii") as file:
        return file.read()
