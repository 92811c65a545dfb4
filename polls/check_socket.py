"""The socket of the Technik-Check: says that it is there, answers, and asks no database. Open to everybody."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any, ClassVar

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from congress.live.frames import BadFrame, Shape, a_number, decode, different_numbers, read
from congress.live.sockets import TOO_FAST, Socket, error_body, serialised

HEARTBEAT_SECONDS = 5.0
LIFE_SECONDS = 60.0  # nobody tries things out for longer
MOST_OPEN = 500  # in a process: a check must not take the stages' place
MOST_FRAMES = 30
TRY_LATER = 1013
# As long as a stage's first frame on a busy day: some proxies let only short ones through.
FILLER = "·" * 3000


class CheckSocket(AsyncWebsocketConsumer):
    channel_layer_alias = Socket.channel_layer_alias
    shapes: ClassVar[dict[str, Shape]] = {
        "vote": Shape(required={"poll": a_number, "choices": different_numbers(5)}),
        "ping": Shape(),
    }
    open_now: ClassVar[int] = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.frames = 0
        self.life: asyncio.Task[None] | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.connect":
            await self._come_in()
        elif message["type"] == "websocket.receive":
            await self._answer(message.get("text"))
        elif message["type"] == "websocket.disconnect":
            self._go()
            raise StopConsumer

    async def _come_in(self) -> None:
        await self.accept()
        if CheckSocket.open_now >= MOST_OPEN:
            await self.close(code=TRY_LATER)
            return
        CheckSocket.open_now += 1
        self.life = asyncio.get_running_loop().create_task(self._live())
        await self._say({"type": "state", "now": _now(), "filler": FILLER})

    def _go(self) -> None:
        life, self.life = self.life, None
        if life is not None:
            CheckSocket.open_now -= 1
            life.cancel()

    async def _live(self) -> None:
        for _beat in range(int(LIFE_SECONDS / HEARTBEAT_SECONDS)):
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await self._say({"type": "heartbeat", "now": _now()})
        await self.close(code=1000)

    async def _answer(self, text: str | None) -> None:
        if self.life is None:
            return
        self.frames += 1
        if self.frames > MOST_FRAMES:
            await self.close(code=TOO_FAST)
            self._go()
            return
        try:
            frame = read(decode(text), self.shapes)
        except BadFrame as bad:
            await self._say(error_body(bad.code, reply_to=bad.reply_to))
        else:
            await self._say({"type": "ack", "id": frame["id"]})

    async def _say(self, content: dict[str, Any]) -> None:
        with contextlib.suppress(Exception):  # gone already; its disconnect is on its way
            await self.send(text_data=serialised(content))


def _now() -> str:
    # The check belongs to no edition: the real time.
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: TID251
