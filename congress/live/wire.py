"""The line to a browser: uvicorn's WebSocket protocol, with less to do for a frame that thousands get.

A stage tells thousands of viewers the same text four times a second. The stock way encodes the text and builds the
frame for each of them again, inside a coroutine; most of what a result costs is that. Here the bytes are made once, and
handed to the line as they are. What a reader cannot take at the moment goes the stock way, with its waiting.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

# In the ASGI scope's `extensions`: the line itself. Other servers, and tests without one, have none.
EXTENSION = "congress.line"
# A reader is asked to wait when so many of its frames are unread; for each single one it would cost two system calls.
MOST_UNREAD = 8


@lru_cache(maxsize=512)
def framed(text: str) -> bytes:
    """The frame of a server, the same bytes for every line (no mask, no compression)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class Line(WebSocketsSansIOProtocol):
    """One open socket."""

    def write_frame(self, frame: bytes) -> bool:
        """Hand the bytes to the system; whether the line took them. Never waits."""
        if (
            not self.handshake_complete
            or self.close_sent
            or self.disconnected
            or not self.writable.is_set()
            or self.transport.is_closing()
        ):
            return False
        self.transport.write(frame)
        return True

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(
            self, "scope"
        ):  # the handshake is in order; the application starts in the next turn
            self.scope["extensions"][EXTENSION] = {"line": self}

    def send_receive_event_to_app(self) -> None:
        # The stock protocol stops reading at every frame.
        if self.queue.qsize() < MOST_UNREAD and not self.read_paused:
            self.read_paused = True  # as if it had been done
            super().send_receive_event_to_app()
            self.read_paused = False
        else:
            super().send_receive_event_to_app()
