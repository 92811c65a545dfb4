import pytest

from congress.demo.seed import seed
from congress.models import Letter
from registration import eligibility
from registration.models import Registration

pytestmark = pytest.mark.django_db


def test_the_demonstration_has_registrations_in_every_state_and_stays_as_it_is():
    edition = seed()
    before = list(Registration.objects.order_by("pk").values())

    seed()

    assert list(Registration.objects.order_by("pk").values()) == before
    states = {row["state"] for row in before}
    assert states == {"admitted", "in_review", "rejected", "cancelled", "unverified"}
    assert Registration.objects.in_review().of_edition(edition).count() == 4
    waits = Letter.objects.filter(template__startswith="registration/", state="queued")
    assert not waits.exists()
    for row in before:
        assert row["email"].endswith(".example") or not row["email"]
    for address, level in (
        ("a@stadt-musterhausen.example", "kommune"),
        ("a@referat.land-beispiel.example", "land"),
    ):
        found = eligibility.assess(address)
        assert (found.decision, found.level) == ("allow", level)
