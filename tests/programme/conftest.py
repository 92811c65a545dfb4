"""Every test of the programme may use the database."""

import pytest


@pytest.fixture(autouse=True)
def _database(db): ...
