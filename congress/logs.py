"""Log lines: when, what, which request; never a token, a password, an address of a person."""

import contextvars
import logging
import re
from copy import copy

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    SuspiciousOperation,
)
from django.http.multipartparser import MultiPartParserError

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

# What people and robots are answered with a 4xx.
REFUSALS = (BadRequest, MultiPartParserError, PermissionDenied, SuspiciousOperation)

# Personal links and everything that looks like one of their tokens.
_TOKENS = re.compile(
    r"\b(press|proof|confirm|attendee|speaker|moderator|director|screen|badge|ticket|invite|colleague)"
    r"_[0-9A-Za-z]{8,}"
)
_QUERIES = re.compile(r"([?&](?:ticket|key|code|token)=)[^&\s\"']+")
_MAILBOXES = re.compile(r"[^\s@<>\"'=(]+@[^\s@<>\"',)]+\.[^\s@<>\"',)]+")


def masked(text: str) -> str:
    text = _TOKENS.sub(r"\1_…", text)
    text = _QUERIES.sub(r"\1…", text)
    return _MAILBOXES.sub("…@…", text)


class LineFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = request_id.get()
        if record.exc_info and isinstance(record.exc_info[1], REFUSALS):
            # The line says it all; a traceback is for faults of ours.
            record = copy(record)
            record.exc_info, record.exc_text = None, None
        return masked(super().format(record))
