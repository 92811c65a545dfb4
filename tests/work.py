"""How much a program works, whatever else the machine does: tests assert this, never seconds."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def calls_of(act: Callable[[], Any]) -> int:
    """How many functions, of Python and of C, are called while it runs, whether it ends well or not."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with suppress(Exception):  # what it raises is another test's business
            act()
    finally:
        sys.setprofile(before)
    return calls
