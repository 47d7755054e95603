# SPDX-License-Identifier: MIT
"""The items of one host: picked out of the plan, their expressions evaluated, and their files described by hashes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import os

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.contents import (  # noqa: E501
    BadItem, bad_item, reason_of)

# Sections whose files a stage needs. Other stages get the same items without hashes.
FILES = {"accounts": ("users",), "files": ("files", "trees"), "units": ("systemd_units",),
         "instances": ("supervisors",), "programs": ("supervisor_programs",)}
# These do not come from the application file as texts of a user, and are not templates.
COMPUTED = ("at", "hosts", "scheme", "source", "conf_file_scheme", "conf_file_source", "authorized_keys")
MAX_KEYS = 1 << 20


def of_host(plan, host, templar):
    """{section: [item]} of a host, with {{ }} evaluated. Raises BadItem."""
    found = {}
    for section, items in plan["items"].items():
        mine = [evaluate_item(item, templar) for item in items if host in item["hosts"]]
        if mine:
            found[section] = mine
    return found


def evaluate_item(item, templar):
    try:
        return {key: value if key in COMPUTED and not is_url(item, key) else evaluate(value, templar)
                for key, value in item.items() if key != "hosts"}
    except AnsibleError as error:
        raise bad_item(item, reason_of(error))


def is_url(item, key):
    return key == "source" and item.get("scheme") in ("http", "https")


def evaluate(value, templar):
    """A value with the expressions in its texts evaluated; the rest is as it was."""
    if isinstance(value, dict):
        return {key: evaluate(inner, templar) for key, inner in value.items()}
    if isinstance(value, list):
        return [evaluate(inner, templar) for inner in value]
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return to_text(templar.template(value, convert_data=False))
    return value


def describe_files(items, stages, contents, only_names):
    """Adds sha256 and size to the items whose files these stages put in place. only_names: an action that puts nothing
    there needs only the names in a tree.
    """
    for stage in stages:
        for section in FILES.get(stage, ()):
            for item in items.get(section, ()):
                describe(section, item, contents, only_names)


def describe(section, item, contents, only_names):
    if section == "users":
        if item.get("authorized_keys"):
            item["keys"] = [read_key(item, path) for path in item["authorized_keys"]]
    elif section == "trees":
        item["folders"], item["entries"] = describe_tree(item, contents, only_names)
    elif only_names:
        pass
    elif section in ("supervisors", "supervisor_programs"):
        if item.get("conf_file_source"):
            item.update(contents.of_conf_file(item, item["conf_file_source"], item.get("conf_file_dst")))
    elif item["scheme"] == "tmpl":
        item.update(contents.of_template(item, item["source"], item.get("dest")))
    elif item["scheme"] == "file":
        item.update(contents.of_file(item, item["source"]))


def read_key(item, path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(MAX_KEYS)
    except (OSError, UnicodeDecodeError) as error:
        raise bad_item(item, f"{path}: {getattr(error, 'strerror', None) or 'not a text in UTF-8'}")


def describe_tree(item, contents, only_names):
    """The folders and the files in a tree of the deployer; links to files are followed."""
    folders, entries = [], []
    if not os.path.isdir(item["source"]):
        raise bad_item(item, f"{item['source']} is not a folder")
    for folder, inner, names in os.walk(item["source"], onerror=raise_error):
        inner.sort()
        for name in inner:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                raise bad_item(item, f"{path}: a tree cannot hold a symbolic link to a folder")
            folders.append(os.path.relpath(path, item["source"]))
        for name in sorted(names):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, item["source"])
            entry = {"path": relative}
            if not only_names:
                dest = os.path.join(item["dest_folder"], relative)
                entry.update(contents.of_template(item, path, dest) if item["scheme"] == "tmpl"
                             else contents.of_file(item, path))
            entries.append(entry)
    return folders, entries


def raise_error(error):
    raise BadItem(f"{error.filename}: {error.strerror}")
