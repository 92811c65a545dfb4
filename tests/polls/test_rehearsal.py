"""The Generalprobe against a real site: it counts right, and leaves nothing behind, however it ends."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from congress.local.places import ROOT
from congress.models import Admission, Edition, Stage, User
from polls import presence
from polls.models import Participation, Poll, RehearsalReport, StageState, Tally
from polls.rehearsal import people, running, verdict
from polls.rehearsal.crowd import Crowd
from polls.rehearsal.viewers import SocketViewer
from tests.e2e import site as running_site
from tests.factories import make_admission, make_edition, make_role, make_stage

# Its own place in the journal of versions: every rehearsal counts it up.
MOVES = {"polls_rehearsalreport", "polls_stagestate"}


@pytest.fixture(scope="module")
def site(django_db_blocker: Any) -> Iterator[running_site.Site]:
    place = Path(settings.LOCAL_DIR) / "rehearsal"
    place.mkdir()
    with django_db_blocker.unblock():
        made = running_site.TEMPLATE in databases()
        if not made:
            running_site.make_template(place / "prepare.log")
        site = running_site.Site("rehearsal", place)
        try:
            site.start()
            with site.looked_into():
                yield site
        finally:
            site.stop()
            if not made:
                running_site.maintain(
                    "DROP DATABASE IF EXISTS {} WITH (FORCE)", running_site.TEMPLATE
                )


def databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def rows() -> dict[str, int]:
    """Of every table."""
    counted = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counted[table] = cursor.fetchone()[0]
    return {table: count for table, count in counted.items() if table not in MOVES}


def command(site: running_site.Site, *arguments: str) -> list[str]:
    return [sys.executable, "manage.py", "rehearse", "2021", "plenum", *arguments]


def rehearse(site: running_site.Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(site, *arguments),
        cwd=ROOT,
        env=running_site.environment(site.database, SITE_URLS=site.address),
        capture_output=True,
        text=True,
        timeout=60,
    )


def shown() -> tuple[int | None, str | None]:
    """What the plenary shows: its poll and that poll's state."""
    state = StageState.objects.select_related("active_poll").get(stage__slug="plenum")
    return state.active_poll_id, state.active_poll.state if state.active_poll else None


@pytest.mark.slow
def test_a_rehearsal_counts_right_and_leaves_no_row_behind(site):
    before, on_stage = rows(), shown()

    done = rehearse(site, "--viewers", "20")

    assert done.returncode == 0, done.stdout + done.stderr
    assert rows() == before
    assert shown() == on_stage
    figures = RehearsalReport.objects.get(stage__slug="plenum").figures
    assert {name: figures[name] for name in ("sockets", "pages", "cuts", "votes", "total")} == {
        "sockets": 18, "pages": 2, "cuts": 2, "votes": 20, "total": 20,
    }  # fmt: skip
    assert [figures[name] for name in ("lost", "doubled", "wrong", "odd")] == [0, 0, 0, 0]
    assert "Jede Stimme wurde einmal gezählt" in done.stdout
    assert "Every vote was counted once" in done.stdout


@pytest.mark.slow
def test_a_ticket_opens_a_socket_and_votes_and_cleanup_removes_all_of_it(site, tmp_path):
    before, on_stage = rows(), shown()
    file = tmp_path / "tickets"

    done = rehearse(site, "--viewers", "3", "--tickets", str(file))

    assert done.returncode == 0, done.stderr
    tickets = [json.loads(line) for line in file.read_text().splitlines()]
    assert [ticket["kind"] for ticket in tickets] == ["viewer"] * 3 + ["moderator"]
    assert all(list(ticket) == ["kind", "cookie"] for ticket in tickets)
    assert file.stat().st_mode & 0o077 == 0
    poll = Poll.objects.get(stage__slug="plenum", state="open")
    acked, total = asyncio.run(vote(site.address, [ticket["cookie"] for ticket in tickets[:3]]))
    assert (acked, total) == (3, 3)
    assert Participation.objects.filter(poll=poll).count() == 3
    assert console(site, tickets[3]["cookie"]) == 200
    assert console(site, tickets[0]["cookie"]) == 403

    done = rehearse(site, "--cleanup")

    assert "3" in done.stdout or "4" in done.stdout
    assert rows() == before
    assert shown() == on_stage
    assert console(site, tickets[3]["cookie"]) == 302


async def vote(address: str, cookies: list[str]) -> tuple[int, int]:
    crowd = Crowd(address, "2021", "plenum")
    crowd.sockets = [SocketViewer(crowd, n, cookie) for n, cookie in enumerate(cookies)]
    await crowd.connect(crowd.sockets)
    await crowd.poll_is_open(5)
    await crowd.vote(crowd.sockets, 0.2)
    await crowd.all_answered(5)
    await crowd.all_show(len(cookies), 5)
    acked, total = len(crowd.sent), crowd.sockets[0].total
    crowd.close()
    return acked, total


def console(site: running_site.Site, cookie: str) -> int:
    browser = Client()
    name, _, value = cookie.partition("=")
    browser.cookies[name] = value
    return browser.get("/2021/moderation/plenum/").status_code


@pytest.mark.slow
def test_after_a_killed_rehearsal_cleanup_puts_everything_back(site):
    before, on_stage = rows(), shown()
    process = subprocess.Popen(
        command(site, "--viewers", "20"),
        cwd=ROOT,
        env=running_site.environment(site.database, SITE_URLS=site.address),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: Poll.objects.filter(text=running.QUESTION, state="open").exists())
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not locked())
    assert rows() != before

    rehearse(site, "--cleanup")

    assert rows() == before
    assert shown() == on_stage


@pytest.mark.slow
def test_ctrl_c_removes_everything(site):
    before, on_stage = rows(), shown()
    process = subprocess.Popen(
        command(site, "--viewers", "20"),
        cwd=ROOT,
        env=running_site.environment(site.database, SITE_URLS=site.address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: Poll.objects.filter(text=running.QUESTION, state="open").exists())
    process.send_signal(signal.SIGINT)
    _output, error = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Abgebrochen" in error
    assert rows() == before
    assert shown() == on_stage


@pytest.mark.slow
def test_it_refuses_while_somebody_watches_in_an_edition_that_is_none_of_practice(site):
    edition = Edition.objects.get(slug="2021")
    stage = Stage.objects.select_related("edition").get(edition=edition, slug="plenum")
    person = User.objects.filter(admissions__kind=Admission.Kind.ATTENDEE).first()
    browser = Client()
    browser.force_login(person)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"

    async def watched() -> int:
        crowd = Crowd(site.address, "2021", "plenum")
        crowd.sockets = [SocketViewer(crowd, 0, cookie)]
        await crowd.connect(crowd.sockets)
        try:
            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", ASK_WHO_IS_THERE.format(stage=stage.pk)],
                cwd=ROOT,
                env=running_site.environment(site.database),
                capture_output=True,
                text=True,
                timeout=30,
            )
            return int(done.stdout or done.stderr)
        finally:
            crowd.close()

    assert asyncio.run(watched()) == 1


ASK_WHO_IS_THERE = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congress.settings")
django.setup()
from congress.models import Stage
from polls import presence
print(presence.people_on(Stage.objects.get(pk={stage})))
"""


def until(holds: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        return bool(cursor.fetchone()[0])


# --- Without a site ------------------------------------------------------------------------------------------


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
    from tests.polls.factories import make_live_stage, make_open_poll, make_voters, option_ids
    from tests.polls.factories import vote as cast

    stage = make_live_stage()
    (person,) = make_voters(stage, 1)
    poll = make_open_poll(stage)
    cast(poll, person, option_ids(poll)[0])

    company = running.prepare(stage, 5)
    running.open_poll(stage, company)
    people.remove(stage)

    poll.refresh_from_db()
    assert (poll.state, poll.closed_at, poll.result) == ("open", None, None)
    assert StageState.objects.get(stage=stage).active_poll == poll
    assert sum(Tally.objects.filter(poll=poll).values_list("count", flat=True)) == 1
    assert not people.of_stage(stage).exists()
    assert Poll.objects.count() == 1


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
