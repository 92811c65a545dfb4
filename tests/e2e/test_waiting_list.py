"""From full to an offer to a place: one waits, another cancels, the first in line accepts."""

import re

import pytest

from tests.e2e.test_every_page import demo_person
from tests.e2e.test_registration_journey import (
    FIVE_TO_ONE,
    code_in,
    fill,
    look_at,
    newest_mail,
    turn_clock,
)


@pytest.mark.slow
@pytest.mark.own_site(workers=1, celery=True)
def test_from_a_full_congress_to_an_offer_to_a_place(own_site, browse, axe):
    from registration.models import Contingent, Registration

    turn_clock(FIVE_TO_ONE)
    address = "alex.beispielmann@stadt-musterhausen.example"
    everybody = Contingent.objects.participation().get(level="")
    organiser = browse(own_site, person=demo_person("organiser"))
    organiser.goto("/2021/orga/plaetze/")
    look_at(organiser, axe, "orga-places")
    organiser.get_by_role("link", name="online", exact=True).click()
    organiser.get_by_label("Zahl der Plätze").fill(str(everybody.taken))
    organiser.get_by_role("button", name="Speichern").click()
    organiser.get_by_text("Die Zahl der Plätze ist gespeichert.").wait_for()

    page = browse(own_site)
    page.goto("/2021/anmeldung/")
    look_at(page, axe, "form-where-all-is-full")
    fill(page, address)
    letter = newest_mail(own_site, address, "Ihr Code")
    page.get_by_label("Code", exact=True).fill(code_in(letter))
    page.get_by_role("button", name="Adresse bestätigen").click()
    page.get_by_text("Sie stehen auf Platz 1 der Warteliste.").wait_for()
    look_at(page, axe, "waiting")
    assert "Warteliste" in newest_mail(own_site, address, "Sie stehen auf der Warteliste")

    clerk = browse(own_site, person=demo_person("clerk"))
    clerk.goto("/2021/meine-anmeldung/")
    clerk.get_by_text("Was es sonst noch gibt").wait_for()
    look_at(clerk, axe, "admitted-with-items")
    clerk.get_by_role("link", name="Meine Anmeldung absagen").click()
    clerk.get_by_role("button", name="Ja, absagen").click()
    clerk.get_by_text("Ihre Anmeldung ist abgesagt.").first.wait_for()

    offer = newest_mail(own_site, address, "Ein Platz für Sie")
    page.goto("/2021/meine-anmeldung/")
    look_at(page, axe, "offered")
    organiser.reload()
    look_at(organiser, axe, "orga-contingent")
    link = re.search(r"^http\S+/anmeldung/platz/\S+$", offer, re.MULTILINE)[0]
    other = browse(own_site, javascript=False)
    other.goto(link)
    look_at(browse_with(browse, own_site, link), axe, "offer")
    other.get_by_role("button", name="Platz annehmen").click()
    other.get_by_role("heading", name="Der Platz gehört Ihnen").wait_for()

    page.reload()
    page.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()
    assert "/2021/live/" in newest_mail(own_site, address, "Sie sind dabei")
    assert Registration.objects.get(email=address).state == Registration.State.ADMITTED
    everybody.refresh_from_db()
    assert (everybody.free, everybody.waiting) == (0, 0)


def browse_with(browse, site, link):
    page = browse(site)
    page.goto(link)
    return page
