"""Level of administration and Land: taken from the address, corrected by the person, seen by organisers."""

import pytest

from congress.models import Admission, JournalEntry
from registration import actions
from registration.models import DomainRule, Registration
from tests.factories import make_role, make_state, make_user, set_clock
from tests.registration.making import make_registration, make_rule

pytestmark = pytest.mark.django_db
STATE = Registration.State
MINE, HERE = "/2021/meine-anmeldung/", "/2021/meine-anmeldung/ebene/"


@pytest.fixture
def registration(edition):
    make_state("SH", name="Schleswig-Holstein")
    make_state("SN", name="Sachsen")
    make_rule("kiel.de", land_id="SH")
    return make_registration(edition, email="kim@kiel.de", state=STATE.ADMITTED)


@pytest.fixture
def own(client, registration):
    client.force_login(registration.person, backend="congress.auth.RoleBackend")
    return client


def test_people_see_where_the_registry_places_them(own):
    page = own.get(MINE).content.decode()

    assert "Kommunen, Schleswig-Holstein" in page
    assert f'href="{HERE}"' in page


def test_a_correction_holds_for_registration_and_admission_and_leaves_the_rule(own, registration):
    response = own.post(HERE, {"level": "land", "land": "SN"})

    registration.refresh_from_db()
    assert (response.status_code, response["Location"]) == (303, MINE)
    assert (registration.level, registration.land_id) == ("land", "SN")
    assert registration.level_said_at is not None
    assert Admission.objects.get(person=registration.person).level == "land"
    rule = DomainRule.objects.get()
    assert (rule.level, rule.land_id) == ("kommune", "SH")
    assert JournalEntry.objects.filter(verb="registration.level_said").count() == 1


def test_organisers_see_on_the_rule_what_people_corrected(own, registration, edition, client):
    own.post(HERE, {"level": "land", "land": ""})
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")

    page = client.get(f"/2021/orga/adressen/{registration.rule_id}/").content.decode()

    assert "Von Angemeldeten berichtigt" in page
    assert "Länder (1)" in page


def test_saying_the_same_is_no_correction(own, registration):
    own.post(HERE, {"level": "kommune", "land": "SH"})

    registration.refresh_from_db()
    assert registration.level_said_at is None
    assert not JournalEntry.objects.filter(verb="registration.level_said").exists()


@pytest.mark.parametrize(
    "fields", [{"level": "kaiser"}, {"level": ""}, {"level": "land", "land": "XX"}]
)
def test_what_there_is_not_is_refused(own, registration, fields):
    assert "fk-summary" in own.post(HERE, fields).content.decode()

    registration.refresh_from_db()
    assert registration.level == "kommune"


def test_who_has_no_registration_finds_no_page(client, edition):
    client.force_login(make_user(), backend="congress.auth.RoleBackend")

    assert client.get(HERE).status_code == 404


def test_after_the_end_nothing_is_corrected(edition, registration):
    set_clock(edition, edition.ends_at)

    with pytest.raises(actions.CongressIsOver):
        actions.say_level(
            registration=registration,
            level="land",
            land=None,
            by=registration.person,
            now=edition.now(),
        )


def test_a_cancelled_registration_is_not_corrected(edition, registration):
    actions.cancel(registration=registration, now=edition.now())

    with pytest.raises(actions.RegistrationHasEnded):
        actions.say_level(
            registration=registration,
            level="land",
            land=None,
            by=registration.person,
            now=edition.now(),
        )
