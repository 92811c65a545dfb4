"""The deadline holds to the millisecond, judged by the database and by nothing else."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from press import actions
from press.models import Accreditation, PressSettings
from tests.factories import set_clock
from tests.press.factories import (
    AFTER,
    BEFORE,
    DEADLINE,
    answers,
    make_accreditation,
    make_press_edition,
)

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")


def given(**changes):
    return answers(**changes) | {"title": "", "phone": ""}


def submit(edition, **changes):
    import uuid

    return actions.submit(edition=edition, key=uuid.uuid4(), language="de", **given(**changes))


class Stopped:
    """The database's clock stands still: the moment of every statement is given."""

    def __init__(self, monkeypatch, moment):
        from congress.models.database import StatementNow

        monkeypatch.setattr(StatementNow, "template", f"'{moment.isoformat()}'::timestamptz")


@pytest.mark.parametrize(
    ("from_deadline", "late"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(milliseconds=-1), False),
        (timedelta(microseconds=-1), False),
        (timedelta(0), True),
        (timedelta(milliseconds=1), True),
        (timedelta(seconds=1), True),
    ],
)
def test_in_time_is_what_was_sent_strictly_before_the_deadline(monkeypatch, from_deadline, late):
    edition = make_press_edition(clock_shift=timedelta(0))
    edition.clock_shift = timedelta(0)
    edition.save()
    Stopped(monkeypatch, DEADLINE + from_deadline)

    accreditation = submit(edition)

    assert accreditation.submitted_at == DEADLINE + from_deadline
    assert accreditation.deadline_at == DEADLINE
    assert accreditation.late is late


def test_the_shift_of_the_editions_clock_counts_to_the_microsecond(monkeypatch):
    edition = make_press_edition()
    real = datetime(2026, 11, 23, 12, tzinfo=UTC)
    edition.clock_shift = DEADLINE - timedelta(microseconds=1) - real
    edition.save()
    Stopped(monkeypatch, real)

    assert not submit(edition).late

    edition.clock_shift += timedelta(microseconds=1)
    edition.save()
    assert submit(edition, last_name="Zwei").late


@pytest.mark.parametrize(
    ("day", "utc_hour_of_13"),
    [
        (datetime(2026, 3, 28), 12),  # winter time
        (datetime(2026, 3, 29), 11),  # clocks went forward this night
        (datetime(2026, 10, 24), 11),
        (datetime(2026, 10, 25), 12),  # and back this night
    ],
)
@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, True), (1, True)])
def test_one_oclock_is_one_oclock_on_the_days_the_clocks_change(
    monkeypatch, day, utc_hour_of_13, seconds, late
):
    deadline = day.replace(hour=13, tzinfo=BERLIN)
    assert deadline.astimezone(UTC).hour == utc_hour_of_13
    edition = make_press_edition(
        press_deadline_at=deadline,
        starts_on=(day + timedelta(days=2)).date(),
        ends_on=(day + timedelta(days=3)).date(),
    )
    edition.clock_shift = timedelta(0)
    edition.save()
    Stopped(monkeypatch, deadline.astimezone(UTC) + timedelta(seconds=seconds))

    assert submit(edition).late is late


def test_in_the_hour_that_comes_twice_the_first_and_the_second_are_told_apart(monkeypatch):
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    edition = make_press_edition(
        press_deadline_at=second,
        starts_on=datetime(2026, 10, 27).date(),
        ends_on=datetime(2026, 10, 28).date(),
    )
    edition.clock_shift = timedelta(0)
    edition.save()

    Stopped(monkeypatch, first.astimezone(UTC))
    assert not submit(edition).late
    Stopped(monkeypatch, second.astimezone(UTC))
    assert submit(edition, last_name="Zwei").late


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_wrong_clock_of_the_application_changes_nothing(client, minutes):
    before, after = make_press_edition(at=BEFORE), make_press_edition(at=AFTER)
    # Five minutes before and one after: the wrong clock would turn both answers round.
    set_clock(before, DEADLINE - timedelta(minutes=1))
    wrong = datetime.now(UTC) + timedelta(minutes=minutes)

    with time_machine.travel(wrong):
        for edition in (before, after):
            address = reverse("accreditation", kwargs={"edition": edition.slug})
            assert client.post(address, answers()).status_code == 303

    assert not Accreditation.objects.get(edition=before).late
    assert Accreditation.objects.get(edition=after).late


def test_a_time_that_the_browser_sends_counts_for_nothing(client):
    edition = make_press_edition(at=AFTER)

    client.post(
        reverse("accreditation", kwargs={"edition": edition.slug}),
        answers(submitted_at="2021-03-16T12:00:00+01:00", late="false", state="approved"),
    )

    accreditation = Accreditation.objects.get()
    assert accreditation.late
    assert accreditation.submitted_at >= DEADLINE
    assert accreditation.state == "requested"


def test_a_form_opened_before_and_sent_after_the_deadline_is_late(client):
    edition = make_press_edition(at=DEADLINE - timedelta(minutes=1))
    address = reverse("accreditation", kwargs={"edition": edition.slug})
    form = client.get(address).context["form"]
    set_clock(edition, DEADLINE + timedelta(minutes=1))

    client.post(address, answers(key=str(form["key"].value())))

    assert Accreditation.objects.get().late


def test_the_row_itself_cannot_say_otherwise():
    accreditation = make_accreditation(submitted_at=DEADLINE)
    assert accreditation.late

    with pytest.raises(IntegrityError, match="late_is_what"), transaction.atomic():
        Accreditation.objects.update(late=False)


def test_a_deadline_moved_later_does_not_rewrite_what_was_late():
    accreditation = make_accreditation(submitted_at=AFTER)
    edition = accreditation.edition

    edition.press_deadline_at = AFTER + timedelta(hours=1)
    edition.save()

    accreditation.refresh_from_db()
    assert accreditation.late
    assert accreditation.deadline_at == DEADLINE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("takes_late", [True, False])
def test_a_request_that_waits_on_a_lock_over_the_deadline_is_judged_when_it_is_written(takes_late):
    """Somebody holds the table while the deadline passes; the request had begun before."""
    edition = make_press_edition(at=DEADLINE - timedelta(milliseconds=600))
    PressSettings.objects.create(edition=edition, late_queue=takes_late)
    began, result = threading.Event(), []

    def send():
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    began.set()
                    # What comes first in its transaction waits here until the deadline has passed.
                    cursor.execute("SELECT pg_advisory_xact_lock(31122)")
                result.append(submit(edition))
        except actions.TooLate as refused:
            result.append(refused)
        finally:
            connection.close()

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(31122)")
        thread = threading.Thread(target=send)
        thread.start()
        assert began.wait(5)
        threading.Event().wait(1)
    thread.join(10)

    (came,) = result
    if takes_late:
        assert came.late
        assert came.submitted_at >= DEADLINE
    else:
        assert isinstance(came, actions.TooLate)
        assert Accreditation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_was_sent_in_time_counts_though_it_has_to_wait_itself():
    edition = make_press_edition(at=DEADLINE - timedelta(milliseconds=600))
    result = []

    def send():
        try:
            result.append(submit(edition))
        finally:
            connection.close()

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE press_accreditation IN SHARE MODE")  # reading goes on
        thread = threading.Thread(target=send)
        thread.start()
        threading.Event().wait(1)
    thread.join(10)

    (came,) = result
    assert not came.late
    assert came.submitted_at < DEADLINE


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_a_form_sent_twenty_times_at_once_is_one_request(rounds):
    import uuid

    for _ in range(rounds(2, 20)):
        edition, key = make_press_edition(), uuid.uuid4()
        barrier, numbers = threading.Barrier(20), []

        def send(edition=edition, key=key, barrier=barrier, numbers=numbers):
            try:
                barrier.wait()
                sent = actions.submit(edition=edition, key=key, language="de", **given())
                numbers.append(sent.pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=send) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(numbers) == 20
        assert len(set(numbers)) == 1
        assert edition.letters.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_officers_who_decide_at_once_decide_once(rounds):
    from congress.models import User
    from tests.factories import make_user

    for _ in range(rounds(3, 30)):
        accreditation = make_accreditation()
        officer, now = make_user(), accreditation.edition.now()
        journalists = User.objects.filter(email__isnull=True).count()
        barrier, outcomes = threading.Barrier(2), []

        def decide(act, accreditation=accreditation, barrier=barrier, outcomes=outcomes):
            row = Accreditation.objects.get(pk=accreditation.pk)
            try:
                barrier.wait()
                act(row)
                outcomes.append("done")
            except actions.AlreadyDecided:
                outcomes.append("too late")
            finally:
                connection.close()

        acts = (
            lambda row, officer=officer, now=now: actions.approve(
                accreditation=row, by=officer, now=now
            ),
            lambda row, officer=officer, now=now: actions.reject(
                accreditation=row, code="late", by=officer, now=now
            ),
        )
        threads = [threading.Thread(target=decide, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["done", "too late"]
        accreditation.refresh_from_db()
        new = User.objects.filter(email__isnull=True).count() - journalists
        assert new == (1 if accreditation.state == "approved" else 0)
        assert accreditation.edition.letters.filter(due_at=None).count() == 1
