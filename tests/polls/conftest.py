"""Everything live runs in threads and loops of its own: tests end what they started."""

from collections.abc import AsyncIterator, Iterator

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _live_ends() -> Iterator[None]:
    yield
    # Imported late: this file is read before Django is set up.
    from congress.live import database, entry, limits, news
    from polls import live, rating, voting

    for batcher in (voting.counter, voting.scribe, voting.supporter, voting.rater):
        batcher.stop()
    for timer in [*voting._later.values(), rating.desk._timer]:
        if timer is not None:
            timer.cancel()
    voting._later.clear()
    rating.desk._waiting.clear()
    rating.desk._timer = None
    entry.door.stop()
    news.teller.stop()
    database.stop()
    limits.buckets.clear()
    live._memories.clear()


@pytest.fixture
async def pages(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list]:  # type: ignore[type-arg]
    """Pages opened in a test; closed with all that kept them up to date."""
    from congress.live import hubs, news, sockets

    # The rows of a test are made in its own thread, also while a loop runs there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    connection.ensure_connection()  # connections belong to their context: made here, closed here
    opened: list = []  # type: ignore[type-arg]
    yield opened
    for page in opened:
        await page.disconnect()
    await hubs.stop()
    await sockets.guard().stop()
    await news.listener().stop()
    connection.close()
