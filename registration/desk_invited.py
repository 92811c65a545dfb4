"""Callers who were invited and have not answered: neither people nor registrations yet, and yet known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congress import desk
from congress.desk import Act, Deed, Outcome, Sentence, Subject, Wanted, Weight, fate, when
from congress.models import Edition, Letter
from congress.models.database import numbered
from registration import actions, emails_inviting
from registration.desk import WALK_IN
from registration.models import Delegate, Invitation, Registration, Substitution

AGAIN = "einladen"


class Colleagues:
    """Whom a colleague or an office has named, and who has not said yes; nobody who has registered since."""

    kind = "kollege"

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        found = wanted.among(_delegates(edition), mailboxes=("email",))
        return map(_colleague, found.order_by("-pk")[: desk.MOST_FOUND + 1])

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        return map(_colleague, _delegates(edition).filter(pk__in=numbers))

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        return numbered(_delegates(edition), "found_by")


class Guests:
    """Whom the organisers have invited by name, as long as the invitation was not used."""

    kind = "einladung"

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        found = wanted.among(_invitations(edition), mailboxes=("email",))
        return map(_guest, found.order_by("-pk")[: desk.MOST_FOUND + 1])

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        return map(_guest, _invitations(edition).filter(pk__in=numbers))

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        return numbered(_invitations(edition), "found_by")


def _delegates(edition: Edition) -> QuerySet[Delegate]:
    theirs = Registration.objects.active().filter(
        edition=OuterRef("edition"),
        email_key=OuterRef("email_key"),
        first_name=OuterRef("first_name"),
        last_name=OuterRef("last_name"),
    )
    return Delegate.objects.open().with_delegation().filter(~Exists(theirs), edition=edition)


def _invitations(edition: Edition) -> QuerySet[Invitation]:
    is_in = Registration.objects.filter(
        edition=OuterRef("edition"),
        email_key=OuterRef("email_key"),
        state=Registration.State.ADMITTED,
    )
    return (
        Invitation.objects.of_edition(edition)
        .filter(~Exists(is_in), kind=Invitation.Kind.PERSONAL, uses__lt=F("uses_max"))
        .select_related("edition")
    )


def _colleague(row: Delegate) -> Subject:
    return Subject(Colleagues.kind, row.pk, row.display_name, row.body, row.email or "", row=row)


def _guest(row: Invitation) -> Subject:
    return Subject(Guests.kind, row.pk, row.whom, row.body, row.email or "", row=row)


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    """That they were invited, and why that has not brought them in. Two queries, none where nobody was."""
    invited = [one for one in subjects if isinstance(one.row, Delegate | Invitation)]
    if not invited:
        return {}
    letters = desk.letters_of(edition, invited)
    keys = [one.row.key for one in invited if isinstance(one.row, Delegate)]
    instead = set(Substitution.objects.filter(key__in=keys).values_list("key", flat=True))
    found: dict[str, Sequence[Sentence]] = {}
    for subject in invited:
        row = subject.row
        if isinstance(row, Delegate):
            said = _asked(row, instead=row.key in instead)
            ends = _why_no_colleague(row, edition, now)
            name = "delegate"
        elif isinstance(row, Invitation):
            said, ends, name = (
                _("Is invited personally"),
                _why_no_guest(row, edition, now),
                "invitation",
            )
        acts: tuple[str, ...] = (WALK_IN,)
        if ends:
            text = f"{said}; {ends}."
        else:
            about = fate(_newest(letters[subject.key], name, subject.number), edition, now)
            text = _("%(invited)s and has not answered yet: %(fate)s.") % {
                "invited": said,
                "fate": about,
            }
            acts = (AGAIN, WALK_IN)
        found[subject.key] = [Sentence(text, Weight.WAITS, "warning", acts)]
    return found


def _asked(row: Delegate, *, instead: bool) -> str:
    name = {"name": row.delegation.whose}
    if instead:
        return _("Was asked by %(name)s to come instead") % name
    if row.delegation.is_of_an_office:
        return _("Was registered by %(name)s") % name
    return _("Was invited by %(name)s") % name


def _why_no_colleague(row: Delegate, edition: Edition, now: datetime) -> str:
    """The second half of the sentence where the link opens nothing any more; empty where it does."""
    if not row.is_open(now):
        return _("the link ended %(when)s") % {"when": when(row.ends_at, edition, now)}
    if not actions.is_open(edition, now, row.delegation.invitation):
        return _("did not answer while registration was open")
    return ""


def _why_no_guest(row: Invitation, edition: Edition, now: datetime) -> str:
    """The same of an invitation."""
    if row.revoked_at is not None:
        return _("the invitation was withdrawn %(when)s") % {
            "when": when(row.revoked_at, edition, now)
        }
    if row.state(now) != Invitation.State.OPEN:
        return _("the invitation ended %(when)s") % {"when": when(row.valid_until, edition, now)}
    if not actions.is_open(edition, now, row):
        return _("did not use the invitation while registration was open")
    return ""


def _newest(letters: list[Letter], name: str, number: int) -> Letter | None:
    """Several people may share a mailbox: the letter about this one."""
    to_them = (emails_inviting.INVITED, emails_inviting.DELEGATE, emails_inviting.DELEGATE_REMINDED)
    return next(
        (
            letter
            for letter in letters
            if letter.template in to_them
            and letter.objects_named.get(name, [None, None])[1] == number
        ),
        None,
    )


# --- Acts ---------------------------------------------------------------------------------------------------


def invite_again(deed: Deed) -> Outcome:
    row = deed.subject.row
    if isinstance(row, Delegate):
        actions.invite_colleague_again(row=row, by=deed.by, now=deed.now, key=deed.key)
    elif isinstance(row, Invitation):
        actions.invite_guest_again(invitation=row, by=deed.by, now=deed.now, key=deed.key)
    return Outcome(gettext_lazy("The invitation is on its way once more."))


ACTS = (Act(AGAIN, gettext_lazy("Send the invitation again"), invite_again, icon="mail"),)
