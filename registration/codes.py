"""What stands in a code that was scanned at the door, however the scanner's keyboard garbled it.

A hand scanner is a keyboard, as a rule an American one: plugged into a German computer it types z for y, ? for _ and
- for /; with the caps lock on, small letters become large. The checksum of a token tells which reading is right.
`check-in.js` makes the same readings, so that it can keep hashes instead of codes while the network is away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from congress import links
from congress.models import AccessLink, Admission
from registration import tickets

LONGEST = 400
# The word before the letters may stand in capitals; what parts them is read by another keyboard as "?".
_CODE = re.compile(
    r"(badge|ticket|attendee|press|speaker)[_?]([0-9A-Za-z]{49,56})(?![0-9A-Za-z])", re.I
)
_KEYBOARD = str.maketrans("yzYZ", "zyZY")


@dataclass(frozen=True)
class Holder:
    """Whose code it is, and since when it is locked, if it is."""

    admission: Admission
    locked_at: datetime | None = None


def readings(text: str) -> Iterator[str]:
    """Every token that may be meant, the likeliest first. Nothing where the text is no code."""
    for found in _CODE.finditer(text[:LONGEST]):
        kind, letters = found[1].lower(), found[2]
        swapped = letters.translate(_KEYBOARD)
        for read in (letters, swapped, letters.swapcase(), swapped.swapcase()):
            yield f"{kind}_{read}"


def looks_like_one(text: str) -> bool:
    """A code, or what is left of one: nobody types so many letters without a blank."""
    return bool(_CODE.search(text[:LONGEST])) or any(len(word) > 40 for word in text.split())


def holder_of(texts: Iterable[str]) -> Holder | None:
    """Of the first reading that is somebody's."""
    for text in texts:
        for token in readings(text):
            found = _holder_of_token(token)
            if found is not None:
                return found
    return None


def _holder_of_token(token: str) -> Holder | None:
    try:
        if token.startswith(f"{tickets.KIND}_"):
            return _holder_of_ticket(token)
        return holder_of_hashes([links.hashed(token)])
    except links.Incomplete:
        return None


def _holder_of_ticket(token: str) -> Holder | None:
    ticket = tickets.read(token)
    if ticket is None:
        return None
    admission, is_good = ticket
    if is_good:
        return Holder(admission)
    badges = AccessLink.objects.filter(admission=admission, kind=AccessLink.Kind.BADGE)
    ended = badges.filter(revoked_at__isnull=False).order_by("-revoked_at").first()
    return Holder(admission, locked_at=ended.revoked_at if ended is not None else None)


def holder_of_hashes(hashes: Iterable[bytes]) -> Holder | None:
    """The same of what a scanner keeps while the network is away: the hash of a token, as it is stored."""
    for token_hash in hashes:
        link = (
            AccessLink.objects.of_token(token_hash)
            .select_related("admission__person", "admission__edition")
            .first()
        )
        if link is not None and link.admission is not None:
            return Holder(link.admission, locked_at=link.revoked_at)
    return None
