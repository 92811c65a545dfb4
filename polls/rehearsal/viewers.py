"""Simulated viewers: one open page each, by socket or by the HTTP twin; they behave as `live.js` does."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import secrets
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polls.rehearsal.crowd import Crowd

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
VOTE_ID, ASK_ID = "g", "f"
WORD_CLOUD = "word_cloud"
# What simulated viewers write: few words, since everybody is sent all of them.
VOCABULARY = ("Vertrauen", "Mut", "Zeit", "Register", "Standards", "Geduld", "Zusammenarbeit")

# As live.js: how often a page without socket asks, and how much it gives way under load.
ASK_SECONDS, LONGEST_ASK_SECONDS, LOOK_AFTER_VOTE_SECONDS = 2.5, 20.0, 0.3
GIVE_WAY = 10


@dataclass(slots=True)
class News:
    """What one frame says. The same bytes are read once for everybody."""

    kind: str
    seq: int = -1
    poll: int | None = None
    state: str = ""
    asks: str = ""  # the kind of the poll
    least: int = 1
    options: tuple[int, ...] = ()
    rev: int = -1  # of the results, or of the questions
    total: int = -1
    fits: bool = True  # counts add up to the total
    code: str = ""
    already: bool = False
    id: str | None = None
    voted: tuple[int, ...] = ()
    has_poll: bool = False


def read(payload: bytes) -> News:
    frame: dict[str, Any] = json.loads(payload)
    news = News(
        kind=frame["type"],
        seq=frame.get("seq", -1),
        code=frame.get("code", ""),
        already=frame.get("already", False),
        id=frame.get("id"),
        voted=tuple(frame.get("you", frame).get("voted", ())),
    )
    if news.kind in {"state", "stage"}:
        news.has_poll = True
        poll = frame["poll"]
        if poll is not None:
            news.poll, news.state = poll["id"], poll["state"]
            news.asks, news.least = poll["kind"], poll["min"]
            news.options = tuple(option["id"] for option in poll["options"])
            one_each = poll["max"] == 1 and news.asks != WORD_CLOUD
            _results(news, poll["results"] or {}, one_each=one_each)
    elif news.kind == "results":
        news.poll = frame["poll"]
        _results(news, frame, one_each=False)
    elif news.kind == "questions":
        news.rev = frame["rev"]
    return news


def _results(news: News, results: dict[str, Any], *, one_each: bool) -> None:
    news.rev, news.total = results.get("rev", -1), results.get("total", -1)
    counts = results.get("counts")
    if counts is not None and one_each:
        news.fits = sum(counts.values()) == news.total


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One masked frame. The mask is zero: nobody between us and the server is to be protected from our votes."""
    size = len(payload)
    length = bytes([128 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([128 | opcode]) + length + b"\0\0\0\0" + payload


@dataclass(slots=True)
class Record:
    """What a viewer saw and did."""

    asked_at: float = 0.0  # to connect
    state_at: float = 0.0
    sent_at: float = 0.0
    acked_at: float = 0.0
    already: bool = False
    error: str = ""
    closed: int = 0
    # (moment, total, whether this was the state at the beginning of a line)
    totals: list[tuple[float, int, bool]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)  # seconds an HTTP answer took
    # Number of the stage, or of its questions, and when it was seen.
    steps: list[tuple[int, float]] = field(default_factory=list)
    questions: list[tuple[int, float]] = field(default_factory=list)


class Viewer:
    """Common to both: what is known of the stage, and the vote."""

    def __init__(self, crowd: Crowd, number: int, cookie: str) -> None:
        self.crowd = crowd
        self.number = number
        self.cookie = cookie
        self.record = Record()
        self.poll: int | None = None
        self.state = ""
        self.seq = -1
        self.rev = -1
        self.total = -1
        self.is_open = False

    def learn(self, news: News, at: float, *, first: bool = False) -> None:
        if not news.fits:
            self.crowd.odd += 1
        if news.has_poll:
            if news.seq < self.seq:
                return
            if news.seq > self.seq:
                self.record.steps.append((news.seq, at))
            self.seq = news.seq
            if news.poll != self.poll:
                self.rev = self.total = -1
                self.record.totals.clear()
            self.poll, self.state = news.poll, news.state
            if news.poll is not None and news.state == "open":
                self.crowd.hear_poll(news)
        if news.poll is None or news.poll != self.poll or news.rev < self.rev:
            return
        if news.rev > self.rev or first:
            self.rev = news.rev
            self.total = news.total
            self.record.totals.append((at, news.total, first))

    def acknowledged(self, at: float, *, already: bool) -> None:
        record = self.record
        if record.acked_at:
            return
        record.acked_at, record.already = at, already
        self.crowd.counted(self)


class SocketViewer(Viewer, asyncio.Protocol):
    """A page with a socket."""

    def __init__(self, crowd: Crowd, number: int, cookie: str) -> None:
        super().__init__(crowd, number, cookie)
        self.transport: asyncio.Transport | None = None
        self.entered: asyncio.Future[None] | None = None
        self._rest = b""
        self._upgraded = False
        self._greeted = False

    async def connect(self, seconds: float = 60.0) -> None:
        """Until the first `state`. Raises OSError or TimeoutError."""
        loop = asyncio.get_running_loop()
        self._rest, self._upgraded, self._greeted = b"", False, False
        self.entered = loop.create_future()
        self.record.asked_at, self.record.closed = time.monotonic(), 0
        async with asyncio.timeout(seconds):
            await loop.create_connection(lambda: self, **self.crowd.line)
            await self.entered

    def cut(self) -> None:
        """The line breaks: no goodbye."""
        if self.transport is not None:
            self.transport.abort()

    def close(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(frame(struct.pack("!H", 1000), CLOSE))
            self.transport.close()

    def say(self, payload: bytes) -> None:
        if self.transport is not None:
            self.transport.write(frame(payload))

    def vote(self, payload: bytes) -> None:
        if not self.record.sent_at:
            self.record.sent_at = time.monotonic()
        self.say(payload)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # of a stream
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.transport.write(  # type: ignore[union-attr]  # just set
            f"GET {self.crowd.socket_path} HTTP/1.1\r\nHost: {self.crowd.host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {self.crowd.origin}\r\nCookie: {self.cookie}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        if self._rest:
            data = self._rest + data
        position, end = 0, len(data)
        if not self._upgraded:
            position = data.find(b"\r\n\r\n") + 4
            if position < 4:
                self._rest = data
                return
            if b" 101 " not in data[:16]:
                self._fail(ConnectionError(data[:64].decode("latin-1")))
                self.cut()
                return
            self._upgraded = True
        while end - position >= 2:
            size, start = data[position + 1], position + 2
            if size == 126:
                if end - position < 4:
                    break
                size, start = (data[position + 2] << 8) | data[position + 3], position + 4
            elif size == 127:
                if end - position < 10:
                    break
                size, start = int.from_bytes(data[position + 2 : position + 10]), position + 10
            if end - start < size:
                break
            opcode, payload = data[position] & 15, data[start : start + size]
            position = start + size
            if opcode == TEXT:
                self.hear(payload, at)
            elif opcode == PING and self.transport is not None:
                self.transport.write(frame(payload, PONG))
            elif opcode == CLOSE:
                self.record.closed = int.from_bytes(payload[:2]) if payload else 1005
                self.close()
        self._rest = data[position:]

    def hear(self, payload: bytes, at: float) -> None:
        self.crowd.heard += 1
        news = self.crowd.read(payload)
        if news.kind == "ack":
            if news.id == VOTE_ID:
                self.acknowledged(at, already=news.already)
            elif news.id == ASK_ID:
                self.crowd.question_taken(self, at)
        elif news.kind == "error":
            self.record.error = news.code
            self.crowd.declined(self, news)
        elif news.kind == "questions":
            self.record.questions.append((news.rev, at))
        else:
            self.learn(news, at, first=news.kind == "state")
            if not self._greeted and news.kind == "state":
                self._greeted = self.is_open = True
                self.record.state_at = at
                if self.entered is not None and not self.entered.done():
                    self.entered.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open, self.transport = False, None
        self._fail(ConnectionError(f"closed with {self.record.closed}"))
        self.crowd.lost_line(self)

    def _fail(self, error: Exception) -> None:
        if self.entered is not None and not self.entered.done():
            self.entered.set_exception(error)


class PageViewer(Viewer):
    """A page whose network lets no socket through: asks every few seconds, votes by POST."""

    def __init__(self, crowd: Crowd, number: int, cookie: str) -> None:
        super().__init__(crowd, number, cookie)
        self.etag = ""
        self._csrf = secrets.token_hex(16)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._line = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._own_seq = -1

    async def connect(self, seconds: float = 60.0) -> None:
        self.record.asked_at = time.monotonic()
        async with asyncio.timeout(seconds):
            await self._ask()
        self.record.state_at = time.monotonic()
        self.is_open = True
        self._task = asyncio.create_task(self._keep_asking())

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._writer is not None:
            self._writer.close()
        self.is_open = False

    async def vote(self, payload: bytes) -> None:
        self.record.sent_at = time.monotonic()
        for attempt in range(5):
            try:
                status, _headers, body = await self._request("POST", "vote/", payload)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                continue
            if status == 200:
                self.acknowledged(time.monotonic(), already=json.loads(body).get("already", False))
                await asyncio.sleep(LOOK_AFTER_VOTE_SECONDS)
                self._hurry.set()
                return
            self.record.error = str(status)
            if status not in {429, 503}:
                self.crowd.odd += 1
                return
            await asyncio.sleep(0.5 + attempt)

    async def _keep_asking(self) -> None:
        wait = ASK_SECONDS * random.random()  # noqa: S311  # they did not all come at once
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait * (0.75 + random.random() * 0.5)):  # noqa: S311
                    await self._hurry.wait()
            self._hurry.clear()
            began = time.monotonic()
            try:
                await self._ask()
                took = time.monotonic() - began
                wait = min(LONGEST_ASK_SECONDS, max(ASK_SECONDS, took * GIVE_WAY))
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                self.crowd.failed_answers += 1
                wait = min(LONGEST_ASK_SECONDS, wait * 2)

    async def _ask(self) -> None:
        status, headers, body = await self._request("GET", "state.json")
        if status == 200:
            self.etag = headers.get("etag", "")
            news = self.crowd.read(body)
            self.learn(news, time.monotonic())
            if news.seq != self._own_seq:
                status, _headers, _body = await self._request("GET", "me.json")
                self._own_seq = news.seq
        if status not in {200, 304}:
            self.crowd.odd += 1
            self.crowd.failed_answers += 1
            self.record.error = str(status)

    async def _request(
        self, method: str, path: str, payload: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        head = f"{method} {self.crowd.page_path}{path} HTTP/1.1\r\nHost: {self.crowd.host}\r\n"
        head += f"Accept: application/json\r\nCookie: {self.cookie}; {self.crowd.csrf_cookie}={self._csrf}\r\n"
        if method == "POST":
            head += f"Origin: {self.crowd.origin}\r\nContent-Type: application/json\r\nX-CSRFToken: {self._csrf}\r\n"
            head += f"Content-Length: {len(payload)}\r\n"
        elif self.etag and path == "state.json":
            head += f"If-None-Match: {self.etag}\r\n"
        async with self._line:
            began = time.monotonic()
            try:
                answer = await self._exchange(head.encode() + b"\r\n" + payload)
            except (ConnectionError, asyncio.IncompleteReadError):
                # A line kept for reuse had just been closed by the server.
                self._writer = None
                answer = await self._exchange(head.encode() + b"\r\n" + payload)
            self.record.answers.append(time.monotonic() - began)
            return answer

    async def _exchange(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(30):
            if self._writer is None or self._writer.is_closing():
                self._reader, self._writer = await asyncio.open_connection(**self.crowd.line)
            assert self._reader is not None  # noqa: S101  # opened with the writer
            self._writer.write(request)
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            status = int(first.split(" ", 2)[1])
            headers = {
                name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
            }
            body = b""
            if status not in {204, 304}:
                if "content-length" in headers:
                    body = await self._reader.readexactly(int(headers["content-length"]))
                elif headers.get("transfer-encoding") == "chunked":
                    while size := int(await self._reader.readline(), 16):
                        body += (await self._reader.readexactly(size + 2))[:-2]
                    await self._reader.readline()
            if headers.get("connection", "").lower() == "close":
                self._writer.close()
                self._writer = None
            return status, headers, body
