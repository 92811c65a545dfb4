"""Polls by name, polls for certain levels, and second rounds."""

import io

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from congress.models import Level, Role
from polls import actions, live, published, queries
from polls.models import Poll, Turnout, Vote
from tests.factories import NOW, make_admission, make_role, make_session
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
    vote,
)

pytestmark = pytest.mark.django_db
Outcome = actions.Outcome


@pytest.fixture
def stage():
    return make_live_stage(slug="plenum")


def close(poll):
    actions.close_poll(poll=poll, now=NOW)
    return poll


def picture_of(stage):
    return live.StageSource(stage.pk).load()


# --- By name --------------------------------------------------------------------------------------------------


def test_a_vote_by_name_is_kept_with_its_name_and_counted_once(stage):
    poll = make_open_poll(stage, secret=False)
    person = make_admission(stage.edition).person
    yes, no, _maybe = option_ids(poll)

    assert [vote(poll, person.pk, yes), vote(poll, person.pk, no)] == [
        Outcome.COUNTED,
        Outcome.ALREADY,
    ]
    kept = Vote.objects.get()
    assert (kept.person, kept.choices, kept.words) == (person, [yes], [])
    assert queries.results(poll.pk)[0].counts[yes] == 1


def test_a_secret_poll_keeps_no_vote(stage):
    poll = make_open_poll(stage)
    vote(poll, make_admission(stage.edition).person_id, option_ids(poll)[0])

    assert not Vote.objects.exists()


def test_words_by_name_are_kept_too(stage):
    poll = make_open_poll(stage, secret=False, kind=Poll.Kind.WORD_CLOUD, max_choices=3)
    person = make_admission(stage.edition).person_id

    actions.cast_votes([actions.Ballot(person, stage.pk, poll.pk, words=("digital", "mutig"))])

    assert Vote.objects.get().words == ["digital", "mutig"]


def test_the_page_says_so_before_the_vote(client, stage):
    make_open_poll(stage, secret=False)
    client.force_login(make_admission(stage.edition).person)

    page = client.get(f"/{stage.edition.slug}/live/plenum/").content.decode()

    assert "Ihre Stimme wird mit Ihrem Namen gespeichert" in page
    assert page.index("mit Ihrem Namen gespeichert") < page.index(">Abstimmen<")
    before_scripts = page.split('id="live-settings"')[0]
    assert "ohne Ihren Namen gespeichert" not in before_scripts


def names(client, poll, ending="xlsx"):
    return client.get(
        f"/{poll.edition.slug}/regie/{poll.stage.slug}/abstimmungen/{poll.pk}/namen.{ending}"
    )


def test_organisers_read_who_chose_what_once_it_is_closed(client, stage):
    poll = make_open_poll(stage, secret=False)
    person = make_admission(stage.edition).person
    vote(poll, person.pk, option_ids(poll)[0])
    client.force_login(make_role(Role.Kind.ORGANISER, stage.edition).person)

    assert names(client, poll).status_code == 404
    close(poll)
    sheet = openpyxl.load_workbook(io.BytesIO(names(client, poll).content)).active

    assert [cell.value for cell in sheet[2]] == [person.display_name, person.body or None, "Ja"]


def test_there_is_no_list_of_a_secret_poll(client, stage):
    poll = close(make_open_poll(stage))
    client.force_login(make_role(Role.Kind.ORGANISER, stage.edition).person)

    assert names(client, poll).status_code == 404


@pytest.mark.parametrize("kind", [Role.Kind.DIRECTOR, Role.Kind.MODERATOR])
def test_directors_and_moderators_read_no_names(client, stage, kind):
    poll = close(make_open_poll(stage, secret=False))
    client.force_login(make_role(kind, stage.edition).person)

    assert names(client, poll).status_code == 403


# --- For certain levels ---------------------------------------------------------------------------------------


def test_only_entitled_levels_are_counted_and_others_are_told(stage):
    poll = make_open_poll(stage, levels=[Level.KOMMUNE])
    town = make_admission(stage.edition, level=Level.KOMMUNE).person_id
    land = make_admission(stage.edition, level=Level.LAND).person_id
    stranger = make_role(Role.Kind.OBSERVER, stage.edition).person_id
    yes = option_ids(poll)[0]

    ballots = [
        actions.Ballot(person, stage.pk, poll.pk, (yes,)) for person in (town, land, stranger)
    ]

    assert actions.cast_votes(ballots) == [
        Outcome.COUNTED,
        Outcome.NOT_ENTITLED,
        Outcome.NOT_ADMITTED,
    ]
    assert list(poll.participations.values_list("person_id", flat=True)) == [town]


def test_sums_by_level_are_of_entitled_levels_alone(stage):
    make_voters(stage, 5, level=Level.KOMMUNE)
    make_voters(stage, 5, level=Level.LAND)

    poll = make_open_poll(stage, levels=[Level.KOMMUNE])

    levels = set(Turnout.objects.filter(poll=poll).values_list("level", flat=True))
    assert levels == {Level.KOMMUNE, Level.OTHER}


def test_whoever_is_not_entitled_reads_whom_it_is_for_and_gets_no_form(client, stage):
    make_open_poll(stage, levels=[Level.KOMMUNE])
    client.force_login(make_admission(stage.edition, level=Level.LAND).person)

    page = client.get(f"/{stage.edition.slug}/live/plenum/").content.decode()

    assert "Diese Umfrage ist für: Kommunen." in page
    assert 'data-live="form"' not in page


@pytest.mark.django_db(transaction=True)
def test_a_vote_by_program_gets_the_sentence(client, stage):
    poll = make_open_poll(stage, levels=[Level.KOMMUNE])
    client.force_login(make_admission(stage.edition, level=Level.LAND).person)

    answer = client.post(
        f"/{stage.edition.slug}/live/plenum/vote/",
        {"poll": poll.pk, "choices": option_ids(poll)[:1]},
        content_type="application/json",
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert answer.json()["message"] == "Diese Umfrage ist für andere Verwaltungsebenen als Ihre."


def test_polls_for_all_have_the_keys_of_the_protocol_and_no_more(stage):
    make_open_poll(stage)

    assert set(picture_of(stage).poll_for(live.SEES)) == {
        "id", "kind", "state", "secret", "text", "options", "min", "max", "ends_at", "round", "results",
    }  # fmt: skip


def test_a_poll_for_some_says_for_whom(stage):
    make_open_poll(stage, levels=[Level.LAND, Level.KOMMUNE])

    assert picture_of(stage).poll_for(live.SEES)["levels"] == ["kommune", "land"]


# --- Rounds ---------------------------------------------------------------------------------------------------


@pytest.fixture
def first(stage):
    """Five voted: three for the first answer, two for the second."""
    poll = make_open_poll(stage, text="Wohin?")
    yes, no, _maybe = option_ids(poll)
    for number, person in enumerate(make_voters(stage, 5)):
        vote(poll, person, yes if number < 3 else no)
    return close(poll)


def test_the_next_round_asks_the_same_and_is_there_once(first):
    second = actions.next_round(poll=first, now=NOW)

    assert (second.text, second.round, second.follows) == ("Wohin?", 2, first)
    assert list(second.options.values_list("text", flat=True)) == ["Ja", "Nein", "Vielleicht"]
    with pytest.raises(actions.HasNextRound):
        actions.next_round(poll=first, now=NOW)


def test_there_is_no_next_round_of_what_is_still_open(stage):
    with pytest.raises(actions.NotClosed):
        actions.next_round(poll=make_open_poll(stage), now=NOW)


def test_the_result_before_stands_beside_the_new_one_once_that_is_closed(stage, first):
    second = actions.next_round(poll=first, now=NOW)
    actions.open_poll(poll=second, now=NOW)
    yes, no, maybe = option_ids(second)
    for person in make_voters(stage, 5):
        vote(second, person, no)

    while_open = picture_of(stage).poll_for(live.SEES)
    close(second)
    closed = picture_of(stage)

    assert while_open["results"]["counts"] is not None
    assert "before" not in while_open
    assert closed.poll_for(live.SEES)["before"] == {
        "total": 5,
        "counts": {str(yes): 3, str(no): 2, str(maybe): 0},
    }
    assert [row["before"] for row in closed.rows(live.SEES)] == [0.6, 0.4, 0.0]


@pytest.mark.parametrize("few", [True, False])
def test_a_result_that_nobody_may_read_is_not_shown_before_either(stage, few):
    first = make_open_poll(stage, results_show=Poll.Shows.ON_PUBLISH)
    for person in make_voters(stage, 4 if few else 5):
        vote(first, person, option_ids(first)[0])
    close(first)
    if few:
        actions.publish_poll(poll=first, now=NOW)
    second = actions.next_round(poll=first, now=NOW)

    assert queries.result_before(second) is None
    if not few:
        actions.publish_poll(poll=first, now=NOW)
        assert queries.result_before(second)["total"] == 5


def test_published_results_show_both_rounds(client, stage, first):
    session = make_session(stage)
    Poll.objects.filter(pk=first.pk).update(session=session)
    second = actions.next_round(poll=Poll.objects.get(pk=first.pk), now=NOW)
    actions.open_poll(poll=second, now=stage.edition.now())
    for person in make_voters(stage, 5):
        vote(second, person, option_ids(second)[1])
    for poll in (first, close(second)):
        actions.publish_poll(poll=poll, now=NOW)

    page = client.get(
        f"/{stage.edition.slug}/programm/{session.code}/abstimmungen/"
    ).content.decode()

    assert "Runde 2" in page
    assert "zuvor: 60" in page.replace("\xa0", " ")
    assert [outcome.before is None for outcome in published.of_session(session)] == [True, False]


def test_a_round_without_the_one_before_cannot_be_stored(stage):
    poll = make_poll(stage)

    with pytest.raises(IntegrityError), transaction.atomic():
        Poll.objects.filter(pk=poll.pk).update(round=2)


# --- Preparing ------------------------------------------------------------------------------------------------


def test_levels_and_ballots_are_chosen_in_the_form_and_copied(client, stage):
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition).person)

    answer = client.post(
        f"/{stage.edition.slug}/regie/plenum/abstimmungen/",
        {
            "key": "6d9c3f0a-2b57-4a0e-9a53-0f4d8a1f2099",
            "text": "Wer macht mit?",
            "kind": "single",
            "answers": "Ja\nNein",
            "results_show": "live",
            "ballots": "named",
            "levels": ["kommune", "land"],
        },
    )
    poll = Poll.objects.get(text="Wer macht mit?")
    copy = actions.copy_poll(poll=poll, now=NOW)

    assert answer.status_code == 303
    for one in (poll, copy):
        assert (one.secret, sorted(one.levels)) == (False, ["kommune", "land"])


def test_a_level_that_does_not_exist_is_refused(client, stage):
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition).person)

    answer = client.post(
        f"/{stage.edition.slug}/regie/plenum/abstimmungen/",
        {"text": "Wer?", "kind": "single", "answers": "Ja\nNein", "levels": ["planet"]},
    )

    assert answer.status_code == 422
    assert "Diese Verwaltungsebene gibt es nicht." in answer.content.decode()
