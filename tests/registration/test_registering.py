import threading
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction

from congress import links
from congress.models import AccessLink, Admission, JournalEntry, Letter, User
from registration import actions, emails
from registration.models import EmailCode, Registration
from registration.models.registrations import email_key_of, name_key_of
from tests.factories import make_admission, make_edition, make_user, set_clock
from tests.registration.making import (
    OPEN,
    code_of,
    given,
    letters,
    make_registration,
    make_rule,
    secret_of,
)

ADDRESS = "kim.albers@stadt-musterhausen.example"
STATE = Registration.State


def age_codes(**by):
    EmailCode.objects.update(sent_at=EmailCode.objects.first().sent_at - timedelta(**by))


def verify(registration, code=None):
    return actions.verify(
        registration=registration,
        code=code or code_of(registration),
        now=registration.edition.now(),
    )


# --- Sending the form -------------------------------------------------------------------------------


def test_registering_keeps_what_was_typed_and_sends_a_code(edition):
    registration = make_registration(edition, title="Dr.")

    assert registration.state == STATE.UNVERIFIED
    assert registration.display_name == "Dr. Kim Albers"
    assert registration.person is None
    (letter,) = letters("code")
    assert letter.to == ADDRESS
    assert len(secret_of(registration)["code"]) == 7


def test_only_a_keyed_hash_of_the_code_is_stored(edition):
    registration = make_registration(edition)
    code = code_of(registration)

    stored = bytes(EmailCode.objects.get().code_hash)

    assert len(stored) == 32
    assert stored == EmailCode.hashed(code.lower().replace("-", " "), registration.pk)
    assert stored != EmailCode.hashed(code, registration.pk + 1)
    assert code.encode() not in bytes(letters("code")[0].sealed)


def test_codes_hold_no_letter_that_is_mistaken_for_another():
    assert not set("01OI") & set(EmailCode.LETTERS)
    assert len(EmailCode.LETTERS) == 32


@pytest.mark.parametrize(
    ("moment", "refusal"),
    [
        (timedelta(seconds=-1), actions.NotOpenYet),
        (timedelta(0), None),
    ],
)
def test_registration_opens_to_the_second_by_the_editions_clock(edition, moment, refusal):
    now = edition.registration_opens_at + moment

    if refusal is None:
        registered = actions.register(
            edition=edition, now=now, form_key=uuid.uuid4(), privacy_version="", **given()
        )
        assert registered.submitted_at == now
    else:
        with pytest.raises(refusal):
            actions.register(
                edition=edition, now=now, form_key=uuid.uuid4(), privacy_version="", **given()
            )
        assert not Registration.objects.exists()


@pytest.mark.parametrize(
    ("moment", "taken"), [(timedelta(seconds=-1), True), (timedelta(0), False)]
)
def test_registration_closes_to_the_second_by_the_editions_clock(edition, moment, taken):
    now = edition.registration_closes_at + moment

    if not taken:
        with pytest.raises(actions.RegistrationClosed):
            actions.register(
                edition=edition, now=now, form_key=uuid.uuid4(), privacy_version="", **given()
            )
    else:
        actions.register(
            edition=edition, now=now, form_key=uuid.uuid4(), privacy_version="", **given()
        )

    assert Registration.objects.exists() is taken


def test_who_registered_in_time_may_confirm_after_the_end(edition, rules):
    registration = make_registration(edition)
    set_clock(edition, edition.registration_closes_at + timedelta(minutes=10))

    verify(registration)

    registration.refresh_from_db()
    assert registration.state == STATE.ADMITTED


def test_the_same_form_twice_is_one_registration_and_one_letter(edition):
    key = uuid.uuid4()

    first = make_registration(edition, form_key=key)
    second = make_registration(edition, form_key=key)

    assert first == second
    assert Registration.objects.count() == 1
    assert len(letters("code")) == 1


def test_a_corrected_address_takes_the_place_of_the_mistyped_one(edition):
    key = uuid.uuid4()
    make_registration(edition, form_key=key, email="kim.albres@stadt-musterhausen.example")
    old = secret_of(Registration.objects.get())

    registration = make_registration(edition, form_key=key)

    assert Registration.objects.get().email == ADDRESS
    assert [letter.to for letter in letters("code")][-1] == ADDRESS
    with pytest.raises(actions.WrongCode):
        verify(registration, old["code"])
    with pytest.raises(actions.CodeIsOver):
        actions.verify_by_link(
            token=old["confirm_url"].rstrip("/").rsplit("/", 1)[1], now=edition.now()
        )


def test_a_code_proves_no_address_that_took_its_place_at_that_moment(edition, rules):
    registration = make_registration(edition, email="somebody@privat.example")
    code = code_of(registration)
    # What a form sent again would have committed between the look at the code and the lock.
    Registration.objects.update(email=ADDRESS, email_key=email_key_of(ADDRESS))

    with pytest.raises(actions.CodeIsOver):
        verify(registration, code)

    assert Registration.objects.get().state == STATE.UNVERIFIED
    assert not User.objects.filter(email=ADDRESS).exists()


def test_a_registration_that_another_tab_has_finished_is_over(edition, rules, monkeypatch):
    registration = make_registration(edition)
    is_code = EmailCode.is_code

    def gone_meanwhile(sent, code):
        Registration.objects.all().delete()
        return is_code(sent, code)

    code = code_of(registration)
    monkeypatch.setattr(EmailCode, "is_code", gone_meanwhile)

    with pytest.raises(actions.CodeIsOver):
        verify(registration, code)


@pytest.mark.django_db(transaction=True)
def test_the_same_form_from_two_tabs_at_once_is_one_registration():
    edition, key = make_edition(at=OPEN), uuid.uuid4()
    together(3, lambda: make_registration(edition, form_key=key))

    assert Registration.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_requests_for_a_new_code_at_once_one_sends_it():
    registration = make_registration(make_edition(at=OPEN))
    age_codes(seconds=31)

    def ask() -> None:
        with suppress(actions.TooSoon):
            actions.send_code_again(registration=registration)

    together(4, ask)

    assert registration.codes.count() == 2


def test_a_code_can_be_sent_again_after_thirty_seconds(edition):
    registration = make_registration(edition)
    first = code_of(registration)
    with pytest.raises(actions.TooSoon) as refusal:
        actions.send_code_again(registration=registration)
    assert "30" in str(refusal.value.message) or "29" in str(refusal.value.message)
    age_codes(seconds=31)

    actions.send_code_again(registration=registration)

    assert code_of(registration) != first
    assert verify(registration, first).for_the_first_time  # the letter before is no dead letter


def test_a_mailbox_gets_five_codes_an_hour_for_one_name(edition):
    for _ in range(5):
        make_registration(edition)

    with pytest.raises(actions.TooManyCodes):
        make_registration(edition)

    assert Registration.objects.count() == len(letters("code")) == 5


def test_colleagues_who_share_a_mailbox_are_not_in_each_others_way(edition):
    for number in range(20):
        make_registration(edition, first_name=f"Kim {number}", email="info@kiel.example")

    with pytest.raises(actions.TooManyCodes):
        make_registration(edition, first_name="Another", email="info+1@kiel.example")


# --- Confirming -------------------------------------------------------------------------------------


def test_a_listed_address_is_admitted_at_once(edition, rules):
    registration = make_registration(edition, title="Dr.")

    verified = verify(registration)

    registration.refresh_from_db()
    assert registration.state == STATE.ADMITTED
    assert registration.decided_by is None
    assert registration.level == "kommune"
    assert registration.eligibility == "allow"
    assert registration.rule.domain == "stadt-musterhausen.example"
    assert (verified.person.email, verified.person.display_name) == (ADDRESS, "Dr. Kim Albers")
    assert EmailAddress.objects.get(user=verified.person).verified
    admission = Admission.objects.get()
    assert (admission.person, admission.kind, admission.level) == (
        verified.person,
        "attendee",
        "kommune",
    )
    assert len(letters("admitted")) == 1
    assert [entry.verb for entry in JournalEntry.objects.order_by("pk")] == [
        "registration.verified",
        "admission.granted",
        "registration.admitted",
    ]


@pytest.mark.parametrize(
    ("address", "eligibility"),
    [
        ("a@gratispost.example", "deny"),
        ("a@unbekannt.example", "unknown"),
        ("extern.a@stadt-musterhausen.example", "review"),
        ("postmaster@stadt-musterhausen.example", "review"),
    ],
)
def test_everything_else_waits_for_a_person(edition, rules, address, eligibility):
    registration = make_registration(edition, email=address)

    verify(registration)

    registration.refresh_from_db()
    assert (registration.state, registration.eligibility) == (STATE.IN_REVIEW, eligibility)
    assert registration.decided_at is None
    assert not Admission.objects.exists()
    assert len(letters("in_review")) == 1


def test_the_registry_is_asked_when_the_address_is_confirmed(edition):
    registration = make_registration(edition)
    make_rule("stadt-musterhausen.example")

    verify(registration)

    registration.refresh_from_db()
    assert registration.state == STATE.ADMITTED


@pytest.mark.parametrize("typed", [" k7m 4px ", "K7M4PX", "k7m-4px"])
def test_a_code_is_read_as_people_type_it(edition, typed):
    registration = make_registration(edition)
    EmailCode.objects.update(code_hash=EmailCode.hashed("K7M4PX", registration.pk))

    assert verify(registration, typed).for_the_first_time


def test_five_wrong_codes_end_a_code(edition):
    registration = make_registration(edition)
    for _ in range(5):
        with pytest.raises(actions.WrongCode):
            verify(registration, "AAA-AAA")

    with pytest.raises(actions.CodeIsOver):
        verify(registration)

    registration.refresh_from_db()
    assert registration.state == STATE.UNVERIFIED


@pytest.mark.parametrize(("minutes", "good"), [(29, True), (31, False)])
def test_a_code_lives_for_thirty_minutes(edition, minutes, good):
    registration = make_registration(edition)
    age_codes(minutes=minutes)

    if good:
        assert verify(registration).for_the_first_time
    else:
        with pytest.raises(actions.CodeIsOver):
            verify(registration)


def test_confirming_twice_does_no_harm(edition, rules):
    registration = make_registration(edition)
    first = verify(registration)

    second = verify(registration)

    assert (second.person, second.for_the_first_time) == (first.person, False)
    assert User.objects.count() == Admission.objects.count() == len(letters("admitted")) == 1


def test_the_code_of_one_registration_is_none_for_another(edition):
    one = make_registration(edition)
    code = code_of(one)
    other = make_registration(edition, email="b@unbekannt.example")

    with pytest.raises(actions.WrongCode):
        verify(other, code)


# --- Who is who -------------------------------------------------------------------------------------


def test_whoever_is_registered_already_is_not_registered_again(edition, rules):
    first = make_registration(edition, state=STATE.ADMITTED)

    again = make_registration(
        edition, first_name=" KIM", email="Kim.Albers+x@stadt-musterhausen.example"
    )
    assert len(letters("already_registered")) == 1
    verified = verify(again)

    assert (verified.registration, verified.for_the_first_time) == (first, False)
    assert Registration.objects.get() == first


def test_the_letter_of_whoever_is_registered_already_may_be_pressed_twice(edition, rules):
    first = make_registration(edition, state=STATE.ADMITTED)
    again = make_registration(edition, first_name=" KIM")
    sent = again.codes.get()
    token = links.signed_token(emails.CONFIRM, sent.pk, again.address)

    pressed = [actions.verify_by_link(token=token, now=edition.now()) for _time in range(2)]

    assert [(verified.registration, verified.for_the_first_time) for verified in pressed] == 2 * [
        (first, False)
    ]


def test_the_account_of_an_earlier_edition_is_found_again(edition, rules):
    person = make_user(email=ADDRESS, first_name="kim", last_name="ALBERS")

    verified = verify(make_registration(edition))

    assert verified.person == person
    person.refresh_from_db()
    assert person.display_name == "Kim Albers"
    assert verified.link is None


def test_whoever_was_invited_by_address_gets_the_name_with_the_registration(edition):
    person = make_user(email=ADDRESS, first_name="", last_name="")

    assert verify(make_registration(edition)).person == person


@pytest.mark.parametrize("address", [ADDRESS, "poststelle@stadt-musterhausen.example"])
def test_whoever_shares_a_mailbox_gets_a_personal_link_instead_of_an_account(
    edition, rules, address
):
    make_user(email=ADDRESS, first_name="Bo", last_name="Petersen")

    verified = verify(make_registration(edition, email=address))

    assert verified.person.email is None
    assert verified.person.contact_email == address
    assert verified.link.kind == AccessLink.Kind.ATTENDEE
    assert verified.link.admission == Admission.objects.get(person=verified.person)
    assert not EmailAddress.objects.filter(user=verified.person).exists()


def test_colleagues_at_one_mailbox_are_different_people(edition, rules):
    address = "poststelle@stadt-musterhausen.example"
    one = verify(make_registration(edition, email=address))
    other = verify(make_registration(edition, email=address, first_name="Bo"))

    assert one.person != other.person
    assert one.link != other.link
    assert Registration.objects.active().count() == 2


def test_whoever_shares_a_mailbox_is_the_same_person_next_year(edition, rules):
    address = "poststelle@stadt-musterhausen.example"
    one = verify(make_registration(edition, email=address))
    next_year = make_edition(at=OPEN)

    other = verify(make_registration(next_year, email=address))

    assert one.person == other.person
    assert one.link.edition != other.link.edition


def test_in_review_a_shared_mailbox_has_its_link_already_and_keeps_it(edition):
    verified = verify(make_registration(edition, email="info@unbekannt.example"))
    assert verified.link.admission is None

    actions.admit(registration=verified.registration, by=make_user(), now=edition.now())

    link = AccessLink.objects.get()
    assert link == verified.link
    assert link.admission.person == verified.person


def test_who_is_switched_off_is_not_admitted_by_machine(edition, rules):
    make_user(email=ADDRESS, first_name="Kim", last_name="Albers", is_active=False)

    verified = verify(make_registration(edition))

    assert verified.registration.state == STATE.IN_REVIEW


def test_staff_stay_staff(edition, rules):
    person = make_user(email=ADDRESS, first_name="Kim", last_name="Albers")
    make_admission(edition, person=person, kind="staff")

    verify(make_registration(edition))

    assert Admission.objects.get().kind == "staff"


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("a.b+x@kiel.example", "a.b@kiel.example"),
        ("a.b@kiel.example", "a.b@kiel.example"),
        ("+x@kiel.example", "+x@kiel.example"),
    ],
)
def test_a_tag_belongs_to_the_owner_of_the_mailbox(address, key):
    assert email_key_of(address) == key


def test_names_are_compared_folded():
    assert name_key_of("Jörg", "Weiß") == name_key_of("JÖRG ", "weiss")
    assert name_key_of("Jörg", "Weiß") != name_key_of("Jorg", "Weiss")
    assert len(name_key_of("\ufdfa" * 80, "\ufdfa" * 80)) == 64


# --- Several at once --------------------------------------------------------------------------------


def together(count, do):
    """`do` in so many threads at the same moment; returns what each raised or gave."""
    start, results = threading.Barrier(count), []

    def run():
        try:
            start.wait(5)
            results.append(do())
        except Exception as error:  # noqa: BLE001  # looked at by the test
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_mailbox_confirmed_from_three_tabs_is_one_person(rounds):
    make_rule("stadt-musterhausen.example")
    for number in range(rounds(3, 50)):
        edition = make_edition(at=OPEN)
        address = f"kim-{number}@stadt-musterhausen.example"
        pending = [make_registration(edition, email=address) for _ in range(3)]
        codes = [code_of_each(one) for one in pending]
        waiting = iter(list(zip(pending, codes, strict=True)))
        lock = threading.Lock()

        def confirm(waiting=waiting, lock=lock):
            with lock:
                registration, code = next(waiting)
            return verify(registration, code)

        results = together(3, confirm)

        assert [type(result) for result in results] == [actions.Verified] * 3, results
        assert sum(result.for_the_first_time for result in results) == 1
        assert Registration.objects.active().of_edition(edition).count() == 1
        assert User.objects.filter(email=address).count() == 1


def code_of_each(registration):
    from congress import mail

    letter = Letter.objects.get(objects_named__registration__1=registration.pk)
    return mail.unsealed(letter)["code"]


# --- What the database guarantees -------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "sleeping"},
        {"state": "admitted"},
        {"state": "in_review"},
        {"state": "rejected", "reason": "x"},
        {"state": "cancelled"},
    ],
)
def test_the_database_refuses_states_that_make_no_sense(edition, wrong):
    registration = make_registration(edition)

    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(**wrong)


def test_a_machine_cannot_refuse(edition):
    registration = make_registration(edition, state=STATE.IN_REVIEW)

    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(
            state=STATE.REJECTED, decided_at=edition.now(), reason="No rule."
        )


def test_one_active_registration_per_mailbox_and_name(edition):
    first = make_registration(edition, state=STATE.IN_REVIEW)
    other = make_registration(edition)

    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=other.pk).update(
            state=STATE.IN_REVIEW, person=make_user(), verified_at=edition.now()
        )
    Registration.objects.filter(pk=other.pk).update(email_key="other@mailbox.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=other.pk).update(
            state=STATE.IN_REVIEW, person=first.person, verified_at=edition.now()
        )
