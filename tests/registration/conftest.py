import pytest


@pytest.fixture(autouse=True)
def empty_cache():
    """Limits start at zero."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def edition(db):
    from tests.factories import make_edition
    from tests.registration.making import OPEN

    return make_edition(
        at=OPEN, slug="2021", format="virtual", help_email="hilfe@fachkongress.example"
    )


@pytest.fixture
def rules(db):
    from tests.registration.making import make_rule

    make_rule("stadt-musterhausen.example", level="kommune", body="Stadt Musterhausen")
    make_rule("gratispost.example", match="exact", decision="deny")
