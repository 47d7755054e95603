# SPDX-License-Identifier: MIT
"""The samples in conf.d: their hashes are of the recommended kind, and the commands in them create such hashes."""

import glob
import os
import re
import subprocess

import pytest

from page import free_port
from programs import SOURCE

SAMPLES = sorted(glob.glob(os.path.join(SOURCE, "conf.d", "*.conf")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("path", SAMPLES, ids=os.path.basename)
def test_passwords_are_hashes_of_the_recommended_kind(path):
    for password in re.findall(r"^;?http_server\.password = (.*)$", read(path), re.MULTILINE):
        assert re.fullmatch(r"\{SHA256\}[0-9a-f]{64}|\$\S+", password), password


def test_the_command_of_a_sample_makes_its_hash():
    text = read(os.path.join(SOURCE, "conf.d", "tsupv.conf"))
    command = re.search(r"^; +(read .*)$", text, re.MULTILINE).group(1)
    password = re.search(r"of `(\w+)`", text).group(1)
    made = subprocess.run(["bash", "-c", command], input=f"{password}\n", capture_output=True, text=True, check=True).stdout
    assert f"http_server.password = {made}" in text


def test_a_sample_with_a_password_lets_it_in(manager, owner):
    """tech1.conf with another account and port."""
    text, port = read(os.path.join(SOURCE, "conf.d", "tech1.conf")), free_port()
    password = re.search(r"password is `(\w+)`", text).group(1)
    text = re.sub(r"(user|group) = tsup", rf"\1 = {owner.pw_name}", text).replace("0.0.0.0:9003", f"127.0.0.1:{port}")
    manager.write("etc/supervisor-manager/conf.d/tech1.conf", text)
    manager.start()
    manager.wait_state("tech1", "running")

    def pid_with(given):
        return manager.ctl("tech1", "-s", f"http://127.0.0.1:{port}", "-u", "admin", "-p", given, "pid", owner=owner).stdout

    assert pid_with(password) == f"{manager.main_pid('tech1')}\n"
    assert str(manager.main_pid("tech1")) not in pid_with(password + "x")
