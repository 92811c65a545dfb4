"""Every cell of the table of rights (table.py)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from tests.permissions.table import (
    DOORS,
    IN_THE_ADMIN,
    NOBODY,
    PEOPLE,
    Everybody,
    check,
    names_below_an_edition,
)


@pytest.fixture(scope="module")
def everybody(django_db_setup: None, django_db_blocker: Any) -> Iterator[Everybody]:
    """Made once: each test below works in a savepoint of this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Everybody.made()
        transaction.set_rollback(True)


def test_every_address_below_an_edition_has_a_line():
    assert names_below_an_edition() == set(DOORS)


@pytest.mark.parametrize("name", [name for name in DOORS if name != "live_vote"])
def test_who_opens(name: str, everybody: Everybody, db: None, cells: Counter[str]):
    check(DOORS[name], name, everybody, cells)


def test_who_opens_the_administration(everybody: Everybody, db: None, cells: Counter[str]):
    """Strangers and attendees are told 403: that there is an administration is no secret."""
    others = {who: 302 if who in NOBODY else 403 for who in PEOPLE if who not in IN_THE_ADMIN.may}

    check(replace(IN_THE_ADMIN, others=others), "admin:index", everybody, cells)
