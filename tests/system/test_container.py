# SPDX-License-Identifier: MIT
"""doc/container/Dockerfile without a registry: its last stage is built in a debootstrap root and runs in namespaces."""

import glob
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile

import pytest

from machine import Machine, why_not
from packages import own_packages
from processes import children
from programs import SOURCE
from waiting import wait_for

DOCKERFILE = os.path.join(SOURCE, "doc/container/Dockerfile")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ["--pid", "--mount", "--uts", "--ipc", "--net"]
# The root gets /proc and /dev of its own; the executed program is its process 1.
ENTER = 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"'


def instructions(path):
    """[(instruction, its arguments)], with continued lines joined."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\\\n\s*", "", "".join(line for line in file if not line.startswith("#")))
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


class Image:
    """Applies the last stage of a Dockerfile to a root."""

    def __init__(self, root, stage):
        self.root, self.user, self.directory, self.entrypoint = root, None, "/", None
        for word, arguments in stage:
            getattr(self, f"_{word.lower()}")(arguments)

    def command(self, *words, user=None):
        """The argv of a command in namespaces of its own."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return ["unshare", "--fork", "--kill-child", *NAMESPACES, "sh", "-c", ENTER, "sh", self.root,
                *become, "env", "-i", PATH, f"--chdir={self.directory}", *words]

    def _run(self, text):
        done = subprocess.run(self.command("/bin/sh", "-c", text), capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"RUN {text}: {done.stdout}{done.stderr}"

    def _copy(self, arguments):
        *sources, target = arguments.split()
        if sources[0] == "--from=build":  # from the stage that builds packages, here own_packages()
            sources = [re.sub("^/packages", os.path.dirname(own_packages()[0]), sources[1])]
        for source in sources:
            for path in glob.glob(os.path.join(SOURCE, source)):
                shutil.copy(path, self.root + target)

    def _user(self, name):
        self.user = name

    def _workdir(self, path):
        self.directory = path

    def _entrypoint(self, words):
        self.entrypoint = json.loads(words)


@pytest.fixture
def image():
    reason = why_not()
    if reason:
        pytest.skip(reason)
    found = instructions(DOCKERFILE)
    stages = [number for number, (word, _) in enumerate(found) if word == "FROM"]
    first = [arguments for word, arguments in found[:stages[-1]] if word == "RUN"]
    assert shlex.split(first[-1]) == ["/src/scripts/packages", "/packages"]
    with Machine(tempfile.mkdtemp(prefix="sm-machine-")) as machine:
        yield Image(machine.root, found[stages[-1] + 1:])


class Running:
    def __init__(self, image, output):
        self._image, self._path = image, output
        with open(output, "wb") as file:
            self.process = subprocess.Popen(image.command(*image.entrypoint, user=image.user), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=file)
        # Like a container's log driver: it reads a pipe.
        self._copy = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=open(output, "ab"))
        self.process.stdout.close()

    def output(self):
        with open(self._path, encoding="utf-8") as file:
            return file.read()

    def first(self):
        return wait_for(lambda: children(self.process.pid), "the container to start")[0]

    def ctl(self, *words):
        return subprocess.run(["nsenter", "-t", str(self.first()), "--pid", "--mount", "--root", "--wd", "setpriv",
                               f"--reuid={self.uid()}", "--clear-groups", "env", "-i", PATH, "supervisorctl", *words],
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stdout

    def uid(self):
        return os.stat(f"/proc/{self.first()}").st_uid

    def wait(self):
        status = self.process.wait(60)
        self._copy.wait()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._copy.wait()


def test_its_programs_run_as_its_account_and_end_with_it(image, tmp_path):
    with Running(image, str(tmp_path / "output")) as running:
        wait_for(lambda: "hello\n" in running.output() or running.process.poll() is not None, "the program's output")
        assert "INFO supervisord started with pid 1\n" in running.output()
        wait_for(lambda: re.match(r"hello +RUNNING ", running.ctl("status")), "the program to run")
        program = children(running.first())[0]
        assert running.uid() != 0 and os.stat(f"/proc/{program}").st_uid == running.uid()
        os.kill(running.first(), signal.SIGTERM)
        assert running.wait() == 0
        assert re.search(r"stopped: hello \(terminated by SIGTERM\)", running.output()), running.output()
