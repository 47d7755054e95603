# SPDX-License-Identifier: MIT
"""Debian's packages of the peers, without installing them.

What is missing is downloaded by apt-get (which checks the archive's signatures), unpacked into a folder, and laid over
/usr in a mount namespace of the benchmark. So no script of a package runs, no service starts, now or at the next boot,
and the machine has no more programs than before.
"""

import glob
import os
import shutil
import subprocess
import sys

# dinit is not in Debian 12. runit-run, runit-init and daemontools-run, which would run as services, are not needed.
PROGRAMS = {"s6": ("s6-svscan", "s6-log"), "runit": ("runsvdir", "svlogd"), "daemontools": ("svscan", "multilog"),
            "monit": ("monit",), "rsyslog": ("rsyslogd",)}
LIBRARIES = ("libskarnet2.13", "libs6-2.11", "libexecline2.9", "libestr0", "libfastjson4", "liblognorm5")
_MARK = "SM_BENCH_PEERS"  # set in the namespace


def _is_missing(package):
    return any(shutil.which(name) is None for name in PROGRAMS[package])


def missing():
    """The packages of which a program is not there."""
    return [package for package in PROGRAMS if _is_missing(package)]


def _download(folder):
    partial = f"{folder}.{os.getpid()}"
    os.makedirs(partial)
    try:
        subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *PROGRAMS, *LIBRARIES], cwd=partial,
                       check=True, stdout=subprocess.DEVNULL)
        for archive in glob.glob(f"{partial}/*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, partial], check=True)
        os.rename(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def provide(folder, may_download):
    """Makes the programs available; may start this program again in a namespace, and then does not return.

    folder        has the unpacked packages, from an earlier run or from this one
    may_download  whether packages may be downloaded
    """
    if not missing() or _MARK in os.environ:
        return
    if os.getuid() != 0:
        print(f"not root: the packages {', '.join(missing())} cannot be laid over /usr", file=sys.stderr)
        return
    if may_download and not os.path.isdir(folder):
        _download(folder)
    if os.path.isdir(folder):
        # If mount fails, it prints the cause, and the missing ones are left out.
        script = f'mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr; shift; exec env {_MARK}=1 "$@"'
        os.execvp("unshare", ["unshare", "--mount", "sh", "-c", script, "sh", folder, sys.executable, *sys.argv])


def version(package, folder):
    """The version of a package that is installed or unpacked in `folder`; None if it is neither."""
    found = subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", package], check=False,
                           capture_output=True, text=True).stdout
    archives = glob.glob(f"{folder}/{package}_*.deb")
    return found or (os.path.basename(archives[0]).split("_")[1].replace("%3a", ":") if archives else None)
