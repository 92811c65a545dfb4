"""The socket of a stage: the live protocol, rule by rule."""

import asyncio
import json
import time

import pytest

from congress.live import limits, news, sockets
from congress.models import BrowserSession, Role
from polls import actions, live
from polls.models import Participation, Poll
from tests.factories import NOW, make_admission, make_role, make_stage, make_user
from tests.polls.factories import (
    make_live_stage,
    make_open_poll,
    make_poll,
    make_voters,
    option_ids,
)
from tests.polls.sockets import ORIGIN, Page, address, open_page, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


async def opened(pages, stage, person=None, **options):
    person = person or make_voters(stage, 1)[0]
    page, state = await open_page(stage, person, **options)
    pages.append(page)
    return page, state


async def refused(pages, page):
    accepted, _ = await page.connect(timeout=8)
    pages.append(page)
    assert accepted
    return await page.closed()


# --- The door -----------------------------------------------------------------------------------------


async def test_the_first_frame_is_the_whole_state(pages):
    stage = make_live_stage()
    poll = make_open_poll(stage, text="Wie weit sind Sie?")

    _page, state = await opened(pages, stage)

    assert state.pop("now").startswith("2021-03-18T09:00:")
    assert state.pop("stage") == {
        "slug": stage.slug,
        "phase": "preview",
        "source": "main",
        "session": None,
        "next": None,
        "overlay": "",
        "delay_minutes": 0,
        "announcement": "",
    }
    yes, no, perhaps = option_ids(poll)
    assert state == {
        "type": "state",
        "seq": 2,
        "poll": {
            "id": poll.pk,
            "kind": "single",
            "state": "open",
            "secret": True,
            "text": "Wie weit sind Sie?",
            "options": [
                {"id": yes, "text": "Ja"},
                {"id": no, "text": "Nein"},
                {"id": perhaps, "text": "Vielleicht"},
            ],
            "min": 1,
            "max": 1,
            "ends_at": None,
            "round": 1,
            "results": {"rev": 0, "total": 0, "counts": None},
        },
        "questions": [],
        "you": {"kind": "attendee", "voted": [], "supported": [], "rated": []},
    }


async def test_nobody_signed_in_is_closed_with_4401(pages):
    assert await refused(pages, Page(make_live_stage())) == 4401


async def test_an_ended_session_is_closed_with_4401(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)

    assert await refused(pages, Page(stage, sign_in(person, seconds=-1))) == 4401


async def test_a_session_from_before_a_new_password_is_closed_with_4401(pages):
    stage = make_live_stage()
    person = make_admission(stage.edition).person
    session = sign_in(person)
    person.set_password("another one, quite long")
    person.save()

    assert await refused(pages, Page(stage, session)) == 4401


async def test_no_admission_is_closed_with_4403(pages):
    assert await refused(pages, Page(make_live_stage(), sign_in(make_user()))) == 4403


async def test_a_revoked_admission_is_closed_with_4403(pages):
    stage = make_live_stage()
    admission = make_admission(stage.edition, revoked_at=NOW)

    assert await refused(pages, Page(stage, sign_in(admission.person))) == 4403


async def test_an_admission_to_another_edition_is_closed_with_4403(pages):
    assert await refused(pages, Page(make_live_stage(), sign_in(make_admission().person))) == 4403


async def test_an_unknown_stage_is_closed_with_4404(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    path = address(stage).replace(stage.slug + "/", "nowhere/")

    assert await refused(pages, Page(path, sign_in(person))) == 4404


@pytest.mark.parametrize("path", ["/ws/", "/ws/2021/live/", "/ws/2021/regie/plenum/", "/elsewhere"])
async def test_an_unknown_address_is_closed_with_4404(pages, path):
    assert await refused(pages, Page(path)) == 4404


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://evil.test",
        "https://testserver",
        "http://testserver:8443",
        "ftp://testserver",
        "http://testserver.evil.test",
        "null",
    ],
)
async def test_a_foreign_origin_is_refused_before_anything_else(pages, origin):
    accepted, code = await Page(make_live_stage(), origin=origin).connect(timeout=8)

    assert (accepted, code) == (False, 1000)  # closed before accept: HTTP 403


async def test_a_page_of_the_demonstration_s_own_host_is_let_in(pages):
    stage = make_live_stage()

    await opened(pages, stage, host="127.0.0.1:9123", origin="http://127.0.0.1:9123")


async def test_outside_tests_and_demonstration_only_our_addresses_are_let_in(pages, settings):
    settings.TESTING = False
    page = Page(make_live_stage(), host="127.0.0.1:9123", origin="http://127.0.0.1:9123")

    accepted, _code = await page.connect(timeout=8)

    assert not accepted


async def test_one_query_lets_somebody_in(pages, django_assert_num_queries):
    from congress.live import entry

    stage = make_live_stage()
    keys = [sign_in(person) for person in make_voters(stage, 3)]
    wanted = [entry.Wanted(key, stage.edition.slug, stage.slug) for key in keys]

    with django_assert_num_queries(1):
        visitors = entry.look_up(wanted)

    assert [visitor.kind for visitor in visitors] == ["attendee"] * 3


async def test_a_ticket_saves_the_look_up(pages, client, monkeypatch):
    from congress.live import entry

    stage = make_live_stage()
    person = make_admission(stage.edition).person
    client.force_login(person)
    response = client.get(f"/{stage.edition.slug}/live/{stage.slug}/")
    ticket = response.context["settings"]["ticket"]
    session = client.cookies["sid"].value
    asked = []
    monkeypatch.setattr(
        entry.door, "work", lambda wanted: asked.extend(wanted) or [entry.Refusal(4403)]
    )

    page = Page(stage, session, query=f"?ticket={ticket}")
    await page.connect()
    pages.append(page)

    assert (await page.hear("state"))["you"]["kind"] == "attendee"
    assert not asked


async def test_a_ticket_of_another_session_counts_for_nothing(pages, client):
    stage = make_live_stage()
    client.force_login(make_admission(stage.edition).person)
    response = client.get(f"/{stage.edition.slug}/live/{stage.slug}/")
    ticket = response.context["settings"]["ticket"]

    page = Page(stage, sign_in(make_user()), query=f"?ticket={ticket}")

    assert await refused(pages, page) == 4403


async def test_the_21st_page_of_a_person_replaces_the_oldest(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    first, _ = await opened(pages, stage, person)
    for _number in range(19):
        await opened(pages, stage, person)
    assert await first.receive_nothing(timeout=0.05)

    await opened(pages, stage, person)

    assert await first.closed() == 4409


async def test_pages_in_another_process_count_as_well(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    first, _ = await opened(pages, stage, person)
    second, _ = await opened(pages, stage, person)
    newer = [time.time() + number for number in range(19)]

    news.tell(sockets.HELD, held=[["another process", person, newer]])

    assert await first.closed() == 4409
    assert await second.receive_nothing(timeout=0.3)


async def test_other_processes_hear_of_several_pages_of_a_person(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    heard = []
    news.listener().hear(sockets.HELD, lambda body: heard.extend(body.get("held", [])))
    await news.listener().subscribed(sockets.HELD)

    for _number in range(3):
        await opened(pages, stage, person)
    await pages.pop().disconnect()
    async with asyncio.timeout(8):
        while not heard or len(heard[-1][2]) != 2:  # noqa: ASYNC110  # the callback is not ours
            await asyncio.sleep(0.02)

    assert {who for _process, who, _moments in heard} == {person}


async def test_pages_of_a_process_that_says_nothing_more_are_forgotten(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    first, _ = await opened(pages, stage, person)
    guard = sockets.guard()
    guard._held({"held": [["killed", person, [time.time() + 60] * 19]]})

    guard._refresh_held(time.monotonic() + 3 * sockets.LOOK_AGAIN_SECONDS)
    await opened(pages, stage, person)

    assert await first.receive_nothing(timeout=0.3)


async def test_a_ticket_of_a_session_that_ended_meanwhile_holds_for_a_moment_only(pages, client):
    stage = make_live_stage()
    client.force_login(make_admission(stage.edition).person)
    response = client.get(f"/{stage.edition.slug}/live/{stage.slug}/")
    ticket = response.context["settings"]["ticket"]
    session = client.cookies["sid"].value
    BrowserSession.objects.filter(session_key=session).delete()

    page = Page(stage, session, query=f"?ticket={ticket}")
    await page.connect()
    pages.append(page)

    assert await page.closed(seconds=5) == 4401


async def test_observers_watch_without_an_admission(pages):
    stage = make_live_stage()
    role = make_role(Role.Kind.OBSERVER, stage.edition)

    page, state = await opened(pages, stage, role.person)

    assert state["you"]["kind"] == "observer"
    poll = make_open_poll(stage)
    answer = await page.ask(type="vote", id="a", poll=poll.pk, choices=[option_ids(poll)[0]])
    assert answer["code"] == "not_admitted"


# --- Voting ---------------------------------------------------------------------------------------------


async def test_an_ack_means_committed(pages):
    stage = make_live_stage()
    poll = make_open_poll(stage)
    (person,) = make_voters(stage, 1)
    page, _ = await opened(pages, stage, person)

    answer = await page.ask(type="vote", id="a1", poll=poll.pk, choices=[option_ids(poll)[1]])

    assert answer == {"type": "ack", "id": "a1"}
    assert Participation.objects.filter(poll=poll, person_id=person).exists()


async def test_a_second_vote_is_acked_and_not_counted(pages):
    stage = make_live_stage()
    poll = make_open_poll(stage)
    page, _ = await opened(pages, stage)
    vote = {"type": "vote", "poll": poll.pk, "choices": [option_ids(poll)[1]]}
    await page.ask(id="a1", **vote)

    answer = await page.ask(id="a2", **vote)

    assert answer == {"type": "ack", "id": "a2", "already": True}
    assert Participation.objects.count() == 1


async def test_a_closed_poll_answers_poll_closed(pages):
    stage = make_live_stage()
    poll = make_open_poll(stage)
    actions.close_poll(poll=poll, now=NOW)
    page, _ = await opened(pages, stage)

    answer = await page.ask(type="vote", id="a1", poll=poll.pk, choices=[option_ids(poll)[0]])

    assert (answer["type"], answer["id"], answer["code"]) == ("error", "a1", "poll_closed")
    assert answer["message"] == "Diese Umfrage ist geschlossen."
    assert not Participation.objects.exists()


async def test_foreign_options_and_polls_are_not_found(pages):
    stage = make_live_stage()
    poll, other = make_open_poll(stage), make_open_poll(make_stage(stage.edition))
    page, _ = await opened(pages, stage)

    async def code(poll_id, *choices):
        return (await page.ask(type="vote", id="x", poll=poll_id, choices=choices))["code"]

    assert await code(poll.pk, option_ids(other)[0]) == "not_found"
    assert await code(other.pk, option_ids(other)[0]) == "not_found"
    assert await code(-1, 1) == "not_found"
    assert await code(10**30, 1) == "not_found"
    assert await code(make_poll(stage).pk, 1) == "not_found"
    assert not Participation.objects.exists()


async def test_the_press_may_not_vote(pages):
    stage = make_live_stage()
    poll = make_open_poll(stage)
    page, state = await opened(pages, stage, make_admission(stage.edition, kind="press").person)

    answer = await page.ask(type="vote", id="a", poll=poll.pk, choices=[option_ids(poll)[0]])

    assert state["you"]["kind"] == "press"
    assert answer["code"] == "forbidden"
    assert not Participation.objects.exists()


async def test_a_vote_shows_on_every_page_of_the_person(pages):
    stage = make_live_stage()
    poll = make_open_poll(stage)
    (person,) = make_voters(stage, 1)
    first, _ = await opened(pages, stage, person)
    second, _ = await opened(pages, stage, person)

    await first.ask(type="vote", id="a", poll=poll.pk, choices=[option_ids(poll)[0]])

    assert (await second.hear("you"))["voted"] == [poll.pk]


# --- What is shown -----------------------------------------------------------------------------------------


async def test_counts_come_with_the_fifth_vote_and_the_total_with_the_first(pages):
    stage = make_live_stage()
    people = make_voters(stage, 5)
    poll = make_open_poll(stage)
    page, _ = await opened(pages, stage)
    yes, no, perhaps = option_ids(poll)

    async def after(*voters):
        await asyncio.sleep(0.3)
        voting = [actions.Ballot(person, stage.pk, poll.pk, (yes,)) for person in voters]
        actions.cast_votes(voting)
        live.stage_changed(stage.pk)
        return await page.hear("results")

    assert await after(*people[:1]) == {
        "type": "results", "poll": poll.pk, "rev": 1, "total": 1, "counts": None
    }  # fmt: skip
    assert (await after(*people[1:4]))["counts"] is None
    assert await after(people[4]) == {
        "type": "results", "poll": poll.pk, "rev": 3, "total": 5,
        "counts": {str(yes): 5, str(no): 0, str(perhaps): 0},
    }  # fmt: skip


async def test_many_votes_make_few_frames(pages):
    stage = make_live_stage()
    people = make_voters(stage, 40)
    poll = make_open_poll(stage)
    page, _ = await opened(pages, stage)
    yes, *_ = option_ids(poll)

    for person in people:
        actions.cast_votes([actions.Ballot(person, stage.pk, poll.pk, (yes,))])
        live.stage_changed(stage.pk)
        await asyncio.sleep(0.01)
    frames = [await page.hear("results")]
    while frames[-1]["total"] < 40:
        frames.append(await page.hear("results"))

    assert len(frames) <= 5
    revs = [frame["rev"] for frame in frames]
    assert revs == sorted(set(revs))


async def test_results_after_the_vote_are_for_those_who_voted(pages):
    stage = make_live_stage()
    people = make_voters(stage, 6)
    poll = make_open_poll(stage, results_show=Poll.Shows.AFTER_VOTE)
    yes, *_ = option_ids(poll)
    actions.cast_votes([actions.Ballot(one, stage.pk, poll.pk, (yes,)) for one in people[:5]])
    press = make_admission(stage.edition, kind="press").person
    moderator = make_role(Role.Kind.MODERATOR, stage.edition, stage=stage).person

    _, voted = await opened(pages, stage, people[0])
    waits, waiting = await opened(pages, stage, people[5])
    _, watching = await opened(pages, stage, press)
    _, running = await opened(pages, stage, moderator)

    shown = [state["poll"]["results"]["counts"] for state in (voted, waiting, watching, running)]
    assert [counts is not None for counts in shown] == [True, False, False, True]
    assert all(
        state["poll"]["results"]["total"] == 5 for state in (voted, waiting, watching, running)
    )

    await waits.ask(type="vote", id="a", poll=poll.pk, choices=[yes])
    while (frame := await waits.hear("results"))["rev"] < 2:
        pass
    assert frame["counts"][str(yes)] == 6


@pytest.mark.parametrize(
    ("shows", "open_", "closed", "published"),
    [
        (Poll.Shows.LIVE, True, True, True),
        (Poll.Shows.AFTER_VOTE, False, True, True),
        (Poll.Shows.ON_CLOSE, False, True, True),
        (Poll.Shows.ON_PUBLISH, False, False, True),
    ],
)
async def test_results_show_when_it_was_said(pages, shows, open_, closed, published):
    stage = make_live_stage()
    people = make_voters(stage, 6)
    poll = make_open_poll(stage, results_show=shows)
    yes, *_ = option_ids(poll)
    actions.cast_votes([actions.Ballot(one, stage.pk, poll.pk, (yes,)) for one in people[:5]])

    page, state = await opened(pages, stage, people[5])
    seen = [state["poll"]["results"]["counts"] is not None]
    actions.close_poll(poll=poll, now=NOW)
    frame = await page.hear("stage")
    assert frame["poll"]["state"] == "closed"
    seen.append(frame["poll"]["results"]["counts"] is not None)
    actions.publish_poll(poll=poll, now=NOW)
    frame = await page.hear("stage")
    seen.append(frame["poll"]["results"]["counts"] is not None)

    assert seen == [open_, closed, published]


async def test_every_change_of_the_stage_is_one_version_further(pages):
    stage = make_live_stage()
    page, state = await opened(pages, stage)

    poll = make_open_poll(stage)
    frame = await page.hear("stage")

    assert list(frame) == ["type", "seq", "now", "stage", "poll"]
    assert frame["seq"] == state["seq"] + 1
    assert frame["poll"]["id"] == poll.pk


async def test_one_audience_gets_the_same_bytes(pages):
    stage = make_live_stage()
    first, _ = await opened(pages, stage)
    second, _ = await opened(pages, stage)

    make_open_poll(stage)

    assert await first.receive_from(timeout=3) == await second.receive_from(timeout=3)


async def test_a_heartbeat_tells_all_versions(pages, monkeypatch):
    from congress.live import hubs

    monkeypatch.setattr(hubs, "HEARTBEAT_SECONDS", 0.3)
    stage = make_live_stage()
    poll = make_open_poll(stage)
    page, state = await opened(pages, stage)

    beat = await page.hear("heartbeat")

    assert beat.pop("now").startswith("2021-03-18T09:00:")
    assert beat == {
        "type": "heartbeat",
        "seq": state["seq"],
        "rev": {str(poll.pk): 0},
        "questions": 0,
    }


async def test_resume_brings_the_whole_state(pages):
    stage = make_live_stage()
    page, before = await opened(pages, stage)

    await page.tell(type="resume", id="a0")

    state = await page.hear("state")
    assert state | {"now": ""} == before | {"now": ""}
    assert await page.hear("ack") == {"type": "ack", "id": "a0"}


async def test_ping_is_answered(pages):
    page, _ = await opened(pages, make_live_stage())

    assert await page.ask(type="ping", id="a5") == {"type": "ack", "id": "a5"}
    assert await page.ask(type="ping") == {"type": "ack", "id": None}


async def test_what_stages_do_not_take_is_declined(pages):
    page, _ = await opened(pages, make_live_stage())

    answers = [
        await page.ask(type="ask", id="1", text="Wie teuer ist das?"),
        await page.ask(type="support", id="2", question=5),
        await page.ask(type="rate", id="3", session="A12", stars=4, comment=""),
    ]

    assert [answer["code"] for answer in answers] == ["forbidden", "not_found", "not_found"]


# --- Limits ------------------------------------------------------------------------------------------------


async def test_whoever_is_too_fast_is_told_and_slows_nobody(pages):
    stage = make_live_stage()
    page, _ = await opened(pages, stage)
    other, _ = await opened(pages, stage)

    for _number in range(30):
        await page.tell(type="ping", id="p")
    answers = [await page.hear("ack", "error") for _number in range(30)]

    assert [answer["type"] for answer in answers] == ["ack"] * 20 + ["error"] * 10
    assert {answer["code"] for answer in answers[20:]} == {"too_fast"}
    assert (await other.ask(type="ping", id="o"))["type"] == "ack"


async def test_the_limit_is_of_the_person_not_of_the_page(pages):
    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    first, _ = await opened(pages, stage, person)
    second, _ = await opened(pages, stage, person)
    for _number in range(20):
        await first.ask(type="ping")

    assert (await second.ask(type="ping"))["code"] == "too_fast"


async def test_a_hundred_refused_frames_end_the_socket(pages, monkeypatch):
    monkeypatch.setattr(limits.buckets, "take", lambda person: False)
    page, _ = await opened(pages, make_live_stage())

    for _number in range(100):
        await page.tell(type="ping")
        await page.hear("error")

    assert await page.closed() == 4429


async def test_a_frame_over_16_kib_ends_the_socket(pages):
    page, _ = await opened(pages, make_live_stage())

    await page.send_to(text_data=json.dumps({"type": "ask", "text": "x" * 17000}))

    assert await page.closed() == 1009


@pytest.mark.parametrize("garbage", [{"text_data": "{"}, {"bytes_data": b"\x00{}"}], ids=str)
async def test_a_hundred_bad_frames_are_too_fast_like_any_refused(pages, garbage):
    page, _ = await opened(pages, make_live_stage())

    for _number in range(100):
        await page.send_to(**garbage)
        assert (await page.hear("error"))["code"] == "bad_frame"

    assert await page.closed() == 4429


async def test_garbage_of_all_kinds_together_is_too_fast(pages):
    page, _ = await opened(pages, make_live_stage())

    for number in range(100):
        if number % 2:
            await page.tell(type="close", id="n")
        else:
            await page.send_to(text_data="no JSON")
        await page.hear("error")

    assert await page.closed() == 4429


async def test_ninety_nine_are_answered(pages):
    page, _ = await opened(pages, make_live_stage())

    for _number in range(99):
        await page.send_to(text_data="{")
        await page.hear("error")

    assert (await page.ask(type="ping", id="p")) == {"type": "ack", "id": "p"}


async def test_bad_frames_that_come_slowly_and_do_not_stop_end_the_socket(pages):
    page, _ = await opened(pages, make_live_stage())
    (socket,) = sockets.guard()
    # Two a second for the last fifty seconds: never a hundred within ten.
    now = time.monotonic()
    for number in range(98):
        assert not socket._bad.out(now - (99 - number) / 2)

    await page.send_to(text_data="{")
    assert (await page.hear("error"))["code"] == "bad_frame"
    assert (await page.ask(type="ping", id="p")) == {"type": "ack", "id": "p"}
    await page.send_to(text_data="{")

    assert await page.closed() == 4400


async def test_a_reader_that_does_not_read_is_dropped_and_slows_nobody(pages, monkeypatch):
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.5)
    stage = make_live_stage()
    await opened(pages, stage)
    other, _ = await opened(pages, stage)
    (socket,) = [one for one in sockets.guard() if one.base_send is not None][:1]
    release = asyncio.Event()

    async def never(message):
        await release.wait()

    monkeypatch.setattr(socket, "base_send", never)
    make_open_poll(stage)

    assert (await other.hear("stage"))["type"] == "stage"
    for _second in range(40):
        await asyncio.sleep(0.1)
        if socket not in list(sockets.guard()):
            break
    assert socket not in list(sockets.guard())
    assert not socket.is_open
    release.set()


async def test_a_fault_of_ours_is_logged_once_and_the_socket_stays(pages, monkeypatch, caplog):
    from polls import voting

    page, _ = await opened(pages, make_live_stage())

    async def broken(ballot):
        raise RuntimeError("a fault")

    monkeypatch.setattr(voting, "cast", broken)
    answer = await page.ask(type="vote", id="a", poll=1, choices=[1])

    assert (answer["code"], answer["id"]) == ("busy", "a")
    assert len([line for line in caplog.records if answer["fault"] in line.getMessage()]) == 1
    assert (await page.ask(type="ping"))["type"] == "ack"


def test_the_origin_of_tests_is_ours():
    assert ORIGIN == "http://testserver"
