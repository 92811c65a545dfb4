"""The two addresses of the twin that everybody asks all the time, answered without the framework's way around.

A page without a socket asks for the state every few seconds: two thousand of them would keep the middleware busy and
nobody would be served. Here the person is found as a socket's is (`congress.live.entry`: one query for all who ask
within a few milliseconds), the state comes from memory, votes go the way of a socket's.

Only what is in order is answered here. Everything else goes on to the views, which know how to refuse: no session, no
admission, a foreign host or origin, a missing CSRF token, a plain form.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.middleware.csrf import (  # type: ignore[attr-defined]  # the middleware's own rules, unknown to the stubs;
    InvalidTokenFormat,
    _check_token_format,
    _does_token_match,  # tests/polls/test_twin.py holds both ways to the same answers
)
from django.utils.translation import override

from congress.live import entry
from congress.live.batches import Busy
from congress.live.database import in_database
from congress.live.entry import OBSERVER, Visitor, Wanted
from congress.live.frames import LARGEST_FRAME, BadFrame, decode, read, reply_id
from congress.live.limits import buckets
from congress.live.origins import header, is_ours
from congress.live.sockets import Declined, error_body, serialised
from polls import headcount, live, presence, voting, whereabouts
from polls.live import StagePicture
from polls.own import Own

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

STATUS = {
    "bad_frame": 400,
    "forbidden": 403,
    "not_admitted": 403,
    "not_found": 404,
    "poll_closed": 409,
    "too_long": 413,
    "too_fast": 429,
    "busy": 503,
}

# The edition's slug as in congress.urls.
_HOT = re.compile(
    r"^(?:/en)?/(?P<edition>\d{4}(?:-[a-z0-9-]{1,34})?)/live/(?P<stage>[-a-zA-Z0-9_]{1,40})/"
    r"(?P<what>state\.json|me\.json|vote/)$"
)
# What the middleware says about pages, as far as it matters to data.
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"vary", b"Cookie"),
]
_STRICT_TRANSPORT = b"strict-transport-security"


class Twin:
    """In front of the pages."""

    def __init__(self, pages: Any) -> None:
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hot = _HOT.match(scope["path"])
        if hot is None or not _is_in_order(scope):
            await self.pages(scope, receive, send)
            return
        wanted = Wanted(entry.session_key(scope), hot["edition"], hot["stage"])
        votes = hot["what"] == "vote/"
        if (scope["method"] != ("POST" if votes else "GET")) or not wanted.session_key:
            await self.pages(scope, receive, send)
            return
        if votes and not _may_be_posted(scope):
            await self.pages(scope, receive, send)
            return
        try:
            visitor = await entry.door.ask(wanted)
        except Busy as busy:
            await _refuse(
                send, "busy", None, settings.LANGUAGE_CODE, retry_after_ms=busy.retry_after_ms
            )
            return
        if not isinstance(visitor, Visitor) or (votes and visitor.kind == OBSERVER):
            await self.pages(scope, receive, send)
        elif votes:
            await _vote(visitor, receive, send)
        elif hot["what"] == "me.json":
            own = Own.of(visitor.personal)
            body = serialised(own.frame | {"kind": visitor.kind})
            await _answer(send, 200, body, (b"cache-control", b"private, no-store"))
        else:
            await _show(visitor, scope, send)


async def _show(visitor: Visitor, scope: Scope, send: Send) -> None:
    memory = live.memory_of(visitor.stage)
    picture: StagePicture = memory.newest() or await in_database(memory.fresh)
    headcount.page_asked(visitor.stage, visitor.person)
    whereabouts.listen()
    if presence.is_new(visitor.stage, visitor.kind):
        await in_database(presence.page_seen, visitor.stage, visitor.kind)
    audience = picture.audience(
        visitor.kind, moderates=visitor.moderates, voted=visitor.personal["voted"]
    )
    etag = picture.etag(audience)
    versions = [(b"etag", etag.encode()), (b"cache-control", b"private, no-cache")]
    known = {tag.strip() for line in header(scope, b"if-none-match") for tag in line.split(",")}
    if not known.isdisjoint({etag, etag.removeprefix("W/"), "*"}):
        await _answer(send, 304, "", *versions)
    else:
        await _answer(send, 200, picture.frame("state", audience), *versions)


async def _vote(visitor: Visitor, receive: Receive, send: Send) -> None:
    reply_to: str | None = None
    try:
        content = await _content(receive)
        reply_to = reply_id(content)
        frame = read(content, voting.SHAPES)
        if not buckets.take(visitor.person):
            raise Declined("too_fast", retry_after_ms=1000)
        ballot = voting.ballot_of(
            frame,
            person=visitor.person,
            stage=visitor.stage,
            may_vote=visitor.may_vote,
            is_press=visitor.is_press,
        )
        already = await voting.cast(ballot)
    except BadFrame as bad:
        await _refuse(send, bad.code, bad.reply_to or reply_to, visitor.language)
    except Declined as declined:
        await _refuse(send, declined.code, reply_to, visitor.language, **declined.more)
    except Busy as busy:
        more = {"retry_after_ms": busy.retry_after_ms}
        await _refuse(send, "busy", reply_to, visitor.language, **more)
    else:
        answer: dict[str, Any] = {"type": "ack", "id": reply_to}
        if already:
            answer["already"] = True
        await _answer(send, 200, serialised(answer), (b"cache-control", b"private, no-store"))


async def _content(receive: Receive) -> dict[str, Any]:
    """The fields of the vote. Raises `BadFrame`."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadFrame
        body += message.get("body", b"")
        if len(body) > LARGEST_FRAME:
            raise BadFrame("too_long")
        if not message.get("more_body"):
            break
    try:
        content = decode(body.decode())
    except UnicodeDecodeError as error:
        raise BadFrame from error
    if content.get("type", "vote") != "vote":
        raise BadFrame
    return content | {"type": "vote"}


def _is_in_order(scope: Scope) -> bool:
    """Called by one of our names, and over https where that is the rule."""
    hosts = header(scope, b"host")
    if len(hosts) != 1 or not validate_host(split_domain_port(hosts[0])[0], settings.ALLOWED_HOSTS):
        return False
    if not settings.SECURE_SSL_REDIRECT:
        return True
    name, value = settings.SECURE_PROXY_SSL_HEADER or ("HTTP_X_FORWARDED_PROTO", "https")
    sent = name.removeprefix("HTTP_").replace("_", "-").lower().encode()
    return scope.get("scheme") == "https" or header(scope, sent) == [value]


def _may_be_posted(scope: Scope) -> bool:
    """JSON from a page of ours, with the token that Django's middleware would ask for."""
    if [value.partition(";")[0] for value in header(scope, b"content-type")] != [
        "application/json"
    ]:
        return False
    cookie, tokens = _cookie(scope, settings.CSRF_COOKIE_NAME), header(scope, b"x-csrftoken")
    if not cookie or len(tokens) != 1 or not is_ours(scope):
        return False
    try:
        _check_token_format(cookie)
        _check_token_format(tokens[0])
    except InvalidTokenFormat:
        return False
    return bool(_does_token_match(tokens[0], cookie))


def _cookie(scope: Scope, name: str) -> str:
    for line in header(scope, b"cookie"):
        try:
            morsel = SimpleCookie(line).get(name)
        except CookieError:
            continue
        if morsel is not None:
            return morsel.value
    return ""


async def _refuse(send: Send, code: str, reply_to: str | None, language: str, **more: Any) -> None:
    with override(language):
        body: Mapping[str, Any] = error_body(code, reply_to=reply_to, **more)
    headers = [(b"cache-control", b"private, no-store")]
    if "retry_after_ms" in more:
        headers.append((b"retry-after", str(max(1, more["retry_after_ms"] // 1000)).encode()))
    await _answer(send, STATUS[code], serialised(body), *headers)


async def _answer(send: Send, status: int, body: str, *more: tuple[bytes, bytes]) -> None:
    content = body.encode()
    headers = [*_HEADERS, *more, (b"x-request-id", secrets.token_hex(4).encode())]
    if settings.SECURE_HSTS_SECONDS:
        age = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
        headers.append((_STRICT_TRANSPORT, age.encode()))
    if status != 304:
        headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
