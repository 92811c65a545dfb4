"""The door: who comes in, who goes out, and what the people there are told."""

import hashlib
import json
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from congress import actions as congress_actions
from congress import retention
from congress.models import AccessLink, JournalEntry
from registration import actions, codes, queries, tickets
from registration.actions import Outcome
from registration.codes import Holder
from registration.models import CheckIn
from tests.factories import NOW, make_admission, make_edition, make_role, make_user, set_clock
from tests.pdf import elements, opened, text_of

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def edition():
    return make_edition(at=NOW, slug="2021", format="hybrid")


@pytest.fixture
def staff(edition):
    return make_role("check_in", edition).person


@pytest.fixture
def browser(staff):
    client = Client()
    client.force_login(staff)
    return client


def make_somebody(edition, name="Albers", *, kind="attendee", **fields):
    person = make_user(first_name="Kim", last_name=name, body="Stadt Musterhausen")
    return make_admission(edition, person=person, kind=kind, **fields)


def print_badge(admission):
    tokens = congress_actions.mint_for_many(
        kind="badge",
        edition=admission.edition,
        admissions=[admission.pk],
        max_devices=1,
        now=admission.edition.now(),
    )
    return next(iter(tokens.values()))


def passes(admission, direction="in", *, at=NOW, minutes_ago=0, key=None, **more):
    """They pass the door; `at` is the moment it is, `minutes_ago` how long ago they stood there."""
    return actions.pass_the_door(
        edition=more.pop("edition", admission.edition),
        holder=more.pop("holder", None) or Holder(admission),
        direction=direction,
        key=key or uuid.uuid4(),
        now=at,
        age=timedelta(minutes=minutes_ago),
        by=more.pop("by", None) or make_user(),
    )


def hour(clock, day=18):
    hours, minutes = clock.split(":")
    return datetime(2021, 3, day, int(hours) - 1, int(minutes), tzinfo=UTC)  # as in Berlin


def scan(browser, direction="in", **given):
    frame = {"key": str(uuid.uuid4()), "direction": direction, "age": 0} | given
    return browser.post("/2021/orga/einlass/scan/", frame, content_type="application/json")


# --- In and out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["attendee", "press", "speaker", "staff"])
def test_whoever_is_admitted_is_welcome_whichever_office_let_them_in(edition, staff, kind):
    passage = passes(make_somebody(edition, kind=kind), by=staff)

    assert passage.outcome == Outcome.WELCOME
    row = CheckIn.objects.get()
    assert (row.direction, row.day, row.at, row.by, row.late) == ("in", TODAY, NOW, staff, False)


def test_a_second_scan_says_when_the_first_was_and_counts_nothing(edition):
    admission = make_somebody(edition)
    passes(admission, at=hour("09:12"))

    passage = passes(admission, at=hour("10:30"))

    assert (passage.outcome, passage.since) == (Outcome.ALREADY_IN, hour("09:12"))
    assert CheckIn.objects.count() == 1


def test_out_and_in_again(edition):
    admission = make_somebody(edition)

    outcomes = [
        passes(admission, direction, at=hour(clock)).outcome
        for direction, clock in (
            ("in", "9:00"),
            ("out", "12:10"),
            ("out", "12:11"),
            ("in", "13:00"),
        )
    ]

    assert outcomes == [Outcome.WELCOME, Outcome.GOODBYE, Outcome.ALREADY_OUT, Outcome.BACK]
    assert passes(admission, at=hour("14:00")).since == hour("13:00")


def test_whoever_goes_without_having_come_changes_nothing(edition):
    assert passes(make_somebody(edition), "out").outcome == Outcome.NEVER_IN
    assert CheckIn.objects.count() == 0


def test_every_day_begins_anew(edition):
    admission = make_somebody(edition)
    passes(admission, at=hour("18:00", day=17))

    assert passes(admission, at=hour("08:00")).outcome == Outcome.WELCOME
    assert [row.day.day for row in CheckIn.objects.order_by("at")] == [17, 18]


def test_a_day_ends_at_midnight_where_the_congress_is(edition):
    admission = make_somebody(edition)

    passes(admission, at=datetime(2021, 3, 17, 22, 59, tzinfo=UTC))
    passes(admission, at=datetime(2021, 3, 17, 23, 1, tzinfo=UTC))

    assert [row.day.day for row in CheckIn.objects.order_by("at")] == [17, 18]


def test_whose_admission_has_ended_is_sent_to_the_help_desk(edition):
    admission = make_somebody(edition)
    congress_actions.revoke_admission(admission=admission, now=NOW - timedelta(hours=1))
    over = make_somebody(edition, valid_until=NOW - timedelta(minutes=1))

    assert passes(admission).outcome == Outcome.ENDED
    assert passes(over).outcome == Outcome.ENDED
    assert CheckIn.objects.count() == 0


def test_a_badge_of_another_edition_names_nobody(edition):
    stranger = make_somebody(make_edition(at=NOW))

    passage = passes(stranger, edition=edition)

    assert (passage.outcome, passage.admission) == (Outcome.ELSEWHERE, None)


def test_a_locked_badge_opens_no_door_and_the_person_still_does(edition, staff):
    admission = make_somebody(edition)
    token, ticket = print_badge(admission), tickets.token_of(admission)
    actions.lock_badge(admission=admission, by=staff, now=NOW)

    for lost in (token, ticket):
        assert passes(admission, holder=codes.holder_of([lost])).outcome == Outcome.LOCKED
    assert passes(admission).outcome == Outcome.WELCOME


def test_nobody_of_one_edition_stands_in_the_list_of_another(edition):
    stranger = make_somebody(make_edition(at=NOW))

    CheckIn.objects.create(edition=edition, admission=stranger, day=TODAY, direction="in", at=NOW)

    with pytest.raises(IntegrityError, match="same_edition"):
        connection.check_constraints()


# --- Delivered late, delivered twice -----------------------------------------------------------------


def test_the_same_scan_delivered_twice_is_counted_once_and_answered_the_same(edition):
    admission, key = make_somebody(edition), uuid.uuid4()

    first, second = (passes(admission, key=key) for _ in range(2))

    assert first.outcome == second.outcome == Outcome.WELCOME
    assert CheckIn.objects.count() == 1


def test_a_late_scan_counts_for_the_moment_somebody_stood_there(edition):
    admission = make_somebody(edition)

    passage = passes(admission, at=hour("12:00"), minutes_ago=90)

    assert passage.outcome == Outcome.WELCOME
    row = CheckIn.objects.get()
    assert (row.at, row.late) == (hour("10:30"), True)
    assert passes(admission, at=hour("12:01")).since == hour("10:30")


def test_late_scans_find_their_place_among_those_that_came_before(edition):
    """In at 9 without network, out at 12 with it, delivered at 13: still out."""
    admission = make_somebody(edition)
    passes(admission, "in", at=hour("09:30"))
    passes(admission, "out", at=hour("12:00"))

    passes(admission, "in", at=hour("13:00"), minutes_ago=240)

    assert queries.doorway(edition, TODAY) == queries.Doorway(present=0, came=1)
    assert passes(admission, "out", at=hour("13:01")).outcome == Outcome.ALREADY_OUT


def test_who_was_admitted_when_they_stood_there_is_counted_also_if_it_has_ended_since(edition):
    admission = make_somebody(edition)
    congress_actions.revoke_admission(admission=admission, now=hour("11:00"))

    late = passes(admission, at=hour("12:00"), minutes_ago=120)
    later = passes(admission, "out", at=hour("12:00"), minutes_ago=30)

    assert (late.outcome, later.outcome) == (Outcome.WELCOME, Outcome.ENDED)


def test_what_is_no_news_any_more_is_not_counted(edition):
    passage = passes(make_somebody(edition), at=NOW, minutes_ago=18 * 60 + 1)

    assert passage.outcome == Outcome.TOO_LATE
    assert CheckIn.objects.count() == 0


def test_a_scan_from_the_future_counts_for_now(edition):
    passes(make_somebody(edition), minutes_ago=-30)

    assert CheckIn.objects.get().at == NOW


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_scanners_that_read_a_badge_at_once_count_it_once(rounds):
    edition = make_edition(at=NOW)
    by = make_user()
    for _ in range(rounds(3, 50)):
        admission = make_somebody(edition)
        outcomes, begin = [], threading.Barrier(4)

        def read(admission=admission, outcomes=outcomes, begin=begin):
            begin.wait()
            try:
                outcomes.append(passes(admission, by=by).outcome)
            finally:
                connection.close()

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == [Outcome.ALREADY_IN] * 3 + [Outcome.WELCOME]
        assert CheckIn.objects.filter(admission=admission).count() == 1


# --- Codes ----------------------------------------------------------------------------------------------


def garble_keyboard(text):
    """An American scanner on a German computer."""
    return text.translate(str.maketrans("yzYZ_/:", "zyZY?-Ö"))


@pytest.mark.parametrize(
    "garble",
    [
        lambda text: text,
        lambda text: f"  {text}\r",
        garble_keyboard,
        str.swapcase,  # caps lock
        lambda text: garble_keyboard(text).swapcase(),
    ],
)
@pytest.mark.parametrize("kind", ["badge", "ticket"])
def test_a_code_is_read_however_the_keyboard_garbles_it(edition, kind, garble):
    admission = make_somebody(edition)
    for _ in range(5):  # letters come by chance
        text = (
            f"https://fachkongress.example/zugang/{print_badge(admission)}/"
            if kind == "badge"
            else tickets.address_of(admission)
        )

        holder = codes.holder_of([garble(text)])

        assert holder is not None
        assert (holder.admission, holder.locked_at) == (admission, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Kim Albers",
        "badge_",
        "badge_" + "A" * 49,
        "ticket_" + "A" * 56,
        "https://example.org/" + "x" * 300,
        "4006381333931",
        "\x00badge",
        "badge_" + "ä" * 49,
    ],
)
def test_what_is_no_code_of_ours_is_nobodys(edition, text):
    assert codes.holder_of([text]) is None


def test_a_personal_link_without_admission_opens_no_door(edition):
    link = congress_actions.create_link(kind="screen", edition=edition, now=NOW)
    token = congress_actions.mint(link=link, now=NOW)

    assert codes.holder_of([token]) is None


# --- The page ---------------------------------------------------------------------------------------------


def test_the_door_answers_in_one_sentence(edition, browser):
    admission = make_somebody(edition)
    token = print_badge(admission)

    answer = scan(browser, codes=[token]).json()

    assert answer["tone"] == "good"
    assert answer["sentence"] == "Willkommen, Kim Albers"
    assert answer["text"] == "Teilnahme · Stadt Musterhausen · heute noch nicht da"
    assert (answer["present"], answer["came"]) == (1, 1)
    again = scan(browser, codes=[token]).json()
    assert again["tone"] == "careful"
    assert again["sentence"] == "Kim Albers ist schon da seit 10:00 Uhr"


def test_the_hash_of_a_badge_is_as_good_as_the_badge(edition, browser):
    token = print_badge(make_somebody(edition))
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in ("badge_x", token)]

    assert scan(browser, hashes=hashes).json()["sentence"] == "Willkommen, Kim Albers"


def test_a_name_found_at_the_door_is_let_in(edition, browser):
    admission = make_somebody(edition, "Müller")

    assert scan(browser, person=admission.pk).json()["sentence"] == "Willkommen, Kim Müller"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"codes": ["badge_" + "A" * 49]}, "Unbekannter Code"),
        ({"codes": ["irgendwas"]}, "Unbekannter Code"),
        ({"hashes": ["00" * 32]}, "Unbekannter Code"),
    ],
)
def test_an_unknown_code_is_said_to_be_one(edition, browser, given, sentence):
    answer = scan(browser, **given)

    assert (answer.status_code, answer.json()["tone"]) == (200, "stop")
    assert answer.json()["sentence"] == sentence


def test_an_ended_admission_is_said_with_the_way_on(edition, browser):
    admission = make_somebody(edition, revoked_at=NOW - timedelta(hours=1))

    answer = scan(browser, person=admission.pk).json()

    assert answer["sentence"] == "Nicht zugelassen: Kim Albers"
    assert answer["text"].endswith("Zulassung beendet – bitte zur Hotline.")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"[]",
        b"null",
        b'{"key": 1}',
        b"[" * 5000,
        b'{"direction": "up", "key": "%s", "age": 0, "codes": []}',
        b'{"direction": "in", "key": "nokey", "age": 0, "codes": []}',
        b'{"direction": "in", "key": "%s", "age": -1, "codes": []}',
        b'{"direction": "in", "key": "%s", "age": true, "codes": []}',
        b'{"direction": "in", "key": "%s", "age": NaN, "codes": []}',
        b'{"direction": "in", "key": "%s", "age": 1e99, "codes": []}',
        b'{"direction": "in", "key": "%s", "age": "0", "codes": []}',
        b'{"direction": "in", "key": "%s", "age": 0, "codes": [1]}',
        b'{"direction": "in", "key": "%s", "age": 0, "codes": "badge"}',
        b'{"direction": "in", "key": "%s", "age": 0}',
        b'{"direction": "in", "key": "%s", "age": 0, "hashes": ["zz"]}',
        b'{"direction": "in", "key": "%s", "age": 0, "hashes": ["00"]}',
        b'{"direction": "in", "key": "%s", "age": 0, "person": "x"}',
        b'{"direction": "in", "key": "%s", "age": 0, "person": 99999999999999999999}',
        b"x" * 5000,
    ],
)
def test_a_frame_that_is_none_is_refused(edition, browser, frame):
    frame = frame.replace(b"%s", str(uuid.uuid4()).encode())

    answer = browser.post("/2021/orga/einlass/scan/", frame, content_type="application/json")

    assert answer.status_code == 400
    assert CheckIn.objects.count() == 0


def test_somebody_of_another_edition_is_not_found_by_number(edition, browser):
    stranger = make_somebody(make_edition(at=NOW))

    assert scan(browser, person=stranger.pk).status_code == 404


def test_the_scan_needs_the_token_of_the_page(edition, staff):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff)

    assert scan(strict, codes=["x"]).status_code == 403


def test_without_javascript_the_page_answers_itself(edition, browser):
    token = print_badge(make_somebody(edition))
    given = {"wer": token, "richtung": "in", "schluessel": str(uuid.uuid4())}

    page = browser.post("/2021/orga/einlass/", given).content.decode()

    assert "fk-door--good" in page
    assert "Willkommen, Kim Albers" in page
    assert token not in page


def test_without_javascript_a_name_is_found_and_let_in(edition, browser):
    admission = make_somebody(edition, "Müller")

    found = browser.post("/2021/orga/einlass/", {"wer": "mueller", "richtung": "in"})
    page = browser.post(
        "/2021/orga/einlass/",
        {"person": admission.pk, "richtung": "in", "schluessel": str(uuid.uuid4())},
    )

    assert [one.pk for one in found.context["found"]] == [admission.pk]
    assert "Willkommen, Kim Müller" in page.content.decode()
    assert CheckIn.objects.count() == 1


def test_the_search_says_who_is_here_already(edition, browser):
    here, gone = make_somebody(edition, "Albers"), make_somebody(edition, "Zabel")
    passes(here, at=hour("9:12"))
    passes(gone, at=hour("9:00"))
    passes(gone, "out", at=hour("9:40"))

    page = browser.post(
        "/2021/orga/einlass/", {"wer": "kim", "richtung": "in"}, HTTP_HX_REQUEST="true"
    ).content.decode()

    assert "da seit 09:12 Uhr" in page
    assert "draußen seit 09:40 Uhr" in page
    assert "<html" not in page


@pytest.mark.parametrize("typed", ["müller<script>", "'; DROP TABLE", "ø" * 300, "%", "_", "\\"])
def test_a_search_for_anything_is_answered(edition, browser, typed):
    given = {"wer": typed, "richtung": "in", "schluessel": str(uuid.uuid4())}
    answer = browser.post("/2021/orga/einlass/", given)

    assert answer.status_code == 200


def test_the_camera_is_allowed_on_this_page_alone(edition, browser):
    assert "camera=(self)" in browser.get("/2021/orga/einlass/")["Permissions-Policy"]
    assert "camera=()" in browser.get("/2021/orga/einlass/anwesend/")["Permissions-Policy"]
    assert "camera=()" in browser.get("/2021/")["Permissions-Policy"]


def test_looking_at_the_door_changes_nothing(edition, browser):
    make_somebody(edition)

    for address in ("", "stand.json", "zugelassen.json", "anwesend/"):
        assert browser.get(f"/2021/orga/einlass/{address}").status_code == 200

    assert (CheckIn.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_the_figures_of_the_day(edition, browser):
    for name, ways in (("A", "in"), ("B", "in out"), ("C", "in out in"), ("D", "")):
        admission = make_somebody(edition, name)
        for minute, way in enumerate(ways.split()):
            passes(admission, way, at=hour(f"9:0{minute}"))
    passes(make_somebody(edition, "E"), at=hour("9:00", day=17))

    assert browser.get("/2021/orga/einlass/stand.json").json() == {"present": 2, "came": 3}


# --- While the network is away: what a scanner knows -----------------------------------------------------


def test_a_scanner_knows_good_codes_by_their_hashes_and_nobody_by_name(edition, browser):
    admission = make_somebody(edition, kind="press")
    first, second, third = (print_badge(admission) for _ in range(3))
    ticket = tickets.token_of(admission)
    ended = make_somebody(edition, "Zabel")
    congress_actions.revoke_admission(admission=ended, now=NOW)

    answer = browser.get("/2021/orga/einlass/zugelassen.json")

    known = answer.json()["codes"]
    assert known == {
        hashlib.sha256(token.encode()).hexdigest()[:16]: "press"
        for token in (second, third, ticket)
    }
    assert hashlib.sha256(first.encode()).hexdigest()[:16] not in known
    assert "Albers" not in answer.content.decode()


def test_the_list_of_good_codes_follows_a_lock(edition, browser, staff):
    admission = make_somebody(edition)
    lost = [print_badge(admission), tickets.token_of(admission)]

    actions.lock_badge(admission=admission, by=staff, now=NOW)

    known = browser.get("/2021/orga/einlass/zugelassen.json").json()["codes"]
    assert known == {
        hashlib.sha256(tickets.token_of(admission).encode()).hexdigest()[:16]: "attendee"
    }
    assert not {hashlib.sha256(code.encode()).hexdigest()[:16] for code in lost} & set(known)


# --- Who is in -----------------------------------------------------------------------------------------------


def test_the_list_names_who_is_in(edition, browser):
    for name, ways in (("Zabel", "in"), ("Albers", "in"), ("Gone", "in out")):
        admission = make_somebody(edition, name)
        for minute, way in enumerate(ways.split()):
            passes(admission, way, at=hour(f"9:0{minute}"))

    page = browser.get("/2021/orga/einlass/anwesend/")

    assert [row.admission.person.last_name for row in page.context["page"]] == ["Albers", "Zabel"]


def test_the_list_for_an_evacuation_on_paper(edition, browser, staff):
    for name in ("Zabel", "Öztürk", "Albers"):
        passes(make_somebody(edition, name), at=hour("9:12"))

    answer = browser.post("/2021/orga/einlass/anwesend/liste/", {"format": "pdf"})

    assert answer["Content-Disposition"] == 'attachment; filename="anwesend-2021-03-18-1000.pdf"'
    text = text_of(answer.content)
    assert "Anwesend am 18. März 2021, 10:00 Uhr" in text
    assert "3 Personen" in text
    assert text.index("Albers") < text.index("Öztürk") < text.index("Zabel")
    assert "09:12 Uhr" in text
    assert len(elements(opened(answer.content), "/TH")) == 4
    entry = JournalEntry.objects.get(verb="check_in.listed")
    assert (entry.actor, entry.details) == (staff, {"count": 3, "format": "pdf"})


def test_the_list_for_an_evacuation_as_a_table(edition, browser):
    from io import BytesIO

    from openpyxl import load_workbook

    passes(make_somebody(edition, "=Albers"), at=hour("9:12"))

    answer = browser.post("/2021/orga/einlass/anwesend/liste/", {"format": "xlsx"})

    (header, row) = load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True)
    assert header == ("Nachname", "Vorname", "Behörde oder Einrichtung", "Art", "Seit")
    assert row[:4] == ("=Albers", "Kim", "Stadt Musterhausen", "Teilnahme")


def test_an_empty_house_has_an_empty_list(edition, browser):
    answer = browser.post("/2021/orga/einlass/anwesend/liste/", {"format": "pdf"})

    assert "0 Personen" in text_of(answer.content)


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_as_many_queries_for_one_as_for_three(
    edition, browser, count, django_assert_max_num_queries
):
    for number in range(count):
        passes(make_somebody(edition, f"Albers {number}"), at=hour("9:12"))

    with django_assert_max_num_queries(13):
        browser.get("/2021/orga/einlass/anwesend/")
    with django_assert_max_num_queries(9):
        browser.post("/2021/orga/einlass/", {"wer": "kim", "richtung": "in"}, HTTP_HX_REQUEST="1")
    with django_assert_max_num_queries(6):
        browser.get("/2021/orga/einlass/zugelassen.json")


# --- Erasing ---------------------------------------------------------------------------------------------------


def test_who_came_is_forgotten_90_days_after_the_end(edition):
    passes(make_somebody(edition))
    set_clock(edition, edition.ends_at + timedelta(days=92))

    retention.erase_due()

    assert CheckIn.objects.count() == 0


def test_staff_who_leave_take_no_check_in_with_them(edition, staff):
    passes(make_somebody(edition), by=staff)

    staff.roles.all().delete()
    staff.delete()

    assert CheckIn.objects.get().by is None


def test_the_keys_of_links_stay_as_they_are(edition, browser):
    """A scan reads a badge; it neither enters nor ends it."""
    token = print_badge(make_somebody(edition))
    before = list(AccessLink.objects.values())

    scan(browser, codes=[token])

    assert list(AccessLink.objects.values()) == before
    assert json.dumps(str(JournalEntry.objects.values())).count(token) == 0
