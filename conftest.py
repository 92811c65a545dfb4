"""Gives the tests their own PostgreSQL and Valkey, before Django reads its settings.

DATABASE_URL and REDIS_URL name other ones; each stands for itself. There only databases and keys with
our prefix are touched. Every worker of pytest-xdist is such a process with servers, or a prefix, of its own.
"""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from congress.local.errors import CannotStart
from congress.local.places import Places
from congress.local.services import Services

_OURS = "fkt-"  # short: sockets live below
_DIRECTORY = Path(tempfile.mkdtemp(prefix=_OURS, dir="/tmp"))
_DIRECTORY.chmod(0o711)  # the user PostgreSQL runs as passes through
(_DIRECTORY / "pid").write_text(str(os.getpid()))
(_DIRECTORY / "static").mkdir()

PLACES = Places(_DIRECTORY)
SERVICES = Services(PLACES, durable=False, ends_with_us=True)
_given = dict(os.environ)
_prefix = f"test-{secrets.token_hex(4)}"

_ours = {
    "DJANGO_SETTINGS_MODULE": "congress.settings",
    "TESTING": "true",
    "DEMO": "false",
    "DEBUG": "false",
    "SECRET_KEY": "only-for-tests-" + secrets.token_hex(32),
    "SITE_URLS": "http://testserver",
    "LOCAL_DIR": str(_DIRECTORY),
    "MEDIA_ROOT": str(_DIRECTORY / "media"),
    "REDIS_PREFIX": _prefix,
    "DATABASE_URL": _given.get("DATABASE_URL") or SERVICES.postgres.url(),
    "REDIS_URL": _given.get("REDIS_URL") or SERVICES.valkey.url(),
}
os.environ |= _ours
# pytest-django sets Django up only where the settings have been read by now.
_database = settings.DATABASES["default"]
_database["TEST"] = {"NAME": f"{_prefix}-unit".replace("-", "_")}
# A test is one transaction, and may do something else for a while; in earnest no transaction waits for anything.
_database["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="races and faults with their full counts")


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    signal.signal(signal.SIGTERM, _interrupt)  # so that SIGTERM, too, ends what we started
    _remove_left_behind()
    if _has_workers(session.config):
        return
    try:
        SERVICES.start(_given)
    except CannotStart as reason:
        pytest.exit(str(reason), returncode=1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Workers begin as we did: with servers of their own where none are named."""
    for name in _ours:
        os.environ.pop(name, None)
    for name in ("DATABASE_URL", "REDIS_URL"):
        if name in _given:
            os.environ[name] = _given[name]


def _has_workers(config: pytest.Config) -> bool:
    return getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")


def pytest_unconfigure() -> None:
    SERVICES.stop()
    shutil.rmtree(_DIRECTORY, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests last: playwright's event loop stays open in their thread and disturbs async tests."""
    full = config.getoption("full")
    for item in items:
        if _is_e2e(item):
            item.add_marker("e2e")
        if full and any(item.iter_markers("race")):
            item.add_marker(pytest.mark.timeout(1200))  # two hundred rounds take their time
    items.sort(key=_is_e2e)


def _is_e2e(item: pytest.Item) -> bool:
    return (Path(__file__).parent / "tests" / "e2e") in item.path.parents


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _remove_left_behind() -> None:
    """Directories of runs that were killed outright; their servers ended with them."""
    for directory in Path("/tmp").glob(f"{_OURS}*"):
        try:
            owner = int((directory / "pid").read_text())
            os.kill(owner, 0)
        except ProcessLookupError:
            shutil.rmtree(directory, ignore_errors=True)
        except (OSError, ValueError):
            continue


@pytest.fixture(autouse=True)
def german() -> None:
    """A page asked for in English leaves its language behind in the thread."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> Callable[[int, int], int]:
    """`rounds(few, all)`: few in the daily run, all with --full."""
    return lambda few, full: full if pytestconfig.getoption("full") else few


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Threads that count and tell hold connections of their own: they end before the database is taken away."""
    yield
    from congress.live import database, entry, news
    from polls import voting

    for batcher in (voting.counter, voting.scribe, voting.supporter, voting.rater, entry.door):
        batcher.stop()
    news.teller.stop()
    database.stop()
