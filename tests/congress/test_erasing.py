from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from congress import journal, retention
from congress.models import Admission, JournalEntry, Letter, Role, User
from tests.factories import NOW, make_admission, make_edition, make_role, make_user, set_clock

pytestmark = pytest.mark.django_db

ENDED = datetime(2021, 3, 18, 23, tzinfo=UTC)  # the midnight in Berlin that ends the congress


@pytest.fixture
def edition():
    return make_edition(at=NOW)


def long_ago(person):
    User.objects.filter(pk=person.pk).update(joined_at="2020-01-01T00:00Z")


def test_nothing_is_erased_while_it_may_be_kept(edition):
    long_ago(make_admission(edition).person)
    set_clock(edition, ENDED + timedelta(days=89))

    assert sum(retention.erase_due().values()) == 0


def test_ninety_days_after_the_end_nobody_is_named_any_more(edition):
    admission = make_admission(edition)
    role = make_role(Role.Kind.MODERATOR, edition)
    journal.note("test", edition=edition, now=NOW, by=role.person, about=admission.person)
    long_ago(admission.person)
    long_ago(role.person)
    set_clock(edition, ENDED + timedelta(days=92))

    retention.erase_due()

    assert Admission.objects.count() == Role.objects.count() == User.objects.count() == 0
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.person) == (None, None)


def test_whom_another_edition_holds_stays(edition):
    admission = make_admission(edition)
    make_role(Role.Kind.ORGANISER, make_edition(at=NOW), person=admission.person)
    long_ago(admission.person)
    set_clock(edition, ENDED + timedelta(days=92))

    retention.erase_due()

    assert User.objects.get() == admission.person


def test_somebody_who_has_just_come_is_no_loose_person():
    make_user()

    assert retention.loose_people().count() == 0


def test_the_dry_run_counts_and_erases_nothing(edition, capsys):
    Letter.objects.create(edition=edition, template="x", once="x", to="a@kiel.de", message_id="x")
    set_clock(edition, ENDED + timedelta(days=92))

    counts = retention.due()
    call_command("purge_personal_data", "--dry-run")

    assert sum(counts.values()) == 1
    assert capsys.readouterr().out.count("\n       1  ") == 1
    assert Letter.objects.count() == 1
