"""Badges: they belong to the admission, whoever it is of. Printing one makes the way in that stands on it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from congress import actions as congress_actions
from congress import journal
from congress.models import AccessLink, Admission, Edition, User
from registration.actions.refusals import CongressIsOver, NobodyToPrint, TooManyAtOnce

# More take longer than a browser waits; the rest follows with the next print.
BADGES_AT_ONCE = 600


@transaction.atomic
def print_badges(
    *, edition: Edition, admissions: Collection[int], by: User, now: datetime
) -> dict[Admission, str]:
    """The token that stands on the badge of each of these people who are admitted. It is kept nowhere.

    Printing again makes a new one, and the badge before stays good: whoever wears it need not know. An older one ends,
    and `lock_badge` ends both. Raises `TooManyAtOnce`, `NobodyToPrint` or `CongressIsOver`.
    """
    if len(admissions) > BADGES_AT_ONCE:
        raise TooManyAtOnce
    if now >= edition.ends_at:
        raise CongressIsOver
    tokens = congress_actions.mint_for_many(
        kind=AccessLink.Kind.BADGE,
        edition=edition,
        admissions=admissions,
        max_devices=1,  # the phone of whoever wears it
        by=by,
        now=now,
    )
    if not tokens:
        raise NobodyToPrint
    journal.note("badges.printed", edition=edition, now=now, by=by, count=len(tokens))
    return tokens


@transaction.atomic
def lock_badge(*, admission: Admission, by: User, now: datetime) -> None:
    """A badge was lost: whatever was printed for this person so far, the entry ticket too, opens nothing any more.

    Whoever is in by it is out. The person stays admitted, and the next badge is a new one.
    """
    held = (
        Admission.objects.select_for_update(of=("self",), no_key=True)
        .select_related("person", "edition")
        .get(pk=admission.pk)
    )
    link = AccessLink.objects.filter(
        admission=held, kind=AccessLink.Kind.BADGE, revoked_at__isnull=True
    ).first()
    if link is None:
        if now >= held.edition.ends_at:
            raise CongressIsOver
        # Only a ticket was printed: tickets are good for as many ended badges as there were then.
        link = congress_actions.create_link(
            kind=AccessLink.Kind.BADGE,
            edition=held.edition,
            person=held.person,
            admission=held,
            now=now,
            by=by,
        )
    congress_actions.revoke_link(link=link, now=now, by=by)
    journal.note(
        "badge.locked", edition=held.edition, now=now, by=by, about=held.person, target=held
    )
