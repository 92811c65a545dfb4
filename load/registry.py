"""What the registry of addresses costs at 10,000 rows: looking an address up, a table in, a table out.

    python -m load.registry

Starts a PostgreSQL of its own (with fsync), or uses the one DATABASE_URL names; everything happens in one
transaction that is taken back.
"""

from __future__ import annotations

import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from congress.local.places import Places
from congress.local.services import Services

ROWS = 10_000
LOOK_UPS = 2_000
BOUNDS = {
    "look-up, p50": 0.005,
    "look-up, our processor time, p99": 0.005,
    "import": 20.0,
    "XLSX": 10.0,
}


@contextmanager
def database() -> Iterator[None]:
    with tempfile.TemporaryDirectory(
        prefix="fkl-", dir="/tmp"
    ) as place:  # short: sockets live below
        Path(place).chmod(0o711)
        places = Places(Path(place))
        services = Services(places, durable=True, ends_with_us=True)
        given = dict(os.environ)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "congress.settings",
            "SECRET_KEY": secrets.token_hex(32),
            "SITE_URLS": "https://load.example",
            "LOCAL_DIR": place,
            "DATABASE_URL": given.get("DATABASE_URL") or services.postgres.url(),
            "REDIS_URL": given.get("REDIS_URL") or services.valkey.url(),
        }
        services.start(given)
        try:
            yield
        finally:
            services.stop()


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _looked_up(assess: Callable[..., object], *arguments: Any) -> tuple[float, float]:
    """Seconds on the wall, and seconds the processor worked for us: on a shared machine they differ."""
    started, working = time.perf_counter(), time.process_time()
    assess(*arguments)
    return time.perf_counter() - started, time.process_time() - working


def _of_the_database(address: str) -> float:
    """Planning and execution of the statement that finds the rules, as PostgreSQL says."""
    from django.db import connection

    from registration.models import DomainRule

    query = DomainRule.objects.about(address).select_related("land").order_by().query
    statement, values = query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        (plan,) = cursor.fetchone()[0]
    found: float = (plan["Planning Time"] + plan["Execution Time"]) / 1000
    return found


def measured() -> dict[str, float]:
    from django.db import connection

    from congress import outputs
    from congress.models import Edition, State
    from congress.setup import install_states
    from registration import eligibility, registry
    from registration.models import DomainRule

    install_states()
    table = "domain;match;decision;level;land;name\n" + "".join(
        f"amt.stadt-{number}.example;suffix;allow;kommune;SH;Stadt {number}\n"
        for number in range(ROWS)
    )
    figures = {
        "import": timed(
            lambda: registry.carry_out(registry.planned(table.encode()), by=None, reason="load")
        ),
        "import again, all changed": timed(
            lambda: registry.carry_out(
                registry.planned(table.replace("Stadt ", "Gemeinde ").encode()),
                by=None,
                reason="load",
            )
        ),
    }
    edition = Edition.objects.create(
        slug="2099",
        number=1,
        year=2099,
        title_de="Last",
        host_state=State.objects.get(code="SH"),
        starts_on="2099-03-17",
        ends_on="2099-03-18",
        city="Kiel",
        venue="Kiel",
        registration_opens_at="2099-01-01T00:00Z",
        registration_closes_at="2099-03-01T00:00Z",
        press_deadline_at="2099-03-01T00:00Z",
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registration_domainrule")  # as autovacuum does soon after an import
    eligibility.assess("kim@kiel.example", edition)
    addresses = [f"kim@referat.amt.stadt-{number * 5}.example" for number in range(LOOK_UPS)]
    for address in addresses:  # once for the caches of the database
        eligibility.assess(address, edition)
    times, worked = zip(
        *(_looked_up(eligibility.assess, address, edition) for address in addresses), strict=True
    )
    figures["look-up, p50"] = statistics.median(times)
    figures["look-up, p99"] = sorted(times)[int(len(times) * 0.99)]
    figures["look-up, our processor time, p99"] = sorted(worked)[int(len(worked) * 0.99)]
    figures["look-up, PostgreSQL's own time"] = _of_the_database(addresses[5])
    columns = ["domain", "match", *registry.COLUMNS.values()]
    rows = lambda: DomainRule.objects.values_list(*columns).iterator()  # noqa: E731  # asked for twice
    figures["XLSX"] = timed(lambda: outputs.safe_xlsx(columns, rows(), title="Last"))
    figures["CSV"] = timed(lambda: outputs.safe_csv(columns, rows()))
    return figures


def main() -> None:
    with database():
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import transaction

        call_command("migrate", verbosity=0)
        with transaction.atomic():
            figures = measured()
            transaction.set_rollback(True)
    missed = [name for name, bound in BOUNDS.items() if figures[name] > bound]
    print(f"{ROWS:,} rows")
    for name, seconds in figures.items():
        shown = f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.1f} s"
        bound = BOUNDS.get(name)
        limit = (
            ""
            if bound is None
            else f"   bound {bound * 1000:.0f} ms"
            if bound < 1
            else f"   bound {bound:.0f} s"
        )
        print(f"{name:34} {shown:>12}{limit}{'   MISSED' if name in missed else ''}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
