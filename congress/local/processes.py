"""Starting, watching and ending processes without leaving one behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(parent: int, with_signal: signal.Signals = signal.SIGTERM) -> None:
    """From now on this process gets the signal when its parent dies, however it dies (Linux)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if os.getppid() != parent:  # it died before we could say so
        os.kill(os.getpid(), with_signal)


def ending_with_this_process(with_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """For `Popen(preexec_fn=…)`: a net for the case that this process is killed outright."""
    parent = os.getpid()
    return lambda: end_with_parent(parent, with_signal)


def command_of(pid: int) -> str:
    """The command line of a process, "" if there is none."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        if _libc is not None:  # Linux: there is no such process
            return ""
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def wait_until(happens: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def signal_process(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def last_lines(log: Path, count: int = 5) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(line for line in lines[-count:] if line.strip())


class Child:
    """A process of ours in a session of its own, writing to its own log; started again when it dies."""

    LONGEST_PAUSE = 30.0
    STEADY_AFTER = 60.0
    LARGEST_LOG = 5_000_000

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: dict[str, str],
        cwd: Path,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.environment = environment
        self.cwd = cwd
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started_at = 0.0
        self.start_again_at = 0.0

    def start(self) -> None:
        self._keep_log_small()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal reaches only us; we end them in order
                preexec_fn=ending_with_this_process(),
            )
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str | None:
        """Start it again if it died, after a growing pause; a sentence if there is something to tell."""
        self._keep_log_small()
        now = time.monotonic()
        if self.is_running():
            if self.deaths and now - self.started_at > self.STEADY_AFTER:
                self.deaths = 0
            return None
        if self.process is not None:
            code = self.process.returncode
            self._kill_group()
            self.process = None
            pause = min(self.LONGEST_PAUSE, 2.0 ** (self.deaths - 1)) if self.deaths else 0.0
            self.deaths += 1
            self.start_again_at = now + pause
            how = signal.Signals(-code).name if code < 0 else f"code {code}"
            when = f"in {pause:.0f} s" if pause else "now"
            return f"{self.name} ended ({how}); starting it again {when}. Log: {self.log}"
        if now >= self.start_again_at:
            self.start()
        return None

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            signal_process(self.process.pid, signal.SIGTERM)

    def end(self, by: float) -> None:
        """Wait until the moment `by` (monotonic), then kill whatever is left of its session."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, by - time.monotonic()))
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        """What a killed process left in its session ends too."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _keep_log_small(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > self.LARGEST_LOG:
                os.truncate(self.log, 0)  # opened for appending: who writes goes on at the start
