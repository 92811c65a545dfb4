"""What is asked of people who are in: what was typed is there again, and organisers work it off."""

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person


@pytest.mark.slow
def test_what_was_typed_is_there_again_and_counts_once_saved(site, browse, axe):
    from registration.models import Needs

    page = browse(site, person=demo_person("head"))
    page.goto("/2021/meine-anmeldung/")
    page.get_by_text("Was Sie zur Teilnahme brauchen").click()
    look_at(page, axe, "asked")
    field = page.get_by_label("Was Sie sonst noch brauchen")
    field.fill("Beispiel: ein Platz vorn")
    field.blur()
    page.get_by_text("Als Entwurf aufbewahrt").wait_for()
    page.reload()
    page.get_by_text("Was Sie zur Teilnahme brauchen").click()
    assert page.get_by_label("Was Sie sonst noch brauchen").input_value() == (
        "Beispiel: ein Platz vorn"
    )
    page.get_by_label("Ich willige ein").uncheck()
    page.get_by_role("button", name="Antworten speichern").click()
    assert "Bitte willigen Sie ein" in page.get_by_role("alert").inner_text()
    look_at(page, axe, "asked-error")
    page.get_by_label("Ich willige ein").check()
    page.get_by_role("button", name="Antworten speichern").click()
    page.get_by_text("Ihre Antworten sind gespeichert").wait_for()
    assert Needs.objects.filter(text="Beispiel: ein Platz vorn").exists()

    organiser = browse(site, person=demo_person("organiser"))
    organiser.goto("/2021/orga/bedarfe/")
    look_at(organiser, axe, "needs-closed")
    organiser.get_by_role("button", name="Liste für 15 Minuten öffnen").click()
    organiser.goto("/2021/orga/bedarfe/?stand=offen")
    look_at(organiser, axe, "needs")
    row = organiser.get_by_role("row", name="Weißenborn")
    row.get_by_role("button", name="Organisiert").click()
    assert organiser.get_by_text("ein Platz vorn").count() == 0
