"""What the retention plan says about journalists is done."""

from datetime import timedelta

import pytest

from congress import retention
from congress.models import User
from press import queries
from press.models import Accreditation
from tests.factories import set_clock
from tests.press.factories import make_accreditation, make_approved, make_press_edition

pytestmark = pytest.mark.django_db

CARD = {"card_issuer": "djv", "card_number": "A 123", "work": "https://rundschau.example"}


def test_proofs_are_emptied_a_fortnight_after_the_decision():
    edition = make_press_edition()
    decided, waiting = make_approved(edition, **CARD), make_accreditation(edition, **CARD)
    set_clock(edition, decided.decided_at + queries.PROOFS - timedelta(hours=1))
    retention.erase_due()
    decided.refresh_from_db()
    assert decided.has_proof

    set_clock(edition, decided.decided_at + queries.PROOFS + timedelta(hours=1))
    retention.erase_due()

    decided.refresh_from_db()
    waiting.refresh_from_db()
    assert not decided.has_proof
    assert decided.card_issuer == ""
    assert waiting.has_proof


def test_accreditations_are_erased_half_a_year_after_the_edition():
    edition = make_press_edition()
    make_approved(edition)
    make_accreditation(edition)
    set_clock(edition, edition.ends_at + queries.REQUESTS - timedelta(days=1))
    retention.erase_due()
    assert Accreditation.objects.count() == 2

    set_clock(edition, edition.ends_at + queries.REQUESTS + timedelta(days=2))
    retention.erase_due()

    assert Accreditation.objects.count() == 0


def test_a_journalist_is_erased_with_the_request_and_the_officer_is_not_kept_from_it():
    accreditation = make_approved()
    edition = accreditation.edition
    User.objects.update(joined_at="2020-01-01T00:00Z")

    set_clock(edition, edition.ends_at + timedelta(days=120))
    retention.erase_due()
    assert User.objects.filter(pk=accreditation.person_id).exists()
    assert User.objects.filter(pk=accreditation.decided_by_id).exists()
    set_clock(edition, edition.ends_at + queries.REQUESTS + timedelta(days=2))
    retention.erase_due()

    assert not User.objects.filter(pk=accreditation.person_id).exists()
    assert not User.objects.filter(pk=accreditation.decided_by_id).exists()
