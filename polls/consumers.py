"""The socket of a stage. What may be said stands in `polls.voting`, what is shown in `polls.live`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from congress.live.entry import Visitor
from congress.live.frames import Shape
from congress.live.hubs import Hub, hub_of
from congress.live.sockets import Socket, guard, in_loops
from polls import headcount, live, voting, whereabouts
from polls.live import StagePicture


class StageSocket(Socket):
    """Shows a stage, at once and whenever it changes; takes votes."""

    shapes: ClassVar[Mapping[str, Shape]] = {**voting.SHAPES, "resume": Shape(), "ping": Shape()}
    not_here: ClassVar[frozenset[str]] = frozenset({"open", "close", "publish", "clear"})

    hub: Hub | None = None
    voted: set[int]
    greeted = False  # the whole state is on its way; before it nothing else makes sense

    async def entered(self) -> None:
        self.voted = set(self.visitor.personal["voted"])
        self.hub = hub_of(live.memory_of(self.visitor.stage))
        # Enter before looking: what happens in between arrives twice rather than never.
        self.hub.enter(self)
        headcount.sockets_are(self.visitor.stage, len(self.hub.viewers))
        whereabouts.listen()
        await self._send_state()

    def post(self, key: str, text: str) -> None:
        if self.greeted or key == "state":
            super().post(key, text)

    def left(self) -> None:
        if self.hub is not None:
            self.hub.leave(self)
            headcount.sockets_are(self.visitor.stage, len(self.hub.viewers))

    async def rights_seen(self, visitor: Visitor) -> None:
        await super().rights_seen(visitor)
        # Votes given on other pages, in other processes.
        self.take_note(set(visitor.personal["voted"]) - self.voted)

    def audience(self, picture: StagePicture) -> str:
        visitor = self.visitor
        return picture.audience(visitor.kind, moderates=visitor.moderates, voted=self.voted)

    def take_note(self, polls: set[int]) -> None:
        """The person voted, here or on another page: what is theirs, and the counts that they may see now."""
        if not polls - self.voted:
            return
        picture: StagePicture | None = self.hub.memory.picture if self.hub is not None else None
        before = self.audience(picture) if picture is not None else ""
        self.voted |= polls
        self.post("you", live.you_frame(self.voted))
        if picture is not None and picture.poll is not None and self.audience(picture) != before:
            part = f"results.{picture.poll.pk}"
            self.post("results", picture.frame(part, self.audience(picture)))

    async def on_vote(self, frame: dict[str, Any]) -> None:
        ballot = voting.ballot_of(
            frame,
            person=self.visitor.person,
            stage=self.visitor.stage,
            may_vote=self.visitor.may_vote,
            is_press=self.visitor.is_press,
        )
        self.acknowledge(frame, already=await voting.cast(ballot))

    async def on_resume(self, frame: dict[str, Any]) -> None:
        await self._send_state()
        if frame["id"] is not None:
            self.acknowledge(frame)

    async def on_ping(self, frame: dict[str, Any]) -> None:
        self.acknowledge(frame)

    async def on_ask(self, frame: dict[str, Any]) -> None:
        voting.decline_unasked("ask")

    async def on_support(self, frame: dict[str, Any]) -> None:
        self._decline("support")

    async def on_rate(self, frame: dict[str, Any]) -> None:
        self._decline("rate")

    def _decline(self, kind: str) -> None:
        voting.must_be_entitled(may_vote=self.visitor.may_vote, is_press=self.visitor.is_press)
        voting.decline_unasked(kind)

    async def _send_state(self) -> None:
        assert self.hub is not None  # noqa: S101  # set before
        await self.hub.picture()
        # The newest, not the one just loaded: what the hub sent meanwhile must not be taken back.
        picture: StagePicture = self.hub.memory.picture
        own = live.you(self.visitor.kind, self.voted)
        self.post("state", picture.state_frame(self.audience(picture), own))
        self.greeted = True
        self.hub.greeted(picture)


def _tell_pages(counted: list[tuple[int, int, int]]) -> None:
    """In the loop of the sockets: whoever voted sees it on all their pages of this process."""
    sockets = guard()
    for person, stage, poll in counted:
        for socket in sockets.of(person):
            if isinstance(socket, StageSocket) and socket.visitor.stage == stage:
                socket.take_note({poll})


live.hear_votes(lambda counted: in_loops(_tell_pages, counted))
