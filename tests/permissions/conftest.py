from collections import Counter
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def cells() -> Iterator[Counter[str]]:
    """Counts what was looked at, by address."""
    counted: Counter[str] = Counter()
    yield counted
    print(f"\npermissions: {counted.total()} cells, {len(counted)} addresses")
