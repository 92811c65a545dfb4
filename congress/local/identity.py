"""As whom PostgreSQL runs: it refuses to run as root.

An ordinary user runs it as themselves. Root runs it as the user who called sudo, or as nobody, and
changes no permission outside directories of its own: where a directory above is closed to that user
(a clone below /root), the server gets the one capability to pass through, and where that is not to be
had, binaries and data lie under /var/tmp.
"""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from congress.local.errors import CannotStart
from congress.local.places import directory_of_ours
from congress.local.processes import ending_with_this_process

# Without no_setuid_fixup the kernel ignores capabilities in access(2), which PostgreSQL asks first.
_PASS_THROUGH = [
    "--securebits=+no_setuid_fixup",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
]
_PROBE = '"$1" --version >/dev/null && cd "$2" && : >.probe && rm .probe'
# What would lead a server or its tools elsewhere than the arguments say.
_FOREIGN = ("PG", "LC_", "LANG")


@dataclass(frozen=True)
class Identity:
    """How to start a program so that PostgreSQL accepts it."""

    uid: int
    gid: int
    changes_user: bool = False
    passes_through: bool = False

    def popen(
        self,
        command: Sequence[str | Path],
        output: IO[bytes] | int,
        dies_with_us: signal.Signals | None = None,
    ) -> "subprocess.Popen[bytes]":
        arguments = [str(part) for part in command]
        before: Callable[[], None] | None = None
        if self.passes_through:
            with_parent = (
                ["--pdeathsig", dies_with_us.name.removeprefix("SIG")] if dies_with_us else []
            )
            user = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
            arguments = ["setpriv", *user, *_PASS_THROUGH, *with_parent, *arguments]
        elif dies_with_us:
            # Runs after the change of user, which would clear it.
            before = ending_with_this_process(dies_with_us)
        drops = self.changes_user and not self.passes_through
        return subprocess.Popen(
            arguments,
            cwd="/",
            env={name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
            | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before,
            user=self.uid if drops else None,
            group=self.gid if drops else None,
            extra_groups=[] if drops else None,
        )

    def run(self, command: Sequence[str | Path]) -> tuple[int, str]:
        with self.popen(command, subprocess.PIPE) as process:
            output, _ = process.communicate()
        return process.returncode, output.decode(errors="replace")

    def can_use(self, binary: Path, directory: Path) -> bool:
        try:
            code, _ = self.run(["/bin/sh", "-c", _PROBE, "sh", binary, directory])
        except OSError:  # no setpriv, or not allowed to change the user
            return False
        return code == 0

    def own(self, directory: Path) -> None:
        """Make a directory of ours theirs alone."""
        directory.mkdir(mode=0o700, exist_ok=True)
        if self.changes_user and directory.stat().st_uid != self.uid:
            os.chown(directory, self.uid, self.gid)
        directory.chmod(0o700)


@dataclass(frozen=True)
class Home:
    """Where the server's binaries and data lie, and as whom it runs."""

    identity: Identity
    binaries: Path
    cluster: Path
    sockets: Path


def find_home(binaries: Path, cluster: Path, sockets: Path) -> Home:
    """The first of three ways that works here; `cluster` need not exist yet. Raises `CannotStart`."""
    if os.geteuid() != 0:
        if cluster.exists() and cluster.stat().st_uid != os.geteuid():
            raise CannotStart(
                f"{cluster} belongs to another user. Remove {cluster.parent}, or use another directory: "
                f"LOCAL_DIR=.local-{os.geteuid()} make demo"
            )
        return Home(Identity(os.geteuid(), os.getegid()), binaries, cluster, sockets)

    uid, gid = _unprivileged(cluster)
    room = cluster.parent / f"postgres.probe-{os.getpid()}-{threading.get_ident()}"
    for passes_through in (False, True):
        identity = Identity(uid, gid, changes_user=True, passes_through=passes_through)
        try:
            identity.own(room)
            if identity.can_use(binaries / "postgres", room):
                return Home(identity, binaries, cluster, sockets)
        except OSError:
            break
        finally:
            shutil.rmtree(room, ignore_errors=True)
    return _home_elsewhere(Identity(uid, gid, changes_user=True), binaries, cluster)


def _unprivileged(cluster: Path) -> tuple[int, int]:
    if cluster.exists() and (status := cluster.stat()).st_uid != 0:
        return status.st_uid, status.st_gid
    sudo_uid = os.environ.get("SUDO_UID", "")
    name = int(sudo_uid) if sudo_uid.isdigit() and int(sudo_uid) else "nobody"
    try:
        entry = pwd.getpwuid(name) if isinstance(name, int) else pwd.getpwnam(name)
    except KeyError as error:
        raise CannotStart(
            "PostgreSQL refuses to run as root, and this system has no user nobody. "
            "Start as an ordinary user, or name a server: DATABASE_URL=postgres://… make demo"
        ) from error
    return entry.pw_uid, entry.pw_gid


def _home_elsewhere(identity: Identity, binaries: Path, cluster: Path) -> Home:
    """Data and a copy of the binaries under /var/tmp, for a root without capabilities to give."""
    digest = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]
    place = Path("/var/tmp") / f"fachkongress-{digest}"  # checked in directory_of_ours
    directory_of_ours(place)
    package = binaries.parent.parent
    complete = place / "complete"
    original = (binaries / "postgres").stat()
    version = f"{original.st_size} {original.st_mtime_ns}"
    if not complete.exists() or complete.read_text() != version:
        # The binaries find the libraries beside their package.
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.rmtree(place / part.name, ignore_errors=True)
            if part.is_dir():
                shutil.copytree(part, place / part.name, symlinks=True)
        for path in (entry for entry in place.rglob("*") if not entry.is_symlink()):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        complete.write_text(version)
    copied = place / package.name / binaries.parent.name / binaries.name
    identity.own(place / "room")
    if not identity.can_use(copied / "postgres", place / "room"):
        raise CannotStart(
            "PostgreSQL refuses to run as root, and no other user can run it here. "
            "Start as an ordinary user, or name a server: DATABASE_URL=postgres://… make demo"
        )
    return Home(identity, copied, place / "room" / cluster.name, place / "room")
