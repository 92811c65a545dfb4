"""Many simulated viewers in one process.

As a program it reads one job as JSON from its input, tells its progress in JSON lines, and ends with what it measured:

    {"say": "connected"}   everybody is there; now a moderator opens a poll
    {"say": "voted"}       everybody has voted; now the moderator closes it, and the director steps
    {"say": "asked"}       some have asked a question; now the moderator shows them, one after the other
    {"say": "figures", …}  what was measured

After "voted" and "asked" it reads one line more: the director's steps, the moderator's, as
[[number of the stage or of its questions, moment by the monotonic clock], …].
It knows nothing of Django and of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import json
import random
import resource
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from polls.rehearsal.figures import fan_out, percentiles, reached
from polls.rehearsal.viewers import (
    ASK_ID,
    VOCABULARY,
    VOTE_ID,
    WORD_CLOUD,
    News,
    PageViewer,
    SocketViewer,
    Viewer,
    read,
)

AT_A_TIME = 250  # lines that are being opened
LOST_SECONDS = 30.0  # a vote without an answer for so long is lost
_PATIENCE = 0.02
_MOST_KNOWN = 5000


class Crowd:
    """Viewers of one stage, and what they saw together."""

    def __init__(self, address: str, edition: str, stage: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(address)
        self.host, self.origin = parts.netloc, f"{parts.scheme}://{parts.netloc}"
        secure = parts.scheme == "https"
        self.line: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or (443 if secure else 80),
        }
        if secure:
            self.line["ssl"] = ssl.create_default_context()
        self.csrf_cookie = "__Host-csrf" if secure else "csrf"
        self.socket_path = f"/ws/{edition}/live/{stage}/"
        self.page_path = f"/{edition}/live/{stage}/"
        self.sockets: list[SocketViewer] = []
        self.pages: list[PageViewer] = []
        self.sent: list[float | None] = []  # in the order of the acknowledgements
        self.late: list[float] = []  # how late our own sends were
        self.heard = self.odd = self.failed_answers = self.cuts = 0
        self.refused: Counter[str] = Counter()
        self.closed: Counter[int] = Counter()
        self.broken: Counter[str] = Counter()
        self.poll: News | None = None
        self.connect_seconds: list[float] = []
        self.rejoin_seconds: list[float] = []
        self.asking: dict[SocketViewer, float] = {}  # since when
        self.ask_seconds: list[float] = []
        self._known: dict[bytes, News] = {}
        self._open = asyncio.Event()
        self._expected_cuts: set[SocketViewer] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def viewers(self) -> list[Viewer]:
        return [*self.sockets, *self.pages]

    # --- What viewers tell --------------------------------------------------------------------------

    def read(self, payload: bytes) -> News:
        news = self._known.get(payload)
        if news is None:
            news = read(payload)
            if news.kind != "state" or not news.voted:
                if len(self._known) > _MOST_KNOWN:
                    self._known.clear()
                self._known[payload] = news
        return news

    def hear_poll(self, news: News) -> None:
        if self.poll is None or news.poll != self.poll.poll:
            self.poll = news
            self._open.set()

    def counted(self, viewer: Viewer) -> None:
        self.sent.append(None if viewer in self._expected_cuts else viewer.record.sent_at)

    def question_taken(self, viewer: SocketViewer, at: float) -> None:
        if viewer in self.asking:
            self.ask_seconds.append(at - self.asking.pop(viewer))

    def declined(self, viewer: Viewer, news: News) -> None:
        self.refused[news.code] += 1
        if news.code == "busy" and isinstance(viewer, SocketViewer):
            asyncio.get_running_loop().call_later(1 + random.random(), self._vote_again, viewer)  # noqa: S311

    def lost_line(self, viewer: SocketViewer) -> None:
        if viewer in self._expected_cuts or viewer.record.closed == 0:
            return
        self.closed[viewer.record.closed] += 1

    def _vote_again(self, viewer: SocketViewer) -> None:
        if not viewer.record.acked_at:
            viewer.say(self.ballot(viewer.number))

    # --- What they do ---------------------------------------------------------------------------------

    def ballot(self, number: int) -> bytes:
        assert self.poll is not None  # noqa: S101  # nobody votes before
        vote = {"type": "vote", "id": VOTE_ID, "poll": self.poll.poll}
        many = max(1, self.poll.least)
        if self.poll.asks == WORD_CLOUD:
            said = {"words": _in_turn(VOCABULARY, number, many)}
        else:
            said = {"choices": _in_turn(self.poll.options, number, many)}
        return json.dumps(vote | said).encode()

    async def connect(
        self, viewers: Sequence[Viewer], *, at_a_time: int = AT_A_TIME, seconds: float = 60.0
    ) -> list[float]:
        """Open all lines; how long each took until it had the state. Who does not get in is in `broken`."""
        doors, took = asyncio.Semaphore(at_a_time), []

        async def enter(viewer: Viewer) -> None:
            async with doors:
                try:
                    await viewer.connect(seconds)  # type: ignore[attr-defined]  # both kinds can
                except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                    self.broken[type(error).__name__] += 1
                else:
                    took.append(viewer.record.state_at - viewer.record.asked_at)

        async with asyncio.TaskGroup() as group:
            for viewer in viewers:
                group.create_task(enter(viewer))
        return took

    async def poll_is_open(self, seconds: float) -> None:
        """Until all sockets show an open poll. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._open.wait()
            while not all(viewer.state == "open" for viewer in self.sockets if viewer.is_open):  # noqa: ASYNC110  # viewers are many
                await asyncio.sleep(_PATIENCE)

    async def vote(
        self, viewers: Iterable[Viewer], seconds: float, *, cutting: Iterable[SocketViewer] = ()
    ) -> None:
        """Everybody votes once within so many seconds; the lines of `cutting` break around their vote."""
        moments = sorted((random.random() * seconds, viewer.number, viewer) for viewer in viewers)  # noqa: S311
        cut = set(cutting)
        self._expected_cuts |= cut
        began = time.monotonic()
        for moment, _number, viewer in moments:
            while (left := began + moment - time.monotonic()) > 0:  # noqa: ASYNC110  # moments, not events
                await asyncio.sleep(left)
            self.late.append(-left)
            payload = self.ballot(viewer.number)
            if isinstance(viewer, SocketViewer):
                if viewer.is_open:
                    viewer.vote(payload)
                if viewer in cut:
                    self._spawn(self._break(viewer))
            elif isinstance(viewer, PageViewer):
                self._spawn(viewer.vote(payload))

    async def ask(self, viewers: Iterable[SocketViewer]) -> None:
        """A question each, and until every one of them is taken."""
        for viewer in viewers:
            text = f"Generalprobe: Frage {viewer.number}"
            self.asking[viewer] = time.monotonic()
            viewer.say(json.dumps({"type": "ask", "id": ASK_ID, "text": text}).encode())
            await asyncio.sleep(_PATIENCE)
        await self.until(lambda: not self.asking, LOST_SECONDS)

    async def _break(self, viewer: SocketViewer) -> None:
        """The line breaks within 50 ms of the vote; the page comes back and sends it again."""
        await asyncio.sleep(random.random() * 0.05)  # noqa: S311
        viewer.cut()
        self.cuts += 1
        for _attempt in range(10):
            await asyncio.sleep(random.random())  # noqa: S311
            began = time.monotonic()
            try:
                await viewer.connect(10)
            except (OSError, TimeoutError):
                continue
            self.rejoin_seconds.append(time.monotonic() - began)
            viewer.vote(self.ballot(viewer.number))
            return
        self.broken["did not come back"] += 1

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until(
        self, holds: Callable[[], bool], seconds: float, *, every: float = _PATIENCE
    ) -> bool:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(every)
        return True

    async def all_answered(self, seconds: float = LOST_SECONDS) -> bool:
        """Until every vote is acknowledged and everybody who was cut is back."""
        return await self.until(
            lambda: (
                not self._tasks
                and all(
                    viewer.record.acked_at or not viewer.record.sent_at for viewer in self.viewers
                )
            ),
            seconds,
        )

    async def all_show(self, total: int, seconds: float, *, state: str | None = None) -> bool:
        """Until every viewer shows exactly this total."""
        return await self.until(
            lambda: all(
                viewer.total == total and (state is None or viewer.state == state)
                for viewer in self.viewers
            ),
            seconds,
        )

    def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        self._expected_cuts |= set(self.sockets)
        for viewer in self.viewers:
            viewer.close()  # type: ignore[attr-defined]  # both kinds can

    # --- What came of it ---------------------------------------------------------------------------------

    def wrong(self, total: int) -> int:
        """Viewers that do not show this total."""
        return sum(viewer.total != total for viewer in self.viewers)

    def measured(self) -> dict[str, Any]:
        records = [viewer.record for viewer in self.viewers]
        steady = [
            viewer.record
            for viewer in self.sockets
            if viewer.record.sent_at
            and viewer.record.acked_at
            and viewer not in self._expected_cuts
        ]
        by_page = [viewer.record for viewer in self.pages if viewer.record.acked_at]
        own = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "sockets": len(self.sockets),
            "pages": len(self.pages),
            "connect": percentiles(self.connect_seconds),
            "rejoin": percentiles(self.rejoin_seconds),
            "cuts": self.cuts,
            "votes": sum(bool(record.sent_at) for record in records),
            "acknowledged": sum(bool(record.acked_at) for record in records),
            "ack": percentiles(record.acked_at - record.sent_at for record in steady),
            "ack_pages": percentiles(record.acked_at - record.sent_at for record in by_page),
            "answers": percentiles(
                seconds for viewer in self.pages for seconds in viewer.record.answers
            ),
            "fan_out": fan_out(self.sent, (viewer.record for viewer in self.sockets)),
            "fan_out_pages": fan_out(self.sent, (viewer.record for viewer in self.pages)),
            "frames": self.heard,
            "refused": dict(self.refused),
            "closed": {str(code): count for code, count in self.closed.items()},
            "broken": dict(self.broken),
            "odd": self.odd,
            "failed_answers": self.failed_answers,
            "late": percentiles(self.late),
            "own_cpu": round(own.ru_utime + own.ru_stime, 2),
        }

    def stepped(self, steps: Sequence[tuple[int, float]]) -> dict[str, Any]:
        """How long the steps of the Regie took to every page, by socket and by HTTP."""
        there = (viewer.record.steps for viewer in self.sockets if viewer.is_open)
        by_socket, missed = reached(steps, there)
        by_page, missed_pages = reached(steps, (viewer.record.steps for viewer in self.pages))
        return {
            "steps": len(steps),
            "step": by_socket,
            "step_pages": by_page,
            "steps_missed": missed + missed_pages,
        }

    def moderated(self, shown: Sequence[tuple[int, float]]) -> dict[str, Any]:
        """How long a question took to be taken, and, once shown, to every page with a socket."""
        there = (viewer.record.questions for viewer in self.sockets if viewer.is_open)
        took, missed = reached(shown, there)
        return {
            "questions": len(self.ask_seconds) + len(self.asking),
            "questions_unanswered": len(self.asking),
            "ask": percentiles(self.ask_seconds),
            "shown": took,
            "shown_missed": missed,
        }


def _in_turn(answers: Sequence[Any], number: int, many: int) -> list[Any]:
    """So many of the answers, beginning with another for each viewer."""
    return [answers[(number + place) % len(answers)] for place in range(many)]


def run(main: Any) -> Any:
    """The coroutine in the fastest loop there is."""
    prepare()
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)


def prepare() -> None:
    """Many lines, and no pauses to look for garbage that is not there."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


# --- As a program -------------------------------------------------------------------------------------------


def _say(said: str, /, **more: Any) -> None:
    print(json.dumps({"say": said, **more}), flush=True)


async def _told() -> list[tuple[int, float]]:
    """The next line of our input."""
    line = await asyncio.to_thread(sys.stdin.readline)
    return [(number, began) for number, began in json.loads(line)]


async def _progress(what: str, done: Callable[[], int], of: int) -> None:
    while True:
        _say("progress", what=what, done=done(), of=of)
        await asyncio.sleep(0.25)


@contextlib.asynccontextmanager
async def _telling(what: str, done: Callable[[], int], of: int) -> Any:
    task = asyncio.create_task(_progress(what, done, of))
    try:
        yield
    finally:
        task.cancel()
        _say("progress", what=what, done=done(), of=of)


async def rehearse(job: dict[str, Any]) -> None:
    """A job: address, edition, stage, cookies, seconds to vote in; pages (so many of the viewers come by HTTP),
    cut (so many lines break), asking (so many ask a question).
    """
    crowd = Crowd(job["address"], job["edition"], job["stage"])
    cookies: list[str] = job["cookies"]
    by_socket = len(cookies) - job["pages"]
    crowd.sockets = [SocketViewer(crowd, n, cookies[n]) for n in range(by_socket)]
    crowd.pages = [PageViewer(crowd, n, cookies[n]) for n in range(by_socket, len(cookies))]
    viewers = crowd.viewers
    try:
        async with _telling("connect", lambda: sum(v.is_open for v in viewers), len(viewers)):
            crowd.connect_seconds = await crowd.connect(crowd.sockets)
            await crowd.connect(crowd.pages, at_a_time=20)
        entered = [viewer for viewer in viewers if viewer.is_open]
        _say("connected", entered=len(entered))
        await crowd.poll_is_open(15)
        cutting = random.sample(crowd.sockets, min(job["cut"], by_socket))
        async with _telling("vote", lambda: len(crowd.sent), len(entered)):
            await crowd.vote(entered, job["seconds"], cutting=cutting)
            await crowd.all_answered()
        settled = time.monotonic()
        await crowd.all_show(len(crowd.sent), 20)
        settle = time.monotonic() - settled
        _say("voted")
        await crowd.until(lambda: all(viewer.state == "closed" for viewer in viewers), 30)
        steps = await _told()
        if steps:
            last = max(number for number, _began in steps)
            await crowd.until(lambda: all(viewer.seq >= last for viewer in viewers), 30)
        there = [viewer for viewer in crowd.sockets if viewer.is_open]
        await crowd.ask(random.sample(there, min(job["asking"], len(there))))
        _say("asked")
        shown = await _told()
        if shown:
            newest = max(number for number, _began in shown)
            seen = [viewer.record.questions for viewer in there]
            await crowd.until(lambda: all(saw and saw[-1][0] >= newest for saw in seen), 30)
        _say(
            "figures",
            settle=round(settle, 2),
            wrong=crowd.wrong(len(crowd.sent)),
            **crowd.measured(),
            **crowd.stepped(steps),
            **crowd.moderated(shown),
        )
    except TimeoutError:
        _say("figures", failed="no poll", **crowd.measured())
    finally:
        crowd.close()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    run(rehearse(json.loads(sys.stdin.readline())))
