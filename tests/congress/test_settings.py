"""An installation that lacks something says so at once, in a sentence; what is unsafe is off unless asked for."""

import os
import subprocess
import sys

import pytest

from congress.local.places import ROOT

WHOLE = {
    "SECRET_KEY": "x" * 60,
    "SITE_URLS": "https://fachkongress.example",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}


def settings_with(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Read anew, by a process that knows nothing of the tests."""
    return subprocess.run(
        [sys.executable, "-c", "import congress.settings as s; print(s.DEBUG, s.DEMO, s.SECURE)"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_debugging_and_the_demonstration_are_off_unless_asked_for():
    assert settings_with(**WHOLE).stdout.split() == ["False", "False", "True"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SITE_URLS": ""}, "SITE_URLS is not set"),
        ({"SITE_URLS": "http://fachkongress.example"}, "must begin with an https address"),
        ({"SITE_URLS": "https://fachkongress.example/weg"}, "expected scheme and host only"),
    ],
)
def test_what_is_missing_or_unsafe_is_said(changed, words):
    refused = settings_with(**WHOLE | changed)

    assert refused.returncode != 0
    assert words in refused.stderr
