"""Whether people are on a stage right now: asked before something is tried out there."""

from __future__ import annotations

import contextlib
import time

from django.core.cache import cache

from congress.errors import Refused
from congress.live import calls
from congress.live.sockets import ROLL_CALL
from congress.models import Admission, Stage

ANSWER_SECONDS = 1.5  # within it every process has said who is there
PAGE_SECONDS = 30
_NOTE_SECONDS = 10.0

_noted: dict[int, float] = {}


class NobodyAnswers(Refused):
    """Redis is away: there is no telling who is connected."""


def page_seen(stage_id: int, kind: str) -> None:
    """A page asked for the state over HTTP. Remembered for a moment, that somebody did, not who."""
    if not is_new(stage_id, kind):
        return
    _noted[stage_id] = time.monotonic()
    with contextlib.suppress(Exception):  # without Redis nobody asks for it either
        cache.set(_key(stage_id), 1, PAGE_SECONDS)


def is_new(stage_id: int, kind: str) -> bool:
    """Whether `page_seen` has something to remember."""
    return counts(kind) and time.monotonic() - _noted.get(stage_id, -_NOTE_SECONDS) >= _NOTE_SECONDS


def counts(kind: str) -> bool:
    return kind in Admission.Kind.values and kind != Admission.Kind.REHEARSAL


def people_on(stage: Stage) -> int:
    """How many sockets of admitted people the running servers hold on this stage; pages without socket as one.

    Raises `NobodyAnswers`.
    """
    try:
        by_page = int(cache.get(_key(stage.pk), 0))
        said = calls.ask(ROLL_CALL, [stage.pk], seconds=ANSWER_SECONDS)
    except Exception as error:
        raise NobodyAnswers from error
    by_socket = [count for body in said for kind, count in body.get("here", ()) if counts(kind)]
    return by_page + int(sum(by_socket))


def _key(stage_id: int) -> str:
    return f"watched.{stage_id}"
