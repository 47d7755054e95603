# SPDX-License-Identifier: MIT
"""The Debian root that the system suite boots: made once by debootstrap, then kept.

  SM_IMAGE_CACHE   where it is kept (default /var/cache/supervisor-manager-tests)
  SM_MIRROR        where debootstrap gets packages (default http://deb.debian.org/debian)

Its name has a hash of the recipe and the package list, so that a change of these makes another root.
"""

import hashlib
import os
import shutil
import subprocess

from programs import SOURCE

SUITE = "bookworm"
MIRROR = os.environ.get("SM_MIRROR", "http://deb.debian.org/debian")
CACHE = os.environ.get("SM_IMAGE_CACHE", "/var/cache/supervisor-manager-tests")
# debootstrap does not resolve virtual packages: libpam-systemd provides the logind that polkitd depends on.
SYSTEM = ["systemd", "systemd-sysv", "dbus", "libpam-systemd", "polkitd", "procps"]


def _packages():
    listed = subprocess.run([os.path.join(SOURCE, "scripts/dependencies"), "image"], check=True,
                            capture_output=True, text=True)
    return SYSTEM + listed.stdout.split()


def _bootstrap(packages, path):
    """Creates `path`; an incomplete root never gets this name. Several runs may do this at the same time."""
    partial = f"{path}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", SUITE, partial, MIRROR],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.rmtree(os.path.join(partial, "var/cache/apt"), ignore_errors=True)
    for name, text in (("machine-id", ""), ("hostname", "machine\n")):
        with open(os.path.join(partial, "etc", name), "w", encoding="ascii") as file:
            file.write(text)
    # A login prompt would hang up the console, which the test uses.
    os.symlink("/dev/null", os.path.join(partial, "etc/systemd/system/console-getty.service"))
    os.rename(partial, path)


def image():
    """The path of the root. Nothing writes into it: each machine has a file system of its own over it."""
    packages = _packages()
    with open(__file__, encoding="utf-8") as recipe:
        digest = hashlib.sha256("\n".join([recipe.read(), *packages]).encode()).hexdigest()[:12]
    path = os.path.join(CACHE, f"{SUITE}-{digest}")
    if not os.path.isdir(path):
        os.makedirs(CACHE, exist_ok=True)
        _bootstrap(packages, path)
    return path
