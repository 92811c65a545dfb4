"""Somebody calls: found while typing, one sentence why, a code read out, typed on the other end, in."""

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person


class Clicks:
    """Counts what the helper presses."""

    def __init__(self):
        self.count = 0

    def __call__(self, locator):
        self.count += 1
        locator.click()


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_from_the_search_to_working_access_in_three_clicks(own_site, browse, axe):
    click = Clicks()
    desk = browse(own_site, person=demo_person("help-desk"))
    desk.goto("/2021/orga/hilfe/")
    look_at(desk, axe, "empty")
    assert desk.evaluate("document.activeElement.id") == "wen"

    # Nothing is pressed: the results come while the helper types, in the caller's spelling.
    desk.keyboard.type("Brock")
    desk.get_by_text("550 5.1.1").first.wait_for()
    assert "1 Person klingt so" in desk.locator("#stand").inner_text()
    assert desk.url.endswith("/2021/orga/hilfe/")
    look_at(desk, axe, "found-one")
    click(desk.get_by_role("button", name="Code vorlesen"))
    desk.get_by_role("heading", name="Code für Gesa Brok").wait_for()
    look_at(desk, axe, "code")
    code = "".join(desk.locator(".fk-spell__sign").all_inner_texts())

    caller = browse(own_site)
    caller.goto("/konto/login/")
    look_at(caller, axe, "log-in")
    caller.get_by_role("link", name="Ich habe einen Code vom Telefon").click()
    look_at(caller, axe, "telephone")
    caller.get_by_label("Code", exact=True).fill("AAA-AAA")
    caller.get_by_label("Ihr Name oder Ihre E-Mail-Adresse").fill("Gesa Brok")
    caller.get_by_role("button", name="Hineingehen").click()
    caller.get_by_role("alert").wait_for()
    look_at(caller, axe, "telephone-wrong")
    caller.get_by_label("Code", exact=True).fill(code.lower())
    caller.get_by_role("button", name="Hineingehen").click()
    caller.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()

    assert click.count <= 3
    desk.get_by_role("link", name="Zurück zum Fall").click()
    desk.get_by_text("auf 1 Gerät eingeloggt").wait_for()
    look_at(desk, axe, "case")


@pytest.mark.slow
def test_many_are_found_and_the_desk_works_without_javascript(site, browse, axe):
    desk = browse(site, person=demo_person("help-desk"), javascript=False)
    desk.goto("/2021/orga/hilfe/")
    desk.get_by_label("Name, Adresse oder Behörde").fill("musterhausen")
    desk.get_by_role("button", name="Suchen").click()
    desk.get_by_role("link", name="Bernd Möller").wait_for()
    assert desk.url.endswith("/2021/orga/hilfe/")

    desk = browse(site, person=demo_person("help-desk"))
    desk.goto("/2021/orga/hilfe/")
    desk.keyboard.type("musterhausen")
    desk.get_by_role("link", name="Bernd Möller").wait_for()
    look_at(desk, axe, "found-many")
    desk.goto("/2021/orga/hilfe/neu/")
    look_at(desk, axe, "walk-in")
    desk.goto("/2021/orga/hilfe/")
    desk.keyboard.type("Niemand Nirgends")
    desk.get_by_role("heading", name="Nicht angemeldet").wait_for()
    look_at(desk, axe, "nobody")

    organiser = browse(site, person=demo_person("organiser"), color_scheme="dark")
    organiser.goto("/2021/orga/hilfe/neu/")
    look_at(organiser, axe, "walk-in-organiser")
    organiser.goto("/2021/orga/hilfe/")
    organiser.keyboard.type("Jacobsen")
    organiser.get_by_text("mehr dürfen es nicht sein").wait_for()
    look_at(organiser, axe, "found-dark")
