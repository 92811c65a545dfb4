"""Links to the console of one stage for one day, for whoever moderates or directs without an account of their own.

A link alone opens nothing: the code goes by word of mouth. Both are shown once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from congress import actions as congress_actions
from congress.errors import Refused
from congress.models import AccessLink, Edition, Role, Stage, User

KINDS: dict[str, str] = {
    Role.Kind.MODERATOR: AccessLink.Kind.MODERATOR,
    Role.Kind.DIRECTOR: AccessLink.Kind.DIRECTOR,
}
AFTER_MIDNIGHT = timedelta(hours=2)
DEVICES = 3  # a telephone, a tablet on the stage, a spare one


class MadeAlready(Refused):
    message = _(
        "This link exists already. Link and code are shown only once; end it and make a new one if nobody has them."
    )


class DayIsOver(Refused):
    message = _("This day is over.")


@dataclass(frozen=True)
class Made:
    link: AccessLink
    token: str
    code: str


@transaction.atomic
def create(
    *, stage: Stage, kind: str, day: date, key: UUID, now: datetime, by: User | None = None
) -> Made:
    """A link with its code, both told here and never again. Raises `MadeAlready` or `DayIsOver`."""
    edition = stage.edition
    midnight = datetime.combine(day + timedelta(days=1), time(0), edition.zone)
    if midnight <= now:
        raise DayIsOver
    ends_at = midnight + AFTER_MIDNIGHT
    person = User.objects.create_user(
        None, first_name=str(Role.Kind(kind).label).capitalize(), last_name=stage.name
    )
    role = Role.objects.create(
        person=person, edition=edition, kind=kind, stage=stage, valid_until=ends_at
    )
    congress_actions.note_role("given", role=role, by=by)
    link = congress_actions.create_link(
        kind=KINDS[kind],
        edition=edition,
        now=now,
        person=person,
        role=role,
        valid_until=ends_at,
        by=by,
    )
    link.form_key, link.max_devices = key, DEVICES
    try:
        with transaction.atomic():
            link.save(update_fields=["form_key", "max_devices"])
    except IntegrityError as error:  # the form was sent twice
        raise MadeAlready from error
    code = congress_actions.set_code(link=link)
    return Made(link, congress_actions.mint(link=link, now=now), code)


@transaction.atomic
def end(*, link: AccessLink, now: datetime, by: User | None = None) -> None:
    """Whoever is in by it is out, on every device. Twice does no harm."""
    if link.revoked_at is not None:
        return
    congress_actions.revoke_link(link=link, now=now, by=by)
    if link.role is not None:
        Role.objects.filter(pk=link.role.pk).update(valid_until=now)
        congress_actions.note_role("ended", role=link.role, by=by)


def of_edition(edition: Edition) -> list[AccessLink]:
    """Those that were made, the newest first; one query."""
    return list(
        AccessLink.objects.filter(edition=edition, kind__in=KINDS.values(), role__isnull=False)
        .select_related("role__stage", "person")
        .order_by("-pk")
    )
