"""What a Generalprobe refuses, how it judges its figures, and its page. A whole one: tests/e2e/test_rehearsal.py."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from congress.models import Stage
from polls import actions, directing, live, presence, voting
from polls.models import Poll, RehearsalReport, StageState, Tally, Word
from polls.rehearsal import people, running, verdict
from polls.rehearsal.crowd import Crowd
from polls.rehearsal.figures import reached
from polls.rehearsal.viewers import read
from tests.factories import make_admission, make_edition, make_role, make_stage
from tests.polls.factories import make_live_stage, make_open_poll, make_voters, option_ids, vote


def shares(p99: float) -> dict[str, float]:
    return {"p50": p99 / 4, "p95": p99 / 2, "p99": p99, "max": p99}


FIGURES = {
    "sockets": 90, "pages": 10, "entered": 100, "votes": 100, "acknowledged": 100, "total": 100, "lost": 0,
    "doubled": 0, "wrong": 0, "settle": 0.3, "admitted": 150, "cuts": 10, "late": shares(3.0),
    "ack": shares(90.0), "ack_pages": shares(200.0), "fan_out": shares(300.0),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "grade"),
    [
        ({}, "good"),
        ({"lost": 1}, "wrong"),
        ({"doubled": 1}, "wrong"),
        ({"wrong": 1}, "wrong"),
        ({"entered": 99}, "wrong"),
        ({"acknowledged": 99}, "wrong"),
        ({"failed": "no poll"}, "wrong"),
        ({"ack": shares(1001.0)}, "slow"),
        ({"fan_out": shares(1501.0)}, "slow"),
        ({"ack": shares(1900.0), "tick_ms": 1000}, "good"),
        ({"ack": shares(2001.0), "tick_ms": 1000}, "slow"),
        ({"step": shares(500.0)}, "good"),
        ({"step": shares(501.0)}, "slow"),
        ({"steps_missed": 1}, "wrong"),
        ({"late": shares(51.0)}, "unknown"),
        ({"late": shares(51.0), "lost": 1}, "wrong"),
    ],
)
def test_the_verdict_follows_the_figures(changed, grade):
    assert verdict.judge(FIGURES | changed).grade == grade


def test_too_few_viewers_are_told():
    judged = verdict.judge(FIGURES | {"admitted": 3600})

    assert judged.sentences[-1] == (
        "3600 Personen sind zugelassen; erfahrungsgemäß schaut die Hälfte davon gleichzeitig zu, also etwa 1800. "
        "Diese Generalprobe hatte 100 Zuschauende: Bitte wiederholen Sie sie mit 1800 oder mehr."
    )


@pytest.mark.django_db
def test_a_poll_in_practice_goes_on_after_the_rehearsal_with_its_votes():
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    vote(poll, person, option_ids(poll)[0])

    company = running.prepare(stage, 5)
    running.open_poll(stage, company)
    people.remove(stage)

    poll.refresh_from_db()
    assert (poll.state, poll.closed_at, poll.result) == ("open", None, None)
    assert StageState.objects.get(stage=stage).active_poll == poll
    assert sum(Tally.objects.filter(poll=poll).values_list("count", flat=True)) == 1
    assert not people.of_stage(stage).exists()
    assert Poll.objects.count() == 1


def test_a_step_is_there_once_a_page_stands_at_its_number_or_further():
    followed = [(7, 10.0), (8, 11.1), (10, 12.5)]
    lagged = [(7, 10.0), (8, 11.4)]

    took, missed = reached([(8, 11.0), (9, 12.0)], [followed, lagged])

    assert took == {"p50": 400.0, "p95": 500.0, "p99": 500.0, "max": 500.0}
    assert missed == 1
    assert reached([], [followed]) == (None, 0)


@pytest.mark.django_db
def test_what_stood_over_the_picture_stands_there_again_after_a_rehearsal_that_broke_off():
    stage = make_live_stage()
    now = stage.edition.now()
    directing.set_overlay(stage=stage, text="Gleich geht es weiter", now=now, by=None)
    company = running.prepare(stage, 2)
    directing.set_overlay(stage=stage, text=people.OVERLAY, now=now, by=company.moderator)

    people.remove(stage)

    state = StageState.objects.get(stage=stage)
    assert (state.overlay, state.last_step) == ("Gleich geht es weiter", None)


@pytest.mark.django_db
def test_no_step_of_a_rehearsal_is_taken_back_later():
    stage = make_live_stage()
    now = stage.edition.now()
    company = running.prepare(stage, 2)
    for text in (people.OVERLAY, ""):
        directing.set_overlay(stage=stage, text=text, now=now, by=company.moderator)

    people.remove(stage)

    with pytest.raises(directing.NothingToTakeBack):
        directing.take_back(stage=stage, now=now, by=None)
    assert StageState.objects.get(stage=stage).overlay == ""


@pytest.mark.django_db
@pytest.mark.parametrize("kind", Poll.Kind.values)
def test_simulated_viewers_answer_polls_of_every_kind(kind):
    stage = make_live_stage()
    company = running.prepare(stage, 5)
    poll = running.open_poll(stage, company, kind)
    (person, *_others) = people.of_stage(stage).exclude(roles__isnull=False)
    crowd = Crowd("http://testserver", stage.edition.slug, stage.slug)
    crowd.poll = read(live.memory_of(stage.pk).fresh(0).frame("state", live.SEES).encode())

    frame = json.loads(crowd.ballot(3))
    shape = voting.SHAPES["vote"]
    said = {name: check(frame[name]) for name, check in shape.optional.items() if name in frame}
    ballot = voting.ballot_of(
        frame | said, person=person.pk, stage=stage.pk, may_vote=True, is_press=False
    )

    assert frame["poll"] == poll.pk
    assert actions.cast_votes([ballot]) == [actions.Outcome.COUNTED]
    people.remove(stage)
    assert not Word.objects.exists()
    assert not Poll.objects.exists()


@pytest.mark.django_db
def test_it_refuses_a_stage_on_which_people_are(monkeypatch):
    stage = make_stage(make_edition(practice=False))
    monkeypatch.setattr(presence, "people_on", lambda stage: 3)

    with pytest.raises(running.PeopleAreConnected):
        running.write_tickets(stage, viewers=1, file=Path("nowhere"))

    assert not people.of_stage(stage).exists()


@pytest.mark.django_db
def test_it_refuses_where_nobody_can_say_who_is_there(monkeypatch):
    def nobody(stage: Stage) -> int:
        raise presence.NobodyAnswers

    stage = make_stage(make_edition(practice=False))
    monkeypatch.setattr(presence, "people_on", nobody)

    with pytest.raises(running.CannotAskWhoIsThere):
        running.write_tickets(stage, viewers=1, file=Path("nowhere"))


@pytest.mark.django_db
def test_without_a_server_it_says_so_and_makes_nobody():
    stage = make_stage(make_edition())

    with pytest.raises(running.NobodyServes):
        running.rehearse(stage, viewers=1, address="http://127.0.0.1:9", tell=lambda *_: None)

    assert not people.of_stage(stage).exists()


@pytest.mark.django_db
def test_an_unknown_stage_is_said_in_both_languages():
    with pytest.raises(CommandError, match=r"keine solche Bühne.*no such stage"):
        call_command("rehearse", "2021", "nirgends", viewers=1)


@pytest.mark.django_db
def test_its_page_is_for_organisers_and_directors(client):
    edition = make_edition()
    stage = make_stage(edition, name_de="Plenum")
    RehearsalReport.objects.create(
        stage=stage, began_at=edition.now(), viewers=100, figures=FIGURES
    )
    address = f"/{edition.slug}/orga/generalprobe/"

    for kind, status in (("organiser", 200), ("director", 200), ("help_desk", 403)):
        client.force_login(make_role(kind, edition).person)
        assert client.get(address).status_code == status
    client.force_login(make_admission().person)
    assert client.get(address).status_code == 404
    client.force_login(make_role("organiser", edition).person)
    assert "Jede Stimme wurde einmal gezählt" in client.get(address).content.decode()
