from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from congress.models import Edition, Role, User
from congress.models.editions import Phase
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_role,
    make_stage,
    make_user,
    set_clock,
)

pytestmark = pytest.mark.django_db


def test_now_is_the_databases_time_plus_the_shift():
    edition = make_edition(at=NOW)

    assert abs(edition.now() - NOW) < timedelta(seconds=5)


def test_the_clock_comes_with_the_row_in_one_query(django_assert_num_queries):
    pk = make_edition(at=NOW).pk

    with django_assert_num_queries(1):
        edition = Edition.objects.with_clock().get(pk=pk)
        assert abs(edition.clock - NOW) < timedelta(seconds=5)


def test_only_a_practice_edition_may_shift_its_clock():
    edition = make_edition(practice=False)

    with pytest.raises(IntegrityError, match="only_practice_may_shift_its_clock"):
        Edition.objects.filter(pk=edition.pk).update(clock_shift=timedelta(hours=1))


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        (datetime(2021, 1, 11, 7, 59, 59, tzinfo=UTC), Phase.ANNOUNCED),
        (datetime(2021, 1, 11, 8, tzinfo=UTC), Phase.REGISTRATION),
        (datetime(2021, 3, 16, 16, 59, 59, tzinfo=UTC), Phase.REGISTRATION),
        (datetime(2021, 3, 16, 17, tzinfo=UTC), Phase.CLOSED),
        (datetime(2021, 3, 16, 23, tzinfo=UTC), Phase.RUNNING),  # midnight in Berlin
        (datetime(2021, 3, 18, 22, 59, 59, tzinfo=UTC), Phase.RUNNING),
        (datetime(2021, 3, 18, 23, tzinfo=UTC), Phase.OVER),
    ],
)
def test_the_phase_follows_the_editions_own_days(moment, phase):
    assert make_edition().phase(moment) == phase


def test_the_current_edition_is_the_next_real_one():
    make_edition(slug="2021", year=2021, practice=False)
    coming = make_edition(
        slug="2096", year=2096, practice=False, starts_on="2096-03-17", ends_on="2096-03-18"
    )
    make_edition(
        slug="2098", year=2098, practice=False, starts_on="2098-03-17", ends_on="2098-03-18"
    )
    make_edition(slug="2095-probe", year=2095, starts_on="2095-03-17", ends_on="2095-03-18")

    assert Edition.objects.current() == coming


def test_the_last_edition_stays_current_until_a_next_one_is_known():
    make_edition(
        slug="2020", year=2020, practice=False, starts_on="2020-03-17", ends_on="2020-03-18"
    )
    last = make_edition(slug="2021", practice=False)

    assert Edition.objects.current() == last


def test_a_practice_edition_is_current_where_it_is_all_there_is():
    practice = make_edition(at=NOW)

    assert Edition.objects.current() == practice


def test_the_first_midnight_is_kept_over_a_change_of_the_clocks():
    edition = make_edition(
        starts_on=datetime(2026, 3, 28).date(), ends_on=datetime(2026, 3, 29).date()
    )

    assert edition.ends_at.astimezone(UTC) == datetime(2026, 3, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"), [("accent", "#ffee00"), ("accent", "blue"), ("accent_dark", "#111111")]
)
def test_a_colour_nobody_could_read_is_refused(field, value):
    edition = make_edition()
    setattr(edition, field, value)

    with pytest.raises(ValidationError) as refused:
        edition.full_clean()

    assert list(refused.value.message_dict) == [field]


def test_a_role_is_in_force_by_the_editions_clock():
    edition = make_edition(at=NOW)
    role = make_role(Role.Kind.MODERATOR, edition, valid_until=NOW + timedelta(hours=1))
    assert User.objects.get(pk=role.person_id).has_role(
        edition, Role.Kind.MODERATOR, stage=make_stage(edition)
    )

    set_clock(edition, NOW + timedelta(hours=2))

    assert not User.objects.get(pk=role.person_id).has_role(edition, Role.Kind.MODERATOR)


def test_a_role_of_one_stage_counts_there_only():
    edition = make_edition(at=NOW)
    plenum, forum = make_stage(edition), make_stage(edition)
    person = make_role(Role.Kind.MODERATOR, edition, stage=plenum).person

    assert person.has_role(edition, Role.Kind.MODERATOR, stage=plenum)
    assert not person.has_role(edition, Role.Kind.MODERATOR, stage=forum)
    assert not person.has_role(edition, Role.Kind.MODERATOR)


def test_an_organiser_of_fitko_works_for_every_edition():
    person = make_role(Role.Kind.ORGANISER).person
    make_edition()
    make_edition()

    assert Edition.objects.of(person).count() == 2
    assert Edition.objects.of(make_user()).count() == 0


def test_an_admission_ends_by_the_editions_clock():
    admission = make_admission(valid_until=NOW + timedelta(hours=1))
    assert type(admission).objects.in_force().count() == 1

    set_clock(admission.edition, NOW + timedelta(hours=1, seconds=1))

    assert type(admission).objects.in_force().count() == 0


def test_a_role_cannot_name_a_stage_of_another_edition():
    from django.db import connection

    role = make_role(Role.Kind.MODERATOR, make_edition())

    Role.objects.filter(pk=role.pk).update(stage=make_stage(make_edition()))

    with pytest.raises(IntegrityError, match="same_edition"):
        connection.check_constraints()
