"""The socket of a stage. What may be said stands in `polls.voting`, what is shown in `polls.live`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from congress.live.database import in_database
from congress.live.entry import Visitor
from congress.live.frames import Shape
from congress.live.hubs import Hub, hub_of
from congress.live.sockets import Socket, guard, in_loops, serialised
from polls import headcount, live, voting, whereabouts
from polls.live import StagePicture
from polls.own import Own


class StageSocket(Socket):
    """Shows a stage, at once and whenever it changes; takes votes."""

    shapes: ClassVar[Mapping[str, Shape]] = {**voting.SHAPES, "resume": Shape(), "ping": Shape()}
    not_here: ClassVar[frozenset[str]] = frozenset({"open", "close", "publish", "clear"})

    hub: Hub | None = None
    own: Own
    greeted = False  # the whole state is on its way; before it nothing else makes sense

    async def entered(self) -> None:
        self.own = Own.of(self.visitor.personal)
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
        # What was done on other pages, in other processes, and what became of questions.
        self.take_note(Own.of(visitor.personal))

    def audience(self, picture: StagePicture) -> str:
        visitor = self.visitor
        return picture.audience(visitor.kind, moderates=visitor.moderates, voted=self.own.voted)

    def take_note(self, new: Own, *, whole: bool = True) -> None:
        """Something of the person's own is new: tell it, and the counts that they may see now.

        `whole`: `new` is all there is, questions included; else only what was added.
        """
        picture: StagePicture | None = self.hub.memory.picture if self.hub is not None else None
        before = self.audience(picture) if picture is not None else ""
        if not whole:
            new.asked = {**self.own.asked, **new.asked}
        if not self.own.add(new):
            return
        self.post("you", serialised(self.own.frame))
        if picture is not None and picture.poll is not None and self.audience(picture) != before:
            part = f"results.{picture.poll.pk}"
            self.post("results", picture.frame(part, self.audience(picture)))

    @property
    def voter(self) -> voting.Voter:
        visitor = self.visitor
        return voting.Voter(visitor.person, visitor.stage, visitor.may_vote, visitor.is_press)

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
        number, state, already = await in_database(voting.ask, frame, self.voter)
        self.acknowledge(frame, already=already)
        if state == "pending":
            self.take_note(Own(asked={number: (state, "")}), whole=False)

    async def on_support(self, frame: dict[str, Any]) -> None:
        already = await voting.support(voting.backing_of(frame, self.voter))
        self.acknowledge(frame, already=already)

    async def on_rate(self, frame: dict[str, Any]) -> None:
        already = await voting.rate(voting.rating_of(frame, self.voter))
        self.acknowledge(frame, already=already)

    async def _send_state(self) -> None:
        assert self.hub is not None  # noqa: S101  # set before
        await self.hub.picture()
        # The newest, not the one just loaded: what the hub sent meanwhile must not be taken back.
        picture: StagePicture = self.hub.memory.picture
        own = {"kind": self.visitor.kind, **self.own.short}
        self.post("state", picture.state_frame(self.audience(picture), own))
        self.greeted = True
        self.hub.greeted(picture)


def _tell_pages(new: live.Theirs) -> None:
    """In the loop of the sockets: whoever voted, supported or rated sees it on all their pages of this process."""
    sockets = guard()
    for person, stage, own in new:
        for socket in sockets.of(person):
            if isinstance(socket, StageSocket) and socket.visitor.stage == stage:
                socket.take_note(
                    Own(set(own.voted), set(own.supported), set(own.rated)), whole=False
                )


live.hear_theirs(lambda new: in_loops(_tell_pages, new))
