"""Where the demonstration and the tests keep their files."""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from congress.local.errors import CannotStart

ROOT = Path(__file__).resolve().parent.parent.parent

# A socket's path must fit into 107 bytes; "/pg/.s.PGSQL.5432" follows the directory.
LONGEST_SOCKET_DIRECTORY = 80


@dataclass(frozen=True)
class Places:
    """Everything that is kept, below one directory."""

    directory: Path

    @classmethod
    def from_environment(cls) -> "Places":
        """LOCAL_DIR; a relative one counts from the repository, whatever the current directory is."""
        return cls((ROOT / os.environ.get("LOCAL_DIR", ".local")).absolute())

    def create(self) -> None:
        try:
            for directory in (self.directory, self.logs, self.mails, self.state):
                directory.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.state):
                pass
        except PermissionError as error:
            raise CannotStart(
                f"{self.directory} belongs to somebody else (perhaps made by an earlier start as root). "
                f"Remove it, or use another one: LOCAL_DIR=.local-{os.getuid()} make demo"
            ) from error
        except OSError as error:
            raise CannotStart(f"{self.directory} cannot be written: {error.strerror}.") from error

    @property
    def env_file(self) -> Path:
        return self.directory / "demo.env"

    @property
    def logs(self) -> Path:
        return self.directory / "log"

    @property
    def mails(self) -> Path:
        return self.directory / "mails"

    @property
    def state(self) -> Path:
        """Lock files and process ids."""
        return self.directory / "run"

    @property
    def cluster(self) -> Path:
        return self.directory / "postgres"

    @property
    def sockets(self) -> Path:
        """A directory for Unix sockets, so that no port can be taken.

        Where the path is too long for a socket, or needs quoting in an address, a short one under /tmp.
        """
        wanted = self.directory / "sockets"
        if len(os.fsencode(wanted)) <= LONGEST_SOCKET_DIRECTORY and re.fullmatch(
            r"[\w./-]+", str(wanted), re.ASCII
        ):
            return wanted
        digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
        return Path("/tmp") / f"fachkongress-{os.getuid()}-{digest}"  # checked in directory_of_ours


def directory_of_ours(path: Path) -> None:
    """Make a directory, or insist that it is ours: /tmp is everybody's. Raises `CannotStart`."""
    path.mkdir(mode=0o711, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise CannotStart(f"{path} belongs to somebody else. Remove it and start again.")
    path.chmod(0o711)
