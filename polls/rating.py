"""Ratings of sessions: kept like secret ballots. That somebody rated, and sums; remarks later and shuffled."""

from __future__ import annotations

import atexit
import logging
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.db import DatabaseError, InterfaceError, connection, transaction

from congress.models import Admission
from polls.models import Rated, Remark, Stars
from programme.models import Session

log = logging.getLogger(__name__)

REMARKS_WITHIN_SECONDS = 50.0  # of a minute, as the page promises
_random = random.SystemRandom()


class Judged(Enum):
    """What became of a rating."""

    COUNTED = "counted"
    ALREADY = "already"
    NOT_FOUND = "not found"
    TOO_SOON = "too soon"
    NOT_ADMITTED = "not admitted"


@dataclass(frozen=True)
class Rating:
    """On its way to the sums. Never stored, never logged."""

    person: int
    stage: int
    session: str
    stars: int
    remark: str = ""

    def __repr__(self) -> str:
        return "Rating(…)"


# From the last quarter of a session until the edition's end, by its clock.
_SESSIONS = """
SELECT s.code, s.id, s.stage_id, s.edition_id,
       s.ends_at - (s.ends_at - s.starts_at) / 4 <= statement_timestamp() + e.clock_shift
       AND (statement_timestamp() + e.clock_shift) AT TIME ZONE e.time_zone < e.ends_on + 1
FROM programme_session s JOIN congress_edition e ON e.id = s.edition_id
JOIN congress_stage st ON st.id = %(stage)s AND st.edition_id = e.id
WHERE s.code = ANY(%(codes)s) AND s.stage_id = st.id AND s.kind <> 'break'
"""
# People of a rehearsal get their answer and count nowhere: sums have no way back.
_RATE = """
WITH entitled AS (
    SELECT a.person_id, a.kind FROM congress_admission a JOIN congress_edition e ON e.id = a.edition_id
    WHERE a.edition_id = %(edition)s AND a.person_id = ANY(%(people)s) AND a.kind = ANY(%(kinds)s)
      AND a.revoked_at IS NULL
      AND (a.valid_until IS NULL OR a.valid_until > statement_timestamp() + e.clock_shift)
), counted AS (
    INSERT INTO polls_rated (session_id, person_id)
    SELECT %(session)s, person_id FROM entitled ORDER BY person_id
    ON CONFLICT DO NOTHING RETURNING person_id
)
SELECT e.person_id, c.person_id IS NOT NULL, e.kind <> %(rehearsal)s
FROM entitled e LEFT JOIN counted c USING (person_id)
"""
# All five rows together: one that changed alone would name its last rater by a system column.
_STARS = """
SELECT 1 FROM polls_stars WHERE session_id = %(session)s ORDER BY stars FOR UPDATE;
UPDATE polls_stars t SET count = t.count + coalesce(
    (SELECT x.more FROM unnest(%(stars)s::int[], %(more)s::int[]) AS x(stars, more) WHERE x.stars = t.stars), 0)
WHERE t.session_id = %(session)s
"""


def rate(ratings: Sequence[Rating]) -> list[Judged]:
    """Count ratings, each person once for a session; one outcome for each, in order."""
    outcomes: list[Judged] = [Judged.NOT_FOUND] * len(ratings)
    for stage in sorted({rating.stage for rating in ratings}):
        numbered = [(n, rating) for n, rating in enumerate(ratings) if rating.stage == stage]
        for number, outcome in _of_stage(stage, numbered).items():
            outcomes[number] = outcome
    return outcomes


@transaction.atomic
def _of_stage(stage: int, numbered: list[tuple[int, Rating]]) -> dict[int, Judged]:
    outcomes: dict[int, Judged] = {}
    remarks: list[tuple[int, str]] = []
    with connection.cursor() as cursor:
        codes = sorted({rating.session for _n, rating in numbered})
        cursor.execute(_SESSIONS, {"stage": stage, "codes": codes})
        known = {code: (pk, edition, ripe) for code, pk, _s, edition, ripe in cursor.fetchall()}
        for code in codes:
            batch = [(n, rating) for n, rating in numbered if rating.session == code]
            if code not in known:
                outcomes |= {n: Judged.NOT_FOUND for n, _rating in batch}
                continue
            session, edition, ripe = known[code]
            if not ripe:
                outcomes |= {n: Judged.TOO_SOON for n, _rating in batch}
                continue
            first: dict[int, tuple[int, Rating]] = {}
            for n, rating in batch:
                first.setdefault(rating.person, (n, rating))
            Stars.objects.bulk_create(
                [Stars(session_id=session, stars=stars) for stars in range(1, 6)],
                ignore_conflicts=True,
            )
            cursor.execute(
                _RATE,
                {
                    "session": session,
                    "edition": edition,
                    "people": sorted(first),
                    "kinds": sorted(Admission.MAY_VOTE),
                    "rehearsal": Admission.Kind.REHEARSAL,
                },
            )
            found = {person: (new, counts) for person, new, counts in cursor.fetchall()}
            more: dict[int, int] = {}
            for n, rating in batch:
                new, counts = found.get(rating.person, (None, False))
                is_first = first[rating.person][0] == n
                if new is None:
                    outcomes[n] = Judged.NOT_ADMITTED
                elif new and is_first:
                    outcomes[n] = Judged.COUNTED
                    if not counts:
                        continue
                    more[rating.stars] = more.get(rating.stars, 0) + 1
                    if rating.remark:
                        remarks.append((session, rating.remark))
                else:
                    outcomes[n] = Judged.ALREADY
            if more:
                cursor.execute(
                    _STARS,
                    {"session": session, "stars": list(more), "more": list(more.values())},
                )
    transaction.on_commit(lambda: desk.take(remarks))
    return outcomes


class RemarkDesk:
    """Keeps remarks in memory for a while and writes them down shuffled. A process that is killed takes them along."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, str]] = []
        self._timer: threading.Timer | None = None
        self._ends = False  # no thread can be started any more

    def take(self, remarks: list[tuple[int, str]]) -> None:
        if not remarks:
            return
        with self._lock:
            self._waiting += remarks
            self._start_timer()

    def write(self) -> int:
        """Write down what waits; how many. Twice does no harm; what could not be written waits on."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not waiting:
            return 0
        _random.shuffle(waiting)
        try:
            there = set(
                Session.objects.filter(pk__in={session for session, _text in waiting}).values_list(
                    "pk", flat=True
                )
            )
            kept = [  # a session may have gone meanwhile
                Remark(session_id=session, text=text)
                for session, text in waiting
                if session in there
            ]
            Remark.objects.bulk_create(kept)
        except Exception:
            with self._lock:
                self._waiting += waiting
                self._start_timer()
            raise
        return len(kept)

    def close(self) -> None:
        """The process ends: what waits is written now."""
        self._ends = True
        self._write_and_close()

    def _start_timer(self) -> None:
        """With the lock held."""
        if self._timer is None and not self._ends:
            seconds = _random.uniform(0.5, 1.0) * REMARKS_WITHIN_SECONDS
            self._timer = threading.Timer(seconds, self._write_and_close)
            self._timer.daemon = True
            self._timer.start()

    def _write_and_close(self) -> None:
        try:
            self.write()
        except (DatabaseError, InterfaceError) as error:
            log.warning("Remarks could not be written down (%s); later.", type(error).__name__)
        finally:
            connection.close()


desk = RemarkDesk()
atexit.register(desk.close)


def distribution(session_id: int) -> dict[int, int]:
    """Stars → how often. For organisers; others see the mean from five ratings on."""
    counts = dict.fromkeys(range(1, 6), 0)
    return counts | dict(Stars.objects.filter(session_id=session_id).values_list("stars", "count"))


def has_rated(person_id: int, session_id: int) -> bool:
    return Rated.objects.filter(person_id=person_id, session_id=session_id).exists()
