"""Addresses of the streams: signed with an end where the host's server checks it (nginx, `secure_link`).

An address with `{token}` in it, `https://stream.example/s/{token}/plenum/index.m3u8`, is given to viewers as
`…/s/<signature>/<end>/plenum/index.m3u8`. Segments are named relative to their playlist, so they carry it too, and no
playlist holds one. All others are given as they are. The server's part: docs/streams.md.
"""

from __future__ import annotations

import hashlib
import time
from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TOKEN = "{token}"  # noqa: S105  # where it stands in an address
# Long enough to look away for a while, short enough for whoever may not watch any more.
MINUTES = 10


def ends_at(now: float | None = None) -> int:
    """Until when what is signed now is good (Unix time): nine to ten minutes, the same for all viewers of a minute."""
    return (int(time.time() if now is None else now) // 60 + MINUTES) * 60


def signed(address: str, end: int) -> str:
    """The address with its token. One without `{token}` is left alone."""
    if TOKEN not in address:
        return address
    start, _token, rest = address.partition(f"{TOKEN}/")
    # The form is nginx's, which knows MD5 alone: secure_link_md5 "<end> <stream> <secret>".
    text = f"{end} {rest.rpartition('/')[0]} {settings.STREAM_SECRET}"
    digest = hashlib.md5(text.encode()).digest()  # noqa: S324
    signature = urlsafe_b64encode(digest).rstrip(b"=").decode()
    return f"{start}{signature}/{end}/{rest}"


def validate_address(address: str) -> None:
    """What may stand as the address of a stream: of the web, or a path of this site. Raises `ValidationError`."""
    parts = urlsplit(address)
    own_path = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    if not own_path and not (parts.scheme in {"http", "https"} and parts.netloc):
        raise ValidationError(
            _("Please enter an address that begins with https:// or with a slash.")
        )
    if TOKEN not in address:
        return
    before, _token, rest = parts.path.partition(f"{TOKEN}/")
    if not before.endswith("/") or "/" not in rest or TOKEN in rest:
        raise ValidationError(
            _(
                "{token} stands between two slashes, before the folder of the stream: /s/{token}/plenum/index.m3u8"
            )
        )
    if not settings.STREAM_SECRET:
        raise ValidationError(
            _(
                "Signed addresses need STREAM_SECRET on the server. Whoever operates it knows how to set it."
            )
        )
