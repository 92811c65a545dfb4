"""What the programme enters in the congress: home page, rights, erasing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from congress import panels, retention
from congress.http import Access
from congress.models import Edition
from programme import actions, entries
from programme.models import Session, SessionSpeaker, Speaker
from tests.factories import (
    NOW,
    make_edition,
    make_role,
    make_session,
    make_speaker,
    make_stage,
    make_track,
    make_user,
    set_clock,
)


def request_in(edition: Edition):
    request = RequestFactory().get(edition.get_absolute_url())
    request.edition, request.now, request.user = edition, edition.now(), AnonymousUser()
    request.access = Access(request, edition, request.now)
    return request


def test_home_is_told_what_is_on_and_what_there_is():
    edition = make_edition(at=NOW)
    stage = make_stage(edition)
    track = make_track(edition, slug="ozg", name_de="Onlinezugangsgesetz")
    session = make_session(stage, kind="panel", track=track)
    make_session(edition=edition, kind="break", starts_at=NOW + timedelta(hours=1))
    actions.put_on_air(stage, session, edition.now())

    home = entries.home(request_in(edition))

    assert [(now.stage, now.session) for now in home["on_air"]] == [(stage, session)]
    assert home["tracks"] == [
        {
            "name": "Onlinezugangsgesetz",
            "description": "",
            "count": 1,
            "url": f"/{edition.slug}/programm/?schwerpunkt=ozg",
        }
    ]
    assert [(str(fact["label"]), fact["figure"]) for fact in home["facts"]] == [
        ("Tage", 2),
        ("Schwerpunkte", 1),
        ("Bühnen", 1),
        ("Vorträge und Runden", 1),
    ]
    assert home["highlights"] == [session]


def test_home_of_an_edition_without_a_programme_says_nothing():
    home = entries.home(request_in(make_edition(at=NOW)))

    assert (home["on_air"], home["tracks"], home["facts"], home["highlights"]) == ([], [], [], [])


def test_the_home_page_shows_what_is_on(client):
    edition = make_edition(at=NOW)
    make_session(make_stage(edition, name_de="Plenum"), title_de="Gerade jetzt", starts_at=NOW)

    html = client.get(f"/{edition.slug}/").content.decode()

    assert "Gerade jetzt" in html


def test_the_programme_is_the_button_where_nothing_else_fits():
    edition = make_edition(at=NOW)
    assert entries.see_the_programme(request_in(edition)) is None
    make_session(make_stage(edition))

    button = entries.see_the_programme(request_in(edition))

    assert (str(button.label), button.url) == (
        "Programm ansehen",
        f"/{edition.slug}/programm/",
    )


def test_the_programme_stands_in_the_navigation():
    assert "programme" in [item.url_name for item in panels.navigation]


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("organiser", {"view", "add", "change", "delete"}),
        ("committee", {"view"}),
        ("observer", {"view"}),
        ("help_desk", set()),
        ("press_officer", set()),
    ],
)
def test_rights_follow_from_roles(kind, may):
    person = make_user()
    make_role(kind, make_edition(), person=person)

    given = {
        action
        for action in ("view", "add", "change", "delete")
        if person.has_perm(f"programme.{action}_session")
    }

    assert given == may


def test_names_of_speakers_are_erased_six_months_after_the_end():
    edition = make_edition(at=NOW)
    session = make_session(make_stage(edition))
    make_speaker(session)
    still_needed = make_speaker()

    set_clock(edition, datetime(2021, 9, 17, 12, tzinfo=UTC))
    retention.erase_due()
    assert Speaker.objects.filter(edition=edition).count() == 1

    set_clock(edition, datetime(2021, 9, 20, 12, tzinfo=UTC))
    retention.erase_due()

    assert list(Speaker.objects.all()) == [still_needed]
    assert not SessionSpeaker.objects.filter(session=session).exists()
    assert Session.objects.filter(pk=session.pk).exists()


def test_who_changed_the_programme_is_forgotten_after_90_days():
    edition = make_edition(at=NOW)
    session = make_session(make_stage(edition))
    session.history.update(history_user=make_user())

    set_clock(edition, NOW + timedelta(days=80))
    retention.erase_due()
    assert session.history.count() == 1

    set_clock(edition, datetime.combine(date(2021, 6, 18), NOW.timetz()))
    retention.erase_due()
    assert session.history.count() == 0
