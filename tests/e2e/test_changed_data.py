"""Whoever changes address or body is looked at again: by the registry, and where it does not know, by a person."""

import pytest

from tests.e2e.letters import path_in_letter_to, text_of_letter_to
from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person
from tests.e2e.test_registration_journey import FIVE_TO_ONE, turn_clock

BEFORE = "kim.albers@stadt-musterhausen.example"
AFTER = "kim.albers@unser-kleines-amt.example"  # nobody knows this domain


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_a_changed_body_and_address_go_through_eligibility_again(own_site, browse, axe):
    from registration.models import Registration

    turn_clock(FIVE_TO_ONE)
    registration = Registration.objects.get(email=BEFORE)
    page = browse(own_site, person=registration.person)
    page.goto("/2021/meine-anmeldung/")
    page.get_by_role("link", name="Angaben ändern").click()
    look_at(page, axe, "data")
    page.get_by_label("Behörde oder Einrichtung").fill("Unser kleines Amt")
    page.get_by_label("Dienstliche E-Mail-Adresse").fill(AFTER)
    page.get_by_role("button", name="Speichern").click()
    page.get_by_text("Ihre Angaben sind gespeichert.").wait_for()
    # Its address is still a listed one.
    page.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()

    other = browse(own_site)
    other.goto(path_in_letter_to(AFTER, "new_address", "/neue-adresse/"))
    look_at(other, axe, "new-address")
    other.get_by_role("button", name="Adresse bestätigen").click()
    registration.refresh_from_db()
    assert (registration.state, registration.email) == (Registration.State.IN_REVIEW, AFTER)
    assert "noch einmal" in text_of_letter_to(AFTER, "changed").body
    assert "neue Adresse" in text_of_letter_to(BEFORE, "address_left").subject

    reviewer = browse(own_site, person=demo_person("organiser"))
    reviewer.goto(f"/2021/orga/pruefung/{registration.pk}/")
    reviewer.get_by_text("Unser kleines Amt").first.wait_for()
    reviewer.locator("button[value=admit]").click()
    reviewer.get_by_text("Kim Albers ist zugelassen.").wait_for()

    page.goto("/2021/meine-anmeldung/")
    page.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()
    page.get_by_text(AFTER).wait_for()
