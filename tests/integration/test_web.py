# SPDX-License-Identifier: MIT
"""The web page of an instance: requested by programs, in a browser without scripts, and in one with scripts."""

import contextlib
import http.client
import os
import signal
import socket
import time
import urllib.parse

import pytest

from instance_page import PROGRAMS, Page
from page import AVAILABLE, BACKSPACE, ENTER, accessibility_faults, browser, screenshot, wait_text
from sanitizers import without_sanitizer
from waiting import wait_for


@pytest.fixture
def page(daemon):
    running = Page(daemon)
    for name in ("steady", "chatter", "worker:worker_0"):
        running.daemon.wait_state(name, "RUNNING")
    return running


def test_the_old_addresses_act_and_answer_as_supervisor_does(page):
    assert page.act("/index.html?processname=quiet&action=start") == "Process quiet started"
    assert page.state("quiet") == "RUNNING"
    assert page.act("/index.html?processname=quiet&action=start") == "ERROR: Process quiet: already started"
    assert page.act("/index.html?processname=quiet&action=stop") == "Process quiet stopped"
    assert page.act("/index.html?processname=quiet&action=stop") == "unexpected rpc fault [70] NOT_RUNNING: quiet"
    assert page.act("/index.html?processname=quiet&action=restart") == "Process quiet restarted"
    assert page.act("/index.html?processname=chatter&action=clearlog") == "Log for chatter cleared"
    assert page.act("/index.html?processname=none&action=start") == "No such process named none"
    assert page.act("/index.html?processname=worker%3A*&action=stop") == "No such process named worker:*"
    assert page.act("/index.html?action=refresh").startswith("Page refreshed at ")
    assert page.act("/index.html?action=stopall").startswith("All stopped at ")
    assert page.state("steady") == "STOPPED"
    assert page.act("/index.html?action=restartall").startswith("All restarted at ")
    assert page.state("steady") == "RUNNING"
    assert page.ask("GET", "/ok.html").text == "OK"
    assert page.ask("GET", "/nothing.html").status == 404


def test_the_group_buttons(page):
    assert page.act("/index.html?groupname=worker&action=stopgroup") == "Group worker stopped"
    assert page.state("worker:worker_1") == "STOPPED"
    assert page.act("/index.html?groupname=worker&action=startgroup") == "Group worker started"
    assert page.act("/index.html?groupname=worker&action=restartgroup") == "Group worker restarted"
    assert page.state("worker:worker_0") == "RUNNING"


def test_a_restart_names_what_it_does_not_start_again(daemon):
    hour = (time.localtime().tm_hour + 6) % 24
    more = f"[program:night]\ncommand=cat\nstartsecs=0\nrun_window={hour:02}:00-{hour:02}:30\n"
    more += "[program:off]\ncommand=cat\nstartsecs=0\nautostart=false\n"
    page = Page(daemon, programs="[inet_http_server]\nport=127.0.0.1:{port}\n{auth}\n[group:g]\nprograms=night,off\n" + more)
    supervisor = page.daemon.rpc.supervisor
    said = "; not started again: g:night (outside of its run_window), g:off (disabled)"
    for action, answer in (("action=restartall", "All restarted at "), ("groupname=g&action=restartgroup", "Group g restarted")):
        supervisor.startProcess("g:night")
        supervisor.startProcess("g:off")
        supervisor.disableProcess("g:off")
        message = page.act(f"/index.html?{action}")
        assert message.startswith(answer) and message.endswith(said)
        assert page.state("g:night") == page.state("g:off") == "STOPPED"
    # What did not run before is not named.
    assert "not started" not in page.act("/index.html?action=restartall")


def test_an_action_waits_for_its_outcome_and_blocks_nobody(page):
    page.daemon.rpc.supervisor.getState()
    message = page.act("/index.html?processname=chatter&action=restart")
    assert message == "Process chatter restarted"
    assert page.state("chatter") == "RUNNING"


def test_the_page_works_without_scripts(page):
    html = page.ask("GET", "/").text
    assert html.count('<tr data-name=') == 5
    for text in ("steady", "worker:worker_1", 'class="statusrunning">running<', "Not started"):
        assert text in html
    token = html.partition('name="token" value="')[2].partition('"')[0]
    browser_headers = {"User-Agent": "Mozilla/5.0", "Content-Type": "application/x-www-form-urlencoded"}
    reply = page.ask("POST", "/index.html?processname=quiet&action=start", browser_headers, f"token={token}")
    assert reply.status == 301 and "Process%20quiet%20started" in reply.headers["Location"]
    html = page.ask("GET", "/?message=" + urllib.parse.quote("<script>alert(1)</script>")).text
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html


def test_logs_without_scripts(page):
    wait_for(lambda: "line 2" in page.ask("GET", "/tail.html?processname=chatter").text, "the log to grow")
    html = page.ask("GET", "/tail.html?processname=chatter&limit=4096").text
    assert "&lt;b&gt;bold&lt;/b&gt;" in html and "<b>bold" not in html
    assert "No process name found" in page.ask("GET", "/tail.html").text
    assert "BAD_NAME: none" in page.ask("GET", "/tail.html?processname=none").text
    assert "No file for quiet" in page.ask("GET", "/tail.html?processname=quiet").text
    assert "spawned: &#39;steady&#39; with pid" in page.ask("GET", "/activity.html").text


def test_another_site_cannot_act(page):
    victim = {"User-Agent": "Mozilla/5.0"}
    for evidence in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {}):
        form = page.ask("POST", "/index.html?action=stopall", {**victim, **evidence}, "")
        assert form.status == 403, evidence
        link = page.ask("GET", "/index.html?action=stopall", {**victim, **evidence})
        assert link.status == 200 and "Stop all programs?" in link.text, evidence
    assert page.state("steady") == "RUNNING"
    reply = page.ask("POST", "/RPC2", {**victim, "Origin": "http://evil.example", "Content-Type": "text/plain"}, CALL)
    assert reply.status == 403
    assert page.state("steady") == "RUNNING"


def test_another_site_embeds_nothing(page):
    """A page of another site could keep our streams open, or include a log as a script."""
    elsewhere = {"User-Agent": "Mozilla/5.0", "Sec-Fetch-Site": "cross-site"}
    for path in ("/events", "/logtail/chatter", "/mainlogtail", "/", "/supervisor.js",
                 "/tail.html?processname=chatter"):
        with page.begin("GET", path, {**elsewhere, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}) as script:
            assert script.status == 403, path
        with page.begin("GET", path) as ours:
            assert ours.status == 200
            assert ours.headers["X-Content-Type-Options"] == "nosniff"
            assert ours.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    link = {**elsewhere, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for path in ("/", "/tail.html?processname=chatter"):
        assert page.ask("GET", path, link).status == 200, path


@without_sanitizer("it measures memory, and a sanitizer keeps what is freed")
def test_a_form_of_a_million_fields_costs_no_memory(page):
    def peak():
        with open(f"/proc/{page.daemon.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    assert page.ask("POST", "/index.html", body="action=refresh").status == 301
    before = peak()
    assert page.ask("POST", "/index.html", body="a&" * 1_000_000).status == 413
    assert page.ask("POST", "/index.html", body="a&" * 30_000).status == 200
    assert peak() - before < 12 * 1024


REBOUND = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1].evil.example", ":80")
CALL = "<?xml version='1.0'?><methodCall><methodName>supervisor.stopAllProcesses</methodName></methodCall>"


@pytest.mark.parametrize("host", REBOUND)
def test_a_site_whose_name_leads_here_reads_and_does_nothing(page, host):
    """DNS rebinding: to the browser we are part of the attacker's site, whose requests look like those of our page."""
    own = {"User-Agent": "Mozilla/5.0", "Host": f"{host}:{page.port}", "Origin": f"http://{host}:{page.port}",
           "Sec-Fetch-Site": "same-origin"}
    for path in ("/", "/tail.html?processname=chatter", "/activity.html", "/events", "/logtail/chatter", "/mainlogtail",
                 "/supervisor.js", "/ok.html", "/index.html?action=stopall", "/RPC2"):
        reply = page.ask("GET", path, own)
        assert reply.status == 403, path
        assert "allowed_hosts in [inet_http_server]" in reply.text and "allowed_hosts" in reply.reason
    for path in ("/RPC2", "/index.html?action=stopall", "/any"):
        assert page.ask("POST", path, {**own, "Content-Type": "text/xml"}, CALL).status == 403
    absolute = f"http://{host}:{page.port}/index.html?action=stopall"
    assert page.ask("GET", absolute, {**own, "Host": f"127.0.0.1:{page.port}"}).status == 400
    assert page.state("steady") == "RUNNING"
    assert page.daemon.log().count("refused a request of ") == 1


def test_names_that_are_ours_are_answered(page, daemon):
    for host in ("127.0.0.1", "localhost", "LOCALHOST.", "app.localhost", "[::1]", "192.0.2.1", socket.gethostname()):
        assert page.ask("GET", "/ok.html", {"Host": f"{host}:{page.port}"}).status == 200, host
    with socket.create_connection(("127.0.0.1", page.port), timeout=30) as script:
        script.sendall(b"GET /ok.html HTTP/1.0\r\n\r\n")  # a browser from before this header
        assert script.recv(12, socket.MSG_WAITALL) == b"HTTP/1.0 200"
    named = Page(daemon, auth="allowed_hosts = tools.example.org, other.example.org")
    for host in ("tools.example.org", "Other.Example.Org"):
        assert named.ask("GET", "/ok.html", {"Host": f"{host}:{named.port}"}).status == 200
    assert named.ask("GET", "/ok.html", {"Host": "third.example.org"}).status == 403


def test_a_password_and_a_unix_socket_need_no_names(daemon):
    page = Page(daemon, auth="username=admin\npassword=admin")
    assert page.ask("GET", "/", {"Host": "proxy.example", "Authorization": "Basic YWRtaW46YWRtaW4="}).status == 200
    for host in (b"any.example", b"", page.daemon.socket.encode(), b"unix:///" + page.daemon.socket.encode()):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(page.daemon.socket)
            client.sendall(b"GET /ok.html HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
            assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200", host


def test_the_policy_allows_nothing_from_outside(page):
    reply = page.ask("GET", "/")
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "http://" not in reply.text and "https://" not in reply.text and "style=" not in reply.text
    tag = page.ask("GET", "/supervisor.js").headers["ETag"]
    assert page.ask("GET", "/supervisor.js", {"If-None-Match": tag}).status == 304


def test_authentication_covers_every_page(daemon):
    page = Page(daemon, auth="username=admin\npassword={SHA}d033e22ae348aeb5660fc2140aec35850c4da997")
    for path in ("/", "/tail.html", "/events", "/supervisor.js", "/activity.html", "/logtail/steady"):
        assert page.ask("GET", path).status == 401
    assert page.ask("GET", "/", {"Authorization": "Basic YWRtaW46YWRtaW4="}).status == 200


def test_the_first_message_of_a_page_is_as_long_as_it_needs_to_be(daemon):
    """The states of ten thousand programs are more than the data that a page may leave unread."""
    crowd = "\n[program:crowd]\ncommand=/bin/sleep 1\nautostart=false\nnumprocs=10000\n" \
            "process_name=%(program_name)s_{}_%(process_num)05d\n".format("x" * 30)
    page = Page(daemon, auth=crowd)
    with page.begin("GET", "/events") as stream:
        while not (line := stream.readline()).startswith(b"data: "):
            assert line, "the stream ended"
        assert line.count(b'"state":"STOPPED"') >= 10_000


def test_no_page_open_means_no_wake_up(page):
    """After a stream of events was opened and closed, no timer is left."""
    page.act("/index.html?processname=chatter&action=stop")
    connection = http.client.HTTPConnection("127.0.0.1", page.port)
    connection.request("GET", "/events")
    stream = connection.getresponse()
    assert stream.headers["Content-Type"] == "text/event-stream"
    while b'"usage"' not in stream.readline():
        pass
    stream.close()
    connection.close()

    def timer_is_off():
        """The file in /proc of the loop's timer shows that it is not armed."""
        directory, values = f"/proc/{page.daemon.pid}/fdinfo", []
        for fd in os.listdir(directory):
            with contextlib.suppress(FileNotFoundError), open(f"{directory}/{fd}", encoding="ascii") as info:
                values += [line for line in info if line.startswith("it_value")]
        return all(line.split(":")[1].strip() == "(0, 0)" for line in values)

    wait_for(timer_is_off, "every timer to be off")


@pytest.mark.skipif(not AVAILABLE, reason="needs Chromium")
def test_in_a_browser(page, work_dir):
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        assert accessibility_faults(driver) == []

        # A crash and the restart appear by themselves.
        driver.execute_script("window.sameDocument = true")
        pid = page.daemon.rpc.supervisor.getProcessInfo("steady")["pid"]
        os.kill(pid, signal.SIGKILL)

        def again():
            info = page.daemon.rpc.supervisor.getProcessInfo("steady")
            return info["pid"] if info["statename"] == "RUNNING" and info["pid"] != pid else None

        again = wait_for(again, "the program to run again")
        wait_text(driver, "tr[data-name=steady] .description", f"pid {again},")
        wait_text(driver, "tr[data-name=steady] .status", "running")

        # Buttons work without loading another page.
        driver.find_element("css selector", "tr[data-name=steady] [data-act=stop]").click()
        wait_text(driver, "#statusmessage", "Process steady stopped")
        wait_text(driver, "tr[data-name=steady] .status", "stopped")
        wait_text(driver, "tr[data-name=chatter] .memory", "B")
        screenshot(driver, "programs")

        # Keyboard: "/" goes to the filter, the filter hides rows, Enter presses a button.
        driver.find_element("tag name", "body").send_keys("/")
        driver.switch_to.active_element.send_keys("chat")
        shown = "return [...document.querySelectorAll('tr[data-name]')].filter((r) => !r.hidden).map((r) => r.dataset.name)"
        wait_for(lambda: driver.execute_script(shown) == ["chatter"], "the filter")
        driver.switch_to.active_element.send_keys(BACKSPACE * len("chat"))
        start = driver.find_element("css selector", "tr[data-name=steady] [data-act=start]")
        driver.execute_script("arguments[0].focus()", start)
        driver.switch_to.active_element.send_keys(ENTER)
        wait_text(driver, "#statusmessage", "Process steady started")
        assert driver.execute_script("return window.sameDocument") is True

        # A program that is added appears.
        page.daemon.configure(PROGRAMS.format(port=page.port, auth="") + "\n[program:late]\ncommand=/bin/sleep 1000\n")
        page.daemon.rpc.supervisor.reloadConfig()
        page.daemon.rpc.supervisor.addProcessGroup("late")
        wait_text(driver, "tr[data-name=late] .status", "running")


@pytest.mark.skipif(not AVAILABLE, reason="needs Chromium")
def test_the_log_in_a_browser(page, work_dir):
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url + "tail.html?processname=chatter")
        wait_text(driver, "#live", "live")
        assert accessibility_faults(driver) == []
        first = wait_text(driver, "#log", "line ")
        wait_for(lambda: driver.find_element("id", "log").text != first, "the log to move")
        assert driver.execute_script("return document.querySelectorAll('#log b').length") == 0

        driver.find_element("id", "pause").click()
        still = driver.find_element("id", "log").text
        size = os.path.getsize(page.daemon.rpc.supervisor.getProcessInfo("chatter")["stdout_logfile"])
        wait_for(lambda: os.path.getsize(page.daemon.rpc.supervisor.getProcessInfo("chatter")["stdout_logfile"]) > size + 40,
                "the program to print more")
        assert driver.find_element("id", "log").text == still
        driver.find_element("id", "search").send_keys("line 1")
        wait_text(driver, "#matches", "matching lines")
        assert driver.find_elements("css selector", "#log mark")
        driver.find_element("id", "pause").click()
        wait_for(lambda: driver.find_element("id", "log").text != still, "the next lines of the log")

        driver.get(page.url + "activity.html")
        wait_text(driver, "#log", "chatter")
        assert accessibility_faults(driver) == []


@pytest.mark.skipif(not AVAILABLE, reason="needs Chromium")
def test_dark_and_small(page, work_dir):
    with browser(work_dir + "/dark", dark=True, width=400, height=900) as driver:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                               {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                               {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        assert accessibility_faults(driver) == []
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
        screenshot(driver, "phone")
