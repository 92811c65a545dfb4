"""Lines of the log: what is a fault of ours comes with its traceback, what was refused in one line."""

import logging
import sys

import pytest
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig

from congress.logs import LineFormatter


def line(error):
    try:
        raise error
    except Exception:  # noqa: BLE001  # whatever it is, it is logged
        record = logging.LogRecord(
            "django.request", logging.WARNING, "", 0, "Said: %s", ("/2021/",), sys.exc_info()
        )
    text = LineFormatter().format(record)
    assert record.exc_info is not None  # other handlers still have it
    return text


@pytest.mark.parametrize("refusal", [PermissionDenied(), DisallowedHost("x"), RequestDataTooBig()])
def test_a_refusal_is_one_line(refusal):
    assert line(refusal).splitlines()[0].endswith("Said: /2021/")
    assert len(line(refusal).splitlines()) == 1


def test_a_fault_comes_with_its_traceback():
    assert "Traceback" in line(RuntimeError("broken"))
    assert line(RuntimeError("broken")).endswith("RuntimeError: broken")
