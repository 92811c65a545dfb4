from datetime import timedelta

import pytest

from congress.actions import grant_admission, revoke_admission
from congress.models import AccessLink, Admission, JournalEntry
from registration import actions
from registration.models import Registration
from tests.factories import make_admission, make_edition, make_user
from tests.registration.making import OPEN, letters, make_registration, make_rule
from tests.registration.test_registering import ADDRESS, together, verify

STATE = Registration.State


@pytest.fixture
def waiting(edition):
    return make_registration(edition, state=STATE.IN_REVIEW)


def test_admitting_lets_the_person_in(waiting):
    reviewer = make_user()

    actions.admit(registration=waiting, by=reviewer, now=OPEN)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by, waiting.decided_at) == (
        STATE.ADMITTED,
        reviewer,
        OPEN,
    )
    assert Admission.objects.get().person == waiting.person
    assert len(letters("admitted")) == 1
    assert JournalEntry.objects.filter(verb="registration.admitted", actor=reviewer).count() == 1


def test_rejecting_gives_the_reason_and_lets_nobody_in(waiting):
    reviewer = make_user()

    actions.reject(registration=waiting, by=reviewer, now=OPEN, reason=" Kein Bezug. ")

    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (STATE.REJECTED, "Kein Bezug.")
    assert not Admission.objects.exists()
    assert len(letters("rejected")) == 1
    assert JournalEntry.objects.filter(verb="registration.rejected", actor=reviewer).count() == 1


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nobody_is_rejected_without_a_reason(waiting, reason):
    with pytest.raises(actions.NoReason):
        actions.reject(registration=waiting, by=make_user(), now=OPEN, reason=reason)

    waiting.refresh_from_db()
    assert waiting.state == STATE.IN_REVIEW


def test_the_second_reviewer_is_told_that_somebody_was_quicker(waiting):
    actions.admit(registration=waiting, by=make_user(), now=OPEN)

    with pytest.raises(actions.AlreadyDecided):
        actions.reject(registration=waiting, by=make_user(), now=OPEN, reason="x")
    with pytest.raises(actions.AlreadyDecided):
        actions.admit(registration=waiting, by=make_user(), now=OPEN)

    assert letters("rejected") == []
    assert len(letters("admitted")) == 1


@pytest.mark.parametrize("state", [STATE.UNVERIFIED, STATE.ADMITTED, STATE.CANCELLED])
def test_only_what_is_in_review_is_decided(edition, rules, state):
    registration = make_registration(
        edition, state=STATE.UNVERIFIED if state == STATE.UNVERIFIED else STATE.ADMITTED
    )
    if state == STATE.CANCELLED:
        actions.cancel(registration=registration, now=OPEN)

    with pytest.raises(actions.AlreadyDecided):
        actions.reject(registration=registration, by=make_user(), now=OPEN, reason="x")


def test_after_the_congress_nobody_is_admitted(waiting):
    with pytest.raises(actions.CongressIsOver):
        actions.admit(registration=waiting, by=make_user(), now=waiting.edition.ends_at)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_decides(rounds):
    one, other = make_user(), make_user()
    for number in range(rounds(5, 200)):
        registration = make_registration(
            make_edition(at=OPEN), state=STATE.IN_REVIEW, email=f"a{number}@unbekannt.example"
        )
        acts = iter(
            [
                lambda row=registration: actions.admit(registration=row, by=one, now=OPEN),
                lambda row=registration: actions.reject(
                    registration=row, by=other, now=OPEN, reason="x"
                ),
            ]
        )
        results = together(2, lambda acts=acts: next(acts)())

        assert sorted(type(result).__name__ for result in results) == ["AlreadyDecided", "NoneType"]
        registration = Registration.objects.get(pk=registration.pk)
        assert Admission.objects.filter(person=registration.person).exists() == (
            registration.state == STATE.ADMITTED
        )


# --- What applicants do themselves ------------------------------------------------------------------


def test_cancelling_ends_registration_and_admission(edition, rules):
    registration = make_registration(edition, state=STATE.ADMITTED)

    actions.cancel(registration=registration, now=OPEN, by=registration.person)

    registration.refresh_from_db()
    assert (registration.state, registration.cancelled_at) == (STATE.CANCELLED, OPEN)
    assert Admission.objects.get().revoked_at == OPEN
    assert len(letters("cancelled")) == 1
    with pytest.raises(actions.CannotBeCancelled):
        actions.cancel(registration=registration, now=OPEN)


def test_cancelling_ends_the_personal_link(edition, rules):
    registration = make_registration(
        edition, state=STATE.ADMITTED, email="info@stadt-musterhausen.example"
    )

    actions.cancel(registration=registration, now=OPEN)

    assert AccessLink.objects.get().revoked_at == OPEN


def test_in_review_one_may_cancel_too(edition):
    registration = make_registration(edition, state=STATE.IN_REVIEW, email="info@unbekannt.example")

    actions.cancel(registration=registration, now=OPEN)

    assert registration.state == STATE.CANCELLED
    assert AccessLink.objects.get().revoked_at == OPEN


def test_who_was_rejected_has_nothing_to_cancel(waiting):
    actions.reject(registration=waiting, by=make_user(), now=OPEN, reason="x")

    with pytest.raises(actions.CannotBeCancelled):
        actions.cancel(registration=waiting, now=OPEN)


def test_speakers_and_staff_stay_admitted_when_they_cancel(edition, rules):
    person = make_user(email=ADDRESS, first_name="Kim", last_name="Albers")
    make_admission(edition, person=person, kind="staff")
    registration = make_registration(edition, state=STATE.ADMITTED)

    actions.cancel(registration=registration, now=OPEN)

    assert Admission.objects.get().revoked_at is None


def test_after_cancelling_one_may_register_again(edition, rules):
    first = make_registration(edition, state=STATE.ADMITTED)
    actions.cancel(registration=first, now=OPEN)

    again = verify(make_registration(edition))

    assert again.person == first.person
    assert Admission.objects.get().revoked_at is None
    assert Registration.objects.active().get() == again.registration


def test_evidence_is_given_while_in_review(waiting):
    actions.give_evidence(
        registration=waiting, now=OPEN, authority="Amt", switchboard="Zentrale 0000"
    )

    waiting.refresh_from_db()
    assert (waiting.authority, waiting.switchboard) == ("Amt", "Zentrale 0000")
    actions.admit(registration=waiting, by=make_user(), now=OPEN)
    with pytest.raises(actions.NotInReview):
        actions.give_evidence(registration=waiting, now=OPEN, authority="x", how_to_check="y")


# --- What may no longer be kept ---------------------------------------------------------------------


def due(label_of):
    from registration import erasing

    return list(getattr(erasing, label_of)())


def test_erasing_follows_the_plan(edition):
    from tests.factories import set_clock

    make_rule("stadt-musterhausen.example")
    unverified = make_registration(edition, email="a@unbekannt.example")
    rejected = make_registration(edition, state=STATE.IN_REVIEW, email="b@unbekannt.example")
    actions.reject(registration=rejected, by=make_user(), now=OPEN, reason="x")
    admitted = make_registration(edition, state=STATE.ADMITTED)

    set_clock(edition, OPEN + timedelta(hours=71))
    assert due("unverified") == due("rejected") == []
    set_clock(edition, OPEN + timedelta(hours=73))
    assert due("unverified") == [unverified]
    set_clock(edition, OPEN + timedelta(days=30, hours=1))
    assert due("rejected") == [rejected]
    set_clock(edition, edition.ends_at + timedelta(days=89))
    assert due("of_the_past") == []
    set_clock(edition, edition.ends_at + timedelta(days=92))
    assert admitted in due("of_the_past")


def test_old_codes_are_erased(edition):
    from registration.models import EmailCode

    make_registration(edition)
    assert due("codes") == []

    EmailCode.objects.update(sent_at="2020-01-01T00:00Z")

    assert len(due("codes")) == 1


def test_whom_the_office_shut_out_no_machine_lets_in_again(edition, rules):
    registration = make_registration(edition, state=STATE.ADMITTED, email=ADDRESS)
    admission = Admission.objects.get()
    revoke_admission(admission=admission, now=OPEN, by=make_user())
    actions.cancel(registration=registration, now=OPEN, by=registration.person)

    again = make_registration(edition, state=STATE.IN_REVIEW, email=ADDRESS)

    admission.refresh_from_db()
    assert admission.revoked_at is not None
    actions.admit(registration=again, by=make_user(), now=OPEN)
    admission.refresh_from_db()
    assert (admission.revoked_at, admission.given_back) == (None, False)


def test_whoever_gave_the_place_back_may_come_again(edition, rules):
    registration = make_registration(edition, state=STATE.ADMITTED, email=ADDRESS)
    actions.cancel(registration=registration, now=OPEN, by=registration.person)
    assert Admission.objects.get().given_back

    make_registration(edition, state=STATE.ADMITTED, email=ADDRESS)

    assert Admission.objects.get().revoked_at is None


def test_a_stronger_admission_that_is_over_does_not_stand_in_the_way(edition):
    staff = make_admission(edition, kind="staff", valid_until=OPEN - timedelta(days=1))

    grant_admission(person=staff.person, edition=edition, kind="attendee", now=OPEN)

    staff.refresh_from_db()
    assert (staff.kind, staff.valid_until) == ("attendee", None)
