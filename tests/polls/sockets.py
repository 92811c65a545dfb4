"""Sockets in tests: a real application, a real cookie."""

from __future__ import annotations

import json
import time
from typing import Any

from channels.testing import WebsocketCommunicator
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from congress.models import Stage, User
from congress.sessions import SessionStore

ORIGIN = "http://testserver"


def sign_in(person: User | int, *, seconds: int | None = None, link: int | None = None) -> str:
    """A session of this person; its key."""
    person = person if isinstance(person, User) else User.objects.get(pk=person)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "congress.auth.RoleBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    if link is not None:
        session["link"] = link
    if seconds is not None:
        session.set_expiry(seconds)
    session.create()
    return str(session.session_key)


class Page(WebsocketCommunicator):
    """An open page of a stage."""

    def __init__(
        self,
        stage: Stage | str,
        session: str | None = None,
        *,
        origin: str | None = ORIGIN,
        host: str = "testserver",
        query: str = "",
    ) -> None:
        from polls.routing import sockets

        path = stage if isinstance(stage, str) else address(stage)
        headers = [(b"host", host.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if session is not None:
            headers.append((b"cookie", f"language=de; sid={session}".encode()))
        super().__init__(sockets, path + query, headers=headers)
        self.scope["scheme"] = "ws"

    async def tell(self, **frame: Any) -> None:
        await self.send_to(text_data=json.dumps(frame))

    async def hear(self, *kinds: str, seconds: float = 8) -> dict[str, Any]:
        """The next frame of one of these kinds; heartbeats meanwhile prolong nothing."""
        until = time.monotonic() + seconds
        while True:
            left = max(0.01, until - time.monotonic())
            frame: dict[str, Any] = json.loads(await self.receive_from(timeout=left))
            if not kinds or frame["type"] in kinds:
                return frame

    async def ask(self, **frame: Any) -> dict[str, Any]:
        """Send it; the ack or error that answers it."""
        await self.tell(**frame)
        return await self.hear("ack", "error")

    async def closed(self, *, seconds: float = 10) -> int:
        """The code it is closed with, whatever is said before."""
        while True:
            message = await self.receive_output(timeout=seconds)
            if message["type"] == "websocket.close":
                return int(message.get("code", 1000))


def address(stage: Stage) -> str:
    return f"/ws/{stage.edition.slug}/live/{stage.slug}/"


async def open_page(
    stage: Stage, person: User | int, **options: Any
) -> tuple[Page, dict[str, Any]]:
    """A page whose socket is open, and its first frame."""
    page = Page(stage, sign_in(person), **options)
    accepted, _ = await page.connect(timeout=8)
    assert accepted
    return page, await page.hear("state")
