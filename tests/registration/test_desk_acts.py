"""What the help desk does with a button: letters again, addresses corrected, devices signed out, people let in."""

import uuid

import pytest

from congress.models import AccessLink, Admission, BrowserSession, JournalEntry, Letter, User
from registration import actions
from registration.models import Registration, RegistrationSettings
from tests.factories import make_admission, make_edition, make_role, make_user, set_clock
from tests.registration.desk import act, acts, browser_of, helper, path, says
from tests.registration.making import OPEN, letters, make_registration

pytestmark = pytest.mark.django_db
STATE = Registration.State
UNKNOWN = "a@unbekannt.example"


@pytest.fixture
def edition(rules):
    return make_edition(at=OPEN, slug="2021")


@pytest.fixture
def desk(edition):
    return browser_of(helper(edition))


@pytest.fixture
def organiser(edition):
    return browser_of(helper(edition, "organiser"))


def done(verb):
    """Who did it, by the journal."""
    return [entry.actor.last_name for entry in JournalEntry.objects.filter(verb=verb)]


# --- Letters ------------------------------------------------------------------------------------------------------


def test_a_new_code_goes_out(edition, desk):
    registration = make_registration(edition)
    registration.codes.all().update(sent_at=OPEN)  # not a moment ago

    response = act(desk, edition, f"anmeldung-{registration.pk}", "brief")

    assert says(desk.get(response["Location"])) == ["Ein neuer Code ist unterwegs."]
    assert len(letters("code")) == 2
    assert done("registration.code_sent_again") == ["Hilft"]


def test_two_codes_within_a_moment_are_refused_in_words(edition, desk):
    registration = make_registration(edition)

    response = act(desk, edition, f"anmeldung-{registration.pk}", "brief")

    assert "Wir haben gerade" in says(desk.get(response["Location"]))[0]
    assert len(letters("code")) == 1
    assert done("registration.code_sent_again") == []


def test_the_way_in_is_sent_once_for_each_form(edition, desk):
    admission = make_admission(edition)
    key = uuid.uuid4()

    for _ in range(2):
        act(desk, edition, f"person-{admission.person.pk}", "zugang", form_key=key)

    (letter,) = letters("way_in")
    assert letter.to == admission.person.email
    assert "link" not in letter.objects_named


def test_the_way_in_of_whoever_has_no_account_is_a_personal_link(edition, desk):
    person = make_user(email=None, contact_email=UNKNOWN)
    admission = make_admission(edition, person=person, kind="speaker")

    act(desk, edition, f"person-{person.pk}", "zugang")

    (letter,) = letters("way_in")
    link = AccessLink.objects.get()
    assert (link.kind, link.admission, link.person) == ("speaker", admission, person)
    assert letter.objects_named["link"][1] == link.pk


def test_a_letter_of_the_case_is_sent_again(edition, desk):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    (letter,) = letters("admitted")
    Letter.objects.filter(pk=letter.pk).update(state="failed", answer="550 no")

    desk.post(path(edition, f"person-{registration.person_id}", "brief", letter.pk))

    letter.refresh_from_db()
    assert letter.state == "queued"
    assert done("letter.sent_again") == ["Hilft"]


def test_a_letter_of_another_case_is_not(edition, desk):
    registration = make_registration(edition, state=STATE.ADMITTED)
    (letter,) = letters("admitted")
    other = make_admission(edition).person

    response = desk.post(path(edition, f"person-{other.pk}", "brief", letter.pk))

    assert response.status_code == 404
    assert registration.email == letter.to


def test_nothing_happens_by_opening_an_address(edition, desk):
    registration = make_registration(edition)
    key = f"anmeldung-{registration.pk}"

    for name in acts(edition, key):
        desk.get(path(edition, key, name))

    assert len(letters("code")) == 1
    assert not registration.telephone_codes.exists()


def test_an_act_that_the_case_does_not_offer_is_not_done(edition, desk):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    key = f"person-{registration.person_id}"

    response = act(desk, edition, key, "adresse", email=UNKNOWN)

    assert response["Location"] == path(edition, key)
    registration.refresh_from_db()
    assert registration.email == "kim.albers@stadt-musterhausen.example"
    assert act(desk, edition, key, "gibtesnicht").status_code == 404


# --- The address ----------------------------------------------------------------------------------------------------


def test_a_mistyped_address_is_corrected_and_a_code_goes_there(edition, desk):
    registration = make_registration(edition, email="kim@stadt-musterhausn.example")
    before = letters("code")[-1]

    act(
        desk,
        edition,
        f"anmeldung-{registration.pk}",
        "adresse",
        email="Kim@Stadt-Musterhausen.example",
    )

    registration.refresh_from_db()
    assert registration.email == registration.email_key == "kim@stadt-musterhausen.example"
    assert letters("code")[-1].to == "kim@stadt-musterhausen.example"
    assert registration.codes.count() == 1  # that of the old address is over
    assert before.to != letters("code")[-1].to
    assert done("registration.address_corrected") == ["Hilft"]


def test_no_address_is_told_in_the_form(edition, desk):
    registration = make_registration(edition)
    key = f"anmeldung-{registration.pk}"

    response = act(desk, edition, key, "adresse", email="kim@")

    assert response.status_code == 200
    assert "vollständige E-Mail-Adresse" in response.content.decode()
    assert len(letters("code")) == 1


def test_the_corrected_address_goes_through_the_rules(edition, desk):
    from tests.registration.making import code_of

    registration = make_registration(edition)
    act(desk, edition, f"anmeldung-{registration.pk}", "adresse", email=UNKNOWN)
    registration.refresh_from_db()

    actions.verify(registration=registration, code=code_of(registration), now=OPEN)

    registration.refresh_from_db()
    assert registration.state == STATE.IN_REVIEW


def test_a_confirmed_address_stays(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)

    with pytest.raises(actions.AlreadyConfirmed):
        actions.correct_address(registration=registration, email=UNKNOWN, by=make_user(), now=OPEN)


# --- Review and devices ---------------------------------------------------------------------------------------------


def test_a_case_is_pushed_to_the_top(edition, desk):
    registration = make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW)
    registration.refresh_from_db()

    act(desk, edition, f"person-{registration.person_id}", "vorziehen")

    registration.refresh_from_db()
    assert registration.pushed_at is not None
    assert done("registration.pushed") == ["Hilft"]


def test_all_devices_are_signed_out(edition, desk):
    person = make_admission(edition).person
    own = browser_of(person)
    browser_of(person)

    response = act(desk, edition, f"person-{person.pk}", "geraete")

    assert says(desk.get(response["Location"])) == ["2 Geräte wurden ausgeloggt."]
    assert not BrowserSession.objects.filter(person=person).exists()
    assert own.get("/2021/meine-anmeldung/").status_code == 302
    assert done("person.signed_out") == ["Hilft"]


# --- On the spot ------------------------------------------------------------------------------------------------------


def typed(**fields):
    return {
        "first_name": "Hedda",
        "last_name": "Brink",
        "body": "Stadt Musterhausen",
        "email": "hedda.brink@stadt-musterhausen.example",
        "told": "on",
        "form_key": uuid.uuid4(),
    } | fields


def walk_in(client, edition, **fields):
    return client.post(path(edition, "neu"), typed(**fields))


def test_the_help_desk_registers_by_the_rules_also_after_closing(edition, desk):
    set_clock(edition, edition.starts_at)

    response = walk_in(desk, edition)

    registration = Registration.objects.get()
    assert registration.state == STATE.UNVERIFIED
    assert response["Location"] == path(edition, f"anmeldung-{registration.pk}")
    assert letters("code")[0].to == registration.email
    assert done("registration.at_the_desk") == ["Hilft"]


def test_the_help_desk_decides_nothing_where_the_edition_does_not_say_so(edition, desk):
    page = desk.get(path(edition, "neu")).content.decode()
    walk_in(desk, edition, how="jetzt", reason="Ausweis")

    assert 'name="reason"' not in page
    assert Registration.objects.get().state == STATE.UNVERIFIED
    given = {"title": "", "first_name": "A", "last_name": "B", "body": "C"}
    with pytest.raises(actions.MayNotAdmit):
        actions.admit_at_the_desk(
            edition=edition,
            by=helper(edition),
            now=OPEN,
            key=uuid.uuid4(),
            privacy_version="1",
            reason="Ausweis",
            **given,
        )


@pytest.mark.parametrize("who", ["organiser", "help desk of an edition that says so"])
def test_somebody_is_let_in_by_decision_without_an_address(edition, desk, organiser, who):
    if who == "organiser":
        client = organiser
    else:
        client = desk
        RegistrationSettings.objects.create(edition=edition, desk_may_admit=True)

    walk_in(client, edition, email="", how="jetzt", reason="Dienstausweis gezeigt", level="land")

    registration = Registration.objects.get()
    assert (registration.state, registration.address) == (STATE.ADMITTED, "")
    assert (registration.reason, registration.level) == ("Dienstausweis gezeigt", "land")
    assert registration.decided_by.last_name == "Hilft"
    assert Admission.objects.in_force().get().person == registration.person
    assert registration.person.email is None
    assert not Letter.objects.exists()
    assert acts(edition, f"person-{registration.person_id}")[0] == "code"


def test_two_without_an_address_may_have_the_same_name(edition, organiser):
    for _ in range(2):
        walk_in(organiser, edition, email="", how="jetzt", reason="Ausweis")

    assert Admission.objects.in_force().count() == 2


def test_a_decision_never_opens_an_account_there_is(edition, organiser):
    """Nothing proves the mailbox that was named at the door."""
    address = "hedda.brink@stadt-musterhausen.example"
    account = make_user(first_name="Hedda", last_name="Brink", email=address)

    walk_in(organiser, edition, how="jetzt", reason="Ausweis")

    registration = Registration.objects.get()
    assert registration.person != account
    assert (registration.person.email, registration.person.mailbox) == (None, address)
    assert letters("admitted")[0].objects_named["link"]


def test_a_decision_needs_its_reason(edition, organiser):
    response = walk_in(organiser, edition, how="jetzt", reason=" ")

    assert "reason" in response.context["form"].errors
    assert not Registration.objects.exists()


def test_the_rules_need_an_address(edition, organiser):
    response = walk_in(organiser, edition, email="", how="regeln")

    assert "email" in response.context["form"].errors


def test_the_same_form_twice_is_one_person(edition, organiser):
    key = uuid.uuid4()

    for _ in range(2):
        walk_in(organiser, edition, how="jetzt", reason="Ausweis", form_key=key)

    assert Registration.objects.count() == 1
    assert User.objects.filter(last_name="Brink").count() == 1


def test_whoever_is_registered_already_is_said_to_be(edition, organiser):
    make_registration(
        edition,
        first_name="Hedda",
        last_name="Brink",
        email="hedda.brink@stadt-musterhausen.example",
        state=STATE.ADMITTED,
    )

    response = walk_in(organiser, edition, how="jetzt", reason="Ausweis")

    assert "schon angemeldet" in response.content.decode()
    assert Registration.objects.count() == 1


def test_nobody_is_let_in_once_the_congress_is_over(edition, organiser):
    set_clock(edition, edition.ends_at)

    response = walk_in(organiser, edition, how="jetzt", reason="Ausweis")

    assert "Der Kongress ist vorbei." in response.content.decode()
    assert not Registration.objects.exists()


def test_a_helper_of_another_edition_does_nothing_here(edition):
    stranger = browser_of(make_role("help_desk", make_edition(at=OPEN)).person)
    person = make_admission(edition).person

    assert walk_in(stranger, edition).status_code == 404
    assert act(stranger, edition, f"person-{person.pk}", "code").status_code == 404
    assert not Registration.objects.exists()
