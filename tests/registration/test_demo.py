from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from congress import desk
from congress.demo.seed import seed
from congress.models import JournalEntry, Letter
from registration import demo_inviting, eligibility
from registration.models import Contingent, DomainRule, Invitation, Place, Registration
from registration.place_queries import free_while_people_wait, miscounts

pytestmark = pytest.mark.django_db
KEPT = (Registration, Invitation, Place)


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[Any, Any]]:
    """The demonstration, filled twice, and what stood there after the first time; each test works in a savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        edition = seed()
        before = {model: list(model.objects.order_by("pk").values()) for model in KEPT}
        seed()
        yield {"edition": edition, **before}
        transaction.set_rollback(True)


@pytest.fixture
def edition(seeded, db):
    return seeded["edition"]


@pytest.mark.parametrize("model", KEPT)
def test_what_the_demonstration_made_stays_as_it_is(model, seeded, edition):
    assert seeded[model]
    assert list(model.objects.order_by("pk").values()) == seeded[model]


def test_the_demonstration_has_registrations_in_every_state(seeded, edition):
    before = seeded[Registration]

    states = {row["state"] for row in before}
    assert states == {
        "admitted",
        "in_review",
        "rejected",
        "cancelled",
        "unverified",
        "waitlisted",
    }
    waits = Letter.objects.filter(template__startswith="registration/", state="queued")
    assert not waits.exists()
    assert Registration.objects.in_review().of_edition(edition).count() == 8
    for row in before:
        assert row["email"].endswith(".example") or not row["email"]
    for address, level in (
        ("a@stadt-musterhausen.example", "kommune"),
        ("a@referat.land-beispiel.example", "land"),
    ):
        found = eligibility.assess(address)
        assert (found.decision, found.level) == ("allow", level)


def test_the_demonstration_has_an_invitation_in_every_state(edition):
    found = Invitation.objects.of_edition(edition)
    states = [found.open(), found.used_up(), found.expired(), found.revoked()]
    assert [rows.count() for rows in states] == [2, 1, 1, 1]
    for row in found:
        assert row.registrations.count() == row.uses
        assert row.email.endswith(".example")
    assert found.of_code(edition, demo_inviting.CODE).get().is_for_a_body


def test_the_demonstration_shows_a_domain_of_several_and_a_rule_somebody_has_checked(edition):
    assert DomainRule.objects.get(domain="amt-beispielsee.example").known_bodies == [
        "Amt Beispielsee",
        "Gemeinde Oberbeispiel",
        "Gemeinde Unterbeispiel",
    ]
    assert DomainRule.objects.get(domain="land-beispiel.example").checked_by is not None
    assert JournalEntry.objects.filter(verb="rule.checked").count() == 1


def test_the_demonstration_shows_a_waiting_list_and_its_counters_are_right(edition):
    assert miscounts() == []
    assert free_while_people_wait(edition, edition.now()) == 1  # an organiser gives it by hand
    tour = Contingent.objects.items().get()
    assert (tour.taken, tour.places, tour.waiting) == (3, 3, 1)
    assert Place.objects.offered().get().contingent == tour


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "Ihde",
            "Wurde von Vorzimmer der Amtsleitung (Beispiel) angemeldet; hat nicht geantwortet",
        ),
        ("Rickmers", "Wurde von Malin Ketelsen um Vertretung gebeten; hat nicht geantwortet"),
        ("Lorenzen", "Hat am "),
        ("Ohlsen", "Ist zugelassen"),
    ],
)
def test_whoever_stands_in_for_somebody_is_seen_at_the_help_desk(edition, name, sentence):
    (subject,) = desk.search(edition, name).subjects

    assert desk.case(edition, edition.now(), subject).answer.text.startswith(sentence)


def test_the_place_that_was_handed_over_is_the_colleagues(edition):
    giver, heir = (Registration.objects.get(last_name=name) for name in ("Lorenzen", "Ohlsen"))

    assert giver.state == Registration.State.CANCELLED
    assert not giver.places.exists()
    assert heir.places.of_own_way().count() == 1
    verbs = JournalEntry.objects.filter(person__in=[giver.person, heir.person])
    assert {"registration.handed_over", "registration.taken_over"} <= set(
        verbs.values_list("verb", flat=True)
    )


def test_whoever_has_asked_a_colleague_reads_so_on_their_own_page(client, edition):
    client.force_login(
        Registration.objects.get(last_name="Ketelsen").person,
        backend="congress.auth.RoleBackend",
    )

    assert (
        "Sie haben um Vertretung gebeten" in client.get("/2021/meine-anmeldung/").content.decode()
    )
