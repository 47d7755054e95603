# SPDX-License-Identifier: MIT
"""supervisor-deploy with a stand-in for ansible-playbook, which records how it is run.

    deployer = Deployer(directory)
    deployer.source("app.yml", text)
    done = deployer.run("--src", "app.yml", "--action", "deploy")
    seen = deployer.seen()     # arguments, environment, files of the work folder; None: it was not run
"""

import json
import os
import subprocess
import sys

from programs import program

# With DEPLOY_TEST_WAIT it opens the pipe of that name when it runs, and then records signals until SIGUSR1 ends it.
STAND_IN = '''#!{python} -I
import json, os, signal, sys
work = os.path.dirname(os.environ["ANSIBLE_CONFIG"])
files = {{}}
for folder, folders, names in os.walk(work):
    for name in folders + names:
        path = os.path.join(folder, name)
        text = open(path).read() if name in names else None
        files[os.path.relpath(path, work)] = [oct(os.lstat(path).st_mode & 0o7777), text]
signals = []
def record():
    with open({record!r}, "w") as out:
        json.dump(dict(arguments=sys.argv[1:], environment=dict(os.environ), work=work, files=files, pid=os.getpid(),
                       mode=oct(os.lstat(work).st_mode & 0o7777), group=os.getpgid(0), signals=signals,
                       ignored=[s for s in (1, 2, 3, 15) if signal.getsignal(s) == signal.SIG_IGN],
                       blocked=sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))), out)
record()
told = os.environ.get("DEPLOY_TEST_RESULT", "").split()
result = {{"failed": "failed" in told, "unreachable": "unreachable" in told,
          "all_wanted_run": os.environ.get("DEPLOY_TEST_ALL_RUN") == "1"}}
if "DEPLOY_TEST_NO_RESULT" not in os.environ:
    json.dump(result, open(os.environ["DEPLOY_RESULT"], "w"))
if "DEPLOY_TEST_OWN_GROUP" in os.environ:
    os.setpgid(0, 0)  # the terminal's signals do not reach it
if "DEPLOY_TEST_WAIT" in os.environ:
    numbers = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1]
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    os.close(os.open(os.environ["DEPLOY_TEST_WAIT"], os.O_WRONLY))
    while True:
        number = signal.sigwait(numbers)
        if number == signal.SIGUSR1:
            break
        signals.append(number)
        record()
sys.exit(int(os.environ.get("DEPLOY_TEST_STATUS", "0")))
'''


class Deployer:
    def __init__(self, directory, path=None):
        """`path`: the program, unless it is the built one."""
        self.directory = directory
        self._program = [path] if path else program("supervisor-deploy")
        self._record = os.path.join(directory, "seen.json")
        self._bin = os.path.join(directory, "bin")
        self.runtime = os.path.join(directory, "run")
        os.mkdir(self._bin)
        os.mkdir(self.runtime, 0o700)
        stand_in = os.path.join(self._bin, "ansible-playbook")
        with open(stand_in, "w", encoding="utf-8") as file:
            file.write(STAND_IN.format(python=sys.executable, record=self._record))
        os.chmod(stand_in, 0o755)

    def source(self, name, text):
        """Writes a file beside the sources. Returns its path."""
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def environment(self, **more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "DEPLOY_"))}
        return {**kept, "PATH": self._bin + ":/usr/bin:/bin", "XDG_RUNTIME_DIR": self.runtime, **more}

    def command(self, *arguments):
        return [*self._program, *arguments]

    def run(self, *arguments, **environment):
        """Runs it to its end, in the directory of the sources."""
        return subprocess.run(self.command(*arguments), env=self.environment(**environment), cwd=self.directory,
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)

    def seen(self):
        try:
            with open(self._record, encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def leftovers(self):
        """What is in the folder for temporary work folders; connections of ssh may stay."""
        return [name for name in os.listdir(self.runtime) if name != "hadeploy-ssh"]
