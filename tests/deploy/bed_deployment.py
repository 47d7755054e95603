# SPDX-License-Identifier: MIT
"""The deployer's side: a folder with sources, in which commands run as an administrator types them."""

import json
import os
import re
import shlex
import shutil
import subprocess

from packages import own_packages
from programs import SOURCE, program

_TASK = re.compile(r"(?:TASK|RUNNING HANDLER) \[(.*)\] \*+")
_RESULT = re.compile(r"(ok|changed|failed|unreachable): \[(\w+)\]")
_RECAP = re.compile(r"(\w+) +: (ok=.*)")


class Output:
    """What a command printed; `results`, in order: {name of the task: {host: ok, changed, failed or unreachable}}."""

    def __init__(self, status, text, errors=""):
        self.status = status
        self.text = text
        self.errors = errors
        self.results = {}
        self.recap = {}
        name = None
        for line in text.splitlines():
            if found := _TASK.match(line):
                name = found.group(1)
            elif line.startswith("PLAY RECAP"):
                name = None
            elif found := _RECAP.match(line):
                self.recap[found.group(1)] = {key: int(value) for key, value in
                                              (word.split("=") for word in found.group(2).split())}
            elif name and (found := _RESULT.match(line)):
                self.results.setdefault(name, {})[found.group(2)] = found.group(1)

    def changed(self, host):
        """The names of what was changed on a host, in order."""
        return [name for name, hosts in self.results.items() if hosts.get(host) == "changed"]

    def json(self):
        return json.loads(self.text)

    def steps(self, host):
        """{name: result} of a host, of a run with --json."""
        return {step["name"]: step["result"] for step in self.json()["hosts"][host]["steps"]}

    def __str__(self):
        return f"status {self.status}\n{self.text}{self.errors}"


class Deployment:
    """A copy of the example in `folder`, with root's key of the hosts where the examples have it."""

    def __init__(self, bed, example, folder):
        self.folder = folder
        self._programs = f"{folder}-bin"
        os.mkdir(self._programs)
        for name in ("hadeploy", "supervisor-deploy"):
            os.symlink(program("supervisor-deploy")[0], os.path.join(self._programs, name))
        shutil.copytree(os.path.join(SOURCE, "examples", example), folder)
        os.makedirs(self.path("keys"), exist_ok=True)
        for suffix in ("", ".pub"):
            shutil.copy(bed.root_key + suffix, self.path(f"keys/root_id{suffix}"))
        self._environment = bed.environment()

    def add_program(self, path):
        """Lets command lines begin with this program's name."""
        os.symlink(path, os.path.join(self._programs, os.path.basename(path)))

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def replace(self, name, old, new):
        """Edits a source; a text that is not there is a mistake of the test."""
        text = self.read(name)
        assert old in text, f"{name} does not have {old!r}"
        self.write(name, text.replace(old, new))

    def add_packages(self):
        """Puts our packages beside the sources."""
        for package in own_packages():
            shutil.copy(package, self.folder)

    def give_to(self, account):
        """Makes everything here the account's, except for root's private key."""
        for folder, _, names in os.walk(self.folder):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                if os.path.basename(path) != "root_id":
                    os.chown(path, account.pw_uid, account.pw_gid)

    def _home(self, account):
        """A home directory for the deployer's account, which Ansible writes into."""
        path = f"{self.folder}-home-{account.pw_name if account else 'root'}"
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)
            if account:
                os.chown(path, account.pw_uid, account.pw_gid)
        return path

    def start(self, command, account=None, **environment):
        """Starts a command line, `account` being a pwd entry; its output goes to pipes."""
        words = shlex.split(command)
        words[0] = os.path.join(self._programs, words[0])
        if account:
            words = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *words]
        inherited = {key: value for key, value in os.environ.items() if key not in ("XDG_RUNTIME_DIR", "TMPDIR")}
        return subprocess.Popen(words, cwd=self.folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True,
                                env={**inherited, "HOME": self._home(account), **self._environment, **environment})

    def run(self, command, status=0, account=None, **environment):
        """Runs a command line to its end; any other status than the given one fails the test."""
        output = finished(self.start(command, account, **environment))
        assert output.status == status, f"{command}: {output}"
        return output


def finished(process):
    text, errors = process.communicate()
    return Output(process.returncode, text, errors)
