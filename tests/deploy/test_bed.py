# SPDX-License-Identifier: MIT
"""The bed itself: the hosts are what the other tests expect them to be."""

import subprocess

from bed import NAMES, WITHOUT_OURS


def ssh(bed, name, *command):
    options = [*bed.environment()["ANSIBLE_SSH_COMMON_ARGS"].split(), "-o", "StrictHostKeyChecking=accept-new",
               "-o", "BatchMode=yes", "-i", bed.root_key]
    return subprocess.run(["ssh", *options, f"root@{name}.mycluster.com", *command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)


def test_hosts_are_reached_by_ssh_and_can_be_cut_off(bed, hosts):
    for name in NAMES:
        told = ssh(bed, name, "hostname; ps -o comm= -p 1; ls -A /opt; command -v supervisor-manager")
        ours = "" if name in WITHOUT_OURS else "/usr/bin/supervisor-manager\n"
        assert told.stdout == f"{name}\nsystemd\n{ours}", told.stderr
    hosts["en1"].door.close()
    assert ssh(bed, "en1", "true").returncode == 255
    hosts["en1"].door.open()
    assert ssh(bed, "en1", "true").returncode == 0


def test_a_host_ends_and_starts_again(bed, hosts):
    hosts["en3"].kill()
    assert ssh(bed, "en3", "true").returncode == 255
    hosts["en3"].boot()
    assert ssh(bed, "en3", "true").returncode == 0
