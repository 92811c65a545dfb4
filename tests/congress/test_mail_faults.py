"""Letters to many, and a worker that is killed while it sends them: none lost, none twice but the one in flight."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from congress import mail
from congress.local.places import ROOT
from congress.local.processes import ending_with_this_process
from congress.models import Letter
from tests.factories import make_edition, make_user
from tests.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

CODE = "congress/emails/login_code.md"
SECONDS_TO_START = 60


class Worker:
    """A real celery worker with two processes and the beat, on the test database; its lease is short."""

    def __init__(self, directory, port, log):
        self.log = log
        database = urlsplit(os.environ["DATABASE_URL"])._replace(
            path=f"/{connection.settings_dict['NAME']}"
        )
        self.environment = os.environ | {
            "DATABASE_URL": urlunsplit(database),
            "TESTING": "false",
            "DEMO": "true",
            "SITE_URLS": "http://127.0.0.1:9999",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "REDIS_PREFIX": settings.REDIS_PREFIX,
        }
        self.schedule = str(directory / "beat")
        self.process = None

    def start(self):
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "congress",
            "worker",
            "--loglevel",
            "INFO",
        ]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--concurrency", "2", "--beat", "--schedule", self.schedule],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ending_with_this_process(),
            )

    def kill(self):
        """All of its processes at once, without a word."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def smtp():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def worker(tmp_path, smtp):
    worker = Worker(tmp_path, smtp.port, tmp_path / "worker.log")
    yield worker
    worker.kill()


def write(count, *, bulk=False):
    edition = make_edition(practice=False)
    return [
        mail.post_letter(
            CODE,
            once=f"letter-{number}",
            edition=edition,
            person=make_user(),
            secret={"code": f"CODE-{number:05d}"},
            bulk=bulk,
        )
        for number in range(count)
    ]


def states():
    return Counter(Letter.objects.values_list("state", flat=True))


def all_leases_are_over():
    """Nobody waits for a dead worker's lease in a test."""
    Letter.objects.filter(state=Letter.State.SENDING).update(lease_until="2020-01-01T00:00Z")


def finish(smtp, worker, count, seconds):
    """Until every letter is sent or uncertain."""

    def done():
        found = states()
        return found["sent"] + found["uncertain"] == count

    assert smtp.wait_for(done, seconds), (states(), worker.log.read_text()[-3000:])


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(smtp, worker):
    _kill_in_the_middle(smtp, worker, letters=12, kills=1, seconds_for_a_mail=0.2)


@pytest.mark.fault
def test_a_worker_killed_three_times_in_the_middle_of_many_loses_nothing(smtp, worker, rounds):
    _kill_in_the_middle(smtp, worker, letters=rounds(60, 2200), kills=3, seconds_for_a_mail=0.02)


def _kill_in_the_middle(smtp, worker, *, letters, kills, seconds_for_a_mail):
    smtp.behave("ok", seconds_for_a_mail=seconds_for_a_mail)
    write(letters)
    in_flight = 0
    for number in range(kills):
        worker.start()
        enough = (number + 1) * letters // (kills + 2)
        patience = SECONDS_TO_START + letters / 5
        assert smtp.wait_for(lambda enough=enough: len(smtp.taken) > enough, patience), (
            worker.log.read_text()[-3000:]
        )
        worker.kill()
        time.sleep(1)  # the database finishes what it was told last
        in_flight += Letter.objects.filter(state=Letter.State.SENDING).count()
        all_leases_are_over()
    worker.start()

    finish(smtp, worker, letters, 120 + letters / 5)

    arrived = Counter(smtp.message_ids())
    expected = set(Letter.objects.values_list("message_id", flat=True))
    assert set(arrived) == expected, "lost"
    twice = [number for number, times in arrived.items() if times > 1]
    assert len(twice) <= in_flight
    assert max(arrived.values()) <= 2
    assert all(len(message["To"].addresses) == 1 for message in smtp.mails)
    assert "CODE-" not in worker.log.read_text()


@pytest.mark.fault
def test_letters_to_many_in_flight_wait_for_a_person_and_none_comes_twice(smtp, worker):
    smtp.behave("ok", seconds_for_a_mail=0.2)
    write(30, bulk=True)
    worker.start()
    assert smtp.wait_for(lambda: len(smtp.taken) > 8, SECONDS_TO_START)
    worker.kill()
    in_flight = Letter.objects.filter(state=Letter.State.SENDING).count()
    all_leases_are_over()
    worker.start()

    finish(smtp, worker, 30, 60)

    assert states()["uncertain"] == in_flight
    assert max(Counter(smtp.message_ids()).values()) == 1


@pytest.mark.fault
def test_a_mail_server_that_comes_and_goes_gets_every_letter_once(smtp, worker):
    write(30)
    smtp.behave("421")
    worker.start()
    assert smtp.wait_for(lambda: states()["queued"] == 30, SECONDS_TO_START)
    assert smtp.wait_for(
        lambda: Letter.objects.filter(attempts__gt=0).count() == 30, SECONDS_TO_START
    )
    smtp.behave("ok")
    Letter.objects.update(retry_at=None)

    finish(smtp, worker, 30, 60)

    assert sorted(Counter(smtp.message_ids()).values()) == [1] * 30


@pytest.mark.fault
def test_a_task_that_comes_five_times_sends_once(smtp, worker):
    (letter,) = write(1)
    from congress import worker as workers

    for _ in range(5):
        workers.start("congress.tasks.send_letter", letter.pk)
    worker.start()

    finish(smtp, worker, 1, SECONDS_TO_START)
    time.sleep(2)

    assert smtp.message_ids() == [letter.message_id]
