"""The organisers' frame: who gets in, what waits, which pages and editions are offered."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext

from congress import journal, panels, queries
from congress.models import Role
from congress.templatetags import staff
from tests.factories import NOW, make_admission, make_edition, make_role, make_stage, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_edition(at=NOW)


def orga(edition):
    return reverse("orga", kwargs={"edition": edition.slug})


def frame_of(response):
    return staff.orga_frame({"request": response.wsgi_request})


def items(*entries):
    registry = panels.Registry()
    for label, roles, count in entries:
        registry.register(
            panels.WaitingItem(
                label, lambda e, user, count=count: count, lambda e: f"/{e.slug}/x/", roles
            )
        )
    return registry


# --- Who gets in: every role, see tests/permissions -----------------------------------------------------


def test_anonymous_people_are_sent_to_the_sign_in(client, edition):
    response = client.get(orga(edition))

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next={orga(edition)}"


def test_for_strangers_there_is_no_such_page(client, edition):
    client.force_login(make_user())

    assert client.get(orga(edition)).status_code == 404


def test_attendees_are_told_that_it_is_not_for_them(client, edition):
    client.force_login(make_admission(edition).person)

    assert client.get(orga(edition)).status_code == 403


def test_a_role_in_another_edition_opens_nothing(client, edition):
    client.force_login(make_role("organiser", make_edition(at=NOW)).person)

    assert client.get(orga(edition)).status_code == 404


def test_a_role_that_is_over_opens_nothing(client, edition):
    role = make_role("organiser", edition, valid_until=datetime(2021, 3, 18, 8, tzinfo=UTC))
    client.force_login(role.person)

    assert client.get(orga(edition)).status_code == 404


# --- What is shown -----------------------------------------------------------------------------------------


def test_only_what_waits_for_the_own_roles_is_listed(client, edition, monkeypatch):
    monkeypatch.setattr(
        panels,
        "waiting",
        items(
            ("Anmeldungen prüfen", ("organiser", "help_desk"), 3),
            ("Akkreditierungen entscheiden", ("press_officer",), 2),
            ("Nichts", ("organiser",), 0),
        ),
    )
    client.force_login(make_role("organiser", edition).person)

    response = client.get(orga(edition))

    assert [(item.label, item.count, item.url) for item in response.context["waiting"]] == [
        ("Anmeldungen prüfen", 3, f"/{edition.slug}/x/")
    ]


def test_what_waits_goes_by_the_roles_in_this_edition(edition, monkeypatch):
    """Press officer there is not press officer here."""
    other = make_edition(at=NOW)
    person = make_role("organiser", edition).person
    make_role("press_officer", other, person=person)
    monkeypatch.setattr(panels, "waiting", items(("Presse", ("press_officer",), 5)))

    assert queries.waiting_for(person, edition) == []
    assert [item.count for item in queries.waiting_for(person, other)] == [5]


def test_the_navigation_holds_the_pages_of_the_own_roles(client, edition, monkeypatch):
    registry = panels.Registry()
    registry.register(panels.OrgaLink("Überblick", "orga", tuple(Role.Kind.values)))
    registry.register(panels.OrgaLink("Nur Presse", "home", ("press_officer",)))
    monkeypatch.setattr(panels, "orga_links", registry)
    client.force_login(make_role("organiser", edition).person)

    frame = frame_of(client.get(orga(edition)))

    assert [(link.label, link.url, link.is_current) for link in frame.links] == [
        ("Überblick", orga(edition), True)
    ]


def test_the_switcher_offers_the_own_editions_only(client, edition):
    foreign, second = make_edition(at=NOW), make_edition(at=NOW, year=2022)
    person = make_role("organiser", edition).person
    make_role("observer", second, person=person)
    client.force_login(person)

    frame = frame_of(client.get(orga(edition)))

    assert frame.editions == [second, edition]
    assert foreign not in frame.editions


def test_fitko_switches_between_all_editions(client, edition):
    other = make_edition(at=NOW)
    client.force_login(make_role("organiser").person)

    assert set(frame_of(client.get(orga(edition))).editions) == {edition, other}


@pytest.mark.parametrize(
    ("kind", "sees"),
    [("organiser", True), ("observer", False), ("press_officer", False), ("moderator", False)],
)
def test_the_journal_is_for_organisers(kind, sees, client, edition):
    journal.note(
        "admission.revoked", edition=edition, now=NOW, about=make_user(last_name="Kornblume")
    )
    client.force_login(make_role(kind, edition).person)

    page = client.get(orga(edition)).content.decode()

    assert ("Kornblume" in page) is sees


def test_the_journal_shows_the_own_edition_only(client, edition):
    journal.note("x", edition=make_edition(at=NOW), now=NOW, about=make_user(last_name="Kornblume"))
    journal.note("x", edition=None, now=NOW, about=make_user(last_name="Kornblume"))
    client.force_login(make_role("organiser", edition).person)

    assert "Kornblume" not in client.get(orga(edition)).content.decode()


@pytest.mark.parametrize(
    ("moment", "days"),
    [
        (datetime(2021, 3, 5, 22, 59, tzinfo=UTC), 12),
        (datetime(2021, 3, 16, 22, 59, tzinfo=UTC), 1),
        (datetime(2021, 3, 16, 23, 1, tzinfo=UTC), 0),
        (datetime(2021, 3, 18, 9, 0, tzinfo=UTC), -1),
    ],
)
def test_days_are_counted_by_the_calendar_of_the_edition(moment, days, edition):
    assert queries.days_until(edition, moment) == days


def test_the_next_date_is_marked(edition):
    stones = queries.milestones(edition, datetime(2021, 3, 16, 12, 30, tzinfo=UTC))

    assert [stone.is_past for stone in stones] == [True, True, False, False, False]
    assert [str(stone.label) for stone in stones if stone.is_next] == [
        gettext("Registration closes")
    ]


def test_an_exercise_is_marked(client, edition):
    client.force_login(make_role("organiser", edition).person)

    assert "fk-practice" in client.get(orga(edition)).content.decode()


def test_the_page_takes_the_same_queries_for_one_and_for_many(client, edition):
    person = make_role("organiser").person
    client.force_login(person)
    client.get(orga(edition))
    with CaptureQueriesContext(connection) as few:
        client.get(orga(edition))
    for _ in range(3):
        make_edition(at=NOW)
        make_stage(edition)
        make_admission(edition)
        journal.note("x", edition=edition, now=NOW, by=make_user(), about=make_user())
    with CaptureQueriesContext(connection) as many:
        client.get(orga(edition))

    assert len(many) == len(few)
    assert len(few) <= 28  # one for each thing that can wait


def test_figures_count_what_is_in_force(edition):
    make_admission(edition)
    make_admission(edition, revoked_at=NOW)
    make_admission(edition, valid_until=datetime(2021, 3, 17, tzinfo=UTC))
    make_admission(edition, kind="press")
    make_admission(make_edition(at=NOW))

    figures = {str(label): count for label, count in queries.figures(edition)}

    assert (figures[gettext("admitted to take part")], figures[gettext("journalists")]) == (1, 1)
