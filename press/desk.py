"""What the press tells the help desk about journalists, and what the desk can do for them. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congress import desk
from congress.desk import Act, Deed, Outcome, Sentence, Subject, Wanted, Weight, fate, when
from congress.models import Edition, Letter
from press import actions, emails
from press.forms import MailboxForm
from press.models import Accreditation

State = Accreditation.State

CONFIRM, LINK, MAILBOX = "bestaetigung", "presselink", "postfach"
COLUMNS = ("first_name", "last_name", "medium")


class Accreditations:
    """Requests that have no person: not decided yet, rejected or withdrawn."""

    kind = "akkreditierung"

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        rows = Accreditation.objects.filter(edition=edition).with_person().order_by("-pk")
        found = wanted.among(rows, text=COLUMNS, mailboxes=("mailbox",))
        return map(subject_of, found[: desk.MOST_FOUND + 1])

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        rows = Accreditation.objects.filter(edition=edition, pk__in=numbers)
        return map(subject_of, rows.with_person())

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        names = Accreditation.objects.filter(edition=edition).values_list("pk", *COLUMNS)
        return ((pk, f"{first} {last} {medium}") for pk, first, last, medium in names)


def subject_of(accreditation: Accreditation) -> Subject:
    if accreditation.person is not None:
        return Subject.of(accreditation.person, body=accreditation.medium)
    return Subject(
        Accreditations.kind,
        accreditation.pk,
        accreditation.display_name,
        accreditation.medium,
        accreditation.mailbox or "",
        row=accreditation,
    )


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    """Two queries for any number of subjects; none more for requests that have no person."""
    people = [subject.person.pk for subject in subjects if subject.person is not None]
    rows = Accreditation.objects.filter(edition=edition, person__in=people)
    of_person = {row.person_id: row for row in rows}
    about: dict[str, Accreditation] = {}
    for subject in subjects:
        if isinstance(subject.row, Accreditation):
            about[subject.key] = subject.row
        elif subject.person is not None and subject.person.pk in of_person:
            about[subject.key] = of_person[subject.person.pk]
    theirs = [subject for subject in subjects if subject.key in about]
    letters = desk.letters_of(edition, theirs) if theirs else {}
    return {key: [_state(row, letters[key], edition, now)] for key, row in about.items()}


def _state(
    accreditation: Accreditation, letters: list[Letter], edition: Edition, now: datetime
) -> Sentence:
    sent = when(accreditation.submitted_at, edition, now)
    if accreditation.state == State.REQUESTED and accreditation.verified_at is None:
        letter = _newest(letters, emails.REQUESTED)
        text = _(
            "Has asked for accreditation %(when)s, but has not confirmed the address: %(fate)s."
        ) % {"when": sent, "fate": fate(letter, edition, now)}
        return Sentence(text, Weight.WAITS, "warning", (CONFIRM, MAILBOX))
    if accreditation.state == State.REQUESTED:
        text = _("Has asked for accreditation %(when)s; the press office has not decided yet.")
        return Sentence(text % {"when": sent}, Weight.WAITS, "warning")
    decided = when(accreditation.decided_at or accreditation.submitted_at, edition, now)
    if accreditation.state == State.REJECTED:
        text = _("The press office rejected the accreditation %(when)s: %(reason)s.") % {
            "when": decided,
            "reason": accreditation.get_reason_code_display(),
        }
        return Sentence(text, Weight.WAITS, "danger")
    if accreditation.state == State.WITHDRAWN:
        at = when(accreditation.withdrawn_at or accreditation.submitted_at, edition, now)
        text = _("Has withdrawn the request for accreditation %(when)s.") % {"when": at}
        return Sentence(text, Weight.WAITS, "neutral")
    letter = _newest(letters, emails.APPROVED, emails.RENEWED)
    text = _("Is accredited as press since %(when)s; about the personal link: %(fate)s.") % {
        "when": decided,
        "fate": fate(letter, edition, now),
    }
    return Sentence(text, Weight.REMARK, "neutral", (LINK,))


def _newest(letters: list[Letter], *templates: str) -> Letter | None:
    return next((letter for letter in letters if letter.template in templates), None)


# --- Acts ---------------------------------------------------------------------------------------------------


def send_confirmation(deed: Deed) -> Outcome:
    actions.send_confirmation_again(
        accreditation=_accreditation(deed), key=deed.key, by=deed.by, now=deed.now
    )
    return Outcome(gettext_lazy("The letter that confirms the address is on its way again."))


def correct_mailbox(deed: Deed) -> Outcome:
    accreditation = _accreditation(deed)
    actions.correct_mailbox(
        accreditation=accreditation,
        mailbox=deed.given["mailbox"],
        key=deed.key,
        by=deed.by,
        now=deed.now,
    )
    return Outcome(gettext_lazy("The address is corrected; the letter is on its way to it."))


def send_link(deed: Deed) -> Outcome:
    person = deed.subject.person
    accreditation = Accreditation.objects.filter(edition=deed.edition, person=person).first()
    if person is None or accreditation is None:
        raise actions.NotApproved
    accreditation.edition = deed.edition
    actions.send_link_again(accreditation=accreditation, key=deed.key, by=deed.by, now=deed.now)
    return Outcome(gettext_lazy("The personal link is on its way again."))


def _accreditation(deed: Deed) -> Accreditation:
    row = deed.subject.row
    if not isinstance(row, Accreditation):
        raise actions.AlreadyDecided
    row.edition = deed.edition
    return row


def _mailbox_form(subject: Subject, data: Any = None) -> MailboxForm:
    return MailboxForm(data, initial={"mailbox": subject.address})


ACTS = (
    Act(CONFIRM, gettext_lazy("Send the confirmation again"), send_confirmation, icon="mail"),
    Act(
        MAILBOX,
        gettext_lazy("Correct the address"),
        correct_mailbox,
        icon="edit",
        form=_mailbox_form,
    ),
    Act(LINK, gettext_lazy("Send the personal link again"), send_link, icon="mail"),
)
