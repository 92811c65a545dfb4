"""Makes contingents and people with places, and says how they stand."""

from typing import Any

from registration.models import Contingent, Place, Registration
from tests.registration.making import make_registration


def make_contingent(edition, **fields: Any) -> Contingent:
    values: dict[str, Any] = {"kind": "participation", "way": "online", "places": 1}
    if "title_de" in fields:
        values |= {"kind": "item", "way": ""}
    return Contingent.objects.create(edition=edition, **values | fields)


def somebody(edition, name: str, *, state: str = "admitted", **fields: Any) -> Registration:
    """Registered and confirmed under this last name; `state` is what becomes of it."""
    values = {"last_name": name, "email": f"{name.lower()}@stadt-musterhausen.example"}
    return make_registration(edition, state=state, **values | fields)


def place_of(registration, contingent=None) -> Place | None:
    rows = registration.places.with_rank().select_related("contingent")
    return (rows.filter(contingent=contingent) if contingent else rows.of_participation()).first()


def counts(contingent) -> tuple[int, int]:
    """Taken and waiting; they are what the rows say."""
    contingent.refresh_from_db()
    rows = Place.objects.filter(contingent=contingent)
    assert (rows.held().count(), rows.waiting().count()) == (contingent.taken, contingent.waiting)
    return contingent.taken, contingent.waiting
