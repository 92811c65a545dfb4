from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def client_factory() -> Callable[[], Client]:
    """A browser more."""
    return Client
