# SPDX-License-Identifier: MIT
"""supervisord as the first process of a container, with the configuration files that people use there."""

import os
import shutil
import signal
import subprocess

import pytest

from processes import children, is_running
from programs import program
from waiting import wait_for

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="new mount and pid namespaces need root")

# The container's own /etc, /run and /var/log; then supervisord is process 1.
SETUP = """set -e
mount --bind "$1/etc" /etc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir /var/log/supervisor
exec "$2"
"""

SUPERVISORD = """[supervisord]
nodaemon=true
user=root
logfile=/dev/null
logfile_maxbytes=0
pidfile=/var/run/supervisord.pid
childlogdir=/var/log/supervisor

[unix_http_server]
file=/var/run/supervisor.sock
chmod=0700

; the below section must remain in the config file for RPC (supervisorctl/web interface) to work.
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///var/run/supervisor.sock

[include]
files = /etc/supervisor/conf.d/*.conf
"""
APACHE = """; U22
[program:apache]
command=apachectl -D FOREGROUND
; apache 'stop' setting
stopasgroup=true
"""
CRON = """[program:cron]
command=cron -f
autostart=true
autorestart=true
redirect_stderr=true
stdout_logfile=/dev/null
stdout_logfile_maxbytes=0
"""
APP = """[program:app]
command=app
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
redirect_stderr=true
"""
# The path is the container's.
APACHE2 = """[program:apache2]
command=/path/to/httpd -c "ErrorLog /dev/stdout" -DFOREGROUND
redirect_stderr=true
environment=HOME="/home/chrism",USER="chrism"
"""
# Like apachectl: starts workers that keep running if only the script is stopped.
APACHECTL = '#!/bin/sh\n[ "$*" = "-D FOREGROUND" ] || exit 3\nsleep 1001 &\nsleep 1002 &\nwait\n'
CROND = '#!/bin/sh\n[ "$*" = "-f" ] || exit 3\necho never to be seen\nexec sleep 1003\n'
APPLICATION = "#!/bin/sh\necho a line for podman\necho and an error >&2\nexec sleep 1004\n"
HTTPD = '#!/bin/sh\nprintf "<%s>" "$@" "$HOME" "$USER" >&2\nexec sleep 1005\n'


class Container:
    def __init__(self, directory):
        self.directory = directory
        etc = os.path.join(directory, "etc")
        os.mkdir(etc)
        for name in ("group", "ld.so.cache", "nsswitch.conf", "passwd"):
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", etc)
        self._write("etc/supervisor/supervisord.conf", SUPERVISORD)
        apache2 = APACHE2.replace("/path/to", f"{directory}/bin")
        for name, text in (("apache.sv", APACHE), ("cron.sv", CRON), ("app", APP), ("apache2", apache2)):
            self._write(f"etc/supervisor/conf.d/{name}.conf", text)
        for name, text in (("apachectl", APACHECTL), ("cron", CROND), ("app", APPLICATION), ("httpd", HTTPD)):
            os.chmod(self._write(f"bin/{name}", text), 0o755)
        self.environment = {**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}"}

    def _write(self, name, text):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def __enter__(self):
        with open(os.path.join(self.directory, "output"), "wb") as output:
            self.process = subprocess.Popen(
                ["unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child",
                 "sh", "-c", SETUP, "sh", self.directory, *program("supervisord")],
                cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def first(self):
        """The pid, as seen from here, of the container's process 1."""
        return wait_for(lambda: children(self.process.pid), "the container to start")[0]

    def output(self):
        with open(os.path.join(self.directory, "output"), encoding="utf-8") as file:
            return file.read()

    def ctl(self, *arguments):
        """Runs supervisorctl in the container, where it finds the configuration by itself."""
        done = subprocess.run(["nsenter", "-t", str(self.first), "-m", "-p", *program("supervisorctl"), *arguments],
                              cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.stdout

    def wait_status(self, name, state):
        wait_for(lambda: self.ctl("status", name).split()[1:2] == [state], f"{name} to be {state}")


@pytest.fixture
def container(work_dir, cleanup):
    return cleanup.enter_context(Container(work_dir))


def test_apache_and_cron_as_printed(container):
    for name in ("apache", "cron", "app"):
        wait_for(lambda n=name: f"INFO success: {n} entered RUNNING state" in container.output(), f"{name} to run")
        container.wait_status(name, "RUNNING")
    output = container.output()
    assert "INFO supervisord started with pid 1\n" in output
    # user=root is configured, so there is no warning about root; a log of /dev/null needs no rotation.
    assert "running as root" not in output.replace("Supervisord is running as root and it is searching", "")
    assert "Set uid to user 0 succeeded" in output
    assert "\na line for podman\n" in "\n" + output and "\nand an error\n" in "\n" + output
    assert "never to be seen" not in output
    container.wait_status("apache2", "RUNNING")
    wait_for(lambda: container.ctl("tail", "apache2").rstrip() == (
        "<-c><ErrorLog /dev/stdout><-DFOREGROUND></home/chrism><chrism>"), "apache2's arguments and environment")


def test_a_stop_ends_apaches_workers_too(container):
    container.wait_status("apache", "RUNNING")
    main = wait_for(lambda: [pid for pid in children(container.first) if len(children(pid)) == 2], "the workers")
    workers = children(main[0])
    assert container.ctl("restart", "apache") == "apache: stopped\napache: started\n"
    wait_for(lambda: not any(is_running(pid) for pid in workers), "the workers to end")
    container.wait_status("apache", "RUNNING")


def test_the_container_ends_with_its_first_process(container):
    container.wait_status("cron", "RUNNING")
    os.kill(container.first, signal.SIGTERM)
    assert container.process.wait(30) == 0
    assert "WARN received SIGTERM indicating exit request" in container.output()
    assert "INFO stopped: cron (terminated by SIGTERM)" in container.output().replace("WARN stopped", "INFO stopped")
