"""The whole suite as it runs in earnest: the launcher, its workers, Celery, on a database of their own."""

import os
import random
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.conf import settings
from django.db import connection
from django.test import Client
from psycopg2 import sql

from congress.local.places import ROOT
from congress.local.processes import ending_with_this_process, last_lines, wait_until

PREFIX = os.environ["REDIS_PREFIX"].replace(
    "-", "_"
)  # tells our databases from those of another run
TEMPLATE = f"{PREFIX}_seeded"
SECONDS_TO_ANSWER = 30


def address_of(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


def maintain(statement: str, *names: str) -> None:
    """CREATE and DROP DATABASE, which want to be alone."""
    line = psycopg2.connect(address_of("postgres"))
    line.autocommit = True
    try:
        with line.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        line.close()


def make_template(log: Path) -> None:
    """Tables, setup and demonstration once; every site starts from a copy."""
    maintain("CREATE DATABASE {}", TEMPLATE)
    with log.open("wb") as output:
        code = subprocess.call(
            [sys.executable, "-m", "congress.local.prepare"],
            cwd=ROOT,
            env=environment(TEMPLATE),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    assert code == 0, log.read_text()[-4000:]


def environment(database: str, **more: str) -> dict[str, str]:
    """That of the demonstration, so that /demo/ is there, with the keys of this run."""
    return os.environ | {
        "STREAM_SECRET": "nur-fuer-die-tests-0123456789abcdef",
        "DATABASE_URL": address_of(database),
        "REDIS_PREFIX": database,
        "DEMO": "true",
        "TESTING": "false",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


class Site:
    """A running site; stop it with `stop`."""

    def __init__(
        self, name: str, directory: Path, *, workers: int = 2, celery: bool = False
    ) -> None:
        self.database = f"{PREFIX}_{name}"
        self.directory = directory / name
        self.mails = self.directory / "mails"
        self.workers = workers
        self.celery = celery
        self.address = ""
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.mails.mkdir(parents=True)
        maintain("CREATE DATABASE {} TEMPLATE {}", self.database, TEMPLATE)
        python = sys.executable
        for port in random.sample(range(9100, 10240), 50):
            self.address = f"http://127.0.0.1:{port}"
            serve = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(self.workers)]
            web = self._run("web", [python, "-m", "congress.server", *serve])
            wait_until(
                lambda web=web: (
                    web.poll() is not None or ("Serving" in self.log() and self._answers())
                ),
                SECONDS_TO_ANSWER,
            )
            if web.poll() is None or "is taken" not in self.log():
                break
            self.processes.remove(web)
        assert self._answers(), (
            f"The site did not start:\n{last_lines(self.directory / 'web.log', 30)}"
        )
        if self.celery:
            worker = [python, "-m", "celery", "--app", "congress", "worker", "--concurrency", "1"]
            schedule = str(self.directory / "beat")
            self._run("worker", [*worker, "--beat", "--schedule", schedule, "--loglevel", "INFO"])

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()
        connection.close()
        maintain("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database)

    def log(self, name: str = "web") -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def worker_ids(self) -> list[int]:
        """The processes that serve; the launcher brings back those that are killed."""
        launcher = self.processes[0].pid
        children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
        return [
            int(child)
            for child in children
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]

    def sign_in(self, context: Any, person: Any) -> None:
        """Give a browser context the session of a person, without walking through the sign-in."""
        client = Client()
        client.force_login(person)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": self.address}]
        )

    @contextmanager
    def looked_into(self) -> Iterator[None]:
        """The ORM of this process reads and writes the site's database."""
        connection.close()
        ours = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = self.database
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = ours

    def _run(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(
                    self.database, SITE_URLS=self.address, EMAIL_URL=f"filemail:///{self.mails}"
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ending_with_this_process(),
            )
        self.processes.append(process)
        return process

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
