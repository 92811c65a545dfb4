"""The opening of the registration: many people fill the form at once, over HTTP, until each has a place or a position.

    python -m load.registration_rush                  600 people as fast as they come, then 6 a second for a minute
    python -m load.registration_rush --people 3600    as many as came in the ten minutes of 2021
    python -m load.registration_rush --rate 6 --people 3600    the ten minutes themselves

Every person is a browser of its own: form, code, and the page that says what became of it. There are fewer places than
people. Servers, worker, database and Redis are started for the run; all traffic goes to 127.0.0.1. Afterwards the
database is asked whether somebody was lost or counted twice, or more places were given than there are. Ends with 1
where that is so, where an answer was an error, or where the rush was slower than 6 a second.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import json
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import psycopg2

from congress.local.places import ROOT
from load.site import EDITION, PYTHON, Program, Served, Site
from polls.rehearsal import servers
from polls.rehearsal.figures import percentiles

HOST = "stadt-musterhausen.example"  # the demonstration's registry lists it
CODE = "ABCDEF"
PER_SECOND = 6  # 3,600 in ten minutes
ATTEMPTS = 3
STEPS = ("form", "send", "code", "confirm", "mine")

_OPEN = """
from datetime import UTC, datetime
from congress import actions
from congress.models import Edition
edition = Edition.objects.get(slug="{edition}")
actions.turn_clock(edition=edition, to=datetime(2021, 3, 1, 9, 0, tzinfo=UTC))
"""


@dataclass
class Figures:
    """What all people of one run saw."""

    steps: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})
    whole: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    seconds: float = 0.0
    web_seconds: float = 0.0  # processor time of the web workers


class Letters:
    """Stands for reading the letter: the code that was sent is made one we know."""

    def __init__(self, site: Site) -> None:
        self._line = psycopg2.connect(site.database)
        self._line.autocommit = True
        self._lock = threading.Lock()
        # Where the rule stands in Python: `registration.models.EmailCode.hashed`.
        key = b"registration.code" + site.environment["SECRET_KEY"].encode()
        self._key = hashlib.sha256(key).digest()

    def read(self, email: str) -> bool:
        with self._lock, self._line.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM registration_registration WHERE email = %s ORDER BY id DESC",
                [email],
            )
            row = cursor.fetchone()
            if row is None:
                return False
            value = hmac.new(self._key, f"{row[0]}:{CODE}".encode(), hashlib.sha256).digest()
            cursor.execute(
                "UPDATE registration_emailcode SET code_hash = %s WHERE registration_id = %s",
                [value, row[0]],
            )
            return bool(cursor.rowcount)


class Failed(Exception):
    """Not what a browser may be answered with; the text is what it was."""


class Browser:
    """One person's: cookies of its own, a line of its own."""

    def __init__(self, served: Served, address: str) -> None:
        parts = urlsplit(served.address)
        self._line = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        token = secrets.token_hex(16)
        self._cookies = {"csrf": token}
        self._headers = {"X-CSRFToken": token, "Origin": served.address}
        if address:
            self._headers["X-Forwarded-For"] = address

    def get(self, path: str) -> tuple[int, str, str]:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = self._headers | {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self._line.request(method, path, body, headers)
            answer = self._line.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            raise Failed(type(error).__name__) from error
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                if name != "csrf":
                    self._cookies[name] = morsel.value
        return answer.status, answer.headers.get("Location", ""), page

    def close(self) -> None:
        self._line.close()


class Rush:
    def __init__(self, served: Served, letters: Letters, figures: Figures) -> None:
        self.served, self.letters, self.figures = served, letters, figures
        self._lock = threading.Lock()

    def person(self, name: str, address: str) -> None:
        """From the form to the page that says how it stands; what fails is tried again, as people do."""
        browser = Browser(self.served, address)
        email = f"{name}@{HOST}"
        form = {
            "first_name": "Alex",
            "last_name": name,
            "email": email,
            "body": "Stadt Musterhausen, Hauptamt",
            "privacy": "on",
            "form_key": str(uuid4()),
        }
        at = f"/{EDITION}/anmeldung/"
        began = time.perf_counter()
        try:
            self._step("form", 200, browser.get, at)
            self._step("send", 303, browser.post, at, **form)
            if not self.letters.read(email):
                raise Failed("no registration behind the answer")
            self._step("code", 200, browser.get, f"{at}code/")
            self._step("confirm", 303, browser.post, f"{at}code/", code=CODE)
            with self._lock:
                self.figures.acknowledged.append(email)
            self._step("mine", 200, browser.get, f"/{EDITION}/meine-anmeldung/")
        except Failed as failure:
            with self._lock:
                self.figures.given_up.append(f"{email}: {failure}")
        else:
            with self._lock:
                self.figures.whole.append(time.perf_counter() - began)
        finally:
            browser.close()

    def _step(self, step: str, expected: int, ask: Any, *where: str, **fields: str) -> None:
        for attempt in range(ATTEMPTS):
            began = time.perf_counter()
            try:
                status, goal, _page = ask(*where, **fields)
                # Who typed the code and lost the answer is signed in already.
                if step == "confirm" and attempt and status == 302:
                    status = expected
                if status != expected:
                    raise Failed(f"{step}: {status} {goal}")
            except Failed as failure:
                with self._lock:
                    self.figures.errors[str(failure)[:80]] += 1
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.5)
            else:
                with self._lock:
                    self.figures.steps[step].append(time.perf_counter() - began)
                return


def run(
    served: Served,
    letters: Letters,
    run_name: str,
    *,
    people: int,
    rate: float,
    at_once: int,
    one_address: bool,
) -> Figures:
    """`rate` 0: as fast as `at_once` people at a time come through."""
    figures = Figures()
    rush = Rush(served, letters, figures)
    numbers = iter(range(people))
    lock = threading.Lock()
    used = servers.cpu_seconds(served.processes)
    began = time.perf_counter()

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            if rate:
                wait = began + number / rate - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
                else:
                    figures.late.append(-wait)
            address = "" if one_address else f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            rush.person(f"{run_name}-{number}", address)

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures.seconds = time.perf_counter() - began
    figures.web_seconds = servers.cpu_seconds(served.processes) - used
    return figures


def limit(site: Site, free: int) -> None:
    """So many places for everybody from now on; whoever comes later waits."""
    _write(
        site,
        "UPDATE registration_contingent SET places = taken + %s WHERE level = '' AND kind = 'participation'",
        free,
    )


def _write(site: Site, statement: str, *values: Any) -> None:
    line = psycopg2.connect(site.database)
    try:
        with line, line.cursor() as cursor:
            cursor.execute(statement, values)
    finally:
        line.close()


def checked(site: Site, run_name: str, figures: Figures, free: int) -> dict[str, bool]:
    """What must be true of the database afterwards."""
    like = f"{run_name}-%@{HOST}"
    rows = site.ask(
        "SELECT email, state, (SELECT count(*) FROM registration_place p WHERE p.registration_id = r.id)"
        " FROM registration_registration r WHERE email LIKE %s AND state NOT IN ('unverified', 'cancelled')",
        like,
    )
    states = Counter(state for _email, state, _places in rows)
    known = {email for email, _state, _places in rows}
    (wrong,) = site.ask(
        "SELECT count(*) FROM registration_contingent c WHERE taken > places OR (taken, waiting) <>"
        " (SELECT count(*) FILTER (WHERE state <> 'waiting'), count(*) FILTER (WHERE state = 'waiting')"
        "  FROM registration_place p WHERE p.contingent_id = c.id)"
    )
    positions = [
        position
        for (position,) in site.ask(
            "SELECT position FROM registration_place p JOIN registration_registration r ON r.id = p.registration_id"
            " WHERE r.email LIKE %s AND p.state = 'waiting' ORDER BY position",
            like,
        )
    ]
    (admissions,) = site.ask(
        "SELECT count(*) FROM congress_admission a JOIN congress_user u ON u.id = a.person_id WHERE u.email LIKE %s",
        like,
    )
    expected = min(free, len(rows))
    return {
        "nobody lost": set(figures.acknowledged) <= known,
        "nobody twice": len(known) == len(rows) and all(places == 1 for *_row, places in rows),
        "as many in as there were places": states["admitted"] == expected == admissions[0],
        "all others on the list": states["waitlisted"] == len(rows) - expected,
        "positions consecutive": not positions
        or positions == list(range(positions[0], positions[0] + len(positions))),
        "counters right, nothing oversold": wrong[0] == 0,
    }


@contextmanager
def letters_leave(site: Site) -> Iterator[None]:
    """A worker writes letters meanwhile, as on the day."""
    command = [PYTHON, "-m", "celery", "--app", "congress", "worker", "--concurrency", "1"]
    command += ["--without-mingle", "--without-gossip", "--loglevel", "WARNING"]
    worker = Program(command, site.environment, site.directory / "worker.log")
    try:
        yield
    finally:
        worker.stop()


def told(name: str, figures: Figures, checks: dict[str, bool]) -> dict[str, Any]:
    done = len(figures.whole)
    return {
        "run": name,
        "people": done,
        "seconds": round(figures.seconds, 1),
        "per_second": round(done / figures.seconds, 1),
        "requests_per_second": round(sum(map(len, figures.steps.values())) / figures.seconds),
        "web_cpu_ms_per_person": round(1000 * figures.web_seconds / max(1, done)),
        "steps_ms": {step: percentiles(took) for step, took in figures.steps.items()},
        "late_ms": percentiles(figures.late),
        "errors": dict(figures.errors),
        "given_up": figures.given_up[:5],
        "checks": checks,
    }


def show(row: dict[str, Any]) -> None:
    print(
        f"{row['run']}: {row['people']} people in {row['seconds']} s, {row['per_second']} a second"
        f" ({row['requests_per_second']} requests a second),"
        f" {row['web_cpu_ms_per_person']} ms of the web workers' processors each"
    )
    for step, took in row["steps_ms"].items():
        if took:
            print(
                f"  {step:8} p50 {took['p50']:7.0f}  p95 {took['p95']:7.0f}  p99 {took['p99']:7.0f}"
                f"  max {took['max']:7.0f} ms"
            )
    print(f"  errors: {row['errors'] or 'none'}; gave up: {row['given_up'] or 'nobody'}")
    for check, holds in row["checks"].items():
        print(f"  {'ok ' if holds else 'NOT'} {check}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=600)
    arguments.add_argument(
        "--rate", type=float, help="people a second; without: both ways of coming"
    )
    arguments.add_argument("--at-once", type=int, default=40)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    runs: list[tuple[str, dict[str, Any]]] = [
        ("as fast as they come, one address", {"rate": 0, "one_address": True})
    ]
    if given.rate is None:
        runs.append(
            (f"{PER_SECOND} a second, many addresses", {"rate": PER_SECOND, "one_address": False})
        )
    else:
        runs = [
            (f"{given.rate:g} a second, one address", {"rate": given.rate, "one_address": True})
        ]
    rows = []
    with Site() as site:
        opening = [PYTHON, "manage.py", "shell", "-c", _OPEN.format(edition=EDITION)]
        subprocess.run(opening, cwd=ROOT, env=site.environment, check=True, capture_output=True)
        site.invite(1)
        letters = Letters(site)
        with letters_leave(site), site.served(given.workers) as served:
            for number, (name, how) in enumerate(runs):
                people = given.people if number == 0 else min(given.people, 60 * PER_SECOND)
                free = people * 2 // 3
                limit(site, free)
                figures = run(
                    served, letters, f"rush{number}", people=people, at_once=given.at_once, **how
                )
                rows.append(told(name, figures, checked(site, f"rush{number}", figures, free)))
                # The next run begins with nobody on the list.
                _write(
                    site,
                    "DELETE FROM registration_place WHERE state = 'waiting' AND contingent_id IN"
                    " (SELECT id FROM registration_contingent WHERE level = '' AND kind = 'participation')",
                )
                _write(
                    site,
                    "UPDATE registration_contingent SET waiting = 0 WHERE level = '' AND kind = 'participation'",
                )
    if given.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            show(row)
    good = all(
        all(row["checks"].values())
        and not row["errors"]
        and not row["given_up"]
        and row["per_second"] >= min(PER_SECOND, given.rate or PER_SECOND) * 0.95
        for row in rows
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
