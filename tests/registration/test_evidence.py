"""Colleagues who vouch, and reminders of cases that wait too long."""

from datetime import timedelta

import pytest

from congress import links
from congress.models import JournalEntry
from registration import actions, cases, emails, tasks
from registration.models import ColleagueConfirmation, Registration
from tests.factories import make_edition, make_role, make_user, set_clock
from tests.registration.making import OPEN, letters, make_registration
from tests.registration.test_registering import together

STATE = Registration.State
COLLEAGUE = "kim.albers@stadt-musterhausen.example"


@pytest.fixture
def colleague(edition, rules):
    return make_registration(edition, state=STATE.ADMITTED, email=COLLEAGUE)


def applicant(edition, number=1):
    return make_registration(
        edition,
        state=STATE.IN_REVIEW,
        email=f"gemeinde{number}@gratispost.example",
        first_name="Wiebke",
    )


def name(registration, address=COLLEAGUE):
    actions.give_evidence(
        registration=registration, now=OPEN, authority="Gemeinde", colleague_email=address
    )
    return registration.confirmations.get(address=address)


def asked(edition, number=1, address=COLLEAGUE):
    confirmation = name(applicant(edition, number), address)
    actions.ask_colleagues(edition=edition, now=OPEN)
    confirmation.refresh_from_db()
    return confirmation


# --- Asking -----------------------------------------------------------------------------------------


def test_an_admitted_colleague_gets_a_letter_once(edition, colleague):
    confirmation = name(applicant(edition))
    assert letters("colleague_asked") == []

    assert tasks.ask_colleagues() == 1
    assert tasks.ask_colleagues() == 0

    confirmation.refresh_from_db()
    assert confirmation.colleague == colleague
    letter = letters("colleague_asked")[0]
    assert (letter.to, letter.person) == (COLLEAGUE, colleague.person)


def test_nobody_else_is_written_to(edition, rules):
    name(applicant(edition), "fremd@stadt-musterhausen.example")

    assert actions.ask_colleagues(edition=edition, now=OPEN) == 0


def test_whoever_was_let_in_by_a_person_does_not_vouch(edition):
    let_in = make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")
    actions.admit(registration=let_in, by=make_user(), now=OPEN)
    name(applicant(edition), "a@unbekannt.example")

    assert actions.ask_colleagues(edition=edition, now=OPEN) == 0


def test_a_colleague_of_another_edition_is_not_asked(edition, colleague):
    elsewhere = make_edition(at=OPEN)
    name(applicant(elsewhere))

    assert tasks.ask_colleagues() == 0


def test_a_colleague_who_registers_later_is_asked_then(edition, rules):
    confirmation = name(applicant(edition))
    actions.ask_colleagues(edition=edition, now=OPEN)

    make_registration(edition, state=STATE.ADMITTED, email=COLLEAGUE)
    actions.ask_colleagues(edition=edition, now=OPEN)

    confirmation.refresh_from_db()
    assert confirmation.asked_at == OPEN


def test_one_does_not_name_oneself_nor_a_whole_office(edition):
    registration = applicant(edition)

    with pytest.raises(actions.OwnAddress):
        name(registration, "gemeinde1+x@gratispost.example")
    for number in range(3):
        name(registration, f"k{number}@stadt-musterhausen.example")
    name(registration, "k0@stadt-musterhausen.example")
    with pytest.raises(actions.TooManyColleagues):
        name(registration, "k3@stadt-musterhausen.example")

    registration.refresh_from_db()
    assert registration.colleague_email == "k0@stadt-musterhausen.example"
    assert registration.confirmations.count() == 3


# --- Answering --------------------------------------------------------------------------------------


def test_a_confirmation_is_a_mark_and_lets_nobody_in(edition, colleague):
    confirmation = asked(edition)

    actions.answer_for_colleague(confirmation=confirmation, knows=True, now=OPEN)
    actions.answer_for_colleague(confirmation=confirmation, knows=True, now=OPEN)

    registration = confirmation.registration
    registration.refresh_from_db()
    assert registration.state == STATE.IN_REVIEW
    shown = cases.case(registration, now=OPEN, reviewer=make_user())
    assert [row.colleague for row in shown.confirmed] == [colleague]
    entries = JournalEntry.objects.filter(verb="registration.colleague_confirmed")
    assert [entry.actor for entry in entries] == [colleague.person]


def test_one_may_say_that_one_does_not_know_the_person(edition, colleague):
    confirmation = asked(edition)

    actions.answer_for_colleague(confirmation=confirmation, knows=False, now=OPEN)

    confirmation.refresh_from_db()
    assert confirmation.answer == "unknown"


def test_three_people_are_confirmed_at_most(edition, colleague):
    confirmations = [asked(edition, number) for number in range(4)]
    for confirmation in confirmations[:3]:
        actions.answer_for_colleague(confirmation=confirmation, knows=True, now=OPEN)

    with pytest.raises(actions.ThreeConfirmed):
        actions.answer_for_colleague(confirmation=confirmations[3], knows=True, now=OPEN)

    assert ColleagueConfirmation.objects.confirmed().count() == 3
    assert asked(edition, 5).asked_at is None


def test_nobody_gets_more_than_six_letters(edition, colleague):
    confirmations = [asked(edition, number) for number in range(7)]

    assert [row.asked_at is not None for row in confirmations] == [True] * 6 + [False]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_three_at_most_also_at_the_same_moment(rounds):
    from tests.registration.making import make_rule

    make_rule("stadt-musterhausen.example")
    for turn in range(rounds(2, 40)):
        edition = make_edition(at=OPEN)
        address = f"kim.{turn}@stadt-musterhausen.example"  # a mailbox gets few codes an hour
        make_registration(edition, state=STATE.ADMITTED, email=address)
        waiting = iter([asked(edition, 5 * turn + number, address) for number in range(5)])

        results = together(
            5,
            lambda waiting=waiting: actions.answer_for_colleague(
                confirmation=next(waiting), knows=True, now=OPEN
            ),
        )

        assert sum(isinstance(result, actions.ThreeConfirmed) for result in results) == 2
        given = ColleagueConfirmation.objects.confirmed().filter(registration__edition=edition)
        assert given.count() == 3


def test_once_it_is_decided_there_is_nothing_to_confirm(edition, colleague):
    confirmation = asked(edition)
    actions.admit(registration=confirmation.registration, by=make_user(), now=OPEN)

    with pytest.raises(actions.LinkIsOver):
        actions.answer_for_colleague(confirmation=confirmation, knows=True, now=OPEN)


def test_whoever_cancelled_does_not_vouch_any_more(edition, colleague):
    confirmation = asked(edition)
    actions.cancel(registration=colleague, now=OPEN)

    with pytest.raises(actions.LinkIsOver):
        actions.answer_for_colleague(confirmation=confirmation, knows=True, now=OPEN)


def test_a_link_is_good_for_its_own_letter_only(edition, colleague):
    confirmation = asked(edition)
    token = links.signed_token(emails.COLLEAGUE, confirmation.pk, COLLEAGUE)

    assert actions.confirmation_of(token) == confirmation
    for wrong in (
        token[:-1],
        links.signed_token(emails.COLLEAGUE, confirmation.pk, "x@y.example"),
        links.signed_token(emails.CONFIRM, confirmation.pk, COLLEAGUE),
        links.signed_token(emails.COLLEAGUE, confirmation.pk + 9, COLLEAGUE),
    ):
        with pytest.raises(actions.LinkIsOver):
            actions.confirmation_of(wrong)


@pytest.mark.parametrize("name_of", ["Kauf www.gewinn.example", "gewinn.example Jetzt", "a@b.c"])
def test_what_a_stranger_typed_is_no_advertisement(edition, colleague, name_of):
    from congress import mail

    registration = applicant(edition)
    Registration.objects.filter(pk=registration.pk).update(last_name=name_of)
    name(registration)
    actions.ask_colleagues(edition=edition, now=OPEN)

    text = mail.render(letters("colleague_asked")[0], mint=True).body

    assert "gewinn" not in text
    assert "a@b.c" not in text
    assert "gemeinde1@gratispost.example" in text


# --- Reminding --------------------------------------------------------------------------------------


@pytest.fixture
def organiser(edition):
    return make_role("organiser", edition).person


def overdue():
    return letters("overdue")


def remind(edition, moment):
    return actions.remind_reviewers(edition=edition, now=moment)


def test_older_cases_remind_the_organisers_once_a_working_day(edition, organiser):
    make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")
    make_role("help_desk", edition)
    monday = OPEN  # 1 March 2021; promised until Wednesday

    assert remind(edition, monday + timedelta(days=2)) == 0
    assert remind(edition, monday + timedelta(days=3, hours=-3)) == 0  # before eight o'clock
    assert remind(edition, monday + timedelta(days=3)) == 1
    assert remind(edition, monday + timedelta(days=3, hours=2)) == 1
    assert [letter.person for letter in overdue()] == [organiser]
    remind(edition, monday + timedelta(days=4))
    assert remind(edition, monday + timedelta(days=5)) == 0  # Saturday
    assert len(overdue()) == 2


def test_without_older_cases_nobody_is_reminded(edition, organiser):
    waiting = make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")
    actions.ask(
        registration=waiting,
        text="Wo?",
        until=OPEN + timedelta(days=20),
        by=organiser,
        now=OPEN,
    )

    assert remind(edition, OPEN + timedelta(days=7)) == 0


def test_those_who_work_for_all_are_reminded_where_an_edition_has_no_organiser(edition):
    make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")
    fitko = make_role("organiser").person

    remind(edition, OPEN + timedelta(days=7))

    assert [letter.person for letter in overdue()] == [fitko]


def test_the_letter_says_how_many_and_since_when(edition, organiser):
    from congress import mail

    make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")
    set_clock(edition, OPEN + timedelta(days=7))
    assert tasks.remind_reviewers() == 1

    text = mail.render(overdue()[0], mint=True).body

    assert "eine Anmeldung" in text
    assert "1. März 2021" in text
    assert "zwei Arbeitstagen" in text
    assert "/2021/orga/pruefung/" in text
