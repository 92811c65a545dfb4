from datetime import date, timedelta

import pytest

from congress import workdays


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2021, date(2021, 4, 4)),
        (2024, date(2024, 3, 31)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_moves_as_the_calendar_says(year, day):
    assert workdays.easter_sunday(year) == day


@pytest.mark.parametrize(
    "day",
    [
        date(2021, 1, 1),
        date(2021, 4, 2),  # Good Friday
        date(2021, 4, 5),
        date(2021, 5, 13),  # Ascension
        date(2021, 5, 24),
        date(2022, 10, 3),
        date(2023, 12, 26),
        date(2021, 3, 6),  # a Saturday
    ],
)
def test_on_holidays_and_weekends_nobody_checks(day):
    assert not workdays.is_working_day(day)


@pytest.mark.parametrize("day", [date(2021, 12, 24), date(2021, 10, 31), date(2021, 3, 1)])
def test_days_off_in_some_laender_only_are_working_days(day):
    assert workdays.is_working_day(day) == (day.weekday() < 5)


def test_two_working_days_after_friday_is_tuesday():
    assert workdays.after(date(2021, 3, 5), 2) == date(2021, 3, 9)


def test_easter_does_not_count():
    assert workdays.after(date(2021, 4, 1), 1) == date(2021, 4, 6)
    assert workdays.between(date(2021, 4, 1), date(2021, 4, 7)) == 2


def test_what_came_on_this_day_or_before_is_late():
    # Wednesday: what came on Friday had Monday and Tuesday.
    assert workdays.latest_with(2, date(2021, 3, 10)) == date(2021, 3, 7)
    assert workdays.latest_with(2, date(2021, 3, 9)) == date(2021, 3, 4)


def test_late_is_late_by_both_ways_of_counting():
    for offset in range(60):
        today = date(2021, 3, 20) + timedelta(days=offset)
        latest = workdays.latest_with(3, today)

        assert workdays.after(latest, 3) < today <= workdays.after(latest + timedelta(days=1), 3)
