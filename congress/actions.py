"""What changes admissions and personal links."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from congress import journal, links, panels
from congress.errors import Refused
from congress.models import AccessLink, Admission, BrowserSession, Edition, Level, Page, Role, User
from congress.models.database import StatementNow
from congress.sessions import BADGE_KEY, LINK_KEY
from congress.signals import edition_changed, rights_changed

CODE_DIGITS = 6  # of a code that is told beside a link

# The strongest kind wins where somebody has several reasons to come.
_STRENGTH: list[str] = [
    Admission.Kind.REHEARSAL,
    Admission.Kind.PRESS,
    Admission.Kind.ATTENDEE,
    Admission.Kind.SPEAKER,
    Admission.Kind.STAFF,
]


class TooManyDevices(Refused):
    message = _("This link is already open on as many devices as it may be.")


class LinkIsOver(Refused):
    message = _("This link has ended.")


class NotAPractice(Refused):
    message = _("Only a practice edition may shift its clock.")


@transaction.atomic
def turn_clock(*, edition: Edition, to: datetime, by: User | None = None) -> None:
    """Let it be this moment in a practice edition; it runs on from there. What is on air follows.

    Raises `NotAPractice`.
    """
    # Where the rule stands in SQL: only_practice_may_shift_its_clock.
    turned = Edition.objects.filter(pk=edition.pk, practice=True).update(
        clock_shift=Value(to) - StatementNow()
    )
    if not turned:
        raise NotAPractice
    edition.refresh_from_db(fields=["clock_shift"])
    journal.note("edition.clock_turned", edition=edition, now=to, by=by, target=edition)
    for follow in panels.clock_turned:
        follow(edition, to)
    # Roles and admissions are judged by this clock: whoever is connected looks again.
    people = Admission.objects.filter(edition=edition).values_list("person_id", flat=True)
    _rights_changed(people=list(people))
    transaction.on_commit(lambda: edition_changed.send(sender=None, edition_id=edition.pk))


@transaction.atomic
def note_role(verb: str, *, role: Role, by: User | None = None) -> None:
    """Write down that a role was given, changed or ended; open pages of its person look at their rights again."""
    edition = role.edition
    journal.note(
        f"role.{verb}",
        edition=edition,
        now=(edition or Edition()).now(),
        by=by,
        about=role.person,
        target=role,
        kind=role.kind,
    )
    _rights_changed(people=[role.person_id])


@transaction.atomic
def note_rights(*, person: User, by: User | None = None) -> None:
    """Write down that somebody was switched off or on; their open pages look at their rights again."""
    verb = "person.enabled" if person.is_active else "person.disabled"
    journal.note(verb, edition=None, now=Edition().now(), by=by, about=person, target=person)
    if not person.is_active:
        keys = BrowserSession.objects.filter(person=person).values_list("session_key", flat=True)
        _end(list(keys))
    _rights_changed(people=[person.pk])


@transaction.atomic
def grant_admission(
    *,
    person: User,
    edition: Edition,
    kind: str,
    now: datetime,
    level: str = Level.OTHER,
    valid_until: datetime | None = None,
    by: User | None = None,
) -> Admission:
    """Let the person enter. Granting again revives a revoked admission.

    A weaker kind never replaces a stronger one that is in force.
    """
    admission, created = Admission.objects.select_for_update().get_or_create(
        person=person,
        edition=edition,
        defaults={"kind": kind, "level": level, "granted_at": now, "valid_until": valid_until},
    )
    if not created:
        stronger = _STRENGTH.index(kind) >= _STRENGTH.index(admission.kind)
        if stronger or not admission.is_in_force(now):
            admission.kind, admission.level, admission.valid_until = kind, level, valid_until
        admission.revoked_at, admission.given_back = None, False
        admission.save()
    journal.note(
        "admission.granted",
        edition=edition,
        now=now,
        by=by,
        about=person,
        target=admission,
        kind=kind,
    )
    _rights_changed(people=[person.pk])
    return admission


@transaction.atomic
def revoke_admission(*, admission: Admission, now: datetime, by: User | None = None) -> None:
    """End an admission and its links; open sockets close within seconds. Twice does no harm."""
    if not Admission.objects.filter(pk=admission.pk, revoked_at__isnull=True).update(
        revoked_at=now, given_back=by is not None and by.pk == admission.person_id
    ):
        return
    admission.refresh_from_db(fields=["revoked_at", "given_back"])
    for link in AccessLink.objects.filter(admission=admission, revoked_at__isnull=True):
        revoke_link(link=link, now=now, by=by)
    journal.note(
        "admission.revoked",
        edition=admission.edition,
        now=now,
        by=by,
        about=admission.person,
        target=admission,
    )
    _rights_changed(people=[admission.person_id])


@transaction.atomic
def create_link(
    *,
    kind: str,
    edition: Edition,
    now: datetime,
    person: User | None = None,
    admission: Admission | None = None,
    role: Role | None = None,
    valid_until: datetime | None = None,
    by: User | None = None,
) -> AccessLink:
    """A link without a token: that is minted when it is sent (`mint`). Ends two hours after the congress."""
    link = AccessLink.objects.create(
        kind=kind,
        edition=edition,
        person=person,
        admission=admission,
        role=role,
        valid_from=now,
        valid_until=valid_until or edition.ends_at + timedelta(hours=2),
    )
    journal.note(
        "link.created", edition=edition, now=now, by=by, about=person, target=link, kind=kind
    )
    return link


def set_code(*, link: AccessLink) -> str:
    """A code of six digits, to be told by word of mouth. It is kept nowhere: only a hash with our key is stored."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    link.code_hash = links.code_hash(link.pk, code)
    link.save(update_fields=["code_hash"])
    return code


@transaction.atomic
def mint(*, link: AccessLink, now: datetime) -> str:
    """A new token for the link; the one before stays good, so that no delivered letter holds a dead link.

    Returns the plain token. It is kept nowhere: only its hash is stored.
    """
    link = AccessLink.objects.select_for_update().get(pk=link.pk)
    token = links.new_token(link.kind)
    link.previous_token_hash, link.token_hash = link.token_hash, links.hashed(token)
    link.save(update_fields=["token_hash", "previous_token_hash"])
    journal.note("link.minted", edition=link.edition, now=now, about=link.person, target=link)
    return token


@transaction.atomic
def mint_for_many(
    *,
    kind: str,
    edition: Edition,
    admissions: Collection[int],
    max_devices: int,
    now: datetime,
    by: User | None = None,
) -> dict[Admission, str]:
    """A new token for each of these admissions of the edition that are in force, made in a few statements.

    The link is created where there is none; the token before stays good, as with `mint`. Returns the plain tokens,
    which are kept nowhere.
    """
    # One at a time for each person, in one order: two who do this at once make no second link and no deadlock.
    found = list(
        Admission.objects.in_force()
        .filter(pk__in=admissions, edition=edition, person__is_active=True)
        .select_related("person")
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    links_of = {
        link.admission_id: link
        for link in AccessLink.objects.filter(
            admission__in=found, kind=kind, revoked_at__isnull=True
        )
    }
    missing = [
        AccessLink(
            kind=kind,
            edition=edition,
            person_id=admission.person_id,
            admission=admission,
            max_devices=max_devices,
            valid_from=now,
            valid_until=edition.ends_at + timedelta(hours=2),
        )
        for admission in found
        if admission.pk not in links_of
    ]
    for link in AccessLink.objects.bulk_create(missing):
        links_of[link.admission_id] = link
    journal.note_each(
        "link.created",
        [(link.admission.person, link) for link in missing if link.admission is not None],
        edition=edition,
        now=now,
        by=by,
        kind=kind,
    )
    tokens = {admission: links.new_token(kind) for admission in found}
    for admission, token in tokens.items():
        link = links_of[admission.pk]
        link.previous_token_hash, link.token_hash = link.token_hash, links.hashed(token)
        # The congress may have been moved since the link was made.
        link.valid_until = max(link.valid_until, edition.ends_at + timedelta(hours=2))
    AccessLink.objects.bulk_update(
        links_of.values(), ["token_hash", "previous_token_hash", "valid_until"], batch_size=500
    )
    journal.note_each(
        "link.minted",
        [(admission.person, links_of[admission.pk]) for admission in found],
        edition=edition,
        now=now,
        by=by,
    )
    return tokens


@transaction.atomic
def renew_link(*, link: AccessLink, now: datetime, by: User | None = None) -> str:
    """A new token that ends all older ones and whoever is in by them. Returns the plain token."""
    AccessLink.objects.filter(pk=link.pk).update(token_hash=None, previous_token_hash=None)
    _end_sessions(link)
    journal.note(
        "link.renewed", edition=link.edition, now=now, by=by, about=link.person, target=link
    )
    return mint(link=link, now=now)


@transaction.atomic
def revoke_link(*, link: AccessLink, now: datetime, by: User | None = None) -> None:
    """End the link and whoever is in by it. Twice does no harm."""
    if not AccessLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=now):
        return
    link.revoked_at = now
    _end_sessions(link)
    journal.note(
        "link.revoked", edition=link.edition, now=now, by=by, about=link.person, target=link
    )


@transaction.atomic
def enter_by_link(
    *, request: HttpRequest, link: AccessLink, now: datetime, replace_oldest: bool = False
) -> None:
    """Sign the link's person in on this device, until the link ends; by a badge until the day ends.

    Raises `LinkIsOver` or `TooManyDevices`; with `replace_oldest` the longest-standing device is signed out instead.
    """
    from django.contrib.auth import login  # imports the models of whoever signs in

    link = (
        AccessLink.objects.select_for_update(of=("self",))
        .select_related("person", "edition")
        .get(pk=link.pk)
    )
    if not link.is_open(now) or link.person is None or not link.person.is_active:
        raise LinkIsOver
    if link.admission is not None and not link.admission.is_in_force(now):
        raise LinkIsOver
    here = request.session.session_key
    # Sessions live by the real clock: a practice edition's year may be long ago.
    devices = list(
        BrowserSession.objects.filter(
            link=link,
            expire_date__gt=timezone.now(),  # noqa: TID251  # sessions live by the real clock
        )  # sessions are real
        .exclude(session_key=here)
        .order_by("entered_at")
    )
    if len(devices) >= link.max_devices:
        if not replace_oldest:
            raise TooManyDevices
        for device in devices[: len(devices) - link.max_devices + 1]:
            _end([device.session_key])
    login(request, link.person, backend="congress.auth.RoleBackend")
    request.session[LINK_KEY] = link.pk
    ends_at = link.valid_until
    if link.kind == AccessLink.Kind.BADGE:
        # Everybody can read a badge who stands before it: it opens little, and not for long.
        request.session[BADGE_KEY] = link.edition_id
        ends_at = min(ends_at, link.edition.midnight_after(now))
    request.session.set_expiry(max(60, int((ends_at - now).total_seconds())))
    journal.note("link.entered", edition=link.edition, now=now, about=link.person, target=link)


@transaction.atomic
def end_sessions(*, person: User, edition: Edition, now: datetime, by: User) -> int:
    """Sign the person out wherever they are signed in. Returns on how many devices that was."""
    keys = list(BrowserSession.objects.filter(person=person).values_list("session_key", flat=True))
    _end(keys)
    journal.note(
        "person.signed_out", edition=edition, now=now, by=by, about=person, devices=len(keys)
    )
    return len(keys)


def _end_sessions(link: AccessLink) -> None:
    _end(
        list(BrowserSession.objects.filter(link=link).values_list("session_key", flat=True)),
        links=[link.pk],
    )


def _end(sessions: list[str], *, links: list[int] | None = None) -> None:
    BrowserSession.objects.filter(session_key__in=sessions).delete()
    _rights_changed(sessions=sessions, links=links or [])


def _rights_changed(**whose: list[str] | list[int]) -> None:
    transaction.on_commit(
        lambda: rights_changed.send(
            sender=None, **{"people": [], "sessions": [], "links": []} | whose
        )
    )


@transaction.atomic
def write_own_page(*, edition: Edition, slug: str, by: User, now: datetime) -> Page:
    """The edition's own copy of the page that holds for all, to be changed; the own one where it is there already.

    Raises `Page.DoesNotExist`.
    """
    general = Page.objects.get(edition=None, slug=slug)
    copied = {name: getattr(general, name) for name in Page.WRITTEN}
    page, created = Page.objects.get_or_create(edition=edition, slug=slug, defaults=copied)
    if created:
        journal.note("page.taken_over", edition=edition, now=now, by=by, target=page)
    return page
