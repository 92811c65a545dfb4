"""Journalists on the telephone: the sentence of each state, and what the help desk can send them."""

from datetime import timedelta

import pytest

from congress.models import Admission, JournalEntry, Letter
from press import actions, emails, queries
from press.models import Accreditation
from tests.factories import make_user
from tests.press.factories import (
    BEFORE,
    make_accreditation,
    make_approved,
    make_press_edition,
)
from tests.registration.desk import act, acts, answer, browser_of, case_of, found, helper, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_press_edition(slug="2021")


@pytest.fixture
def client(edition):
    return browser_of(helper(edition))


def make_request(edition, **fields):
    moment = {"submitted_at": BEFORE - timedelta(days=1), "last_name": "Sander"}
    return make_accreditation(edition, **moment | fields)


def key_of(accreditation):
    return f"akkreditierung-{accreditation.pk}"


@pytest.mark.parametrize("typed", ["Sander", "noa sander", "Rundschau", "rundschau.example"])
def test_a_request_without_a_person_is_found(edition, typed):
    make_request(edition)

    assert found(edition, typed) == ["Noa Sander"]


def test_a_journalist_who_is_in_is_found_once(edition):
    make_approved(edition, last_name="Sander")

    assert found(edition, "Sander") == ["Noa Sander"]


def test_nobody_of_another_edition_is_found(edition):
    make_request(make_press_edition())

    assert found(edition, "Sander") == []


def test_the_address_is_not_confirmed(edition):
    accreditation = make_request(edition)
    letter = emails.requested(accreditation)
    Letter.objects.filter(pk=letter.pk).update(state="failed", answer="550 no such user")

    assert answer(edition, key_of(accreditation)) == (
        "Hat gestern um 12:55 Uhr eine Akkreditierung beantragt, die Adresse ist aber nicht bestätigt: "
        "Unsere Nachricht wurde abgelehnt mit den Worten „550 no such user“."
    )
    assert acts(edition, key_of(accreditation)) == ["bestaetigung", "postfach"]


def test_the_press_office_has_not_decided(edition):
    accreditation = make_request(edition, verified_at=BEFORE)

    assert answer(edition, key_of(accreditation)) == (
        "Hat gestern um 12:55 Uhr eine Akkreditierung beantragt; die Pressestelle hat noch nicht entschieden."
    )
    assert acts(edition, key_of(accreditation)) == []


def test_rejected(edition):
    accreditation = make_request(edition)
    actions.reject(accreditation=accreditation, code="no_proof", by=make_user(), now=BEFORE)

    assert answer(edition, key_of(accreditation)).startswith(
        "Die Pressestelle hat die Akkreditierung heute um 12:55 Uhr abgelehnt:"
    )


def test_withdrawn(edition):
    accreditation = make_request(edition)
    actions.withdraw(accreditation=accreditation, now=BEFORE)

    assert answer(edition, key_of(accreditation)) == (
        "Hat den Antrag auf Akkreditierung heute um 12:55 Uhr zurückgezogen."
    )


def test_accredited_and_never_in(edition):
    accreditation = make_approved(edition, last_name="Sander")
    key = f"person-{accreditation.person_id}"

    case = case_of(edition, key)

    assert case.answer.text == "Ist zugelassen (Presse) und hat sich noch nie eingeloggt."
    assert (
        "Wurde heute um 12:55 Uhr als Presse akkreditiert; zum persönlichen Link: "
        "Unsere Nachricht liegt im Postausgang und geht gleich hinaus."
    ) in [remark.text for remark in case.remarks]
    assert "presselink" in acts(edition, key)


# --- Acts -------------------------------------------------------------------------------------------------------


def test_the_confirmation_goes_out_once_more(edition, client):
    accreditation = make_request(edition)
    emails.requested(accreditation)

    response = act(client, edition, key_of(accreditation), "bestaetigung")

    assert response.status_code == 303
    assert Letter.objects.filter(template=emails.REQUESTED).count() == 2
    entry = JournalEntry.objects.get(verb="accreditation.confirmation_sent_again")
    assert entry.actor.last_name == "Hilft"


def test_a_mistyped_address_is_corrected_and_its_links_end(edition, client):
    accreditation = make_request(edition, mailbox="noa@rundschua.example")
    before = queries.request_token(accreditation)

    act(client, edition, key_of(accreditation), "postfach", mailbox="Noa@Rundschau.example")

    accreditation.refresh_from_db()
    assert accreditation.mailbox == "noa@rundschau.example"
    assert Letter.objects.get().to == "noa@rundschau.example"
    assert queries.accreditation_of(before, edition) is None
    assert JournalEntry.objects.filter(verb="accreditation.mailbox_corrected").exists()


def test_a_confirmed_address_is_not_corrected_by_telephone(edition, client):
    accreditation = make_request(edition, verified_at=BEFORE)

    act(client, edition, key_of(accreditation), "postfach", mailbox="dieb@anderswo.example")

    accreditation.refresh_from_db()
    assert accreditation.mailbox != "dieb@anderswo.example"
    assert not Letter.objects.exists()


def test_the_personal_link_is_sent_again_and_nobody_is_thrown_out(edition, client):
    accreditation = make_approved(edition)

    response = act(client, edition, f"person-{accreditation.person_id}", "presselink")

    assert "unterwegs" in says(client.get(response["Location"]))[0]
    letter = Letter.objects.get(template=emails.RENEWED)
    assert letter.to == accreditation.mailbox
    assert letter.objects_named["link"][1] == accreditation.link.pk


def test_no_link_for_whose_access_was_revoked(edition, client):
    accreditation = make_approved(edition)
    Admission.objects.update(revoked_at=BEFORE)
    accreditation.refresh_from_db()

    with pytest.raises(actions.NotApproved):
        actions.send_link_again(
            accreditation=accreditation, key=accreditation.form_key, by=make_user(), now=BEFORE
        )
    act(client, edition, f"person-{accreditation.person_id}", "presselink")

    assert not Letter.objects.filter(template=emails.RENEWED).exists()


def test_a_decided_request_gets_no_confirmation(edition):
    accreditation = make_approved(edition)

    with pytest.raises(actions.AlreadyDecided):
        actions.send_confirmation_again(
            accreditation=accreditation, key=accreditation.form_key, by=make_user(), now=BEFORE
        )
    assert Accreditation.objects.get().state == "approved"
