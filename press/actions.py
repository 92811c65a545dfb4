"""What changes requests of journalists and their way in."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from congress import journal, mail, worker
from congress.actions import (
    create_link,
    grant_admission,
    renew_link,
    revoke_admission,
)
from congress.errors import Refused
from congress.models import AccessLink, Admission, Edition, Letter, User
from congress.models.database import StatementNow
from congress.uploads import Brought
from press import emails, queries
from press.models import Accreditation, Assignment, LinkRequest, PressQuestion, PressSettings
from press.signals import accreditation_decided

# More requests of one mailbox within the hour are taken, but not answered: a form is no way to fill a mailbox.
LETTERS_PER_MAILBOX = 5
WITHIN = timedelta(hours=1)


class TooLate(Refused):
    message = _("The deadline has passed, and late requests are no longer taken here.")
    code = "too_late"


class AlreadyDecided(Refused):
    message = _("This request has been decided already.")
    code = "already_decided"


class NotApproved(Refused):
    message = _("This request is not approved, so there is no access.")
    code = "not_approved"


class CongressIsOver(Refused):
    message = _("The congress is over.")
    code = "congress_is_over"


class ReasonMissing(Refused):
    message = _("A rejection needs a reason that the journalist can read.")
    code = "reason_missing"


class NothingAsked(Refused):
    message = _("There is no question to answer any more.")
    code = "nothing_asked"


class WaitsForAnAnswer(Refused):
    message = _("This journalist has been asked already and has not answered yet.")
    code = "waits_for_an_answer"


@transaction.atomic
def submit(
    *, edition: Edition, key: uuid.UUID, assignment: Brought | None = None, **given: Any
) -> Accreditation:
    """Take a request. In time is what is sent before the deadline, judged by the statement that writes the row.

    The same form with the same answers is the same request; with other answers it is one more, so that whoever
    went back to correct an address is heard. Raises `TooLate` where the edition takes no late requests, or
    `CongressIsOver`.
    """
    brought = sha256(assignment.content).hexdigest() if assignment is not None else ""
    same = uuid.uuid5(key, json.dumps(given, sort_keys=True, default=str) + brought)
    accreditation, created = Accreditation.objects.get_or_create(
        edition=edition,
        form_key=same,
        defaults=given | Accreditation.judged_by_the_database(edition),
    )
    if not created:
        return accreditation
    accreditation.refresh_from_db()
    if queries.link_is_over(edition, accreditation.submitted_at):
        raise CongressIsOver
    if accreditation.late and not queries.desk(edition).takes_late:
        raise TooLate
    if assignment is not None:
        _keep(assignment, accreditation, accreditation.submitted_at)
    journal.note(
        "accreditation.requested",
        edition=edition,
        now=accreditation.submitted_at,
        target=accreditation,
        late=accreditation.late,
    )
    if queries.sent_recently(accreditation, WITHIN) <= LETTERS_PER_MAILBOX:
        emails.requested(accreditation)
    return accreditation


def _keep(brought: Brought, accreditation: Accreditation, now: datetime) -> None:
    """The file of an assignment, in the place of an earlier one. Off the disk again where the row is not written."""
    Assignment.objects.filter(accreditation=accreditation).delete()
    row = Assignment(
        accreditation=accreditation,
        kind=brought.kind,
        size=len(brought.content),
        added_at=now,
    )
    row.file.save("", ContentFile(brought.content), save=False)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except BaseException:
        row.file.delete(save=False)
        raise


@transaction.atomic
def confirm_address(*, accreditation: Accreditation, now: datetime) -> bool:
    """The mailbox belongs to whoever asks. Twice does no harm; returns whether it was the first time."""
    changed = Accreditation.objects.filter(pk=accreditation.pk, verified_at__isnull=True).update(
        verified_at=now
    )
    if changed:
        accreditation.verified_at = now
        journal.note(
            "accreditation.confirmed",
            edition=accreditation.edition,
            now=now,
            target=accreditation,
        )
    return bool(changed)


@transaction.atomic
def add_proof(
    *,
    accreditation: Accreditation,
    now: datetime,
    card_issuer: str,
    card_number: str,
    work: str,
    card_valid_until: date | None = None,
    assignment: Brought | None = None,
) -> None:
    """Add or replace what shows that the person works for a medium. Raises `AlreadyDecided`."""
    changed = (
        Accreditation.objects.undecided()
        .filter(pk=accreditation.pk)
        .update(
            card_issuer=card_issuer,
            card_number=card_number,
            card_valid_until=card_valid_until,
            work=work,
            proof_at=now,
            # Who was asked has answered in this way: the case comes back to the desk.
            asked_until=None,
        )
    )
    if not changed:
        raise AlreadyDecided
    if assignment is not None:
        _keep(assignment, accreditation, now)
    journal.note(
        "accreditation.proof_added",
        edition=accreditation.edition,
        now=now,
        target=accreditation,
    )
    confirm_address(accreditation=accreditation, now=now)


@transaction.atomic
def approve(
    *, accreditation: Accreditation, by: User, now: datetime, person: User | None = None
) -> AccessLink:
    """Let the journalist in: a person without sign-in address, an admission, a link, and the letter with it.

    The link leaves at the moment that the desk has set, and until then the decision alone; afterwards at once.
    Raises `AlreadyDecided` or `CongressIsOver`.
    """
    edition = accreditation.edition
    if queries.link_is_over(edition, now):
        raise CongressIsOver
    person = person or User.objects.create_user(
        None,
        title=accreditation.title,
        first_name=accreditation.first_name,
        last_name=accreditation.last_name,
        body=accreditation.medium,
        contact_email=accreditation.mailbox,
        language=accreditation.language,
    )
    # Whoever changes the row first has decided; what was prepared here is undone with the refusal.
    changed = (
        Accreditation.objects.undecided()
        .filter(pk=accreditation.pk)
        .update(
            state=Accreditation.State.APPROVED,
            decided_at=now,
            decided_by=by,
            person=person,
        )
    )
    if not changed:
        raise AlreadyDecided
    accreditation.refresh_from_db()
    link = _let_in(accreditation, by=by, now=now)
    _tell("accreditation.approved", accreditation, by, now)
    due_at = queries.links_wait_until(edition, now)
    if due_at is not None:
        emails.accredited(accreditation)
    emails.approved(accreditation, link, due_at=due_at)
    return link


@transaction.atomic
def reject(
    *, accreditation: Accreditation, code: str, reason: str = "", by: User, now: datetime
) -> None:
    """Say no, with a reason the journalist reads. Raises `AlreadyDecided` or `ReasonMissing`."""
    if code not in Accreditation.Reason.values:
        raise ReasonMissing
    changed = (
        Accreditation.objects.undecided()
        .filter(pk=accreditation.pk)
        .update(
            state=Accreditation.State.REJECTED,
            decided_at=now,
            decided_by=by,
            reason_code=code,
            reason=reason,
            remedy=PressSettings.objects.of(accreditation.edition).remedy_for(
                accreditation.language
            ),
        )
    )
    if not changed:
        raise AlreadyDecided
    accreditation.refresh_from_db()
    _tell("accreditation.rejected", accreditation, by, now, reason=code)
    emails.rejected(accreditation)


@transaction.atomic
def ask(
    *, accreditation: Accreditation, text: str, until: datetime, by: User, now: datetime
) -> None:
    """Ask the journalist something by letter; the case comes back with the answer, or at `until`.

    Raises `AlreadyDecided` or `WaitsForAnAnswer`.
    """
    changed = (
        Accreditation.objects.to_decide(now).filter(pk=accreditation.pk).update(asked_until=until)
    )
    if not changed:
        accreditation.refresh_from_db()
        raise WaitsForAnAnswer if accreditation.is_open else AlreadyDecided
    question = PressQuestion.objects.create(
        accreditation=accreditation, text=text, asked_at=now, asked_by=by
    )
    _note("accreditation.asked", accreditation, by, now)
    emails.asked(accreditation, question)


@transaction.atomic
def answer(*, accreditation: Accreditation, text: str, now: datetime) -> None:
    """The journalist answers the latest question. Raises `NothingAsked`."""
    # The request's row first: nobody decides in between.
    waits = (
        Accreditation.objects.select_for_update().undecided().filter(pk=accreditation.pk).exists()
    )
    question = accreditation.questions.filter(answered_at__isnull=True).last()
    if not waits or question is None:
        raise NothingAsked
    PressQuestion.objects.filter(pk=question.pk).update(answer=text, answered_at=now)
    Accreditation.objects.filter(pk=accreditation.pk).update(asked_until=None)
    _note("accreditation.answered", accreditation, None, now)
    confirm_address(accreditation=accreditation, now=now)


@transaction.atomic
def change_settings(*, edition: Edition, by: User, now: datetime, **wanted: Any) -> None:
    """Fields of `PressSettings`; what stays the same is not written down. The row is made on first need."""
    PressSettings.objects.get_or_create(edition=edition)
    settings = PressSettings.objects.select_for_update().get(edition=edition)
    changed = [name for name, value in wanted.items() if getattr(settings, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(settings, name, wanted[name])
    settings.save(update_fields=changed)
    journal.note(
        "press.settings_changed", edition=edition, now=now, by=by, target=settings, changed=changed
    )
    time_links(edition)


def time_links(edition: Edition) -> int:
    """Links that wait leave at the moment that is set now: by the desk, or by the days of the congress.

    Twice does no harm. Returns how many got another moment.
    """
    moment = queries.links_leave_at(edition)
    waiting = queries.link_letters(edition).filter(
        state=Letter.State.QUEUED, due_at__isnull=False, attempts=0
    )
    return waiting.exclude(due_at=moment).update(due_at=moment)


@transaction.atomic
def withdraw(*, accreditation: Accreditation, now: datetime, by: User | None = None) -> None:
    """The journalist no longer comes; an access that was given ends. Raises `AlreadyDecided`."""
    changed = Accreditation.objects.filter(
        pk=accreditation.pk,
        state__in=(Accreditation.State.REQUESTED, Accreditation.State.APPROVED),
    ).update(state=Accreditation.State.WITHDRAWN, withdrawn_at=now)
    if not changed:
        raise AlreadyDecided
    accreditation.refresh_from_db()
    if accreditation.admission is not None:
        revoke_admission(admission=accreditation.admission, now=now, by=by)
        _hold_back(accreditation, by=by, now=now)
    _tell("accreditation.withdrawn", accreditation, by, now)
    emails.withdrawn(accreditation)


@transaction.atomic
def renew_access(*, accreditation: Accreditation, by: User, now: datetime) -> None:
    """A new link by letter; all older ones end, with every device that is in by them.

    Also lets somebody in again whose access was revoked. Raises `NotApproved` or `CongressIsOver`.
    """
    if accreditation.state != Accreditation.State.APPROVED:
        raise NotApproved
    if queries.link_is_over(accreditation.edition, now):
        raise CongressIsOver
    _hold_back(accreditation, by=by, now=now)
    link = _let_in(accreditation, by=by, now=now)
    # Whoever has had a link needs the new one now; others wait with everybody.
    is_first = link.token_hash is None
    due_at = queries.links_wait_until(accreditation.edition, now) if is_first else None
    # The token that this makes is shown to nobody; the letter makes its own when it is sent.
    renew_link(link=link, now=now, by=by)
    emails.renewed(accreditation, link, due_at=due_at)


@transaction.atomic
def revoke_access(*, accreditation: Accreditation, by: User, now: datetime) -> None:
    """End admission and link; open pages close within seconds. Twice does no harm. Raises `NotApproved`."""
    if accreditation.state != Accreditation.State.APPROVED or accreditation.admission is None:
        raise NotApproved
    revoke_admission(admission=accreditation.admission, now=now, by=by)
    _hold_back(accreditation, by=by, now=now)


@transaction.atomic
def send_confirmation_again(
    *, accreditation: Accreditation, key: uuid.UUID, by: User, now: datetime
) -> None:
    """The letter that confirms the address, once more: the help desk has the journalist on the line.

    Raises `AlreadyDecided`.
    """
    waiting = Accreditation.objects.undecided().filter(pk=accreditation.pk, verified_at=None)
    if not waiting.exists():
        raise AlreadyDecided
    emails.requested(accreditation, key)
    _note("accreditation.confirmation_sent_again", accreditation, by, now)


@transaction.atomic
def correct_mailbox(
    *, accreditation: Accreditation, mailbox: str, key: uuid.UUID, by: User, now: datetime
) -> None:
    """The address was mistyped: links that were sent to it end, the confirmation goes to the right one.

    Raises `AlreadyDecided`, also where the address is confirmed.
    """
    changed = (
        Accreditation.objects.undecided()
        .filter(pk=accreditation.pk, verified_at=None)
        .update(mailbox=mailbox)
    )
    if not changed:
        raise AlreadyDecided
    accreditation.refresh_from_db(fields=["mailbox"])
    emails.requested(accreditation, key)
    _note("accreditation.mailbox_corrected", accreditation, by, now)


@transaction.atomic
def send_link_again(
    *, accreditation: Accreditation, key: uuid.UUID, by: User | None, now: datetime
) -> None:
    """The personal link once more, or now where it still waits for its moment; who is in by it stays in.

    Raises `NotApproved`, also where the access was revoked.
    """
    admission = accreditation.admission
    if accreditation.state != Accreditation.State.APPROVED:
        raise NotApproved
    if admission is None or not admission.is_in_force(now):
        raise NotApproved
    waiting = _waiting_letters(accreditation).first()
    if waiting is not None:
        mail.send_again(waiting, by=by, now=now)
    else:
        emails.renewed(accreditation, _let_in(accreditation, by=by, now=now), key)
    _note("accreditation.link_sent_again", accreditation, by, now)


# --- Lost links ---------------------------------------------------------------------------------------

MINUTES_BETWEEN_LINKS = 10
MOST_LINKS_IN_A_DAY = 5


@transaction.atomic
def ask_for_link(*, edition: Edition, mailbox: str) -> None:
    """Somebody has lost a link. The same row for every address: who it is, is looked up by a worker."""
    LinkRequest.objects.create(edition=edition, mailbox=mailbox, asked_at=StatementNow())
    transaction.on_commit(lambda: worker.start("press.tasks.answer_link_requests"), robust=True)


def answer_link_requests() -> int:
    """Send the links that were asked for, as many as a mailbox bears. Returns how many requests there were."""
    numbers = LinkRequest.objects.filter(answered_at__isnull=True).values_list("pk", flat=True)
    return sum(_answer(number) for number in list(numbers[:500]))


@transaction.atomic
def _answer(number: int) -> bool:
    request = (
        LinkRequest.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("edition__host_state")
        .filter(pk=number, answered_at__isnull=True)
        .first()
    )
    if request is None:
        return False
    sent = _may_send_again(request) and _send_what_was_lost(request)
    LinkRequest.objects.filter(pk=number).update(answered_at=StatementNow(), sent=sent)
    return True


def _may_send_again(request: LinkRequest) -> bool:
    before = LinkRequest.objects.filter(
        edition=request.edition_id, mailbox=request.mailbox, sent=True
    )
    pause = StatementNow() - timedelta(minutes=MINUTES_BETWEEN_LINKS)
    day = StatementNow() - timedelta(days=1)
    return (
        not before.filter(answered_at__gt=pause).exists()
        and before.filter(answered_at__gt=day).count() < MOST_LINKS_IN_A_DAY
    )


def _send_what_was_lost(request: LinkRequest) -> bool:
    edition = request.edition
    now = edition.now()
    approved = Accreditation.objects.of_edition(edition).with_person().accredited()
    sent = False
    for accreditation in approved.filter(person__contact_email=request.mailbox):
        accreditation.edition = edition
        key = uuid.uuid5(accreditation.form_key, f"lost:{request.pk}")
        if accreditation.admission is None or not accreditation.admission.is_in_force(now):
            continue
        if _waiting_letters(accreditation).exists():
            emails.accredited(accreditation, key)
        else:
            send_link_again(accreditation=accreditation, key=key, by=None, now=now)
        sent = True
    return sent


def _waiting_letters(accreditation: Accreditation) -> QuerySet[Letter]:
    """Letters with the link that wait for their moment."""
    return queries.link_letters(accreditation.edition).filter(
        person=accreditation.person_id, state=Letter.State.QUEUED, due_at__isnull=False
    )


def _hold_back(accreditation: Accreditation, *, by: User | None, now: datetime) -> None:
    """Letters with the link that have not left: it has ended, or a newer letter brings another."""
    letters = queries.link_letters(accreditation.edition).filter(
        person=accreditation.person_id, state=Letter.State.QUEUED
    )
    for letter in letters:
        with suppress(mail.AlreadyOnItsWay):
            mail.withdraw(letter, by=by, now=now)


def forget_proofs(rows: QuerySet[Accreditation]) -> int:
    """Empty what is no longer needed once it has been decided. Returns how many."""
    numbers = list(rows.values_list("pk", flat=True))
    Assignment.objects.filter(accreditation__in=numbers).delete()
    return Accreditation.objects.filter(pk__in=numbers).update(
        card_issuer="", card_number="", card_valid_until=None, work=""
    )


def _let_in(accreditation: Accreditation, *, by: User | None, now: datetime) -> AccessLink:
    """Admission and link in force, the ones there are or new ones."""
    edition, person = accreditation.edition, accreditation.person
    if person is None:
        raise NotApproved
    admission = accreditation.admission
    if admission is None or not admission.is_in_force(now):
        admission = grant_admission(
            person=person,
            edition=edition,
            kind=Admission.Kind.PRESS,
            now=now,
            by=by,
        )
        Accreditation.objects.filter(pk=accreditation.pk).update(admission=admission)
        accreditation.admission = admission
    existing = AccessLink.objects.filter(
        admission=admission, kind=AccessLink.Kind.PRESS, revoked_at__isnull=True
    ).first()
    return existing or create_link(
        kind=AccessLink.Kind.PRESS,
        edition=edition,
        now=now,
        person=person,
        admission=admission,
        by=by,
    )


def _tell(
    verb: str, accreditation: Accreditation, by: User | None, now: datetime, **details: Any
) -> None:
    _note(verb, accreditation, by, now, **details)
    accreditation_decided.send(sender=Accreditation, accreditation=accreditation)


def _note(
    verb: str, accreditation: Accreditation, by: User | None, now: datetime, **details: Any
) -> None:
    journal.note(
        verb,
        edition=accreditation.edition,
        now=now,
        by=by,
        about=accreditation.person,
        target=accreditation,
        **details,
    )
