"""Writing the journal."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from congress.models import Edition, JournalEntry, User


def note(
    verb: str,
    *,
    edition: Edition | None,
    now: datetime,
    by: User | None = None,
    about: User | None = None,
    target: models.Model | None = None,
    **details: Any,
) -> JournalEntry:
    """Write down one act, in the caller's transaction. `details` hold no names, addresses or tokens."""
    entry = _entry(verb, edition, now, by, about, target, details)
    entry.save(force_insert=True)
    return entry


def note_each(
    verb: str,
    whom: Iterable[tuple[User | None, models.Model]],
    *,
    edition: Edition | None,
    now: datetime,
    by: User | None = None,
    **details: Any,
) -> None:
    """The same act about many: one entry for each person and target, in one statement."""
    JournalEntry.objects.bulk_create(
        [_entry(verb, edition, now, by, about, target, details) for about, target in whom],
        batch_size=500,
    )


def _entry(
    verb: str,
    edition: Edition | None,
    now: datetime,
    by: User | None,
    about: User | None,
    target: models.Model | None,
    details: dict[str, Any],
) -> JournalEntry:
    return JournalEntry(
        edition=edition,
        at=now,
        actor=by,
        person=about,
        verb=verb,
        target=f"{target._meta.label_lower}:{target.pk}" if target is not None else "",
        details=details,
    )
