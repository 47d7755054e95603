# SPDX-License-Identifier: MIT
"""A whole manager in a directory of its own: entries, instances, a private bus with the installed policy."""

import json
import os
import re
import signal
import subprocess

from bus import PrivateBus
from manager_bus import NAME, POLICY, ROOT
from processes import is_running
from programs import program
from waiting import wait_for

SETTINGS = """[supervisor-manager]
supervisord = {supervisord}
supervisorctl = {supervisorctl}
restart_delay = 1
stop_timeout = 20
start_limit = 3
"""


class Managerd:
    """Runs supervisor-managerd below `directory`/r until exit. Paths of the tests are relative to that root. `limits`: of
    the bus, see PrivateBus."""

    def __init__(self, directory, settings="", limits=None):
        self.root = os.path.join(directory, "r")
        self.conf = self.path("etc/supervisor-manager/conf.d")
        self.bus = PrivateBus(directory, [POLICY], limits)
        self.process = None
        self.program = program("supervisor-managerd")[0]
        self._log = os.path.join(directory, "managerd.log")
        os.makedirs(self.conf)
        os.chmod(self.root, 0o755)
        # Beside the tested programs, not the build directory: an account must be able to execute them.
        text = SETTINGS.format(supervisord=program("supervisord")[0], supervisorctl=program("supervisorctl")[0])
        self.write("etc/supervisor-manager/supervisor-manager.conf", text + settings)

    def __enter__(self):
        self.bus.__enter__()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self.bus.__exit__()

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text, owner=None):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if owner:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        return path

    def entry(self, name, owner, more="", programs=()):
        """Writes conf.d/NAME.conf. `programs`: (name, command) pairs."""
        text = f"[supervisor:{name}]\nuser = {owner.pw_name}\ngroup = {owner.pw_name}\n{more}\n"
        for program_, command in programs:
            text += f"[supervisor_program:{program_}]\nsupervisor = {name}\ncommand = {command}\n"
        return self.declare(name, text)

    def declare(self, name, text):
        """Writes conf.d/NAME.conf; nothing is reloaded."""
        return self.write(self.entry_file(name), text)

    def entry_file(self, name):
        return os.path.join(self.conf, name + ".conf")

    def start(self, **options):
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--root", self.root, "--bus-address", self.bus.address],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        wait_for(self.is_on_the_bus, "the manager's name on the bus")
        return self

    def is_on_the_bus(self):
        assert self.process.poll() is None, f"supervisor-managerd ended with {self.process.returncode}:\n{self.log()}"
        return self.bus.has_owner(NAME)

    def kill(self):
        """Ends the manager as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log()

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def try_call(self, method, signature="", *arguments):
        words = [signature, *map(str, arguments)] if signature else []
        return self.bus.busctl("--json=short", "--timeout=60", "call", NAME, ROOT, f"{NAME}.Manager", method, *words)

    def call(self, method, signature="", *arguments):
        result = self.try_call(method, signature, *arguments)
        assert result.returncode == 0, result.stderr + self.log()
        return json.loads(result.stdout)["data"] if result.stdout.strip() else None

    def get(self, instance, name):
        encoded = re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m[0]):02x}", instance)
        result = self.bus.busctl("--json=short", "get-property", NAME, f"{ROOT}/instance/{encoded}", f"{NAME}.Instance", name)
        return json.loads(result.stdout)["data"] if result.returncode == 0 else None

    def failure(self, instance):
        """Why the instance failed, as root may read it."""
        return f"{self.get(instance, 'StatusText')}: {self.call('GetFailureDetails', 's', instance)[0]}"

    def wait_state(self, instance, state):
        try:
            wait_for(lambda: self.get(instance, "State") == state, f"{instance} to be {state}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.get(instance, 'State')}\n{self.log()}") from None

    def main_pid(self, instance):
        return self.get(instance, "MainPID")

    def program_pid(self, instance, name):
        """Waits until the manager knows the pid of a program, and returns it."""
        def pid():
            rows = self.call("ListPrograms", "s", instance)[0]
            return next((p for n, state, p, *_ in rows if n == name and state == "RUNNING" and is_running(p)), None)
        return wait_for(pid, f"{name} of {instance} to run")

    def manager(self, *arguments, user=None, env=None):
        """Runs supervisor-manager; `env` is added to the environment."""
        return subprocess.run([*program("supervisor-manager"), f"--bus-address={self.bus.address}", *arguments],
                              user=user, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env={**os.environ, **(env or {})})

    def row(self, name):
        """The instance's row of `supervisor-manager list --json`; None if there is no such instance."""
        rows = json.loads(self.manager("list", "--json").stdout)
        return next((row for row in rows if row["name"] == name), None)

    def ctl(self, name, *arguments, owner):
        """supervisorctl of an instance through its link, as `owner`."""
        return subprocess.run([self.path(f"usr/bin/supervisorctl_{name}"), *arguments], user=owner.pw_uid,
                              group=owner.pw_gid, extra_groups=[], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)


def kill_instance(pid):
    assert pid > 1, pid  # 0 is the tests' own process group
    os.kill(pid, signal.SIGKILL)
