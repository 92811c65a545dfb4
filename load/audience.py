"""What an audience costs: the live engine under load, judged against a bare server in the same run.

    python -m load.audience            every row, about eleven minutes
    python -m load.audience --quick    N = 500, a minute and a half
    python -m load.audience --only 2000 reconnect

Everything runs on this machine and talks to 127.0.0.1 only: database and servers are started for the run, unless
DATABASE_URL and REDIS_URL name others. Ends with 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from load.site import EDITION, STAGE, Served, Site, Watch, other_server, pause
from polls.rehearsal import crowd as crowds
from polls.rehearsal import servers
from polls.rehearsal.crowd import Crowd
from polls.rehearsal.figures import percentiles
from polls.rehearsal.viewers import PageViewer, SocketViewer, frame

LATE_MS = 50.0  # above this the generator was starved, and the row says nothing


@dataclass
class Row:
    name: str
    checks: dict[str, bool] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    starved: bool = False

    def check(self, what: str, holds: bool) -> None:
        self.checks[what] = holds

    @property
    def verdict(self) -> str:
        missed = [what for what, holds in self.checks.items() if not holds]
        if missed:
            return "NOT: " + ", ".join(missed) + (" (starved)" if self.starved else "")
        return "ok (starved: says nothing of speed)" if self.starved else "ok"


def crowd_at(address: str, cookies: list[str], *, sockets: int, pages: int = 0) -> Crowd:
    crowd = Crowd(address, EDITION, STAGE)
    crowd.sockets = [SocketViewer(crowd, n, cookies[n]) for n in range(sockets)]
    crowd.pages = [PageViewer(crowd, n, cookies[n]) for n in range(sockets, sockets + pages)]
    return crowd


async def floor(address: str, number: int, seconds: float) -> dict[str, Any]:
    """The same crowd at the bare server."""
    crowd = crowd_at(address, ["sid=none"] * number, sockets=number)
    await crowd.connect(crowd.sockets)
    await crowd.poll_is_open(5)
    await crowd.vote(crowd.sockets, seconds)
    await crowd.all_answered()
    await crowd.all_show(number, 10)
    measured = crowd.measured()
    crowd.close()
    return measured


async def audience(
    served: Served, *, sockets: int, seconds: float, pages: int = 0
) -> tuple[Crowd, dict[str, Any]]:
    """Connect, hear the poll, vote, and hold the right total."""
    site = served.site
    crowd = crowd_at(served.address, site.cookies, sockets=sockets, pages=pages)
    before = servers.memory_kib(served.processes)
    cpu = servers.cpu_seconds(served.processes)
    began = time.monotonic()
    with Watch(site.connections, 1.0) as watch:
        crowd.connect_seconds = await crowd.connect(crowd.sockets)
        connected = time.monotonic() - began
        connect_cpu = servers.cpu_seconds(served.processes) - cpu
        await crowd.connect(crowd.pages, at_a_time=20)
        await asyncio.sleep(0.5)
        memory = servers.memory_kib(served.processes) - before
        poll = await asyncio.to_thread(served.open_poll)
        await crowd.until(
            lambda: all(viewer.poll == poll for viewer in crowd.viewers), 30, every=0.05
        )
        cpu = servers.cpu_seconds(served.processes)
        heard = crowd.heard
        await crowd.vote(crowd.viewers, seconds)
        voted = time.monotonic()
        answered = await crowd.all_answered()
        cpu = servers.cpu_seconds(served.processes) - cpu
        shown = await crowd.all_show(sockets + pages, 30)
        settle = time.monotonic() - voted
    number = sockets + pages
    database = site.counted(poll)
    figures = crowd.measured() | {
        "number": number,
        "connected_s": round(connected, 1),
        "connect_cpu_s": round(connect_cpu, 1),
        "settle_s": round(settle, 2),
        "cpu_s": round(cpu, 2),
        "cpu_per_1000": round(cpu / number * 1000, 2),
        "frames_per_viewer": round((crowd.heard - heard) / max(1, sockets), 1),
        "kib_each": round(memory / number, 1),
        "db_connections": watch.largest,
        "database": database,
        "wrong": crowd.wrong(number),
        "exact": answered and shown and database == (number, number, number) and not crowd.odd,
    }
    return crowd, figures


def judge_exact(row: Row, figures: dict[str, Any]) -> None:
    row.figures |= figures
    row.starved = (figures["late"] or {}).get("p99", 0) > LATE_MS
    row.check("every client on the exact total", figures["exact"])
    row.check("no line lost", not figures["closed"] and not figures["broken"])


class Bench:
    def __init__(self, site: Site, *, quick: bool) -> None:
        self.site = site
        self.quick = quick
        self.rows: list[Row] = []

    def many(
        self, number: int, workers: int, seconds: float = 5.0, *,
        ack_ms: float | None = None, compared: bool = False, cost: bool = False,
    ) -> Row:  # fmt: skip
        row = Row(f"{number:,} in {seconds:g} s, {workers} worker{'s' if workers > 1 else ''}")
        bare = self._floor(row, number, seconds) if compared else None
        with self.site.served(workers) as served:
            _crowd, figures = crowds.run(audience(served, sockets=number, seconds=seconds))
        judge_exact(row, figures)
        if bare is not None:
            self._compare(row, figures, bare)
        if ack_ms is not None:
            row.check(f"ack p99 ≤ {ack_ms:.0f} ms", figures["ack"]["p99"] <= ack_ms)
        if cost:
            row.check("≤ 0.8 CPU s per 1,000 votes", figures["cpu_per_1000"] <= 0.8)
            row.check("≤ 35 KiB each", figures["kib_each"] <= 35)
        return row

    def mixed(self, sockets: int, pages: int) -> Row:
        row = Row(f"{sockets:,} sockets + {pages:,} HTTP, 5 s")
        bare = self._floor(row, sockets, 5.0)
        with self.site.served(2) as served:
            _crowd, figures = crowds.run(
                audience(served, sockets=sockets, pages=pages, seconds=5.0)
            )
        judge_exact(row, figures)
        self._compare(row, figures, bare)
        return row

    def pages(self, number: int) -> Row:
        row = Row(f"{number:,} on HTTP only, 10 s")
        with self.site.served(2) as served:
            _crowd, figures = crowds.run(audience(served, sockets=0, pages=number, seconds=10.0))
        judge_exact(row, figures)
        row.check("exact ≤ 5 s after the last vote", figures["settle_s"] <= 5)
        row.check("answer p99 ≤ 500 ms", figures["answers"]["p99"] <= 500)
        return row

    def reconnect(self, number: int) -> Row:
        row = Row(f"{number:,} reconnect at once")
        with self.site.served(2) as served:
            row.figures |= crowds.run(_reconnect(served, number))
        row.check("all back", row.figures["back"] == number)
        row.check("≤ 5 s", row.figures["back_s"] <= 5)
        row.check("≤ 20 database connections", row.figures["db_connections"] <= 20)
        return row

    def greedy(self, others: int, votes: int) -> Row:
        row = Row(f"one person, {votes:,} votes on 20 sockets")
        with self.site.served(2) as served:
            row.figures |= crowds.run(_greedy(served, others, votes))
        row.check("one counted", row.figures["counted_of_one"] == 1)
        row.check("all others counted", row.figures["total"] == others + 1)
        row.check("others' ack p99 ≤ 500 ms", row.figures["ack"]["p99"] <= 500)
        return row

    def stuck(self, number: int, others: int) -> Row:
        row = Row(f"{number:,} readers that never read")
        with self.site.served(2) as served:
            row.figures |= crowds.run(_stuck(served, number, others))
        row.check("gone in 60 s", row.figures["gone_s"] <= 60)
        row.check("≤ 50 MB more", row.figures["more_mb"] <= 50)
        row.check("others unharmed", row.figures["exact"] and row.figures["ack"]["p99"] <= 500)
        return row

    def tutorial(self, number: int, seconds: float = 5.0) -> Row:
        """The usual way and ours, the same crowd. The usual way has a minute; how far it got is the figure."""
        row = Row(f"{number:,} in {seconds:g} s, the tutorials' way against ours, 1 worker each")
        with other_server(self.site, "tutorial") as address:
            usual: dict[str, Any] = crowds.run(_usual(address, number, seconds))
        row.figures["usual"] = usual
        pause()
        with self.site.served(1) as served:
            _crowd, figures = crowds.run(audience(served, sockets=number, seconds=seconds))
        judge_exact(row, figures)
        row.check("sooner than the usual way", figures["fan_out"]["p99"] < usual["fan_out"]["p99"])
        return row

    def _floor(self, row: Row, number: int, seconds: float) -> dict[str, Any]:
        with other_server(self.site, "bare") as address:
            bare: dict[str, Any] = crowds.run(floor(address, number, seconds))
        row.figures["bare_fan_out"], row.figures["bare_ack"] = bare["fan_out"], bare["ack"]
        row.figures["bare_late"] = bare["late"]
        pause()
        return bare

    def _compare(self, row: Row, figures: dict[str, Any], bare: dict[str, Any]) -> None:
        ratio = figures["fan_out"]["p99"] / bare["fan_out"]["p99"]
        row.figures["ratio"] = round(ratio, 2)
        row.check("fan-out p99 ≤ 1.5 × bare", ratio <= 1.5)


async def _usual(address: str, number: int, seconds: float) -> dict[str, Any]:
    crowd = crowd_at(address, ["sid=none"] * number, sockets=number)
    await crowd.connect(crowd.sockets)
    await crowd.poll_is_open(10)
    began = time.monotonic()
    await crowd.vote(crowd.sockets, seconds)
    await crowd.all_answered(60)
    complete = await crowd.all_show(number, 60 - (time.monotonic() - began - seconds))
    figures = crowd.measured() | {
        "complete": complete,
        "settle_s": round(time.monotonic() - began - seconds, 1),
        "shown_least": min(viewer.total for viewer in crowd.sockets),
    }
    crowd.close()
    return figures


async def _reconnect(served: Served, number: int) -> dict[str, Any]:
    crowd = crowd_at(served.address, served.site.cookies, sockets=number)
    await crowd.connect(crowd.sockets)
    crowd._expected_cuts |= set(crowd.sockets)
    for viewer in crowd.sockets:
        viewer.cut()
    await asyncio.sleep(1)
    cpu = servers.cpu_seconds(served.processes)
    began = time.monotonic()
    with Watch(served.site.connections, 0.05) as watch:
        took = await crowd.connect(crowd.sockets, at_a_time=number, seconds=30)
        back = time.monotonic() - began
    figures = {
        "back": len(took),
        "back_s": round(back, 2),
        "connect": percentiles(took),
        "connect_cpu_s": round(servers.cpu_seconds(served.processes) - cpu, 2),
        "db_connections": watch.largest,
        "broken": dict(crowd.broken),
    }
    crowd.close()
    return figures


async def _greedy(served: Served, others: int, votes: int) -> dict[str, Any]:
    cookies = served.site.cookies
    crowd = crowd_at(served.address, cookies, sockets=others)
    await crowd.connect(crowd.sockets)
    one = Crowd(served.address, EDITION, STAGE)
    one.sockets = [SocketViewer(one, n, cookies[others]) for n in range(20)]
    await one.connect(one.sockets)
    poll = await asyncio.to_thread(served.open_poll)
    await crowd.until(lambda: all(v.poll == poll for v in [*crowd.sockets, *one.sockets]), 10)
    assert crowd.poll is not None
    one.poll = crowd.poll

    sent = 0

    async def flood(viewer: SocketViewer) -> None:
        nonlocal sent
        while sent < votes:
            if not viewer.is_open:
                try:
                    await viewer.connect(10)
                except (OSError, TimeoutError):
                    await asyncio.sleep(0.2)
                    continue
            for _ in range(10):
                viewer.say(one.ballot(random.randrange(4)))
                sent += 1
            await asyncio.sleep(0.05)

    flooding = asyncio.gather(*(flood(viewer) for viewer in one.sockets))
    await crowd.vote(crowd.sockets, 5.0)
    await crowd.all_answered()
    async with asyncio.timeout(45):
        await flooding
    await asyncio.sleep(1)
    person = (
        "SELECT count(*) FROM polls_participation p JOIN congress_browsersession s USING (person_id)"
        " WHERE p.poll_id = %s AND s.session_key = %s"
    )
    (counted,) = served.site.ask(person, poll, cookies[others].partition("=")[2])[0]
    figures = crowd.measured() | {
        "sent_by_one": sent,
        "counted_of_one": counted,
        "total": served.site.counted(poll)[1],
        "refused_of_one": dict(one.refused),
        "closed_of_one": {str(code): count for code, count in one.closed.items()},
    }
    crowd.close()
    one.close()
    return figures


async def _stuck(served: Served, number: int, others: int) -> dict[str, Any]:
    cookies = served.site.cookies
    crowd = crowd_at(served.address, cookies, sockets=others)
    await crowd.connect(crowd.sockets)
    poll = await asyncio.to_thread(served.open_poll)
    await crowd.until(lambda: all(v.poll == poll for v in crowd.sockets), 10)
    before, lines = servers.memory_kib(served.processes), servers.open_lines(served.processes)
    stuck = [_never_reading(crowd, cookies[others + n]) for n in range(number)]
    await crowd.until(lambda: servers.open_lines(served.processes) >= lines + number, 10)
    began, most = time.monotonic(), 0
    # Their lines fill up: each asks for the whole state again and again, and reads none of it.
    resume = frame(b'{"type":"resume"}')

    async def nag() -> None:
        while True:
            for line in stuck:
                try:
                    line.send(resume)
                except OSError:
                    continue
            await asyncio.sleep(0.25)

    nagging = asyncio.create_task(nag())
    voting = asyncio.create_task(crowd.vote(crowd.sockets, 20.0))
    gone = 999.0
    while time.monotonic() - began < 75:
        await asyncio.sleep(0.5)
        most = max(most, servers.memory_kib(served.processes) - before)
        if servers.open_lines(served.processes) <= lines + 10:
            gone = time.monotonic() - began
            break
    nagging.cancel()
    await voting
    await crowd.all_answered()
    exact = await crowd.all_show(others, 10)
    for line in stuck:
        line.close()
    figures = crowd.measured() | {
        "gone_s": round(gone, 1),
        "more_mb": round(most / 1024, 1),
        "exact": exact and not crowd.closed,
    }
    crowd.close()
    return figures


def _never_reading(crowd: Crowd, cookie: str) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((crowd.line["host"], crowd.line["port"]))
    line.sendall(
        f"GET {crowd.socket_path} HTTP/1.1\r\nHost: {crowd.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: {crowd.origin}\r\n"
        f"Cookie: {cookie}\r\n\r\n".encode()
    )
    line.setblocking(False)
    return line


# --- The table -----------------------------------------------------------------------------------------------


def rows(bench: Bench) -> dict[str, Callable[[], Row]]:
    if bench.quick:
        return {
            "500": lambda: bench.many(500, 2, ack_ms=300, compared=True),
            "reconnect": lambda: bench.reconnect(500),
            "tutorial": lambda: bench.tutorial(150),
            "mixed": lambda: bench.mixed(250, 250),
            "greedy": lambda: bench.greedy(100, 2_000),
        }
    return {
        "tutorial": lambda: bench.tutorial(500),
        "2000": lambda: bench.many(2_000, 1, ack_ms=150, compared=True),
        "10000": lambda: bench.many(10_000, 2, ack_ms=300, compared=True, cost=True),
        "15000": lambda: bench.many(15_000, 2),
        "2s": lambda: bench.many(10_000, 2, 2.0),
        "reconnect": lambda: bench.reconnect(2_000),
        "http": lambda: bench.pages(2_000),
        "mixed": lambda: bench.mixed(1_000, 1_000),
        "greedy": lambda: bench.greedy(500, 10_000),
        "stuck": lambda: bench.stuck(200, 500),
    }


HEAD = (
    "run", "ack p50/p99", "fan-out p50/p99", "bare p99", "ratio", "CPU s/1,000", "KiB", "settle", "late p99",
    "verdict",
)  # fmt: skip


def line(row: Row) -> tuple[str, ...]:
    shown = row.figures

    def pair(name: str) -> str:
        value = shown.get(name)
        return f"{value['p50']:.0f}/{value['p99']:.0f}" if value else "–"

    bare = shown.get("bare_fan_out")
    late = shown.get("late")
    ack = pair("ack") if shown.get("ack") else pair("ack_pages")
    extra = ""
    if "back_s" in shown:
        extra = f" [back in {shown['back_s']} s, {shown['db_connections']} database connections]"
    if "gone_s" in shown:
        extra = f" [gone in {shown['gone_s']} s, {shown['more_mb']} MB more]"
    if usual := shown.get("usual"):
        end = (
            f"after {usual['settle_s']} s"
            if usual["complete"]
            else f"never: {usual['shown_least']} shown"
        )
        extra = (
            f" [the usual way: ack p99 {usual['ack']['p99']:.0f}, fan-out p50/p99 "
            f"{usual['fan_out']['p50']:.0f}/{usual['fan_out']['p99']:.0f}, complete {end}]"
        )
    if shown.get("answers"):
        extra = f" [answers {pair('answers')} ms]"
    return (
        row.name,
        ack,
        pair("fan_out") if shown.get("fan_out") else pair("fan_out_pages"),
        f"{bare['p99']:.0f}" if bare else "–",
        f"{shown['ratio']}" if "ratio" in shown else "–",
        f"{shown['cpu_per_1000']}" if "cpu_per_1000" in shown else "–",
        f"{shown['kib_each']}" if "kib_each" in shown else "–",
        f"{shown['settle_s']}" if "settle_s" in shown else "–",
        f"{late['p99']:.0f}" if late else "–",
        row.verdict + extra,
    )


def print_table(done: list[Row]) -> None:
    print("\n| " + " | ".join(HEAD) + " |")
    print("|" + "---|" * len(HEAD))
    for row in done:
        print("| " + " | ".join(line(row)) + " |")
    print(
        "\nTimes in ms, settle in s. Bare: the in-memory server with the same tick in the same run.",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m load.audience", description=__doc__.splitlines()[0]
    )  # type: ignore[union-attr]  # it is there
    parser.add_argument("--quick", action="store_true", help="a small check of this machine")
    parser.add_argument("--only", nargs="*", default=[], help="only these rows")
    parser.add_argument("--json", action="store_true", help="all figures as JSON lines, too")
    chosen = parser.parse_args()
    crowds.prepare()
    done: list[Row] = []
    with Site() as site:
        bench = Bench(site, quick=chosen.quick)
        wanted = {
            name: run for name, run in rows(bench).items() if not chosen.only or name in chosen.only
        }
        most = max((int(name) for name in wanted if name.isdigit()), default=0)
        most = max(most, 10_000 if "2s" in wanted else 0, 2_001)
        print(f"Load average before: {os.getloadavg()[0]:.1f}. People: {most:,} …", flush=True)
        site.invite(most)
        for name, run in wanted.items():
            began = time.monotonic()
            try:
                row = run()
            except Exception as error:  # noqa: BLE001  # the other rows still say something
                traceback.print_exc()
                row = Row(name)
                row.check(f"{type(error).__name__}: {error}"[:300], False)
            done.append(row)
            print(f"{row.name}: {row.verdict}  ({time.monotonic() - began:.0f} s)", flush=True)
            if chosen.json:
                print(json.dumps({"row": row.name, **row.figures}, default=str), flush=True)
            pause()
    print_table(done)
    return 0 if all(all(row.checks.values()) for row in done) else 1


if __name__ == "__main__":
    sys.exit(main())
