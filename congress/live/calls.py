"""Questions to all running processes: whoever knows something answers within a moment."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any

from channels.layers import get_channel_layer

from congress.live import news

STRAGGLERS_SECONDS = 0.1  # what other processes say at the same moment


def answer(topic: str, token: str, **body: list[Any]) -> None:
    news.tell(f"{topic}.{token}", **body)


def ask(topic: str, content: list[Any], *, seconds: float, first: bool = False) -> list[news.Body]:
    """Tell `calls=[[token, *content]]` and gather the answers for so long; with `first` until somebody has answered.

    From a thread without a loop. Raises what Redis raises when it is away.
    """
    return asyncio.run(_ask(topic, content, seconds, first=first))


async def _ask(topic: str, content: list[Any], seconds: float, *, first: bool) -> list[news.Body]:
    token, said, heard = secrets.token_hex(8), [], asyncio.Event()

    def hear(body: news.Body) -> None:
        if body:
            said.append(body)
            heard.set()

    listener = news.listener()
    reply = f"{topic}.{token}"
    listener.hear(reply, hear)
    try:
        async with asyncio.timeout(3):
            await listener.subscribed(reply)
        news.tell(topic, calls=[[token, *content]])
        if first:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await heard.wait()
                    await asyncio.sleep(STRAGGLERS_SECONDS)
        else:
            await asyncio.sleep(seconds)
        if news.teller.away:
            raise ConnectionError
    finally:
        await listener.stop()
        layer = get_channel_layer()
        if layer is not None:
            with contextlib.suppress(Exception):
                await layer.flush()
    return said
