# SPDX-License-Identifier: MIT
"""A process that hangs in an exec: showing the resources of processes must not read files of /proc that then block."""

import http.client
import os
import subprocess

import pytest

from hanging_files import HangingFiles
from page import free_port
from programs import program

PROGRAMS = """
[inet_http_server]
port=127.0.0.1:{port}
[program:hung]
command=/usr/bin/python3 -c "import os; os.open('{files}/file', os.O_RDONLY); os.execv('/bin/sleep', ['sleep', '1000'])"
startsecs=0
stopsignal=KILL
[program:well]
command=/bin/sleep 1000
startsecs=0
"""


@pytest.fixture
def hung(daemon, work_dir):
    """A server with a program that hangs; server.port is the port of its page."""
    with HangingFiles(os.path.join(work_dir, "hang"), "flush") as files:
        port = free_port()
        server = daemon(PROGRAMS.format(port=port, files=files.path))
        server.port = port
        files.wait_for_hang()
        yield server


def test_resources_of_processes_that_hang(hung):
    client = subprocess.Popen([*program("supervisorctl"), "-c", hung.config_path, "status", "--resources"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        rows = client.communicate(timeout=60)[0].splitlines()
    finally:
        client.kill()
    assert [row.split()[:2] for row in rows] == [["hung", "RUNNING"], ["well", "RUNNING"]]
    assert all("%" in row for row in rows)


def test_the_page_of_processes_that_hang(hung):
    connection = http.client.HTTPConnection("127.0.0.1", hung.port, timeout=60)
    connection.request("GET", "/")
    page = connection.getresponse().read().decode()
    assert "hung" in page and page.count(" MB</td>") == 2
    connection.close()
    stream = http.client.HTTPConnection("127.0.0.1", hung.port, timeout=60)
    stream.request("GET", "/events")
    answer = stream.getresponse()
    while b'"usage"' not in answer.readline():
        pass
    stream.close()
