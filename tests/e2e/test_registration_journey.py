"""A clerk comes in: form, mail, code, stage, vote. And somebody whom the registry does not know."""

import email
import re
from datetime import UTC, datetime
from email import policy

import pytest

from congress.local.processes import wait_until
from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person

FIVE_TO_ONE = datetime(2021, 3, 16, 11, 55, tzinfo=UTC)
LIVE = datetime(2021, 3, 18, 9, 0, tzinfo=UTC)


def turn_clock(to):
    from congress import actions
    from congress.models import Edition

    actions.turn_clock(edition=Edition.objects.get(slug="2021"), to=to)


def mails_to(site, address):
    """What lies in the sink for one mailbox, the oldest first."""
    found = []
    for file in sorted(site.mails.iterdir(), key=lambda file: file.stat().st_mtime):
        for part in re.split(rb"\n-{79}\n", file.read_bytes()):
            mail = email.message_from_bytes(part.lstrip(), policy=policy.default)
            if mail["To"] == address:
                found.append(mail)
    return found


def newest_mail(site, address, subject):
    def arrived():
        return any(subject in str(mail["Subject"]) for mail in mails_to(site, address))

    from congress.models import Letter

    assert wait_until(arrived, seconds=30), (
        list(Letter.objects.filter(to=address).values("template", "state", "answer")),
        site.log("worker")[-3000:],
    )
    (*_, mail) = (mail for mail in mails_to(site, address) if subject in str(mail["Subject"]))
    return mail.get_body(("plain",)).get_content()


def code_in(text):
    return re.search(r"^([A-Z2-9]{3}-[A-Z2-9]{3})$", text, re.MULTILINE)[1]


def fill(page, address, name="Beispielmann"):
    page.get_by_label("Vorname").fill("Alex")
    page.get_by_label("Nachname").fill(name)
    page.get_by_label("Behörde oder Einrichtung").fill("Stadt Musterhausen, Hauptamt")
    page.get_by_label("Dienstliche E-Mail-Adresse").fill(address)
    page.get_by_label("Ich habe die Hinweise zum Datenschutz gelesen.").check()
    page.get_by_role("button", name="Anmelden", exact=True).click()


@pytest.mark.slow
@pytest.mark.own_site(workers=2, celery=True)
def test_a_clerk_with_a_listed_address_comes_in_and_votes(own_site, browse, axe):
    from registration.models import Registration

    address = "alex.beispielmann@stadt-musterhausen.example"
    turn_clock(FIVE_TO_ONE)
    page = browse(own_site)

    page.goto("/2021/")
    page.get_by_role("main").get_by_role("link", name="Jetzt anmelden").click()
    look_at(page, axe, "form")
    page.get_by_role("button", name="Anmelden", exact=True).click()
    assert "Bitte korrigieren Sie" in page.get_by_role("alert").inner_text()
    look_at(page, axe, "form-with-errors")
    fill(page, address)

    page.get_by_role("heading", name="Wir haben Ihnen einen Code geschickt").wait_for()
    look_at(page, axe, "code")
    letter = newest_mail(own_site, address, "Ihr Code für den Fachkongress 2021")
    assert "Guten Tag Alex Beispielmann" in letter
    page.get_by_label("Code", exact=True).fill(code_in(letter).lower())
    page.get_by_label("Das ist mein eigenes Gerät").check()
    page.get_by_role("button", name="Adresse bestätigen").click()

    page.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()
    assert page.url.endswith("/2021/meine-anmeldung/")
    look_at(page, axe, "admitted")
    assert Registration.objects.get(email=address).state == Registration.State.ADMITTED
    assert "/2021/live/" in newest_mail(own_site, address, "Sie sind dabei")

    turn_clock(LIVE)
    moderator = browse(own_site, person=demo_person("moderator"))
    open_a_poll(moderator)
    viewer = browse(own_site, person=demo_person("head"))
    viewer.goto("/2021/live/plenum/")
    viewer.get_by_text("Live verbunden").wait_for()
    page.get_by_role("link", name="Zu den Bühnen").click()
    page.goto("/2021/live/plenum/")
    page.get_by_label("Zu Hause").check()
    page.get_by_role("button", name="Abstimmen").click()
    page.locator(".fk-poll__thanks").wait_for()
    viewer.wait_for_function(
        """() => [...document.querySelectorAll('[data-live=total]')].some(
            place => place.checkVisibility() && place.textContent.startsWith('1 '))""",
        timeout=8_000,
    )


def open_a_poll(page):
    page.goto("/2021/moderation/plenum/")
    running = page.get_by_role("button", name="Umfrage schließen")
    if running.count():
        running.click()
    page.get_by_label("Frage", exact=True).fill("Wo arbeiten Sie heute?")
    page.get_by_label("Antworten", exact=True).fill("Im Büro\nZu Hause")
    page.get_by_role("button", name="Vorbereiten und gleich öffnen").click()
    page.get_by_role("button", name="Umfrage schließen").wait_for()


@pytest.mark.slow
@pytest.mark.own_site(workers=1, celery=True)
def test_whom_the_registry_does_not_know_is_admitted_by_a_person(own_site, browse, axe):
    """Without JavaScript, by the link of the letter, opened in another browser."""
    address = "alex@unser-kleines-amt.example"
    turn_clock(FIVE_TO_ONE)
    page = browse(own_site, javascript=False)
    page.goto("/2021/anmeldung/")
    fill(page, address)
    page.get_by_role("heading", name="Wir haben Ihnen einen Code geschickt").wait_for()
    letter = newest_mail(own_site, address, "Ihr Code")
    link = re.search(r"^http\S+/anmeldung/bestaetigen/\S+$", letter, re.MULTILINE)[0]

    other = browse(own_site)
    other.goto(link)
    look_at(other, axe, "link")
    other.get_by_role("button", name="Adresse bestätigen").click()
    other.get_by_text("bis zum Beginn am 17. März um 13:30 Uhr").first.wait_for()
    look_at(other, axe, "in-review")
    other.get_by_label("Für welche Behörde arbeiten Sie?").fill("Unser kleines Amt")
    other.get_by_label("Nummer Ihrer Zentrale").fill("0000 000 00 12")
    other.get_by_role("button", name="Absenden").click()
    other.get_by_text("Vielen Dank").wait_for()
    assert other.get_by_label("Nummer Ihrer Zentrale").count() == 0

    decide_by_keyboard(browse(own_site, person=demo_person("organiser")), "Alex Beispielmann")

    assert "/2021/live/" in newest_mail(own_site, address, "Sie sind dabei")
    other.goto("/2021/meine-anmeldung/")
    other.get_by_text("Sie sind dabei: Ihre Anmeldung ist bestätigt.").wait_for()
    other.get_by_role("link", name="Meine Anmeldung absagen").click()
    look_at(other, axe, "cancel")
    other.get_by_role("button", name="Ja, absagen").click()
    other.get_by_text("Ihre Anmeldung ist abgesagt.").first.wait_for()
    look_at(other, axe, "cancelled")


def decide_by_keyboard(page, name):
    """Never touches the mouse: to the table, search, open the case, and one key for a clear case."""
    page.goto("/2021/orga/pruefung/")
    page.get_by_text("Fall 1 von").wait_for()
    page.keyboard.press("t")
    page.get_by_label("Name, Behörde oder Adresse").focus()
    page.keyboard.type("kleines-amt")
    page.keyboard.press("Enter")
    page.get_by_text("1 Fall", exact=True).wait_for()
    page.get_by_role("link", name=name).focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=name).wait_for()
    assert page.evaluate("document.activeElement === document.body")
    page.wait_for_timeout(
        600
    )  # a case that has just opened is not decided by what was pressed before
    page.keyboard.press("a")
    page.get_by_text(f"{name} ist zugelassen. Die E-Mail geht jetzt hinaus.").wait_for()


@pytest.mark.slow
@pytest.mark.own_site(workers=1, celery=True)
def test_signing_in_later_by_code(own_site, browse, axe):
    person = demo_person("clerk")
    page = browse(own_site)

    page.goto("/2021/meine-anmeldung/")
    page.get_by_label("E-Mail-Adresse").first.fill(person.email)
    page.get_by_role("button", name="Code zusenden").click()
    page.get_by_role("heading", name="Wir haben Ihnen einen Code geschickt").wait_for()
    look_at(page, axe, "sign-in-code")
    letter = newest_mail(own_site, person.email, "Ihr Code")
    page.get_by_label("Code", exact=True).fill(code_in(letter))
    page.get_by_role("main").get_by_role("button", name="Einloggen").click()

    page.get_by_role("heading", name="Meine Anmeldung").wait_for()
    assert page.url.endswith("/2021/meine-anmeldung/")
