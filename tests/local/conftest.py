import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from congress.local.places import ROOT, Places
from congress.local.services import Services
from tests.local import processes

# What the tests' own environment says is not what somebody finds who just cloned the repository.
OURS = {
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TESTING", "DEMO", "DEBUG", "SITE_URLS", "MEDIA_ROOT", "REDIS_PREFIX",
    "DJANGO_SETTINGS_MODULE", "LOCAL_DIR", "HOST", "PORT", "EMAIL_URL",
}  # fmt: skip


@contextmanager
def own_places():
    directory = Path(tempfile.mkdtemp(prefix="fkl-", dir="/tmp"))
    directory.chmod(0o711)
    places = Places(directory / "l")
    try:
        yield places
    finally:
        Services(places).stop()
        for process in processes.of(places):
            os.kill(process, signal.SIGKILL)
        shutil.rmtree(directory)


@pytest.fixture
def places():
    """A LOCAL_DIR of the test's own, in a short place; its servers are stopped afterwards."""
    with own_places() as places:
        yield places


@pytest.fixture(scope="module")
def shared_places():
    """One for the tests of a module that leave its data as they found it."""
    with own_places() as places:
        yield places


@pytest.fixture
def services(places):
    return Services(places, durable=False, ends_with_us=True)


@pytest.fixture(scope="module")
def shared_services(shared_places):
    return Services(shared_places, durable=False, ends_with_us=True)


@pytest.fixture
def environment(places):
    """That of a fresh terminal."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | {
        "LOCAL_DIR": str(places.directory),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def manage(environment):
    def run(*arguments, **more):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
