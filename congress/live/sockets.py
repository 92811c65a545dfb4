"""One open page: its frames in and out, its limits, and the end of its rights.

What frames mean is said by subclasses.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections import Counter
from collections.abc import (
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from congress.live import entry, news
from congress.live.batches import Busy
from congress.live.database import in_database
from congress.live.entry import Refusal, Visitor, Wanted
from congress.live.frames import LARGEST_FRAME, BadFrame, Shape, decode, read, reply_id
from congress.live.limits import Strikes, buckets
from congress.live.wire import EXTENSION, Line, framed

log = logging.getLogger(__name__)

PROTOCOL, NOT_SIGNED_IN, NOT_ADMITTED, NOT_FOUND = 4400, 4401, 4403, 4404
TOO_SLOW, REPLACED, TOO_FAST, TOO_BIG = 4408, 4409, 4429, 1009

SEND_SECONDS = 5.0  # a send that takes longer ends the socket
SOCKETS_PER_PERSON = 20
MOST_WAITING = 64  # texts that may wait for a slow reader; of each key only the newest
# Whatever is refused counts: so many in so short a time are too fast. What is no frame at all is a fault of its sender,
# also where it comes slowly.
REFUSED_FRAMES, REFUSED_FRAMES_SECONDS = 100, 10.0
BAD_FRAMES, BAD_FRAMES_SECONDS = 100, 60.0
LOOK_AGAIN_SECONDS = 30.0

RIGHTS = "rights"  # the topic of `rights_changed`
ROLL_CALL = "roll-call"  # who is on a stage? Every process that holds sockets answers
HELD = "held"  # which sockets a person has in each process, where they have several

MESSAGES: dict[str, str | Promise] = {
    "bad_frame": _("This message could not be read."),
    "forbidden": _("You may not do this."),
    "not_admitted": _("Your admission does not allow this."),
    "not_found": _("This does not exist on this stage."),
    "poll_closed": _("This poll is closed."),
    "too_long": _("This text is too long."),
    "too_fast": _("That was too fast. Please wait a moment."),
    "busy": _("This could not be stored at the moment. Please try again."),
}


class Declined(Exception):
    """What was asked is answered with an error frame of this code."""

    def __init__(self, code: str, **more: Any) -> None:
        self.code = code
        self.more = more
        super().__init__(code)


def serialised(content: Mapping[str, Any]) -> str:
    """JSON as it goes out: short, and letters as letters."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def error_body(
    code: str, *, reply_to: str | None = None, message: str | Promise = "", **more: Any
) -> dict[str, Any]:
    """`message` where there is more to say than the code says."""
    said = str(message or MESSAGES[code])
    return {"type": "error", "id": reply_to, "code": code, "message": said, **more}


class Socket(AsyncWebsocketConsumer):
    """Accepts, asks who it is, reads frames by `shapes` and hands them to `on_<type>`.

    A Channels consumer without a channel of its own: what is sent to many comes from a hub. Handlers are reachable by
    frames only through `shapes`.
    """

    channel_layer_alias = "none of its own"
    shapes: ClassVar[Mapping[str, Shape]] = {}
    # Known commands of other doors: refused by name and logged.
    not_here: ClassVar[frozenset[str]] = frozenset()
    visitor: Visitor
    wanted: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_open = False
        self.opened_at = time.time()  # compared with those of other processes
        self.by_ticket = False
        self._waiting: dict[str, dict[str, Any]] = {}
        self._sending: asyncio.Task[None] | None = None
        self._send_began: float | None = None
        self._replies = 0
        self._bad = Strikes(BAD_FRAMES, BAD_FRAMES_SECONDS)
        self._refused = Strikes(REFUSED_FRAMES, REFUSED_FRAMES_SECONDS)
        self._run: asyncio.Task[Any] | None = None
        self._ended = False
        self._line: Line | None = None

    # --- What subclasses say ---------------------------------------------------------------------

    @staticmethod
    def look_up(wanted: Sequence[Any]) -> Sequence[Visitor | Refusal]:
        """Who stands at the door, and what holds for them now: asked again for all open sockets that share it."""
        return entry.look_up(wanted)

    async def entered(self) -> None:
        """The visitor is in: join hubs, send the first frame."""

    def left(self) -> None:
        """The socket has ended: leave hubs."""

    async def rights_seen(self, visitor: Visitor) -> None:
        """The database was asked again; `visitor` is what holds now."""
        self.visitor = visitor

    # --- The socket's life ---------------------------------------------------------------------------

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._run = asyncio.current_task()
        self.scope, self.base_send = scope, send
        self._line = scope.get("extensions", {}).get(EXTENSION, {}).get("line")
        try:
            # Nothing else is waited for: the usual loop makes two tasks for every message.
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except asyncio.CancelledError:
            if not self._ended or self._run is None:
                raise
            self._run.uncancel()  # we ended it ourselves: the reader is too slow to be told
        finally:
            self._leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Straight to the handler: the usual way goes through a thread for every message."""
        kind = message["type"]
        if kind == "websocket.receive":
            await self._receive(message)
        elif kind == "websocket.connect":
            await self._connect()
        elif kind == "websocket.disconnect":
            self._leave()
            raise StopConsumer

    async def _connect(self) -> None:
        await self.accept()  # closing before would reach the page as HTTP 403, without our code
        try:
            visitor = await self._who()
        except Busy:
            await self.end(1013)
            return
        except Exception:
            log.exception("A socket could not be let in")
            await self.end(1011)
            return
        if isinstance(visitor, Refusal):
            await self.end(visitor.code)
            return
        self.visitor = visitor
        self.is_open = True
        try:
            guard().admit(self)
            await self.entered()
        except Exception:
            log.exception("A socket could not be opened")
            await self.end(1011)

    async def _who(self) -> Visitor | Refusal:
        route = self.scope["url_route"]["kwargs"]
        scope: Any = self.scope
        key = entry.session_key(scope)
        self.wanted = Wanted(key, route["edition"], route["stage"])
        tickets = parse_qs(self.scope.get("query_string", b"").decode("latin-1")).get("ticket", [])
        for ticket in tickets[:1]:
            if (visitor := entry.of_ticket(ticket, self.wanted)) is not None:
                self.by_ticket = True
                return visitor
        return await entry.door.ask(self.wanted)

    async def end(self, code: int) -> None:
        """Close with a code. Repeatable."""
        if self._ended:
            return
        self._ended = True
        try:
            async with asyncio.timeout(SEND_SECONDS):
                if self._sending is not None:
                    await asyncio.wait({self._sending})  # the last answer is worth hearing
                self._leave()
                await self.close(code=code)
        except Exception:  # noqa: BLE001  # gone already, or not reading: either way it is over
            self._leave()
            self._stop()

    def drop(self, code: int) -> None:
        """End a socket whose reader does not read: it could not even be told."""
        if self._ended:
            return
        self._ended = True
        self._leave()
        log.info("A socket was dropped: %s", code)
        asyncio.get_running_loop().create_task(
            self._tell_and_stop(code)
        )  # ends by itself within a second

    async def _tell_and_stop(self, code: int) -> None:
        try:
            async with asyncio.timeout(1):
                await self.close(code=code)
        except Exception:  # noqa: BLE001
            self._stop()

    def _stop(self) -> None:
        if self._run is not None and not self._run.done():
            self._run.cancel()

    def _leave(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self._waiting.clear()
        if self.is_open:
            self.is_open = False
            guard().forget(self)
            self.left()

    # --- Frames in ----------------------------------------------------------------------------------

    async def _receive(self, message: dict[str, Any]) -> None:
        if not self.is_open:
            return
        data = message.get("text")
        binary = message.get("bytes")
        size = len(binary) if binary is not None else len((data or "").encode(errors="replace"))
        if size > LARGEST_FRAME:
            await self.end(TOO_BIG)
            return
        reply_to: str | None = None
        try:
            content = decode(data)
            reply_to = reply_id(content)
            name = content.get("type")
            if isinstance(name, str) and name in self.not_here:
                log.warning("Person %s tried %s on a viewer's socket", self.visitor.person, name)
                raise Declined("forbidden")
            frame = read(content, self.shapes)
            if not buckets.take(self.visitor.person):
                raise Declined("too_fast", retry_after_ms=1000)
            await getattr(self, f"on_{name}")(frame)
        except BadFrame as bad:
            self.refuse(bad.code, bad.reply_to or reply_to)
            await self._count_refused(is_bad=True)
        except Declined as declined:
            self.refuse(declined.code, reply_to, **declined.more)
            await self._count_refused(is_bad=False)
        except Busy as busy:
            self.refuse("busy", reply_to, retry_after_ms=busy.retry_after_ms)
        except Exception:
            number = secrets.token_hex(4)
            log.exception("Frame failed, fault %s", number)
            self.refuse("busy", reply_to, retry_after_ms=1000, fault=number)

    async def _count_refused(self, *, is_bad: bool) -> None:
        now = time.monotonic()
        too_many_bad = is_bad and self._bad.out(now)
        if self._refused.out(now):
            await self.end(TOO_FAST)
        elif too_many_bad:
            await self.end(PROTOCOL)

    # --- Frames out ---------------------------------------------------------------------------------

    def post(self, key: str, text: str) -> None:
        """Send it when the reader is ready. Of one key only the newest text waits, at the end of the line."""
        if not self.is_open or not text:
            return
        if (
            self._sending is None
            and self._line is not None
            and self._line.write_frame(framed(text))
        ):
            return
        message = {"type": "websocket.send", "text": text}
        if self._sending is None:
            # A line that is free takes it at once: a task for each text would cost more than the text.
            rest = self._begin(message)
            if rest is not None:
                self._sending = asyncio.get_running_loop().create_task(self._send_waiting(rest))
            return
        self._waiting.pop(key, None)
        self._waiting[key] = message
        if len(self._waiting) > MOST_WAITING:
            self.drop(TOO_SLOW)

    def reply(self, content: Mapping[str, Any]) -> None:
        """An answer to one frame: never replaced by a newer one."""
        self._replies += 1
        self.post(f"reply {self._replies}", serialised(content))

    def acknowledge(self, frame: Mapping[str, Any], *, already: bool = False) -> None:
        answer: dict[str, Any] = {"type": "ack", "id": frame["id"]}
        self.reply(answer | {"already": True} if already else answer)

    def refuse(self, code: str, reply_to: str | None, **more: Any) -> None:
        with override(self.visitor.language):
            self.reply(error_body(code, reply_to=reply_to, **more))

    def _begin(self, message: dict[str, Any]) -> Rest | None:
        """Send it as far as it goes without waiting; what is left, if anything."""
        send: Callable[[Any], Coroutine[Any, Any, None]] = self.base_send  # type: ignore[assignment]  # of the server
        sending = send(message)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return None
        except Exception as error:  # noqa: BLE001  # the peer has gone; its disconnect is on its way
            log.debug("A send failed: %s", type(error).__name__)
            return None
        self._send_began = time.monotonic()
        return Rest(sending, waits_for)

    async def _send_waiting(self, rest: Rest) -> None:
        try:
            await rest
            while self._waiting:
                key = next(iter(self._waiting))
                message: Any = self._waiting.pop(key)
                self._send_began = time.monotonic()
                await self.base_send(message)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # the peer has gone; its disconnect is on its way
            log.debug("A send failed: %s", type(error).__name__)
            self._waiting.clear()
        finally:
            self._send_began = None
            if self._sending is asyncio.current_task():
                self._sending = None

    def is_stuck(self, at: float) -> bool:
        return self._send_began is not None and at - self._send_began > SEND_SECONDS


class Rest:
    """What is left of a coroutine that was begun by hand and now waits for `waits_for`."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self.coroutine = coroutine
        self.waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self.waits_for
        while True:
            try:
                try:
                    answer = yield waits_for
                except BaseException as error:  # noqa: BLE001  # cancelled: that is the coroutine's affair
                    waits_for = self.coroutine.throw(error)
                else:
                    waits_for = self.coroutine.send(answer)
            except StopIteration:
                return


class Guard:
    """Knows all open sockets of a loop: one person's number of them, slow readers, rights that end."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.by_person: dict[int, dict[Socket, None]] = {}
        self._doubted: set[Socket] = set()
        self._name = secrets.token_hex(4)
        self._told: set[int] = set()  # people of whose sockets here the other processes know
        # Person → process → when it said so, and when each socket there was opened.
        self._elsewhere: dict[int, dict[str, tuple[float, list[float]]]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def __iter__(self) -> Iterator[Socket]:
        return iter([socket for sockets in self.by_person.values() for socket in sockets])

    def of(self, person: int) -> list[Socket]:
        return list(self.by_person.get(person, ()))

    def admit(self, socket: Socket) -> None:
        """Count the socket in; the oldest of a person with too many is closed, in whichever process it is."""
        person = socket.visitor.person
        sockets = self.by_person.setdefault(person, {})
        sockets[socket] = None
        if socket.by_ticket:
            self._doubted.add(
                socket
            )  # rights may have ended since it was signed: asked for all at once
        if self._task is None or self._task.done():
            self._task = self.loop.create_task(self._watch())
            news.listener().hear(RIGHTS, self._heard)
            news.listener().hear(ROLL_CALL, self._called)
            news.listener().hear(HELD, self._held)
        # Most people have one page: nobody else need know.
        if len(sockets) > 1 or person in self._elsewhere:
            self._tell_held(person)
        self._make_room(person)

    def forget(self, socket: Socket) -> None:
        person = socket.visitor.person
        sockets = self.by_person.get(person, {})
        sockets.pop(socket, None)
        if not sockets:
            self.by_person.pop(person, None)
        if person in self._told:
            self._tell_held(person)
        self._doubted.discard(socket)

    def _make_room(self, person: int) -> None:
        """Close those of our sockets that are not among the person's newest, here and elsewhere together."""
        sockets = self.of(person)
        others = self._elsewhere.get(person, {}).values()
        moments = [at for _heard, held in others for at in held]
        moments += [socket.opened_at for socket in sockets]
        too_many = len(moments) - SOCKETS_PER_PERSON
        if too_many <= 0:
            return
        last_to_go = sorted(moments)[too_many - 1]
        for socket in sockets:
            if socket.opened_at <= last_to_go:
                self.forget(socket)
                self._end(socket, REPLACED)

    def _tell_held(self, *people: int) -> None:
        held = [[self._name, one, [socket.opened_at for socket in self.of(one)]] for one in people]
        news.tell(HELD, held=held)
        self._told.update(people)
        self._told &= self.by_person.keys()

    def _repeat_held(self) -> None:
        if self._told:
            self._tell_held(*self._told)

    def _held(self, body: news.Body) -> None:
        """What other processes say. Whoever begins to listen asks for it."""
        if not body:
            news.tell(HELD, asks=[self._name])
        elif any(name != self._name for name in body.get("asks", ())):
            self._repeat_held()
        for name, person, moments in body.get("held", ()):
            if name == self._name:
                continue
            by_process = self._elsewhere.setdefault(person, {})
            by_process[name] = (time.monotonic(), moments)
            if not moments:
                del by_process[name]
                if not by_process:
                    del self._elsewhere[person]
            elif person in self.by_person:
                if person not in self._told:
                    self._tell_held(person)
                self._make_room(person)

    def _refresh_held(self, at: float) -> None:
        """A process that was killed tells nothing any more: what nobody repeats is forgotten."""
        self._repeat_held()
        for person, by_process in list(self._elsewhere.items()):
            fresh = {
                name: said
                for name, said in by_process.items()
                if at - said[0] <= 2.5 * LOOK_AGAIN_SECONDS
            }
            if fresh:
                self._elsewhere[person] = fresh
            else:
                del self._elsewhere[person]

    def doubt(
        self, *, people: Iterable[int] = (), links: Iterable[int] = (), sessions: Iterable[str] = ()
    ) -> None:
        """These may have lost their rights: ask the database now. `sessions` are hashes of keys."""
        people, links, sessions = set(people), set(links), set(sessions)
        for socket in self:
            visitor = socket.visitor
            if visitor.person in people or visitor.link in links or visitor.session in sessions:
                self._doubted.add(socket)
        if self._doubted:
            self._wake.set()

    async def stop(self) -> None:
        task, self._task = self._task, None
        self._stop_hearing()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _heard(self, body: news.Body) -> None:
        self.doubt(
            people=body.get("people", ()),
            links=body.get("links", ()),
            sessions=body.get("sessions", ()),
        )

    def _called(self, body: news.Body) -> None:
        for token, stage in body.get("calls", ()):
            kinds = Counter(socket.visitor.kind for socket in self if socket.visitor.stage == stage)
            news.tell(f"{ROLL_CALL}.{token}", here=[list(pair) for pair in kinds.items()])

    def _stop_hearing(self) -> None:
        news.listener().forget(RIGHTS, self._heard)
        news.listener().forget(ROLL_CALL, self._called)
        news.listener().forget(HELD, self._held)
        self._elsewhere.clear()

    async def _watch(self) -> None:
        looked_at = time.monotonic()
        while self.by_person:
            try:
                async with asyncio.timeout(1):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                now = time.monotonic()
                if now - looked_at >= LOOK_AGAIN_SECONDS:
                    looked_at = now
                    self._doubted.update(self)
                    self._refresh_held(now)
                await self._sweep(now)
                await self._look_again()
            except Exception:  # the database may be away; ask again in a second
                log.exception("Open sockets could not be checked")
        if self._task is asyncio.current_task():
            self._task = None
            self._stop_hearing()

    async def _sweep(self, at: float) -> None:
        real = datetime.now(UTC)  # noqa: TID251  # sessions live by the real clock
        for socket in self:
            if socket.is_stuck(at):
                socket.drop(TOO_SLOW)
            elif socket.visitor.until <= real:
                self._doubted.add(socket)

    def _end(self, socket: Socket, code: int) -> None:
        """Without waiting: a slow reader must not hold up the others' ends."""
        task = self.loop.create_task(socket.end(code))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _look_again(self) -> None:
        sockets, self._doubted = list(self._doubted), set()
        if not sockets:
            return
        for look_up in {type(socket).look_up for socket in sockets}:
            asked = [socket for socket in sockets if type(socket).look_up is look_up]
            try:
                found = await in_database(look_up, [socket.wanted for socket in asked])
            except BaseException:
                self._doubted.update(sockets)
                raise
            for socket, visitor in zip(asked, found, strict=True):
                if not socket.is_open:
                    continue
                if isinstance(visitor, Refusal):
                    self._end(socket, visitor.code)
                elif (visitor.person, visitor.seal) != (socket.visitor.person, socket.visitor.seal):
                    self._end(socket, NOT_SIGNED_IN)
                else:
                    await socket.rights_seen(visitor)


_guards: dict[asyncio.AbstractEventLoop, Guard] = {}


def guard() -> Guard:
    """The one of the running loop."""
    loop = asyncio.get_running_loop()
    for ended in [known for known in _guards if known.is_closed()]:
        del _guards[ended]
    found = _guards.get(loop)
    if found is None:
        found = _guards[loop] = Guard()
    return found


def in_loops(function: Callable[..., None], *args: Any) -> None:
    """Call it in every loop that holds sockets. From any thread."""
    for loop in list(_guards):
        try:
            loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop has ended
            continue


def doubt_here(whose: Mapping[str, list[Any]]) -> None:
    """The same as `Guard.doubt` for all sockets of this process, from any thread."""
    in_loops(lambda: guard().doubt(**whose))


class Nowhere(AsyncWebsocketConsumer):
    """A socket to an address that is none: told so by its code."""

    channel_layer_alias = Socket.channel_layer_alias

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.connect":
            await self.accept()
            await self.close(code=NOT_FOUND)
        elif message["type"] == "websocket.disconnect":
            raise StopConsumer
