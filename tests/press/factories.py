"""Requests of journalists for tests."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from congress.models import Edition
from press import actions
from press.models import Accreditation, PressSettings
from tests.factories import make_edition, make_user

_numbers = count(1)
DEADLINE = datetime(2021, 3, 16, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
LONG_AGO = datetime(2021, 3, 1, tzinfo=UTC)
BEFORE = DEADLINE - timedelta(minutes=5)
AFTER = DEADLINE + timedelta(minutes=1)


def make_press_edition(*, at: datetime = BEFORE, **fields: Any) -> Edition:
    return make_edition(at=at, **{"press_email": "presse@fachkongress.example", **fields})


def make_accreditation(edition: Edition | None = None, **fields: Any) -> Accreditation:
    """A request; its moment is given or a day before the deadline."""
    edition = edition or make_press_edition()
    submitted_at = fields.pop("submitted_at", edition.press_deadline_at - timedelta(days=1))
    number = next(_numbers)
    values: dict[str, Any] = {
        "first_name": "Noa",
        "last_name": f"Beispiel-{number}",
        "medium": "Beispiel-Rundschau",
        "function": Accreditation.Function.EDITOR,
        "mailbox": f"noa-{number}@rundschau.example",
        "deadline_at": edition.press_deadline_at,
        "late": submitted_at >= edition.press_deadline_at,
    }
    return Accreditation.objects.create(
        edition=edition, submitted_at=submitted_at, **values | fields
    )


def make_approved(
    edition: Edition | None = None, *, waits: bool = False, **fields: Any
) -> Accreditation:
    """Approved; the letter with the link is due, unless it `waits` for the moment at which all of them leave."""
    edition = edition or make_press_edition()
    if not waits:
        PressSettings.objects.update_or_create(edition=edition, defaults={"links_at": LONG_AGO})
    accreditation = make_accreditation(edition, **fields)
    actions.approve(accreditation=accreditation, by=make_user(), now=accreditation.edition.now())
    accreditation.refresh_from_db()
    return accreditation


def answers(**changes: Any) -> dict[str, Any]:
    """What a journalist types."""
    return {
        "first_name": "Noa",
        "last_name": "Sander",
        "medium": "Beispiel-Rundschau",
        "function": "editor",
        "mailbox": "noa.sander@rundschau.example",
        **changes,
    }
