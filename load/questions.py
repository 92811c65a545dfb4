"""How long a stage with 700 questions takes: its snapshot, its page, and the moderators' console, over HTTP.

    python -m load.questions [--questions 700] [--json]

Bound: 100 ms for the list and for the console (p95). Ends with 1 where it is missed. Traffic goes to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import urllib.request
from typing import Any

import psycopg2

from load.site import EDITION, Site

BOUND_MS = 100
ROUNDS = 40
STAGE = "plenum"
MODERATOR = "milan.oeztuerk@land-beispiel.example"  # of the demonstration
VIEWER = "kim.albers@stadt-musterhausen.example"

# To what is on: two of three are shown, one waits; support is spread. The versions move, as after an act.
_QUESTIONS = """
INSERT INTO polls_question (edition_id, stage_id, session_id, person_id, text, name, state, reason, support, asked_at)
SELECT stage.edition_id, stage.id, first.session_id, first.person_id,
       'Frage ' || n || ': Wie gehen Häuser damit um, die weder Zeit noch Geld noch Leute dafür haben?', '',
       CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'shown' END, '', n % 97, now()
FROM generate_series(1, {questions}) AS n, congress_stage stage
JOIN congress_edition edition ON edition.id = stage.edition_id
JOIN LATERAL (
    SELECT session_id, person_id FROM polls_question WHERE stage_id = stage.id ORDER BY id LIMIT 1
) first ON true
WHERE edition.slug = '{edition}' AND stage.slug = '{stage}';
UPDATE polls_stagestate SET questions_rev = questions_rev + 1;
"""


def fill(database: str, questions: int) -> None:
    line = psycopg2.connect(database)
    try:
        with line, line.cursor() as cursor:
            cursor.execute(_QUESTIONS.format(questions=questions, edition=EDITION, stage=STAGE))
        with line, line.cursor() as cursor:
            cursor.execute("ANALYZE")
    finally:
        line.close()


def timed(url: str, headers: dict[str, str]) -> tuple[float, int]:
    """Milliseconds until the whole answer is here, and its bytes."""
    asked = urllib.request.Request(url, headers=headers)
    began = time.perf_counter()
    with urllib.request.urlopen(asked, timeout=30) as answer:
        size = len(answer.read())
    return (time.perf_counter() - began) * 1000, size


def measure(address: str, viewer: str, moderator: str) -> list[dict[str, Any]]:
    live, console = f"{address}/{EDITION}/live/{STAGE}/", f"{address}/{EDITION}/moderation/{STAGE}/"
    doors = (
        ("the list, as everybody asks for it", f"{live}state.json", {"Cookie": viewer}),
        ("the page of the stage", live, {"Cookie": viewer}),
        ("the console, after an act", console, {"Cookie": moderator, "X-Part": "console"}),
        ("the console, opened", console, {"Cookie": moderator}),
    )
    rows = []
    for what, url, headers in doors:
        timed(url, headers)  # the first one plans and loads
        answers = [timed(url, headers) for _ in range(ROUNDS)]
        times = sorted(took for took, _size in answers)
        rows.append(
            {
                "what": what,
                "kib": round(answers[0][1] / 1024),
                "p50": round(statistics.median(times)),
                "p95": round(times[int(len(times) * 0.95) - 1]),
            }
        )
    return rows


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--questions", type=int, default=700)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with Site() as site:
        fill(site.database, given.questions)
        site.invite(1)
        viewer, moderator = site.cookie_of(VIEWER), site.cookie_of(MODERATOR)
        with site.served(workers=1) as served:
            rows = measure(served.address, viewer, moderator)
    missed = [row for row in rows if row["p95"] > BOUND_MS]
    if given.json:
        print(json.dumps({"questions": given.questions, "rows": rows, "bound_ms": BOUND_MS}))
    else:
        print(f"{given.questions} questions, p50/p95 in ms, bound {BOUND_MS}:")
        for row in rows:
            print(f"  {row['p50']:5d} {row['p95']:5d}  {row['what']} ({row['kib']} KiB)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
