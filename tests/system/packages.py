# SPDX-License-Identifier: MIT
"""The project's Debian packages, built from the tree as it is, and Debian's own supervisor with its dependencies.

    packages = own_packages()          # paths; built once for each state of the sources, then kept
    deployer_package(packages)         # that of supervisor-deploy, which hosts do not need
    changes_of(packages)               # the .changes file of their build
    packages = next_version(packages, directory)
    packages = debian_supervisor()     # downloaded once

They are kept beside the root of image.py (SM_IMAGE_CACHE). SM_PACKAGES names a directory with packages to take instead of
building them.
"""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess

from image import CACHE, image
from programs import SOURCE

KEPT = os.path.join(CACHE, "packages")
NAMES = ("supervisor-instance", "supervisor-manager")


def _run(*argv, cwd=None, **environment):
    finished = subprocess.run(argv, cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if finished.returncode != 0:
        raise AssertionError(f"{argv} ended with {finished.returncode}:\n{finished.stdout[-4000:]}")
    return finished.stdout


def _sources():
    """The files that packages are made of: those that git has or would add, except the tests."""
    listed = _run("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
                  cwd=SOURCE).split("\0")
    return sorted(name for name in set(listed)
                  if name and not name.startswith(("tests/", "bench/")) and os.path.isfile(os.path.join(SOURCE, name)))


def _digest(names):
    digest = hashlib.sha256()
    for name in names:
        path = os.path.join(SOURCE, name)
        with open(path, "rb") as file:
            digest.update(f"{name} {os.stat(path).st_mode:o} {os.stat(path).st_size}\0".encode() + file.read())
    return digest.hexdigest()[:12]


def _build(target):
    """Builds with the flags of the build under test, so that ccache, if installed, has the objects already.

    dpkg's own compiler flags add only warnings and debug information to those of the project.
    """
    work = os.path.join(KEPT, "build")
    shutil.rmtree(work, ignore_errors=True)
    _run(os.path.join(SOURCE, "scripts/packages"), work, "-F",
         DEB_BUILD_OPTIONS=f"noautodbgsym parallel={os.cpu_count()}", DEB_CXXFLAGS_SET="", DEB_CPPFLAGS_SET="",
         CCACHE_IGNOREOPTIONS="-Werror", CCACHE_SLOPPINESS="locale")
    for old in glob.glob(os.path.join(KEPT, "built-*")):
        shutil.rmtree(old)
    os.rename(work, target)


def _in_order(directory):
    found = [glob.glob(os.path.join(directory, f"{name}_*.deb")) for name in NAMES]
    assert all(len(paths) == 1 for paths in found), f"{directory} has not one package of each name: {found}"
    return [path for paths in found for path in paths]


def own_packages():
    """The packages of the tree as it is, supervisor-instance before supervisor-manager."""
    if "SM_PACKAGES" in os.environ:
        return _in_order(os.environ["SM_PACKAGES"])
    os.makedirs(KEPT, exist_ok=True)
    with open(os.path.join(KEPT, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        names = _sources()
        target = os.path.join(KEPT, f"built-{_digest(names)}")
        if not os.path.isdir(target):
            _build(target)
    return _in_order(target)


def copy_sources(directory):
    """The tree without git and tests, as unpacked from an archive."""
    for name in _sources():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(os.path.join(SOURCE, name), path)


def deployer_package(packages):
    (path,) = glob.glob(os.path.join(os.path.dirname(packages[0]), "supervisor-deploy_*.deb"))
    return path


def changes_of(packages):
    (changes,) = glob.glob(os.path.join(os.path.dirname(packages[0]), "*.changes"))
    return changes


def next_version(packages, directory):
    """The same packages with a higher version."""
    made = []
    for package in packages:
        tree = os.path.join(directory, "repacked")
        _run("dpkg-deb", "--raw-extract", package, tree)
        control = os.path.join(tree, "DEBIAN/control")
        with open(control, encoding="utf-8") as file:
            text = file.read()
        version = next(line.split()[1] for line in text.splitlines() if line.startswith("Version:"))
        with open(control, "w", encoding="utf-8") as file:
            file.write(text.replace(f"Version: {version}\n", f"Version: {version}+next\n")
                       .replace(f"(= {version})", f"(= {version}+next)"))
        path = os.path.join(directory, os.path.basename(package).replace(f"_{version}_", f"_{version}+next_"))
        _run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, path)
        shutil.rmtree(tree)
        made.append(path)
    return made


def downloaded(label, *packages):
    """Debian's packages and those of their dependencies that the image lacks; kept under the name `label`."""
    archives = os.path.join(KEPT, f"{label}-{os.path.basename(image())}")
    if not os.path.isdir(archives):
        partial = f"{archives}.{os.getpid()}"
        os.makedirs(os.path.join(partial, "partial"))
        # apt finds what the image lacks by the image's own list of packages.
        _run("apt-get", "--yes", "--download-only", "--no-install-recommends",
             "-o", f"Dir::State::status={image()}/var/lib/dpkg/status", "-o", f"Dir::Cache::archives={partial}",
             "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "install", *packages)
        os.rename(partial, archives)
    return sorted(glob.glob(os.path.join(archives, "*.deb")))


def debian_supervisor():
    """Debian's supervisor and those of its dependencies that the image lacks: Python."""
    return downloaded("debian-supervisor", "supervisor")
