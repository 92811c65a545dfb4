"""Everything live runs in threads and loops of its own: tests end what they started."""

import pytest


@pytest.fixture(autouse=True)
def _live_ends():
    yield
    # Imported late: this file is read before Django is set up.
    from congress.live import database, entry, limits, news
    from polls import voting

    voting.counter.stop()
    entry.door.stop()
    news.teller.stop()
    database.stop()
    limits.buckets.clear()
