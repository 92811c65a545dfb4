"""`make demo`: everything at once, until Ctrl-C.

Starts what is not there, says in a few lines where to go, keeps web, worker, beat and mail sink
running, and stops all of it, PostgreSQL and Valkey included. Each writes to its own log.
"""

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import IO

from congress.local import environment
from congress.local.errors import CannotStart
from congress.local.places import ROOT, Places
from congress.local.processes import Child, last_lines, wait_until
from congress.local.services import Services

SECONDS_TO_ANSWER = 60
SECONDS_TO_END = 8
SECONDS_BETWEEN_LOOKS = 5
WEB_WORKERS = 2
MAIL_PORTS = range(8025, 8100)


class Stopped(Exception):
    """Somebody asked for the end while something was still being started."""


class Demo:
    """The demonstration while it runs."""

    def __init__(self, places: Places, host: str, port: int) -> None:
        self.places = places
        self.host = host
        self.port = port
        self.services = Services(places)
        self.children: list[Child] = []
        self.asked_to_end = 0
        self.environment: dict[str, str] = {}

    # --- start ----------------------------------------------------------------------------------

    def start(self) -> None:
        began = time.monotonic()
        say("Starting PostgreSQL and Valkey … / Die Server starten …")
        mail_port = free_mail_port()
        values = environment.for_demo(
            self.places,
            self.services,
            EMAIL_URL=os.environ.get("EMAIL_URL") or f"smtp://127.0.0.1:{mail_port}",
            HOST=self.host,
            PORT=str(self.port),
        )
        (self.places.directory / "static").mkdir(exist_ok=True)
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1", **values}
        self._stop_if_asked()

        say("Preparing the congress … / Der Kongress wird vorbereitet …")
        self._prepare()

        python = sys.executable
        celery = [python, "-m", "celery", "--app", "congress"]
        schedule = str(self.places.state / "celerybeat-schedule")
        self._run(
            "mail",
            [python, "-m", "congress.local.mailsink", str(mail_port), str(self.places.mails)],
        )
        serve = ["--host", self.host, "--port", str(self.port), "--workers", str(WEB_WORKERS)]
        self._run("web", [python, "-m", "congress.server", *serve])
        alone = ["--without-mingle", "--without-gossip", "--concurrency", "2"]
        self._run("worker", [*celery, "worker", *alone, "--loglevel", "INFO"])
        self._run(
            "beat",
            [*celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING"],
        )
        self._wait_for_answer()
        self._welcome(time.monotonic() - began)

    def _prepare(self) -> None:
        log = self.places.logs / "prepare.log"
        with log.open("wb") as output:
            step = subprocess.Popen(
                [sys.executable, "-m", "congress.local.prepare"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while step.poll() is None:
                self._stop_if_asked()
                time.sleep(0.05)
        finally:
            if step.poll() is None:
                step.kill()
                step.wait()
        self._stop_if_asked()  # a Ctrl-C may reach the step before it has a session of its own
        if step.returncode:
            raise CannotStart(
                f"The database could not be prepared. {log} ends: {last_lines(log, 1)}"
            )

    def _run(self, name: str, command: list[str]) -> None:
        child = Child(name, command, self.places.logs / f"{name}.log", self.environment, ROOT)
        self.children.append(child)
        child.start()

    def _wait_for_answer(self) -> None:
        def answers() -> bool:
            self._stop_if_asked()
            web = next(child for child in self.children if child.name == "web")
            return not web.is_running() or self._is_healthy()

        wait_until(answers, SECONDS_TO_ANSWER, every=0.1)
        if not self._is_healthy():
            log = self.places.logs / "web.log"
            raise CannotStart(
                f"The site does not answer on {self.address}. {log} ends: {last_lines(log, 1)}"
            )

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _welcome(self, seconds: float) -> None:
        say(
            f"""
Der Fachkongress läuft / The congress is running  ({seconds:.1f} s)

  {self.address}/demo/    zuerst öffnen: Rollen, Uhr, Mails / open this first: roles, clock, mails
  {self.address}/         die Seite des Kongresses / the congress itself

  Protokolle / logs: {shown(self.places.logs)}/   Mails: {shown(self.places.mails)}/
  Strg-C beendet alles / Ctrl-C stops everything.
"""
        )

    # --- while it runs --------------------------------------------------------------------------

    def keep_running(self) -> None:
        look_at_servers = time.monotonic()
        while not self.asked_to_end:
            for child in self.children:
                if news := child.watch():
                    say(news)
            if time.monotonic() > look_at_servers:
                look_at_servers = time.monotonic() + SECONDS_BETWEEN_LOOKS
                self._look_at_servers()
            time.sleep(0.1)

    def _look_at_servers(self) -> None:
        said = environment.given()
        lost = [
            name
            for name, server in (
                ("PostgreSQL", self.services.postgres),
                ("Valkey", self.services.valkey),
            )
            if not said.get("DATABASE_URL" if name == "PostgreSQL" else "REDIS_URL")
            and not server.answers()
        ]
        if lost:
            say(f"{' and '.join(lost)} ended; starting again. Logs: {shown(self.places.logs)}/")
            try:
                self.services.start(said)
            except CannotStart as reason:
                say(str(reason))

    # --- end ------------------------------------------------------------------------------------

    def ask_to_end(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked_to_end += 1

    def _stop_if_asked(self) -> None:
        if self.asked_to_end:
            raise Stopped

    def end(self) -> None:
        """In order: no new work, then those who do it, then the servers they use. Asked twice: at once."""
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + SECONDS_TO_END
        wait_until(
            lambda: self.asked_to_end > 1 or not any(child.is_running() for child in self.children),
            SECONDS_TO_END,
        )
        for child in self.children:
            child.end(by=time.monotonic() if self.asked_to_end > 1 else deadline)
        self.services.stop()


def say(text: str) -> None:
    with contextlib.suppress(
        OSError
    ):  # the terminal is gone; what it started still has to be ended
        print(text, flush=True)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def insist_on_free_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise CannotStart(
            f"Port {port} is for root only. Choose another one: PORT=8001 make demo"
        ) from error
    except socket.gaierror as error:
        raise CannotStart(
            f"There is no host {host} here. Leave HOST out, or: HOST=127.0.0.1 make demo"
        ) from error
    except OSError as error:
        free = port + 1 if port < 65535 else 8001
        raise CannotStart(
            f"Port {port} on {host} is taken by another program. Choose another one: PORT={free} make demo"
        ) from error


def free_mail_port() -> int:
    """By chance: another demonstration that starts at this moment looks for one, too."""
    for port in random.sample(MAIL_PORTS, len(MAIL_PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CannotStart(
        f"No port between {MAIL_PORTS[0]} and {MAIL_PORTS[-1]} is free for the mail sink."
    )


def port_from_environment() -> int:
    said = os.environ.get("PORT") or "8000"
    if not said.isdigit() or not 0 < int(said) < 65536:
        raise CannotStart(
            f"PORT={said} is no port. Choose a number from 1024 to 65535: PORT=8001 make demo"
        )
    return int(said)


def hold(places: Places) -> IO[str]:
    """The lock of the one demonstration of this directory; ends with the process."""
    file = (places.state / "demo.pid").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        values = environment.read(places.env_file)
        where = f"http://{values.get('HOST', '127.0.0.1')}:{values.get('PORT', '8000')}/demo/"
        file.close()
        raise CannotStart(
            f"The demonstration of {shown(places.directory)} is running already: {where} "
            "To stop it: python3 tools/dev.py stop. For a second one: LOCAL_DIR=.local-2 PORT=8001 make demo"
        ) from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


def stop(places: Places) -> None:
    """End a running demonstration, or the servers a command has left running."""
    try:
        lock = hold(places)
    except CannotStart:
        try:
            os.kill(int((places.state / "demo.pid").read_text()), signal.SIGTERM)
        except (OSError, ValueError):
            raise
        with (places.state / "demo.pid").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
        return
    with lock:
        Services(places).stop()


def main(arguments: list[str]) -> int:
    places = Places.from_environment()
    try:
        if arguments == ["stop"]:
            if places.state.is_dir():
                stop(places)
            say("Stopped. / Beendet.")
            return 0
        places.create()
        with hold(places):
            demo = Demo(places, os.environ.get("HOST") or "127.0.0.1", port_from_environment())
            insist_on_free_port(demo.host, demo.port)
            for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(which) != signal.SIG_IGN:  # as under nohup
                    signal.signal(which, demo.ask_to_end)
            try:
                demo.start()
                demo.keep_running()
            except Stopped:
                pass
            finally:
                say("Stopping … / Wird beendet …")
                demo.end()
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1
    say("Stopped; the data is kept. / Beendet; die Daten bleiben.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
