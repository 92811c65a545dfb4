"""Callers who were invited and have not answered: the help desk finds them, says why, and writes once more."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congress import desk as congress_desk
from congress import retention
from congress.models import Admission, JournalEntry, Letter
from registration import actions, emails_inviting
from registration.colleagues import Colleague
from registration.models import Delegate, Invitation, Registration
from tests.factories import NOW, make_edition, make_role, set_clock
from tests.registration.desk import act, acts, answer, browser_of, found, helper, path, says
from tests.registration.making import OPEN, letters, make_invitation, make_registration

pytestmark = pytest.mark.django_db
AGAIN = "einladen"


@pytest.fixture
def edition(rules):
    return make_edition(at=OPEN, slug="2021")


@pytest.fixture
def desk(edition):
    return browser_of(helper(edition))


@pytest.fixture
def contact(edition):
    return make_registration(edition, state="admitted").person


def colleague(first="Jo", last="Harms", email="jo.harms@stadt-musterhausen.example"):
    return Colleague(1, email, "", first, last, "Bauamt")


def invited(edition, contact, **who):
    """Invited by somebody who is in; the letter left yesterday."""
    actions.invite_colleagues(
        edition=edition,
        now=edition.now(),
        form_key=uuid.uuid4(),
        language="de",
        colleagues=[colleague(**who)],
        contact=contact,
    )
    row = Delegate.objects.latest("pk")
    yesterday = edition.now() - timedelta(days=1)
    Delegate.objects.filter(pk=row.pk).update(invited_at=yesterday)
    Letter.objects.filter(to=row.email).update(
        state="sent", sent_at=yesterday, written_at=yesterday
    )
    return Delegate.objects.get(pk=row.pk)


def key_of(row):
    return f"{'kollege' if isinstance(row, Delegate) else 'einladung'}-{row.pk}"


# --- Finding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Harms", "harms jo", "jo.harms@", "Bauamt", "Harmss"])
def test_a_colleague_who_has_not_answered_is_found(edition, contact, typed):
    invited(edition, contact)

    assert found(edition, typed) == ["Jo Harms"]


def test_a_guest_of_the_organisers_is_found_by_name_or_address(edition):
    make_invitation(edition, first_name="Ines", last_name="Gast")

    assert found(edition, "Gast") == found(edition, "ines.gast@") == ["Ines Gast"]


def test_invitations_of_bodies_and_of_other_editions_are_nobody(edition):
    make_invitation(edition, kind="body")
    other = make_edition(at=OPEN, slug="2022")
    row = make_invitation(other, last_name="Gast")

    assert found(edition, "Beispielheim") == found(edition, "Gast") == []
    assert congress_desk.subject_of(edition, key_of(row)) is None


def test_whoever_has_answered_or_registered_since_is_found_once(edition, contact):
    make_registration(
        edition,
        state="admitted",
        first_name="Jo",
        last_name="Harms",
        email="jo.harms@stadt-musterhausen.example",
    )
    row = invited(edition, contact)

    assert found(edition, "Harms") == ["Jo Harms"]
    assert congress_desk.subject_of(edition, key_of(row)) is None


def test_a_used_invitation_is_no_case(edition):
    make_invitation(edition, last_name="Gast", uses=1)

    assert found(edition, "Gast") == []


# --- The sentence -------------------------------------------------------------------------------------------------


def test_the_sentence_tells_who_invited_and_what_became_of_the_letter(edition, contact):
    row = invited(edition, contact)

    assert answer(edition, key_of(row)) == (
        "Wurde von Kim Albers eingeladen und hat noch nicht geantwortet: "
        "Unsere Nachricht ging gestern um 10:00 Uhr hinaus und wurde vom Mailserver angenommen."
    )
    assert acts(edition, key_of(row)) == [AGAIN, "aufnehmen"]


def test_a_refused_letter_is_told_in_the_servers_words(edition, contact):
    row = invited(edition, contact)
    Letter.objects.filter(to=row.email).update(state="failed", answer="550 no such user")

    assert "550 no such user" in answer(edition, key_of(row))


def test_whoever_is_to_come_instead_or_was_registered_by_an_office_reads_so(edition, contact):
    giver = Registration.objects.get(person=contact)
    actions.ask_substitute(
        registration=giver,
        colleague=colleague(),
        by=contact,
        now=edition.now(),
        form_key=uuid.uuid4(),
        language="de",
    )
    actions.register_for(
        edition=edition,
        now=edition.now(),
        form_key=uuid.uuid4(),
        language="de",
        office_name="Vorzimmer Amt 7",
        office_email="vorzimmer@stadt-musterhausen.example",
        colleague=colleague("Ulf", "Brandt", "ulf.brandt@stadt-musterhausen.example"),
    )
    first, second = Delegate.objects.order_by("pk")

    assert answer(edition, key_of(first)).startswith(
        "Wurde von Kim Albers um Vertretung gebeten und hat noch nicht geantwortet:"
    )
    assert answer(edition, key_of(second)).startswith(
        "Wurde von Vorzimmer Amt 7 angemeldet und hat noch nicht geantwortet:"
    )


def test_an_old_link_and_a_closed_registration_lead_to_registering_here(edition, contact):
    row = invited(edition, contact)
    set_clock(edition, edition.registration_closes_at + timedelta(hours=1))
    Delegate.objects.filter(pk=row.pk).update(invited_at=edition.now() - timedelta(days=2))
    assert answer(edition, key_of(row)) == (
        "Wurde von Kim Albers eingeladen; hat nicht geantwortet, solange die Anmeldung offen war."
    )
    assert acts(edition, key_of(row)) == ["aufnehmen"]

    Delegate.objects.filter(pk=row.pk).update(invited_at=edition.now() - timedelta(days=15))

    assert answer(edition, key_of(row)).startswith(
        "Wurde von Kim Albers eingeladen; der Link galt bis"
    )


@pytest.mark.parametrize(
    ("changed", "says_so", "offered"),
    [
        ({}, "Ist persönlich eingeladen und hat noch nicht geantwortet:", [AGAIN, "aufnehmen"]),
        ({"revoked_at": OPEN}, "Ist persönlich eingeladen; die Einladung wurde", ["aufnehmen"]),
        ({"valid_until": OPEN}, "Ist persönlich eingeladen; die Einladung galt bis", ["aufnehmen"]),
    ],
)
def test_how_an_invitation_stands(edition, changed, says_so, offered):
    row = make_invitation(edition, last_name="Gast")
    Invitation.objects.filter(pk=row.pk).update(**changed)

    assert answer(edition, key_of(row)).startswith(says_so)
    assert acts(edition, key_of(row)) == offered


def test_the_search_takes_as_many_queries_for_one_as_for_many(edition, contact, desk):
    def counted():
        with CaptureQueriesContext(connection) as queries:
            assert desk.post(
                path(edition), {"wen": "Harms"}, headers={"HX-Request": "true"}
            ).content
        return len(queries)

    make_invitation(edition, last_name="Harms", email="a@freie-post.example")
    invited(edition, contact)
    counted()
    few = counted()
    for number in range(4):
        make_invitation(edition, last_name="Harms", email=f"b{number}@freie-post.example")
        invited(edition, contact, email=f"h{number}@stadt-musterhausen.example", first=f"J{number}")

    assert counted() == few


# --- Writing once more --------------------------------------------------------------------------------------------


def test_the_invitation_goes_out_again_beyond_the_one_reminder(edition, contact, desk):
    row = invited(edition, contact)
    Delegate.objects.filter(pk=row.pk).update(reminded_at=edition.now() - timedelta(hours=3))
    form = {"form_key": uuid.uuid4()}

    response = act(desk, edition, key_of(row), AGAIN, **form)
    act(desk, edition, key_of(row), AGAIN, **form)

    assert set(says(desk.get(response["Location"]))) == {"Die Einladung ist noch einmal unterwegs."}
    assert [letter.to for letter in letters("delegate")] == [row.email] * 2
    entry = JournalEntry.objects.get(verb="desk.invited_again")
    assert (entry.actor.last_name, entry.target) == ("Hilft", f"registration.delegate:{row.pk}")


def test_from_the_search_to_working_access_it_takes_three_clicks(edition, contact, desk, client):
    row = invited(edition, contact)
    page = desk.post(path(edition), {"wen": "Harms"}).content.decode()
    assert path(edition, key_of(row), AGAIN) in page  # found alone: its buttons stand there

    act(desk, edition, key_of(row), AGAIN)
    form = client.post(emails_inviting.delegate_url(row).removeprefix("http://testserver"))
    answered = {"first_name": "Jo", "last_name": "Harms", "body": "Bauamt", "way": "online"}
    client.post(form["Location"], answered | {"privacy": "on"})

    person = Registration.objects.get(last_name="Harms").person
    assert Admission.objects.in_force().filter(person=person).exists()
    assert client.session["_auth_user_id"] == str(person.pk)


def test_a_guest_is_written_to_again(edition, desk):
    row = make_invitation(edition, last_name="Gast")

    response = act(desk, edition, key_of(row), AGAIN)

    assert says(desk.get(response["Location"])) == ["Die Einladung ist noch einmal unterwegs."]
    assert [letter.to for letter in letters("invited")] == [row.email]
    assert JournalEntry.objects.filter(verb="desk.invited_again").count() == 1


def test_whoever_presses_again_at_once_is_asked_to_wait(edition, contact, desk):
    row = invited(edition, contact)
    act(desk, edition, key_of(row), AGAIN)

    response = act(desk, edition, key_of(row), AGAIN)

    assert "vor einem Augenblick" in says(desk.get(response["Location"]))[-1]
    assert len(letters("delegate")) == 2


def test_a_mailbox_gets_five_such_letters_an_hour_whoever_presses(edition, contact, desk):
    row = invited(edition, contact)
    for _ in range(5):
        act(desk, edition, key_of(row), AGAIN)
        an_age_ago = edition.now() - timedelta(minutes=3)
        Letter.objects.filter(to=row.email, written_at__gt=an_age_ago).update(written_at=an_age_ago)

    response = act(desk, edition, key_of(row), AGAIN)

    assert "höchstens 5" in says(desk.get(response["Location"]))[-1]
    assert len(letters("delegate")) == 6


def test_whoever_answered_in_the_meantime_is_not_written_to(edition, contact):
    row = invited(edition, contact)
    by = make_role("help_desk", edition).person
    actions.decline(row=row, now=edition.now())

    with pytest.raises(actions.AlreadyAnswered):
        actions.invite_colleague_again(row=row, by=by, now=edition.now(), key=uuid.uuid4())


def test_an_invitation_withdrawn_in_the_meantime_is_not_sent(edition):
    row = make_invitation(edition, last_name="Gast")
    by = make_role("organiser", edition).person
    actions.revoke_invitation(invitation=row, by=by, now=edition.now())

    with pytest.raises(actions.InvitationIsOver):
        actions.invite_guest_again(invitation=row, by=by, now=edition.now(), key=uuid.uuid4())


def test_letters_sent_again_go_with_the_invitation(edition, contact, desk):
    row, guest = invited(edition, contact), make_invitation(edition, last_name="Gast")
    act(desk, edition, key_of(row), AGAIN)
    act(desk, edition, key_of(guest), AGAIN)
    assert letters("delegate")
    assert letters("invited")

    actions.decline(row=row, now=edition.now())
    set_clock(edition, NOW + timedelta(days=60))
    retention.erase_due()

    assert letters("delegate") == []
    assert letters("invited") == []


def test_whoever_is_registered_here_need_not_be_typed_again(edition, contact, desk):
    row = invited(edition, contact)

    response = desk.get(path(edition, key_of(row), "aufnehmen"), follow=True)

    assert 'value="Harms"' in response.content.decode()
    assert 'value="jo.harms@stadt-musterhausen.example"' in response.content.decode()
