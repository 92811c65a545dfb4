"""One rehearsal from beginning to end: people, crowd, poll, figures; everything removed whatever happens."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from congress.errors import Refused
from congress.models import Admission, Stage
from congress.models.database import StatementNow
from polls import actions, asking, directing, presence, queries
from polls.models import MOST_WORDS, Participation, Poll, Question, RehearsalReport, StageState
from polls.rehearsal import people, servers
from polls.voting import WORDS_SECONDS

SECONDS_TO_VOTE = 5.0
MOST_VIEWERS = 15_000
QUESTION = "Generalprobe: Kommt Ihre Stimme an?"
ANSWERS = ("Ja", "Nein", "Vielleicht", "Das zeigt sich gleich")
_MOST: dict[str, int] = {Poll.Kind.MULTIPLE: len(ANSWERS), Poll.Kind.WORD_CLOUD: MOST_WORDS}
# The director's steps: apart enough that each reaches everybody for itself.
STEPS, SECONDS_BETWEEN_STEPS = 10, 0.3
ASKING = 20
_LOCK = 0x47656E65  # "Gene"

# Called with what is going on, how far it is, and of how many.
Tell = Callable[[str, int, int], None]


class PeopleAreConnected(Refused):
    message = _(
        "People are watching this stage right now. A rehearsal would show them its poll. Please rehearse in a practice "
        "edition, or when nobody is there."
    )


class CannotAskWhoIsThere(Refused):
    message = _(
        "Redis does not answer, so there is no telling whether people are watching this stage. Nothing was started."
    )


class AnotherPollIsOpen(Refused):
    message = _("A poll is open on this stage. Please close it first.")


class AnotherRehearsalRuns(Refused):
    message = _("Another rehearsal of this stage is running.")


class NobodyServes(Refused):
    message = _(
        "No server answers at this address. Please start it, or name another one with --address."
    )


class NotSoMany(Refused):
    message = _("At least 1 and at most 15,000 simulated viewers come from one computer.")


class CrowdBroke(Refused):
    message = _("The simulated viewers stopped by a fault of their own.")


@contextmanager
def alone(stage: Stage) -> Iterator[None]:
    """One rehearsal of a stage at a time; ends with the process. Raises `AnotherRehearsalRuns`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, stage.pk])
        if not cursor.fetchone()[0]:
            raise AnotherRehearsalRuns
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, stage.pk])


def insist_on_nobody(stage: Stage) -> None:
    """Raises `PeopleAreConnected` or `CannotAskWhoIsThere`. In a practice edition everybody knows what they see."""
    if stage.edition.practice:
        return
    try:
        if presence.people_on(stage):
            raise PeopleAreConnected
    except presence.NobodyAnswers as error:
        raise CannotAskWhoIsThere from error
    if Poll.objects.open().filter(stage=stage, rehearsal_reports=None).exists():
        raise AnotherPollIsOpen


def insist_on_a_server(address: str) -> None:
    """Raises `NobodyServes`."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NobodyServes
    try:
        with urlopen(f"{address.rstrip('/')}/healthz", timeout=5):  # noqa: S310  # http only, see above
            return
    except (URLError, OSError, ValueError) as error:
        raise NobodyServes from error


def prepare(stage: Stage, viewers: int) -> people.Company:
    """The stage cleared of an earlier rehearsal and of an open poll, and people to rehearse with."""
    people.remove(stage)
    report, _created = RehearsalReport.objects.get_or_create(stage=stage)
    people.set_aside(stage, report)
    return people.make(stage, viewers)


def open_poll(stage: Stage, company: people.Company, kind: str = Poll.Kind.SINGLE) -> Poll:
    """A poll of the rehearsal's own, by the same actions as everybody's."""
    now = stage.edition.now()
    poll = actions.create_poll(
        stage=stage,
        text=QUESTION,
        answers=ANSWERS,
        kind=kind,
        max_choices=_MOST.get(kind, 1),
        now=now,
        by=company.moderator,
    )
    RehearsalReport.objects.filter(stage=stage).update(poll=poll)
    actions.open_poll(poll=poll, now=now, by=company.moderator)
    return poll


def write_tickets(stage: Stage, *, viewers: int, file: Path, kind: str = Poll.Kind.SINGLE) -> Poll:
    """Cookies for an outside load generator, and an open poll; all of it stays until `clean_up`. Raises `Refused`."""
    _insist_on_number(viewers)
    insist_on_nobody(stage)
    with alone(stage):
        try:
            company = prepare(stage, viewers)
            lines = [{"kind": "viewer", "cookie": cookie} for cookie in company.viewers]
            lines.append({"kind": "moderator", "cookie": company.moderator_cookie})
            file.touch(mode=0o600)
            file.write_text("".join(json.dumps(line) + "\n" for line in lines))
            return open_poll(stage, company, kind)
        except BaseException:
            people.remove(stage)
            raise


def clean_up(stage: Stage) -> int:
    """Remove what a rehearsal, or the tickets of one, left. Returns how many people. Raises `AnotherRehearsalRuns`."""
    with alone(stage):
        return people.remove(stage)


def rehearse(
    stage: Stage, *, viewers: int, address: str, tell: Tell, kind: str = Poll.Kind.SINGLE
) -> RehearsalReport:
    """The whole Generalprobe. Raises `Refused`; removes everything whatever happens."""
    _insist_on_number(viewers)
    insist_on_a_server(address)
    insist_on_nobody(stage)
    with alone(stage):
        try:
            tell("people", 0, viewers)
            company = prepare(stage, viewers)
            tell("people", viewers, viewers)
            figures = _run(stage, company, address, tell, kind)
        finally:
            tell("remove", 0, 1)
            people.remove(stage)
            tell("remove", 1, 1)
    figures["admitted"] = (
        Admission.objects.in_force()
        .filter(edition=stage.edition)
        .exclude(kind=Admission.Kind.REHEARSAL)
        .count()
    )
    report = RehearsalReport.objects.get(stage=stage)
    report.viewers, report.figures = viewers, figures
    report.began_at = StatementNow()
    report.save(update_fields=["viewers", "figures", "began_at"])
    report.refresh_from_db()
    return report


def _insist_on_number(viewers: int) -> None:
    if not 1 <= viewers <= MOST_VIEWERS:
        raise NotSoMany


def _run(
    stage: Stage, company: people.Company, address: str, tell: Tell, kind: str
) -> dict[str, Any]:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    processes = servers.processes((parts.hostname or "", port))
    before = servers.memory_kib(processes)
    job = {
        "address": address,
        "edition": stage.edition.slug,
        "stage": stage.slug,
        "cookies": company.viewers,
        "pages": len(company.viewers) // 10,
        "cut": len(company.viewers) // 10,
        "asking": ASKING if people.take_questions(stage, by=company.moderator) else 0,
        "seconds": SECONDS_TO_VOTE,
    }
    entered, memory, cpu = 0, 0, 0.0
    poll: Poll | None = None
    crowd = Crowd(job)
    for said in crowd:
        if said["say"] == "progress":
            tell(said["what"], said["done"], said["of"])
        elif said["say"] == "connected":
            entered = said["entered"]
            memory, cpu = servers.memory_kib(processes) - before, servers.cpu_seconds(processes)
            poll = open_poll(stage, company, kind)
        elif said["say"] == "voted" and poll is not None:
            cpu = servers.cpu_seconds(processes) - cpu
            actions.close_poll(poll=poll, now=stage.edition.now(), by=company.moderator)
            crowd.tell(_step(stage, company, tell))
        elif said["say"] == "asked":
            crowd.tell(_show_questions(stage, company, tell))
        elif said["say"] == "figures" and poll is not None:
            figures = {name: value for name, value in said.items() if name != "say"}
            return (
                figures
                | _counted(poll, figures)
                | {
                    "tick_ms": round(WORDS_SECONDS * 1000) if poll.is_word_cloud else 0,
                    "entered": entered,
                    "cpu": round(cpu, 2) if processes else None,
                    "memory_per_viewer": round(memory / entered, 1)
                    if processes and entered
                    else None,
                }
            )
    raise CrowdBroke


def _counted(poll: Poll, figures: dict[str, Any]) -> dict[str, Any]:
    """What the database says: sums against participations, participations against confirmations."""
    results, _answers = queries.results(poll.pk)
    took_part = Participation.objects.filter(poll=poll).count()
    sums = sum(results.counts.values())
    return {
        "total": results.total,
        "lost": max(0, figures["acknowledged"] - min(results.total, took_part, sums)),
        "doubled": max(0, max(results.total, sums) - took_part),
    }


def _step(stage: Stage, company: people.Company, tell: Tell) -> list[tuple[int, float]]:
    """The director's steps: a text over the picture, and away again. Number of the stage and moment of each."""
    steps = []
    before = StageState.objects.get(stage=stage).overlay
    for number in range(STEPS):
        tell("step", number, STEPS)
        time.sleep(SECONDS_BETWEEN_STEPS)
        text = people.OVERLAY if number % 2 == 0 else before
        began, now = time.monotonic(), stage.edition.now()
        directing.set_overlay(stage=stage, text=text, now=now, by=company.moderator)
        steps.append((StageState.objects.get(stage=stage).seq, began))
    tell("step", STEPS, STEPS)
    return steps


def _show_questions(stage: Stage, company: people.Company, tell: Tell) -> list[tuple[int, float]]:
    """Half of the questions let through. Number of the stage's questions and moment of each."""
    asked = list(people.questions(stage).filter(state=Question.State.PENDING)[: ASKING // 2])
    shown = []
    for number, question in enumerate(asked):
        tell("show", number, len(asked))
        time.sleep(SECONDS_BETWEEN_STEPS)
        began = time.monotonic()
        asking.show(question=question, now=stage.edition.now(), by=company.moderator)
        shown.append((StageState.objects.get(stage=stage).questions_rev, began))
    tell("show", len(asked), len(asked))
    return shown


class Crowd:
    """The simulated viewers, in a process of their own: what it says, line by line."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._process: subprocess.Popen[str] | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "polls.rehearsal.crowd"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C in the terminal reaches us, and we end it
        )
        try:
            self.tell(self._job)
            assert self._process.stdout is not None  # noqa: S101  # a pipe
            for line in self._process.stdout:
                yield json.loads(line)
        finally:
            self._process.kill()
            self._process.wait()

    def tell(self, what: Any) -> None:
        """Raises `CrowdBroke`."""
        assert self._process is not None  # noqa: S101  # it runs
        assert self._process.stdin is not None  # noqa: S101  # a pipe
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise CrowdBroke from error


def reports(edition_id: int) -> list[RehearsalReport]:
    """The last report of each stage, newest first."""
    return list(
        RehearsalReport.objects.filter(stage__edition_id=edition_id, began_at__isnull=False)
        .select_related("stage__edition")
        .order_by(F("began_at").desc())
    )
