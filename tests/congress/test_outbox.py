"""The outbox page: who sees which letters, and what they may do with them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from congress import mail, queries
from congress.models import JournalEntry, Letter
from tests.factories import make_admission, make_edition, make_role, make_user

pytestmark = pytest.mark.django_db

CODE = "congress/emails/login_code.md"
UNKNOWN = "congress/emails/unknown_account.md"


@pytest.fixture
def edition():
    return make_edition()


def make_letter(edition, *, template=UNKNOWN, person=None, secret=None, **fields):
    letter = mail.post_letter(
        template,
        once=f"{Letter.objects.count()}",
        edition=edition,
        person=person or make_user(),
        secret=secret,
    )
    Letter.objects.filter(pk=letter.pk).update(**fields)
    letter.refresh_from_db()
    return letter


def outbox(edition, **query):
    return reverse("outbox", kwargs={"edition": edition.slug}) + (
        "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
    )


def page_of(letter):
    return reverse("outbox_letter", kwargs={"edition": letter.edition.slug, "number": letter.pk})


def signed_in(client, kind, edition):
    client.force_login(make_role(kind, edition).person)
    return client


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("organiser", 200),
        ("help_desk", 200),
        ("press_officer", 200),
        ("observer", 403),
        ("moderator", 403),
        ("director", 403),
        ("committee", 403),
        ("check_in", 403),
    ],
)
def test_roles(client, edition, kind, status):
    letter = make_letter(edition)
    signed_in(client, kind, edition)

    assert client.get(outbox(edition)).status_code == status
    expected = 404 if kind == "press_officer" else status
    assert client.get(page_of(letter)).status_code == expected


def test_strangers_and_attendees(client, edition):
    letter = make_letter(edition)
    assert client.get(outbox(edition)).status_code == 302
    client.force_login(make_user())
    assert client.get(outbox(edition)).status_code == 404
    client.force_login(make_admission(edition).person)
    assert client.get(outbox(edition)).status_code == 403
    client.force_login(make_role("organiser", make_edition()).person)
    assert client.get(outbox(edition)).status_code == 404
    assert client.get(page_of(letter)).status_code == 404


def test_letters_of_another_edition_are_not_there(client, edition):
    other = make_letter(make_edition())
    signed_in(client, "organiser", edition)

    address = reverse("outbox_letter", kwargs={"edition": edition.slug, "number": other.pk})

    assert other.to not in client.get(outbox(edition)).content.decode()
    assert client.get(address).status_code == 404
    assert client.post(address, {"act": "again"}).status_code == 404


def test_press_officers_see_the_letters_of_the_press(client, edition):
    from tests.press.factories import make_accreditation

    theirs = mail.post_letter(
        "press/emails/withdrawn.md",
        once="press",
        edition=edition,
        to="noa@rundschau.example",
        accreditation=make_accreditation(edition),
    )
    not_theirs = make_letter(edition)
    signed_in(client, "press_officer", edition)

    page = client.get(outbox(edition)).content.decode()

    assert theirs.to in page
    assert not_theirs.to not in page
    assert client.get(page_of(theirs)).status_code == 200


def test_the_list_says_what_became_of_each_letter(client, edition):
    make_letter(edition, state="failed", answer="550 5.1.1 mailbox unavailable")
    make_letter(edition, state="uncertain", answer="Connection unexpectedly closed")
    make_letter(edition, state="kept")
    signed_in(client, "organiser", edition)

    page = client.get(outbox(edition)).content.decode()

    assert "550 5.1.1 mailbox unavailable" in page
    assert "Connection unexpectedly closed" in page


@pytest.mark.parametrize(
    ("group", "states"),
    [
        ("wartet", {"queued", "sending"}),
        ("gesendet", {"sent"}),
        ("gescheitert", {"failed"}),
        ("ungewiss", {"uncertain"}),
        ("behalten", {"kept"}),
        ("zurueckgezogen", {"withdrawn"}),
        ("offen", {"failed"}),
        ("unfug", set(Letter.State.values)),
    ],
)
def test_letters_are_shown_by_group(client, edition, group, states):
    for state in Letter.State.values:
        more = {
            "sent": {"sent_at": "2021-03-01T00:00Z"},
            "sending": {"lease_until": "2099-01-01T00:00Z"},
        }
        make_letter(edition, state=state, **more.get(state, {}))
    signed_in(client, "organiser", edition)

    lines = client.get(outbox(edition, stand=group)).context["lines"]

    assert {line.letter.state for line in lines} == states


def test_letters_are_found_by_name_and_address(client, edition):
    wanted = make_letter(edition, person=make_user(first_name="Jördis", last_name="Weißenborn"))
    make_letter(edition)
    signed_in(client, "organiser", edition)

    for words in ("weißenborn", "Jördis Weiß", wanted.to[:12], wanted.to.upper()):
        lines = client.get(outbox(edition, suche=words)).context["lines"]
        assert [line.letter for line in lines] == [wanted]


@pytest.mark.parametrize("words", ["%", "_", "'; --", "\u202e", "x" * 5000, "%F0%9F%98%80"])
def test_odd_searches_do_no_harm(client, edition, words):
    make_letter(edition)
    signed_in(client, "organiser", edition)

    assert client.get(outbox(edition, suche=words)).status_code == 200


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("", 200),
        ("1", 200),
        ("7", 200),
        ("-1", 404),
        ("0", 404),
        ("9" * 20, 404),
        ("x", 404),
        ("²", 404),
    ],
)
def test_a_page_beyond_the_end_is_the_last_and_what_is_no_page_is_not_found(
    client, edition, page, status
):
    make_letter(edition)
    signed_in(client, "organiser", edition)

    assert client.get(outbox(edition, seite=page)).status_code == status


def test_a_search_for_what_no_text_can_hold_is_refused(client, edition):
    signed_in(client, "organiser", edition)

    assert client.get(outbox(edition, suche="%00")).status_code == 400


def test_long_lists_have_pages_and_need_no_more_queries(client, edition):
    signed_in(client, "organiser", edition)
    make_letter(edition)
    client.get(outbox(edition))
    with CaptureQueriesContext(connection) as one:
        client.get(outbox(edition))
    for _ in range(60):
        make_letter(edition)

    with CaptureQueriesContext(connection) as many:
        page = client.get(outbox(edition))

    assert len(many) == len(one)
    assert len(page.context["lines"]) == 50
    assert len(client.get(outbox(edition, seite=2)).context["lines"]) == 11


def test_a_letter_reads_as_it_is_without_what_is_confidential(client, edition):
    letter = make_letter(edition, template=CODE, secret={"code": "ABC-123"})
    signed_in(client, "organiser", edition)

    page = client.get(page_of(letter)).content.decode()

    assert "Ihr Code lautet" in page
    assert "ABC-123" not in page
    assert letter.message_id.strip("<>") in page


def test_a_letter_about_something_erased_says_so(client, edition):
    letter = make_letter(edition, objects_named={"x": ["congress.user", 0]})
    signed_in(client, "organiser", edition)

    assert client.get(page_of(letter)).status_code == 200


@pytest.mark.parametrize("state", ["failed", "uncertain", "kept", "queued"])
def test_a_letter_is_sent_again_by_a_persons_word(client, edition, state):
    letter = make_letter(edition, state=state, attempts=7, bulk=True)
    signed_in(client, "organiser", edition)

    response = client.post(page_of(letter), {"act": "again"})

    assert response.status_code == 303
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("queued", 0)
    assert JournalEntry.objects.get(verb="letter.sent_again").actor is not None


def test_what_is_settled_waits_for_nobody(client, edition):
    letter = make_letter(edition, state="failed")
    organiser = make_role("organiser", edition).person
    client.force_login(organiser)
    waiting = outbox(edition, stand="offen")
    assert waiting in {item.url for item in queries.waiting_for(organiser, edition)}
    assert client.get(waiting).context["lines"][0].letter == letter

    client.post(page_of(letter), {"act": "withdraw"})

    letter.refresh_from_db()
    assert letter.state == "withdrawn"
    assert waiting not in {item.url for item in queries.waiting_for(organiser, edition)}


def test_a_forgotten_code_offers_no_second_sending(client, edition):
    letter = make_letter(
        edition, template=CODE, secret={"code": "ABC-123"}, state="failed", sealed=None
    )
    signed_in(client, "organiser", edition)

    page = client.get(page_of(letter))
    client.post(page_of(letter), {"act": "again"})

    assert 'value="again"' not in page.content.decode()
    letter.refresh_from_db()
    assert letter.state == "failed"


def test_all_that_failed_are_sent_again_by_one_act(client, edition):
    failed = [make_letter(edition, state="failed") for _ in range(3)]
    code = make_letter(edition, template=CODE, secret={"code": "x"}, state="failed", sealed=None)
    elsewhere = make_letter(make_edition(), state="failed")
    signed_in(client, "organiser", edition)

    assert client.post(outbox(edition, stand="gescheitert"), {"act": "again"}).status_code == 303

    assert {row.state for row in Letter.objects.filter(pk__in=[row.pk for row in failed])} == {
        "queued"
    }
    for row in (code, elsewhere):
        row.refresh_from_db()
        assert row.state == "failed"


def test_sent_letters_are_not_sent_again_by_the_list(client, edition):
    letter = make_letter(edition, state="sent", sent_at="2021-03-01T00:00Z")
    signed_in(client, "organiser", edition)

    client.post(outbox(edition, stand="gesendet"), {"act": "again"})
    client.post(outbox(edition), {"act": "again"})

    letter.refresh_from_db()
    assert letter.state == "sent"
