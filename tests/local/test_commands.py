"""Bare `manage.py` commands: they find the demonstration, and say what is missing in a sentence."""

import os
import stat

import pytest

from congress.local import environment as demo_environment
from congress.local.services import Services

ASK = (
    "from django.conf import settings; from django.db import connection; "
    "connection.ensure_connection(); print(settings.DEMO, settings.SECRET_KEY)"
)


@pytest.fixture
def places(shared_places):
    """The directory of one demonstration for all tests here; each begins by making it again."""
    return shared_places


def make_demo(places, monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    return demo_environment.for_demo(
        places, Services(places), EMAIL_URL="smtp://127.0.0.1:1", PORT="8000"
    )


def test_a_bare_command_finds_the_key_and_starts_the_servers(places, manage, monkeypatch):
    values = make_demo(places, monkeypatch)
    Services(places).stop()

    answer = manage("shell", "-v", "0", "-c", ASK)

    assert answer.stderr == ""
    assert answer.stdout.split() == ["True", values["SECRET_KEY"]]
    assert Services(places).postgres.answers()  # they stay, for the next command


def test_a_command_that_needs_no_database_starts_none(places, manage, monkeypatch):
    make_demo(places, monkeypatch)
    Services(places).stop()

    assert manage("version").returncode == 0
    assert not Services(places).postgres.answers()


def test_an_installation_with_a_key_of_its_own_is_never_a_demonstration(
    places, manage, monkeypatch
):
    values = make_demo(places, monkeypatch)

    answer = manage(
        "shell",
        "-v",
        "0",
        "-c",
        ASK,
        SECRET_KEY="own" * 20,
        SITE_URLS="https://own.example",
        DATABASE_URL=values["DATABASE_URL"],
        REDIS_URL=values["REDIS_URL"],
    )

    assert answer.stdout.split() == ["False", "own" * 20]


def test_the_key_survives_and_is_for_our_eyes_only(places, monkeypatch):
    first = make_demo(places, monkeypatch)
    again = make_demo(places, monkeypatch)

    assert again["SECRET_KEY"] == first["SECRET_KEY"]
    assert stat.S_IMODE(places.env_file.stat().st_mode) == 0o600
    assert len(first["SECRET_KEY"]) >= 50


def test_a_moved_directory_is_found_anew(places, manage, monkeypatch, environment):
    values = make_demo(places, monkeypatch)
    Services(places).stop()
    moved = places.directory.with_name("m")
    places.directory.rename(moved)

    answer = manage("shell", "-v", "0", "-c", ASK, LOCAL_DIR=str(moved))

    Services(type(places)(moved)).stop()
    moved.rename(places.directory)
    assert answer.stdout.split() == ["True", values["SECRET_KEY"]]


def test_without_anything_the_command_names_make_demo(manage, tmp_path):
    for command in ("migrate", "runserver", "seed_demo"):
        answer = manage(command, LOCAL_DIR=str(tmp_path))

        assert answer.returncode == 1
        assert "`make demo`" in answer.stderr
        assert "Traceback" not in answer.stderr


def test_the_file_reads_as_a_shell_reads_it(tmp_path):
    values = {"PLAIN": "a", "SPACES": "Fachkongress <f@example>", "QUOTES": "it's", "EMPTY": ""}
    path = tmp_path / "demo.env"

    demo_environment.write(path, values)

    assert demo_environment.read(path) == values
    shell = os.popen(f'. {path}; printf \'%s|%s\' "$SPACES" "$QUOTES"').read()
    assert shell == "Fachkongress <f@example>|it's"
