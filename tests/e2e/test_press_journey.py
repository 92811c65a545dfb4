"""A journalist on deadline day: request, decision, mail, a scanner, the person's click, the stage without votes."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from congress.local.processes import wait_until
from tests.e2e.test_every_page import demo_person
from tests.e2e.test_registration_journey import (
    FIVE_TO_ONE,
    LIVE,
    look_at,
    newest_mail,
    turn_clock,
)

ONE_MINUTE_LATE = datetime(2021, 3, 16, 12, 1, tzinfo=UTC)
FIVE_PAST_FOUR = datetime(2021, 3, 16, 15, 5, tzinfo=UTC)
MAILBOX = "thea.morgenstern@rundschau.example"


def ask(page, last_name, mailbox):
    page.goto("/2021/presse/")
    page.get_by_role("link", name="Akkreditierung anfragen").click()
    page.get_by_label("Vorname").fill("Thea")
    page.get_by_label("Nachname").fill(last_name)
    page.get_by_label("Medium", exact=True).fill("Beispiel-Rundschau")
    page.get_by_label("Sie arbeiten als").select_option("editor")
    page.get_by_label("E-Mail-Adresse").fill(mailbox)
    page.get_by_role("button", name="Anfrage absenden").click()
    page.get_by_role("heading", name="Ihre Anfrage ist angekommen").wait_for()


def link_in(text, part):
    (address,) = {word for word in text.split() if part in word}
    return address


def sessions():
    from congress.models import BrowserSession

    return BrowserSession.objects.filter(link__isnull=False).count()


@pytest.mark.slow
@pytest.mark.own_site(workers=2, celery=True)
def test_from_the_request_to_the_stage(own_site, browse, axe):
    from press.models import Accreditation

    turn_clock(FIVE_TO_ONE)
    page = browse(own_site)

    page.goto("/2021/presse/")
    assert "Minuten" in page.locator(".fk-lead").inner_text()
    look_at(page, axe, "press-room")
    page.goto("/2021/presse/akkreditierung/")
    assert "noch 4" in page.locator(".fk-lead").inner_text()
    page.get_by_role("button", name="Anfrage absenden").click()
    page.get_by_role("alert").wait_for()
    look_at(page, axe, "press-form-with-errors")
    ask(page, "Morgenstern", MAILBOX)
    assert "Das ist vor Ablauf der Frist" in page.get_by_role("main").inner_text()
    look_at(page, axe, "press-sent")

    # The confirmation: its link confirms the address.
    confirmation = newest_mail(own_site, MAILBOX, "Ihre Anfrage für eine Akkreditierung")
    page.goto(urlsplit(link_in(confirmation, "/akkreditierung/")).path)
    look_at(page, axe, "press-request")
    page.get_by_role("button", name="Adresse bestätigen").click()
    page.get_by_text("Vielen Dank, Ihre Adresse ist bestätigt.").wait_for()
    look_at(page, axe, "press-request-confirmed")

    # The press officer decides.
    accreditation = Accreditation.objects.get(mailbox=MAILBOX)
    assert (accreditation.late, accreditation.state) == (False, "requested")
    officer = browse(own_site, person=demo_person("press-officer"))
    officer.goto("/2021/orga/")
    officer.get_by_role("link", name="Akkreditierungen zu entscheiden").click()
    look_at(officer, axe, "press-desk")
    officer.get_by_role("link", name="Thea Morgenstern").click()
    look_at(officer, axe, "press-case")
    officer.get_by_role("link", name="Ablehnen …").click()
    look_at(officer, axe, "press-reject")
    officer.get_by_role("link", name="Zurück zur Anfrage").click()
    officer.get_by_role("button", name="Genehmigen").click()
    officer.get_by_text("Thea Morgenstern ist akkreditiert.").wait_for()
    accreditation.refresh_from_db()
    assert accreditation.state == "approved"

    # The decision leaves at once, the link the day before at 16:00, with all others.
    assert "16. März 2021, 16:00 Uhr" in newest_mail(own_site, MAILBOX, "Sie sind akkreditiert")
    turn_clock(FIVE_PAST_FOUR)

    # A scanner opens the link of the mail many times, with and without a browser.
    letter = newest_mail(own_site, MAILBOX, "Ihr Zugang zum")
    address = urlsplit(link_in(letter, "/presse/zugang/")).path
    scanner, before = browse(own_site), sessions()
    for _ in range(10):
        assert scanner.request.get(address).status == 200
        assert scanner.request.head(address).status == 200
    scanner.goto(address)
    scanner.wait_for_timeout(500)
    # Another one submits the form as it is served.
    scanner.get_by_role("button", name="Zugang öffnen").click()
    scanner.get_by_text("Bitte geben Sie die Adresse ein").first.wait_for()
    look_at(scanner, axe, "press-access-refused")
    assert sessions() == before

    # The person types the address and comes in.
    turn_clock(LIVE)
    journalist = browse(own_site)
    journalist.goto(address)
    assert "Morgenstern" not in journalist.content()
    look_at(journalist, axe, "press-access")
    journalist.get_by_label("E-Mail-Adresse, an die dieser Link ging").fill(MAILBOX)
    journalist.get_by_role("button", name="Zugang öffnen").click()
    journalist.wait_for_url(re.compile(r"/2021/$"))
    assert sessions() == before + 1
    journalist.get_by_role("main").get_by_role("link", name="Zum Livestream").first.click()
    journalist.goto("/2021/live/plenum/")
    journalist.locator("video, .fk-player").first.wait_for()
    assert journalist.get_by_role("button", name="Abstimmen").count() == 0
    assert journalist.get_by_role("button", name="Frage stellen").count() == 0

    # Nothing of it stands in a log.
    token = address.rstrip("/").rpartition("/")[2]
    assert token not in own_site.log("web") + own_site.log("worker")


@pytest.mark.slow
@pytest.mark.own_site(workers=2, celery=True)
def test_one_minute_after_one_the_request_is_late_and_revoking_ends_an_open_page(
    own_site, browse, axe
):
    from congress.models import AccessLink
    from press.models import Accreditation

    turn_clock(ONE_MINUTE_LATE)
    page = browse(own_site)

    ask(page, "Spätling", "spaet@rundschau.example")

    assert "nach den rechtzeitigen Anfragen" in page.get_by_role("main").inner_text()
    look_at(page, axe, "press-late")
    assert Accreditation.objects.get(mailbox="spaet@rundschau.example").late
    letter = newest_mail(
        own_site, "spaet@rundschau.example", "Ihre Anfrage für eine Akkreditierung"
    )
    assert "verspätet" in letter

    # The demonstration's journalist loses the access while watching.
    turn_clock(LIVE)
    noa = Accreditation.objects.get(last_name="Sander")
    watching = browse(own_site, expect=[r"status of 40[134]", r"WebSocket"])
    own_site.sign_in(watching.context, noa.person)
    watching.goto("/2021/live/plenum/")
    watching.get_by_text("Live verbunden").wait_for()
    officer = browse(own_site, person=demo_person("press-officer"))
    officer.goto(f"/2021/orga/presse/{noa.pk}/")
    officer.get_by_role("link", name="Zugang widerrufen").click()
    look_at(officer, axe, "press-desk-revoke")
    officer.get_by_role("button", name="Zugang widerrufen").click()
    officer.get_by_text("Der Zugang ist widerrufen.").wait_for()
    assert officer.get_by_role("link", name="Zugang widerrufen").count() == 0
    assert AccessLink.objects.get(admission=noa.admission).revoked_at is not None

    assert wait_until(
        lambda: (
            watching.get_by_text("Live verbunden").count() == 0
            or not watching.get_by_text("Live verbunden").is_visible()
        ),
        seconds=5,
    )
    assert watching.request.get("/2021/live/plenum/").status == 404
