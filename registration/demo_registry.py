"""What the demonstration shows of the registry: a domain of several bodies, and a rule that somebody has checked."""

from __future__ import annotations

from django.db import transaction

from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import demo_user
from congress.models import Edition, Level
from registration import actions
from registration.models import DomainRule

SHARED = "amt-beispielsee.example"
CHECKED = "land-beispiel.example"


@transaction.atomic
def fill(edition: Edition) -> None:
    """What is there already stays as it is."""
    DomainRule.objects.get_or_create(
        domain=SHARED,
        match=DomainRule.Match.SUFFIX,
        defaults={
            "decision": DomainRule.Decision.ALLOW,
            "level": Level.KOMMUNE,
            "land_id": "SN",
            "body": "Amt Beispielsee",
            "bodies": 3,
            "body_names": "Amt Beispielsee\nGemeinde Oberbeispiel\nGemeinde Unterbeispiel",
            "source": "demo",
            "note": "Beispiel",
        },
    )
    organiser = demo_user(next(demo for demo in DEMO_PEOPLE if demo.key == "organiser"))
    rule = DomainRule.objects.filter(domain=CHECKED, checked_at__isnull=True).first()
    if organiser is not None and rule is not None:
        actions.check_rule(rule=rule, edition=edition, by=organiser, now=edition.now())
