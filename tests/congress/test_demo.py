"""The pages of the demonstration: roles by one click, the clock, the letters; and a 404 everywhere else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from congress import panels
from congress.demo.clock import STOPS
from congress.demo.people import DEMO_PEOPLE
from congress.demo.seed import DEMO_MOMENT, demo_user, seed
from congress.models import AccessLink, Edition, JournalEntry, Role

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.congress.demo_urls")]
LETTER = b"""X-Envelope-To: kim.albers@stadt-musterhausen.example\r
From: Fachkongress <post@fachkongress.example>\r
To: kim.albers@stadt-musterhausen.example\r
Subject: =?utf-8?q?Ihr_Code_f=C3=BCr_den_Kongress?=\r
Date: Thu, 18 Mar 2021 10:00:00 +0100\r
Content-Type: text/plain; charset=utf-8\r
\r
Bitte \xc3\xb6ffnen Sie http://testserver/2021/ und <b>lesen</b>.\r
"""


@pytest.fixture(autouse=True)
def _demo(settings, tmp_path):
    settings.DEMO = True
    settings.LOCAL_DIR = tmp_path


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """Made once: each test below works in a savepoint of this transaction."""
    before = panels.demo_data
    with django_db_blocker.unblock(), transaction.atomic():
        panels.demo_data = panels.Registry()
        try:
            edition = seed()
        finally:
            panels.demo_data = before
        yield edition.pk
        transaction.set_rollback(True)


@pytest.fixture
def edition(seeded, db):
    """The demonstration as its seed leaves it, without what the apps add."""
    return Edition.objects.get(pk=seeded)


@pytest.fixture
def letters(tmp_path):
    folder = tmp_path / "mails"
    folder.mkdir()
    return folder


def person(key):
    return next(person for person in DEMO_PEOPLE if person.key == key)


def shown_in(edition):
    edition.refresh_from_db()
    return edition.local(edition.now())


# --- Only in the demonstration ---------------------------------------------------------------------------


@pytest.mark.urls("congress.urls")
def test_an_installation_has_no_such_addresses(client, settings):
    settings.DEMO = False

    for path in ("/demo/", "/demo/mails/", "/demo/rolle/clerk/"):
        assert client.get(path).status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("demo")


@pytest.mark.parametrize(
    ("name", "arguments", "method"),
    [
        ("demo", {}, "get"),
        ("demo_enter", {"key": "organiser"}, "post"),
        ("demo_link", {"key": "journalist"}, "post"),
        ("demo_clock", {}, "post"),
        ("demo_mails", {}, "get"),
        ("demo_mail", {"name": "x"}, "get"),
        ("demo_components", {}, "get"),
        ("demo_refill", {}, "post"),
    ],
)
def test_included_by_mistake_they_answer_with_404(
    name, arguments, method, client, edition, settings
):
    settings.DEMO = False

    response = getattr(client, method)(reverse(name, kwargs=arguments))

    assert response.status_code == 404
    assert "_auth_user_id" not in client.session


# --- Roles -----------------------------------------------------------------------------------------------


def test_the_first_page_shows_everybody_and_the_time(client, edition):
    response = client.get(reverse("demo"))

    assert [card.person.key for card in response.context["cards"]] == [p.key for p in DEMO_PEOPLE]
    assert abs(response.context["demo_now"] - DEMO_MOMENT) < timedelta(minutes=5)
    page = response.content.decode()
    for one in DEMO_PEOPLE:
        assert one.who in page
        for sentence, _name in one.tries:
            assert sentence in page


def test_every_try_leads_somewhere(client, edition):
    response = client.get(reverse("demo"))

    lost = [
        (card.person.key, name)
        for card in response.context["cards"]
        for (_text, address), (_same, name) in zip(card.tries, card.person.tries, strict=True)
        if name and not address
    ]
    assert lost == []


@pytest.mark.parametrize("key", [one.key for one in DEMO_PEOPLE])
def test_one_click_makes_one_this_person(key, client, edition):
    response = client.post(reverse("demo_enter", kwargs={"key": key}))

    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(demo_user(person(key)).pk)
    assert client.get(response["Location"], follow=True).status_code == 200


def test_another_click_changes_the_person_and_the_session(client, edition):
    client.post(reverse("demo_enter", kwargs={"key": "organiser"}))
    before = client.session.session_key

    client.post(reverse("demo_enter", kwargs={"key": "clerk"}))

    assert client.session.session_key != before
    assert client.session["_auth_user_id"] == str(demo_user(person("clerk")).pk)


def test_a_chosen_try_opens_after_the_sign_in(client, edition):
    tries = person("organiser").tries
    number = next(n for n, (_text, name) in enumerate(tries) if name == "admin:index")

    response = client.post(reverse("demo_enter", kwargs={"key": "organiser"}), {"try": str(number)})

    assert response["Location"] == reverse("admin:index")


@pytest.mark.parametrize("chosen", ["99", "-1", "x", "٣", "", "9" * 5000])
def test_a_strange_try_leads_to_the_first(chosen, client, edition):
    response = client.post(reverse("demo_enter", kwargs={"key": "organiser"}), {"try": chosen})

    assert response["Location"] == reverse("orga", kwargs={"edition": edition.slug})


def test_signing_in_needs_a_click_with_its_token(edition):
    careful = Client(enforce_csrf_checks=True)
    address = reverse("demo_enter", kwargs={"key": "organiser"})

    assert careful.get(address).status_code == 405
    assert careful.post(address).status_code == 403
    assert "_auth_user_id" not in careful.session


def test_nobody_else_can_be_entered(client, edition):
    assert client.post(reverse("demo_enter", kwargs={"key": "root"})).status_code == 404


def test_a_person_who_was_erased_is_said_to_be_gone(client, edition):
    demo_user(person("clerk")).delete()

    response = client.post(reverse("demo_enter", kwargs={"key": "clerk"}), follow=True)

    assert "_auth_user_id" not in client.session
    assert len(list(response.context["messages"])) == 1


# --- The personal link --------------------------------------------------------------------------------------


def test_a_personal_link_is_minted_and_works(client, edition):
    response = client.post(reverse("demo_link", kwargs={"key": "journalist"}))

    address = response["Location"]
    assert address.startswith("/presse/zugang/press_")
    page = client.get(address)
    assert page.status_code == 200
    assert "Sander" not in page.content.decode()
    assert "_auth_user_id" not in client.session
    assert "journalist@rundschau.example" in page.content.decode()
    client.post(address, {"mailbox": "journalist@rundschau.example"})
    assert client.session["_auth_user_id"] == str(demo_user(person("journalist")).pk)


def test_one_link_is_used_again_with_a_fresh_token(client, edition):
    first = client.post(reverse("demo_link", kwargs={"key": "journalist"}))["Location"]
    second = client.post(reverse("demo_link", kwargs={"key": "journalist"}))["Location"]

    assert first != second
    assert AccessLink.objects.filter(person=demo_user(person("journalist"))).count() == 1


def test_who_has_no_link_gets_none(client, edition):
    client.post(reverse("demo_link", kwargs={"key": "clerk"}))

    assert not AccessLink.objects.filter(person=demo_user(person("clerk"))).exists()


# --- The clock -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "moment"),
    [
        ("before", "04.01.2021 09:00"),
        ("deadline", "16.03.2021 12:55"),
        ("opening", "17.03.2021 13:30"),
        ("live", "18.03.2021 10:00"),
        ("after", "25.03.2021 10:00"),
    ],
)
def test_a_button_turns_the_clock(stop, moment, client, edition):
    response = client.post(reverse("demo_clock"), {"stop": stop})

    assert response["Location"] == f"{reverse('demo')}#uhr"
    assert f"{shown_in(edition):%d.%m.%Y %H:%M}" == moment


def test_the_stops_are_those_the_buttons_show(client, edition):
    response = client.get(reverse("demo"))

    assert [entry["stop"].key for entry in response.context["stops"]] == [
        stop.key for stop in STOPS
    ]


def test_any_moment_can_be_typed(client, edition):
    client.post(reverse("demo_enter", kwargs={"key": "clerk"}))

    client.post(reverse("demo_clock"), {"moment": "2021-03-17T08:15"})

    assert f"{shown_in(edition):%d.%m.%Y %H:%M}" == "17.03.2021 08:15"
    entry = JournalEntry.objects.get(verb="edition.clock_turned")
    assert (entry.edition, entry.actor) == (edition, demo_user(person("clerk")))


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "morgen",
        "2021-13-01T00:00",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "2021-03-28T02:30",  # the clocks were put forward
        "2" * 5000,
    ],
)
def test_what_is_no_moment_is_refused_with_a_sentence(typed, client, edition):
    before = shown_in(edition)

    response = client.post(reverse("demo_clock"), {"moment": typed})

    assert response.status_code == 400
    assert list(response.context["form"].errors) == ["moment"]
    assert abs(shown_in(edition) - before) < timedelta(minutes=1)


def test_the_apps_hear_of_it(client, edition, monkeypatch):
    heard = []
    registry = panels.Registry()
    registry.register(lambda edition, now: heard.append((edition.pk, now)))
    monkeypatch.setattr(panels, "clock_turned", registry)

    client.post(reverse("demo_clock"), {"stop": "opening"})

    assert heard == [(edition.pk, datetime(2021, 3, 17, 12, 30, tzinfo=UTC))]


def test_roles_end_and_begin_by_the_turned_clock(client, edition):
    """What somebody may do is judged by the edition's time, at once."""
    Role.objects.filter(person=demo_user(person("observer"))).update(
        valid_from=datetime(2021, 3, 17, 0, 0, tzinfo=UTC)
    )
    client.post(reverse("demo_enter", kwargs={"key": "observer"}))
    orga = reverse("orga", kwargs={"edition": edition.slug})
    assert client.get(orga).status_code == 200

    client.post(reverse("demo_clock"), {"stop": "deadline"})

    assert client.get(orga).status_code == 404


def test_a_real_edition_is_never_turned(client, edition):
    Edition.objects.filter(pk=edition.pk).update(practice=False, clock_shift=timedelta(0))

    assert client.post(reverse("demo_clock"), {"stop": "live"}).status_code == 404
    assert abs(shown_in(edition) - datetime.now(UTC)) < timedelta(minutes=1)


# --- The letters -----------------------------------------------------------------------------------------------


def test_letters_are_listed_the_newest_first(client, edition, letters):
    for number in range(7):
        (letters / f"20210318T10000{number}Z-1.eml").write_bytes(LETTER)

    response = client.get(reverse("demo_mails"))

    assert [mail.name for mail in response.context["mails"]] == [
        f"20210318T10000{number}Z-1" for number in reversed(range(7))
    ]
    assert response.context["mails"][0].subject == "Ihr Code für den Kongress"
    first = client.get(reverse("demo"))
    assert (len(first.context["mails"]), first.context["mail_count"]) == (5, 7)


def test_a_letter_is_shown_as_text_with_links(client, letters):
    (letters / "a1.eml").write_bytes(LETTER)

    page = client.get(reverse("demo_mail", kwargs={"name": "a1"})).content.decode()

    assert "Bitte öffnen Sie" in page
    assert '<a href="http://testserver/2021/" rel="nofollow">' in page
    assert "&lt;b&gt;lesen&lt;/b&gt;" in page


@pytest.mark.parametrize(
    "name", ["..%2Fsecret", "..", "%2Fetc%2Fpasswd", "a1.eml", "a1%00", "a b", ".", "x" * 300]
)
def test_a_name_does_not_lead_out_of_the_folder(name, client, letters, tmp_path):
    (tmp_path / "secret.eml").write_bytes(LETTER)
    (letters / "a1.eml").write_bytes(LETTER)

    assert client.get(f"/demo/mails/{name}/").status_code == 404


def test_a_link_to_a_file_elsewhere_is_not_followed(client, letters, tmp_path):
    (tmp_path / "secret.txt").write_text("Geheim")
    (letters / "a2.eml").symlink_to(tmp_path / "secret.txt")

    assert client.get(reverse("demo_mail", kwargs={"name": "a2"})).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00\x01",
        b"Subject: =?utf-8?q?\r\n\r\nx",
        b"Date: gestern\r\nSubject: x\r\n\r\ny",
        b"Content-Type: text/plain; charset=klingonisch\r\n\r\n\xfftext",
        b"Content-Type: text/html\r\n\r\n<p>Nur <b>HTML</b></p><script>x()</script>",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: application/pdf\r\n\r\nx\r\n--x--",
        b"To: <\r\nFrom: \r\nSubject: a\r\n b\r\n\r\n",
    ],
)
def test_a_broken_letter_breaks_no_page(content, client, edition, letters):
    (letters / "a3.eml").write_bytes(content)

    assert client.get(reverse("demo_mails")).status_code == 200
    page = client.get(reverse("demo_mail", kwargs={"name": "a3"}))
    assert page.status_code == 200
    assert "<script>x()" not in page.content.decode()


# --- Fill again ---------------------------------------------------------------------------------------------------


def test_filling_again_brings_back_people_and_time(client, edition):
    demo_user(person("clerk")).delete()
    client.post(reverse("demo_clock"), {"stop": "after"})

    response = client.post(reverse("demo_refill"))

    assert response["Location"] == reverse("demo")
    assert demo_user(person("clerk")) is not None
    assert abs(shown_in(edition) - DEMO_MOMENT) < timedelta(minutes=5)


def test_the_components_are_shown(client, edition):
    assert client.get(reverse("demo_components")).status_code == 200
