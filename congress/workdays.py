"""Working days, as promised times count them: Monday to Friday without the public holidays of the whole Bund.

Holidays of single Länder are left out: a promise that holds everywhere may be a day early in one of them, never late.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

# Day and month of those that stay where they are.
_FIXED = ((1, 1), (1, 5), (3, 10), (25, 12), (26, 12))
# Days after Easter Sunday: Good Friday, Easter Monday, Ascension, Whit Monday.
_AROUND_EASTER = (-2, 1, 39, 50)
_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in holidays(day.year)


def after(day: date, count: int) -> date:
    """The working day that is `count` of them after `day`."""
    while count > 0:
        day += _DAY
        count -= is_working_day(day)
    return day


def between(first: date, last: date) -> int:
    """How many working days have come after `first`, up to `last`."""
    count = 0
    while first < last:
        first += _DAY
        count += is_working_day(first)
    return count


def latest_with(count: int, today: date) -> date:
    """The latest day after which `count` whole working days had gone by before `today`."""
    day = today
    while between(day, today - _DAY) < count:
        day -= _DAY
    return day


@cache
def holidays(year: int) -> frozenset[date]:
    """The nine days that are public holidays in every Land."""
    easter = easter_sunday(year)
    return frozenset(
        {date(year, month, day) for day, month in _FIXED}
        | {easter + timedelta(days=days) for days in _AROUND_EASTER}
    )


def easter_sunday(year: int) -> date:
    """By the rule of the Gregorian calendar (Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)
