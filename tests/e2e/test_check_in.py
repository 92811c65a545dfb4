"""The door of the hall, with its network cut: nothing is lost, nothing is counted twice, no name is kept."""

import re
from datetime import timedelta

import pytest

from tests.e2e.test_every_page import demo_person

DOOR = "/2021/orga/einlass/"
CUT = ["Failed to load resource", "net::ERR"]  # what a browser says about a cut line
STORE = "localStorage.getItem('fk-check-in:2021')"


@pytest.fixture
def edition():
    from congress.models import Edition

    return Edition.objects.get(slug="2021")


def print_badge(edition, key):
    from congress import actions
    from congress.models import Admission

    admission = Admission.objects.get(person=demo_person(key), edition=edition)
    tokens = actions.mint_for_many(
        kind="badge", edition=edition, admissions=[admission.pk], max_devices=1, now=edition.now()
    )
    return admission, f"https://fachkongress.example/zugang/{next(iter(tokens.values()))}/"


def rows_of(admission):
    from registration.models import CheckIn

    return list(CheckIn.objects.filter(admission=admission).order_by("at"))


def scan(page, text):
    """As a hand scanner: fast keys into whatever has the focus, and Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def says(page, sentence):
    page.locator(".fk-door__sentence").filter(has_text=sentence).wait_for()


def banner(page, text):
    page.locator("#ci-banner").filter(has_text=text).wait_for()


@pytest.mark.own_site(workers=1)
def test_the_door_works_on_while_the_network_is_away(own_site, browse, axe, edition):
    from registration import codes

    first, first_code = print_badge(edition, "clerk")
    second, second_code = print_badge(edition, "head")
    page = browse(own_site, person=demo_person("check-in"), expect=CUT)
    with page.expect_response(lambda answer: "zugelassen.json" in answer.url):
        page.goto(DOOR)

    # The scanner's keyboard is an American one; both sides read the same in it.
    garbled = first_code.translate(str.maketrans("yzYZ_/:", "zyZY?-Ö"))
    read = page.evaluate("text => CheckIn.readings(text)", garbled)
    assert read == list(codes.readings(garbled))
    scan(page, garbled)
    says(page, "Willkommen, Kim Albers")
    axe(page)
    scan(page, first_code)
    says(page, "Kim Albers ist schon da seit")
    assert len(rows_of(first)) == 1

    page.context.set_offline(True)
    scan(page, second_code)
    says(page, "Gemerkt: steht auf der Liste")
    scan(page, second_code)
    says(page, "Hier schon gescannt")
    page.get_by_label("Geht").check()
    scan(page, first_code)
    banner(page, "Kein Netz: 3 Scans sind gemerkt")
    scan(page, "badge_" + "A" * 49)
    says(page, "Gemerkt: steht nicht auf unserer Liste")
    axe(page)
    kept = page.evaluate(STORE)
    assert (
        re.findall(r"badge_|Albers|Weißenborn|zugang", kept.replace("badge_" + "A" * 49, "")) == []
    )
    assert rows_of(second) == []

    # As if it had been half an hour.
    page.evaluate(
        "key => localStorage.setItem(key, JSON.stringify(JSON.parse(localStorage.getItem(key))"
        ".map(item => Object.assign(item, { at: item.at - 1800000 }))))",
        "fk-check-in:2021",
    )
    page.context.set_offline(False)
    banner(page, "Alles Gemerkte ist nachgereicht")

    assert page.evaluate(STORE) == "[]"
    (came,) = rows_of(second)
    assert (came.direction, came.late) == ("in", True)
    age = edition.now() - came.at
    assert timedelta(minutes=29) < age < timedelta(minutes=32)
    # Half an hour ago Kim Albers had not come yet: nobody left who was not in.
    assert [row.direction for row in rows_of(first)] == ["in"]


@pytest.mark.own_site(workers=1)
def test_what_waits_outlives_its_page_and_is_counted_once(own_site, browse, edition):
    admission, code = print_badge(edition, "clerk")
    page = browse(own_site, person=demo_person("check-in"), expect=CUT)
    page.goto(DOOR)

    # The server counts, and its answer is lost on the way.
    def swallowed(route):
        route.fetch()
        route.abort()

    page.route("**/scan/", swallowed)
    scan(page, code)
    says(page, "Gemerkt")
    assert len(rows_of(admission)) == 1
    page.unroute("**/scan/")
    page.context.set_offline(True)
    page.close(run_before_unload=False)
    again = page.context.new_page()
    page.context.set_offline(False)
    again.goto(DOOR)
    again.locator(".fk-door-last li").filter(has_text="Willkommen, Kim Albers").wait_for()

    assert again.evaluate(STORE) == "[]"
    assert len(rows_of(admission)) == 1


@pytest.mark.own_site(workers=1)
def test_a_name_is_let_in_with_two_clicks(own_site, browse, axe, edition):
    page = browse(own_site, person=demo_person("check-in"))
    page.goto(DOOR)

    scan(page, "weissenborn")
    page.get_by_role("button", name="Einlassen – Dr. Jördis Weißenborn").click()

    says(page, "Willkommen, Dr. Jördis Weißenborn")
    page.goto(f"{DOOR}anwesend/")
    assert page.get_by_text("Dr. Jördis Weißenborn").is_visible()
    axe(page)


def test_without_javascript_the_door_works_too(site, browse, axe, edition):
    admission, code = print_badge(edition, "journalist")
    page = browse(site, person=demo_person("check-in"), javascript=False)
    page.goto(DOOR)

    page.get_by_label("Ausweis oder Karte scannen").fill(code)
    page.get_by_role("button", name="Los").click()

    assert page.locator(".fk-door--good").inner_text().startswith("Willkommen, Noa Sander")
    assert rows_of(admission)[0].direction == "in"
