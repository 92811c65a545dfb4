"""What is on now, on the home page: each card leads where its reader may go."""

import pytest
from django.urls import reverse

from tests.factories import NOW, make_admission, make_edition, make_session, make_stage, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return make_session(make_stage(make_edition(at=NOW)), minutes=60)


def card(client, session):
    response = client.get(reverse("home", kwargs={"edition": session.edition.slug}))
    (item,) = response.context["on_air"]
    return item["url"] if isinstance(item, dict) else item.url


def test_admitted_people_go_to_the_stage(client, session):
    client.force_login(make_admission(session.edition).person)

    assert card(client, session) == f"/{session.edition.slug}/live/{session.stage.slug}/"


def test_strangers_read_about_the_session_instead_of_finding_nothing(client, session):
    client.force_login(make_user())

    url = card(client, session)

    assert url == session.get_absolute_url()
    assert client.get(url).status_code == 200
