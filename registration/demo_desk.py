"""Callers of the demonstration: somebody for every sentence of the help desk. All invented."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.crypto import get_random_string

from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import (
    AccessLink,
    Admission,
    BrowserSession,
    Edition,
    Letter,
    Level,
    User,
)
from congress.models.database import StatementNow
from registration import emails
from registration.models import Registration
from registration.models.registrations import email_key_of, name_key_of

_KEYS = uuid.UUID("0f7c2f4e-52b8-4d0f-8f4b-0d6a4c1e2021")
_STATES = Registration.State
_ANSWER = "550 5.1.1 <gesa.brok@stadt-musterhausen.example>: Recipient address rejected (Beispiel)"


@dataclass(frozen=True)
class Caller:
    """`letter` is what became of the last one; `person` what is special about the account."""

    first_name: str
    last_name: str
    email: str
    state: str = _STATES.ADMITTED
    body: str = "Stadt Musterhausen (Beispiel)"
    letter: dict[str, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    by_link: bool = False


CALLERS = (
    Caller(
        "Gesa",
        "Brok",
        "gesa.brok@stadt-musterhausen.example",
        _STATES.UNVERIFIED,
        letter={"state": Letter.State.FAILED, "answer": _ANSWER, "attempts": 1},
    ),
    Caller(
        "Malte",
        "Rickert",
        "malte.rickert@stadt-musterhausen.example",
        _STATES.UNVERIFIED,
        letter={"state": Letter.State.SENT},
    ),
    Caller(
        "Insa",
        "Thode",
        "insa.thode@stadt-musterhausen.example",
        _STATES.UNVERIFIED,
        letter={"state": Letter.State.UNCERTAIN, "attempts": 2},
    ),
    Caller(
        "Bernd",
        "Möller",
        "bernd.moeller@stadt-musterhausen.example",
        letter={"state": Letter.State.SENT},
    ),
    Caller(
        "Silke",
        "Mohr",
        "silke.mohr@stadt-musterhausen.example",
        letter={"state": Letter.State.SENT},
        account={"is_active": False},
    ),
    Caller(
        "Arne",
        "Voss",
        "poststelle@stadt-musterhausen.example",
        letter={"state": Letter.State.SENT},
        by_link=True,
    ),
    Caller(
        "Levke",
        "Jacobsen",
        "poststelle@stadt-musterhausen.example",
        letter={"state": Letter.State.SENT},
        by_link=True,
    ),
    Caller("Hedda", "Brink", "", body="Amt Kleinbeispiel (Beispiel)", by_link=True),
)


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is."""
    organiser = demo_user(next(demo for demo in DEMO_PEOPLE if demo.key == "organiser"))
    for caller in CALLERS:
        key = uuid.uuid5(_KEYS, f"{caller.first_name} {caller.last_name}")
        if not Registration.objects.filter(edition=edition, form_key=key).exists():
            _call(edition, caller, key, organiser)


def _call(edition: Edition, caller: Caller, key: uuid.UUID, organiser: User | None) -> None:
    known = caller.state != _STATES.UNVERIFIED
    moment = edition.starts_at + timedelta(hours=18 if not known else -200)
    names = {"first_name": caller.first_name, "last_name": caller.last_name, "body": caller.body}
    person = None
    if known:
        sign_in = None if caller.by_link else caller.email
        person = User.objects.create_user(
            sign_in,
            contact_email=caller.email if caller.by_link else "",
            **names,
            **caller.account,
        )
        if sign_in:
            EmailAddress.objects.create(user=person, email=sign_in, verified=True, primary=True)
    registration = Registration.objects.create(
        edition=edition,
        form_key=key,
        **names,
        email=caller.email,
        email_key=email_key_of(caller.email) if caller.email else f"at-the-door:{key}",
        name_key=name_key_of(caller.first_name, caller.last_name),
        state=caller.state,
        person=person,
        level=Level.KOMMUNE,
        land_id="SN",
        submitted_at=moment,
        privacy_read_at=moment,
        verified_at=moment if known else None,
        decided_at=moment if known else None,
        decided_by=organiser if not caller.email else None,
        reason="Dienstausweis gezeigt (Beispiel)" if not caller.email else "",
    )
    if person is not None:
        _admit(edition, caller, person, moment)
    if caller.letter:
        template = emails.ADMITTED if known else emails.CODE
        _letter(edition, caller, registration, template, moment)


def _admit(edition: Edition, caller: Caller, person: User, moment: Any) -> None:
    admission = Admission.objects.create(
        person=person,
        edition=edition,
        kind=Admission.Kind.ATTENDEE,
        level=Level.KOMMUNE,
        granted_at=moment,
    )
    if not caller.by_link:
        return
    over = caller.last_name == "Voss"
    link = AccessLink.objects.create(
        kind=AccessLink.Kind.ATTENDEE,
        edition=edition,
        person=person,
        admission=admission,
        valid_from=moment,
        valid_until=moment + timedelta(hours=1) if over else edition.ends_at,
        max_devices=1,
    )
    if caller.last_name == "Jacobsen":
        # A device that stands for one: nobody can enter by it.
        BrowserSession.objects.create(
            session_key=get_random_string(32),
            session_data="",
            person=person,
            link=link,
            entered_at=StatementNow(),
            expire_date=StatementNow() + timedelta(days=365),
        )


def _letter(
    edition: Edition, caller: Caller, registration: Registration, template: str, moment: Any
) -> None:
    letter = Letter.objects.create(
        edition=edition,
        person=registration.person,
        template=template,
        once=f"demo:{template}:{registration.pk}",
        to=caller.email,
        objects_named={
            "registration": [Registration._meta.label_lower, registration.pk],
            # What is confidential in it is forgotten.
            **({"code": None, "confirm_url": None} if template == emails.CODE else {}),
        },
        sent_at=moment if caller.letter["state"] == Letter.State.SENT else None,
        message_id=Letter.new_message_id("fachkongress.example"),
        **caller.letter,
    )
    Letter.objects.filter(pk=letter.pk).update(written_at=moment)
