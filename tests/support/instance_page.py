# SPDX-License-Identifier: MIT
"""An instance with a page on a port of its own, and requests as scripts send them."""

import contextlib
import http.client
import urllib.parse

from page import free_port

PROGRAMS = """
[inet_http_server]
port=127.0.0.1:{port}
{auth}

[program:steady]
command=/bin/sleep 100000

[program:chatter]
command=/bin/sh -c 'echo "<b>bold</b>"; n=0; while :; do n=$((n+1)); echo "line $n"; sleep 0.2; done'

[program:quiet]
command=/bin/sleep 100000
autostart=false
stdout_logfile=NONE

[program:worker]
command=/bin/sleep 100000
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
"""


class Page:
    """The instance's page, requested as by a script."""

    def __init__(self, daemon, auth="", programs=PROGRAMS):
        self.port = free_port()
        self.daemon = daemon(programs.format(port=self.port, auth=auth))
        self.url = f"http://127.0.0.1:{self.port}/"

    def connect(self):
        """A connection of its own; what is behind it may be further away than the instance."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    @contextlib.contextmanager
    def begin(self, method, path, headers=(), body=None):
        """The answer's head; its body, which may have no end, is not read."""
        connection = self.connect()
        connection.request(method, path, body=body, headers=dict(headers))
        reply = connection.getresponse()
        try:
            yield reply
        finally:
            reply.close()
            connection.close()

    def ask(self, method, path, headers=(), body=None):
        with self.begin(method, path, headers, body) as reply:
            reply.text = reply.read().decode()
            return reply

    def act(self, path, **headers):
        """GET an action as a script; returns the message that Supervisor's redirection carries."""
        reply = self.ask("GET", path, headers)
        assert reply.status == 301, (reply.status, reply.text)
        front, _, message = reply.headers["Location"].partition("?message=")
        assert front == "./" and reply.headers["Cache-Control"] == "no-store"
        return urllib.parse.unquote(message)

    def state(self, name):
        return self.daemon.rpc.supervisor.getProcessInfo(name)["statename"]
