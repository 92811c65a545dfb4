"""The pages of the Regie, as a director uses them."""

import io
import re

import openpyxl
import pytest
from django.core.cache import cache

from congress.models import Role
from polls import asking
from polls.models import Poll, Question, StageState
from programme.models import OnAir
from tests.factories import NOW, make_role, make_session, make_speaker, make_stage
from tests.polls.factories import make_live_stage, make_open_poll, make_poll, make_question

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def stage():
    return make_live_stage(slug="plenum", backup_stream_url="https://stream.example/b.m3u8")


@pytest.fixture
def director(client, stage):
    person = make_role(Role.Kind.DIRECTOR, stage.edition).person
    client.force_login(person)
    return person


def url(stage, *parts):
    return "/".join([f"/{stage.edition.slug}", "regie", *map(str, parts), ""])


def seq_of(stage):
    return StageState.objects.get(stage=stage).seq


def post(client, stage, **fields):
    fields.setdefault("seq", seq_of(stage))
    return client.post(url(stage, stage.slug), fields)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def test_one_button_takes_the_next_session(client, director, stage):
    make_session(stage)
    following = make_session(stage, starts_at=NOW.replace(hour=10))

    page = client.get(url(stage, "plenum")).content.decode()
    answer = client.post(
        url(stage, "plenum"),
        {"act": "take", "session": following.code, "seq": seq_of(stage)},
        follow=True,
    )

    assert f"Nächsten Punkt auf Sendung: {following.title}" in page
    assert said(answer) == [f"Auf Sendung: {following.title}"]
    assert OnAir.objects.get(stage=stage).session == following


def test_the_second_of_two_directors_sees_the_new_state_instead(client, director, stage):
    seen = seq_of(stage)
    post(client, stage, act="overlay", text="Gleich geht es weiter")

    answer = client.post(
        url(stage, "plenum"),
        {"act": "source", "source": "backup", "seq": seen},
        headers={"X-Part": "board"},
    )

    assert answer.status_code == 409
    assert "Nichts wurde geändert" in answer.content.decode()
    assert "Gleich geht es weiter" in answer.content.decode()
    assert StageState.objects.get(stage=stage).source == "main"


def test_every_step_has_its_button(client, director, stage):
    session = make_session(stage)
    draft = make_poll(stage)
    steps = [
        ({"act": "take", "session": session.code}, {"phase": "live"}),
        ({"act": "phase", "phase": "trouble"}, {"phase": "trouble"}),
        ({"act": "source", "source": "backup"}, {"source": "backup"}),
        ({"act": "overlay", "text": "Danke"}, {"overlay": "Danke"}),
        ({"act": "announce", "text": "Pause bis elf"}, {"announcement": "Pause bis elf"}),
        ({"act": "announce", "text": ""}, {"announcement": ""}),
        ({"act": "delay", "minutes": "15"}, {}),
        ({"act": "open", "poll": draft.pk}, {"active_poll": draft}),
        ({"act": "close", "poll": draft.pk}, {"active_poll": draft}),
        ({"act": "publish", "poll": draft.pk}, {"active_poll": draft}),
        ({"act": "clear"}, {"active_poll": None}),
        ({"act": "take", "session": ""}, {"phase": "pause"}),
        ({"act": "back"}, {"phase": "trouble"}),
    ]

    for step, after in steps:
        assert post(client, stage, **step).status_code == 303, step
        state = StageState.objects.get(stage=stage)
        assert {name: getattr(state, name) for name in after} == after, step

    assert OnAir.objects.get(stage=stage).delay_minutes == 15
    draft.refresh_from_db()
    assert draft.state == Poll.State.PUBLISHED


@pytest.mark.parametrize(
    "step",
    [
        {"act": "nuke"},
        {"act": "phase", "phase": "party"},
        {"act": "source", "source": "third"},
        {"act": "take", "session": "NIX"},
        {"act": "close", "poll": "999999999"},
        {"act": "close", "poll": "9" * 40},
    ],
)
def test_what_is_no_step_is_not_found(client, director, stage, step):
    before = seq_of(stage)

    assert post(client, stage, **step).status_code == 404
    assert seq_of(stage) == before


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"act": "delay", "minutes": "viel"}, "Eine Verspätung liegt zwischen 0 und 240 Minuten."),
        ({"act": "overlay", "text": "a\u202eb"}, "kein"),
        ({"act": "overlay", "text": "x" * 201}, "200"),
        ({"act": "phase", "phase": "live", "seq": "alt"}, "Nichts wurde geändert"),
        ({"act": "phase", "phase": "live", "seq": "9" * 30}, "Nichts wurde geändert"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(client, director, stage, step, sentence):
    before = StageState.objects.filter(stage=stage).values().get()

    answer = client.post(url(stage, "plenum"), {"seq": seq_of(stage)} | step, follow=True)

    assert len(said(answer)) == 1
    assert sentence in said(answer)[0] or sentence == "kein"
    assert StageState.objects.filter(stage=stage).values().get() == before


def test_all_stages_go_to_the_backup_in_two_acts(client, director, stage):
    make_stage(stage.edition, slug="forum")

    page = client.get(url(stage)).content.decode()
    answer = client.post(url(stage), {"act": "backup"}, follow=True)

    assert "Ja, alle auf den Ersatzstream" in page
    assert said(answer) == ["Ersatzstream: 1 Bühnen umgestellt."] or len(said(answer)) == 1
    assert StageState.objects.get(stage=stage).source == "backup"


def test_a_director_of_one_stage_moves_that_one_only(client, stage):
    other = make_stage(stage.edition, slug="forum", backup_stream_url="https://stream.example/c")
    client.force_login(make_role(Role.Kind.DIRECTOR, stage.edition, stage=stage).person)

    assert client.get(url(stage)).status_code == 302
    assert client.get(url(stage, "plenum")).status_code == 200
    assert client.get(url(stage, "forum")).status_code == 403
    assert client.post(url(stage), {"act": "backup"}).status_code in (302, 403)
    assert StageState.objects.get(stage=other).source == "main"


def test_the_open_poll_is_closed_from_the_board(client, director, stage):
    poll = make_open_poll(stage)

    assert "Umfrage schließen" in client.get(url(stage, "plenum")).content.decode()
    post(client, stage, act="close", poll=poll.pk)

    poll.refresh_from_db()
    assert poll.is_closed


def test_a_closed_board_costs_few_queries(client, director, stage, django_assert_max_num_queries):
    for hour in range(8, 18):
        make_session(stage, starts_at=NOW.replace(hour=hour))
    client.get(url(stage, "plenum"))

    with django_assert_max_num_queries(26):
        client.get(url(stage, "plenum"))


def test_the_run_sheet_leaves_as_table_and_as_paper(client, director, stage):
    session = make_session(stage, title_de="=1+1 Register")
    make_speaker(session, first_name="Robin", last_name="Muster")

    table = client.get(url(stage, "plenum").rstrip("/") + "/ablauf.xlsx")
    paper = client.get(url(stage, "plenum").rstrip("/") + "/ablauf.pdf")

    sheet = openpyxl.load_workbook(io.BytesIO(table.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][0] == "10:00"
    assert rows[1][5:7] == ["=1+1 Register", "Robin Muster"]
    assert sheet["F2"].data_type == "s"
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert client.get(url(stage, "plenum").rstrip("/") + "/ablauf.exe").status_code == 404


# --- Polls and questions on the board ------------------------------------------------------------------------


def test_the_interim_result_is_shown_and_hidden_while_the_poll_is_open(client, director, stage):
    poll = make_open_poll(stage)

    post(client, stage, act="no_interim", poll=poll.pk)
    poll.refresh_from_db()
    assert (poll.results_show, poll.is_open) == (Poll.Shows.ON_CLOSE, True)

    post(client, stage, act="interim", poll=poll.pk)
    poll.refresh_from_db()
    assert poll.results_show == Poll.Shows.LIVE


def test_a_closed_poll_has_no_interim_result(client, director, stage):
    poll = make_open_poll(stage)
    post(client, stage, act="close", poll=poll.pk)

    answer = client.post(
        url(stage, "plenum"),
        {"act": "no_interim", "poll": poll.pk, "seq": seq_of(stage)},
        follow=True,
    )

    assert said(answer)[-1] == "Diese Umfrage ist nicht offen."
    poll.refresh_from_db()
    assert poll.results_show == Poll.Shows.LIVE


def test_an_earlier_poll_is_shown_again_unless_one_is_open(client, director, stage):
    earlier = make_open_poll(stage)
    post(client, stage, act="close", poll=earlier.pk)
    following = make_poll(stage)
    post(client, stage, act="open", poll=following.pk)

    post(client, stage, act="show", poll=earlier.pk)
    assert StageState.objects.get(stage=stage).active_poll == following

    post(client, stage, act="close", poll=following.pk)
    post(client, stage, act="show", poll=earlier.pk)
    assert StageState.objects.get(stage=stage).active_poll == earlier


def test_a_prepared_poll_is_not_shown(client, director, stage):
    post(client, stage, act="show", poll=make_poll(stage).pk)

    assert StageState.objects.get(stage=stage).active_poll is None


def test_a_question_goes_to_the_screen_and_back(client, director, stage):
    question = make_question(stage, state=Question.State.SHOWN)

    for act, state in (("screen", "on_screen"), ("off_screen", "shown"), ("answered", "answered")):
        post(client, stage, act=act, question=question.pk)
        question.refresh_from_db()
        assert question.state == state


def test_a_question_that_waits_is_not_offered_and_does_not_reach_the_screen(
    client, director, stage
):
    question = make_question(stage, state=Question.State.PENDING)

    page = client.get(url(stage, "plenum")).content.decode()
    post(client, stage, act="screen", question=question.pk)

    assert question.text not in page
    assert "1 Frage wartet auf die Moderation." in page
    question.refresh_from_db()
    assert question.state == Question.State.PENDING


def test_a_question_of_another_stage_is_not_found(client, director, stage):
    other = make_question(make_stage(stage.edition, slug="forum-a"), state=Question.State.SHOWN)

    assert post(client, stage, act="screen", question=other.pk).status_code == 404


def test_the_board_says_which_questions_it_shows(client, director, stage):
    before = client.get(url(stage, "plenum")).content.decode()
    make_question(stage, state=Question.State.SHOWN)
    asking.turn_questions(stage.pk)
    after = client.get(url(stage, "plenum")).content.decode()

    def version(page):
        return int(re.search(r'data-questions="(\d+)"', page)[1])

    assert version(after) > version(before)


def test_all_to_the_backup_stream_asks_once_more(client, director, stage):
    page = client.get(url(stage, "plenum")).content.decode()

    first, second = re.findall(r'data-key="b"', page), re.findall(r"<details[^>]*ersatz", page)
    assert (len(first), len(second)) == (2, 1)


def test_no_two_buttons_have_the_same_key_but_the_one_that_asks_twice(client, director, stage):
    make_session(stage)
    make_session(stage, starts_at=NOW.replace(hour=10))
    make_question(stage, state=Question.State.ON_SCREEN)
    make_open_poll(stage)
    post(client, stage, act="overlay", text="Danke")

    page = client.get(url(stage, "plenum")).content.decode()
    keys = re.findall(r'data-(?:key|focus-key|list)="(.)"', page)

    assert sorted(key for key in set(keys) if keys.count(key) > 1) == ["b"]
    shown = set(re.findall(r'<kbd class="fk-key">(.)</kbd>', page))
    assert set(keys) <= shown
