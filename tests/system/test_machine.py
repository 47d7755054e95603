# SPDX-License-Identifier: MIT
"""The harness itself: a machine boots, keeps written files over a reboot, and leaves no process or mount."""


def test_boots_and_reboots(machine):
    assert machine.boot() in ("running", "degraded"), machine.console()
    assert machine.run("cat", "/proc/1/comm").stdout == "systemd\n"
    assert machine.run("id", "-un", user="nobody", check=False).stdout == "nobody\n"
    machine.run("systemctl", "start", "dbus.service", "polkit.service")

    machine.run("touch", "/etc/kept", "/run/forgotten")
    assert machine.reboot() in ("running", "degraded"), machine.console()
    assert machine.run("test", "-e", "/etc/kept").returncode == 0
    assert machine.run("test", "-e", "/run/forgotten", check=False).returncode == 1
    machine.poweroff()
