"""The servers the environment does not name, started under a lock, found again by the next process."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from congress.local.places import Places
from congress.local.postgres import Postgres
from congress.local.valkey import Valkey


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process, however it ends."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Services:
    """PostgreSQL and Valkey of one LOCAL_DIR. They outlive whoever starts them, until `stop`."""

    def __init__(self, places: Places, *, durable: bool = True, ends_with_us: bool = False) -> None:
        self.places = places
        self.postgres = Postgres(
            places.directory,
            places.sockets,
            places.logs / "postgres.log",
            durable=durable,
            ends_with_us=ends_with_us,
        )
        self.valkey = Valkey(places.sockets, places.logs / "valkey.log", ends_with_us=ends_with_us)

    def start(self, given: Mapping[str, str]) -> dict[str, str]:
        """Start what `given` does not name; both addresses. Raises `CannotStart`."""
        self.places.create()
        with locked(self.places.state / "servers.lock"):
            if not given.get("DATABASE_URL"):
                self.postgres.start()
            if not given.get("REDIS_URL"):
                self.valkey.start()
        return {
            "DATABASE_URL": given.get("DATABASE_URL") or self.postgres.url(),
            "REDIS_URL": given.get("REDIS_URL") or self.valkey.url(),
        }

    def stop(self) -> None:
        """Whatever of ours runs here, whoever started it. Repeatable."""
        if not self.places.state.is_dir():
            return
        with locked(self.places.state / "servers.lock"):
            self.valkey.stop()
            if self.postgres.has_cluster():
                self.postgres.stop()
