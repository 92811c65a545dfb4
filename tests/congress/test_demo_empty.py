"""A demonstration that nobody has filled yet. Apart from test_demo.py, whose tests share a filled one."""

import pytest
from django.urls import reverse

from congress.models import Edition

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.congress.demo_urls")]


@pytest.fixture(autouse=True)
def _demo(settings, tmp_path):
    settings.DEMO = True
    settings.LOCAL_DIR = tmp_path


def test_an_empty_database_offers_to_be_filled(client):
    response = client.get(reverse("demo"))

    assert response.status_code == 200
    assert "congress/demo_empty.html" in [template.name for template in response.templates]


def test_an_empty_demonstration_is_filled_by_its_button(client):
    client.post(reverse("demo_refill"))

    assert Edition.objects.get().slug == "2021"
