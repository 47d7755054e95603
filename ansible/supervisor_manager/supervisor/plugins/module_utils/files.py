# SPDX-License-Identifier: MIT
"""The stage `files`: folders, files, trees."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import contextlib
import os

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import paths, placing, rights
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.downloads import Download, hide_password
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.run import ContentMissing


def deploy(run):
    for item in run.section("folders"):
        deploy_folder(run, item)
    for item in run.section("files"):
        deploy_file(run, item)
    for item in run.section("trees"):
        deploy_tree(run, item)


def file_step(item):
    """The name of a file's step, in the words of the seeds."""
    name = os.path.basename(item["dest"])
    if item["scheme"] in ("http", "https"):
        return f"Download '{hide_password(item['source'])}' to '{item['dest']}'"
    if item["scheme"] == "tmpl":
        return f"Copy template file '{os.path.basename(item['source'])}' to '{item['dest']}'"
    return f"Copy file '{name}' to '{os.path.dirname(item['dest'])}'"


@contextlib.contextmanager
def reasons(run, step, item):
    """What goes wrong inside fails the step, with the host's reason."""
    run.begin_item(step, item)
    try:
        yield
    except ContentMissing:
        run.fail(step, "the file changed after the comparison with it: deploy again", item)
    except (OSError, ValueError) as error:
        path = getattr(error, "filename", None)
        reason = getattr(error, "strerror", None) or str(error)
        where = f"{path}: " if isinstance(path, str) and path.startswith("/") else ""
        run.fail(step, f"{where}{reason}", item)


def planned_folders(run):
    """Folders that this run makes, with all their parents; found once in a run."""
    if run.planned_folders is None:
        run.planned_folders = find_planned_folders(run)
    return run.planned_folders


def find_planned_folders(run):
    made = set()
    wanted = [item["path"] for item in run.section("folders")] + [item["dest_folder"] for item in run.section("trees")]
    for path in wanted:
        while path.strip("/"):
            path = path.rstrip("/")
            made.add(path)
            path = os.path.dirname(path)
    for item in run.section("users"):
        if item.get("managed", True) and item.get("create_home", True):
            made.add(f"/home/{item['login']}")
    return made


def open_parent(run, path):
    """The folder of a file, or None when comparing, if this run makes it."""
    try:
        return paths.open_folder(path)
    except FileNotFoundError:
        if run.check and path.rstrip("/") in planned_folders(run):
            return None
        raise FileNotFoundError(2, "the folder does not exist: add it to 'folders'", path)


def deploy_folder(run, item):
    step = f"Setup folder '{item['path']}'"
    with reasons(run, step, item):
        change = placing.put_folder(run, item["path"], rights.of_item(run, step, item))
        report(run, step, item, item["path"], change)


def report(run, step, item, path, change):
    if change:
        run.changed_paths.add(path)
    run.step(step, bool(change), item, message=change.message if change else None, diff=change.diff if change else None)


def deploy_file(run, item):
    step = file_step(item)
    with reasons(run, step, item):
        wanted = rights.of_item(run, step, item)
        folder_path, _ = paths.split(item["dest"])
        content = Download(run, item) if item["scheme"] in ("http", "https") else placing.Sent(run, item)
        folder = open_parent(run, folder_path)
        try:
            change = placing.put_file(run, folder, item["dest"], item, content, wanted)
        finally:
            if folder is not None:
                os.close(folder)
        report(run, step, item, item["dest"], change)


def deploy_tree(run, item):
    """A tree is one step, whatever the number of its files."""
    step = f"Setup tree '{item['dest_folder']}'"
    with reasons(run, step, item):
        files = rights.of_item(run, step, item, "file_mode")
        folders = rights.of_item(run, step, item, "folder_mode")
        total = placing.Change()
        for relative in [""] + sorted(item["folders"]):
            path = os.path.join(item["dest_folder"], relative).rstrip("/")
            total.add(path, placing.put_folder(run, path, folders))
        for entry in item["entries"]:
            path = os.path.join(item["dest_folder"], entry["path"])
            total.add(path, put_entry(run, path, item, entry, files))
        run.changed_paths.update(total.paths)
        run.step(step, bool(total), item, message=total.message, diff=total.diff or None)


def put_entry(run, path, item, entry, wanted):
    folder_path, _ = paths.split(path)
    folder = open_parent(run, folder_path) if not run.check else placing.open_if_there(folder_path)
    try:
        return placing.put_file(run, folder, path, item, placing.Sent(run, entry), wanted)
    finally:
        if folder is not None:
            os.close(folder)


def remove(run):
    from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import removing

    removing.remove(run, reasons)
