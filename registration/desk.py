"""What the registration knows about callers, and what the help desk can do for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congress import desk
from congress.desk import Act, Deed, Outcome, Sentence, Subject, Wanted, Weight, fate, when
from congress.models import Admission, Edition, Letter, Role, User
from congress.models.database import numbered
from registration import actions, emails, place_queries, queries
from registration.desk_forms import AddressForm
from registration.models import Registration

State = Registration.State

CODE, LETTER, WAY_IN, ADDRESS, PUSH = "code", "brief", "zugang", "adresse", "vorziehen"
WALK_IN = "aufnehmen"


class Registrations:
    """Those of nobody yet: the address is not confirmed. Registrations of people lead to the person."""

    kind = "anmeldung"

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        rows = _rows(Registration.objects.of_edition(edition))
        found = wanted.among(rows, mailboxes=("email",))
        return map(subject_of, found[: desk.MOST_FOUND + 1])

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        rows = Registration.objects.of_edition(edition).filter(pk__in=numbers)
        return map(subject_of, _rows(rows))

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        """Whoever is a person already is heard under that name."""
        return numbered(Registration.objects.of_edition(edition).filter(person=None), "found_by")


def _rows(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    return rows.select_related("person").order_by("-pk")


def subject_of(registration: Registration) -> Subject:
    if registration.person is not None:
        return Subject.of(registration.person)
    return Subject(
        Registrations.kind,
        registration.pk,
        registration.display_name,
        registration.authority or registration.body,
        registration.address,
        row=registration,
    )


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    """How the registration stands. Three queries for any number of subjects."""
    people = [subject.person.pk for subject in subjects if subject.person is not None]
    of_person: dict[int | None, Registration] = {}
    rows = place_queries.with_place(
        Registration.objects.of_edition(edition).filter(person__in=people)
    )
    for row in rows.select_related("decided_by", "rule").order_by("-pk"):
        known = of_person.get(row.person_id)
        if known is None or (row.is_active and not known.is_active):
            of_person[row.person_id] = row
    admitted = set(
        Admission.objects.in_force()
        .filter(edition=edition, person__in=people)
        .values_list("person_id", flat=True)
    )
    letters = desk.letters_of(edition, subjects)
    no_code = _without_a_code(people)
    found: dict[str, list[Sentence]] = {}
    for subject in subjects:
        own = subject.row if isinstance(subject.row, Registration) else None
        found_row = of_person.get(subject.person.pk) if subject.person is not None else own
        theirs = found[subject.key] = []
        if found_row is not None:
            theirs.append(_state(found_row, letters[subject.key], edition, now))
        if subject.person is not None and subject.person.pk in admitted:
            theirs.append(_ways_in(subject, letters[subject.key], edition, now))
        if subject.person is not None and subject.person.pk in no_code:
            found[subject.key] = [_no_code(sentence) for sentence in theirs]
    return found


def _without_a_code(people: list[int]) -> set[int]:
    """Who sees personal data or gives rights, in any edition: the action refuses them a code."""
    kinds = {*Role.GUARDED, *Role.IN_THE_ADMIN}
    roles = Role.objects.in_force().of_kind(*kinds).filter(person__in=people)
    operators = User.objects.filter(pk__in=people, is_superuser=True)
    return {*roles.values_list("person_id", flat=True), *operators.values_list("pk", flat=True)}


def _no_code(sentence: Sentence) -> Sentence:
    return replace(sentence, acts=tuple(act for act in sentence.acts if act != CODE))


def _state(
    registration: Registration, letters: list[Letter], edition: Edition, now: datetime
) -> Sentence:
    state = registration.state
    if state == State.UNVERIFIED:
        code = _newest(letters, registration, emails.CODE, emails.ALREADY_REGISTERED)
        text = _("The address is not confirmed: %(fate)s.") % {"fate": fate(code, edition, now)}
        return Sentence(text, Weight.WAITS, "warning", (CODE, LETTER, ADDRESS))
    if state == State.IN_REVIEW:
        return _in_review(registration, edition, now)
    if state == State.WAITLISTED:
        rank = getattr(registration, "waits_at", None)
        text = (
            _("Is number %(number)d on the waiting list.") % {"number": rank}
            if rank
            else _("Is on the waiting list.")
        )
        return Sentence(text, Weight.WAITS, "warning", (CODE,))
    if state == State.OFFERED:
        until = getattr(registration, "offered_until", None)
        text = (
            _("A place is kept until %(when)s and waits for an answer.")
            % {"when": when(until, edition, now)}
            if until
            else _("A place is offered and waits for an answer.")
        )
        return Sentence(text, Weight.WAITS, "warning", (CODE,))
    if state == State.REJECTED:
        text = _("Was rejected %(when)s, with this reason: “%(reason)s”") % {
            "when": when(registration.decided_at or registration.submitted_at, edition, now),
            "reason": " ".join(registration.reason.split()),
        }
        return Sentence(text, Weight.WAITS, "danger")
    if state == State.CANCELLED:
        at = when(registration.cancelled_at or registration.submitted_at, edition, now)
        handed_on = _("Has handed the place to a colleague %(when)s.")
        text = (handed_on if registration.handed_on else _("Has cancelled %(when)s.")) % {
            "when": at
        }
        return Sentence(text, Weight.WAITS, "neutral")
    at = when(registration.decided_at or registration.submitted_at, edition, now)
    if registration.decided_by is not None:
        by = registration.decided_by.display_name
        text = _("Was admitted %(when)s by %(name)s.") % {"when": at, "name": by}
    else:
        text = _("Was admitted %(when)s by the list of domains.") % {"when": at}
    return Sentence(text, Weight.REMARK, "neutral")


def _in_review(registration: Registration, edition: Edition, now: datetime) -> Sentence:
    moments = (registration.submitted_at, registration.verified_at, registration.in_review_since)
    since = when(max(filter(None, moments)), edition, now)
    if registration.asked_until is not None and registration.asked_until > now:
        text = _("Has been asked back; the answer is awaited until %(when)s.") % {
            "when": when(registration.asked_until, edition, now)
        }
    elif registration.pushed_at is not None:
        text = _("In review since %(when)s, and at the top of the queue.") % {"when": since}
        return Sentence(text, Weight.WAITS, "warning", (CODE,))
    elif registration.lacks_evidence:
        text = _("In review since %(when)s; has not told us yet how we may check.") % {
            "when": since
        }
    else:
        text = _("In review since %(when)s.") % {"when": since}
    return Sentence(text, Weight.WAITS, "warning", (PUSH, CODE))


def _newest(letters: list[Letter], registration: Registration, *templates: str) -> Letter | None:
    """Several people may share a mailbox: the letter about this registration."""
    return next(
        (
            letter
            for letter in letters
            if letter.template in templates
            and letter.objects_named.get("registration", [None, None])[1] == registration.pk
        ),
        None,
    )


def _ways_in(subject: Subject, letters: list[Letter], edition: Edition, now: datetime) -> Sentence:
    """What the person was written about the way in."""
    last = next((letter for letter in letters if letter.template in _WAYS_IN), None)
    if not subject.address:
        text = _("There is no address: the way in is a code, or the badge.")
    elif last is None:
        text = _("The way in was not written to them yet.")
    else:
        text = _("About the way in: %(fate)s.") % {"fate": fate(last, edition, now)}
    acts = (CODE, WAY_IN) if subject.address else (CODE,)
    return Sentence(text, Weight.REMARK, "neutral", acts)


_WAYS_IN = (emails.WAY_IN, emails.ADMITTED)


# --- Acts ---------------------------------------------------------------------------------------------------


def read_out(deed: Deed) -> Outcome:
    subject = deed.subject
    row = subject.row if isinstance(subject.row, Registration) else None
    code = actions.make_telephone_code(
        edition=deed.edition,
        by=deed.by,
        now=deed.now,
        key=deed.key,
        person=subject.person,
        registration=row,
    )
    return Outcome(code=code)


def send_code(deed: Deed) -> Outcome:
    actions.send_code_for_caller(registration=_registration(deed), by=deed.by, now=deed.now)
    return Outcome(gettext_lazy("A new code is on its way."))


def correct_address(deed: Deed) -> Outcome:
    registration = _registration(deed)
    actions.correct_address(
        registration=registration, email=deed.given["email"], by=deed.by, now=deed.now
    )
    return Outcome(
        gettext_lazy("The address is corrected; a code is on its way to it."),
        subject_of(registration),
    )


def push_to_top(deed: Deed) -> Outcome:
    person = deed.subject.person
    registration = queries.registration_of(person, deed.edition) if person is not None else None
    if registration is None:
        raise actions.AlreadyDecided
    actions.push_to_top(registration=registration, by=deed.by, now=deed.now)
    return Outcome(gettext_lazy("The case is at the top of the review now."))


def send_way_in(deed: Deed) -> Outcome:
    person = deed.subject.person
    if person is None:
        raise actions.NoWayIn
    actions.send_way_in(person=person, edition=deed.edition, by=deed.by, now=deed.now, key=deed.key)
    return Outcome(gettext_lazy("The way in is on its way by mail."))


def _registration(deed: Deed) -> Registration:
    row = deed.subject.row
    if not isinstance(row, Registration):
        raise actions.AlreadyConfirmed
    row.edition = deed.edition
    return row


def _address_form(subject: Subject, data: Any = None) -> AddressForm:
    return AddressForm(data, initial={"email": subject.address}, about=subject.key)


def _walk_in(edition: Edition, subject: Subject) -> str:
    path = reverse("help_desk_walk_in", kwargs={"edition": edition.slug})
    return f"{path}?von={subject.key}"


ACTS = (
    Act(
        CODE,
        gettext_lazy("Read out a code"),
        read_out,
        hint=gettext_lazy("Good for ten minutes and once. The caller types it themselves."),
    ),
    Act(LETTER, gettext_lazy("Send a new code by mail"), send_code, icon="mail"),
    Act(
        ADDRESS,
        gettext_lazy("Correct the address"),
        correct_address,
        icon="edit",
        form=_address_form,
    ),
    Act(PUSH, gettext_lazy("Push to the top of the review"), push_to_top, icon="arrow-up"),
    Act(WAY_IN, gettext_lazy("Send the way in by mail"), send_way_in, icon="mail"),
    Act(
        WALK_IN,
        gettext_lazy("Register here"),
        icon="add",
        elsewhere=_walk_in,
    ),
)
