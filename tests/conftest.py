# SPDX-License-Identifier: MIT
"""Fixtures that every Python test may use. Run one suite by hand with

  SM_BUILD=build /usr/bin/python3 -m pytest tests/integration

  work_dir    an empty directory with a short name (a socket's path has 107 bytes) that any account may enter; removed
             afterwards
  cleanup    ExitStack: what a test pushes on it (callback, enter_context) is undone when the test ends
  bus        a private D-Bus daemon, `bus.address`
  account    makes throwaway accounts: account("tsup") -> pwd entry of tsup and this process's pid, so that two runs
             do not meet; skips the test without root
  daemon     starts supervisord, Debian's or ours: daemon("[program:cat]\\n...", kind="ours") -> running Daemon
  kept       starts ours with a keeper of its descriptors, so that a successor takes over after a crash

The classes behind them are in tests/support: programs, waiting, daemon, bus, accounts. Tests wait for conditions
(`waiting.wait_for`), never for a fixed time.
"""

import contextlib
import os
import shutil
import signal
import tempfile

import pytest

from accounts import Account
from bus import PrivateBus
from daemon import Daemon
from shared_files import SharedFiles
from store_keeper import KeptDaemon

# A shell's background jobs ignore these signals, and every program that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
# So do those below nohup. The tests themselves continue without a terminal: a handler is not inherited.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def pytest_configure(config):
    # scripts/test: several runs of a suite share its files. Not for what the tests run.
    if directory := os.environ.pop("SM_SHARED_FILES", None):
        config.pluginmanager.register(SharedFiles(directory))


@pytest.fixture
def cleanup():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def work_dir():
    path = tempfile.mkdtemp(prefix="sm-", dir="/tmp")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def bus(work_dir):
    with PrivateBus(work_dir) as running:
        yield running


@pytest.fixture
def account(cleanup):
    def make(name="smtest"):
        if os.getuid() != 0:
            pytest.skip("accounts need root")
        return cleanup.enter_context(Account(f"{name}{os.getpid()}")).entry

    return make


@pytest.fixture
def daemon(work_dir, cleanup):
    def start(config="", kind="ours", **options):
        directory = tempfile.mkdtemp(prefix=f"{kind}-", dir=work_dir)
        return cleanup.enter_context(Daemon(kind, directory, config, **options))

    return start


@pytest.fixture
def kept(work_dir, cleanup):
    def start(config="", **options):
        directory = tempfile.mkdtemp(prefix="kept-", dir=work_dir)
        return cleanup.enter_context(KeptDaemon(directory, config, **options))

    return start
