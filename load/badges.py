"""A hall full of phones behind one address: 600 scan the code on a badge, come in by one button, and vote.

    python -m load.badges [--phones 600] [--workers 2] [--json]

Every phone looks at the link, presses the button, opens the stage and votes: three pages and a form. Bound: the last
one is in within 60 s, and every vote is counted, none twice. Ends with 1 where that is missed. Traffic goes to
127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from load.help_desk import fill
from load.site import EDITION, STAGE, Served, Site

BOUND_SECONDS = 60.0
_PRINT = """
from congress import actions
from congress.models import Admission, Edition
edition = Edition.objects.get(slug="{edition}")
numbers = list(
    Admission.objects.in_force().filter(edition=edition, person__email__startswith="person-")
    .order_by("pk").values_list("pk", flat=True)[:{phones}]
)
for token in actions.mint_for_many(
    kind="badge", edition=edition, admissions=numbers, max_devices=1, now=edition.now()
).values():
    print(token)
"""


def tokens_of_badges(site: Site, phones: int) -> list[str]:
    """Badges for so many of those whom `fill` admitted."""
    return site.shell(_PRINT.format(edition=EDITION, phones=phones))


@dataclass
class Phone:
    """A browser that knows nothing but what the camera has read."""

    address: str
    token: str
    cookies: dict[str, str] = field(default_factory=dict)
    in_after: float = 0.0  # seconds until the stage stood there
    done_after: float = 0.0  # until the vote was confirmed
    trouble: str = ""

    def run(self, poll: int, option: int, start: threading.Event) -> None:
        start.wait()
        began = time.perf_counter()
        try:
            self._go(poll, option, began)
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            self.trouble = f"{type(error).__name__}: {error}"

    def _go(self, poll: int, option: int, began: float) -> None:
        self.line = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=BOUND_SECONDS)
        link = f"/zugang/{self.token}/"
        self._ask("GET", link, 200)
        stage = self._ask("POST", link, 303)
        self._ask("GET", stage, 200)
        self.in_after = time.perf_counter() - began
        self._ask("POST", f"/{EDITION}/live/{STAGE}/vote/", 303, poll=poll, choices=option)
        self.done_after = time.perf_counter() - began
        self.line.close()

    def _ask(self, method: str, path: str, expected: int, **form: Any) -> str:
        token = self.cookies.setdefault("csrf", "a" * 32)
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        body = None
        if method == "POST":
            headers |= {
                "X-CSRFToken": token,
                "Origin": self.address,
                "Content-Type": "application/x-www-form-urlencoded",
            }
            body = urlencode(form)
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{method} answered {answer.status}")
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer.headers.get("Location", "")


def all_at_once(served: Served, tokens: list[str], poll: int) -> tuple[list[Phone], float]:
    ((option,),) = served.site.ask("SELECT min(id) FROM polls_option WHERE poll_id = %s", poll)
    phones = [Phone(served.address, token) for token in tokens]
    start = threading.Event()
    threads = [
        threading.Thread(target=phone.run, args=(poll, option, start), daemon=True)
        for phone in phones
    ]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    start.set()
    for thread in threads:
        thread.join(BOUND_SECONDS * 2)
    return phones, time.perf_counter() - began


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--phones", type=int, default=600)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with Site() as site:
        fill(site.database, given.phones)
        site.invite(1)
        tokens = tokens_of_badges(site, given.phones)
        with site.served(workers=given.workers) as served:
            poll = served.open_poll()
            phones, took = all_at_once(served, tokens, poll)
            deadline = time.monotonic() + 10
            while site.counted(poll)[1] < given.phones and time.monotonic() < deadline:
                time.sleep(0.2)
            participations, turnout, tallied = site.counted(poll)
    came_in = sorted(phone.in_after for phone in phones if phone.in_after)
    trouble = [phone.trouble for phone in phones if phone.trouble]
    figures = {
        "phones": given.phones,
        "in": len(came_in),
        "in_p50_s": round(statistics.median(came_in), 1) if came_in else None,
        "in_last_s": round(came_in[-1], 1) if came_in else None,
        "voted_last_s": round(took, 1),
        "counted": [participations, turnout, tallied],
        "trouble": trouble[:5],
    }
    good = (
        not trouble
        and len(came_in) == given.phones
        and came_in[-1] <= BOUND_SECONDS
        and participations == turnout == tallied == given.phones
    )
    if given.json:
        print(json.dumps(figures | {"good": good}))
    else:
        print(f"{given.phones} phones behind one address, {given.workers} workers, all at once:")
        print(
            f"  in: {figures['in']}, half after {figures['in_p50_s']} s, the last after {figures['in_last_s']} s"
            f" (bound {BOUND_SECONDS:.0f} s)"
        )
        print(
            f"  the last vote confirmed after {figures['voted_last_s']} s; counted (people, turnout, tally):"
            f" {participations}, {turnout}, {tallied}"
        )
        for line in trouble[:5]:
            print(f"  trouble: {line}")
        print("ok" if good else "MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
