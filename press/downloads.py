"""How often material is fetched: counted in the cache, by nobody's name, and written down each minute.

A GET changes no row; what the cache loses in a fall is a figure, nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.cache import cache
from django.db.models import F

from press.models import PressFile

logger = logging.getLogger(__name__)

_KEEP_SECONDS = 7 * 24 * 3600


def count(files: Iterable[PressFile]) -> None:
    try:
        for file in files:
            cache.add(_key(file.pk), 0, _KEEP_SECONDS)
            cache.incr(_key(file.pk))
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("Downloads cannot be counted.")


def write_down() -> int:
    """What was counted since the last time, into the rows. Returns how many fetches."""
    keys = {_key(pk): pk for pk in PressFile.objects.values_list("pk", flat=True)}
    counted = {key: number for key, number in cache.get_many(keys).items() if number > 0}
    for key, number in counted.items():
        cache.decr(key, number)
        PressFile.objects.filter(pk=keys[key]).update(downloads=F("downloads") + number)
    return sum(counted.values())


def _key(number: int) -> str:
    return f"press-file-downloads:{number}"
