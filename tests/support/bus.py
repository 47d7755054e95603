# SPDX-License-Identifier: MIT
"""A D-Bus daemon of the test's own, on a socket in its directory."""

import os
import subprocess

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
  </policy>
{includes}
{limits}
</busconfig>
"""


class PrivateBus:
    """Runs dbus-daemon until exit. `policies`: more configuration files, such as the one that the project installs.
    `limits`: {name: number}, instead of the daemon's own."""

    def __init__(self, directory, policies=(), limits=None):
        self.socket = os.path.join(directory, "bus")
        self.address = f"unix:path={self.socket}"
        self._config = os.path.join(directory, "bus.conf")
        includes = "\n".join(f"  <include>{policy}</include>" for policy in policies)
        limits = "\n".join(f'  <limit name="{name}">{value}</limit>' for name, value in (limits or {}).items())
        with open(self._config, "w", encoding="utf-8") as config:
            config.write(CONFIG.format(socket=self.socket, includes=includes, limits=limits))

    def __enter__(self):
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self._config}", "--nofork", "--nopidfile", "--nosyslog", "--print-address"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if not self.process.stdout.readline():  # the address is printed when the socket is ready
            raise AssertionError("dbus-daemon did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def busctl(self, *arguments, user=None):
        """Runs busctl on this bus and returns the finished process, output as text."""
        return subprocess.run(["busctl", f"--address={self.address}", *arguments], user=user, capture_output=True,
                              text=True, check=False)

    def has_owner(self, name):
        """Whether that name has an owner. Not busctl's `status`: it needs a machine id, which containers may lack."""
        return self.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner",
                           "s", name).returncode == 0
