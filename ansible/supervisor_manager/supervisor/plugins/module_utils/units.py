# SPDX-License-Identifier: MIT
"""The stage `units`: units of systemd that an application brings along."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import os
import re
import time

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import children, paths, placing, rights
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.files import reasons

FOLDER = "/usr/lib/systemd/system"
MODE = 0o644
LIMIT = 180  # seconds that systemctl may take
SUFFIXES = ("service", "timer", "socket", "path", "target", "mount", "automount", "slice", "swap")
NAME = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*\Z")
PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "ActiveEnterTimestampMonotonic",
              "StateChangeTimestampMonotonic")


def unit_of(item):
    """The unit's name: a service, unless the item's name says otherwise."""
    name = item["name"]
    return name if name.rpartition(".")[2] in SUFFIXES and "." in name else name + ".service"


def short(unit):
    return unit[:-len(".service")] if unit.endswith(".service") else unit


def systemctl(run, step, item, *words):
    """Calls systemctl, which needs root; a failure fails the step. Nothing when comparing."""
    if os.geteuid() != 0:
        run.fail(step, "units of systemd need root: deploy as root, or let an administrator do this part", item)
    if run.check:
        return
    try:
        outcome = children.run_command(["systemctl"] + list(words), limit=LIMIT)
    except children.ChildFailed as error:
        run.fail(step, str(error), item)
    if outcome.status != 0:
        run.fail(step, f"systemctl {' '.join(words)}: {outcome.reason}; see 'journalctl -u {words[-1]}'", item)


def show(run, step, items):
    """{unit: {property: text}} of all units, by one call."""
    units = [unit_of(item) for item in items]
    for item, unit in zip(items, units):
        if not NAME.match(unit):
            run.fail(step, f"'{unit}' is not a name of a unit", item)
    try:
        outcome = children.run_command(["systemctl", "show", "--property=" + ",".join(PROPERTIES), "--"] + units,
                                       limit=LIMIT)
    except children.ChildFailed as error:
        run.fail(step, str(error), items[0])
    if outcome.status != 0:
        run.fail(step, f"systemctl show: {outcome.reason}", items[0])
    blocks = outcome.output.strip("\n").split("\n\n")
    return {unit: dict(line.partition("=")[::2] for line in block.split("\n")) for unit, block in zip(units, blocks)}


def is_active(state):
    return state.get("ActiveState") in ("active", "reloading", "activating")


def deploy(run):
    items = run.section("systemd_units")
    if not items:
        return
    states = show(run, "Get current state of systemd units", items)
    changed = {unit_of(item): deploy_file(run, item) for item in items}
    steps = {unit_of(item): f"Setup systemd unit '{item['name']}'" for item in items}
    if any(changed.values()) or any(state.get("NeedDaemonReload") == "yes" for state in states.values()):
        systemctl(run, steps[unit_of(items[0])], items[0], "daemon-reload")
    for item in items:
        unit = unit_of(item)
        enabling = enable(run, steps[unit], item, states[unit])
        change = changed[unit] or placing.Change()
        told = ", ".join(text for text in (change.message, enabling) if text)
        run.step(steps[unit], bool(change or enabling), item, message=told or None, diff=change.diff or None)
    for item in items:
        settle(run, item, states[unit_of(item)], changed[unit_of(item)])


def deploy_file(run, item):
    """The unit's file; what changed, or None."""
    step = f"Setup systemd unit '{item['name']}'"
    path = os.path.join(FOLDER, unit_of(item))
    with reasons(run, step, item):
        folder = paths.open_folder(FOLDER)
        try:
            change = placing.put_file(run, folder, path, item, placing.Sent(run, item),
                                      rights.Rights(0, 0, MODE, "root", "root"))
        finally:
            os.close(folder)
    if change:
        if os.geteuid() != 0:
            run.fail(step, f"{path} needs root: deploy as root, or let an administrator do this part", item)
        run.changed_paths.add(path)
    return change or None


def enable(run, step, item, state):
    """Whether the unit starts at boot; the word for what changed, or None. Units without [Install] are left alone."""
    wanted = item.get("enabled", True)
    present = state.get("UnitFileState", "")
    if present in ("static", "alias", "indirect", "generated", "transient") or wanted == present.startswith("enabled"):
        return None
    word = "enable" if wanted else "disable"
    if not wanted and present == "":
        return None
    systemctl(run, step, item, word, "--", unit_of(item))
    return word + "d"


def settle(run, item, state, changed):
    """The wanted state, and the action that a changed file or unit asks for."""
    unit, wanted, active = unit_of(item), item.get("state", "current"), is_active(state)
    action = item.get("action_on_notify", "restart")
    if wanted == "started" and not active:
        change_state(run, item, "Start", unit, True)
        return
    if wanted == "stopped":
        change_state(run, item, "Stop", unit, active)
        return
    if active and action != "none" and (changed or is_notified(run, unit, state, action)):
        step = f"{action.capitalize()} {short(unit)} service"
        systemctl(run, step, item, action, "--", unit)
        run.step(step, True, item, handler=True)
    elif wanted == "started":
        change_state(run, item, "Start", unit, False)


def change_state(run, item, word, unit, needed):
    step = f"{word} {short(unit)} service"
    if needed:
        systemctl(run, step, item, word.lower(), "--", unit)
    run.step(step, needed, item)


def is_notified(run, unit, state, action):
    """Whether a file that notifies the unit changed, in this run or in one that broke before the action."""
    stamp = "StateChangeTimestampMonotonic" if action == "reload" else "ActiveEnterTimestampMonotonic"
    entered = int(state.get(stamp) or 0) / 1e6
    since = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + entered
    now = time.time()  # a time in the future would restart it for ever
    files = [os.path.join(FOLDER, unit)]
    for item in run.section("files"):
        targets = [target["unit"] for target in item.get("notify", ()) if target["kind"] == "unit"]
        if any(unit_of({"name": target}) == unit for target in targets):
            files.append(item["dest"])
    return any(path in run.changed_paths or entered > 0 and since < modified(path) <= now for path in files)


def modified(path):
    """When a file was changed, in seconds; 0 if it is not known."""
    def look():
        folder_path, name = paths.split(path)
        folder = paths.open_folder(folder_path)
        info = paths.look(folder, name)
        return info.st_mtime if info is not None else 0

    try:
        return children.in_child(look, limit=30)
    except children.ChildFailed:
        return 0


def remove(run):
    items = [item for item in reversed(run.section("systemd_units"))]
    if not items:
        return
    states = show(run, "Get current state of systemd units", items)
    gone = []
    for item in items:
        step, unit = f"Remove systemd unit '{item['name']}'", unit_of(item)
        if item.get("no_remove"):
            run.step(step, False, item, message="stays: no_remove")
            continue
        with reasons(run, step, item):
            exists = os.path.lexists(os.path.join(FOLDER, unit))
            if is_active(states[unit]) and exists:
                systemctl(run, step, item, "stop", "--", unit)
            if exists and states[unit].get("UnitFileState", "").startswith("enabled"):
                systemctl(run, step, item, "disable", "--", unit)
            if exists:
                gone.append((step, item))
                if not run.check:
                    os.unlink(os.path.join(FOLDER, unit))
            run.step(step, exists, item)
    if gone or any(state.get("NeedDaemonReload") == "yes" for state in states.values()):
        step, item = gone[0] if gone else (f"Remove systemd unit '{items[0]['name']}'", items[0])
        systemctl(run, step, item, "daemon-reload")


def start(run):
    items = [item for item in run.section("systemd_units") if item.get("state") != "stopped"]
    if items:
        states = show(run, "Get current state of systemd units", items)
        for item in items:
            change_state(run, item, "Start", unit_of(item), not is_active(states[unit_of(item)]))


def stop(run):
    items = list(reversed(run.section("systemd_units")))
    if items:
        states = show(run, "Get current state of systemd units", items)
        for item in items:
            change_state(run, item, "Stop", unit_of(item), is_active(states[unit_of(item)]))
