"""`.local/demo.env`: what the demonstration needs to know, and how a bare `manage.py` command finds it."""

import os
import secrets
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from congress.local.errors import CannotStart
from congress.local.places import ROOT, Places
from congress.local.services import Services

_HEADER = """\
# Written by `make demo` and read by every manage.py command, unless SECRET_KEY is set elsewhere.
# OWN_SERVERS are started by such a command where they are down; `python3 tools/dev.py stop` stops them.
"""
_ADDRESSES = ("DATABASE_URL", "REDIS_URL")
# Commands that touch neither database nor Redis.
_WITHOUT_SERVERS = {
    "",
    "help",
    "version",
    "makemessages",
    "compilemessages",
    "collectstatic",
    "--help",
    "--version",
}


def read(path: Path) -> dict[str, str]:
    """NAME=value lines, quoted as in a shell; none if there is no such file."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    values = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            try:
                words = shlex.split(value, comments=True)
            except ValueError:
                words = [value]
            values[name.strip()] = words[0] if words else ""
    return values


def write(path: Path, values: Mapping[str, str]) -> None:
    """For our eyes only: the file holds the key."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(
            _HEADER + "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
        )
    unfinished.replace(path)


def given() -> dict[str, str]:
    """What is said from outside: the environment, then .env."""
    return {**read(ROOT / ".env"), **os.environ}


def for_demo(places: Places, services: Services, **more: str) -> dict[str, str]:
    """Start the servers of the demonstration and write its file. The key survives. Raises `CannotStart`."""
    said = given()
    before = read(places.env_file)
    addresses = services.start(said)
    values = {
        "SECRET_KEY": said.get("SECRET_KEY")
        or before.get("SECRET_KEY")
        or secrets.token_urlsafe(48),
        "DEMO": "true",
        "LOCAL_DIR": str(places.directory),
        **addresses,
        "OWN_SERVERS": " ".join(name for name in addresses if not said.get(name)),
        **more,
    }
    write(places.env_file, values)
    return values


def prepare(arguments: list[str]) -> None:
    """For `manage.py`: give the environment what the demonstration knows, and start its servers.

    An installation has its own SECRET_KEY and is left alone.
    """
    places = Places.from_environment()
    said = given()
    try:
        values = read(places.env_file)
    except PermissionError:
        return
    if said.get("SECRET_KEY") or not values:
        return
    command = arguments[1] if len(arguments) > 1 else ""
    own = {name for name in values.pop("OWN_SERVERS", "").split() if not said.get(name)}
    if own and command not in _WITHOUT_SERVERS:
        try:
            named = values | said
            # Found anew rather than believed: the directory may have moved since.
            values |= Services(places).start(
                {name: named.get(name, "") for name in _ADDRESSES if name not in own}
            )
        except CannotStart as reason:
            sys.exit(str(reason))
    values["LOCAL_DIR"] = str(places.directory)
    for name, value in values.items():
        if not said.get(name):
            os.environ[name] = value
