"""The Generalprobe against a real site (no browser): it counts right, and leaves nothing behind, however it ends."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from congress.local.places import ROOT
from congress.models import Admission, Edition, Stage, User
from polls.models import Participation, Poll, RehearsalReport, StageState
from polls.rehearsal import running
from polls.rehearsal.crowd import Crowd
from polls.rehearsal.viewers import SocketViewer
from tests.e2e import site as running_site
from tests.e2e.conftest import started

Answer = TypeVar("Answer")
# Its own place in the journal of versions: every rehearsal counts it up.
MOVES = {"polls_rehearsalreport", "polls_stagestate"}


@pytest.fixture(scope="module")
def site(directory: Path, django_db_blocker: Any) -> Iterator[running_site.Site]:
    site = running_site.Site("rehearsal", directory)
    with started(site, django_db_blocker):
        yield site


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


def rehearsal_with_an_open_poll(site: running_site.Site) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command(site, "--viewers", "20"),
        cwd=ROOT,
        env=running_site.environment(site.database, SITE_URLS=site.address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: Poll.objects.filter(text=running.QUESTION, state="open").exists())
    return process


def shown() -> tuple[int | None, str | None, str]:
    """What the plenary shows: its poll, that poll's state, and the text over the picture."""
    state = StageState.objects.select_related("active_poll").get(stage__slug="plenum")
    poll = state.active_poll
    return state.active_poll_id, poll.state if poll else None, state.overlay


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["single", "word_cloud"])
def test_a_rehearsal_counts_right_and_leaves_no_row_behind(site, kind):
    before, on_stage = rows(), shown()

    done = rehearse(site, "--viewers", "20", "--kind", kind)

    assert done.returncode == 0, done.stdout + done.stderr
    assert rows() == before
    assert shown() == on_stage
    figures = RehearsalReport.objects.get(stage__slug="plenum").figures
    assert {name: figures[name] for name in ("sockets", "pages", "cuts", "votes", "total")} == {
        "sockets": 18, "pages": 2, "cuts": 2, "votes": 20, "total": 20,
    }  # fmt: skip
    assert [figures[name] for name in ("lost", "doubled", "wrong", "odd")] == [0, 0, 0, 0]
    assert (figures["steps"], figures["steps_missed"]) == (running.STEPS, 0)
    assert figures["step"]["p50"] > 0
    assert (figures["questions"], figures["questions_unanswered"], figures["shown_missed"]) == (
        18,
        0,
        0,
    )
    assert figures["shown"]["p50"] > 0
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
    acked, total = in_a_loop(vote(site.address, [ticket["cookie"] for ticket in tickets[:3]]))
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
    process = rehearsal_with_an_open_poll(site)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(lambda: not locked())
    assert rows() != before

    rehearse(site, "--cleanup")

    assert rows() == before
    assert shown() == on_stage


@pytest.mark.slow
def test_ctrl_c_removes_everything(site):
    before, on_stage = rows(), shown()
    process = rehearsal_with_an_open_poll(site)
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

    assert in_a_loop(watched()) == 1


ASK_WHO_IS_THERE = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congress.settings")
django.setup()
from congress.models import Stage
from polls import presence
print(presence.people_on(Stage.objects.get(pk={stage})))
"""


def in_a_loop(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """In a thread of its own: the browser's keeps a loop open in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def until(holds: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        return bool(cursor.fetchone()[0])
