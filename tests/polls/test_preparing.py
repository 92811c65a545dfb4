"""Preparing polls: templates, editing, copying; opening again what nobody saw."""

import threading

import pytest

from congress.models import JournalEntry, Role
from polls import actions
from polls.forms import TEMPLATES, PollForm
from polls.models import Option, Poll, Tally
from tests.factories import NOW, make_admission, make_role, make_stage, make_user
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
    vote,
)
from tests.polls.test_races import in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return make_live_stage()


@pytest.fixture
def moderator(client, stage):
    person = make_role(Role.Kind.MODERATOR, stage.edition, stage=stage).person
    client.force_login(person)
    return person


def url(stage, *parts):
    return "/".join(
        [f"/{stage.edition.slug}/regie/{stage.slug}/abstimmungen", *map(str, parts), ""]
    )


def fields(**changed):
    return {
        "key": "7f0c1a52-7a0f-4a6e-9d55-3b9b3f5a1c11", "text": "Und nun?", "answers": "Ja\nNein",
        "kind": "single", "results_show": "live",
    } | changed  # fmt: skip


def answers(poll):
    return list(poll.options.order_by("position").values_list("text", flat=True))


@pytest.mark.parametrize(("kind", "status"), [("attendee", 403), (None, 404)])
def test_it_is_for_those_who_run_the_stage(client, stage, kind, status):
    poll = make_poll(stage)
    assert client.get(url(stage)).status_code == 302
    client.force_login(make_admission(stage.edition, kind=kind).person if kind else make_user())

    assert client.get(url(stage)).status_code == status
    assert client.post(url(stage, poll.pk), fields()).status_code == status
    assert client.post(url(stage, poll.pk, "kopie")).status_code == status
    assert Poll.objects.count() == 1


def test_a_poll_of_another_stage_is_not_found(client, stage, moderator):
    other = make_poll(make_stage(stage.edition))

    assert client.get(url(stage, other.pk)).status_code == 404
    assert client.post(url(stage, other.pk, "kopie")).status_code == 404


def test_a_poll_is_prepared_and_stands_in_the_moderation(client, stage, moderator):
    response = client.post(url(stage), fields())

    assert (response.status_code, response["Location"]) == (303, url(stage))
    assert Poll.objects.get().is_draft
    console = client.get(f"/{stage.edition.slug}/moderation/{stage.slug}/").content.decode()
    assert "Und nun?" in console


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_fills_the_form_and_can_be_sent_as_it_is(client, stage, moderator, name):
    form = client.get(url(stage), {"vorlage": name}).context["form"]
    given = {field.html_name: field.value() for field in form if field.value() is not None}

    response = client.post(url(stage), given)

    assert response.status_code == 303
    assert Poll.objects.get().text == str(TEMPLATES[name][1]["text"])


def test_an_unknown_template_is_an_empty_form(client, stage, moderator):
    response = client.get(url(stage), {"vorlage": "nichts"})

    assert (response.status_code, response.context["form"].initial) == (200, {})


@pytest.mark.parametrize(
    "made",
    [
        {"kind": "single"},
        {"kind": "multiple", "min_choices": 2, "max_choices": 3},
        {"kind": "scale", "answers": ("1 – gar nicht", "2", "3 – sehr")},
        {"kind": "word_cloud", "answers": (), "max_choices": 2},
    ],
)
def test_what_is_edited_without_a_change_stays_the_same(client, stage, moderator, made):
    poll = make_poll(stage, minutes=5, results_show="on_close", **made)
    facts = ("text", "kind", "min_choices", "max_choices", "minutes", "results_show")
    before = [getattr(poll, name) for name in facts], answers(poll)
    form = client.get(url(stage, poll.pk)).context["form"]
    given = {field.html_name: field.value() for field in form if field.value() is not None}

    response = client.post(url(stage, poll.pk), given)

    poll.refresh_from_db()
    assert response.status_code == 303
    assert ([getattr(poll, name) for name in facts], answers(poll)) == before


def test_a_draft_is_edited(client, stage, moderator):
    poll = make_poll(stage)

    client.post(url(stage, poll.pk), fields(answers="A\nB", kind="multiple", max_choices="1"))

    poll.refresh_from_db()
    assert (poll.text, poll.kind, poll.max_choices) == ("Und nun?", "multiple", 1)
    assert answers(poll) == ["A", "B"]
    assert JournalEntry.objects.get(verb="poll.edited").actor == moderator


def test_bad_input_keeps_what_was_typed_and_changes_nothing(client, stage, moderator):
    poll = make_poll(stage)

    response = client.post(url(stage, poll.pk), fields(answers="Nur eine"))

    assert response.status_code == 422
    assert "Nur eine" in response.content.decode()
    assert len(answers(poll)) == 3


def test_what_is_open_is_fixed(client, stage, moderator):
    poll = make_open_poll(stage)

    response = client.post(url(stage, poll.pk), fields())

    assert response.status_code == 422
    assert "bereits geöffnet" in response.content.decode()
    assert len(answers(poll)) == 3


def test_a_copy_is_a_draft_without_votes(client, stage, moderator):
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage, kind="multiple", max_choices=2)
    vote(poll, person, option_ids(poll)[0])

    client.post(url(stage, poll.pk, "kopie"))

    copy = Poll.objects.exclude(pk=poll.pk).get()
    assert (copy.state, copy.kind, copy.max_choices) == ("draft", "multiple", 2)
    assert answers(copy) == answers(poll)
    assert not copy.participations.exists()


def test_throwing_away_leads_back_here(client, stage, moderator):
    poll = make_poll(stage)

    response = client.post(
        f"/{stage.edition.slug}/moderation/{stage.slug}/{poll.pk}/delete/", {"next": "preparing"}
    )

    assert response["Location"] == url(stage)
    assert not Poll.objects.exists()


def test_the_page_costs_the_same_with_many_polls(
    client, stage, moderator, django_assert_max_num_queries
):
    for _ in range(8):
        make_poll(stage)

    with django_assert_max_num_queries(14):
        client.get(url(stage))


# --- Opening again ---------------------------------------------------------------------------------------


def closed(stage, votes, **fields):
    poll = make_open_poll(stage, **fields)
    for person in make_voters(stage, votes):
        vote(poll, person, option_ids(poll)[0])
    actions.close_poll(poll=poll, now=NOW)
    return poll


@pytest.mark.parametrize(
    ("votes", "shows"), [(4, "live"), (5, "on_publish"), (0, "on_close"), (4, "after_vote")]
)
def test_what_nobody_saw_goes_on_with_its_votes(stage, votes, shows):
    poll = closed(stage, votes, results_show=shows)

    actions.reopen_poll(poll=poll, now=NOW)

    (person,) = make_voters(stage, 1)
    assert (poll.state, poll.result, poll.closed_at) == ("open", None, None)
    assert vote(poll, person, option_ids(poll)[0]) is actions.Outcome.COUNTED
    assert sum(Tally.objects.filter(poll=poll).values_list("count", flat=True)) == votes + 1


@pytest.mark.parametrize("shows", ["live", "after_vote", "on_close"])
def test_what_was_seen_is_not_opened_again(stage, shows):
    poll = closed(stage, 5, results_show=shows)

    with pytest.raises(actions.ResultWasSeen):
        actions.reopen_poll(poll=poll, now=NOW)

    poll.refresh_from_db()
    assert poll.is_closed


def test_published_open_and_prepared_polls_are_not_opened_again(stage):
    published = closed(stage, 5, results_show="on_publish")
    actions.publish_poll(poll=published, now=NOW)

    for poll in (published, make_open_poll(stage), make_poll(stage)):
        with pytest.raises(actions.NotClosed):
            actions.reopen_poll(poll=poll, now=NOW)


def test_beside_another_open_poll_nothing_is_opened_again(stage):
    poll = closed(stage, 1)
    make_open_poll(stage)

    with pytest.raises(actions.AnotherPollIsOpen):
        actions.reopen_poll(poll=poll, now=NOW)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_whoever_opens_while_somebody_edits_gets_one_or_the_other(stage, monkeypatch):
    poll = make_poll(stage)
    inside, over = threading.Event(), threading.Event()
    whole = actions._write_answers

    def slowly(*args):
        inside.set()
        over.wait(0.5)
        whole(*args)

    monkeypatch.setattr(actions, "_write_answers", slowly)

    def edit():
        facts = PollForm.facts_of(poll)
        values = {name: facts[name] for name in ("text", "kind", "results_show", "minutes")}
        actions.edit_draft(
            poll=Poll.objects.get(pk=poll.pk), answers=["neu", "anders"], min_choices=1,
            max_choices=1, now=NOW, **values,
        )  # fmt: skip

    def open_it():
        inside.wait(5)
        actions.open_poll(poll=Poll.objects.get(pk=poll.pk), now=NOW)

    in_threads(edit, open_it)

    poll.refresh_from_db()
    assert poll.is_open
    assert answers(poll) == ["neu", "anders"]
    tallied = set(Tally.objects.filter(poll=poll).values_list("option_id", flat=True))
    assert tallied == set(Option.objects.filter(poll=poll).values_list("pk", flat=True))
