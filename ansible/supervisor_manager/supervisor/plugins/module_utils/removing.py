# SPDX-License-Identifier: MIT
"""The stage `files` of the action remove: in reverse, only what was deployed, and never much at once by mistake."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import os
import stat

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import paths

SHOWN = 3


def remove(run, reasons):
    """`reasons`: the context that turns errors into failed steps (files.py)."""
    gone = Gone(run)
    for item in reversed(run.section("trees")):
        step = f"Remove tree '{item['dest_folder']}'"
        with reasons(run, step, item):
            remove_tree_item(run, step, item, gone)
    for item in reversed(run.section("files")):
        step = f"Remove file '{item['dest']}'"
        with reasons(run, step, item):
            remove_file(run, step, item, gone)
    between = made_between(run)
    # A folder in another one goes first, whatever their order is.
    for item in sorted(reversed(run.section("folders")), key=lambda item: -depth(item["path"])):
        step = f"Remove folder '{item['path']}'"
        with reasons(run, step, item):
            remove_folder(run, step, item, gone, between)


class Gone:
    """Paths that this run removes: when comparing they are still there, and must not count as strange."""

    def __init__(self, run):
        self._paths = set()
        for item in run.section("supervisors"):
            if item.get("managed", True) and not item.get("no_remove"):
                for key in ("conf_file_dst", "logs_dir", "pid_dir", "socks_dir", "include_dir", "supervisorctl"):
                    if item.get(key):
                        self.add(item[key])
        folders = {item["name"]: item.get("include_dir", "") for item in run.section("supervisors")}
        for section, suffix in (("supervisor_programs", "prg"), ("supervisor_groups", "grp")):
            for item in run.section(section):
                if not item.get("no_remove"):
                    self.add(f"{folders.get(item['supervisor'], '')}/{item['name']}_{suffix}.ini")

    def add(self, path):
        self._paths.add(os.path.normpath(path))

    def strange(self, folder, path):
        """Names in a folder that stay when this run is over."""
        return [name for name in paths.names(folder) if os.path.normpath(os.path.join(path, name)) not in self._paths]


def is_kept(run, step, item, path):
    """Reports what is never removed; false if it may be."""
    reason = None
    if item.get("no_remove"):
        reason = "stays: no_remove"
    elif len([part for part in path.split("/") if part]) < 2:
        reason = "stays: a folder of the root folder is not removed"
    if reason is not None:
        run.step(step, False, item, message=reason)
    return reason is not None


def open_parent(path):
    """The folder of a path and the last name, or None if there is no such folder."""
    folder, name = paths.split(path)
    try:
        return paths.open_folder(folder), name
    except (FileNotFoundError, NotADirectoryError):
        return None, name


def unlink(run, path, gone):
    """Removes a file or a link; false if there was none."""
    folder, name = open_parent(path)
    if folder is None:
        return False
    try:
        info = paths.look(folder, name)
        if info is None:
            return False
        if stat.S_ISDIR(info.st_mode):
            raise IsADirectoryError(21, "is a folder, not the file that was deployed", path)
        if not run.check:
            os.unlink(name, dir_fd=folder)
        gone.add(path)
        return True
    finally:
        os.close(folder)


def remove_file(run, step, item, gone):
    if not is_kept(run, step, item, item["dest"]):
        run.step(step, unlink(run, item["dest"], gone), item)


def depth(path):
    return os.path.normpath(path).count("/")


def made_between(run):
    """{path of an item: folders without an item between it and those in it}: the deployment made them.

    The deepest are first.
    """
    items = set(os.path.normpath(item[key]) for section, key in (("folders", "path"), ("trees", "dest_folder"))
                for item in run.section(section))
    found = {}
    for one in items:
        between, folder = [], os.path.dirname(one)
        while folder not in items and folder != os.path.dirname(folder):
            between.append(folder)
            folder = os.path.dirname(folder)
        if folder in items:
            found.setdefault(folder, set()).update(between)
    return {path: sorted(folders, key=depth, reverse=True) for path, folders in found.items()}


def remove_folder(run, step, item, gone, between):
    if is_kept(run, step, item, item["path"]):
        return
    for folder in between.get(os.path.normpath(item["path"]), ()):
        if os.path.isdir(folder):
            drop_folder(run, folder, gone)
    removed, strange = drop_folder(run, item["path"], gone)
    run.step(step, removed, item, message=stays(strange))


def stays(strange):
    if not strange:
        return None
    shown = ", ".join(f"'{name}'" for name in strange[:SHOWN]) + (", ..." if len(strange) > SHOWN else "")
    return f"stays, since it has {shown}: --purge removes it"


def drop_folder(run, path, gone):
    """Removes a folder that is empty, or with all in it if the run purges. Returns (whether it went, what is in it)."""
    parent, name = open_parent(path)
    if parent is None:
        return False, []
    try:
        info = paths.look(parent, name)
        if info is None:
            return False, []
        if not stat.S_ISDIR(info.st_mode):
            raise NotADirectoryError(20, "is not a folder", path)
        if run.options.get("purge"):
            if not run.check:
                paths.remove_tree(parent, name)
            gone.add(path)
            return True, []
        folder = os.open(name, paths.WALK | os.O_DIRECTORY, dir_fd=parent)
        try:
            strange = gone.strange(folder, path)
        finally:
            os.close(folder)
        if strange:
            return False, strange
        if not run.check:
            os.rmdir(name, dir_fd=parent)
        gone.add(path)
        return True, []
    finally:
        os.close(parent)


def remove_tree_item(run, step, item, gone):
    """The files that the deployer's tree has, then the folders that are empty; the rest stays unless the run purges."""
    if is_kept(run, step, item, item["dest_folder"]):
        return
    removed = False
    for entry in item["entries"]:
        removed |= unlink(run, os.path.join(item["dest_folder"], entry["path"]), gone)
    strange = []
    for relative in sorted(item["folders"], key=lambda path: -path.count("/")) + [""]:
        dropped, strange = drop_folder(run, os.path.join(item["dest_folder"], relative).rstrip("/"), gone)
        removed |= dropped
    run.step(step, removed, item, message=stays(strange))
