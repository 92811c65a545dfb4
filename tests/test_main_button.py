"""The one main button of the home page, by phase and person."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from congress.models import Role
from tests.factories import (
    make_admission,
    make_edition,
    make_role,
    make_session,
    make_stage,
    make_user,
    set_clock,
)
from tests.registration.making import make_registration, make_rule

pytestmark = pytest.mark.django_db

PHASES = {
    "announced": datetime(2021, 1, 4, 8, tzinfo=UTC),
    "registration": datetime(2021, 3, 1, 8, tzinfo=UTC),
    "closed": datetime(2021, 3, 16, 17, 30, tzinfo=UTC),
    "between": datetime(2021, 3, 17, 6, tzinfo=UTC),  # a congress day, nothing on air yet
    "live": datetime(2021, 3, 18, 9, tzinfo=UTC),
    "over": datetime(2021, 3, 25, 9, tzinfo=UTC),
}
PROGRAMME, REGISTER, MINE = "Programm ansehen", "Jetzt anmelden", "Meine Anmeldung"
STREAM, CONSOLE, SIGN_IN = "Zum Livestream", "Zur Moderation", "Einloggen und zusehen"
STAGES = "Zu den Bühnen"

# fmt: off
TABLE = {
    #               announced  registration  closed     between    live       over
    "nobody":     (PROGRAMME, REGISTER,     PROGRAMME, PROGRAMME, SIGN_IN,   PROGRAMME),
    "stranger":   (PROGRAMME, REGISTER,     PROGRAMME, PROGRAMME, PROGRAMME, PROGRAMME),
    "applicant":  (MINE,      MINE,         MINE,      MINE,      MINE,      PROGRAMME),
    "attendee":   (MINE,      MINE,         MINE,      MINE,      STREAM,    PROGRAMME),
    "journalist": (STAGES,    STAGES,       STAGES,    STAGES,    STREAM,    PROGRAMME),
    "moderator":  (PROGRAMME, PROGRAMME,    PROGRAMME, CONSOLE,   CONSOLE,   PROGRAMME),
    "organiser":  (PROGRAMME, PROGRAMME,    PROGRAMME, PROGRAMME, STREAM,    PROGRAMME),
    "observer":   (PROGRAMME, PROGRAMME,    PROGRAMME, PROGRAMME, STREAM,    PROGRAMME),
}
# fmt: on


def make_person(who, edition, stage):
    if who in {"applicant", "attendee"}:
        set_clock(edition, PHASES["registration"])
        if who == "attendee":
            make_rule("stadt-musterhausen.example")
        state = "in_review" if who == "applicant" else "admitted"
        return make_registration(edition, state=state).person
    person = make_user()
    if who == "journalist":
        make_admission(edition, person=person, kind="press")
    elif who == "moderator":
        make_role(Role.Kind.MODERATOR, edition, person=person, stage=stage)
        make_admission(edition, person=person, kind="staff")
    elif who == "observer":
        make_role(Role.Kind.OBSERVER, edition, person=person)
    elif who == "organiser":
        make_role(Role.Kind.ORGANISER, edition, person=person)
        make_admission(edition, person=person, kind="staff")
    return person


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("who", TABLE)
def test_the_main_button_fits_phase_and_person(client, who, phase):
    edition = make_edition()
    stage = make_stage(edition)
    make_session(stage, starts_at=PHASES["live"], minutes=60)
    if who != "nobody":
        client.force_login(make_person(who, edition, stage))
    set_clock(edition, PHASES[phase])

    response = client.get(reverse("home", kwargs={"edition": edition.slug}))

    button = response.context["main_button"]
    assert str(button.label) == TABLE[who][list(PHASES).index(phase)]
    assert client.get(button.url, follow=True).status_code == 200
