"""A site of our own for the load: database, servers, people; torn down at the end. Traffic goes to 127.0.0.1 only."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import psycopg2

from congress.local.places import ROOT, Places
from congress.local.processes import ending_with_this_process, last_lines, wait_until
from congress.local.services import Services
from polls.rehearsal import servers

EDITION, STAGE = "2021", "plenum"
PYTHON = sys.executable
ANSWERS = "Ja\nNein\nVielleicht\nDas zeigt sich gleich"


def free_port() -> int:
    """Below the ports that outgoing lines use; by chance, so that two at once do not look at the same one."""
    for port in random.sample(range(9200, 10240), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("Of 50 ports from 9200 to 10239 none is free.")


_SIGN_IN = """
from django.conf import settings
from django.test import Client
from congress.models import User
client = Client()
client.force_login(User.objects.get(email="{address}"), backend="congress.auth.RoleBackend")
name = settings.SESSION_COOKIE_NAME
print(f"{{name}}={{client.cookies[name].value}}")
"""


class Program:
    """A program in a session of its own, ended with us."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ending_with_this_process(),
            )
        self.log = log

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Site:
    """The demonstration in a database of its own, and as many rehearsal people as are asked for."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="fkl-", dir="/tmp"))
        self.directory.chmod(0o711)
        self.services = Services(Places(self.directory), ends_with_us=True)
        self.environment: dict[str, str] = {}
        self.database = ""
        self.cookies: list[str] = []
        self.moderator = ""

    def __enter__(self) -> Site:
        given = dict(os.environ)
        addresses = self.services.start(given)
        self.database = addresses["DATABASE_URL"]
        self.environment = {
            **given,
            **addresses,
            "DEMO": "true",
            "SECRET_KEY": secrets.token_hex(32),
            "LOCAL_DIR": str(self.directory),
            "REDIS_PREFIX": f"load-{secrets.token_hex(4)}",
            "EMAIL_URL": f"filemail:///{self.directory / 'mails'}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }
        (self.directory / "static").mkdir(exist_ok=True)
        self._run("-m", "congress.local.prepare")
        return self

    def __exit__(self, *_error: Any) -> None:
        if self.cookies:
            self._run("manage.py", "rehearse", EDITION, STAGE, "--cleanup")
        self.services.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def invite(self, viewers: int) -> None:
        """So many people with a session each, and a moderator."""
        tickets = self.directory / "tickets"
        self._run(
            "manage.py",
            "rehearse",
            EDITION,
            STAGE,
            "--viewers",
            str(viewers),
            "--tickets",
            str(tickets),
        )
        lines = [json.loads(line) for line in tickets.read_text().splitlines()]
        self.cookies = [line["cookie"] for line in lines if line["kind"] == "viewer"]
        self.moderator = next(line["cookie"] for line in lines if line["kind"] == "moderator")

    def shell(self, program: str) -> list[str]:
        """What a few lines print that run inside the site."""
        done = subprocess.run(
            [PYTHON, "manage.py", "shell", "-v", "0", "-c", program],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    def cookie_of(self, address: str) -> str:
        """A session of somebody of the demonstration."""
        (cookie,) = self.shell(_SIGN_IN.format(address=address))
        return cookie

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        line = psycopg2.connect(self.database)
        try:
            with line.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall()
        finally:
            line.close()

    def counted(self, poll: int) -> tuple[int, int, int]:
        """What the database says: people who took part, their sum, the sum of what they chose."""
        (row,) = self.ask(
            "SELECT (SELECT count(*) FROM polls_participation WHERE poll_id = %s),"
            " (SELECT sum(count) FROM polls_turnout WHERE poll_id = %s),"
            " (SELECT sum(count) FROM polls_tally WHERE poll_id = %s)",
            poll, poll, poll,
        )  # fmt: skip
        return int(row[0]), int(row[1]), int(row[2])

    def connections(self) -> int:
        """Connections of the suite to the database."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fachkongress'"
        return int(self.ask(query)[0][0])

    @contextmanager
    def served(self, workers: int) -> Iterator[Served]:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        command = [PYTHON, "-m", "congress.server", "--port", str(port), "--workers", str(workers)]
        program = Program(
            command, self.environment | {"SITE_URLS": address}, self.directory / "web.log"
        )
        try:
            wait_until(lambda: program.process.poll() is not None or _answers(address), 40, 0.1)
            if not _answers(address):
                raise RuntimeError(f"The site did not start:\n{last_lines(program.log, 20)}")
            wait_until(lambda: len(servers.processes(("127.0.0.1", port))) >= workers + 1, 20, 0.1)
            served = Served(self, address, port)
            for _ in range(workers * 8):  # every process has loaded what it needs
                served.get("")
            yield served
        finally:
            program.stop()

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [PYTHON, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(
                f"{' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )


class Served:
    """The running servers, and the moderator's hand on them."""

    def __init__(self, site: Site, address: str, port: int) -> None:
        self.site = site
        self.address = address
        self.processes = servers.processes(("127.0.0.1", port))

    def get(self, path: str) -> None:
        request = urllib.request.Request(
            f"{self.address}/{EDITION}/moderation/{STAGE}/{path}",
            headers={"Cookie": self.site.moderator},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()

    def open_poll(self) -> int:
        """Close the one that is open and open another, by the moderators' console."""
        for (poll,) in self.site.ask(
            "SELECT p.id FROM polls_poll p JOIN congress_stage s ON s.id = p.stage_id"
            " WHERE p.state = 'open' AND s.slug = %s", STAGE,
        ):  # fmt: skip
            self._post(f"{poll}/close/")
        self._post(
            "", text="Kommt Ihre Stimme an?", answers=ANSWERS, kind="single", results_show="live",
            open="1", key=str(uuid4()),
        )  # fmt: skip
        return int(self.site.ask("SELECT max(id) FROM polls_poll")[0][0])

    def _post(self, path: str, **fields: str) -> None:
        token = secrets.token_hex(16)
        request = urllib.request.Request(
            f"{self.address}/{EDITION}/moderation/{STAGE}/{path}",
            data=urlencode(fields).encode(),
            headers={
                "Cookie": f"{self.site.moderator}; csrf={token}",
                "X-CSRFToken": token,
                "Origin": self.address,
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()


class Watch:
    """The largest value of something while a run goes on, looked at from a thread."""

    def __init__(self, look: Any, every: float = 0.1) -> None:
        self.largest = 0
        self._look, self._every = look, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self._over.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            self.largest = max(self.largest, self._look())


@contextmanager
def other_server(site: Site, name: str) -> Iterator[str]:
    """What ours is compared with in the same run: `bare` is the floor, `tutorial` the usual way."""
    port = free_port()
    environment = site.environment | {"DJANGO_SETTINGS_MODULE": "congress.settings"}
    program = Program(
        [PYTHON, "-m", f"load.{name}", str(port)], environment, site.directory / f"{name}.log"
    )
    try:
        if not wait_until(lambda: _listens(port), 20, 0.05):
            raise RuntimeError(last_lines(program.log, 10))
        yield f"http://127.0.0.1:{port}"
    finally:
        program.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def pause() -> None:
    """Lines of the last run are gone, and its processes too."""
    time.sleep(1)
