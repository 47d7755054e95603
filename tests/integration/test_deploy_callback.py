# SPDX-License-Identifier: MIT
"""The output of a deployment: steps as tasks, the table of states, and text that no host can turn into commands."""

import contextlib
import json
import pty
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from deploy_host import load_ansible

load_ansible()

from ansible_collections.supervisor_manager.supervisor.plugins.callback import deploy  # noqa: E402
from ansible_collections.supervisor_manager.supervisor.plugins.module_utils.text import (  # noqa: E402
    printable, printable_lines)
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.reports import Reports, table  # noqa: E402


def step(stage, name, result="ok", handler=False, message=None, diff=None, at=None):
    return {"stage": stage, "name": name, "result": result, "handler": handler, "message": message, "diff": diff,
            "at": at}


def result(*steps, **more):
    return dict({"action": "deploy", "steps": list(steps), "status": []}, **more)


# Ansible when it is interrupted: its main thread ends while the one with the results still prints.
INTERRUPTED = """
import sys, threading
sys.path[:0] = %r
from deploy_host import load_ansible
load_ansible()
from ansible.utils.display import Display
display = Display()
from ansible_collections.supervisor_manager.supervisor.plugins.callback import deploy
deploy.CallbackModule()
def results():
    while True:
        display.display("x" * %r)
threading.Thread(target=results, daemon=True).start()
sys.stdin.read()
sys.exit(7)
"""


class Output:
    """A callback that is driven by hand; what it displays is in `lines`."""

    def __init__(self, callback):
        self.callback = callback
        self.lines = []
        self.verbosity = 0
        self.columns = 80
        callback._display = self

    def display(self, text, **_):
        self.lines += text.split("\n")

    def banner(self, text):
        self.lines.append(f"== {text}")

    def task(self, stages, results, compare=False, failed=(), unreachable=(), check=False):
        task = SimpleNamespace(action="supervisor_manager.supervisor.deploy", check_mode=check,
                               args={"plan": "/plan.json", "stages": stages, "compare": compare})
        self.callback.v2_playbook_on_task_start(task, False)
        for host, report in results.items():
            self.callback.v2_runner_on_start(SimpleNamespace(get_name=lambda host=host: host), task)
            told = SimpleNamespace(_task=task, _result=report, _host=SimpleNamespace(get_name=lambda host=host: host))
            if report is None:
                self.callback.v2_runner_on_skipped(told)
            elif host in unreachable:
                self.callback.v2_runner_on_unreachable(told)
            elif host in failed:
                self.callback.v2_runner_on_failed(told)
            else:
                self.callback.v2_runner_on_ok(told)

    def play(self, hosts, task=None):
        """A play begins; without a task it is one of ours."""
        ours = SimpleNamespace(action="supervisor_manager.supervisor.deploy", args={"plan": "/plan.json"})
        self.callback.v2_playbook_on_play_start(SimpleNamespace(
            hosts=hosts, get_tasks=lambda: [task or ours], get_name=lambda: "of the user", check_mode=False))

    def end(self):
        self.callback.v2_playbook_on_stats(SimpleNamespace(processed={}))
        return self.lines


@pytest.fixture
def output(monkeypatch):
    for name in ("DEPLOY_ACTION", "DEPLOY_OUTPUT", "DEPLOY_RESULT"):
        monkeypatch.delenv(name, raising=False)
    return Output(deploy.CallbackModule())


FILES, PROGRAMS = ["files"], ["programs"]


def test_stages_come_in_order_from_the_comparison_or_their_own_task(output):
    output.task(FILES + PROGRAMS, {
        "en1": result(step("files", "Copy"), step("programs", "Restart p", "changed", handler=True)),
        "en2": result(step("files", "Copy", "changed"), step("programs", "Setup p"))}, compare=True)
    assert output.lines == []
    output.task(FILES, {"en1": None, "en2": result(step("files", "Copy", "changed"))})
    output.task(PROGRAMS, {"en1": result(step("programs", "Restart p", "changed", handler=True)), "en2": None})
    copied = ["== TASK [Copy]", "ok: [en1]", "changed: [en2]"]
    assert output.lines == copied
    assert output.end()[:-3] == copied + ["== RUNNING HANDLER [Restart p]", "changed: [en1]", "== TASK [Setup p]",
                                          "ok: [en2]", "== PLAY RECAP"]
    assert output.lines[-3:-1] == [f"en{number}                        : ok=2    changed=1    unreachable=0    failed=0"
                                   for number in (1, 2)]


def test_nothing_to_do_is_printed_at_the_end(output):
    output.task(FILES, {"en1": result(step("files", "Copy"))}, compare=True)
    assert output.end()[:2] == ["== TASK [Copy]", "ok: [en1]"]


def test_what_was_predicted_and_never_done_is_not_reported(output):
    """The run ended after the comparison, for one host or for all."""
    both = ["files", "programs"]
    predicted = result(step("files", "Copy", "changed"), step("programs", "Setup", "ok"))
    output.task(both, {"en1": predicted, "en2": predicted}, compare=True)
    output.task(FILES, {"en1": result(step("files", "Copy", "changed")), "en2": {"msg": "gone"}}, unreachable=["en2"])
    lines = output.end()
    assert lines[:4] == ["unreachable: [en2]: gone", "== TASK [Copy]", "changed: [en1]", "== TASK [Setup]"], lines
    assert [line.split() for line in lines if " : ok=" in line] == [
        ["en1", ":", "ok=2", "changed=1", "unreachable=0", "failed=0"],
        ["en2", ":", "ok=1", "changed=0", "unreachable=1", "failed=0"]], lines


def test_a_failed_comparison_reports_what_failed_and_no_changes(output):
    output.task(FILES, {"en1": result(step("files", "Copy", "changed"), step("files", "Setup", "failed", message="no"))},
                compare=True, failed=["en1"])
    lines = output.end()
    assert lines[:2] == ["== TASK [Setup]", "failed: [en1]: no"] and "ok=0    changed=0 " in lines[3], lines


def test_a_prediction_is_reported(output):
    output.task(FILES, {"en1": result(step("files", "Copy", "changed"))}, compare=True, check=True)
    assert output.end()[:2] == ["== TASK [Copy]", "changed: [en1]"]


def test_messages_and_failures(output):
    failed = step("files", "Copy", "failed", message="no", at="app.yml:1:2")
    output.task(FILES, {"en1": result(step("files", "Remove", message="stays"), failed)}, failed=["en1"])
    assert output.end()[:5] == ["== TASK [Remove]", "ok: [en1]", "    stays", "== TASK [Copy]",
                                "failed: [en1]: no (app.yml:1:2)"]


def test_a_message_of_several_lines(output):
    lines = "p did not start: FATAL\nThe last lines of its output:\n  changed: [en1]\nCorrect it"
    output.task(FILES, {"en1": result(step("files", "Look", message="one\ntwo"),
                                      step("files", "Start", "failed", message=lines, at="app.yml:1:2"))},
                failed=["en1"])
    assert output.end()[:9] == [
        "== TASK [Look]", "ok: [en1]", "    one", "    two", "== TASK [Start]", "failed: [en1]: p did not start: FATAL",
        "    The last lines of its output:", "      changed: [en1]", "    Correct it (app.yml:1:2)"]


def test_hosts_are_shown_in_the_order_of_the_sources(output):
    output.play(["en1", "en2"])
    output.task(FILES, {"en2": result(step("files", "Copy")), "en1": result(step("files", "Copy"))}, compare=True)
    lines = output.end()
    assert lines[:3] == ["== TASK [Copy]", "ok: [en1]", "ok: [en2]"], lines
    assert [line.split()[0] for line in lines if " : ok=" in line] == ["en1", "en2"]


def test_the_table_has_the_hosts_in_the_order_of_the_sources(output):
    output.play(["en2", "en1"])
    told = {name: result(action="status", status=[row("p", "RUNNING")]) for name in ("en1", "en2")}
    output.task(["status"], told)
    assert [line.split()[0] for line in output.end()[1:]] == ["en2", "en1"]


def test_a_playbook_of_the_user_comes_after_what_was_before_it(output):
    """Also if nothing was to do, or only predicted."""
    output.play(["en1"])
    output.task(FILES, {"en1": result(step("files", "Copy", "changed"))}, compare=True, check=True)
    output.play(["en1"], task=SimpleNamespace(action="debug", args={}))
    assert output.lines == ["== TASK [Copy]", "changed: [en1]", "== PLAY [of the user]"], output.lines


def test_a_diff_is_shown(output):
    parts = {"before": "a\n", "after": "b\n", "before_header": "/f", "after_header": "/f"}
    output.task(FILES, {"en1": result(step("files", "One", "changed", diff=parts), step("files", "Two", "changed",
                                                                                        diff=[parts]))})
    assert output.end().count("-a") == 2 and output.lines.count("+b") == 2


def test_the_failure_of_the_last_host_is_all_that_is_said(output):
    output.play(["en1"])
    output.task(FILES, {"en1": result(step("files", "Copy", "failed", message="no"))}, failed=["en1"])
    output.callback.v2_playbook_on_no_hosts_remaining()
    assert output.end()[:3] == ["== TASK [Copy]", "failed: [en1]: no", "== PLAY RECAP"]


def test_a_module_that_broke_is_a_failure(output):
    broken = {"msg": "MODULE FAILURE", "module_stderr": "Traceback\nKeyError: 'x'\n"}
    output.task(FILES, {"en1": broken}, failed=["en1"])
    assert output.end()[:2] == [
        "== TASK [Stage files]", "failed: [en1]: MODULE FAILURE: KeyError: 'x'; --vvv shows all"]


def test_a_text_of_a_host_is_not_obeyed_by_a_terminal(output):
    evil = "a\x1b]0;x\x07\n\u202eb"
    output.task(FILES, {"en1": result(step("files", evil, "changed", message=evil, diff=[
        {"before": "", "after": "\x1b[31mred\n", "before_header": evil, "after_header": evil}]))})
    output.end()
    assert all(line.isprintable() for line in output.lines)
    assert "+\\x1b[31mred" in output.lines and "    a\\x1b]0;x\\x07" in output.lines
    assert "    \\u202eb" in output.lines


def test_printable_leaves_letters_alone():
    assert printable("Größe 中 é\t") == "Größe 中 é\\x09" and printable_lines("a\tb\r\n") == "a\tb\\x0d\n"


def row(program, state, wanted=True, instance_state="RUNNING"):
    return {"supervisor": "tsupv", "instance_state": instance_state, "program": program, "state": state,
            "description": "pid 1" if state else None, "wanted": wanted}


def test_the_table_of_states(output):
    output.task(["status"], {
        "en1": result(action="status", status=[row("web:program1", "RUNNING"), row("p", "FATAL", False)]),
        "host2": result(action="status", status=[row(None, None, False, "STOPPED")])})
    assert output.end() == ["HOST   SUPERVISOR  STATE    PROGRAM       STATE    DESCRIPTION",
                            "en1    tsupv       RUNNING  web:program1  RUNNING  pid 1",
                            "en1    tsupv       RUNNING  p             FATAL    pid 1",
                            "host2  tsupv       STOPPED  -             -        -"]


def test_the_action_is_known_if_no_host_answers(output, monkeypatch, capsys):
    monkeypatch.setenv("DEPLOY_ACTION", "status")
    monkeypatch.setenv("DEPLOY_OUTPUT", "json")
    silent = deploy.CallbackModule()
    silent.v2_playbook_on_stats(SimpleNamespace(processed={"en1": 1}))
    document = json.loads(capsys.readouterr().out)
    assert document["action"] == "status" and list(document["hosts"]) == ["en1"]


@pytest.mark.parametrize("wanted, failed, expected", [(True, False, True), (False, False, False), (True, True, False)])
def test_whether_all_run_that_should(wanted, failed, expected):
    reports = Reports()
    reports.begin(["status"])
    told = result(action="status", status=[row("p", "RUNNING", wanted)])
    reports.take("en1", told, ["status"], failed, "Stage status")
    assert reports.summary()["all_wanted_run"] is expected


def read_all(terminal):
    """What was written to a terminal whose other side is closed."""
    data = b""
    try:
        while True:
            data += os.read(terminal, 65536)
    except OSError:  # nothing is left
        return data


def test_progress_is_one_line_that_goes_away(monkeypatch):
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        output = Output(deploy.CallbackModule())
        output.task(FILES, {"en1": result(), "en2": result()})
        output.end()
    shown = read_all(master).decode()
    os.close(master)
    assert "files: waiting for en1" in shown and "\n" not in shown and shown.endswith("\r\x1b[K")


def test_table_without_hosts_has_its_header():
    assert table(Reports()) == ["HOST  SUPERVISOR  STATE  PROGRAM  STATE  DESCRIPTION"]


@contextlib.contextmanager
def interrupted(length):
    """A process whose thread prints texts of this length; it is interrupted when its standard input ends."""
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED % (sys.path, length)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            assert process.stdout.read1(1) == b"x"
            yield process
        finally:
            process.kill()


def test_an_interrupt_while_results_are_printed_ends_the_run():
    for _ in range(3):
        with interrupted(4000) as process:
            process.communicate(timeout=60)
            assert process.wait() == 7


def test_an_interrupt_while_nobody_reads_the_output_ends_the_run():
    """As with a pager that waits for a key: the text is longer than a pipe holds."""
    with interrupted(1 << 20) as process:
        process.stdin.close()
        assert process.wait(60) == 1
