"""Whoever is invited is admitted without a check, through the same door as everybody; an invitation gives no more."""

import threading
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from congress import retention
from congress.models import Admission, JournalEntry, Letter
from registration import actions, emails_inviting
from registration.actions.uses import use_invitation
from registration.models import Invitation, Registration
from tests.factories import make_admission, make_edition, make_user, set_clock
from tests.registration.making import (
    OPEN,
    code_of,
    given,
    letters,
    make_invitation,
    make_registration,
)

pytestmark = pytest.mark.django_db
GUEST = "ines.gast@freie-post.example"
STATE = Registration.State


def registered(edition, invitation, **fields):
    values = given(**{"language": "de", "email": GUEST, **fields})
    return actions.register(
        edition=edition,
        now=edition.now(),
        form_key=uuid.uuid4(),
        privacy_version="1",
        invitation=invitation,
        **values,
    )


def verified(registration):
    result = actions.verify(
        registration=registration,
        code=code_of(registration),
        now=registration.edition.now(),
    )
    result.registration.refresh_from_db()
    return result


def come(edition, invitation, **fields):
    return verified(registered(edition, invitation, **fields)).registration


# --- Being admitted by one --------------------------------------------------------------------------------


def test_whoever_is_invited_is_admitted_with_level_and_land_of_the_invitation(edition):
    make_admission(edition)
    invitation = make_invitation(edition, level="bund", land_id="SN")

    registration = come(edition, invitation)

    invitation.refresh_from_db()
    assert (registration.state, registration.level, registration.land_id) == (
        STATE.ADMITTED,
        "bund",
        "SN",
    )
    assert (registration.eligibility, registration.decided_by) == ("unknown", None)
    assert (invitation.uses, registration.invitation) == (1, invitation)
    admission = Admission.objects.get(person=registration.person)
    assert (admission.kind, admission.level) == ("attendee", "bund")
    assert len(letters("admitted")) == 1
    assert not letters("in_review")


def test_without_a_level_of_its_own_the_registry_says_it(edition, rules):
    address = "kim@stadt-musterhausen.example"
    invitation = make_invitation(edition, email=address)

    assert come(edition, invitation, email=address).level == "kommune"


def test_an_invitation_admits_also_where_a_machine_never_would(edition, rules):
    address = "kim@gratispost.example"
    registration = come(edition, make_invitation(edition, email=address), email=address)

    assert (registration.state, registration.eligibility) == (STATE.ADMITTED, "deny")


def test_an_invited_speaker_enters_as_a_speaker_and_leaves_when_cancelling(edition):
    registration = come(edition, make_invitation(edition, becomes="speaker"))
    admission = Admission.objects.get(person=registration.person)
    assert admission.kind == "speaker"

    actions.cancel(registration=registration, now=edition.now())

    admission.refresh_from_db()
    assert admission.revoked_at is not None


def test_whom_the_office_shut_out_no_invitation_lets_in_and_none_is_used(edition):
    person = make_user(email=GUEST, first_name="Kim", last_name="Albers")
    make_admission(edition, person=person, revoked_at=OPEN, given_back=False)
    invitation = make_invitation(edition)

    registration = come(edition, invitation)

    invitation.refresh_from_db()
    assert registration.state == STATE.IN_REVIEW
    assert (invitation.uses, registration.invitation) == (0, None)


def test_a_use_counts_when_the_mailbox_is_proved(edition):
    invitation = make_invitation(edition)

    registered(edition, invitation)

    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_a_personal_invitation_holds_for_its_mailbox_only(edition):
    invitation = make_invitation(edition)

    with pytest.raises(actions.NotForThisAddress):
        registered(edition, invitation, email="jemand@freie-post.example")

    assert not Registration.objects.exists()
    tagged = registered(edition, invitation, email="ines.gast+kongress@freie-post.example")
    assert verified(tagged).registration.state == STATE.ADMITTED


def test_colleagues_who_share_a_mailbox_follow_one_invitation(edition):
    address = "poststelle@klein.example"
    invitation = make_invitation(edition, email=address, uses_max=2)

    for name in ("Kim", "Robin"):
        come(edition, invitation, email=address, first_name=name)

    invitation.refresh_from_db()
    assert invitation.uses == 2
    assert Admission.objects.filter(kind="attendee").count() == 2


def test_whoever_comes_after_the_last_use_is_told_and_checked_like_everybody(edition):
    invitation = make_invitation(edition, kind="body", uses_max=1)
    first, second = (
        registered(edition, invitation, email=f"{name}@klein.example") for name in ("a", "b")
    )
    verified(first)

    late = verified(second)

    assert late.invitation_was_over
    assert late.registration.state == STATE.IN_REVIEW
    assert late.registration.invitation is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"valid_until": OPEN - timedelta(minutes=1)}, "abgelaufen"),
        ({"revoked_at": OPEN}, "zurückgezogen"),
        ({"uses": 1}, "schon"),
    ],
)
def test_an_invitation_that_is_over_is_refused_with_the_reason(edition, fields, why):
    invitation = make_invitation(edition, created_at=OPEN - timedelta(days=9), **fields)

    with pytest.raises(actions.InvitationIsOver) as refusal:
        registered(edition, invitation)

    assert why in str(refusal.value)


def test_an_invitation_of_another_edition_is_never_used(edition):
    other = make_invitation(make_edition(at=OPEN))
    registration = make_registration(edition, email=GUEST)

    assert use_invitation(registration, other.pk) is None


@pytest.mark.parametrize("days", [-60, 16])
def test_before_and_after_only_with_an_invitation_that_says_so(edition, days):
    ordinary = make_invitation(edition, created_at=OPEN - timedelta(days=90))
    early = make_invitation(
        edition,
        created_at=OPEN - timedelta(days=90),
        email="b@klein.example",
        outside_the_window=True,
        valid_until=OPEN + timedelta(days=17),
    )
    Invitation.objects.filter(pk=ordinary.pk).update(valid_until=OPEN + timedelta(days=17))
    ordinary.refresh_from_db()
    set_clock(edition, OPEN + timedelta(days=days))

    with pytest.raises((actions.NotOpenYet, actions.RegistrationClosed)):
        registered(edition, ordinary)

    assert come(edition, early, email="b@klein.example").state == STATE.ADMITTED


def test_after_the_congress_no_invitation_opens_the_registration(edition):
    invitation = make_invitation(
        edition, outside_the_window=True, valid_until=edition.ends_at + timedelta(days=2)
    )
    set_clock(edition, edition.ends_at)

    with pytest.raises(actions.RegistrationClosed):
        registered(edition, invitation)


def test_whoever_cancels_leaves_the_use_to_somebody_else(edition):
    invitation = make_invitation(edition, kind="body", uses_max=1)
    registration = come(edition, invitation)

    actions.cancel(registration=registration, now=edition.now())

    invitation.refresh_from_db()
    assert invitation.uses == 0
    assert come(edition, invitation, email="b@klein.example").state == STATE.ADMITTED


def test_cancelling_without_an_invitation_used_gives_nothing_back(edition):
    invitation = make_invitation(edition, kind="body", uses_max=2)
    come(edition, invitation, email="b@klein.example")
    waits = registered(edition, invitation)

    actions.cancel(registration=waits, now=edition.now())

    invitation.refresh_from_db()
    assert invitation.uses == 1


# --- Registered already ---------------------------------------------------------------------------------


def test_an_invitation_ends_the_check_of_whoever_waits(edition):
    waits = make_registration(edition, email=GUEST, state=STATE.IN_REVIEW)
    invitation = make_invitation(edition, level="land")

    found = verified(registered(edition, invitation))

    waits.refresh_from_db()
    assert found.registration == waits
    assert (waits.state, waits.level, waits.invitation) == (STATE.ADMITTED, "land", invitation)
    assert len(letters("admitted")) == 1


def test_an_attendee_becomes_a_speaker_by_an_invitation(edition, rules):
    address = "kim.albers@stadt-musterhausen.example"
    attends = make_registration(edition, email=address, state=STATE.ADMITTED)
    invitation = make_invitation(edition, email=address, becomes="speaker")

    assert actions.follow_invitation(attends, invitation.pk, now=edition.now())

    assert Admission.objects.get(person=attends.person).kind == "speaker"


def test_an_invitation_that_changes_nothing_is_not_used(edition, rules):
    address = "kim.albers@stadt-musterhausen.example"
    attends = make_registration(edition, email=address, state=STATE.ADMITTED)
    invitation = make_invitation(edition, email=address)

    assert not actions.follow_invitation(attends, invitation.pk, now=edition.now())

    invitation.refresh_from_db()
    assert invitation.uses == 0


# --- Two at once ------------------------------------------------------------------------------------------


def at_once(*acts):
    """Each in a thread of its own, as nearly at the same moment as threads allow."""
    gate = threading.Barrier(len(acts))
    results = [None] * len(acts)

    def run(number, act):
        try:
            gate.wait(10)
            results[number] = act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_people_who_come_for_the_last_use_at_once_exactly_one_has_it(edition, rounds):
    """Seen to fail with `open_at` taken out of `use_invitation`: the CHECK then breaks the second one."""
    for number in range(rounds(3, 40)):
        invitation = make_invitation(edition, kind="body", uses_max=2)
        come(edition, invitation, email=f"first-{number}@klein.example")
        waiting = [
            registered(edition, invitation, email=f"{name}-{number}@klein.example")
            for name in "abcd"
        ]
        acts = [
            partial(actions.verify, registration=row, code=code_of(row), now=edition.now())
            for row in waiting
        ]

        results = at_once(*acts)

        invitation.refresh_from_db()
        assert invitation.uses == 2
        states = sorted(result.registration.state for result in results)
        assert states == ["admitted", "in_review", "in_review", "in_review"]


# --- Inviting ---------------------------------------------------------------------------------------------


TERMS = {"becomes": "attendee", "level": "", "land": None, "outside_the_window": False, "note": ""}


def invite(edition, *addresses, form_key=None, **terms):
    return actions.invite_people(
        edition=edition,
        by=make_user(),
        now=edition.now(),
        form_key=form_key or uuid.uuid4(),
        people=[actions.Invited(email=address) for address in addresses],
        **TERMS | {"valid_until": edition.now() + timedelta(days=7)} | terms,
    )


def test_each_address_gets_an_invitation_and_a_letter_of_its_own(edition):
    made, known = invite(
        edition, "a@klein.example", "b@klein.example", reply_to="orga@land.example"
    )

    assert [row.email for row in made] == ["a@klein.example", "b@klein.example"]
    assert known == []
    assert [letter.to for letter in letters("invited")] == ["a@klein.example", "b@klein.example"]
    assert JournalEntry.objects.filter(verb="invitation.created").count() == 2


def test_the_same_form_twice_invites_once(edition):
    key = uuid.uuid4()
    first, _known = invite(edition, "a@klein.example", form_key=key)

    second, _known = invite(edition, "a@klein.example", form_key=key)

    assert first == second
    assert len(letters("invited")) == 1


def test_whoever_holds_an_open_invitation_gets_no_second_of_the_kind(edition):
    make_invitation(edition)

    made, known = invite(edition, GUEST, "b@klein.example")

    assert ([row.email for row in made], known) == (["b@klein.example"], [GUEST])
    made, known = invite(edition, GUEST, becomes="speaker")
    assert ([row.email for row in made], known) == ([GUEST], [])


def test_a_mailbox_gets_five_letters_an_hour_and_not_one_more(edition):
    for number in range(5):
        made, _known = invite(edition, f"a+{number}@klein.example")
        actions.revoke_invitation(invitation=made[0], by=make_user(), now=edition.now())

    with pytest.raises(actions.TooManyLetters) as refusal:
        invite(edition, "b@klein.example", "a@klein.example")

    assert refusal.value.mailboxes == ["a@klein.example"]
    assert Invitation.objects.count() == 5
    Letter.objects.update(written_at=edition.now() - timedelta(hours=2))
    made, _known = invite(edition, "a@klein.example")
    assert len(made) == 1


def test_the_code_of_a_body_is_kept_nowhere(edition):
    invitation, code = actions.invite_body(
        edition=edition,
        by=make_user(),
        now=edition.now(),
        form_key=uuid.uuid4(),
        email="hauptamt@klein.example",
        body="Stadt Klein",
        uses_max=5,
        **TERMS | {"valid_until": edition.now() + timedelta(days=7)},
    )

    assert len(code) == 14
    assert not set(code) & set("01IO")
    assert code not in str(Invitation.objects.values()) + str(Letter.objects.values())
    typed = code.lower().replace("-", " ")
    assert actions.invitation_of_code(edition, typed) == invitation
    with pytest.raises(actions.NoSuchInvitation):
        actions.invitation_of_code(edition, code[:-1])


def test_a_new_code_ends_the_old_one_and_its_link(edition):
    invitation = make_invitation(edition, kind="body", code="AAAABBBBCCCC")
    old = emails_inviting.invitation_url(invitation).split("/")[-2]

    code = actions.renew_code(invitation=invitation, by=make_user(), now=edition.now())

    with pytest.raises(actions.NoSuchInvitation):
        actions.invitation_of_code(edition, "AAAABBBBCCCC")
    with pytest.raises(actions.NoSuchInvitation):
        actions.invitation_of_link(edition, old)
    assert actions.invitation_of_code(edition, code) == invitation


def test_fewer_than_have_used_it_are_refused(edition):
    invitation = make_invitation(edition, kind="body", uses_max=5, uses=3)
    terms = {"valid_until": invitation.valid_until, "outside_the_window": True, "note": "x"}
    by = {"invitation": invitation, "by": make_user(), "now": edition.now()}

    with pytest.raises(actions.FewerThanUsed):
        actions.change_invitation(**by, uses_max=2, **terms)

    actions.change_invitation(**by, uses_max=3, **terms)
    assert (invitation.uses_max, invitation.outside_the_window) == (3, True)


def test_a_withdrawn_invitation_sends_no_letter_any_more(edition):
    made, _known = invite(edition, "a@klein.example")

    actions.revoke_invitation(invitation=made[0], by=make_user(), now=edition.now())

    assert Letter.objects.get().state == Letter.State.WITHDRAWN
    with pytest.raises(actions.AlreadyRevoked):
        actions.revoke_invitation(invitation=made[0], by=make_user(), now=edition.now())
    with pytest.raises(actions.AlreadyRevoked):
        actions.send_invitation_again(invitation=made[0], by=make_user(), now=edition.now())


# --- Erasing ----------------------------------------------------------------------------------------------


def test_whoever_did_not_come_is_forgotten_thirty_days_after_the_invitation_ended(edition):
    made, _known = invite(edition, "a@klein.example", "b@klein.example")
    come(edition, made[1], email="b@klein.example")
    set_clock(edition, made[0].valid_until + timedelta(days=29))
    retention.erase_due()
    assert Invitation.objects.count() == 2

    set_clock(edition, made[0].valid_until + timedelta(days=31))
    retention.erase_due()

    assert [row.email for row in Invitation.objects.all()] == ["b@klein.example"]
    assert [letter.to for letter in letters("invited")] == ["b@klein.example"]
