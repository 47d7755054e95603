# SPDX-License-Identifier: MIT
"""The pages of logs: history, search, streams, downloads; by links alone, and in a browser."""

import contextlib
import html
import json
import os
import re
import signal

import pytest

from instance_page import Page
from page import AVAILABLE, accessibility_faults, browser, screenshot, wait_text
from waiting import wait_for

PROGRAMS = """
[inet_http_server]
port=127.0.0.1:{port}
{auth}

[program:teller]
command=/bin/sh -c 'n=0; while read line; do echo "$line"; echo "err $line" >&2; done'
stdout_logfile=%(here)s/teller.log
stderr_logfile=%(here)s/teller.err
stdout_logfile_backups=3

[program:joined]
command=/bin/cat
redirect_stderr=true
stdout_logfile=%(here)s/joined.log
"""
QUERY = "processname=teller"


class Log(Page):
    """An instance with a program whose log was rotated: 6,000 lines in three files."""

    def __init__(self, daemon):
        super().__init__(daemon, programs=PROGRAMS)
        self.daemon.wait_state("teller", "RUNNING")
        self.path = os.path.join(self.daemon.directory, "teller.log")
        self.lines = [f"{number:05d} some text of the line" for number in range(6000)]
        self.lines[7] += " <b>Needle</b> \033[31mred\033[0m"
        for suffix, begin in ((".2", 0), (".1", 2000), ("", 4000)):
            with open(self.path + suffix, "a", encoding="ascii") as file:
                file.writelines(line + "\n" for line in self.lines[begin:begin + 2000])

    def tell(self, text):
        self.daemon.rpc.supervisor.sendProcessStdin("teller", text + "\n")

    def json(self, parameters=""):
        return json.loads(self.ask("GET", f"/log.json?{QUERY}{parameters}").text)

    def shown(self, address):
        """The text of a page's log, and {text of a link: its target}."""
        text = self.ask("GET", "/" + address).text
        links = {word: html.unescape(link) for link, word in re.findall(r'href="([^"]*)"[^>]*>([^<]*)</a>', text)}
        return html.unescape(re.search(r"<pre [^>]*>\n(.*)</pre>", text, re.DOTALL)[1]), links


@pytest.fixture
def log(daemon):
    return Log(daemon)


@contextlib.contextmanager
def events(page, parameters="", headers=()):
    """The pieces of a log's stream."""

    def pieces(stream):
        place = None
        while line := stream.readline().decode():
            if line.startswith("id: "):
                place = line[4:].strip()
            if line.startswith("data: "):
                piece = json.loads(line[6:])
                assert piece["end"] == place
                yield piece

    with page.begin("GET", f"/log-events?{QUERY}{parameters}", headers) as stream:
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.readline() == b"retry: 2000\n"
        yield pieces(stream)


def test_a_page_begins_at_a_line_and_leads_to_the_others(log):
    address, seen = f"tail.html?{QUERY}", []
    while address:
        text, links = log.shown(address)
        lines = text.split("\n")
        assert lines.pop() == ""
        assert re.match(r"\d{5} some text", lines[0])
        seen[:0] = lines
        address = links.get("Older")
    assert seen == [line.replace("\033[31m", "").replace("\033[0m", "") for line in log.lines]
    text, links = log.shown(links["Newer"])
    assert "<b>Needle</b>" not in log.ask("GET", f"/tail.html?{QUERY}").text
    assert log.shown(links["Newest"])[0].endswith("05999 some text of the line\n")


def test_search_without_scripts_finds_in_all_files(log):
    address, found = f"tail.html?{QUERY}&search=nEEdle", {}
    while address:
        _, links = log.shown(address)
        found.update((words, link) for words, link in links.items() if "Needle" in words)
        address = links.get("Search further back")
    assert len(found) == 1
    text, _ = log.shown(list(found.values())[0])
    assert text.startswith("00007 some text of the line <b>Needle</b> red\n00008")
    assert "<b>Needle" not in log.ask("GET", f"/tail.html?{QUERY}&search=%3Cb%3ENeedle").text


def test_what_the_script_reads(log):
    parts, place = [], ""
    while True:
        part = log.json(f"&limit=65536{place}")
        parts.insert(0, part["text"])
        if not part["older"]:
            break
        place = "&before=" + part["older"]
    assert "".join(parts) == "".join(line + "\n" for line in log.lines)
    assert log.json("&before=1-2-3.5") is None
    for wrong in ("/log.json", "/log.json?processname=none", "/log.json?processname=teller%3A*"):
        assert log.ask("GET", wrong).text == "null"
    assert log.ask("GET", "/log-events?processname=none").status == 404
    elsewhere = {"User-Agent": "Mozilla/5.0", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    for path in ("log.json", "log-events", "download"):
        assert log.ask("GET", f"/{path}?{QUERY}", elsewhere).status == 403


def test_channels_and_downloads(log):
    log.tell("out")
    wait_for(lambda: "err out" in log.daemon.read("teller.err"), "the output")
    text, links = log.shown(f"tail.html?{QUERY}")
    assert text.endswith("out\n") and "err" not in text
    assert log.shown(links["stderr"])[0] == "err out\n"
    assert "stderr" not in log.shown("tail.html?processname=joined")[1]
    reply = log.ask("GET", "/" + links["Download"])
    assert reply.headers["Content-Disposition"] == 'attachment; filename="teller-stdout.log"'
    assert reply.text == log.daemon.read("teller.log")
    assert log.ask("GET", "/download?log=activity").text.startswith("20")
    assert log.ask("GET", "/download?processname=none").status == 404


def test_a_stream_goes_on_where_it_was_cut_off(log):
    with events(log) as stream:
        log.tell("first")
        piece = next(stream)
        assert piece["text"] == "first\n" and piece["restarted"] is False
    log.tell("second")
    wait_for(lambda: "second" in log.daemon.read("teller.log"), "the output")
    # Rotated while no page was open, as logrotate does.
    os.rename(log.path, log.path + ".1")
    log.daemon.kill(signal.SIGUSR2)
    wait_for(lambda: os.path.exists(log.path), "the new file")
    log.tell("third")
    for parameters, headers in ((f"&from={piece['end']}", {}), ("&from=1-2-3.4", {"Last-Event-ID": piece["end"]})):
        with events(log, parameters, headers) as stream:
            assert [next(stream)["text"], next(stream)["text"]] == ["second\n", "third\n"]
    # After truncation it starts again: the file of that position does not exist any more.
    os.remove(log.path + ".1")
    log.daemon.rpc.supervisor.clearProcessLogs("teller")
    log.tell("fourth")
    with events(log, f"&from={piece['end']}") as stream:
        piece = next(stream)
        assert piece["text"] == "fourth\n" and piece["restarted"] is True


needs_browser = pytest.mark.skipif(not AVAILABLE, reason="needs Chromium")
LINES = "return document.getElementById('log').textContent.split('\\n')"


@needs_browser
def test_scrolling_up_and_search_reach_the_first_line(log, work_dir):
    with browser(work_dir + "/profile") as driver:
        driver.get(log.url + f"tail.html?{QUERY}")
        wait_text(driver, "#live", "live")
        assert driver.title == "teller stdout · supervisor"
        assert driver.execute_script(LINES)[0].startswith("0")
        assert accessibility_faults(driver) == []

        def first_shown():
            driver.execute_script("document.getElementById('log').scrollTop = 0")
            return driver.execute_script(LINES)[0].startswith("00000 ")

        wait_for(first_shown, "the first line")
        assert driver.execute_script(LINES)[:6000] == [
            line.replace("\033[31m", "").replace("\033[0m", "") for line in log.lines]
        log.tell("the newest")
        wait_text(driver, "#log", "the newest")

        driver.refresh()
        wait_text(driver, "#live", "live")
        driver.find_element("id", "search").send_keys("needle")
        wait_text(driver, "#matches", "1 matching line in all of the log")
        screenshot(driver, "log")
        driver.find_element("css selector", "#results a").click()
        wait_text(driver, "#log mark", "Needle")
        assert not driver.find_elements("css selector", "#log b, #results b")
        log.tell("while older lines are shown")
        wait_text(driver, "#live", "older lines")
        driver.find_element("id", "newest").click()
        wait_text(driver, "#log", "while older lines are shown")
        wait_text(driver, "#live", "live")


@needs_browser
def test_the_log_page_shows_and_does(log, work_dir):
    with browser(work_dir + "/profile") as driver:
        driver.get(log.url + f"tail.html?{QUERY}")
        wait_text(driver, "#live", "live")
        driver.find_element("css selector", "[data-act=stop]").click()
        wait_text(driver, "#actions .status", "stopped")
        wait_text(driver, "#statusmessage", "Process teller stopped")
        driver.find_element("css selector", "[data-act=start]").click()
        wait_text(driver, "#actions .status", "running")

        # No line is lost over a restart of the daemon.
        log.tell("before")
        wait_text(driver, "#log", "before")
        log.daemon.kill(signal.SIGHUP)
        wait_text(driver, "#live", "connection lost")
        wait_text(driver, "#live", "live")
        log.daemon.wait_ready()
        log.daemon.wait_state("teller", "RUNNING")
        log.tell("behind")
        wait_text(driver, "#log", "before\nbehind")
        wait_text(driver, "#actions .status", "running")

        driver.find_element("css selector", "[data-act=clearlog]").click()
        wait_text(driver, "dialog", "Clear the log of teller?")
        driver.find_elements("css selector", "dialog button")[1].click()
        wait_text(driver, "#statusmessage", "Log for teller cleared")
        log.tell("after")
        wait_text(driver, "#log", "the log was restarted --\nafter")
