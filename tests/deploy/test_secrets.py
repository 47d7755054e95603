# SPDX-License-Identifier: MIT
"""What is secret stays so: on the deployer, in its output, on the hosts."""

import os
import signal
import subprocess
import threading

from application import DEPLOY, PROGRAM, SUPERVISORD, page, wait_running
from bed_deployment import finished
from waiting import wait_for

SECRET = "Wei-Qu0raesh"


class Watch:
    """Looks at the arguments of all processes, again and again, for a text; and at what is in a folder."""

    def __init__(self, text, folder):
        self.found = set()
        self.open_to_others = set()
        self.files = set()
        self._text = text.encode()
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _look(self):
        while not self._ended.wait(0.01):
            for name in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{name}/cmdline", "rb") as file:
                        words = file.read()
                except OSError:
                    continue
                if self._text in words:
                    self.found.add(words)
            for name in os.listdir(self._folder):
                self._add(os.path.join(self._folder, name))

    def _add(self, path):
        """What is inside of a folder that is closed to others is closed, too."""
        try:
            if os.lstat(path).st_mode & 0o077:
                self.open_to_others.add(path)
            self.files.update(os.listdir(path))
        except OSError:
            pass  # it is gone


def run_folder(deployment):
    """For the folders of runs; open to others, so that these must be closed."""
    path = f"{deployment.folder}-run"
    os.mkdir(path)
    return path


def left_in(folder):
    """What runs left behind, except for the sockets of ssh's connections, which end by themselves."""
    return [name for name in os.listdir(folder) if name != "hadeploy-ssh"]


def test_passwords_are_seen_nowhere(deployer, hosts):
    """...not even with --vvv: not in arguments, in output, or in files that others can read."""
    host = hosts["en1"]
    deployment = deployer("web")
    deployment.replace("app.yml", "password: admin", 'password: "${env.WEB_PASSWORD}"')
    folder = run_folder(deployment)
    with Watch(SECRET, folder) as watch:
        output = deployment.run(f"{DEPLOY} --limit en1 --diff --vvv", WEB_PASSWORD=SECRET, XDG_RUNTIME_DIR=folder)
    assert watch.found == set() and watch.open_to_others == set()
    assert "plan.json" in watch.files and left_in(folder) == []
    assert SECRET not in output.text + output.errors
    wait_running([host], SUPERVISORD, PROGRAM)
    wait_for(lambda: page(host, "admin", SECRET) == 200, "the page")
    searched = ("/etc", "/opt", "/home", "/tmp", "/var/log", "/root")
    assert host.run("grep", "-rls", SECRET, *searched, user="nobody", check=False).stdout == ""
    assert SECRET not in host.run("journalctl", "-b").stdout


def test_a_password_from_a_vault(deployer, hosts):
    host = hosts["en1"]
    deployment = deployer("web")
    deployment.write("vault_password", "the key of the vault\n")
    encrypted = subprocess.run(["ansible-vault", "encrypt_string", "--vault-password-file", "vault_password", SECRET],
                               cwd=deployment.folder, check=True, capture_output=True, text=True,
                               env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    lines = [line.strip() for line in encrypted.splitlines() if not line.startswith("!vault")]
    deployment.write("vault.yml", "encrypted_vars:\n  web_password: |\n" + "".join(f"    {line}\n" for line in lines))
    deployment.replace("app.yml", "password: admin", 'password: "{{ web_password }}"')
    output = deployment.run(f"hadeploy --src vault.yml --src app.yml --limit en1 --action deploy "
                            "--vaultPasswordFile vault_password")
    assert SECRET not in output.text + output.errors and "clear text" not in output.errors
    wait_for(lambda: page(host, "admin", SECRET) == 200, "the page")


def test_an_interrupted_run_leaves_no_files(deployer, hosts):
    deployment = deployer("simple")
    folder = run_folder(deployment)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = deployment.start(f"{DEPLOY} --limit en1", XDG_RUNTIME_DIR=folder)
        wait_for(lambda: left_in(folder), "the files of the run")
        process.send_signal(number)
        assert finished(process).status != 0
        assert left_in(folder) == []
    assert hosts["en1"].pgrep("tsup") == []
