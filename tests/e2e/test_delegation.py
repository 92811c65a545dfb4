"""Somebody brings colleagues along: from the pasted list to a colleague who is in."""

import pytest

from tests.e2e.letters import path_in_letter_to
from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person
from tests.e2e.test_registration_journey import FIVE_TO_ONE, turn_clock

ADDRESS = "nele.muster@stadt-musterhausen.example"


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_a_colleague_is_invited_by_a_list_and_comes_in(own_site, browse, axe):
    from registration.models import Registration

    turn_clock(FIVE_TO_ONE)
    page = browse(own_site, person=demo_person("clerk"))
    page.goto("/2021/meine-anmeldung/")
    page.get_by_role("link", name="Kolleginnen und Kollegen mitnehmen").click()
    look_at(page, axe, "delegation")
    page.get_by_label("Namen und Adressen").fill(
        f"Nele Muster <{ADDRESS}>\nCem Aksoy <c.aksoy@amt-fern.example>\nohne-adresse\n"
    )
    page.get_by_role("button", name="Zeigen, was geschieht").click()

    page.get_by_text("Noch ist nichts gesendet.").wait_for()
    row = page.get_by_role("row", name="Nele Muster")
    assert "wird eingeladen" in row.inner_text()
    look_at(page, axe, "delegation-preview")
    page.get_by_role("button", name="2 Mails senden").click()
    page.get_by_text("2 Mails sind unterwegs.").wait_for()

    colleague = browse(own_site)
    colleague.goto(path_in_letter_to(ADDRESS, "delegate", "/zusage/"))
    look_at(colleague, axe, "delegate-open")
    colleague.get_by_role("button", name="Weiter").click()
    look_at(colleague, axe, "delegate")
    colleague.get_by_role("button", name="Ja, ich nehme teil").click()
    assert "Datenschutz" in colleague.get_by_role("alert").inner_text()
    colleague.get_by_label("Ich habe die Hinweise zum Datenschutz gelesen.").check()
    colleague.get_by_role("button", name="Ja, ich nehme teil").click()

    colleague.get_by_text("Sie sind dabei").wait_for()
    assert Registration.objects.get(email=ADDRESS).state == "admitted"
    page.reload()
    assert page.get_by_text(ADDRESS).count() == 0
    look_at(page, axe, "delegation-sent")
