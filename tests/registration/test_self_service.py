"""What people change themselves until the dates of the edition: how they take part, and who comes in their place."""

import uuid
from datetime import date, timedelta

import pytest

from congress import mail, retention
from congress.models import AccessLink, Admission, JournalEntry
from registration import actions, emails_inviting
from registration.colleagues import Colleague
from registration.models import Delegate, Registration, RegistrationSettings, Substitution
from tests.factories import make_role, make_user, set_clock
from tests.registration.making import OPEN, letters, make_invitation
from tests.registration.places import counts, make_contingent, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
WAY = "/2021/meine-anmeldung/teilnahme/"
INSTEAD = "/2021/meine-anmeldung/vertretung/"
MINE = "/2021/meine-anmeldung/"
NELE = "nele.brandt@stadt-musterhausen.example"


@pytest.fixture
def hybrid(edition):
    edition.format = "hybrid"
    edition.save()
    return edition


@pytest.fixture
def hall(hybrid):
    return make_contingent(hybrid, way="onsite", places=1)


def sign_in(client, registration):
    client.force_login(registration.person, backend="congress.auth.RoleBackend")


def colleague(email=NELE):
    return {
        "title": "",
        "first_name": "Nele",
        "last_name": "Brandt",
        "email": email,
        "body": "Stadt Musterhausen",
    }


def ask(registration, email=NELE, **options):
    registration.edition.refresh_from_db()
    actions.ask_substitute(
        registration=registration,
        colleague=Colleague(1, **colleague(email)),
        by=registration.person,
        now=registration.edition.now(),
        form_key=options.pop("form_key", None) or uuid.uuid4(),
        language="de",
    )
    return Delegate.objects.with_delegation().order_by("pk").last()


def accept(row, **more):
    facts = {"first_name": "Nele", "last_name": "Brandt", "body": row.body, "title": ""}
    return actions.accept(
        row=row, now=row.edition.now(), language="de", privacy_version="1", **facts, **more
    ).verified.registration


def state_of(registration):
    registration.refresh_from_db()
    return registration.state


def is_in(registration):
    return Admission.objects.in_force().filter(person=registration.person).exists()


# --- The place of a colleague ---------------------------------------------------------------------------


def test_a_colleague_who_may_come_has_the_place_and_the_giver_keeps_nothing(client, hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    waits = somebody(hybrid, "Cordes", way="onsite", state="waitlisted")

    row = ask(giver)
    assert (state_of(giver), is_in(giver)) == ("admitted", True)
    heir = accept(row)

    assert (state_of(giver), is_in(giver)) == ("cancelled", False)
    assert (state_of(heir), heir.way, is_in(heir)) == ("admitted", "onsite", True)
    assert state_of(waits) == "waitlisted"
    assert counts(hall) == (1, 1)
    assert not Substitution.objects.exists()
    assert len(letters("handed_over")) == 1
    (letter,) = letters("admitted")[-1:]
    assert letter.to == NELE
    sign_in(client, giver)
    assert "kommt an Ihrer Stelle" in client.get(MINE).content.decode()


def test_the_letter_says_that_it_is_about_a_place(hybrid, hall):
    ask(somebody(hybrid, "Ahrens", way="onsite"))

    (letter,) = letters("delegate")

    assert "bittet Sie um Ihre Vertretung" in mail.render(letter, mint=True).subject


def test_the_colleague_reads_that_it_is_about_a_place(client, edition):
    row = ask(somebody(edition, "Ahrens"))

    page = client.post(
        emails_inviting.delegate_url(row).removeprefix("http://testserver"), follow=True
    ).content.decode()

    assert "bittet Sie um Vertretung" in page


def test_without_a_limit_the_giver_leaves_too(edition):
    giver = somebody(edition, "Ahrens")

    heir = accept(ask(giver))

    assert (state_of(giver), state_of(heir)) == ("cancelled", "admitted")
    assert (is_in(giver), is_in(heir)) == (False, True)


def test_a_colleague_who_is_checked_takes_the_place_when_a_person_admits_them(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = accept(ask(giver, "nele.brandt@zweckverband.example"))
    assert (state_of(giver), state_of(heir)) == ("admitted", "in_review")

    by = make_role("organiser", hybrid).person
    actions.admit(registration=heir, by=by, now=hybrid.now())

    assert (state_of(giver), state_of(heir)) == ("cancelled", "admitted")
    assert counts(hall) == (1, 0)


def test_a_rejected_colleague_changes_nothing(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = accept(ask(giver, "nele.brandt@zweckverband.example"))

    by = make_role("organiser", hybrid).person
    actions.reject(registration=heir, by=by, now=hybrid.now(), reason="Nein.")

    assert (state_of(giver), is_in(giver)) == ("admitted", True)
    assert not Substitution.objects.exists()
    (letter,) = letters("not_taken_over")
    assert letter.to == giver.email


def test_a_colleague_who_is_checked_and_cancels_leaves_the_place_where_it_is(edition):
    giver = somebody(edition, "Ahrens")
    heir = accept(ask(giver, "nele.brandt@zweckverband.example"))

    actions.cancel(registration=heir, now=edition.now())

    assert not Substitution.objects.exists()
    assert state_of(giver) == "admitted"


def test_somebody_on_the_waiting_list_can_be_asked(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    waits = somebody(
        hybrid, "Brandt", first_name="Nele", email=NELE, way="onsite", state="waitlisted"
    )

    accept(ask(giver))

    assert (state_of(giver), state_of(waits)) == ("cancelled", "admitted")
    assert counts(hall) == (1, 0)


def test_somebody_in_review_already_takes_it_once_admitted(hybrid, hall):
    address = "nele.brandt@zweckverband.example"
    giver = somebody(hybrid, "Ahrens", way="onsite")
    checked = somebody(hybrid, "Brandt", first_name="Nele", email=address, state="in_review")
    accept(ask(giver, address))
    assert state_of(giver) == "admitted"

    actions.admit(registration=checked, by=make_user(), now=hybrid.now())

    assert (state_of(giver), state_of(checked)) == ("cancelled", "admitted")


def test_somebody_in_review_who_follows_an_invitation_takes_it_too(hybrid, hall):
    address = "nele.brandt@zweckverband.example"
    giver = somebody(hybrid, "Ahrens", way="onsite")
    checked = somebody(hybrid, "Brandt", first_name="Nele", email=address, state="in_review")
    accept(ask(giver, address))
    invitation = make_invitation(hybrid, kind="personal", email=address)

    assert actions.follow_invitation(checked, invitation.pk, now=hybrid.now())

    assert (state_of(giver), state_of(checked)) == ("cancelled", "admitted")
    assert not Substitution.objects.exists()


def test_somebody_who_has_a_place_keeps_it_and_so_does_the_giver(edition):
    giver = somebody(edition, "Ahrens")
    somebody(edition, "Brandt", first_name="Nele", email=NELE)

    accept(ask(giver))

    assert state_of(giver) == "admitted"
    assert not Substitution.objects.exists()
    assert JournalEntry.objects.filter(verb="registration.not_taken_over").exists()
    assert [letter.to for letter in letters("not_taken_over")] == [giver.email]


def test_whoever_declines_or_is_not_asked_any_more_leaves_everything_as_it_is(edition):
    giver = somebody(edition, "Ahrens")
    actions.decline(row=ask(giver), now=edition.now())
    assert not Substitution.objects.exists()

    ask(giver)
    actions.take_substitute_back(registration=giver, now=edition.now())
    actions.take_substitute_back(registration=giver, now=edition.now())

    assert not Delegate.objects.exists()
    assert state_of(giver) == "admitted"


def test_one_colleague_at_a_time_and_the_same_form_once(edition):
    giver = somebody(edition, "Ahrens")
    key = uuid.uuid4()
    ask(giver, form_key=key)

    ask(giver, form_key=key)

    assert len(letters("delegate")) == 1
    with pytest.raises(actions.AsksSomebodyAlready):
        ask(giver, "andere@stadt-musterhausen.example")


def test_nobody_asks_themselves(edition):
    giver = somebody(edition, "Brandt", first_name="Nele", email=NELE)

    with pytest.raises(actions.ThatIsYou):
        ask(giver)


def test_who_cancels_offers_nothing_any_more(edition):
    giver = somebody(edition, "Ahrens")
    row = ask(giver)
    actions.cancel(registration=giver, now=edition.now())

    heir = accept(row)

    assert (state_of(giver), state_of(heir)) == ("cancelled", "admitted")
    assert not letters("handed_over")
    with pytest.raises(actions.NothingToHandOver):
        ask(giver)


def test_it_ends_on_the_day_that_the_edition_sets(edition):
    giver = somebody(edition, "Ahrens")
    RegistrationSettings.objects.create(edition=edition, hand_over_until=date(2021, 3, 1))
    ask(giver)
    actions.take_substitute_back(registration=giver, now=edition.now())
    set_clock(edition, OPEN + timedelta(days=1))

    with pytest.raises(actions.TooLateToChange):
        ask(giver)


def test_an_unanswered_question_ends_with_its_letter(edition):
    giver = somebody(edition, "Ahrens")
    ask(giver)
    set_clock(edition, OPEN + Delegate.LIFETIME + timedelta(hours=1))

    retention.erase_due()

    assert not Substitution.objects.exists()
    assert state_of(giver) == "admitted"


def test_two_who_share_a_mailbox_hand_a_place_to_each_other(edition):
    mailbox = "poststelle@stadt-musterhausen.example"
    giver = somebody(edition, "Ahrens", email=mailbox)
    assert giver.person.email is None

    heir = accept(ask(giver, mailbox))

    assert (state_of(giver), state_of(heir)) == ("cancelled", "admitted")
    assert heir.person != giver.person
    links = AccessLink.objects.filter(kind="attendee")
    assert [link.person for link in links if link.revoked_at is None] == [heir.person]


# --- Pages ----------------------------------------------------------------------------------------------


def test_from_ones_own_page_to_the_colleague_who_comes(client, edition):
    giver = somebody(edition, "Ahrens")
    sign_in(client, giver)
    assert INSTEAD in client.get(MINE).content.decode()

    response = client.post(INSTEAD, colleague(), follow=True)

    page = response.content.decode()
    assert "Wir haben an Ihre Vertretung geschrieben" in page
    assert "Sie haben um Vertretung gebeten" in page
    client.logout()
    row = Delegate.objects.with_delegation().get()
    client.post(emails_inviting.delegate_url(row).removeprefix("http://testserver"))
    client.post(
        "/2021/anmeldung/zusage/",
        {"first_name": "Nele", "last_name": "Brandt", "body": "Stadt", "privacy": "on"},
    )
    assert state_of(giver) == "cancelled"
    assert "Sie sind dabei" in client.get(MINE).content.decode()


def test_what_is_missing_is_said_and_taking_back_is_a_button(client, edition):
    sign_in(client, somebody(edition, "Ahrens"))
    assert "fk-summary" in client.post(INSTEAD, colleague("x")).content.decode()
    client.post(INSTEAD, colleague())

    page = client.post(INSTEAD, {"act": "take_back"}, follow=True).content.decode()

    assert "Der Platz bleibt Ihrer" in page
    assert not Substitution.objects.exists()


def test_the_way_is_switched_on_a_page(client, hybrid, hall):
    online = somebody(hybrid, "Ahrens", way="online")
    sign_in(client, online)
    assert WAY in client.get(MINE).content.decode()

    page = client.post(WAY, {"way": "onsite"}, follow=True).content.decode()

    online.refresh_from_db()
    assert online.way == "onsite"
    assert "Sie nehmen vor Ort teil." in page
    other = somebody(hybrid, "Brandt", way="online")
    sign_in(client, other)
    assert "Warteliste" in client.get(WAY).content.decode()
    page = client.post(WAY, {"way": "onsite"}, follow=True).content.decode()
    assert "Dort sind alle Plätze vergeben" in page
    other.refresh_from_db()
    assert (other.way, other.state) == ("online", "admitted")
    assert client.post(WAY, {"way": "zu Fuß"}).status_code == 200


def test_after_the_day_of_the_edition_both_pages_send_to_the_help_desk(client, hybrid):
    RegistrationSettings.objects.create(
        edition=hybrid, changes_until=date(2021, 2, 28), hand_over_until=date(2021, 2, 28)
    )
    registration = somebody(hybrid, "Ahrens", way="online")
    sign_in(client, registration)
    page = client.get(MINE).content.decode()
    assert WAY not in page
    assert INSTEAD not in page

    for path in (WAY, INSTEAD):
        page = client.post(path, {"way": "onsite", **colleague()}, follow=True).content.decode()
        assert "nicht mehr ändern" in page
    registration.refresh_from_db()
    assert registration.way == "online"
    assert not Substitution.objects.exists()


def test_organisers_set_the_days_on_the_page_of_the_settings(client, edition):
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")
    page = "/2021/orga/anmeldung/"
    given = {
        "review_days": "2",
        "offer_hours": "48",
        "universities": "as_listed",
        "it_providers": "as_listed",
        "associations": "as_listed",
        "changes_until": "2021-03-10",
        "hand_over_until": "2021-03-16",
    }

    assert client.post(page, given).status_code == 303

    settings = RegistrationSettings.objects.get()
    assert (settings.changes_until, settings.hand_over_until) == (
        date(2021, 3, 10),
        date(2021, 3, 16),
    )
    assert 'type="date"' in client.get(page).content.decode()


def test_who_sees_the_pages(client, hybrid):
    for path in (WAY, INSTEAD):
        assert client.get(path).status_code == 302
    for person in (make_user(), make_role("organiser", hybrid).person):
        client.force_login(person, backend="congress.auth.RoleBackend")
        for path in (WAY, INSTEAD):
            assert client.get(path).status_code == 404
    sign_in(client, somebody(hybrid, "Ahrens"))
    for path in (WAY, INSTEAD):
        assert client.get(path).status_code == 200
    assert Registration.objects.count() == 1
