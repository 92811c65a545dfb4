"""The Technik-Check: what an office's network lets through, and how often it was what. Figures without persons."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

from congress.live.limits import Buckets
from congress.models import Edition

# What came out, as the page says it.
OK, HTTP_ONLY, NO_PICTURE = "ok", "http_only", "no_picture"
OUTCOMES = (OK, HTTP_ONLY, NO_PICTURE)

DAYS_SHOWN = 7
_KEPT_SECONDS = 21 * 24 * 3600

# Whoever wants to spoil the figures is one browser among many: a process counts at most so fast.
_pace = Buckets(per_second=20, burst=200)


@dataclass(frozen=True)
class Outcomes:
    """How often the check ended how."""

    ok: int = 0
    http_only: int = 0
    no_picture: int = 0

    @property
    def total(self) -> int:
        return self.ok + self.http_only + self.no_picture


def count(edition: Edition, day: date, outcome: str) -> None:
    """One more. Without Redis, or where too many come at once, a figure is missing and nothing else."""
    if outcome not in OUTCOMES or not _pace.take(edition.pk):
        return
    key = _key(edition, day, outcome)
    with contextlib.suppress(Exception):
        if not cache.add(key, 1, _KEPT_SECONDS):
            cache.incr(key)


def outcomes(edition: Edition, day: date, *, days: int = 1) -> Outcomes | None:
    """Of this day and those before it, so many together; None where nobody can say."""
    keys = {
        _key(edition, day - timedelta(days=back), outcome): outcome
        for back in range(days)
        for outcome in OUTCOMES
    }
    try:
        found = cache.get_many(list(keys))
    except Exception:  # noqa: BLE001  # Redis is away
        return None
    sums = dict.fromkeys(OUTCOMES, 0)
    for key, value in found.items():
        sums[keys[key]] += value
    return Outcomes(**sums)


def stream_hosts() -> list[str]:
    """Where pictures come from besides our own host."""
    return sorted({host for origin in settings.STREAM_HOSTS if (host := urlsplit(origin).hostname)})


def our_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""


def _key(edition: Edition, day: date, outcome: str) -> str:
    return f"technik-check.{edition.pk}.{day.isoformat()}.{outcome}"
