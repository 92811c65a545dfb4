"""PostgreSQL and Valkey from the wheels: found again, recovered, never twice, as whomever."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from congress.local import postgres
from congress.local.errors import CannotStart
from congress.local.places import ROOT, Places
from congress.local.processes import wait_until
from congress.local.services import Services

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about running as root")


def server_process(services):
    return int((services.postgres.home.cluster / "postmaster.pid").read_text().split()[0])


def ask(services, statement):
    line = psycopg2.connect(services.postgres.url())
    line.autocommit = True
    with line.cursor() as cursor:
        cursor.execute(statement)
        answer = cursor.fetchone() if cursor.description else None
    line.close()
    return answer


def test_both_servers_answer_and_keep_what_was_written(shared_services):
    services = shared_services
    addresses = services.start({})
    ask(services, "CREATE TABLE note (text text)")
    services.stop()

    again = services.start({})

    assert again == addresses
    assert ask(services, "SELECT count(*) FROM note") == (0,)
    assert services.valkey.answers()


def test_the_log_of_the_database_holds_no_values(shared_services):
    services = shared_services
    services.start({})
    ask(services, "CREATE TABLE mailbox (address text UNIQUE)")
    ask(services, "INSERT INTO mailbox VALUES ('kim@example.test')")

    with pytest.raises(psycopg2.IntegrityError):
        ask(services, "INSERT INTO mailbox VALUES ('kim@example.test')")

    log = services.postgres.log.read_text()
    assert "mailbox_address_key" in log
    assert "kim@example.test" not in log


def test_servers_named_from_outside_are_not_started(services):
    given = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere"}

    assert services.start(given) == given
    assert not services.postgres.cluster.exists()
    assert not services.valkey.answers()


def test_who_named_both_servers_stops_without_the_wheels(services, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    services.start({"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere"})

    services.stop()

    assert not services.postgres.has_cluster()


def test_each_server_is_named_for_itself(services):
    addresses = services.start({"DATABASE_URL": "postgres://elsewhere/db"})

    assert addresses["DATABASE_URL"] == "postgres://elsewhere/db"
    assert services.valkey.answers()


def test_a_killed_postgres_comes_back_with_its_data(shared_services):
    services = shared_services
    services.start({})
    ask(services, "CREATE TABLE kept (text text)")

    os.kill(server_process(services), signal.SIGKILL)
    services.start({})

    assert ask(services, "SELECT count(*) FROM kept") == (0,)


def test_a_process_id_left_behind_that_is_now_a_stranger_keeps_nobody_from_starting(
    shared_services,
):
    services = shared_services
    services.start({})
    services.stop()
    (services.postgres.home.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")

    services.start({})

    assert ask(services, "SELECT 1") == (1,)


def test_a_half_made_data_directory_is_made_anew(services):
    services.places.create()
    (services.postgres.cluster / "base").mkdir(parents=True)
    unfinished = services.postgres.cluster.with_name("postgres.new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")

    services.start({})

    assert ask(services, "SELECT 1") == (1,)
    assert not unfinished.exists()


def test_data_of_another_version_is_kept_and_named_in_a_sentence(services):
    services.start({})
    services.stop()
    (services.postgres.home.cluster / "PG_VERSION").write_text("13\n")

    with pytest.raises(
        CannotStart, match=r"made by PostgreSQL 13, this is PostgreSQL 18\. .*rm -r "
    ):
        services.start({})


def test_a_hanging_valkey_is_replaced(services):
    services.start({"DATABASE_URL": "postgres://elsewhere/db"})
    hanging = int(services.valkey.socket.with_name("valkey.pid").read_text())
    os.kill(hanging, signal.SIGSTOP)

    services.start({"DATABASE_URL": "postgres://elsewhere/db"})

    assert services.valkey.answers()
    assert int(services.valkey.socket.with_name("valkey.pid").read_text()) != hanging


def test_two_starters_at_once_share_one_server(places):
    start = (
        "import sys; from pathlib import Path; from congress.local.places import Places; "
        "from congress.local.services import Services; Services(Places(Path(sys.argv[1]))).start({})"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", start, str(places.directory)], cwd=ROOT, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]

    assert [(starter.communicate()[1], starter.returncode) for starter in starters] == [
        (b"", 0)
    ] * 3
    assert Services(places).postgres.answers()


def test_servers_of_a_test_run_end_with_it_however_it_ends(places):
    code = (
        "import os, sys; from pathlib import Path; from congress.local.places import Places; "
        "from congress.local.services import Services; "
        "Services(Places(Path(sys.argv[1])), durable=False, ends_with_us=True).start({}); os.kill(os.getpid(), 9)"
    )

    subprocess.run([sys.executable, "-c", code, str(places.directory)], cwd=ROOT, check=False)

    services = Services(places)
    assert wait_until(lambda: not services.postgres.answers() and not services.valkey.answers(), 5)


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path):
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    services = Services(Places(deep), durable=False, ends_with_us=True)
    try:
        services.start({})

        assert services.places.sockets.parent == Path("/tmp")
        assert ask(services, "SELECT 1") == (1,)
    finally:
        services.stop()


def test_a_socket_directory_of_somebody_else_is_refused(monkeypatch, tmp_path, services):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setattr(Places, "sockets", tmp_path / "link")

    with pytest.raises(CannotStart, match="belongs to somebody else"):
        Services(services.places).valkey.start()


def test_a_missing_wheel_names_the_way_out(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(CannotStart, match="DATABASE_URL=postgres://"):
        postgres.binaries()


@as_root
def test_root_runs_postgres_as_somebody_else(services):
    services.start({})

    owner = Path(f"/proc/{server_process(services)}").stat().st_uid
    assert owner != 0
    assert services.postgres.cluster.stat().st_uid == owner


@as_root
@pytest.mark.parametrize("without", ["", "-dac_read_search,-setpcap"])
def test_root_below_a_closed_directory_opens_no_door(tmp_path_factory, without):
    """By a capability where root has it to give, else with data and binaries elsewhere."""
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    before = {path: path.stat().st_mode for path in (closed, *closed.parents)}
    code = (
        "import sys; from pathlib import Path; from congress.local.places import Places; "
        "from congress.local.services import Services; s = Services(Places(Path(sys.argv[1])), durable=False)\n"
        "try:\n    s.start({}); print(s.postgres.home.cluster, s.postgres.answers())\nfinally:\n    s.stop()"
    )
    command = [sys.executable, "-c", code, str(closed / "l")]
    if without:
        command = ["setpriv", f"--bounding-set={without}", *command]

    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert answer.stderr == ""
    cluster, answered = answer.stdout.split()
    assert answered == "True"
    assert cluster.startswith("/var/tmp/" if without else str(closed))
    assert {path: path.stat().st_mode for path in (closed, *closed.parents)} == before
