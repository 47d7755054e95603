# SPDX-License-Identifier: MIT
"""The Debian root of the hosts that the tests deploy to: that of image.py with what Ansible needs, made once and kept.

image.py's own root has neither Python nor ssh, so that the system suite shows that our packages need neither.
"""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess

from image import CACHE, image
from packages import downloaded

PACKAGES = ["openssh-server", "python3", "sudo"]
POOL = "srv/packages"


def _install(packages, root):
    """Installs packages into a root that does not run, without network."""
    pool = os.path.join(root, POOL)
    for path in (pool, os.path.join(root, "var/cache/apt/archives/partial")):
        os.makedirs(path)
    for package in packages:
        shutil.copy(package, pool)
    inside = [f"/{POOL}/{os.path.basename(package)}" for package in packages]
    apt = ["apt-get", "--yes", "--no-install-recommends", "-o", "DPkg::Options::=--force-unsafe-io", "install"]
    finished = subprocess.run(["chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", *apt, *inside],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    shutil.rmtree(pool)
    if finished.returncode != 0:
        raise AssertionError(f"the packages of the hosts cannot be installed:\n{finished.stdout}{finished.stderr}")


def _make(path, base):
    partial = f"{path}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    subprocess.run(["cp", "--archive", base, partial], check=True)
    _install(downloaded("hosts", *PACKAGES), partial)
    # The tests start an sshd for each connection; the service would only need its directory.
    os.makedirs(os.path.join(partial, "usr/lib/tmpfiles.d"), exist_ok=True)
    with open(os.path.join(partial, "usr/lib/tmpfiles.d/sshd.conf"), "w", encoding="ascii") as file:
        file.write("d /run/sshd 0755\n")
    for link in glob.glob(os.path.join(partial, "etc/systemd/system/*/ssh.service")):
        os.remove(link)
    os.rename(partial, path)


def host_image():
    """The path of the root. Nothing writes into it: each host has a file system of its own over it."""
    base = image()
    with open(__file__, encoding="utf-8") as recipe:
        digest = hashlib.sha256("\n".join([recipe.read(), base]).encode()).hexdigest()[:12]
    path = os.path.join(CACHE, f"hosts-{digest}")
    with open(os.path.join(CACHE, "hosts.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(path):
            _make(path, base)
    return path
