"""Rules and registrations of the demonstration: all invented, one for every state."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import Admission, Edition, Level, User
from registration.models import (
    CheckIn,
    ColleagueConfirmation,
    DomainRule,
    Registration,
    ReviewQuestion,
)
from registration.models.registrations import email_key_of, name_key_of

RULES = (
    ("stadt-musterhausen.example", Level.KOMMUNE, "Stadt Musterhausen"),
    ("land-beispiel.example", Level.LAND, "Land Beispielland"),
    ("amt-hohe-heide.example", Level.KOMMUNE, "Amt Hohe Heide"),
)
# Domain, decision, level, kind: those that a person looks at.
DOUBTFUL: tuple[tuple[str, str, str, str], ...] = (
    ("freie-post.example", DomainRule.Decision.DENY, "", "freemail"),
    (
        "hochschule-beispielland.example",
        DomainRule.Decision.REVIEW,
        Level.UNIVERSITY,
        "hochschule",
    ),
)
_IMITATED = "xn--" + "амт-һоһе-һеіԁе".encode("punycode").decode() + ".example"
_KEYS = uuid.UUID("5f1d6c1e-7d0b-4d86-9a4e-0c7f0a2d1b60")
_STATES = Registration.State


@dataclass(frozen=True)
class Applicant:
    """Somebody who registered so many days before the congress."""

    first_name: str
    last_name: str
    body: str
    email: str
    state: str
    days_before: int
    title: str = ""
    eligibility: str = Registration.Eligibility.UNKNOWN
    authority: str = ""
    how_to_check: str = ""
    reason: str = ""
    switchboard: str = ""
    evidence_page: str = ""
    colleague_email: str = ""
    is_confirmed: bool = False  # by that colleague
    question: str = ""
    answer: str = ""
    is_pushed: bool = False


APPLICANTS = (
    Applicant(
        "Wiebke",
        "Sörensen",
        "Gemeinde Kleinbeispiel (Beispiel)",
        "gemeinde.kleinbeispiel@freie-post.example",
        _STATES.IN_REVIEW,
        1,
        eligibility=Registration.Eligibility.DENY,
        authority="Gemeinde Kleinbeispiel, Bürgermeisterei",
        switchboard="0000 000 00-0 (Beispiel)",
        evidence_page="https://www.gemeinde-kleinbeispiel.example/kontakt",
        colleague_email="kim.albers@stadt-musterhausen.example",
        is_confirmed=True,
    ),
    Applicant(
        "Cem",
        "Aksoy",
        "Zweckverband Kommunale IT (Beispiel)",
        "c.aksoy@zweckverband-it.example",
        _STATES.IN_REVIEW,
        1,
    ),
    Applicant(
        "Nele",
        "Brandt",
        "Zweckverband Kommunale IT (Beispiel)",
        "n.brandt@zweckverband-it.example",
        _STATES.IN_REVIEW,
        1,
        authority="Zweckverband Kommunale IT Beispielland",
        evidence_page="https://www.zweckverband-it.example/team",
    ),
    Applicant(
        "Ida",
        "Lüdtke",
        "Hochschule Beispielland (Beispiel)",
        "ida.luedtke@hochschule-beispielland.example",
        _STATES.IN_REVIEW,
        4,
        title="Prof. Dr.",
        eligibility=Registration.Eligibility.REVIEW,
        authority="Hochschule Beispielland, Fachbereich Verwaltung",
        how_to_check="Personenseite auf der Website der Hochschule",
        question="Welche Aufgabe haben Sie an der Hochschule, und gibt es eine Seite, die Sie nennt?",
        answer="Ich leite den Fachbereich Verwaltung: www.hochschule-beispielland.example/luedtke",
    ),
    Applicant(
        "Sven",
        "Kolbe",
        "Amt Hohe Heide (Beispiel)",
        f"sven.kolbe@{_IMITATED}",
        _STATES.IN_REVIEW,
        1,
    ),
    Applicant(
        "Birte",
        "Hansen",
        "Landesbetrieb Beispielbau (Beispiel)",
        "b.hansen@beispielbau.example",
        _STATES.IN_REVIEW,
        6,
        question="Für welche Behörde oder Einrichtung arbeiten Sie, und wie dürfen wir das prüfen?",
    ),
    Applicant(
        "Tarek",
        "Özdemir",
        "Samtgemeinde Beispielmoor (Beispiel)",
        "t.oezdemir@samtgemeinde-beispielmoor.example",
        _STATES.IN_REVIEW,
        1,
        authority="Samtgemeinde Beispielmoor, Ordnungsamt",
        switchboard="0000 000 01-0 (Beispiel)",
        is_pushed=True,
    ),
    Applicant(
        "Jonas",
        "Petersen",
        "Land Beispielland (Beispiel)",
        "extern.petersen@land-beispiel.example",
        _STATES.IN_REVIEW,
        5,
        eligibility=Registration.Eligibility.REVIEW,
    ),
    Applicant(
        "Rolf",
        "Hagedorn",
        "Hagedorn Beratung (Beispiel)",
        "r.hagedorn@beratung-hagedorn.example",
        _STATES.REJECTED,
        9,
        reason="Der Kongress richtet sich an Beschäftigte der öffentlichen Verwaltung. "
        "Unternehmen können leider nicht teilnehmen.",
    ),
    Applicant(
        "Mara",
        "Jansen",
        "Stadt Musterhausen (Beispiel)",
        "mara.jansen@stadt-musterhausen.example",
        _STATES.CANCELLED,
        20,
        eligibility=Registration.Eligibility.ALLOW,
    ),
    Applicant(
        "Uwe",
        "Timm",
        "Stadt Musterhausen (Beispiel)",
        "uwe.timm@stadt-musterhausen.example",
        _STATES.UNVERIFIED,
        1,
    ),
)


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is."""
    for domain, level, body in RULES:
        DomainRule.objects.get_or_create(
            domain=domain,
            match=DomainRule.Match.SUFFIX,
            defaults={
                "decision": DomainRule.Decision.ALLOW,
                "level": level,
                "land_id": "SN",
                "body": body,
                "source": "demo",
                "note": "Beispiel",
            },
        )
    for domain, decision, doubtful_level, kind in DOUBTFUL:
        DomainRule.objects.get_or_create(
            domain=domain,
            match=DomainRule.Match.EXACT,
            defaults={
                "decision": decision,
                "level": doubtful_level,
                "kind": kind,
                "source": "demo",
                "note": "Beispiel",
            },
        )
    for demo in DEMO_PEOPLE:
        person = demo_user(demo)
        if demo.admission == Admission.Kind.ATTENDEE and person is not None and person.email:
            _attendee(edition, person, demo.level)
    organiser = demo_user(next(demo for demo in DEMO_PEOPLE if demo.key == "organiser"))
    for applicant in APPLICANTS:
        _applicant(edition, applicant, organiser)
    _through_the_door(edition)


def _through_the_door(edition: Edition) -> None:
    """Speakers and the team are in the hall on the second morning; one of them has gone out again."""
    opens = datetime.combine(edition.ends_on, time(8, 20), edition.zone)
    crew = Admission.objects.filter(
        edition=edition, kind__in=(Admission.Kind.SPEAKER, Admission.Kind.STAFF)
    ).order_by("pk")
    for number, admission in enumerate(crew):
        _pass(edition, admission, CheckIn.Direction.IN, opens + timedelta(minutes=4 * number))
        if number == 1:
            _pass(edition, admission, CheckIn.Direction.OUT, opens + timedelta(minutes=75))


def _pass(edition: Edition, admission: Admission, direction: str, at: datetime) -> None:
    CheckIn.objects.get_or_create(
        edition=edition,
        key=uuid.uuid5(_KEYS, f"{admission.pk}:{direction}"),
        defaults={
            "admission": admission,
            "direction": direction,
            "day": edition.local(at).date(),
            "at": at,
        },
    )


def _attendee(edition: Edition, person: User, level: str) -> None:
    moment = edition.starts_at - timedelta(days=30)
    address = person.email or ""
    _add(
        edition,
        address,
        person=person,
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        body=person.body,
        email=address,
        state=_STATES.ADMITTED,
        level=level,
        land_id="SN",
        eligibility=Registration.Eligibility.ALLOW,
        rule=DomainRule.objects.filter(domain=address.rpartition("@")[2]).first(),
        submitted_at=moment,
        privacy_read_at=moment,
        verified_at=moment + timedelta(minutes=2),
        decided_at=moment + timedelta(minutes=2),
    )


def _applicant(edition: Edition, applicant: Applicant, organiser: User | None) -> None:
    moment = edition.starts_at - timedelta(days=applicant.days_before, hours=2)
    verified = applicant.state != _STATES.UNVERIFIED
    rejected = applicant.state == _STATES.REJECTED
    registration = _add(
        edition,
        applicant.email,
        person=_person(applicant) if verified else None,
        title=applicant.title,
        first_name=applicant.first_name,
        last_name=applicant.last_name,
        body=applicant.body,
        email=applicant.email,
        state=applicant.state,
        eligibility=applicant.eligibility if verified else "",
        authority=applicant.authority,
        how_to_check=applicant.how_to_check,
        switchboard=applicant.switchboard,
        evidence_page=applicant.evidence_page,
        colleague_email=applicant.colleague_email,
        rule=DomainRule.objects.filter(domain=applicant.email.rpartition("@")[2]).first()
        if verified
        else None,
        pushed_at=moment + timedelta(hours=4) if applicant.is_pushed else None,
        asked_until=edition.ends_at if applicant.question and not applicant.answer else None,
        in_review_since=moment + timedelta(days=2) if applicant.answer else None,
        submitted_at=moment,
        privacy_read_at=moment,
        verified_at=moment + timedelta(minutes=3) if verified else None,
        decided_at=moment + timedelta(days=1) if rejected else None,
        decided_by=organiser if rejected else None,
        reason=applicant.reason,
        cancelled_at=moment + timedelta(days=6) if applicant.state == _STATES.CANCELLED else None,
    )
    if applicant.question:
        ReviewQuestion.objects.get_or_create(
            registration=registration,
            text=applicant.question,
            defaults={
                "asked_at": moment + timedelta(days=1),
                "asked_by": organiser,
                "answer": applicant.answer,
                "answered_at": moment + timedelta(days=2) if applicant.answer else None,
            },
        )
    if applicant.is_confirmed:
        colleague = Registration.objects.filter(
            edition=edition, email=applicant.colleague_email
        ).first()
        ColleagueConfirmation.objects.get_or_create(
            registration=registration,
            address=applicant.colleague_email,
            defaults={
                "colleague": colleague,
                "named_at": moment + timedelta(minutes=5),
                "asked_at": moment + timedelta(minutes=6),
                "answer": ColleagueConfirmation.Answer.CONFIRMED,
                "answered_at": moment + timedelta(hours=1),
            },
        )


def _person(applicant: Applicant) -> User:
    person = User.objects.filter(email=applicant.email).first()
    if person is None:
        person = User.objects.create_user(
            applicant.email,
            title=applicant.title,
            first_name=applicant.first_name,
            last_name=applicant.last_name,
            body=applicant.body,
        )
        EmailAddress.objects.create(user=person, email=applicant.email, verified=True, primary=True)
    return person


def _add(edition: Edition, key: str, **fields: Any) -> Registration:
    registration, _fresh = Registration.objects.get_or_create(
        edition=edition,
        form_key=uuid.uuid5(_KEYS, key),
        defaults={
            **fields,
            "email_key": email_key_of(fields["email"]),
            "name_key": name_key_of(fields["first_name"], fields["last_name"]),
        },
    )
    return registration
