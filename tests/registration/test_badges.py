"""Badges and entry tickets: who gets one, what stands on it, how long it is good."""

import re
from datetime import time, timedelta

import pytest
from django.test import Client

from congress import actions as congress_actions
from congress import links
from congress.models import AccessLink, Admission, JournalEntry
from registration import actions, printing, tickets
from tests.factories import NOW, make_admission, make_edition, make_role, make_user, set_clock
from tests.pdf import elements, opened, text_of
from tests.registration.making import OPEN, make_registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_edition(at=NOW, slug="2021", format="hybrid")


@pytest.fixture
def organiser(edition):
    return make_role("organiser", edition).person


def make_somebody(edition, name="Albers", *, kind="attendee", **fields):
    person = make_user(first_name="Kim", last_name=name, body="Stadt Musterhausen", **fields)
    return make_admission(edition, person=person, kind=kind)


def print_for(*admissions, by):
    edition = admissions[0].edition
    numbers = [admission.pk for admission in admissions]
    return actions.print_badges(edition=edition, admissions=numbers, by=by, now=edition.now())


def link_of(token):
    return AccessLink.objects.of_token(links.hashed(token)).filter(revoked_at=None).first()


def browser_of(person):
    client = Client()
    client.force_login(person)
    return client


# --- Printing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["attendee", "press", "speaker", "staff"])
def test_whoever_is_admitted_gets_a_badge_whichever_office_let_them_in(edition, organiser, kind):
    admission = make_somebody(edition, kind=kind)

    (token,) = print_for(admission, by=organiser).values()

    link = link_of(token)
    assert (link.kind, link.admission, link.person) == ("badge", admission, admission.person)
    assert link.max_devices == 1
    assert link.valid_until == edition.ends_at + timedelta(hours=2)


def test_the_token_is_kept_nowhere(edition, organiser):
    (token,) = print_for(make_somebody(edition), by=organiser).values()

    kept = [str(row) for row in AccessLink.objects.values()]
    kept += [str(row) for row in JournalEntry.objects.values()]
    assert [row for row in kept if token in row or token[6:40] in row] == []


def test_printing_again_keeps_the_badge_before_and_ends_older_ones(edition, organiser):
    admission = make_somebody(edition)

    first, second, third = (
        next(iter(print_for(admission, by=organiser).values())) for _ in range(3)
    )

    assert [link_of(token) is not None for token in (first, second, third)] == [False, True, True]
    assert AccessLink.objects.count() == 1


def test_nobody_gets_a_badge_whose_admission_has_ended(edition, organiser):
    admission = make_somebody(edition)
    congress_actions.revoke_admission(admission=admission, now=NOW)

    with pytest.raises(actions.NobodyToPrint):
        print_for(admission, by=organiser)


def test_nobody_gets_a_badge_of_another_edition(edition, organiser):
    stranger = make_somebody(make_edition(at=NOW))

    with pytest.raises(actions.NobodyToPrint):
        actions.print_badges(edition=edition, admissions=[stranger.pk], by=organiser, now=NOW)


def test_badges_are_not_printed_after_the_congress(edition, organiser):
    admission = make_somebody(edition)
    set_clock(edition, edition.ends_at)

    with pytest.raises(actions.CongressIsOver):
        print_for(admission, by=organiser)


def test_more_badges_than_a_browser_waits_for_are_refused(edition, organiser):
    with pytest.raises(actions.TooManyAtOnce):
        actions.print_badges(edition=edition, admissions=range(601), by=organiser, now=NOW)


def test_printing_stands_in_the_journal(edition, organiser):
    admissions = [make_somebody(edition) for _ in range(2)]

    print_for(*admissions, by=organiser)

    printed = JournalEntry.objects.get(verb="badges.printed")
    assert (printed.actor, printed.details) == (organiser, {"count": 2})
    minted = JournalEntry.objects.filter(verb="link.minted")
    assert {entry.person for entry in minted} == {admission.person for admission in admissions}


@pytest.mark.parametrize("count", [1, 30])
def test_printing_takes_as_many_queries_for_one_as_for_thirty(
    edition, organiser, count, django_assert_num_queries
):
    admissions = [make_somebody(edition) for _ in range(count)]

    with django_assert_num_queries(11):
        actions.print_badges(
            edition=edition,
            admissions=[admission.pk for admission in admissions],
            by=organiser,
            now=NOW,
        )


# --- What stands on it ----------------------------------------------------------------------------------


def test_a_sheet_holds_ten_badges_in_the_order_of_the_alphabet(edition, organiser):
    names = ["Zabel", "Öztürk", "Albers", *(f"Muster {n:02}" for n in range(8))]
    tokens = print_for(*(make_somebody(edition, name) for name in names), by=organiser)

    content = printing.badges(edition, tokens, layout="sheet").content

    assert len(opened(content).pages) == 2
    found = re.findall(r"Kim (Albers|Muster \d+|Öztürk|Zabel)", text_of(content))
    assert found == ["Albers", *(f"Muster {n:02}" for n in range(8)), "Öztürk", "Zabel"]


def test_an_a6_badge_stands_on_a_page_of_its_own(edition, organiser):
    tokens = print_for(make_somebody(edition), make_somebody(edition), by=organiser)

    reader = opened(printing.badges(edition, tokens, layout="a6").content)

    assert [round(float(page.mediabox.width) / 72 * 25.4) for page in reader.pages] == [105, 105]


def test_a_badge_says_who_comes_from_where_and_as_what(edition, organiser):
    tokens = print_for(make_somebody(edition, kind="press"), by=organiser)

    text = text_of(printing.badges(edition, tokens, layout="sheet").content)

    for part in ("Kim Albers", "Stadt Musterhausen", "Presse", "ÜBUNG: Fachkongress 2021"):
        assert part in text


def test_badges_can_be_read_aloud(edition, organiser):
    tokens = print_for(make_somebody(edition), make_somebody(edition), by=organiser)

    reader = opened(printing.badges(edition, tokens, layout="sheet").content)

    root = reader.trailer["/Root"]
    assert (root["/Lang"], reader.metadata.title) == (
        "de",
        "Ausweise – 9. Fachkongress des IT-Planungsrats",
    )
    assert len(elements(reader, "/H1")) == 2
    assert [figure["/Alt"] for figure in elements(reader, "/Figure")] == [
        "QR-Code: der Weg zur Bühne"
    ] * 2


@pytest.mark.parametrize(
    "name",
    ["李小龙", "😀 Albers", "محمد", "O", "D'Ærø-Ŋ", "A" * 80, "Donau" * 16, "\u0301x", "#panic()"],
)
def test_no_name_costs_the_others_their_badges(edition, organiser, name):
    tokens = print_for(make_somebody(edition, name), make_somebody(edition, "Zabel"), by=organiser)

    for layout in ("sheet", "a6"):
        printed = printing.badges(edition, tokens, layout=layout)

        assert printed.left_out == []
        assert "Kim Zabel" in text_of(printed.content)


def test_a_badge_that_cannot_be_made_is_left_out_and_named(edition, organiser, monkeypatch):
    bad, good = make_somebody(edition, "Albers"), make_somebody(edition, "Zabel")
    tokens = print_for(bad, good, by=organiser)
    card = printing._card

    def broken(admission, token):
        made = card(admission, token)
        return made | {"qr": "<svg"} if admission == bad else made

    monkeypatch.setattr(printing, "_card", broken)

    printed = printing.badges(edition, tokens, layout="sheet")

    assert printed.left_out == [bad]
    assert "Kim Zabel" in text_of(printed.content)
    assert "Albers" not in text_of(printed.content)


# --- Locking ----------------------------------------------------------------------------------------------


def test_a_locked_badge_opens_nothing_and_the_next_one_does(edition, organiser, client):
    admission = make_somebody(edition)
    (lost,) = print_for(admission, by=organiser).values()

    actions.lock_badge(admission=admission, by=organiser, now=NOW)

    (new,) = print_for(admission, by=organiser).values()
    assert client.get(f"/zugang/{lost}/").status_code == 410
    assert client.get(f"/zugang/{new}/").status_code == 200
    assert Admission.objects.in_force().filter(pk=admission.pk).exists()
    assert JournalEntry.objects.get(verb="badge.locked").actor == organiser


def test_a_lock_ends_the_ticket_too(edition, organiser):
    admission = make_somebody(edition)
    token = tickets.token_of(admission)

    actions.lock_badge(admission=admission, by=organiser, now=NOW)

    assert tickets.read(token) == (admission, False)
    assert tickets.read(tickets.token_of(admission)) == (admission, True)


# --- Tickets ------------------------------------------------------------------------------------------------


def test_a_ticket_says_who_when_where_and_as_what(edition):
    person = make_somebody(edition).person

    answer = browser_of(person).get("/2021/meine-anmeldung/ticket.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="eintrittskarte-2021.pdf"'
    assert "no-store" in answer["Cache-Control"]
    text = text_of(answer.content)
    for part in (
        "Eintrittskarte",
        "Kim Albers",
        "17. und 18. März 2021",
        "MESSE Dresden",
        "Teilnahme",
    ):
        assert part in text
    reader = opened(answer.content)
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert elements(reader, "/Figure")[0]["/Alt"] == "QR-Code für den Einlass"


def test_a_ticket_for_the_hall_shows_address_entrance_and_time(edition, organiser):
    actions.change_settings(
        edition=edition,
        by=organiser,
        now=NOW,
        venue_address="Messering 6, 01067 Dresden",
        entrance="Eingang Halle 3, Haltestelle Messe",
        doors_open_at=time(8, 15),
    )
    person = make_somebody(edition).person

    text = text_of(browser_of(person).get("/2021/meine-anmeldung/ticket.pdf").content)

    for part in ("Messering 6, 01067 Dresden", "Eingang Halle 3", "ab 08:15", "vor Ort"):
        assert part in text
    (entry,) = JournalEntry.objects.filter(verb="registration.settings_changed")
    assert entry.details["changes"]["doors_open_at"] == [None, "08:15:00"]


def registered(edition, way):
    """While registration was open; now the congress is on."""
    set_clock(edition, OPEN)
    registration = make_registration(edition, state="admitted", way=way)
    set_clock(edition, NOW)
    return registration


def test_a_ticket_for_the_net_shows_the_link(edition, rules):
    registration = registered(edition, "online")

    text = text_of(browser_of(registration.person).get("/2021/meine-anmeldung/ticket.pdf").content)

    assert "http://testserver/2021/live/" in text.replace("\n", "")
    assert "online" in text
    assert "MESSE" not in text.partition("Wo")[2].partition("Als")[0]


@pytest.mark.parametrize(
    ("way", "said", "unsaid"),
    [
        ("onsite", "Messering 6", "auf der Seite der Bühnen"),
        ("online", "auf der Seite der Bühnen", "Messering 6"),
    ],
)
def test_the_page_shows_the_way_as_the_ticket_does(edition, organiser, rules, way, said, unsaid):
    actions.change_settings(edition=edition, by=organiser, now=NOW, venue_address="Messering 6")
    registration = registered(edition, way)

    page = browser_of(registration.person).get("/2021/meine-anmeldung/").content.decode()

    assert said in page
    assert unsaid not in page
    assert "Eintrittskarte (PDF)" in page


def test_looking_at_ones_ticket_changes_nothing(edition, django_assert_num_queries):
    admission = make_somebody(edition)
    browser = browser_of(admission.person)

    codes = {tickets.token_of(admission) for _ in range(2)}
    browser.get("/2021/meine-anmeldung/ticket.pdf")

    assert len(codes) == 1
    assert (AccessLink.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_a_ticket_is_in_the_language_of_its_page(edition):
    person = make_somebody(edition).person

    answer = browser_of(person).get("/en/2021/meine-anmeldung/ticket.pdf")

    assert "Entry ticket" in text_of(answer.content)
    assert opened(answer.content).trailer["/Root"]["/Lang"] == "en"


@pytest.mark.parametrize(
    ("fields", "kind", "found"),
    [
        ({"format": "virtual"}, "attendee", 404),
        ({"format": "virtual"}, "speaker", 200),
        ({"format": "onsite"}, "press", 200),
    ],
)
def test_there_is_a_ticket_where_there_is_a_hall(fields, kind, found):
    edition = make_edition(at=NOW, slug="2021", **fields)
    person = make_somebody(edition, kind=kind).person

    assert browser_of(person).get("/2021/meine-anmeldung/ticket.pdf").status_code == found


def test_the_code_of_a_ticket_opened_by_phone_explains_itself_without_a_name(edition, client):
    admission = make_somebody(edition)

    answer = client.get(tickets.address_of(admission).removeprefix("http://testserver"))

    assert answer.status_code == 200
    assert "Das ist eine Eintrittskarte" in answer.content.decode()
    assert "Albers" not in answer.content.decode()
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "sessionid" not in answer.cookies


def test_the_code_of_a_ticket_is_no_way_in(edition, client):
    token = tickets.token_of(make_somebody(edition))

    assert client.post(f"/zugang/{token}/").status_code == 404
    assert client.post(f"/2021/einlass/{token}/").status_code == 405


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token[:-7] + "AAAAAAA"])
def test_a_ticket_that_is_none_is_not_found(edition, client, change):
    token = tickets.token_of(make_somebody(edition))

    assert client.get(f"/2021/einlass/{change(token)}/").status_code == 404


# --- Pages ----------------------------------------------------------------------------------------------------


def test_the_page_prints_those_whom_the_filter_found(edition, organiser):
    for name, kind in (("Albers", "attendee"), ("Öztürk", "press"), ("Ochs", "attendee")):
        make_somebody(edition, name, kind=kind)
    browser = browser_of(organiser)

    page = browser.get("/2021/orga/ausweise/?buchstabe=O&art=attendee")

    assert [row.person.last_name for row in page.context["rows"]] == ["Ochs"]
    answer = browser.post(
        "/2021/orga/ausweise/", {"wer": page.context["numbers"], "format": "sheet"}
    )
    assert answer["Content-Type"] == "application/pdf"
    assert "Kim Ochs" in text_of(answer.content)
    assert AccessLink.objects.count() == 1


def test_ö_stands_under_o(edition, organiser):
    for name in ("Öztürk", "Østergaard", "Zabel", "李"):
        make_somebody(edition, name)
    browser = browser_of(organiser)

    def found(letter):
        rows = browser.get("/2021/orga/ausweise/", {"buchstabe": letter}).context["rows"]
        return sorted(row.person.last_name for row in rows)

    assert found("O") == ["Öztürk", "Østergaard"]
    assert found("-") == ["李"]


def test_printed_badges_leave_the_list_of_those_not_yet_printed(edition, organiser):
    printed, other = make_somebody(edition, "Albers"), make_somebody(edition, "Zabel")
    print_for(printed, by=organiser)
    browser = browser_of(organiser)

    new = browser.get("/2021/orga/ausweise/?stand=neu").context["rows"]
    old = browser.get("/2021/orga/ausweise/?stand=gedruckt").context["rows"]

    assert ([row.pk for row in new], [row.pk for row in old]) == ([other.pk], [printed.pk])


@pytest.mark.parametrize("search", ["mueller", "MÜLL", "kim muller", "musterhausen müller"])
def test_a_search_finds_a_name_however_it_is_spelt(edition, organiser, search):
    make_somebody(edition, "Müller")
    make_somebody(edition, "Zabel")

    rows = browser_of(organiser).get("/2021/orga/ausweise/", {"suche": search}).context["rows"]

    assert [row.person.last_name for row in rows] == ["Müller"]


def test_looking_at_the_list_changes_nothing(edition, organiser):
    make_somebody(edition)

    browser_of(organiser).get("/2021/orga/ausweise/")

    assert AccessLink.objects.count() == 0


def test_the_page_names_whose_letters_it_cannot_print(edition, organiser):
    make_somebody(edition, "李小龙")

    page = browser_of(organiser).get("/2021/orga/ausweise/").content.decode()

    assert "durch Auslassungspunkte ersetzt: Kim 李小龙" in page


@pytest.mark.parametrize("given", [{"wer": "x"}, {"wer": "1", "format": "b5"}, {"wer": "9" * 40}])
def test_a_form_that_nobody_filled_is_refused(edition, organiser, given):
    assert browser_of(organiser).post("/2021/orga/ausweise/", given).status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_as_many_queries_for_one_as_for_three(
    edition, organiser, count, django_assert_max_num_queries
):
    for _ in range(count):
        make_somebody(edition)
    browser = browser_of(organiser)

    with django_assert_max_num_queries(13):
        browser.get("/2021/orga/ausweise/")


def test_locking_is_asked_once_more(edition, organiser):
    admission = make_somebody(edition)
    (token,) = print_for(admission, by=organiser).values()
    browser = browser_of(organiser)
    address = f"/2021/orga/ausweise/{admission.pk}/sperren/"

    asked = browser.get(address)
    still = link_of(token)
    browser.post(address)

    assert "Kim Albers" in asked.content.decode()
    assert still is not None
    assert link_of(token) is None
