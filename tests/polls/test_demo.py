"""The stages of the demonstration: each has a poll to vote in, whatever its clock was turned to."""

from datetime import timedelta

import pytest

from congress import actions as congress_actions
from congress.demo.seed import DEMO_MOMENT, DEMO_SLUG, STAGES
from polls import actions, demo, queries
from polls.models import Poll
from polls.tasks import close_due_polls
from tests.factories import make_edition, make_stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(settings):
    settings.DEMO = True
    edition = make_edition(slug=DEMO_SLUG, at=DEMO_MOMENT)
    for slug, german, english in STAGES:
        make_stage(edition, slug=slug, name_de=german, name_en=english)
    demo.fill(edition)
    return edition


def turn(edition, to):
    congress_actions.turn_clock(edition=edition, to=to)
    close_due_polls()


def open_polls(edition):
    """Text and votes of the open poll of each stage."""
    polls = Poll.objects.open().filter(edition=edition).order_by("stage_id")
    return [(poll.stage.slug, poll.text, queries.results(poll.pk)[0].total) for poll in polls]


def expected():
    return [
        (slug, demo.POLLS[slug][0].text, sum(demo.POLLS[slug][0].votes))
        for slug, _de, _en in STAGES
    ]


def test_each_stage_has_an_open_poll_with_votes(edition):
    assert open_polls(edition) == expected()


def test_after_a_look_at_the_week_after_each_stage_has_an_open_poll_again(edition):
    count = Poll.objects.count()

    turn(edition, DEMO_MOMENT + timedelta(days=7))
    closed = open_polls(edition)
    turn(edition, DEMO_MOMENT)

    assert closed == []
    assert open_polls(edition) == expected()
    assert Poll.objects.count() == count


def test_filled_again_each_stage_has_an_open_poll(edition):
    turn(edition, DEMO_MOMENT + timedelta(days=7))
    demo.fill(edition)
    in_the_week_after = open_polls(edition)
    turn(edition, DEMO_MOMENT)
    Poll.objects.all().delete()

    demo.fill(edition)

    assert in_the_week_after == []
    assert open_polls(edition) == expected()


def test_a_poll_that_somebody_opened_stays(edition):
    stage = edition.stages.get(slug="plenum")
    mine = Poll.objects.get(stage=stage, text=demo.POLLS["plenum"][1].text)
    actions.close_poll(poll=Poll.objects.open().get(stage=stage), now=DEMO_MOMENT)
    actions.open_poll(poll=mine, now=DEMO_MOMENT)

    demo.fill(edition)

    assert Poll.objects.open().get(stage=stage) == mine


def test_other_editions_keep_their_closed_polls(edition, settings):
    settings.DEMO = False

    turn(edition, DEMO_MOMENT + timedelta(days=7))
    turn(edition, DEMO_MOMENT)

    assert open_polls(edition) == []
