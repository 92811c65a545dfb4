"""Needs and consents in the demonstration: two invented attendees say what they need, one of it is arranged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from congress.models import Edition
from registration import consents
from registration.models import Consent, Needs, Registration, RegistrationSettings

NEEDS: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("kim.albers@stadt-musterhausen.example", {"captions": True}, True),
    (
        "joerdis.weissenborn@land-beispiel.example",
        {
            "sign_language": True,
            "text": "Beispiel: bitte auch in der Podiumsdiskussion am Nachmittag",
        },
        False,
    ),
)


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is."""
    settings, _fresh = RegistrationSettings.objects.get_or_create(
        edition=edition, defaults={"asks_needs": True, "asks_attendee_list": True}
    )
    if not settings.asks_needs:
        return
    moment = edition.starts_at - timedelta(days=12)
    for address, given, is_arranged in NEEDS:
        registration = Registration.objects.filter(
            edition=edition, email=address, state=Registration.State.ADMITTED
        ).first()
        if registration is None:
            continue
        Needs.objects.get_or_create(
            registration=registration,
            defaults={
                **given,
                "consent_version": consents.NEEDS.version,
                "consented_at": moment,
                "changed_at": moment,
                "arranged_at": moment + timedelta(days=3) if is_arranged else None,
            },
        )
        if not Consent.objects.filter(registration=registration).exists():
            Consent.objects.create(
                registration=registration,
                kind=Consent.Kind.ATTENDEE_LIST,
                version=consents.current(Consent.Kind.ATTENDEE_LIST).version,
                given_at=moment,
            )
