"""Vertretung: somebody hands the place to a colleague, who is looked at like everybody and then has it."""

import pytest

from tests.e2e.letters import follow_invitation, say_yes, text_of_letter_to
from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person
from tests.e2e.test_registration_journey import FIVE_TO_ONE, turn_clock

ADDRESS = "nele.muster@unser-kleines-amt.example"  # nobody knows this domain: a person looks


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_a_place_passes_to_a_colleague_once_a_person_has_let_them_in(own_site, browse, axe):
    from registration.models import Contingent, Registration

    turn_clock(FIVE_TO_ONE)
    everybody = Contingent.objects.participation().get(level="")
    taken = everybody.taken
    clerk = demo_person("clerk")
    page = browse(own_site, person=clerk)
    page.goto("/2021/meine-anmeldung/")
    page.get_by_role("link", name="Meinen Platz weitergeben").click()
    look_at(page, axe, "substitute")
    page.get_by_label("Vorname").fill("Nele")
    page.get_by_label("Nachname").fill("Muster")
    page.get_by_label("Dienstliche E-Mail-Adresse der Person").fill(ADDRESS)
    page.get_by_role("button", name="Um Vertretung bitten").click()
    page.get_by_text("Sie haben um Vertretung gebeten").wait_for()
    look_at(page, axe, "substitute-asked")

    colleague = browse(own_site)
    follow_invitation(colleague, ADDRESS)
    colleague.get_by_text("bittet Sie um Vertretung").wait_for()
    look_at(colleague, axe, "substitute-answers")
    say_yes(colleague)
    colleague.get_by_text("Ihre Anmeldung wird geprüft").first.wait_for()
    giver = Registration.objects.get(person=clerk)
    assert giver.state == Registration.State.ADMITTED

    case = Registration.objects.get(email=ADDRESS)
    reviewer = browse(own_site, person=demo_person("organiser"))
    reviewer.goto(f"/2021/orga/pruefung/{case.pk}/")
    reviewer.locator("button[value=admit]").click()
    reviewer.get_by_text("Nele Muster ist zugelassen.").wait_for()

    colleague.reload()
    colleague.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()
    page.reload()
    page.get_by_text("Eine Kollegin oder ein Kollege kommt an Ihrer Stelle.").first.wait_for()
    assert "Nele Muster" in text_of_letter_to(clerk.email, "handed_over").body
    everybody.refresh_from_db()
    assert everybody.taken == taken
