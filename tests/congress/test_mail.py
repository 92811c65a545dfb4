import pytest
from django.core import mail as outbound

from congress import mail
from congress.models import Letter, LetterText
from tests.factories import make_edition, make_link, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demonstration(settings):
    """The letters of a practice edition leave in the demonstration only."""
    settings.DEMO = True


def make_letter(**fields):
    return mail.post_letter(
        "congress/emails/login_code.md",
        once=fields.pop("once", "a"),
        edition=fields.pop("edition", None) or make_edition(help_email="hilfe@fachkongress.example"),
        person=fields.pop("person", None) or make_user(first_name="Jörg", last_name="Weiß"),
        secret=fields.pop("secret", {"code": "ABC-123"}),
        **fields,
    )


def test_a_letter_is_a_row_before_it_is_a_mail():
    letter = make_letter()

    assert letter.state == Letter.State.QUEUED
    assert outbound.outbox == []


def test_a_claimed_letter_leaves_with_sender_reply_to_and_help_line():
    letter = make_letter(language="de")

    mail.send(mail.claim(letter.pk))

    (sent,) = outbound.outbox
    assert sent.subject == "Ihr Code für die Anmeldung: ABC-123"
    assert sent.to == [letter.person.email]
    assert sent.reply_to == ["hilfe@fachkongress.example"]
    assert letter.edition.title in sent.from_email
    assert "Guten Tag Jörg Weiß" in sent.body
    assert "hilfe@fachkongress.example" in sent.body
    assert sent.extra_headers["Message-ID"] == letter.message_id
    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT
    assert letter.sent_at is not None


def test_what_is_secret_is_sealed_until_it_is_sent_and_gone_afterwards():
    letter = make_letter()
    assert b"ABC-123" not in bytes(letter.sealed)

    mail.send(mail.claim(letter.pk))

    letter.refresh_from_db()
    assert letter.sealed is None


def test_the_same_key_is_the_same_letter():
    edition, person = make_edition(), make_user()

    assert make_letter(edition=edition, person=person) == make_letter(edition=edition, person=person)
    assert Letter.objects.count() == 1


def test_a_letter_is_claimed_once():
    letter = make_letter()

    assert mail.claim(letter.pk) == letter
    assert mail.claim(letter.pk) is None


def test_a_letter_whose_sender_died_is_sent_again_with_the_same_message_id():
    letter = make_letter()
    mail.claim(letter.pk)
    Letter.objects.update(lease_until="2020-01-01T00:00Z")

    mail.settle_forgotten()
    mail.send(mail.claim(letter.pk))

    assert outbound.outbox[0].extra_headers["Message-ID"] == letter.message_id


def test_a_letter_to_many_whose_sender_died_waits_for_a_person():
    letter = make_letter(bulk=True)
    mail.claim(letter.pk)
    Letter.objects.update(lease_until="2020-01-01T00:00Z")

    mail.settle_forgotten()

    letter.refresh_from_db()
    assert letter.state == Letter.State.UNCERTAIN
    assert mail.claim(letter.pk) is None


def test_a_personal_link_gets_its_token_when_it_is_sent():
    link, old = make_link()
    letter = make_letter(edition=link.edition, person=make_user(), link=link)
    LetterText.objects.create(
        edition=link.edition, template=letter.template, subject="Ihr Zugang", body="{{ access_url }}"
    )

    mail.send(mail.claim(letter.pk))

    (sent,) = outbound.outbox
    assert "/zugang/press_" in sent.body
    assert old not in sent.body
    assert sent.subject == "Ihr Zugang"


def test_a_letter_about_something_erased_is_failed_and_says_so():
    link, _ = make_link()
    letter = make_letter(link=link)
    link.delete()

    mail.send(mail.claim(letter.pk))

    letter.refresh_from_db()
    assert letter.state == Letter.State.FAILED
    assert "erased" in letter.answer


def test_the_letters_of_a_practice_edition_stay_here(settings):
    settings.DEMO = False
    letter = make_letter()

    mail.send(mail.claim(letter.pk))

    letter.refresh_from_db()
    assert letter.state == Letter.State.KEPT
    assert outbound.outbox == []


def test_a_letter_waits_for_its_moment_by_the_editions_clock():
    from datetime import timedelta

    from tests.factories import NOW, set_clock

    edition = make_edition(at=NOW)
    letter = make_letter(edition=edition, due_at=NOW + timedelta(hours=1))
    assert mail.claim(letter.pk) is None

    set_clock(edition, NOW + timedelta(hours=1, seconds=1))

    assert mail.claim(letter.pk) == letter


def test_html_shows_names_as_text():
    person = make_user(first_name="<b>Eve</b>", last_name="&")
    letter = make_letter(person=person, language="de")

    mail.send(mail.claim(letter.pk))

    (sent,) = outbound.outbox
    html, _ = sent.alternatives[0]
    assert "&lt;b&gt;Eve&lt;/b&gt;" in html
    assert "<b>Eve" not in html


def test_line_breaks_never_reach_a_header():
    edition = make_edition()
    LetterText.objects.create(
        edition=edition, template="congress/emails/login_code.md", subject="Code {{ code }}", body="x"
    )
    letter = make_letter(edition=edition, secret={"code": "1\r\nBcc: b@evil.test"})

    mail.send(mail.claim(letter.pk))

    (sent,) = outbound.outbox
    assert "\n" not in sent.subject
    assert sent.recipients() == [letter.to]
