"""Who stands in for whom in the demonstration: an office registers others, a place has passed on. All invented."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import models, transaction

from congress import journal
from congress.models import Admission, Edition, Letter, Level, User
from registration import emails, emails_inviting, emails_places
from registration.models import Delegate, Delegation, Registration, Substitution
from registration.models.registrations import email_key_of, name_key_of

_KEYS = uuid.UUID("7d0a5a52-9d0c-4a7e-8f43-9b7d3f1e2021")
_STATES = Registration.State
_HOST = "stadt-musterhausen.example"
_BODY = "Stadt Musterhausen (Beispiel)"
_OFFICE = ("Vorzimmer der Amtsleitung (Beispiel)", f"vorzimmer@{_HOST}")


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is; nobody is written to."""
    if Delegation.objects.of_edition(edition).filter(office_key=_OFFICE[1]).exists():
        return
    _office(edition)
    _handed_over(edition)
    _asked(edition)


def _office(edition: Edition) -> None:
    """Two whom the office has registered: one has said yes, one has not answered."""
    name, address = _OFFICE
    asked_at = edition.starts_at - timedelta(days=6)
    office = Delegation.objects.create(
        edition=edition,
        office_name=name,
        office_email=address,
        office_key=address,
        invited=2,
        confirmed=1,
    )
    _colleague(office, "Frauke", "Ihde", asked_at)
    hajo = _registered(edition, "Hajo", "Bremer", asked_at + timedelta(hours=2))
    said_yes = _colleague(office, "Hajo", "Bremer", asked_at, accepted_as=hajo)
    for template, to, at, named in (
        (emails_inviting.OFFICE, address, asked_at, {"delegate": said_yes}),
        (
            emails_inviting.OFFICE_ANSWERED,
            address,
            asked_at + timedelta(hours=2),
            {"registration": hajo},
        ),
    ):
        _letter(edition, template, to, at, **named)


def _handed_over(edition: Edition) -> None:
    """Somebody cannot come, and a colleague has the place."""
    asked_at = edition.starts_at - timedelta(days=5)
    giver = _registered(edition, "Dörte", "Lorenzen", edition.starts_at - timedelta(days=20))
    heir = _registered(edition, "Tjark", "Ohlsen", asked_at + timedelta(hours=4))
    mine = Delegation.objects.create(edition=edition, contact=giver.person, invited=1, confirmed=1)
    _colleague(mine, "Tjark", "Ohlsen", asked_at, accepted_as=heir)
    passed_at = asked_at + timedelta(hours=4)
    Registration.objects.filter(pk=giver.pk).update(state=_STATES.CANCELLED, cancelled_at=passed_at)
    Admission.objects.filter(edition=edition, person=giver.person).update(
        revoked_at=passed_at, given_back=True
    )
    for verb, row in (("handed_over", giver), ("taken_over", heir)):
        journal.note(
            f"registration.{verb}",
            edition=edition,
            now=passed_at,
            by=heir.person,
            about=row.person,
            target=row,
        )
    pair = {"registration": giver, "heir": heir}
    _letter(
        edition, emails_places.HANDED_OVER, giver.address, passed_at, person=giver.person, **pair
    )


def _asked(edition: Edition) -> None:
    """Somebody has asked a colleague to come instead, who has not answered; the place stays until then."""
    asked_at = edition.starts_at - timedelta(days=1, hours=3)
    giver = _registered(edition, "Malin", "Ketelsen", edition.starts_at - timedelta(days=15))
    mine = Delegation.objects.create(edition=edition, contact=giver.person, invited=1)
    row = _colleague(mine, "Jonte", "Rickmers", asked_at)
    Substitution.objects.create(giver=giver, key=row.key, asked_at=asked_at)
    journal.note(
        "registration.substitute_asked",
        edition=edition,
        now=asked_at,
        by=giver.person,
        about=giver.person,
        target=giver,
    )


def _address(first_name: str, last_name: str) -> str:
    return f"{first_name}.{last_name}@{_HOST}".lower().replace("ö", "oe")


def _colleague(
    delegation: Delegation,
    first_name: str,
    last_name: str,
    asked_at: datetime,
    *,
    accepted_as: Registration | None = None,
) -> Delegate:
    """Of whoever has accepted no name is kept."""
    email = _address(first_name, last_name)
    who: dict[str, Any] = {
        "first_name": first_name,
        "last_name": last_name,
        "body": _BODY,
        "email": email,
        "email_key": email_key_of(email),
    }
    row = Delegate.objects.create(
        edition=delegation.edition,
        delegation=delegation,
        fingerprint=delegation.fingerprint(email_key_of(email), name_key_of(first_name, last_name)),
        invited_at=asked_at,
        form_key=uuid.uuid5(_KEYS, f"form {email}"),
        **({"key": accepted_as.form_key} if accepted_as is not None else {}),
        **({"confirmed_at": accepted_as.submitted_at} if accepted_as is not None else who),
    )
    _letter(delegation.edition, emails_inviting.DELEGATE, email, asked_at, delegate=row)
    return row


def _registered(
    edition: Edition, first_name: str, last_name: str, moment: datetime
) -> Registration:
    """Admitted by the rule of the domain."""
    email = _address(first_name, last_name)
    names = {"first_name": first_name, "last_name": last_name, "body": _BODY}
    person = User.objects.create_user(email, **names)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    registration = Registration.objects.create(
        edition=edition,
        form_key=uuid.uuid5(_KEYS, email),
        **names,
        email=email,
        email_key=email_key_of(email),
        name_key=name_key_of(first_name, last_name),
        state=_STATES.ADMITTED,
        person=person,
        level=Level.KOMMUNE,
        land_id="SN",
        eligibility=Registration.Eligibility.ALLOW,
        submitted_at=moment,
        privacy_read_at=moment,
        verified_at=moment,
        decided_at=moment,
    )
    Admission.objects.create(
        person=person,
        edition=edition,
        kind=Admission.Kind.ATTENDEE,
        level=Level.KOMMUNE,
        granted_at=moment,
    )
    _letter(edition, emails.ADMITTED, email, moment, person=person, registration=registration)
    return registration


def _letter(
    edition: Edition,
    template: str,
    to: str,
    at: datetime,
    *,
    person: User | None = None,
    **named: models.Model,
) -> None:
    """One that left then, for the outbox and the help desk."""
    about = {name: [row._meta.label_lower, row.pk] for name, row in named.items()}
    first = next(iter(named.values()))
    letter = Letter.objects.create(
        edition=edition,
        person=person,
        template=template,
        once=f"demo:{template}:{first.pk}",
        to=to,
        objects_named=about,
        state=Letter.State.SENT,
        sent_at=at,
        message_id=Letter.new_message_id("fachkongress.example"),
    )
    Letter.objects.filter(pk=letter.pk).update(written_at=at)
