"""The registry as it is supplied: every row, and the vectors that must come out."""

import csv
from pathlib import Path

import pytest

from congress.models import State
from congress.setup import install_states
from registration import eligibility, registry
from registration.models import DomainRule

VECTORS = Path(__file__).parent.parent / "data" / "registration_eligibility_vectors.csv"


@pytest.fixture(scope="module")
def registry_installed(django_db_setup, django_db_blocker):
    """The whole registry once for this module."""
    with django_db_blocker.unblock():
        install_states()
        registry.install()
        yield
        # Row by row their history would be written.
        DomainRule.objects.all()._raw_delete(DomainRule.objects.db)
        State.objects.all().delete()


def vectors():
    with VECTORS.open(encoding="utf-8", newline="") as file:
        return [(row["email"], row["expected"]) for row in csv.DictReader(file)]


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "expected"), vectors())
def test_every_vector_gets_its_decision(registry_installed, address, expected):
    decision = {"reject_syntax": "invalid"}.get(expected, expected)

    assert eligibility.assess(address).decision == decision


@pytest.mark.django_db
def test_the_most_specific_row_gives_the_level(registry_installed):
    found = eligibility.assess("a@lra-m.bayern.de")

    assert (found.decision, found.level, found.land) == ("allow", "kommune", "BY")


@pytest.mark.django_db
def test_a_look_up_takes_two_queries_at_most_in_the_whole_registry(
    registry_installed, django_assert_max_num_queries
):
    assert DomainRule.objects.count() > 9500

    with django_assert_max_num_queries(2):
        found = eligibility.assess("a.b@referat.x.y.z.bmi.bund.de")

    assert found.decision == "allow"
    assert found.rule.name == "subdomain:bund.de"


@pytest.mark.django_db
def test_a_look_up_uses_an_index(registry_installed):
    plan = DomainRule.objects.about("a@x.kiel.de").explain()

    assert "Seq Scan" not in plan
