# SPDX-License-Identifier: MIT
"""A deployer in a directory: a plan made by hand, and ansible-playbook on hosts that are all this machine."""

import json
import os
import subprocess

from deploy_host import link_collections
from programs import PYTHON

STAGES = ["accounts", "files", "units"]
MODULE = "supervisor_manager.supervisor.deploy"


class Site:
    """`hosts`: {name: variables}. Hosts without variables are this machine."""

    def __init__(self, folder, hosts=("en1",), stages=STAGES, variables=None):
        self.folder = folder
        self.stages = list(stages)
        self._collections = link_collections(os.path.join(folder, "collections"))
        self.hosts = hosts if isinstance(hosts, dict) else {host: {} for host in hosts}
        local = {"ansible_connection": "local"}
        shared = dict(variables or {}, ansible_python_interpreter=PYTHON, ansible_remote_tmp=self.path("remote"))
        self._write("inventory.json", {"all": {
            "hosts": {name: dict({} if more else local, **more) for name, more in self.hosts.items()}, "vars": shared}})
        self.write("ansible.cfg", "[defaults]\nstdout_callback = supervisor_manager.supervisor.deploy\n"
                   f"inventory = inventory.json\nlocal_tmp = {self.path('local')}\n[connection]\npipelining = true\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def _write(self, name, document):
        self.write(name, json.dumps(document))

    def plan(self, items, action="deploy", **more):
        for section in items.values():
            for item in section:
                item.setdefault("hosts", list(self.hosts))
        self._write("plan.json", dict({"version": 1, "action": action, "items": items, "hosts": {}}, **more))

    def _playbook(self):
        """As supervisor-deploy writes it."""
        def task(name, **arguments):
            return {"name": name, MODULE: dict({"plan": self.path("plan.json")}, **arguments)}

        tasks = [dict(task("compare", stages=self.stages, compare=True), register="compared"),
                 {"meta": "end_host", "when": "compared.pending == [] or ansible_check_mode"}]
        for stage in self.stages:
            tasks.append(dict(task(stage, stages=[stage], before="{{ compared }}"),
                              when=f"'{stage}' in compared.pending"))
        self._write("play.yml", [{"hosts": "all", "gather_facts": False, "tasks": tasks}])

    def run(self, *options, play=None, **environment):
        """Runs the playbook, ours or the one in `play`. Returns the finished process, with text in stdout."""
        if play is None:
            self._playbook()
        else:
            self._write("play.yml", play)
        return subprocess.run(
            ["ansible-playbook", "play.yml", *options], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            env=dict(os.environ, ANSIBLE_CONFIG=self.path("ansible.cfg"), ANSIBLE_COLLECTIONS_PATH=self._collections,
                     ANSIBLE_HOME=self.path("home"), DEPLOY_RESULT=self.path("result.json"), LC_ALL="C.UTF-8",
                     ANSIBLE_NOCOLOR="1", **environment))

    def result(self):
        with open(self.path("result.json"), encoding="utf-8") as file:
            return json.load(file)
