# SPDX-License-Identifier: MIT
"""The samples in conf.d: their hashes are of the kind that is recommended, and the commands in them make these hashes."""

import glob
import os
import re
import subprocess

import pytest

from page import freePort
from programs import SOURCE

SAMPLES = sorted(glob.glob(os.path.join(SOURCE, "conf.d", "*.conf")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("path", SAMPLES, ids=os.path.basename)
def testPasswordsAreHashesOfTheRecommendedKind(path):
    for password in re.findall(r"^;?http_server\.password = (.*)$", read(path), re.MULTILINE):
        assert re.fullmatch(r"\{SHA256\}[0-9a-f]{64}|\$\S+", password), password


def testTheCommandOfASampleMakesItsHash():
    text = read(os.path.join(SOURCE, "conf.d", "tsupv.conf"))
    command = re.search(r"^; +(read .*)$", text, re.MULTILINE).group(1)
    password = re.search(r"of `(\w+)`", text).group(1)
    made = subprocess.run(["bash", "-c", command], input=f"{password}\n", capture_output=True, text=True, check=True).stdout
    assert f"http_server.password = {made}" in text


def testASampleWithAPasswordLetsItIn(manager, owner):
    """tech1.conf as it is, but for its account and port."""
    text, port = read(os.path.join(SOURCE, "conf.d", "tech1.conf")), freePort()
    password = re.search(r"password is `(\w+)`", text).group(1)
    text = re.sub(r"(user|group) = tsup", rf"\1 = {owner.pw_name}", text).replace("0.0.0.0:9003", f"127.0.0.1:{port}")
    manager.write("etc/supervisor-manager/conf.d/tech1.conf", text)
    manager.start()
    manager.waitState("tech1", "running")

    def pidWith(given):
        return manager.ctl("tech1", "-s", f"http://127.0.0.1:{port}", "-u", "admin", "-p", given, "pid", owner=owner).stdout

    assert pidWith(password) == f"{manager.mainPid('tech1')}\n"
    assert str(manager.mainPid("tech1")) not in pidWith(password + "x")
