"""The line of the table of rights that needs committed rows: votes are counted on a connection of their own."""

from collections import Counter

import pytest

from tests.permissions.table import DOORS, Everybody, check


@pytest.mark.django_db(transaction=True)
def test_who_votes(cells: Counter[str]):
    check(DOORS["live_vote"], "live_vote", Everybody.made(), cells)
