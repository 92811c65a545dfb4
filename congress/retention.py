"""Erasing what may no longer be kept. The periods and reasons stand in `retention.toml`; here is how.

Apps enter their own steps beside these; every step judges by the clock of the edition it is about.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from congress.models import (
    AccessLink,
    Admission,
    BrowserSession,
    Edition,
    JournalEntry,
    Letter,
    Role,
    User,
)
from congress.models.database import StatementNow
from congress.panels import Registry

AFTER_THE_EDITION = timedelta(days=90)
SESSIONS_OF_LINKS = timedelta(days=30)
# A person whom nothing holds is kept for as long as somebody might be in the middle of something.
LOOSE_PEOPLE = timedelta(hours=72)


@dataclass(frozen=True)
class Step:
    """`rows()` are due now; `erase(rows)` deletes them, or empties what names a person. Returns how many."""

    label: Any
    rows: Callable[[], "models.QuerySet[Any]"]
    erase: Callable[["models.QuerySet[Any]"], int]


steps: Registry[Step] = Registry()


def delete(rows: "models.QuerySet[Any]") -> int:
    count = rows.count()
    rows.delete()
    return count


def ended_before(period: timedelta, prefix: str = "") -> Q:
    """Rows whose edition ended longer ago than `period`, by that edition's clock."""
    limit = Edition.edition_now(prefix) - period - timedelta(days=1)
    return Q(**{f"{prefix}ends_on__lt": models.functions.Cast(limit, models.DateField())})


def erase_due() -> dict[str, int]:
    """Everything that is due, step by step, each in its own transaction. Returns the count of each step."""
    done = {}
    for step in steps:
        with transaction.atomic():
            done[str(step.label)] = step.erase(step.rows())
    return done


def due() -> dict[str, int]:
    """What `erase_due` would erase now."""
    return {str(step.label): step.rows().count() for step in steps}


def loose_people() -> "models.QuerySet[User]":
    """People whom no registration, accreditation, role or anything else of the congress holds."""
    loose = User.objects.filter(is_superuser=False, joined_at__lt=StatementNow() - LOOSE_PEOPLE)
    for relation in User._meta.related_objects:
        holds = relation.on_delete is not models.SET_NULL and relation.related_model not in _NO_HOLD
        if holds and relation.related_model._meta.app_label not in {"account", "mfa"}:
            rows = relation.related_model._base_manager.filter(
                **{relation.field.name: OuterRef("pk")}
            )
            loose = loose.filter(~Exists(rows))
    return loose


_NO_HOLD = (BrowserSession, Letter)


def _unname_journal(rows: "models.QuerySet[Any]") -> int:
    return rows.update(actor=None, person=None)


def _history(model: Any) -> "models.QuerySet[Any]":
    """History rows of what belonged to editions that ended long ago, and still name who changed it."""
    ended = Edition.objects.filter(ended_before(AFTER_THE_EDITION)).values("pk")
    rows: models.QuerySet[Any] = model.history.filter(
        edition_id__in=ended, history_user__isnull=False
    )
    return rows


steps.register(
    Step(
        _("Browser sessions of personal links"),
        lambda: BrowserSession.objects.filter(
            Q(link__isnull=False, entered_at__lt=StatementNow() - SESSIONS_OF_LINKS)
        ),
        delete,
    ),
    order=10,
)
steps.register(
    Step(
        _("Names in the journal"),
        lambda: JournalEntry.objects.filter(
            ended_before(AFTER_THE_EDITION, "edition__"),
            Q(actor__isnull=False) | Q(person__isnull=False),
        ),
        _unname_journal,
    ),
    order=20,
)
steps.register(
    Step(
        _("Letters"),
        lambda: Letter.objects.filter(ended_before(AFTER_THE_EDITION, "edition__")),
        delete,
    ),
    order=30,
)
steps.register(
    Step(
        _("Personal links"),
        lambda: AccessLink.objects.filter(ended_before(AFTER_THE_EDITION, "edition__")),
        delete,
    ),
    order=40,
)
steps.register(
    Step(
        _("Admissions"),
        lambda: Admission.objects.filter(ended_before(AFTER_THE_EDITION, "edition__")),
        delete,
    ),
    order=60,
)
steps.register(
    Step(
        _("Roles"),
        lambda: Role.objects.filter(ended_before(AFTER_THE_EDITION, "edition__")),
        delete,
    ),
    order=60,
)
steps.register(
    Step(_("History of roles"), lambda: _history(Role), delete),
    order=61,
)
# Last of all: whoever is left with nothing.
steps.register(Step(_("People whom nothing holds any more"), loose_people, delete), order=99)
