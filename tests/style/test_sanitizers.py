# SPDX-License-Identifier: MIT
"""The helper that skips tests in builds with sanitizers knows which build it has."""

import json

import pytest

import sanitizers


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Makes the build under test one with the given b_sanitize."""
    def make(value):
        (tmp_path / "meson-info").mkdir()
        options = [{"name": "buildtype", "value": "debug"}, {"name": "b_sanitize", "value": value}]
        (tmp_path / "meson-info/intro-buildoptions.json").write_text(json.dumps(options))

    monkeypatch.setenv("SM_BUILD", str(tmp_path))
    sanitizers.sanitizer.cache_clear()
    yield make
    sanitizers.sanitizer.cache_clear()


def test_a_build_with_sanitizers_skips_and_says_why(build):
    build("address,undefined")
    mark = sanitizers.without_sanitizer("it replaces malloc").mark
    assert mark.args == (True,)
    assert mark.kwargs["reason"] == "a build with sanitizers (address,undefined): it replaces malloc"


def test_a_build_without_skips_nothing(build):
    build("none")
    assert sanitizers.without_sanitizer("any").mark.args == (False,)


def test_an_installation_skips_nothing(build):
    assert sanitizers.without_sanitizer("any").mark.args == (False,)
