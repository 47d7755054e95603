# SPDX-License-Identifier: MIT
"""Random Supervisor configurations: mostly valid, with mistakes of every kind."""

import os

_INTEGERS = ["0", "1", "5", "999", "-1", "+7", " 3 ", "1_000", "007", "x", "", "1.5", "0x10", "%(nope)s", "%(ENV_NUMBER)s"]
_BOOLEANS = ["true", "false", "Yes", "NO", "on", "off", "1", "0", "TRUE", "maybe", "", "2", "%(ENV_FLAG)s"]
_SIZES = ["0", "50MB", "1kb", "10 kb", "2GB", "1k", "1.5MB", "100", "-5", "", "mb"]
_OCTALS = ["022", "22", "0o22", "700", "0777", "9", "", "x", "1_7"]
_NAMES = ["a", "b", "web", "Web2", "a.b", "käse", "x-y", "z_1", "bad name", "a/b", ""]
_ENVIRONMENTS = ['A="1"', 'A="1",B="2"', "A=1,\n  B=/x/y,\n  C='q w'", "", "A", "A=", "A=1 B=2", 'PATH="/bin:%(ENV_NUMBER)s"', 'A="%(here)s"',
                 'A="%(host_node_name)s"', "A=x,", 'N="%(process_num)d"', "A=a b", "A=a@b", 'A="b;c"']
_LOGS = ["AUTO", "NONE", "none", "off", "auto", "%(here)s/%(program_name)s.log", "%(here)s/%(process_num)02d.log", "syslog", "plain.log",
         "/nonexistent/dir/x.log", "%(here)s/%%%%.log", "%(here)s/%%.log", "", "/dev/null"]
_SIGNALS = ["TERM", "sigint", "HUP", "9", "15", "KILL", "USR1", "BOGUS", "0", "99", "SIGRTMIN", "CLD", "poll", " QUIT "]
_USERS = ["root", "0", "nobody", "nosuchuser", "987654", "daemon"]
_OWNERS = ["root", "root:root", "0:0", "nobody:nogroup", "nosuch", "root:nosuch", "root.root"]
_COMMANDS = ["/bin/cat", "sleep 100", "%(here)s/run %(program_name)s", "/bin/sh -c 'echo %%d'", "echo %(group_name)s %(ENV_A)s", "x # comment",
             "", "%(process_num)d %(numprocs)d", "a %(host_node_name)s", "100%", "%(program_name)5.2s", "%(here)d"]
_PORTS = ["9001", ":9001", "*:9001", "127.0.0.1:9001", "LocalHost:80", "70000", "0", "x", "h:", "h:x", "", "%(ENV_NUMBER)s"]

PROGRAM = {
    "command": _COMMANDS, "process_name": ["%(program_name)s", "%(program_name)s_%(process_num)02d", "p%(process_num)s", "fix", "a b", "%(group_name)s",
                                           "%(ENV_NUMBER)s_%(process_num)d"],
    "numprocs": ["1", "2", "3", "0", "-1", "x"], "numprocs_start": ["0", "1", "5", "x"], "priority": _INTEGERS, "autostart": _BOOLEANS,
    "autorestart": _BOOLEANS + ["unexpected", "Unexpected", "always"], "startsecs": _INTEGERS, "startretries": _INTEGERS,
    "exitcodes": ["0", "0,2", "", "0, 3", "256", "-1", "a", "0,,1"], "stopsignal": _SIGNALS, "stopwaitsecs": _INTEGERS,
    "stopasgroup": _BOOLEANS, "killasgroup": _BOOLEANS, "user": _USERS, "umask": _OCTALS, "directory": ["/tmp", "/nonexistent", "%(here)s", "~"],
    "environment": _ENVIRONMENTS, "serverurl": ["AUTO", "auto ", "", "http://x:1", "unix:///a"], "redirect_stderr": _BOOLEANS,
    "stdout_logfile": _LOGS, "stderr_logfile": _LOGS, "stdout_logfile_maxbytes": _SIZES, "stderr_logfile_maxbytes": _SIZES,
    "stdout_logfile_backups": _INTEGERS, "stderr_logfile_backups": _INTEGERS, "stdout_capture_maxbytes": _SIZES,
    "stderr_capture_maxbytes": _SIZES, "stdout_events_enabled": _BOOLEANS, "stderr_events_enabled": _BOOLEANS,
    "stdout_syslog": _BOOLEANS, "stderr_syslog": _BOOLEANS, "some_other_tools_key": ["%(bad", "x"],
}
FCGI = {"socket": ["unix://%(here)s/%(program_name)s.sock", "tcp://localhost:9000", "tcp://Host:70000", "foo", "unix://rel", "tcp://:1", "tcp://h:x"],
        "socket_backlog": ["10", "0", "70000", "x"], "socket_owner": _OWNERS, "socket_mode": _OCTALS}
LISTENER = {"events": ["TICK_5", "TICK_5,PROCESS_STATE", "event", "BOGUS", "", "TICK,", "PROCESS_LOG_STDOUT, TICK_60"],
            "buffer_size": ["10", "1", "0", "-3", "x"], "result_handler": ["supervisor.dispatchers:default_handler", "no.such:handler"]}
DAEMON = {"minfds": _INTEGERS, "minprocs": _INTEGERS, "directory": ["/tmp", "/nonexistent", "%(here)s"], "user": _USERS, "umask": _OCTALS,
          "logfile": ["%(here)s/d.log", "d.log", "/nonexistent/d.log", "syslog", "~/d.log"], "logfile_maxbytes": _SIZES, "logfile_backups": _INTEGERS,
          "loglevel": ["info", "DEBUG", "warn", "warning", "blather", "10"], "pidfile": ["%(here)s/d.pid", "d.pid", "/nonexistent/d.pid"],
          "identifier": ["me", "%(ENV_NUMBER)s", "%(host_node_name)s", ""], "nodaemon": _BOOLEANS, "silent": _BOOLEANS,
          "childlogdir": ["%(here)s", "/tmp", "/nonexistent"], "nocleanup": _BOOLEANS, "strip_ansi": _BOOLEANS,
          "environment": ['A="daemon"', 'A="daemon",Z="%(here)s"', "", "A", 'H="%(host_node_name)s"']}
UNIX = {"file": ["%(here)s/s.sock", " /tmp/../tmp/s.sock ", "~/s.sock"], "chmod": _OCTALS, "chown": _OWNERS, "username": ["u", ""], "password": ["p", "{SHA}x"]}
INET = {"port": _PORTS, "username": ["u"], "password": ["p", "%(ENV_A)s"]}


class Generator:
    """`slip` is the chance that a value comes from the key's whole list, not from its first half, the valid values."""

    def __init__(self, pick, slip):
        self._pick, self._slip = pick, slip

    def section(self, name, keys, required, share):
        pick = self._pick
        names = [key for key in keys if key in required and pick.random() > self._slip / 2 or pick.random() < share]
        pick.shuffle(names)
        lines = [f"[{name}]"]
        for key in names:
            choices = keys[key]
            good = choices[:max(1, len(choices) // 2)]
            value = pick.choice(choices if pick.random() < self._slip else good)
            lines.append(key + pick.choice(["=", " = ", ": "]) + value + pick.choice(["", "", " ; note"]))
        return "\n".join(lines) + "\n"

    def name(self):
        return self._pick.choice(_NAMES if self._pick.random() < self._slip else _NAMES[:8])

    def sections(self):
        pick = self._pick
        out = []
        programs = [self.name() for _ in range(pick.randint(0, 4))]
        for program in programs:
            out.append(self.section(f"program:{program}", PROGRAM, {"command"}, 0.12))
        if pick.random() < 0.3:
            members = pick.sample(programs, pick.randint(0, len(programs))) + (["nosuch"] if pick.random() < self._slip else [])
            out.append(f"[group:{self.name()}]\nprograms={','.join(members)}\n" + ("priority=5\n" if pick.random() < 0.5 else ""))
        if pick.random() < 0.3:
            out.append(self.section(f"eventlistener:{self.name()}", {**PROGRAM, **LISTENER}, {"command", "events"}, 0.1))
        if pick.random() < 0.3:
            out.append(self.section(f"fcgi-program:{self.name()}", {**PROGRAM, **FCGI}, {"command", "socket"}, 0.1))
        for suffix in ["", ":two"][:pick.randint(0, 2)]:
            out.append(self.section("unix_http_server" + suffix, UNIX, {"file"}, 0.3))
        if pick.random() < 0.4:
            out.append(self.section("inet_http_server", INET, {"port"}, 0.2))
        if pick.random() < 0.8:
            factory = "no.such:factory" if pick.random() < self._slip / 2 else "supervisor.rpcinterface:make_main_rpcinterface"
            out.append(f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = {factory}\n")
        if pick.random() < 0.1:
            out.append("[DEFAULT]\npriority=7\nstartsecs=4\n")
        if pick.random() < 0.2:
            out.append("[foreign]\nanything=%(goes\n")
        pick.shuffle(out)
        return out

    def write(self, directory):
        """Writes a configuration into `directory` and returns the path of its main file."""
        pick = self._pick
        os.makedirs(os.path.join(directory, "conf.d"))
        root = [self.section("supervisord", DAEMON, set(), 0.15)] if pick.random() > self._slip / 4 else []
        sections = self.sections()
        if pick.random() < 0.4:
            root.append("[include]\nfiles = conf.d/*.conf " + pick.choice(["", "conf.d/*.ini", "%(here)s/nothing/*.x"]) + "\n")
            for number in range(pick.randint(0, 2)):
                with open(os.path.join(directory, "conf.d", f"{number}.conf"), "w", encoding="utf-8") as file:
                    file.write("\n".join(sections[number::3]))
            sections = sections[2::3]
        root += sections
        pick.shuffle(root)
        path = os.path.join(directory, "root.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(root))
        return path
