"""People change name, body and address themselves: a changed body or address goes through eligibility again."""

import uuid
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress

from congress import mail, retention
from congress.models import AccessLink, Admission, JournalEntry
from registration import actions, emails_changing, tickets
from registration.models import AddressChange, Registration, RegistrationSettings
from tests.factories import make_edition, make_role, make_user, set_clock
from tests.registration.making import OPEN, letters, make_rule
from tests.registration.places import counts, make_contingent, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
PAGE = "/2021/meine-anmeldung/aendern/"
NEW = "neu@stadt-musterhausen.example"


def data_of(registration, **changes):
    names = ("title", "first_name", "last_name", "body", "email")
    return {name: getattr(registration, name) for name in names} | changes


def change(registration, *, key=None, **changes):
    registration.refresh_from_db()
    registration.edition.refresh_from_db()
    return actions.change_data(
        registration=registration,
        by=registration.person,
        now=registration.edition.now(),
        key=key or uuid.uuid4(),
        **data_of(registration, **changes),
    )


def readdress(registration, email=NEW):
    asked = change(registration, email=email)
    return actions.confirm_address(change=asked, now=registration.edition.now())


def admitted_by_hand(edition, name="Brandt"):
    address = f"{name.lower()}@zweckverband.example"
    registration = somebody(edition, name, email=address, state="in_review")
    actions.admit(registration=registration, by=make_user(), now=edition.now())
    registration.refresh_from_db()
    return registration


def state_of(registration):
    registration.refresh_from_db()
    return registration.state


def is_in(registration):
    return Admission.objects.in_force().filter(person=registration.person).exists()


def sign_in(client, registration):
    client.force_login(registration.person, backend="congress.auth.RoleBackend")


# --- Name and body --------------------------------------------------------------------------------------


def test_a_name_counts_at_once_for_registration_and_person(edition):
    registration = somebody(edition, "Albers")

    assert change(registration, title="Dr.", last_name="Ålbers") is None

    registration.refresh_from_db()
    assert registration.display_name == registration.person.display_name == "Dr. Kim Ålbers"
    assert state_of(registration) == "admitted"
    entry = JournalEntry.objects.get(verb="registration.data_changed")
    assert entry.details == {"fields": "title, last_name"}


def test_a_name_of_somebody_else_in_the_same_mailbox_is_refused(edition):
    address = "poststelle@stadt-musterhausen.example"
    first = somebody(edition, "Eins", email=address)
    somebody(edition, "Zwei", email=address)

    with pytest.raises(actions.AddressIsTaken):
        change(first, last_name="Zwei")

    assert Registration.objects.filter(last_name="Eins").exists()


def test_another_body_at_a_listed_address_changes_nothing_and_the_ticket_stays_good(edition):
    registration = somebody(edition, "Albers")
    admission = Admission.objects.get(person=registration.person)
    before = tickets.token(admission.pk, 0)

    change(registration, body="Stadt Musterhausen, Kämmerei")

    assert (state_of(registration), is_in(registration)) == ("admitted", True)
    assert tickets.token(Admission.objects.in_force().get().pk, 0) == before


def test_another_body_of_somebody_whom_a_person_admitted_is_looked_at_again(edition):
    edition.format = "hybrid"
    edition.save()
    hall = make_contingent(edition, way="online", places=1)
    registration = admitted_by_hand(edition)
    assert counts(hall) == (1, 0)

    change(registration, body="Ganz andere Behörde")

    assert (state_of(registration), is_in(registration)) == ("in_review", False)
    assert counts(hall) == (1, 0)  # the place is kept
    (letter,) = letters("changed")
    assert "noch einmal an" in mail.render(letter, mint=True).body
    actions.admit(registration=registration, by=make_user(), now=edition.now())
    assert (state_of(registration), is_in(registration)) == ("admitted", True)
    assert counts(hall) == (1, 0)
    assert len(letters("admitted")) == 2


def test_the_same_body_in_other_spelling_is_no_other_body(edition):
    registration = admitted_by_hand(edition)

    change(registration, body=registration.body.upper())

    assert state_of(registration) == "admitted"


# --- The address ----------------------------------------------------------------------------------------


def test_a_new_address_counts_once_the_letter_to_it_was_answered(edition):
    registration = somebody(edition, "Albers")
    before = registration.email

    asked = change(registration, email=NEW)

    registration.refresh_from_db()
    assert registration.email == before
    (letter,) = letters("new_address")
    assert letter.to == NEW
    assert emails_changing.change_url(asked) in mail.render(letter, mint=True).body
    actions.confirm_address(change=asked, now=edition.now())
    registration.refresh_from_db()
    person = registration.person
    assert (registration.email, registration.email_key, person.email) == (NEW, NEW, NEW)
    assert list(EmailAddress.objects.filter(user=person).values_list("email", flat=True)) == [NEW]
    assert (registration.state, is_in(registration)) == ("admitted", True)
    assert [letter.to for letter in letters("address_left", "changed")] == [before, NEW]
    with pytest.raises(actions.LinkIsOver):
        actions.confirm_address(change=asked, now=edition.now())


def test_an_address_that_the_registry_does_not_know_is_looked_at_by_a_person(edition):
    registration = readdress(somebody(edition, "Albers"), "kim@freie-post.example")

    assert (registration.state, is_in(registration)) == ("in_review", False)
    assert registration.eligibility == "unknown"


def test_a_listed_address_ends_the_check_and_brings_level_and_land(edition):
    make_rule("land-beispiel.example", level="land")
    waits = somebody(edition, "Brandt", email="b@zweckverband.example", state="in_review")

    registration = readdress(waits, "b@land-beispiel.example")

    assert (registration.state, registration.level) == ("admitted", "land")
    assert is_in(registration)
    assert Admission.objects.get(person=registration.person).level == "land"


def test_a_shared_mailbox_gets_a_personal_link(edition):
    registration = readdress(somebody(edition, "Albers"), "poststelle@stadt-musterhausen.example")

    person = registration.person
    person.refresh_from_db()
    assert (person.email, person.contact_email) == (None, "poststelle@stadt-musterhausen.example")
    assert AccessLink.objects.filter(person=person, revoked_at__isnull=True).exists()
    (letter,) = letters("changed")
    assert "/zugang/" in mail.render(letter, mint=True).body


def test_the_account_of_somebody_else_is_not_taken(edition):
    make_user(email=NEW)

    with pytest.raises(actions.AddressIsTaken):
        readdress(somebody(edition, "Albers"))

    assert not Registration.objects.filter(email=NEW).exists()


def test_the_sign_in_of_people_with_a_role_stays(edition):
    registration = somebody(edition, "Albers")
    make_role("organiser", edition, person=registration.person)
    before = registration.person.email

    readdress(registration)

    registration.person.refresh_from_db()
    assert registration.person.email == before


def test_whoever_has_an_open_offer_answers_that_first(edition):
    hall = make_contingent(edition, places=0)
    waits = somebody(edition, "Albers", state="waitlisted")
    actions.change_places(contingent=hall, places=1, by=None, now=edition.now())
    assert state_of(waits) == "offered"

    with pytest.raises(actions.AnswerTheOfferFirst):
        readdress(waits, "kim@freie-post.example")

    assert state_of(waits) == "offered"
    assert not Registration.objects.filter(email="kim@freie-post.example").exists()


def test_whoever_waits_keeps_the_number_while_somebody_looks(edition):
    hall = make_contingent(edition, places=0)
    waits = somebody(edition, "Albers", state="waitlisted")

    readdress(waits, "kim@freie-post.example")

    assert state_of(waits) == "in_review"
    assert counts(hall) == (0, 1)
    actions.admit(registration=waits, by=make_user(), now=edition.now())
    assert state_of(waits) == "waitlisted"


def test_a_corrected_address_ends_the_first_link_and_the_same_form_asks_once(edition):
    registration = somebody(edition, "Albers")
    key = uuid.uuid4()
    first = change(registration, email="eins@stadt-musterhausen.example", key=key)
    change(registration, email="eins@stadt-musterhausen.example", key=key)
    assert len(letters("new_address")) == 1

    change(registration, email=NEW)

    with pytest.raises(actions.LinkIsOver):
        actions.confirm_address(change=first, now=edition.now())


def test_an_unanswered_change_is_over_and_erased_after_72_hours(edition):
    registration = somebody(edition, "Albers")
    asked = change(registration, email=NEW)
    set_clock(edition, OPEN + AddressChange.LIFETIME + timedelta(hours=1))

    with pytest.raises(actions.LinkIsOver):
        actions.confirm_address(change=asked, now=edition.now())
    retention.erase_due()

    assert not AddressChange.objects.exists()


def test_after_the_day_of_the_edition_nothing_changes(edition):
    registration = somebody(edition, "Albers")
    asked = change(registration, email=NEW)
    RegistrationSettings.objects.create(edition=edition, changes_until=date(2021, 2, 28))

    with pytest.raises(actions.TooLateToChange):
        change(registration, last_name="Neu")
    with pytest.raises(actions.TooLateToChange):
        actions.confirm_address(change=asked, now=edition.now())


# --- Pages ----------------------------------------------------------------------------------------------


def test_from_ones_own_page_to_the_confirmed_address(client, edition):
    registration = somebody(edition, "Albers")
    sign_in(client, registration)
    assert PAGE in client.get("/2021/meine-anmeldung/").content.decode()
    assert f'value="{registration.email}"' in client.get(PAGE).content.decode()

    page = client.post(PAGE, data_of(registration, email=NEW), follow=True).content.decode()

    assert f"Wir haben an {NEW} geschrieben" in page
    path = emails_changing.change_url(AddressChange.objects.get()).removeprefix("http://testserver")
    client.logout()
    looked = client.get(path)
    assert looked["Cache-Control"] == "no-store"
    assert "Albers" not in looked.content.decode()
    assert AddressChange.objects.exists()
    assert client.post(path).status_code == 303
    assert client.post(path).status_code == 410
    registration.refresh_from_db()
    assert registration.email == NEW


def test_links_cut_off_or_of_another_edition_open_nothing(client, edition):
    asked = change(somebody(edition, "Albers"), email=NEW)
    path = emails_changing.change_url(asked).removeprefix("http://testserver")
    there = make_edition(at=OPEN)

    assert client.post(path[:-3] + "/").status_code == 404
    assert client.post(path.replace("/2021/", f"/{there.slug}/")).status_code == 410
    assert AddressChange.objects.exists()


@pytest.mark.parametrize("field", ["first_name", "last_name", "body", "email"])
def test_what_is_missing_is_said(client, edition, field):
    registration = somebody(edition, "Albers")
    sign_in(client, registration)

    page = client.post(PAGE, data_of(registration, **{field: ""})).content.decode()

    assert "fk-summary" in page
    assert not JournalEntry.objects.filter(verb="registration.data_changed").exists()


def test_who_sees_the_page(client, edition):
    assert client.get(PAGE).status_code == 302
    for person in (make_user(), make_role("organiser", edition).person):
        client.force_login(person, backend="congress.auth.RoleBackend")
        assert client.get(PAGE).status_code == 404
