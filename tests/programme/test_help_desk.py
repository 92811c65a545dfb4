"""Speakers on the telephone: names in the programme, with access or without."""

import pytest

from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_session,
    make_speaker,
    make_stage,
    make_user,
)
from tests.registration.desk import acts, answer, browser_of, case_of, found, helper

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_edition(at=NOW, slug="2021")


@pytest.fixture
def session(edition):
    return make_session(make_stage(edition, name_de="Plenum"), title_de="Registerdaten")


def test_whoever_stands_in_the_programme_without_access_is_found(edition, session):
    speaker = make_speaker(session, first_name="Jörg", last_name="Weiß", organisation="Amt")

    assert found(edition, "weiss amt") == ["Jörg Weiß"]
    assert answer(edition, f"referat-{speaker.pk}") == (
        "Steht im Programm („Registerdaten“, heute um 10:00 Uhr, Plenum) und hat unter diesem Namen noch keinen Zugang."
    )
    assert acts(edition, f"referat-{speaker.pk}") == ["aufnehmen"]


def test_registering_them_needs_no_typing(edition, session):
    speaker = make_speaker(session, first_name="Jörg", last_name="Weiß", organisation="Amt")
    client = browser_of(helper(edition))

    response = client.get(f"/2021/orga/hilfe/referat-{speaker.pk}/aufnehmen/", follow=True)

    form = response.context["form"]
    assert [form[name].value() for name in ("first_name", "last_name", "body")] == [
        "Jörg",
        "Weiß",
        "Amt",
    ]


def test_whoever_has_access_under_the_same_name_is_found_once(edition, session):
    make_speaker(session, first_name="Jörg", last_name="Weiß")
    person = make_user(first_name="Jörg", last_name="Weiß")
    make_admission(edition, person=person, kind="speaker")

    assert found(edition, "Weiß") == ["Jörg Weiß"]
    case = case_of(edition, f"person-{person.pk}")
    assert case.answer.text == "Ist zugelassen (Mitwirkung) und hat sich noch nie eingeloggt."
    assert "Unter diesem Namen steht im Programm: „Registerdaten“, heute um 10:00 Uhr, Plenum." in [
        remark.text for remark in case.remarks
    ]


def test_speakers_of_another_edition_are_nobody_here(edition):
    speaker = make_speaker(make_session(), last_name="Fremd")

    assert found(edition, "Fremd") == []
    client = browser_of(helper(edition))
    assert client.get(f"/2021/orga/hilfe/referat-{speaker.pk}/").status_code == 404
