"""The form tells what an address means a moment after it was typed; without JavaScript it is simply not told."""

from datetime import UTC, datetime

import pytest

from tests.e2e.looking import take_picture


@pytest.fixture
def open_registration(site):
    """Before the deadline, by the edition's clock; afterwards the shared site is as it was."""
    from congress import actions
    from congress.models import Edition

    edition = Edition.objects.get(slug="2021")
    actions.turn_clock(edition=edition, to=datetime(2021, 3, 1, 9, 0, tzinfo=UTC))
    yield site
    actions.turn_clock(edition=edition, to=datetime(2021, 3, 18, 9, 0, tzinfo=UTC))


def test_what_an_address_means_is_told_while_typing(open_registration, browse, axe):
    page = browse(open_registration)
    page.goto("/2021/anmeldung/")
    told, address = page.locator("#adresse-bedeutet"), page.get_by_label("Dienstliche E-Mail")

    address.press_sequentially("kim@stadt-musterhausen", delay=20)
    address.press_sequentially(".example", delay=20)
    told.get_by_text("gehört zu: Stadt Musterhausen (Kommune").wait_for()
    assert page.locator("#stellen option").get_attribute("value") == "Stadt Musterhausen"
    axe(page)
    take_picture(page, "told")

    address.fill("kim@t-online.de")
    told.get_by_text("Wir prüfen Ihre Angaben, meist innerhalb von zwei Arbeitstagen.").wait_for()
    assert page.locator("#stellen option").count() == 0

    address.fill("kim@bitburgerland.de")
    told.get_by_text("Unter dieser Domain schreiben 54 Behörden").wait_for()
    take_picture(page, "several")
    assert page.locator("#stellen option").first.get_attribute("value") == "Bickendorf"
    assert page.get_by_label("Behörde oder Einrichtung").get_attribute("list") == "stellen"

    address.fill("kim@")
    told.locator("p").wait_for(state="detached")


def test_without_javascript_the_form_is_the_same_without_it(open_registration, browse):
    page = browse(open_registration, javascript=False)
    page.goto("/2021/anmeldung/")

    page.get_by_label("Dienstliche E-Mail").fill("kim@stadt-musterhausen.example")
    page.get_by_role("button", name="Anmelden").click()

    assert page.get_by_text("Bitte geben Sie Ihren Vornamen ein.").first.is_visible()
    assert page.locator("#adresse-bedeutet").text_content() == ""
    assert page.get_by_label("Dienstliche E-Mail").input_value() == "kim@stadt-musterhausen.example"
