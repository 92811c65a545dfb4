"""Invitations of the demonstration, one for every state. All invented."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import Admission, Edition, Level
from registration.models import Invitation, Registration
from registration.models.registrations import email_key_of

_KEYS = uuid.UUID("8a1f0c52-3d0e-4c7b-9a77-5a6e7d9b2021")
CODE = "MUST-ERHE-2X34"  # good in the demonstration only


@dataclass(frozen=True)
class Example:
    """`days` from the first day of the congress until it ends; `came` are last names of those who came by it."""

    key: str
    days: int
    kind: str = Invitation.Kind.PERSONAL
    email: str = ""
    uses_max: int = 1
    came: tuple[str, ...] = ()
    revoked: bool = False
    more: dict[str, Any] = field(default_factory=dict)


EXAMPLES = (
    Example(
        "gast",
        2,
        email="ines.gast@freie-post.example",
        more={
            "first_name": "Ines",
            "last_name": "Gast",
            "body": "Verein Beispielnetz",
            "level": Level.OTHER,
            "outside_the_window": True,
            "message": "wir freuen uns, wenn Sie am zweiten Tag dabei sind.",
            "note": "Beispiel: Gast der Hausleitung",
        },
    ),
    Example(
        "behoerde",
        2,
        kind=Invitation.Kind.BODY,
        email="vorzimmer@stadt-musterhausen.example",
        uses_max=25,
        more={
            "body": "Stadt Musterhausen (Beispiel)",
            "level": Level.KOMMUNE,
            "land_id": "SN",
            "outside_the_window": True,
            "note": f"Beispiel. Der Code zum Ausprobieren: {CODE}",
        },
    ),
    Example(
        "postfach",
        1,
        email="poststelle@stadt-musterhausen.example",
        uses_max=2,
        came=("Voss", "Jacobsen"),
        more={
            "body": "Stadt Musterhausen (Beispiel)",
            "level": Level.KOMMUNE,
            "land_id": "SN",
            "note": "Beispiel: zwei Personen lesen dieses Postfach",
        },
    ),
    Example(
        "vortrag",
        -9,
        email="r.beispielhaft@hochschule-beispielland.example",
        more={
            "becomes": Admission.Kind.SPEAKER,
            "title": "Dr.",
            "first_name": "Robin",
            "last_name": "Beispielhaft",
            "body": "Hochschule Beispielland (Beispiel)",
            "note": "Beispiel: nicht mehr gekommen",
        },
    ),
    Example(
        "irrtum",
        2,
        email="falsch.geschrieben@land-beispiel.example",
        revoked=True,
        more={"last_name": "Schreibfehler", "note": "Beispiel: an die falsche Adresse"},
    ),
)


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is."""
    organiser = demo_user(next(demo for demo in DEMO_PEOPLE if demo.key == "organiser"))
    for example in EXAMPLES:
        key = uuid.uuid5(_KEYS, example.key)
        if Invitation.objects.filter(edition=edition, form_key=key).exists():
            continue
        is_personal = example.kind == Invitation.Kind.PERSONAL
        created = edition.starts_at - timedelta(days=30)
        invitation = Invitation.objects.create(
            edition=edition,
            form_key=key,
            kind=example.kind,
            email=example.email,
            email_key=email_key_of(example.email) if is_personal else "",
            code_hash=None if is_personal else Invitation.hashed(CODE),
            uses_max=example.uses_max,
            uses=len(example.came),
            valid_until=edition.midnight_after(
                edition.starts_at + timedelta(days=example.days - 1)
            ),
            created_at=created,
            created_by=organiser,
            revoked_at=created + timedelta(days=1) if example.revoked else None,
            **example.more,
        )
        Registration.objects.filter(
            edition=edition, email=example.email, last_name__in=example.came
        ).update(invitation=invitation)
