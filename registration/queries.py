"""Figures and look-ups over several models."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Value, When

from congress.models import Edition, Page, User
from registration.models import Registration


def registration_of(person: User, edition: Edition) -> Registration | None:
    """The one that counts: the active one, else the latest."""
    return (
        Registration.objects.of_edition(edition)
        .visible_to(person)
        .with_person()
        .alias(
            ended=Case(
                When(state__in=Registration.ACTIVE, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .order_by("ended", "-pk")
        .first()
    )


def waiting_for_review(edition: Edition) -> int:
    return Registration.objects.of_edition(edition).in_review().count()


def privacy_version(edition: Edition) -> str:
    """Which text of the privacy notice somebody has read: the moment it was last changed."""
    page = Page.objects.for_edition(edition).filter(slug="datenschutz").first()
    return page.changed_at.isoformat(timespec="seconds") if page is not None else ""
