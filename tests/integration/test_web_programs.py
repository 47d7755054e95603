# SPDX-License-Identifier: MIT
"""The page of many programs: by forms and links alone, and in a browser."""

import html
import json
import re
import signal

import pytest

from instance_page import Page
from page import AVAILABLE, ENTER, ESCAPE, accessibility_faults, browser, wait_text
from waiting import wait_for

CROWD = """
[inet_http_server]
port=127.0.0.1:{port}
{auth}

[program:broken]
command=/bin/false
startretries=0

[program:zebra]
command=/bin/sleep 100000

[program:crowd]
command=/bin/sleep 100000
process_name=%(program_name)s_%(process_num)03d
numprocs=NUMBER
autostart=false
startsecs=0

[program:aWithANameThatIsLongerThanAnyColumnOfATableHasRoomForAndGoesOnForAWhile]
command=/nonexistent/path/to/a/program/whose/description/is/longer/than/its/column/has/room/for/in/any/window
startretries=0

[program:<b>&"name]
command=/bin/sleep 100000
autostart=false
"""
BROWSER = {"User-Agent": "Mozilla/5.0", "Content-Type": "application/x-www-form-urlencoded"}
HOSTILE = '<b>&"name'


def names(text):
    """The programs that a page shows, in its order."""
    rows = re.findall(r'<tr data-name="([^"]*)"( hidden)?>', text)
    return [html.unescape(name) for name, hidden in rows if not hidden]


def token_of(text):
    return text.partition('name="token" value="')[2].partition('"')[0]


@pytest.fixture
def crowd(daemon):
    def make(number=3, auth=""):
        page = Page(daemon, auth, CROWD.replace("NUMBER", str(number)))
        page.daemon.wait_state("broken", "FATAL")
        page.daemon.wait_state("zebra", "RUNNING")
        return page

    return make


@pytest.mark.parametrize("path, question, undone", [
    ("/index.html?action=stopall", "Stop all programs?", lambda page: page.state("steady") == "RUNNING"),
    ("/index.html?action=restartall", "Restart all programs?", lambda page: page.state("quiet") == "STOPPED"),
    ("/index.html?processname=chatter&action=clearlog", "Clear the log of chatter?",
     lambda page: "bold" in page.daemon.rpc.supervisor.readProcessStdoutLog("chatter", 0, 100)),
])
def test_what_cannot_be_undone_asks_first(daemon, path, question, undone):
    page = Page(daemon)
    page.daemon.wait_state("steady", "RUNNING")
    wait_for(lambda: "bold" in page.daemon.rpc.supervisor.readProcessStdoutLog("chatter", 0, 100), "output")
    token = token_of(page.ask("GET", "/").text)
    ours = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
    typed = {**BROWSER, "Sec-Fetch-Site": "none"}
    for method, headers, body in (("POST", BROWSER, f"token={token}"), ("POST", {"User-Agent": "Lynx"}, f"token={token}"),
                                  ("POST", ours, ""), ("GET", ours, None), ("GET", typed, None),
                                  ("POST", ours, "confirmed=yes")):
        reply = page.ask(method, path, headers, body)
        assert reply.status == 200 and question in reply.text, (method, headers, body)
        assert undone(page)
    form = reply.text.partition('<form action="')[2]
    there = html.unescape(form.partition('"')[0])
    assert "confirmed" not in there
    fields = "&".join(f"{name}={value}" for name, value in re.findall(r'name="(\w+)" value="(\w+)"', form))
    assert page.ask("POST", f"/{there}", BROWSER, fields).status == 301
    assert not undone(page)


def test_counts_order_and_filter_without_scripts(crowd):
    page = crowd()
    text = page.ask("GET", "/").text
    everything = names(text)
    assert everything[:2] == ["aWithANameThatIsLongerThanAnyColumnOfATableHasRoomForAndGoesOnForAWhile", "broken"]
    assert everything[2:] == sorted(everything[2:]) and everything[-1] == "zebra"
    counts = dict(re.findall(r'data-state="(\w*)"[^>]*><b>(\d+)</b>', text))
    assert counts == {"": "7", "fatal": "2", "stopped": "4", "running": "1", "backoff": "0", "unknown": "0",
                      "starting": "0", "stopping": "0", "exited": "0"}
    assert '<span class="tally">3 stopped</span>' in text
    links = {sort: html.unescape(link) for link, sort in re.findall(r'<a href="([^"]*)" data-sort="(\w+)"', text)}
    assert names(page.ask("GET", "/" + links["name"]).text) == sorted(everything)
    back = re.search(r'<a href="([^"]*)" data-sort="name"', page.ask("GET", "/" + links["name"]).text)[1]
    assert names(page.ask("GET", "/" + html.unescape(back)).text) == sorted(everything, reverse=True)
    assert names(page.ask("GET", "/" + links["memory"]).text)[0] == "zebra"
    assert names(page.ask("GET", "/" + links["uptime"]).text)[0] == "zebra"
    fatal = html.unescape(re.search(r'href="([^"]*)" data-state="fatal"', text)[1])
    assert names(page.ask("GET", "/" + fatal).text) == everything[:2]
    assert names(page.ask("GET", "/index.html?filter=CROWD_00&sort=-name").text) == [
        f"crowd:crowd_00{number}" for number in (2, 1, 0)]
    for hostile in ('"><script>', "'%22%3E%3Cscript%3E"):
        for key in ("filter", "state", "sort", "message"):
            assert "<script>" not in page.ask("GET", f"/index.html?{key}={hostile.replace('<', '%3C')}").text


def test_hostile_names_are_text(crowd):
    page = crowd()
    text = page.ask("GET", "/").text
    assert HOSTILE in names(text) and "<b>&" not in text and '&"name' not in text
    start = html.unescape(re.search(r'formaction="([^"]*%3Cb[^"]*action=start)"', text)[1])
    assert page.act("/" + start) == f"Process {HOSTILE} started"
    log = html.unescape(re.search(r'href="(tail[^"]*%3Cb[^"]*)"', text)[1])
    text = page.ask("GET", "/" + log).text
    assert "<b>" not in text and f"<title>{html.escape(HOSTILE)} stdout · supervisor</title>" in text
    name = page.ask("GET", "/download?" + log.partition("?")[2]).headers["Content-Disposition"]
    assert name == 'attachment; filename="_b___name-stdout.log"'


def test_titles_name_program_and_instance(daemon):
    page = Page(daemon)
    for path, title in (("/", "Supervisor Status · supervisor"), ("/activity.html", "Activity log · supervisor"),
                        ("/tail.html?processname=worker:worker_1&channel=stderr", "worker:worker_1 stderr · supervisor")):
        assert f"<title>{title}</title>" in page.ask("GET", path).text


def test_login_and_logout(crowd):
    page = crowd(auth="username=admin\npassword=admin")
    known = {"Authorization": "Basic YWRtaW46YWRtaW4="}
    refused = page.ask("GET", "/")
    assert refused.status == 401 and "You are not logged in" in refused.text
    assert 'href="logout.html" title="Logged in as admin"' in page.ask("GET", "/", known).text
    assert page.ask("GET", "/logout.html", {**known, "Sec-Fetch-Site": "cross-site"}).status == 403
    out = page.ask("GET", "/logout.html", known)
    assert out.status == 401 and out.headers["WWW-Authenticate"] == 'Basic realm="default"'
    cookie = out.headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=Strict") and "Path" not in cookie
    said = {"Cookie": "other=1; " + cookie.partition(";")[0]}
    assert page.ask("GET", "/logout.html", said).status == 401
    again = page.ask("GET", "/logout.html", {**known, **said})
    assert again.status == 301 and again.headers["Location"] == "./" and "Max-Age=0" in again.headers["Set-Cookie"]
    assert "Max-Age=0" in page.ask("GET", "/", {**known, **said}).headers["Set-Cookie"]
    assert page.ask("GET", "/logout.html", {**known, "Cookie": "supervisor_goodbye=0"}).status == 401
    other = crowd()
    assert "logout.html" not in other.ask("GET", "/").text
    assert other.ask("GET", "/logout.html").status == 301


def samples(stream):
    """The memory values in the messages of a page's stream, one after the other."""
    while line := stream.readline().decode():
        message = json.loads(line[6:]) if line.startswith("data: ") else {}
        if "usage" in message:
            yield {usage["name"]: usage["memory"] for usage in message["usage"]}


def test_what_has_not_changed_is_told_once_to_each_page(crowd):
    page = crowd()
    with page.begin("GET", "/events") as stream:
        first = samples(stream)
        assert list(next(first)) == ["zebra"]  # a stopped program uses no memory
        wait_for(lambda: next(first) == {}, "a message without news")
        with page.begin("GET", "/events") as other:
            assert "zebra" in next(samples(other))


def test_a_page_of_one_program_hears_of_that_alone(crowd):
    page = crowd()
    with page.begin("GET", "/events?processname=zebra") as stream:
        page.daemon.rpc.supervisor.startProcess("crowd:crowd_001")
        page.daemon.rpc.supervisor.stopProcess("zebra")
        states = []
        while "STOPPED" not in states:
            line = stream.readline().decode()
            assert line and "usage" not in line
            if line.startswith("data: "):
                programs = json.loads(line[6:])["programs"]
                assert [program["name"] for program in programs] == ["zebra"]
                states.append(programs[0]["state"])
        assert states[0] == "RUNNING"


needs_browser = pytest.mark.skipif(not AVAILABLE, reason="needs Chromium")
SHOWN = """return [...document.querySelectorAll('tr[data-name]')].filter((row) => row.checkVisibility())
    .map((row) => row.dataset.name)"""
TOP = "return document.getElementById('programs').getBoundingClientRect().top"


@needs_browser
def test_a_thousand_programs(crowd, work_dir):
    page = crowd(1000)
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        shown = driver.execute_script(SHOWN)
        assert len(shown) == 1004 and shown[1] == "broken"
        wait_text(driver, "#counts [data-state=fatal]", "2 fatal")
        wait_for(lambda: driver.title == "(2) Supervisor Status · supervisor", "the title")
        # One line for each program, and nothing is wider than the window.
        heights = driver.execute_script(
            "return [...document.querySelectorAll('tr[data-name]')].map((r) => r.getBoundingClientRect().height)")
        assert max(heights) <= 34, max(heights)
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 1280

        # Groups can be folded, and stay folded.
        driver.find_element("css selector", "tbody[data-group=crowd] .fold").click()
        assert len(driver.execute_script(SHOWN)) == 4
        driver.refresh()
        wait_text(driver, "#live", "live")
        wait_for(lambda: len(driver.execute_script(SHOWN)) == 4, "the fold to come back")
        driver.find_element("css selector", "#counts [data-state=stopped]").click()
        assert len(driver.execute_script(SHOWN)) == 1001  # a filter shows its matches in folded groups too
        driver.find_element("css selector", "#counts [data-state=stopped]").click()

        # An update changes neither rows nor filter nor event handlers.
        driver.find_element("id", "filter").send_keys("crowd_01")
        wanted = [f"crowd:crowd_01{number}" for number in range(10)]
        wait_for(lambda: driver.execute_script(SHOWN) == wanted, "the filter")
        driver.execute_script("document.querySelector('[data-name=\"crowd:crowd_011\"]').kept = true;"
                              "document.querySelector('[data-name=\"crowd:crowd_011\"] details').open = true")
        config = page.daemon.read("supervisord.conf")
        page.daemon.configure(config.partition("[rpcinterface:supervisor]")[2].partition("[supervisorctl]")[2]
                              .partition("\n\n")[2] + "\n[program:late_crowd_01]\ncommand=/bin/sleep 1000\n")
        page.daemon.rpc.supervisor.reloadConfig()
        page.daemon.rpc.supervisor.addProcessGroup("late_crowd_01")
        page.daemon.rpc.supervisor.removeProcessGroup("broken")
        wait_for(lambda: sorted(driver.execute_script(SHOWN)) == sorted([*wanted, "late_crowd_01"]), "the new program")
        wait_for(lambda: not driver.find_elements("css selector", "[data-name=broken]"), "the end of the old one")
        wait_text(driver, "#counts [data-state='']", "1004 programs")
        assert driver.find_element("id", "filter").get_property("value") == "crowd_01"
        assert driver.execute_script("const row = document.querySelector('[data-name=\"crowd:crowd_011\"]');"
                                     "return row.kept && row.querySelector('details').open") is True
        driver.find_element("css selector", "[data-name=late_crowd_01] [data-act=stop]").click()
        wait_text(driver, "[data-name=late_crowd_01] .status", "stopped")
        driver.find_element("css selector", "[data-name='crowd:crowd_012'] [data-act=start]").click()
        wait_text(driver, "[data-name='crowd:crowd_012'] .status", "running")
        assert "crowd_01" in driver.current_url


@needs_browser
def test_nothing_moves_under_the_pointer_and_what_is_final_asks(crowd, work_dir):
    page = crowd()
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        top, order = driver.execute_script(TOP), driver.execute_script(SHOWN)
        stop = driver.find_element("css selector", "tr[data-name=zebra] [data-act=stop]")
        stop.click()
        wait_text(driver, "#statusmessage", "Process zebra stopped")
        assert driver.execute_script(TOP) == top
        wait_text(driver, "tr[data-name=zebra] .status", "stopped")
        # A program that fails moves to the top, unless the pointer is over the table.
        page.daemon.rpc.supervisor.startProcess("zebra")
        assert driver.execute_script(SHOWN) == order
        driver.find_element("id", "dismiss").click()
        assert driver.execute_script(TOP) == top

        # The menu with the keyboard.
        summary = driver.find_element("css selector", "tr[data-name=zebra] summary")
        driver.execute_script("arguments[0].focus()", summary)
        driver.switch_to.active_element.send_keys(ENTER)
        assert accessibility_faults(driver) == []
        clear = driver.find_element("css selector", "tr[data-name=zebra] [data-act=clearlog]")
        menu = driver.find_element("css selector", "tr[data-name=zebra] details")
        assert menu.get_property("open") is True
        clear.send_keys(ENTER)
        wait_text(driver, "dialog", "Clear the log of zebra?")
        driver.switch_to.active_element.send_keys(ESCAPE)
        wait_for(lambda: not driver.find_elements("css selector", "dialog"), "the question to go")
        assert menu.get_property("open") is True
        driver.switch_to.active_element.send_keys(ESCAPE)
        wait_for(lambda: not menu.get_property("open"), "the menu to close")

        for answer, state in ((0, "RUNNING"), (1, "STOPPED")):
            driver.find_element("css selector", "[data-act=stopall]").click()
            wait_text(driver, "dialog", "Stop all programs?")
            driver.find_elements("css selector", "dialog button")[answer].click()
            wait_for(lambda: page.state("zebra") == state, state)
        wait_text(driver, "#statusmessage", "All stopped at ")
        assert driver.execute_script(TOP) == top

        # Columns can be sorted.
        driver.find_element("css selector", "[data-sort=name]").click()
        assert driver.execute_script(SHOWN) == sorted(order)
        driver.find_element("css selector", "[data-sort=name]").click()
        assert driver.execute_script(SHOWN) == sorted(order, reverse=True)
        assert driver.find_element("css selector", "th.name").get_attribute("aria-sort") == "descending"


@needs_browser
def test_the_page_goes_on_after_a_restart(crowd, work_dir):
    page = crowd()
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        driver.execute_script("window.sameDocument = true")
        before = driver.execute_script("return document.querySelector('[name=token]').value")
        page.daemon.kill(signal.SIGHUP)
        wait_for(lambda: driver.execute_script("return document.querySelector('[name=token]').value") != before,
                "the new server's token", limit=60)
        wait_text(driver, "#live", "live")
        driver.find_element("css selector", "[data-act=restartall]").click()
        wait_text(driver, "dialog", "Restart all programs?")
        driver.find_elements("css selector", "dialog button")[1].click()
        wait_text(driver, "#statusmessage", "All restarted at ")
        assert driver.execute_script("return window.sameDocument") is True


@needs_browser
def test_a_browser_logs_out(crowd, work_dir):
    page = crowd(auth="username=admin\npassword=admin")
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url.replace("//", "//admin:admin@"))
        for _ in range(2):
            driver.get(page.url)
            wait_text(driver, "#live", "live")
        driver.find_element("link text", "Log out admin").click()
        # Now the browser asks for the password, and nobody answers.
        driver.get(page.url)
        assert not driver.find_elements("id", "programs")


WAITING = """
[inet_http_server]
port=127.0.0.1:{port}
{auth}

[program:later]
command=/bin/sh -c 'exit 3'
startsecs=0
restart_delay=1h

[program:over]
command=/bin/sh -c 'exit 3'
startsecs=0
autorestart=false
"""


def test_a_start_that_is_due_can_be_cancelled(daemon):
    page = Page(daemon, programs=WAITING)
    for name in ("later", "over"):
        page.daemon.wait_state(name, "EXITED")
    text = page.ask("GET", "/").text
    hidden = {name: re.search(rf'<tr data-name="{name}".*?<button[^>]*data-act="stop"([^>]*)>', text, re.DOTALL)[1]
              for name in ("later", "over")}
    assert "hidden" in hidden["over"] and "hidden" not in hidden["later"]
    with page.begin("GET", "/events") as stream:
        programs = None
        while not programs:
            line = stream.readline().decode()
            programs = json.loads(line[6:]).get("programs") if line.startswith("data: ") else None
    assert {program["name"]: program.get("waits") for program in programs} == {"later": True, "over": None}


@needs_browser
def test_a_start_that_is_due_is_cancelled_in_a_browser(daemon, work_dir):
    page = Page(daemon, programs=WAITING)
    for name in ("later", "over"):
        page.daemon.wait_state(name, "EXITED")
    with browser(work_dir + "/profile") as driver:
        driver.get(page.url)
        wait_text(driver, "#live", "live")
        assert not driver.find_element("css selector", "[data-name=over] [data-act=stop]").is_displayed()
        driver.find_element("css selector", "[data-name=later] [data-act=stop]").click()
        wait_text(driver, "[data-name=later] .status", "stopped")
        wait_for(lambda: not driver.find_element("css selector", "[data-name=later] [data-act=stop]").is_displayed(),
                 "the button to go")
