"""Finding processes by the LOCAL_DIR they were started with."""

import os
from pathlib import Path


def of(places):
    """Ids and commands of every process that was started for this directory."""
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            environ = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
        if command and f"LOCAL_DIR={places.directory}".encode() in environ:
            found[int(process.name)] = command
    return found


def with_word(places, word):
    return [pid for pid, command in of(places).items() if word in command]


def except_servers(places):
    """Without PostgreSQL and Valkey, which outlive a start that was killed."""
    return {
        pid: command
        for pid, command in of(places).items()
        if "postgres" not in command and "valkey-server" not in command
    }
