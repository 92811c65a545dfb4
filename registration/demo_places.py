"""Places of the demonstration: a contingent that is full, somebody who waits, a guided tour with a list; invented."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import Admission, Edition, Level, User
from registration.models import Contingent, DomainRule, Place, Registration
from registration.models.registrations import email_key_of, name_key_of

_KEYS = uuid.UUID("b1c4d7a2-3a0e-4a53-9c0b-5d2f6e8a2021")
_HOST = "hochschule-beispielland.example"
_STATES = Registration.State
# First name, last name, state: universities have three places, one of which was given back too late for an offer.
SCHOLARS = (
    ("Frauke", "Ebers", _STATES.ADMITTED),
    ("Ole", "Karstens", _STATES.ADMITTED),
    ("Thea", "Wulf", _STATES.WAITLISTED),
    ("Piet", "Rohde", _STATES.WAITLISTED),
)


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is."""
    if edition.contingents.exists():
        return
    everybody = Contingent.objects.create(edition=edition, way="online", places=4000)
    scholars = Contingent.objects.create(
        edition=edition, way="online", level=Level.UNIVERSITY, places=3
    )
    tour = Contingent.objects.create(
        edition=edition,
        kind=Contingent.Kind.ITEM,
        title_de="Blick in die Regie: Führung per Video (Beispiel)",
        title_en="A look into the control room: guided tour by video (example)",
        description_de="Eine halbe Stunde mit dem Team hinter den Kameras.",
        description_en="Half an hour with the team behind the cameras.",
        starts_at=datetime.combine(edition.ends_on, time(15, 30), edition.zone),
        places=3,
    )
    organiser = demo_user(next(demo for demo in DEMO_PEOPLE if demo.key == "organiser"))
    theirs = [
        _scholar(edition, number, *somebody, organiser) for number, somebody in enumerate(SCHOLARS)
    ]
    admitted = Registration.objects.of_edition(edition).filter(state=_STATES.ADMITTED)
    for registration in admitted.exclude(level=Level.UNIVERSITY).order_by("pk"):
        if not registration.needs_no_place:
            _place(everybody, registration, Place.State.TAKEN)
    for registration in theirs:
        waits = registration.state == _STATES.WAITLISTED
        _place(scholars, registration, Place.State.WAITING if waits else Place.State.TAKEN)

    offered = admitted.filter(email="joerdis.weissenborn@land-beispiel.example").first()
    others = admitted.exclude(pk__in=[one.pk for one in theirs]).exclude(level=Level.LAND)
    last = others.filter(last_name="Möller").first()
    for registration in theirs[:2]:
        _place(tour, registration, Place.State.TAKEN)
    if offered is not None:
        _place(tour, offered, Place.State.OFFERED)
    if last is not None:
        _place(tour, last, Place.State.WAITING)


def _place(contingent: Contingent, registration: Registration, state: str) -> None:
    """With the counters that count it, as the actions do it."""
    waits, offered = state == Place.State.WAITING, state == Place.State.OFFERED
    edition = contingent.edition
    if waits or offered:
        contingent.last_position += 1
    contingent.waiting += waits
    contingent.taken += not waits
    contingent.save()
    noon = datetime.combine(edition.ends_on, time(13), edition.zone)
    Place.objects.create(
        edition=edition,
        contingent=contingent,
        registration=registration,
        state=state,
        position=contingent.last_position if waits or offered else None,
        offered_until=noon if offered else None,
        since=registration.decided_at or registration.submitted_at,
    )


def _scholar(
    edition: Edition, number: int, first_name: str, last_name: str, state: str, by: User | None
) -> Registration:
    moment = edition.starts_at - timedelta(days=12 - number)
    email = f"{first_name}.{last_name}@{_HOST}".lower()
    names = {
        "first_name": first_name,
        "last_name": last_name,
        "body": "Hochschule Beispielland (Beispiel)",
    }
    person = User.objects.create_user(email, **names)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    registration = Registration.objects.create(
        edition=edition,
        form_key=uuid.uuid5(_KEYS, email),
        **names,
        email=email,
        email_key=email_key_of(email),
        name_key=name_key_of(first_name, last_name),
        state=state,
        person=person,
        level=Level.UNIVERSITY,
        land_id="SN",
        eligibility=Registration.Eligibility.REVIEW,
        rule=DomainRule.objects.filter(domain=_HOST).first(),
        authority="Hochschule Beispielland, Fachbereich Verwaltung",
        submitted_at=moment,
        privacy_read_at=moment,
        verified_at=moment + timedelta(minutes=2),
        decided_at=moment + timedelta(hours=5),
        decided_by=by,
    )
    if state == _STATES.ADMITTED:
        Admission.objects.create(
            person=person,
            edition=edition,
            kind=Admission.Kind.ATTENDEE,
            level=Level.UNIVERSITY,
            granted_at=moment + timedelta(hours=5),
        )
    return registration
