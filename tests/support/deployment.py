# SPDX-License-Identifier: MIT
"""The stages of a deployment in this process, on the host of a test: a manager of its own, or only a supervisord."""

import base64
import hashlib
import importlib
import os
import sys
import types

from programs import SOURCE, program

COLLECTION = "ansible_collections.supervisor_manager.supervisor.plugins"


def load(name):
    """A module of the collection: load("module_utils.run")"""
    if "ansible_collections" not in sys.modules:
        package = types.ModuleType("ansible_collections")
        package.__path__ = [os.path.join(SOURCE, "ansible")]
        sys.modules["ansible_collections"] = package
    return importlib.import_module(f"{COLLECTION}.{name}")


def content_of(data):
    """(hash, contents with it) of the bytes of a file."""
    sha256 = hashlib.sha256(data).hexdigest()
    return sha256, {sha256: {"base64": base64.b64encode(data).decode("ascii")}}


class Outcome:
    """A finished Run. `failed` is the message of the first failed step, or None."""

    def __init__(self, run, failed):
        self.run = run
        self.failed = failed

    @property
    def changed(self):
        """Names of the steps that changed something."""
        return [step["name"] for step in self.run.steps if step["result"] == "changed"]

    @property
    def names(self):
        return [step["name"] for step in self.run.steps]

    @property
    def failures(self):
        """[(name, message, at)]"""
        return [(s["name"], s["message"], s["at"]) for s in self.run.steps if s["result"] == "failed"]

    def message(self, name):
        return next(step["message"] for step in self.run.steps if step["name"] == name)


class Host:
    """Runs stages. `managerd`: a started Managerd, or None if only supervisords are used."""

    def __init__(self, managerd=None):
        self.options = {}
        if managerd:
            self.options = {"root": managerd.root, "manager": self.command(managerd)}

    @staticmethod
    def command(managerd):
        return [*program("supervisor-manager"), f"--bus-address={managerd.bus.address}"]

    def run(self, action, items, stages, check=False, before=None, contents=None, **options):
        """Runs some stages of an action; returns the Outcome."""
        run_module = load("module_utils.run")
        run = run_module.Run(action, items, check=check, before=before, contents=contents,
                             options={**self.options, **options})
        failed = None
        try:
            for stage in stages:
                run.begin(stage)
                getattr(load(f"module_utils.{stage}"), action)(run)
        except run_module.StepFailed as error:
            failed = str(error)
        return Outcome(run, failed)

    def deploy(self, items, stages=("instances", "programs"), **options):
        return self.run("deploy", items, stages, **options)


def supervisor(name, owner, **more):
    """An item of `supervisors`."""
    return {"name": name, "user": owner.pw_name, "group": owner.pw_name, "managed": True, "enabled": True,
            "state": "started", "no_remove": False, "at": "app.yml:3:3", **more}


def supervised(name, of, command="/bin/sleep 100000", **more):
    """An item of `supervisor_programs`."""
    return {"name": name, "supervisor": of, "command": command, "state": "started", "autostart": True,
            "no_remove": False, "at": "app.yml:9:3", **more}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
