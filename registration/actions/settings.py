"""What an edition decides about its registrations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from congress import journal
from congress.models import Edition, User
from registration.models import RegistrationSettings


@transaction.atomic
def change_settings(
    *, edition: Edition, by: User, now: datetime, **wanted: Any
) -> RegistrationSettings:
    """Fields of `RegistrationSettings`; what stays the same is not written down. The row is made on first need."""
    RegistrationSettings.objects.get_or_create(edition=edition)
    settings = RegistrationSettings.objects.select_for_update().get(edition=edition)
    before = {name: getattr(settings, name) for name in wanted}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if changed:
        for name, value in changed.items():
            setattr(settings, name, value)
        settings.save(update_fields=list(changed))
        journal.note(
            "registration.settings_changed",
            edition=edition,
            now=now,
            by=by,
            target=settings,
            changes={
                name: [_plain(before[name]), _plain(value)] for name, value in changed.items()
            },
        )
    return settings


def _plain(value: Any) -> Any:
    """For the journal, which keeps numbers and text."""
    return value if isinstance(value, str | int | None) else str(value)
