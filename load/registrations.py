"""What 10,000 registrations cost the organisers: lists, the check, and the tables that leave the house; over HTTP.

    python -m load.registrations [--people 10000]

Bounds: XLSX in 10 s and 150 MB more memory of the server; a scan at the door, and a name looked up there, in 300 ms
(p95). Ends with 1 where one is missed. Traffic goes to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from load.badges import tokens_of_badges
from load.help_desk import fill
from load.site import EDITION, Served, Site

XLSX_SECONDS, XLSX_MEGABYTES, DOOR_MS = 10.0, 150.0, 300
ORGANISER, DOOR = "henrike.paulsen@land-beispiel.example", "jule.petersen@land-beispiel.example"
PAGES = (
    ("list of registrations", "orga/anmeldungen/"),
    ("the same, a name looked up", "orga/anmeldungen/?suche=Musterfrau-42"),
    ("check as a table", "orga/pruefung/tabelle/"),
    ("badges", "orga/ausweise/"),
    ("organisers' home", "orga/"),
)
SCANS = 300


class Browser:
    """Somebody's session: one line that stays open, as browsers keep it."""

    def __init__(self, served: Served, cookie: str) -> None:
        self.address = served.address
        self.line = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=120)
        self.used_at = time.monotonic()
        token = "a" * 32
        self.headers = {
            "Cookie": f"{cookie}; csrf={token}",
            "X-CSRFToken": token,
            "Origin": served.address,
        }

    def timed(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> tuple[float, bytes]:
        """Milliseconds until the whole answer is here, and the answer."""
        if time.monotonic() - self.used_at > 2:
            self.line.close()  # the server ends lines nobody uses; opened again with the next request
        headers = self.headers | ({"Content-Type": kind} if kind else {})
        began = time.perf_counter()
        self.line.request(method, f"/{EDITION}/{path}", body, headers)
        answer = self.line.getresponse()
        content = answer.read()
        self.used_at = time.monotonic()
        took = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answered {answer.status}")
        return took, content

    def form(self, path: str, **fields: str) -> tuple[float, bytes]:
        return self.timed(
            "POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded"
        )

    def scan(self, code: str) -> tuple[float, dict[str, Any]]:
        frame = {"key": str(uuid.uuid4()), "direction": "in", "age": 0, "codes": [code]}
        took, content = self.timed(
            "POST", "orga/einlass/scan/", json.dumps(frame).encode(), "application/json"
        )
        return took, json.loads(content)


def memory(served: Served, what: str) -> float:
    """Megabytes of the largest serving process: `VmRSS` now, `VmHWM` at most."""
    lines = [
        line
        for process in served.processes
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
    ]
    return max(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


def told(name: str, times: list[float], bound: float | None = None) -> bool:
    times = sorted(times)
    p50, p95 = statistics.median(times), times[int(len(times) * 0.95) - 1]
    missed = bound is not None and p95 > bound
    limit = f"   bound {bound:.0f}" if bound is not None else ""
    print(f"  {p50:6.0f} {p95:6.0f} {times[-1]:6.0f}  {name}{limit}{'   MISSED' if missed else ''}")
    return not missed


def measure(site: Site, served: Served) -> bool:
    organiser = Browser(served, site.cookie_of(ORGANISER))
    door = Browser(served, site.cookie_of(DOOR))
    good = []
    print("milliseconds, p50/p95/most:")
    for name, path in PAGES:
        organiser.timed("GET", path)
        good.append(told(name, [organiser.timed("GET", path)[0] for _ in range(10)]))
    scanned = [door.scan(token) for token in tokens_of_badges(site, SCANS)]
    if any("Willkommen" not in answer["sentence"] for _took, answer in scanned):
        raise RuntimeError("Somebody was not welcome.")
    good.append(told(f"scan at the door, {SCANS} people", [took for took, _ in scanned], DOOR_MS))
    names = [f"Musterfrau-{number}" for number in range(3, 1203, 6)]
    door.form("orga/einlass/", wer=names[0], richtung="in")
    looked_up = [door.form("orga/einlass/", wer=name, richtung="in")[0] for name in names[:40]]
    good.append(told("a name looked up at the door", looked_up, DOOR_MS))
    before = memory(served, "VmRSS")
    for ending in ("csv", "xlsx"):
        took, content = organiser.form("orga/anmeldungen/tabelle/", format=ending)
        more = memory(served, "VmHWM") - before
        fine = ending == "csv" or (took / 1000 <= XLSX_SECONDS and more <= XLSX_MEGABYTES)
        good.append(fine)
        print(
            f"{ending.upper()} of all: {took / 1000:.1f} s, {more:.0f} MB more, a file of {len(content) / 1e6:.1f} MB"
            f"   bound {XLSX_SECONDS:.0f} s, {XLSX_MEGABYTES:.0f} MB{'' if fine else '   MISSED'}"
        )
    return all(good)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=10_000)
    given = arguments.parse_args()
    with Site() as site:
        fill(site.database, given.people)
        site.invite(1)
        with site.served(workers=1) as served:
            print(f"{given.people} people")
            return 0 if measure(site, served) else 1


if __name__ == "__main__":
    sys.exit(main())
