# SPDX-License-Identifier: MIT
"""The host's part of a deployment, called in this process: the collection without Ansible's engine around it."""

import base64
import hashlib
import os
import sys
import types

from programs import SOURCE

COLLECTION = os.path.join(SOURCE, "ansible", "supervisor_manager", "supervisor")


def make_importable():
    """Lets Python find the collection by the name that Ansible gives it."""
    if "ansible_collections" not in sys.modules:
        package = types.ModuleType("ansible_collections")
        package.__path__ = [os.path.dirname(os.path.dirname(COLLECTION))]
        sys.modules["ansible_collections"] = package


def load_ansible():
    """Imports Ansible's plugin loader without its way to find collections, which would look for installed ones."""
    import ansible.plugins.loader  # noqa: F401
    from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

    _AnsibleCollectionFinder._remove()


def link_collections(folder):
    """A folder for ANSIBLE_COLLECTIONS_PATH that has the collection."""
    parent = os.path.join(folder, "ansible_collections", "supervisor_manager")
    os.makedirs(parent)
    os.symlink(COLLECTION, os.path.join(parent, "supervisor"))
    return folder


make_importable()

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import (  # noqa: E402,F401
    accounts, authorized_keys, children, processes, stages, sudoers, units)


class Host:
    """Deploys as the action plugin does: compares first, then sends what is wanted."""

    def __init__(self):
        self._contents = {}

    def content(self, data):
        """Describes a content (text or bytes) of the deployer as an item does."""
        data = data.encode() if isinstance(data, str) else data
        sha256 = hashlib.sha256(data).hexdigest()
        self._contents[sha256] = {"base64": base64.b64encode(data).decode()}
        return {"sha256": sha256, "size": len(data)}

    def call(self, stage, items, action="deploy", check=False, before=None, **options):
        """One call of the module. When comparing, contents are sent only for a diff, and else those that are wanted."""
        if check:
            contents = self._contents if options.get("diff") else {}
        else:
            contents = {sha256: self._contents[sha256] for sha256 in (before or {}).get("wanted", ())}
        return stages.perform({"action": action, "stages": [stage], "items": items, "before": before or {},
                               "contents": contents, "options": options}, check)

    def run(self, stage, items, action="deploy", **options):
        """Compares, then acts. What was predicted must be what happened."""
        predicted = self.call(stage, items, action, check=True, **options)
        done = self.call(stage, items, action, before=predicted, **options)
        assert not done["failed"] and outline(predicted) == outline(done), done.get("msg")
        return done

    def fails(self, stage, items, action="deploy", **options):
        """The message of a comparison that fails."""
        result = self.call(stage, items, action, check=True, **options)
        assert result["failed"], result["steps"]
        return result["msg"]


def outline(result):
    """(name, result) of each step."""
    return [(step["name"], step["result"]) for step in result["steps"]]


def changed(result):
    """The names of the steps that changed something."""
    assert not result["failed"], result["msg"]
    return [step["name"] for step in result["steps"] if step["result"] == "changed"]


def messages(result):
    """{name: message} of the steps."""
    return {step["name"]: step["message"] for step in result["steps"]}


def as_account(entry, function):
    """What function() returns in a child process with an account's ids."""
    return children.in_child(function, children.Identity(entry.pw_name))
