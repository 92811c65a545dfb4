"""Two reviewers at the same time, one rule that settles a domain, and many cases from the table."""

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person

TABLE = "/2021/orga/pruefung/tabelle/"


def open_case(page, name):
    page.goto(TABLE)
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name).wait_for()


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_two_reviewers_settle_the_queue_and_nobody_decides_twice(own_site, browse, axe):
    from registration.models import Registration
    from tests.factories import make_role

    first = browse(own_site, person=demo_person("organiser"))
    other = make_role("organiser", demo_edition()).person
    second = browse(own_site, person=other)

    open_case(first, "Cem Aksoy")
    open_case(second, "Cem Aksoy")
    second.get_by_text("Wird gerade von H. Paulsen geprüft.").wait_for()

    # One rule for the domain settles both cases of it.
    first.locator("a[data-key=d]").click()
    first.get_by_role("heading", name="2 wartende Fälle").wait_for()
    look_at(first, axe, "domain")
    first.get_by_label("Verwaltungsebene").select_option("it-dienstleister")
    first.get_by_role("button", name="Domain zulassen").click()
    first.get_by_role("status").first.wait_for()
    second.locator("[data-key=a]").click()
    second.get_by_text("H. Paulsen war schneller").first.wait_for()
    rows = Registration.objects.filter(host="zweckverband-it.example")
    assert {row.state for row in rows} == {"admitted"}
    assert {row.decided_by_id for row in rows} == {demo_person("organiser").pk}

    # Free mail: only the address can be admitted.
    open_case(second, "Wiebke Sörensen")
    assert second.locator("a[data-key=d]").count() == 0
    second.locator("a[data-key=e]").click()
    second.get_by_role("heading", name="Adresse zulassen").wait_for()
    look_at(second, axe, "address")

    # Two from the table, by keyboard: marked, looked at once more, done.
    first.goto(TABLE)
    for name in ("Tarek Özdemir", "Ida Lüdtke"):
        box = first.get_by_role("checkbox", name=name)
        box.focus()
        first.keyboard.press("Space")
    first.get_by_role("button", name="Zulassen …", exact=True).focus()
    first.keyboard.press("Enter")
    first.get_by_role("heading", name="2 Fälle").wait_for()
    look_at(first, axe, "together")
    assert Registration.objects.get(last_name="Özdemir").state == "in_review"
    first.locator("button[name=bestaetigt]").focus()
    first.keyboard.press("Enter")
    first.get_by_role("heading", name="Prüfung").wait_for()
    states = Registration.objects.filter(last_name__in=("Özdemir", "Lüdtke")).values_list("state")
    assert set(states) == {("admitted",)}


def demo_edition():
    from congress.models import Edition

    return Edition.objects.get(slug="2021")
