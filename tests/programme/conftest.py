"""Every test of the programme may use the database, and begins in German."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _database_and_german(db):
    with translation.override("de"):
        yield
