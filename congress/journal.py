"""Writing the journal."""

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
    return JournalEntry.objects.create(
        edition=edition,
        at=now,
        actor=by,
        person=about,
        verb=verb,
        target=f"{target._meta.label_lower}:{target.pk}" if target is not None else "",
        details=details,
    )
