"""The Technik-Check in offices of three kinds: all is let through, frames are swallowed, the picture is blocked."""

import pytest

from tests.e2e.test_every_page import demo_person

CHECK = "/2021/technik-check/"


def verdict(page):
    page.goto(CHECK)
    page.get_by_role("button", name="Check starten").click()
    page.locator("#check-result .fk-message").wait_for(timeout=25_000)
    return page.locator("#check-result").inner_text()


def vote(page):
    page.get_by_label("Ja, gern").check()
    page.get_by_role("button", name="Zur Probe abstimmen").click()
    return page.locator("#check-voted:not(:empty)").inner_text()


@pytest.mark.slow
def test_where_all_is_let_through_everything_works(site, browse, axe):
    page = browse(site)

    assert verdict(page) == "Alles geht. Sie müssen nichts weiter tun."
    assert vote(page) == "Ihre Probestimme ist über die Live-Verbindung angekommen."
    axe(page)
    regie = browse(site, person=demo_person("director"))
    regie.goto("/2021/regie/")
    regie.get_by_text("Technik-Check heute").wait_for()


@pytest.mark.slow
def test_swallowed_frames_are_told_from_a_refusal(site, browse):
    page = browse(site)
    page.route_web_socket("**/technik-check/", lambda socket: None)  # opens, and says nothing

    assert verdict(page).startswith("Sie können zuschauen, abstimmen und fragen.")
    assert "Etwas auf dem Weg verschluckt es" in page.locator("[data-check=socket]").inner_text()
    assert vote(page) == "Ihre Probestimme ist über HTTP angekommen."


@pytest.mark.slow
def test_a_blocked_picture_is_named(site, browse):
    page = browse(site, expect=[r"ERR_", r"status of 403"])
    page.route("**/clip/**", lambda route: route.fulfill(status=403))

    assert verdict(page).startswith("Abstimmen und Fragen geht, das Bild nicht.")


@pytest.mark.slow
def test_without_javascript_the_page_says_what_it_can(site, browse):
    page = browse(site, javascript=False)
    page.goto(CHECK)
    assert page.get_by_role("button", name="Check starten").count() == 0

    page.get_by_label("Ja, gern").check()
    page.get_by_role("button", name="Zur Probe abstimmen").click()

    page.get_by_text("Ihre Probestimme ist über HTTP angekommen.").wait_for()
