import pytest
from django.core import mail as outbound
from icalendar import Calendar

from congress import mail
from congress.models import Letter, LetterText
from registration import actions, emails
from registration.models import Registration
from tests.factories import make_user
from tests.registration.making import OPEN, letters, make_registration

STATE = Registration.State
NAME = "Dr. Jördis Weißenborn"
WHO = {"title": "Dr.", "first_name": "Jördis", "last_name": "Weißenborn"}


@pytest.fixture(autouse=True)
def demonstration(settings, rules):
    """The letters of a practice edition leave in the demonstration only."""
    settings.DEMO = True


def sent(name):
    """The mail of the newest letter of this name."""
    mail.send(mail.claim(letters(name)[-1].pk))
    return outbound.outbox[-1]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    "name", ["code", "already_registered", "admitted", "in_review", "rejected", "cancelled"]
)
def test_every_letter_opens_with_the_name_and_leaves_nothing_open(edition, name, language):
    email = (
        "a@unbekannt.example"
        if name in ("in_review", "rejected")
        else "a@stadt-musterhausen.example"
    )
    first = make_registration(
        edition,
        email=email,
        language=language,
        state=STATE.UNVERIFIED
        if name == "code"
        else STATE.IN_REVIEW
        if "unbekannt" in email
        else STATE.ADMITTED,
        **WHO,
    )
    if name == "already_registered":
        make_registration(edition, email=email, language=language, **WHO)
    if name == "rejected":
        actions.reject(registration=first, by=make_user(), now=OPEN, reason="Kein Bezug.")
    if name == "cancelled":
        actions.cancel(registration=first, now=OPEN)

    letter = sent(name)

    assert f"{'Guten Tag' if language == 'de' else 'Hello'} {NAME}," in letter.body
    assert "{{" not in letter.body + letter.subject
    assert letter.to == [email]
    assert letter.reply_to == ["hilfe@fachkongress.example"]
    assert "Kein Bezug." in letter.body or name != "rejected"


def test_code_and_link_stand_in_the_letter_and_nowhere_else(edition):
    registration = make_registration(edition)
    secret = mail.unsealed(letters("code")[0])

    letter = sent("code")

    assert secret["code"] in letter.body
    assert secret["confirm_url"] in letter.body
    assert secret["code"] not in letter.subject
    row = Letter.objects.get()
    assert row.sealed is None
    assert secret["code"] not in str(Letter.objects.values()) + str(registration.__dict__)


def test_the_page_names_the_subject_the_letter_has(edition):
    make_registration(edition)
    assert sent("code").subject == emails.subject_of_code(edition, "de")
    LetterText.objects.create(
        edition=edition,
        template=emails.CODE,
        subject="Code für {{ edition.title }}",
        body="{{ code }} {{ confirm_url }}",
    )

    assert emails.subject_of_code(edition, "de") == f"Code für {edition.title}"


def test_the_admission_brings_the_congress_for_the_calendar_and_the_way_in(edition):
    make_registration(edition, state=STATE.ADMITTED)

    letter = sent("admitted")

    assert "http://testserver/2021/live/" in letter.body
    ((name, content, kind),) = letter.attachments
    assert (name, kind) == ("fachkongress-2021.ics", "text/calendar")
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert str(event["summary"]).endswith(edition.title)


@pytest.mark.parametrize("name", ["admitted", "in_review"])
def test_whoever_shares_a_mailbox_gets_the_link_in_the_letter(client, edition, name):
    host = "stadt-musterhausen" if name == "admitted" else "unbekannt"
    make_registration(edition, email=f"info@{host}.example", state=getattr(STATE, name.upper()))

    letter = sent(name)

    (address,) = [line for line in letter.body.splitlines() if "/zugang/attendee_" in line]
    path = address.removeprefix("http://testserver")
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 303
    assert client.get("/2021/meine-anmeldung/").status_code == 200


@pytest.mark.parametrize(
    "name", ["http://evil.test", "www.evil.test", "<script>alert(1)</script>", "{{7*7}}"]
)
def test_a_strangers_words_do_not_reach_an_unconfirmed_mailbox(edition, name):
    make_registration(edition, first_name=name)

    letter = sent("code")

    assert "evil" not in letter.body
    assert name not in letter.body
    assert "Guten Tag,\n" in letter.body


def test_names_in_letters_are_text(edition):
    make_registration(edition, first_name="{{7*7}} <b>Eve</b>", state=STATE.ADMITTED)

    letter = sent("admitted")

    assert "{{7*7}} <b>Eve</b>" in letter.body
    html, _ = letter.alternatives[0]
    assert "<b>Eve" not in html
    assert "49" not in html.split("Eve")[0][-20:]


def test_an_edition_may_word_each_letter(edition):
    for name in (emails.CODE, emails.ADMITTED, emails.IN_REVIEW, emails.REJECTED):
        text = LetterText(
            edition=edition,
            template=name,
            subject="{{ edition.title }}",
            body="Guten Tag {{ registration.display_name }}"
            if name != emails.CODE
            else "{{ code }} {{ confirm_url }}",
        )
        text.full_clean()
