"""What the serving processes cost, read from /proc: only where they run on this machine and belong to us."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LISTENS = "0A"


def processes(address: tuple[str, int]) -> list[int]:
    """The processes that listen on this address; none where they cannot be seen."""
    try:
        host = socket.gethostbyname(address[0])
    except OSError:
        return []
    if not host.startswith("127.") and host not in _own_addresses():
        return []
    inodes = _listening(address[1])
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for entry in (directory / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if entry.readlink().name in inodes:
                        found.append(int(directory.name))
                        break
    return sorted(found)


def _own_addresses() -> set[str]:
    try:
        return set(socket.gethostbyname_ex(socket.gethostname())[2])
    except OSError:
        return set()


def _listening(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    return inodes


def cpu_seconds(processes: list[int]) -> float:
    """Processor time they have used so far."""
    ticks = 0
    for pid in processes:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def memory_kib(processes: list[int]) -> int:
    """Memory of their own, in KiB: what they share counts once at most."""
    total = 0
    for pid in processes:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Private_Dirty:", "Private_Clean:")):
                    total += int(line.split()[1])
    return total


def open_lines(processes: list[int]) -> int:
    """How many files and sockets they hold open."""
    count = 0
    for pid in processes:
        with contextlib.suppress(OSError):
            count += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return count
