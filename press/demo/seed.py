"""Requests of invented journalists in every state; the demonstration's journalist is among them, with a link."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from congress import actions
from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import AccessLink, Admission, Edition, Letter, Role, User
from press.demo import releases
from press.models import Accreditation

State = Accreditation.State
Function = Accreditation.Function
KEYS = uuid.UUID("6d9c3f0a-2b57-4a0e-9a53-0f4d8a1f2021")


@dataclass(frozen=True)
class Request:
    """A request as the seed writes it; times are UTC, the deadline is 16 March 2021, 12:00 UTC."""

    first_name: str
    last_name: str
    medium: str
    function: str
    mailbox: str
    sent: datetime
    state: str = State.REQUESTED
    decided: datetime | None = None
    more: dict[str, Any] = field(default_factory=dict)


def _march(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2021, 3, day, hour, minute, second, tzinfo=UTC)


REQUESTS = (
    Request(
        "Noa",
        "Sander",
        "Beispiel-Rundschau",
        Function.EDITOR,
        "journalist@rundschau.example",
        _march(9, 8, 14, 5),
        State.APPROVED,
        _march(10, 9, 30),
        {"card_issuer": "djv", "card_number": "BEISPIEL-1001"},
    ),
    Request(
        "Thure",
        "Kalkreuth",
        "Nachrichtenagentur Beispiel",
        Function.AGENCY,
        "t.kalkreuth@agentur.test",
        _march(11, 15, 2, 41),
        State.APPROVED,
        _march(12, 10, 5),
        {"card_issuer": "dju", "card_number": "BEISPIEL-2044", "phone": "0000 000 11 22"},
    ),
    Request(
        "Mira",
        "Holzapfel",
        "Radio Musterland",
        Function.RADIO,
        "mira.holzapfel@radio-musterland.test",
        _march(15, 17, 48, 30),
        more={"work": "https://radio-musterland.test/impressum"},
    ),
    Request(
        "Adem",
        "Yıldız",
        "Kommunalmagazin Beispiel",
        Function.FREELANCE,
        "adem.yildiz@kommunalmagazin.test",
        _march(16, 11, 51, 12),
        more={"title": "Dr."},
    ),
    Request(
        "Greta",
        "Löwenstein",
        "TV Musterhausen",
        Function.TV,
        "g.loewenstein@tv-musterhausen.test",
        _march(16, 12, 4, 9),
        more={"card_issuer": "djv", "card_number": "BEISPIEL-3310"},
    ),
    Request(
        "Ricarda",
        "Vogt",
        "Digitalbotschafter Blog",
        Function.ONLINE,
        "hallo@digitalbotschafter.test",
        _march(12, 7, 20, 0),
        State.REJECTED,
        _march(15, 14, 10),
        {
            "reason_code": Accreditation.Reason.NOT_PRESS,
            "reason": "Das Angebot wirbt für Produkte der eigenen Agentur; einen redaktionellen Auftrag konnten wir "
            "nicht erkennen. Liegt einer vor, schicken Sie ihn uns bitte.",
        },
    ),
    Request(
        "Ole",
        "Petersen",
        "Küstenkurier Beispiel",
        Function.PHOTO,
        "ole.petersen@kuestenkurier.test",
        _march(10, 6, 55, 44),
        State.WITHDRAWN,
    ),
)


@transaction.atomic
def fill(edition: Edition) -> None:
    """Repeatable: what is missing comes, what is there stays as visitors left it."""
    officer = _press_officer(edition)
    for number, request in enumerate(REQUESTS):
        key = uuid.uuid5(KEYS, str(number))
        if not Accreditation.objects.filter(edition=edition, form_key=key).exists():
            _write(edition, officer, request, key)
    _letters(edition)
    releases.fill(edition, officer)


def _write(edition: Edition, officer: User, request: Request, key: uuid.UUID) -> None:
    decided = request.state in (State.APPROVED, State.REJECTED)
    person = _person(request) if request.state == State.APPROVED else None
    accreditation = Accreditation.objects.create(
        edition=edition,
        form_key=key,
        first_name=request.first_name,
        last_name=request.last_name,
        medium=request.medium,
        function=request.function,
        mailbox=request.mailbox,
        submitted_at=request.sent,
        deadline_at=edition.press_deadline_at,
        late=request.sent >= edition.press_deadline_at,
        verified_at=request.sent + timedelta(minutes=6) if request.more else None,
        state=request.state,
        decided_at=request.decided,
        decided_by=officer if decided else None,
        withdrawn_at=request.sent + timedelta(days=2) if request.state == State.WITHDRAWN else None,
        person=person,
        **request.more,
    )
    if person is None or request.decided is None:
        return
    accreditation.admission = actions.grant_admission(
        person=person,
        edition=edition,
        kind=Admission.Kind.PRESS,
        now=request.decided,
        by=officer,
    )
    accreditation.save(update_fields=["admission"])
    links = AccessLink.objects.filter(admission=accreditation.admission, kind=AccessLink.Kind.PRESS)
    if not links.exists():
        actions.create_link(
            kind=AccessLink.Kind.PRESS,
            edition=edition,
            now=request.decided,
            person=person,
            admission=accreditation.admission,
            by=officer,
        )


def _person(request: Request) -> User:
    """The demonstration's own journalist is there already."""
    for demo in DEMO_PEOPLE:
        if (demo.first_name, demo.last_name) == (request.first_name, request.last_name):
            found = demo_user(demo)
            if found is not None and not hasattr(found, "accreditation"):
                found.contact_email = request.mailbox
                found.save(update_fields=["contact_email"])
                return found
    return User.objects.create_user(
        None,
        first_name=request.first_name,
        last_name=request.last_name,
        body=request.medium,
        contact_email=request.mailbox,
    )


def _press_officer(edition: Edition) -> User:
    role = Role.objects.filter(edition=edition, kind=Role.Kind.PRESS_OFFICER).first()
    if role is not None:
        return role.person
    demo = next(demo for demo in DEMO_PEOPLE if demo.key == "press-officer")
    return demo_user(demo) or User.objects.create_user(
        demo.email, first_name=demo.first_name, last_name=demo.last_name
    )


def _letters(edition: Edition) -> None:
    """What the outbox shows of these days: letters that arrived, one that was refused, one nobody knows of."""
    for accreditation in Accreditation.objects.filter(edition=edition, person__isnull=False):
        _letter(
            "press/emails/approved.md",
            accreditation,
            subject=f"Ihr Zugang zum {edition.title}",
            state=Letter.State.SENT,
            sent_at=accreditation.decided_at,
        )
    refused = Accreditation.objects.filter(edition=edition, state=State.REJECTED).first()
    if refused is not None:
        _letter(
            "press/emails/rejected.md",
            refused,
            subject=f"Zu Ihrer Anfrage für den {edition.title}",
            state=Letter.State.FAILED,
            attempts=1,
            answer="550 5.1.1 Requested action not taken: mailbox unavailable",
        )
    withdrawn = Accreditation.objects.filter(edition=edition, state=State.WITHDRAWN).first()
    if withdrawn is not None:
        _letter(
            "press/emails/withdrawn.md",
            withdrawn,
            subject=f"Ihre Anfrage für den {edition.title} ist zurückgezogen",
            state=Letter.State.UNCERTAIN,
            attempts=2,
            answer="Connection unexpectedly closed",
        )


def _letter(template: str, accreditation: Accreditation, **fields: Any) -> None:
    about: dict[str, Any] = {
        "accreditation": [accreditation._meta.label_lower, accreditation.pk],
    }
    if accreditation.link is not None:
        about["link"] = [accreditation.link._meta.label_lower, accreditation.link.pk]
    letter, created = Letter.objects.get_or_create(
        once=f"demo:{template}:{accreditation.pk}",
        defaults={
            "template": template,
            "edition": accreditation.edition,
            "person": accreditation.person,
            "to": accreditation.mailbox,
            "objects_named": about,
            "message_id": Letter.new_message_id("fachkongress.example"),
            **fields,
        },
    )
    if created:
        written_at = accreditation.decided_at or accreditation.withdrawn_at
        Letter.objects.filter(pk=letter.pk).update(written_at=written_at)
