"""Vorzimmer: somebody registers a named colleague without coming along, and both get a letter."""

import pytest

from tests.e2e.letters import follow_invitation, say_yes, text_of_letter_to
from tests.e2e.looking import look_at
from tests.e2e.test_registration_journey import FIVE_TO_ONE, turn_clock

OFFICE = "vorzimmer.amtsleitung@stadt-musterhausen.example"
HEAD = "amtsleitung@stadt-musterhausen.example"


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_an_office_registers_its_head_and_both_are_written_to(own_site, browse, axe):
    from registration.models import Registration

    turn_clock(FIVE_TO_ONE)
    page = browse(own_site)
    page.goto("/2021/anmeldung/")
    page.get_by_role("main").locator("a[href$='/anmeldung/fuer-andere/']").first.click()
    look_at(page, axe, "office")
    page.get_by_label("Vorname").fill("Nele")
    page.get_by_label("Nachname").fill("Muster")
    page.get_by_label("Dienstliche E-Mail-Adresse der Person").fill(HEAD)
    page.get_by_label("Behörde oder Einrichtung").fill("Stadt Musterhausen")
    page.get_by_label("Ihr Name").fill("Toni Vorzimmer")
    page.get_by_label("Ihre dienstliche E-Mail-Adresse").fill(OFFICE)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.get_by_role("status").or_(page.get_by_role("alert")).first.wait_for()

    assert "Nele Muster" in text_of_letter_to(OFFICE, "office").subject
    assert "Toni Vorzimmer" in text_of_letter_to(HEAD, "delegate").subject
    colleague = browse(own_site)
    follow_invitation(colleague, HEAD)
    colleague.get_by_text("Angemeldet hat Sie: Toni Vorzimmer").wait_for()
    look_at(colleague, axe, "office-answers")
    say_yes(colleague)

    colleague.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()
    assert Registration.objects.get(email=HEAD).state == Registration.State.ADMITTED
    assert "steht fest" in text_of_letter_to(OFFICE, "office_answered").body
