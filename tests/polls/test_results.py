"""Results of polls that are over: with their session for everybody, by level, and as a table."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from congress.models import Level
from polls import actions, published
from polls.models import Poll, Turnout
from tests.factories import NOW, make_edition, make_role, make_session, make_stage
from tests.pages import text_of
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
    vote,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return make_live_stage()


def closed(stage, chosen, *, session=None, publish=True, level=Level.KOMMUNE, **fields):
    """A poll in which so many chose the first answer, the second, …"""
    people = make_voters(stage, sum(chosen), level=level)
    poll = make_open_poll(stage, **fields)
    if session is not None:
        Poll.objects.filter(pk=poll.pk).update(session=session)
    for option, count in zip(option_ids(poll), chosen, strict=False):
        for _ in range(count):
            vote(poll, people.pop(), option)
    actions.close_poll(poll=poll, now=NOW)
    if publish:
        actions.publish_poll(poll=poll, now=NOW)
    poll.refresh_from_db()
    return poll


def page(client, session, status=200):
    address = reverse(
        "session_results", kwargs={"edition": session.edition.slug, "code": session.code}
    )
    response = client.get(address)
    assert response.status_code == status
    return text_of(response.content.decode())


# --- By level ---------------------------------------------------------------------------------------------


def lines(turnout, answers=None):
    found = published.by_level(turnout, answers or [("Ja", turnout)])
    return [(line.label, line.total, [one.count for one in line.by_answer]) for line in found]


def test_each_level_of_five_has_a_line_in_the_order_of_levels():
    yes = {"kommune": 4, "bund": 5}

    assert lines({"kommune": 9, "bund": 5}, [("Ja", yes), ("Nein", {"kommune": 5})]) == [
        ("Bund", 5, [5, 0]),
        ("Kommunen", 9, [4, 5]),
    ]


def test_where_one_level_is_too_few_the_next_smallest_goes_with_it():
    assert lines({"bund": 4, "land": 7, "kommune": 9, "hochschule": 8}) == [
        ("Kommunen", 9, [9]),
        ("Hochschule", 8, [8]),
        ("Bund, Länder", 11, [11]),
    ]


def test_several_that_are_few_together_still_take_the_next_smallest_along():
    found = lines({"bund": 3, "land": 3, "kommune": 9, "hochschule": 12})

    assert found == [("Hochschule", 12, [12]), ("Bund, Länder, Kommunen", 15, [15])]


@pytest.mark.parametrize(
    "turnout",
    [{}, {"kommune": 12}, {"kommune": 12, "bund": 0}, {"kommune": 12, "bund": 1}, {"kommune": 4, "bund": 4}],
)  # fmt: skip
def test_one_line_alone_says_nothing_and_is_left_out(turnout):
    assert published.by_level(turnout, [("Ja", turnout)]) == []


def test_nobody_can_be_found_by_subtracting_what_is_shown_from_the_sum():
    for bund in range(1, 5):
        turnout = {"bund": bund, "land": 6, "kommune": 20, "verband": 5}
        shown = published.by_level(turnout, [("Ja", turnout)])
        left = sum(turnout.values()) - sum(line.total for line in shown)

        assert left == 0
        assert all(line.total >= Turnout.CROWD for line in shown)
        assert not any(line.label == "Bund" for line in shown)


# --- The page -----------------------------------------------------------------------------------------------


def test_everybody_reads_what_was_published_with_its_session(client, stage):
    session = make_session(stage)
    closed(stage, [6, 4], session=session, text="Sind Sie bereit?")

    text = page(client, session)
    on_session = text_of(client.get(session.get_absolute_url()).content.decode())

    assert "Sind Sie bereit?" in text
    assert "10 Personen haben teilgenommen" in text
    assert "60 % (6)" in text
    assert "geheim: Gespeichert sind nur Summen" in text
    assert "Zu den Ergebnissen" in on_session


def test_a_poll_belongs_to_what_was_on_when_it_was_opened(stage):
    session = make_session(stage, starts_at=NOW - timedelta(minutes=10))
    prepared_for = make_session(stage, starts_at=NOW + timedelta(hours=2))

    make_open_poll(stage)
    assert Poll.objects.get().session == session
    actions.close_poll(poll=Poll.objects.get(), now=NOW)
    later = make_poll(stage, session=prepared_for)
    actions.open_poll(poll=later, now=NOW)

    assert Poll.objects.get(pk=later.pk).session == prepared_for


def test_before_publication_there_is_no_page(client, stage):
    session = make_session(stage)
    closed(stage, [6, 4], session=session, publish=False)

    page(client, session, status=404)
    assert "Zu den Ergebnissen" not in text_of(
        client.get(session.get_absolute_url()).content.decode()
    )


def test_a_session_of_another_edition_has_no_page_here(client, stage):
    other = make_stage(make_edition(slug="2022", year=2022))
    session = make_session(other)
    closed(stage, [6], session=make_session(stage))

    assert session.edition.slug != stage.edition.slug
    address = reverse(
        "session_results", kwargs={"edition": stage.edition.slug, "code": session.code}
    )
    assert client.get(address).status_code == 404


def test_fewer_than_five_votes_show_no_figures(client, stage):
    session = make_session(stage)
    closed(stage, [3, 1], session=session)

    text = page(client, session)

    assert "4 Personen haben teilgenommen. Zahlen zeigen wir ab fünf Stimmen" in text
    assert "%" not in text


def test_markup_in_a_question_is_text(client, stage):
    session = make_session(stage)
    closed(stage, [5], session=session, text="<script>alert(1)</script>")

    address = reverse(
        "session_results", kwargs={"edition": session.edition.slug, "code": session.code}
    )
    html = client.get(address).content.decode()

    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_as_many_queries_for_one_poll_as_for_five(client, stage, django_assert_max_num_queries):
    session = make_session(stage)
    closed(stage, [5], session=session)
    page(client, session)
    with django_assert_max_num_queries(8):
        page(client, session)
    for number in range(4):
        closed(stage, [5], session=session, text=f"Frage {number}")
    with django_assert_max_num_queries(8):
        assert page(client, session).count("haben teilgenommen") == 5


# --- The table ------------------------------------------------------------------------------------------------


def table(client, stage, ending="csv"):
    address = reverse(
        "results_file",
        kwargs={"edition": stage.edition.slug, "stage": stage.slug, "ending": ending},
    )
    return client.get(address)


def test_the_table_has_a_line_for_each_answer_and_each_level(client, stage):
    client.force_login(make_role(kind="moderator", edition=stage.edition, stage=stage).person)
    make_voters(stage, 5, level=Level.BUND)
    poll = closed(stage, [6, 4], session=make_session(stage), text="=1+1")
    make_open_poll(stage, text="Läuft noch")

    content = table(client, stage).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content), delimiter=";"))

    assert {row["Umfrage"] for row in rows} == {"'=1+1"}
    whole = [row for row in rows if row["Gezählt"] == "alle"]
    assert [(row["Antwort"], row["Stimmen"], row["Anteil in %"]) for row in whole] == [
        ("Ja", "6", "60,0"),
        ("Nein", "4", "40,0"),
        ("Vielleicht", "0", "0,0"),
    ]
    assert whole[0]["Programmpunkt"] == Poll.objects.get(pk=poll.pk).session.code


def test_the_table_keeps_fewer_than_five_votes_to_itself(client, stage):
    client.force_login(make_role(kind="organiser", edition=stage.edition).person)
    closed(stage, [4])

    (row,) = csv.DictReader(
        io.StringIO(table(client, stage).content.decode("utf-8-sig")), delimiter=";"
    )

    assert row["Gezählt"] == "weniger als fünf Stimmen"
    assert (row["Teilgenommen"], row["Stimmen"]) == ("", "")


def test_the_table_is_a_workbook_too_and_nothing_else(client, stage):
    client.force_login(make_role(kind="director", edition=stage.edition).person)
    closed(stage, [5])

    assert table(client, stage, "xlsx").content[:2] == b"PK"
    assert table(client, stage, "ods").status_code == 404


def test_a_moderator_of_another_stage_gets_no_table(client, stage):
    other = make_stage(stage.edition)
    client.force_login(make_role(kind="moderator", edition=stage.edition, stage=other).person)

    assert table(client, stage).status_code == 403
