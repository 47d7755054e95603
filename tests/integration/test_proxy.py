# SPDX-License-Identifier: MIT
"""The page behind nginx and Apache as doc/proxy.md sets them up: TLS, and a path of its own."""

import contextlib
import http.client
import os
import re
import ssl
import urllib.parse
import xmlrpc.client

import pytest

from instance_page import Page
from page import AVAILABLE, browser, free_port, wait_text
from proxies import NAME, Proxy
from waiting import wait_for

PROGRAMS = """
[inet_http_server]
port=127.0.0.1:{port}
{auth}

[program:chatter]
command=/bin/sh -c 'n=0; while read word; do n=$((n+1)); echo "line $n $word"; done'
stdout_logfile=%(here)s/chatter.log

[program:quiet]
command=/bin/sleep 100000
autostart=false
"""
BASIC = {"Authorization": "Basic YWRtaW46YWRtaW4="}
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
OPEN = f"allowed_hosts={NAME}"
CLOSED = "username=admin\npassword=admin"


class NamedConnection(http.client.HTTPSConnection):
    """HTTPS to a name, always at the address of this machine."""

    def connect(self):
        name, self.host = self.host, "127.0.0.1"
        http.client.HTTPConnection.connect(self)
        self.host = name
        self.sock = self._context.wrap_socket(self.sock, server_hostname=name)


class NamedTransport(xmlrpc.client.SafeTransport):
    def make_connection(self, host):
        host, self._extra_headers, _ = self.get_host_info(host)
        return NamedConnection(*host.split(":"), context=self.context)


class Site(Page):
    """An instance's page as seen through the proxy."""

    def __init__(self, kind, daemon, directory, cleanup, auth):
        super().__init__(daemon, auth, PROGRAMS)
        self.daemon.wait_state("chatter", "RUNNING")
        self.proxy = cleanup.enter_context(Proxy(kind, directory, free_port(), self.port))
        self.url = self.proxy.url
        self.tls = ssl.create_default_context(cafile=self.proxy.certificate)
        wait_for(self.answers, "the proxy to listen")

    def answers(self):
        self.proxy.running()
        with contextlib.suppress(ConnectionRefusedError):
            return self.ask("GET", "ok.html", BASIC).status in (200, 403)

    def connect(self):
        return NamedConnection(NAME, self.proxy.port, context=self.tls, timeout=30)

    def begin(self, method, path, headers=(), body=None):
        return super().begin(method, urllib.parse.urljoin("/supervisor/", path), headers, body)


@pytest.fixture(params=["nginx", "apache"])
def site(request, daemon, work_dir, cleanup):
    directory = os.path.join(work_dir, "proxy")
    os.mkdir(directory, 0o755)
    return lambda auth: Site(request.param, daemon, directory, cleanup, auth)


def test_the_page_and_all_it_leads_to(site):
    page = site(CLOSED)
    assert page.ask("GET", ".").status == 401
    html = page.ask("GET", ".", BASIC).text
    assert "<tr" in html and 'data-name="chatter"' in html
    bare = page.ask("GET", "/supervisor", BASIC)
    assert bare.status == 301
    assert urllib.parse.urljoin(page.url[:-1], bare.headers["Location"]) == page.url
    for path in ("index.html", "tail.html?processname=chatter", "activity.html"):
        text = page.ask("GET", path, BASIC).text
        links = re.findall(r'(?:href|src|action|formaction|data-[a-z]+)="([^"#]*)"', text)
        assert not [link for link in links if link.startswith("/") or "//" in link], path
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert page.ask("GET", link.replace("&amp;", "&"), BASIC).status in (200, 301, 401), link


@pytest.mark.parametrize("auth, headers", [(CLOSED, BASIC), (OPEN, {})])
def test_a_button_without_scripts(site, auth, headers):
    page = site(auth)
    # Like an older browser, which sends only the header Origin or Referer.
    victim = {**BROWSER, **headers, "Content-Type": "application/x-www-form-urlencoded"}
    ours = {**victim, "Origin": f"https://{NAME}:{page.proxy.port}"}
    start = "index.html?processname=quiet&action=start"
    for evidence in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                     {"Origin": f"https://{NAME}.evil.example:{page.proxy.port}"}, {},
                     {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}):
        assert page.ask("POST", start, {**victim, **evidence}, "").status == 403, evidence
    assert page.state("quiet") == "STOPPED"
    reply = page.ask("POST", start, ours, "")
    assert reply.status == 301 and page.state("quiet") == "RUNNING"
    there = urllib.parse.urljoin(page.url + start, reply.headers["Location"])
    assert there == page.url + "?message=Process%20quiet%20started"
    assert "Process quiet started" in page.ask("GET", there, headers).text


def test_streams_are_not_held_back(site):
    page = site(CLOSED)
    for path, found in (("events", b'"now"'), ("logtail/chatter", b"line 1 hello"), ("mainlogtail", b"chatter")):
        with page.begin("GET", path, BASIC) as stream:
            assert stream.status == 200
            if path == "logtail/chatter":
                page.daemon.rpc.supervisor.sendProcessStdin("chatter", "hello\n")
            while found not in (line := stream.readline()):
                assert line, f"{path} ended"
            if path == "events":  # later events arrive when they happen
                page.daemon.rpc.supervisor.startProcess("quiet")
                while b'"state":"RUNNING"' not in (line := stream.readline()) or b"quiet" not in line:
                    assert line


def test_calls(site):
    page = site(CLOSED)
    address = page.url.replace("https://", "https://admin:admin@") + "RPC2"
    with xmlrpc.client.ServerProxy(address, transport=NamedTransport(context=page.tls)) as proxy:
        assert proxy.supervisor.getState()["statename"] == "RUNNING"
        assert proxy.supervisor.sendProcessStdin("chatter", "x" * 60_000 + "\n") is True
    assert page.ask("POST", "RPC2", {**BASIC, "Content-Type": "text/xml", "Origin": "https://evil.example"}, "<a/>"
                    ).status == 403


def test_an_open_instance_answers_to_the_proxys_name_alone(site):
    page = site("")
    reply = page.ask("GET", ".")
    assert reply.status == 403 and "allowed_hosts in [inet_http_server]" in reply.text


@pytest.mark.skipif(not AVAILABLE, reason="needs Chromium")
def test_in_a_browser(site, work_dir):
    page = site(OPEN)
    with browser(work_dir + "/profile", arguments=[f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
                                                  "--ignore-certificate-errors"]) as driver:
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        driver.find_element("css selector", "tr[data-name=quiet] [data-act=start]").click()
        wait_text(driver, "#statusmessage", "Process quiet started")
        wait_text(driver, "tr[data-name=quiet] .status", "running")
        driver.get(page.url + "tail.html?processname=chatter")
        wait_text(driver, "#live", "live")
        page.daemon.rpc.supervisor.sendProcessStdin("chatter", "seen\n")
        wait_text(driver, "#log", "seen")
