"""Watches the streams: how old the newest segment of each playlist is. It never switches anything by itself."""

from __future__ import annotations

import logging
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.cache import cache

from congress.models import Edition, Stage
from congress.streams import ends_at, signed
from polls.models import StageState

log = logging.getLogger(__name__)

RED_SECONDS = 10.0  # without a new segment
STALE_SECONDS = 20.0  # a lamp nobody has looked at for so long says nothing
_KEPT_SECONDS = 120
_DEADLINE_SECONDS = 3.0
_MOST_BYTES = 1_000_000
_AT_ONCE = 8

FRESH, OLD, RECORDING, BROKEN, NONE, UNKNOWN = (
    "fresh",
    "old",
    "recording",
    "broken",
    "none",
    "unknown",
)


@dataclass(frozen=True)
class Lamp:
    """How a stream is. `newest` names its newest segment, `since` is when that was first seen (Unix time)."""

    state: str
    detail: str = ""
    newest: str = ""
    since: float = 0.0
    looked_at: float = 0.0

    @property
    def age(self) -> int:
        """Seconds since a new segment came."""
        return max(0, round(self.looked_at - self.since))

    @property
    def is_red(self) -> bool:
        return self.state in (OLD, BROKEN)

    @property
    def is_green(self) -> bool:
        return self.state in (FRESH, RECORDING)


class NotAPlaylist(Exception):
    """Its message says why, for the Regie."""


def watch(editions: list[Edition]) -> int:
    """Look at all streams of these editions and keep what was seen. Returns how many."""
    stages = Stage.objects.filter(edition__in=editions)
    end = ends_at()
    wanted = [
        (stage.pk, source, signed(address, end))
        for stage in stages
        for source, address in addresses_of(stage).items()
        if address
    ]
    before = cache.get_many([_key(stage, source) for stage, source, _address in wanted])
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        lamps = threads.map(
            lambda one: look(one[2], _lamp(before.get(_key(one[0], one[1])))), wanted
        )
        seen = {
            _key(stage, source): asdict(lamp)
            for (stage, source, _address), lamp in zip(wanted, lamps, strict=True)
        }
    cache.set_many(seen, _KEPT_SECONDS)
    return len(seen)


def addresses_of(stage: Stage) -> dict[str, str]:
    return {
        StageState.Source.MAIN: stage.main_stream_url,
        StageState.Source.BACKUP: stage.backup_stream_url,
    }


def lamps_of(stages: list[Stage]) -> dict[int, dict[str, Lamp]]:
    """What was last seen, by stage and source."""
    keys = [_key(stage.pk, source) for stage in stages for source in StageState.Source.values]
    try:
        seen = cache.get_many(keys)
    except Exception:  # noqa: BLE001  # Redis is away: the lamps are dark
        seen = {}
    shown: dict[int, dict[str, Lamp]] = {}
    for stage in stages:
        shown[stage.pk] = {}
        for source, address in addresses_of(stage).items():
            lamp = _lamp(seen.get(_key(stage.pk, source)))
            if not address:
                lamp = Lamp(NONE)
            elif lamp is None or time.time() - lamp.looked_at > STALE_SECONDS:
                lamp = Lamp(UNKNOWN)
            shown[stage.pk][source] = lamp
    return shown


def look(address: str, before: Lamp | None) -> Lamp:
    """One look at a stream; `before` is what the last one saw."""
    now = time.time()
    try:
        text, where = _fetch(urljoin(settings.SITE_URL, address))
        if variant := _first_variant(text):
            text, where = _fetch(urljoin(where, variant))
        newest, is_recording = newest_segment(text)
    except NotAPlaylist as error:
        return Lamp(BROKEN, str(error), before.newest if before else "", now, now)
    except urllib.error.HTTPError as error:
        return Lamp(BROKEN, f"HTTP {error.code}", looked_at=now, since=now)
    except (OSError, ValueError) as error:
        return Lamp(BROKEN, type(error).__name__, looked_at=now, since=now)
    if is_recording:
        return Lamp(RECORDING, newest=newest, since=now, looked_at=now)
    since = before.since if before is not None and before.newest == newest and before.since else now
    state = OLD if now - since > RED_SECONDS else FRESH
    return Lamp(state, newest=newest, since=since, looked_at=now)


def newest_segment(text: str) -> tuple[str, bool]:
    """The name of the newest segment with its number, and whether nothing will follow it. Raises `NotAPlaylist`."""
    if not text.startswith("#EXTM3U"):
        raise NotAPlaylist("no playlist")
    lines = [line.strip() for line in text.splitlines()]
    segments = [line for line in lines if line and not line.startswith("#")]
    if not segments:
        raise NotAPlaylist("no segment")
    number = re.search(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)", text, re.MULTILINE)
    count = (int(number[1]) if number else 0) + len(segments)
    return f"{count} {segments[-1][-200:]}", "#EXT-X-ENDLIST" in lines


def _first_variant(text: str) -> str | None:
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines[:-1]):
        if line.startswith("#EXT-X-STREAM-INF"):
            return lines[number + 1]
    return None


def _fetch(address: str) -> tuple[str, str]:
    """The text at an address, and the address it came from in the end."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise NotAPlaylist("address")
    request = urllib.request.Request(address, headers={"Cache-Control": "no-cache"})  # noqa: S310  # looked at above
    with urllib.request.urlopen(request, timeout=_DEADLINE_SECONDS) as answer:  # noqa: S310
        content = answer.read(_MOST_BYTES)
        return content.decode("utf-8", "replace"), answer.geturl()


def _lamp(seen: Any) -> Lamp | None:
    return Lamp(**seen) if seen else None


def _key(stage_id: int, source: str) -> str:
    return f"stream.{stage_id}.{source}"
