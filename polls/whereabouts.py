"""Where one person is connected now, and how: asked of all processes, each knows from memory. Kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from congress.live import calls, news
from congress.live.sockets import guard
from polls import headcount

TOPIC = "whereabouts"
ANSWER_SECONDS = 0.6
SOCKET, PAGE = "socket", "page"


class NobodyAnswers(Exception):
    """Redis is away: there is no telling who is connected."""


@dataclass
class Whereabouts:
    """Ids of stages, by the way somebody is connected to them."""

    by_socket: set[int] = field(default_factory=set)
    by_page: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.by_socket or self.by_page)


def listen() -> None:
    """Let this process answer, in the running loop. Repeatable, and quick."""
    listener = news.listener()
    if not listener.hears(TOPIC, _called):
        listener.hear(TOPIC, _called)


def of(person: int) -> Whereabouts:
    """Asks all processes; half a second where the person is not connected. Raises `NobodyAnswers`."""
    found = Whereabouts()
    try:
        answers = calls.ask(TOPIC, [person], seconds=ANSWER_SECONDS, first=True)
    except Exception as error:
        raise NobodyAnswers from error
    for body in answers:
        for way, stage in body.get("here", ()):
            (found.by_socket if way == SOCKET else found.by_page).add(stage)
    return found


def _called(body: news.Body) -> None:
    for token, person in body.get("calls", ()):
        here: list[Any] = [
            [SOCKET, socket.visitor.stage] for socket in guard().of(person) if socket.is_open
        ]
        here += [[PAGE, stage] for stage in headcount.stages_of(person)]
        if here:
            calls.answer(TOPIC, token, here=here)
