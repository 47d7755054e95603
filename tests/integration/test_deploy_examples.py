# SPDX-License-Identifier: MIT
"""supervisor-deploy understands the examples as they are; tests/deploy runs them on hosts."""

import json
import os
import shutil
import subprocess

import pytest

from programs import SOURCE, program

EXAMPLES = [
    ("simple", ["app.yml"], {"en1": True, "en2": True}),
    ("web", ["app.yml"], {"tsupv": True}),
    ("notify", ["app.yml"], {"tsupv": True}),
    ("non-root", ["init.yml"], {"tsupv": True}),
    ("non-root", ["app.yml"], {"tsupv": False}),
    ("non-root-improved", ["mycluster.yml", "init.yml"], {"tsupv": True}),
    ("non-root-improved", ["mycluster.yml", "app.yml"], {"tsupv": False}),
    ("supervisors", ["hosts.yml", "tech1.yml", "tech2.yml"], {"tech1": True, "tech2": True}),
    ("supervisors", ["hosts.yml", "tech2_template.yml"], {"tech2": True}),
]


@pytest.mark.parametrize("folder,sources,managed", EXAMPLES)
def test_an_example_is_understood(work_dir, folder, sources, managed):
    copy = os.path.join(work_dir, folder)
    shutil.copytree(os.path.join(SOURCE, "examples", folder), copy)
    os.mkdir(os.path.join(copy, "keys"))
    for name in ("root_id", "tsup_id", "tsup_id.pub"):
        with open(os.path.join(copy, "keys", name), "w", encoding="ascii") as file:
            file.write("ssh-ed25519 AAAA somebody\n")
    words = [word for source in sources for word in ("--src", source)]
    told = subprocess.run([*program("supervisor-deploy"), *words, "--action", "dump", "--json"], cwd=copy,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    items = json.loads(told.stdout)
    shown = {item["name"]: item.get("managed", True) for section in ("hosts", "supervisors") for item in items[section]}
    assert shown.items() >= managed.items(), shown
