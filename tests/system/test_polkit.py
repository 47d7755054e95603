# SPDX-License-Identifier: MIT
"""Who may do what, as the real polkitd decides: the owner, other accounts, and accounts that a rule names."""

import os

import pytest

from fleet import deploy, entry, program, status, wait_programs
from waiting import wait_for

RULES = "/etc/polkit-1/rules.d/10-test.rules"
# Operators may stop and start one instance, and nothing else; the rule logs each question to the journal.
RULE = """polkit.addRule(function(action, subject) {
  if (action.id.indexOf("org.supervisormanager1.") != 0) return polkit.Result.NOT_HANDLED;
  polkit.log("asked for " + action.id.substring(23) + " verb=" + action.lookup("verb") +
             " instance=" + action.lookup("instance") + " user=" + action.lookup("user") + " by=" + subject.user);
  if (action.id == "org.supervisormanager1.manage-instances" && action.lookup("instance") == "web" &&
      action.lookup("user") == "www" && ["start", "stop"].indexOf(action.lookup("verb")) >= 0 &&
      subject.isInGroup("operators"))
    return polkit.Result.YES;
});
"""


@pytest.fixture
def guarded(machine):
    """Instances web of www and db of data; oscar is an operator, adam is in our own group, eve is neither."""
    entries = {name: entry(name, user) + program(name, f"sleep-{name}", "/bin/sleep 1000")
               for name, user in (("web", "www"), ("db", "data"))}
    deploy(machine, entries, ("www", "data", "oscar", "adam", "eve"))
    machine.write(RULES, RULE)
    machine.run("groupadd", "operators")
    machine.run("usermod", "--append", "--groups", "operators", "oscar")
    machine.run("systemd-sysusers")
    machine.run("usermod", "--append", "--groups", "supervisor-admin", "adam")
    # Without this, polkitd does not show what rules log.
    machine.write("/etc/systemd/system/polkit.service.d/test.conf",
                  "[Service]\nExecStart=\nExecStart=/usr/lib/polkit-1/polkitd\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "polkit.service")
    for name in entries:
        wait_programs(machine, name, 1)
    return machine


def attempt(machine, user, *words):
    """Whether a command of a user is allowed; a refused one must report that as the reason."""
    done = machine.run("supervisor-manager", "--no-ask-password", *words, user=user, check=False)
    assert done.returncode == 0 or "allowed" in done.stderr or "denied" in done.stderr, done.stderr
    return done.returncode == 0


def polkits_words(machine):
    return machine.run("journalctl", "-o", "cat", "--unit", "polkit.service").stdout


def test_the_owner_has_its_instance_and_no_other(guarded):
    assert attempt(guarded, "www", "restart", "web")
    assert attempt(guarded, "www", "disable", "web") and attempt(guarded, "www", "enable", "web")
    for words in (("stop", "db"), ("kill", "db"), ("disable", "db"), ("remove", "web"), ("reload",), ("daemon-reexec",)):
        assert not attempt(guarded, "www", *words), words
    assert status(guarded, "db")["state"] == "running"


def test_a_stranger_may_look_and_nothing_else(guarded):
    assert "web" in guarded.run("supervisor-manager", "list", user="eve").stdout
    for verb in ("start", "stop", "restart", "kill", "enable", "disable", "remove"):
        assert not attempt(guarded, "eve", verb, "web"), verb
    assert not attempt(guarded, "eve", "create", "mine", "user=eve", "group=eve")
    assert status(guarded, "web")["state"] == "running"


def test_a_rule_gives_a_group_what_it_names(guarded):
    assert attempt(guarded, "oscar", "stop", "web")
    assert status(guarded, "web")["state"] == "inactive" and guarded.processes("www") == {}
    assert attempt(guarded, "oscar", "start", "web")
    for words in (("restart", "web"), ("disable", "web"), ("stop", "db"), ("remove", "web")):
        assert not attempt(guarded, "oscar", *words), words
    assert status(guarded, "db")["state"] == "running"

    expected = [f"asked for {asked}" for asked in ("manage-instances verb=stop instance=web user=www by=oscar",
                  "manage-instances verb=stop instance=db user=data by=oscar",
                  "manage-boot verb=disable instance=web user=www by=oscar",
                  "edit-instances verb=remove instance=web user=www by=oscar")]
    wait_for(lambda: all(line in polkits_words(guarded) for line in expected), f"polkit's log to have {expected}")
    guarded.run("supervisor-manager", "stop", "db")
    guarded.run("supervisor-manager", "start", "db", user="data")
    # The manager does not ask polkit about root and owners: the log has the later question, and none for them.
    assert not attempt(guarded, "oscar", "kill", "db")
    wait_for(lambda: "verb=kill instance=db" in polkits_words(guarded), "polkit's log")
    assert "by=root" not in polkits_words(guarded) and "by=data" not in polkits_words(guarded)


def test_our_own_group_controls_all_and_defines_nothing(guarded):
    for name in ("web", "db"):
        assert attempt(guarded, "adam", "restart", name)
        assert attempt(guarded, "adam", "disable", name)
    assert not attempt(guarded, "adam", "remove", "web")
    assert not attempt(guarded, "adam", "create", "mine", "user=root", "group=root")
    assert not attempt(guarded, "adam", "edit", "web", "user=root") and not attempt(guarded, "adam", "reload")
    # Its programs too, and with the ids of their owner only.
    assert attempt(guarded, "adam", "restart-program", "web", "sleep-web")
    for words in (("ctl", "web", "status"), ("logs", "web")):
        assert guarded.run("supervisor-manager", *words, user="adam", check=False).returncode != 0, words


def test_without_polkit_root_and_the_owner(guarded):
    guarded.run("systemctl", "mask", "--now", "polkit.service")
    assert attempt(guarded, "www", "restart", "web")
    assert attempt(guarded, None, "restart", "db")
    for user in ("oscar", "adam", "eve", "data"):
        assert not attempt(guarded, user, "stop", "web"), user
    assert status(guarded, "web")["state"] == "running"
    assert os.path.exists(os.path.join(guarded.root, "usr/share/polkit-1/actions/org.supervisormanager1.policy"))
