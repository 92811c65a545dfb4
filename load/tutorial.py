"""The baseline: live votes as the tutorials write them. One row and one message to everybody per vote.

Real database, real channel layer, the same uvicorn; only the shape differs. Speaks just so much of the protocol that
the same crowd can vote here. Its table is its own, and goes with the process.

    python -m load.tutorial PORT       with the environment of a site
"""

from __future__ import annotations

import sys
from typing import Any

import django
import uvicorn

django.setup()

from channels.db import database_sync_to_async  # noqa: E402  # needs the settings
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from django.db import connection  # noqa: E402

from congress.server import listen, options, raise_file_limit  # noqa: E402

GROUP = "tutorial"
CHOICES = (1, 2, 3, 4)
TABLE = "load_tutorial_vote"


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(f"CREATE TABLE {TABLE} (id bigserial PRIMARY KEY, choice int NOT NULL)")


def drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def write(choice: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} (choice) VALUES (%s)", [choice])


def results() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT choice, count(*) FROM {TABLE} GROUP BY choice")
        counts = dict.fromkeys(map(str, CHOICES), 0)
        counts |= {str(choice): count for choice, count in cursor.fetchall()}
    total = sum(counts.values())
    return {"rev": total, "total": total, "counts": counts}


class Voting(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()
        answers = [{"id": choice, "text": f"Antwort {choice}"} for choice in CHOICES]
        poll = {"id": 1, "kind": "single", "state": "open", "options": answers, "min": 1, "max": 1}
        now = await database_sync_to_async(results)()
        await self.send_json({"type": "state", "seq": 1, "poll": poll | {"results": now}})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await database_sync_to_async(write)(content["choices"][0])
        await self.send_json({"type": "ack", "id": content["id"]})
        news = await database_sync_to_async(results)()
        await self.channel_layer.group_send(GROUP, {"type": "news", "results": news})

    async def news(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "results", "poll": 1} | event["results"])


if __name__ == "__main__":
    raise_file_limit()
    prepare()
    try:
        uvicorn.Server(uvicorn.Config(Voting.as_asgi(), **options())).run(
            sockets=[listen("127.0.0.1", int(sys.argv[1]))]
        )
    finally:
        drop()
