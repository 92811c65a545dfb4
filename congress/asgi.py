"""The whole suite as one ASGI application: pages over HTTP, live news over WebSockets."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congress.settings")

# Every synchronous view runs in one of a few threads, so that database connections are kept and counted.
HTTP_THREADS = 6


class FewThreads:
    """Gives each request one of `HTTP_THREADS` single-thread executors in turn.

    By default asgiref opens a thread, and with it a database connection, per request; connections kept
    for reuse would never be found again.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self.executors = cycle(
            [
                ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"http-{n}")
                for n in range(HTTP_THREADS)
            ]
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with ThreadSensitiveContext(executor=next(self.executors)):
            await self.application(scope, receive, send)


pages = get_asgi_application()

from polls.routing import sockets  # noqa: E402  # the apps must be ready first
from polls.twin import Twin  # noqa: E402

application = ProtocolTypeRouter({"http": Twin(FewThreads(pages)), "websocket": sockets})
