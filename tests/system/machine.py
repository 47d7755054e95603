# SPDX-License-Identifier: MIT
"""A Debian system with its own systemd, booted in namespaces of this machine: seconds, no virtual machine.

    with Machine(directory) as machine:      # a clean root over the image of image.py
        machine.install()                    # our files, as `meson install` lays them out
        machine.boot()
        machine.run("systemctl", "enable", "supervisor-manager.service")
        machine.reboot()

`machine.root` is the root directory as seen from outside, to be read and written at any time. It needs root, the right to
make namespaces, and a cgroup2 file system mounted anywhere: why_not() returns what is missing.
"""

import os
import pty
import shutil
import signal
import subprocess
import threading

from image import image
from processes import children
from programs import build_dir
from waiting import wait_for

NAMESPACES = ["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup"]


def _cgroup2():
    """Where cgroup2 is mounted, or None. Beside version 1 hierarchies it has no controllers, which is sufficient."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, path, kind, *_ = line.split()
            if kind == "cgroup2" and os.access(path, os.W_OK):
                return path
    return None


def why_not():
    """Why machines cannot boot here, or None."""
    if os.getuid() != 0:
        return "needs root"
    if subprocess.run(["unshare", "--fork", *NAMESPACES, "true"], check=False, capture_output=True).returncode != 0:
        return "needs the right to make namespaces"
    if _cgroup2() is None:
        return "needs a mounted cgroup2 file system"
    return None


class Machine:
    """A clean root over the directory `base` (default: the root of image.py), with its files in `directory`.

    Several can run at the same time, each with a directory of another name.
    """

    def __init__(self, directory, base=None):
        self.root = os.path.join(directory, "root")
        self.console_path = os.path.join(directory, "console.log")
        self._directory = directory
        self._base = base or image()
        self._cgroup = os.path.join(_cgroup2(), f"sm-test-{os.getpid()}-{os.path.basename(directory)}")
        self._process = None
        self._init = None
        self._console = None
        self._is_mounted = False

    def __enter__(self):
        upper, work = (os.path.join(self._directory, name) for name in ("upper", "work"))
        for path in (self.root, upper, work):
            os.mkdir(path)
        layers = f"lowerdir={self._base},upperdir={upper},workdir={work}"
        mounted = subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=False)
        self._is_mounted = mounted.returncode == 0
        if not self._is_mounted:  # an overlay cannot lie over some file systems
            subprocess.run(["cp", "-a", f"{self._base}/.", self.root], check=True)
        return self

    def __exit__(self, *_):
        if self._process is not None:
            self.kill()
        if self._is_mounted:
            subprocess.run(["umount", self.root], check=True)
        shutil.rmtree(self._directory, ignore_errors=True)

    def install(self):
        """Installs the built project into the root; the build directory must have the prefix of a package, /usr."""
        subprocess.run(["meson", "install", "-C", build_dir(), "--no-rebuild"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DESTDIR": self.root})
        if not os.path.exists(os.path.join(self.root, "usr/bin/supervisord")):
            raise AssertionError(f"{build_dir()} does not install to /usr: set it up with meson setup --prefix=/usr")

    def boot(self):
        """Starts PID 1 and waits until the boot is over; returns the output of `systemctl is-system-running`."""
        master, self._console = pty.openpty()  # if no process has this end open, PID 1 waits a second for each line
        os.makedirs(self._cgroup, exist_ok=True)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot.sh")
        self._process = subprocess.Popen(
            ["sh", "-c", 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"', "sh", self._cgroup,
             "unshare", "--fork", "--kill-child", *NAMESPACES, "sh", script, self.root, os.ttyname(self._console)],
            stdin=subprocess.DEVNULL, start_new_session=True)
        threading.Thread(target=self._copy_console, args=(master,), daemon=True).start()
        self._init = wait_for(lambda: self._find_init(), "PID 1 of the machine")[0]
        wait_for(lambda: os.path.exists(f"/proc/{self._init}/root/run/systemd/private") or self._check(),
                "systemd to listen")
        return self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()

    def is_running(self):
        return self._init is not None

    def _find_init(self):
        self._check()
        return children(self._process.pid)

    def _check(self):
        if self._process.poll() is not None:
            raise AssertionError(f"the machine ended with {self._process.returncode}:\n{self.console()}")

    def _copy_console(self, master):
        with open(self.console_path, "ab") as log:
            while True:
                try:
                    data = os.read(master, 65536)
                except OSError:  # the last process that had the terminal open has ended
                    break
                if not data:
                    break
                log.write(data)
                log.flush()
        os.close(master)

    def console(self):
        """What PID 1 printed."""
        with open(self.console_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def entering(self, user=None):
        """The beginning of a command line that runs the rest in the machine, as `user`, with its own group."""
        argv = ["nsenter", "--target", str(self._init), *NAMESPACES, "--wd=/", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        if user:
            argv += ["setpriv", f"--reuid={user}", f"--regid={self._account(user)[3]}", "--init-groups"]
        return argv

    def _account(self, user):
        with open(os.path.join(self.root, "etc/passwd"), encoding="utf-8") as accounts:
            return next(fields for line in accounts if (fields := line.split(":"))[0] == user)

    def run(self, *command, user=None, check=True, input=None):
        """Runs a command in the machine (as `user`, with its own group) and returns it finished, output as text."""
        finished = subprocess.run([*self.entering(user), *command], capture_output=True, text=True, check=False,
                                  input="" if input is None else input)
        if check and finished.returncode != 0:
            raise AssertionError(f"{command} ended with {finished.returncode}:\n{finished.stdout}{finished.stderr}")
        return finished

    def write(self, path, text, mode=0o644):
        """Writes a file of the machine, running or not, owned by root."""
        inside = f"/proc/{self._init}/root" if self._init else self.root
        full = inside + path
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(full, mode)

    def processes(self, account=None):
        """{pid as seen from outside, so that os.kill works: command line} of all processes, or those of an account."""
        space = os.stat(f"/proc/{self._init}/ns/pid").st_ino
        uid = None if account is None else int(self._account(account)[2])
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if uid is not None and os.stat(f"/proc/{name}").st_uid != uid:
                    continue
                if os.stat(f"/proc/{name}/ns/pid").st_ino != space:
                    continue
                with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                    if words := file.read():  # a zombie has no command line
                        found[int(name)] = words.rstrip("\0").replace("\0", " ")
            except OSError:
                pass  # it ended meanwhile
        return found

    def pid_of(self, command):
        """The pid, as seen from outside, of the one process with this command line; None while there is none."""
        pids = [pid for pid, line in self.processes().items() if line == command]
        return pids[0] if len(pids) == 1 else None

    def kill(self):
        """Ends the machine as a power failure does; boot() starts it again with the files that it had."""
        self._process.kill()  # kills PID 1 of the machine, and so the whole machine
        self._ended()

    def poweroff(self):
        """A clean shutdown: units stop in order; returns when nothing of the machine is left."""
        self._leave("poweroff", signal.SIGINT)

    def reboot(self):
        """A clean shutdown and another boot of the same root; returns what boot() returns."""
        self._leave("reboot", signal.SIGHUP)
        return self.boot()

    def _leave(self, verb, expected):
        """The reboot(2) that PID 1 called: the kernel ends it with a signal that depends on the call."""
        self.run("systemctl", "--no-block", verb)
        self._process.wait(120)
        status = self._process.returncode
        self._ended()
        if status not in (-expected, 128 + expected):
            raise AssertionError(f"{verb}: the machine ended with {status}:\n{self.console()}")

    def _ended(self):
        self._process.wait()
        self._process = self._init = None
        os.close(self._console)
        wait_for(self._is_cgroup_removed, "the machine's cgroups to be empty")

    def _is_cgroup_removed(self):
        try:
            for folder, _, _ in os.walk(self._cgroup, topdown=False):
                os.rmdir(folder)
        except OSError:
            return False
        return True
