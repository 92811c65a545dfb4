"""Colleagues whom the clerk of the demonstration has invited: three have accepted, two have not answered. Invented."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction

from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import Edition
from registration.models import Delegate, Delegation
from registration.models.registrations import email_key_of, name_key_of

_KEYS = uuid.UUID("2b7c0f52-3f0e-4a0c-9d1e-6f6f5a1f3c11")
WAITING = (
    ("Silke", "Harms (Beispiel)", "silke.harms@stadt-musterhausen.example", True),
    ("Yusuf", "Demir (Beispiel)", "yusuf.demir@stadt-musterhausen.example", False),
)
ACCEPTED = 3


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is; nobody is written to."""
    contact = demo_user(next(demo for demo in DEMO_PEOPLE if demo.key == "clerk"))
    if contact is None:
        return
    delegation, fresh = Delegation.objects.get_or_create(
        edition=edition,
        contact=contact,
        defaults={"invited": len(WAITING) + ACCEPTED, "confirmed": ACCEPTED},
    )
    if not fresh:
        return
    invited_at = edition.starts_at - timedelta(days=7)
    for first_name, last_name, address, is_reminded in WAITING:
        Delegate.objects.create(
            edition=edition,
            delegation=delegation,
            first_name=first_name,
            last_name=last_name,
            body=contact.body,
            email=address,
            email_key=email_key_of(address),
            fingerprint=delegation.fingerprint(
                email_key_of(address), name_key_of(first_name, last_name)
            ),
            invited_at=invited_at,
            reminded_at=invited_at + timedelta(days=3) if is_reminded else None,
            form_key=_KEYS,
        )
