"""The socket of a screen: hears what its stage shows, and may say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from congress import links
from congress.live.database import in_database
from congress.live.entry import Refusal, Visitor
from congress.live.frames import Shape
from congress.live.hubs import Hub, hub_of
from congress.live.sockets import Socket
from polls import headcount, live, screens
from polls.live import StagePicture


class ScreenSocket(Socket):
    """One open page of a screen. The token in its address is all it has; no session, no person."""

    shapes: ClassVar[Mapping[str, Shape]] = {"resume": Shape(), "ping": Shape()}
    not_here: ClassVar[frozenset[str]] = frozenset({"vote", "ask", "support", "rate"})
    hub: Hub | None = None
    greeted = False

    @staticmethod
    def look_up(wanted: Sequence[Any]) -> Sequence[Visitor | Refusal]:
        return screens.look_up(wanted)

    async def _who(self) -> Visitor | Refusal:
        route = self.scope["url_route"]["kwargs"]
        try:
            token_hash = links.hashed(route["token"])
        except links.Incomplete:
            return Refusal(screens.UNKNOWN)
        self.wanted = screens.Wanted(token_hash, route["edition"])
        (visitor,) = await in_database(screens.look_up, [self.wanted])
        return visitor

    async def entered(self) -> None:
        stage = self.visitor.stage
        self.hub = hub_of(live.memory_of(stage))
        self.hub.enter(self)
        headcount.screen_is(stage, +1)
        headcount.sockets_are(stage, len(self.hub.viewers))
        await self._send_state()

    def left(self) -> None:
        if self.hub is not None:
            self.hub.leave(self)
            headcount.screen_is(self.visitor.stage, -1)
            headcount.sockets_are(self.visitor.stage, len(self.hub.viewers))

    def audience(self, picture: StagePicture) -> str:
        return live.SCREEN

    def post(self, key: str, text: str) -> None:
        if self.greeted or key == "state":
            super().post(key, text)

    async def on_resume(self, frame: dict[str, Any]) -> None:
        await self._send_state()
        if frame["id"] is not None:
            self.acknowledge(frame)

    async def on_ping(self, frame: dict[str, Any]) -> None:
        self.acknowledge(frame)

    async def _send_state(self) -> None:
        assert self.hub is not None  # noqa: S101  # set before
        await self.hub.picture()
        # The newest, not the one just loaded: what the hub sent meanwhile must not be taken back.
        picture: StagePicture = self.hub.memory.picture
        self.post("state", picture.frame("state", live.SCREEN))
        self.greeted = True
        self.hub.greeted(picture)
