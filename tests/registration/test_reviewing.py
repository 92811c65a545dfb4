"""What reviewers do beside deciding: correct, ask, push, look once more; and who has a case open."""

from datetime import timedelta

import pytest

from congress.models import JournalEntry
from registration import actions
from registration.models import Registration, ReviewClaim, ReviewQuestion
from tests.factories import make_edition, make_state, make_user
from tests.registration.making import OPEN, letters, make_registration
from tests.registration.test_registering import together

STATE = Registration.State
LATER = OPEN + timedelta(days=7)


@pytest.fixture
def waiting(edition):
    return make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")


def ask(registration, **fields):
    values = {"text": "Wo arbeiten Sie?", "until": LATER, "by": make_user(), "now": OPEN}
    return actions.ask(registration=registration, **values | fields)


def to_do(now=OPEN):
    return list(Registration.objects.to_do(now).in_order_of_review())


def verbs():
    return list(JournalEntry.objects.order_by("pk").values_list("verb", flat=True))


# --- Correcting -------------------------------------------------------------------------------------


def test_level_and_land_are_corrected_before_deciding(waiting):
    land = make_state("SN")

    actions.correct(registration=waiting, level="land", land=land, by=make_user(), now=OPEN)

    waiting.refresh_from_db()
    assert (waiting.level, waiting.land) == ("land", land)
    assert verbs()[-1] == "registration.corrected"


def test_what_stays_as_it_is_is_not_written_down(waiting):
    before = verbs()

    actions.correct(registration=waiting, level="other", land=None, by=make_user(), now=OPEN)

    assert verbs() == before


def test_admitting_takes_the_level_that_the_reviewer_sees(waiting):
    actions.admit_as(registration=waiting, level="kommune", land=None, by=make_user(), now=OPEN)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.level) == (STATE.ADMITTED, "kommune")
    assert waiting.person.admissions.get().level == "kommune"


def test_what_is_decided_is_not_corrected(waiting):
    actions.admit(registration=waiting, by=make_user(), now=OPEN)

    with pytest.raises(actions.AlreadyDecided):
        actions.correct(registration=waiting, level="land", land=None, by=make_user(), now=OPEN)


# --- Asking back ------------------------------------------------------------------------------------


def test_asking_writes_to_the_applicant_and_takes_the_case_out_of_what_is_to_do(waiting):
    question = ask(waiting)

    assert to_do() == []
    assert list(Registration.objects.waiting_for_an_answer(OPEN)) == [waiting]
    letter = letters("asked")[0]
    assert (letter.to, letter.person) == (waiting.email, waiting.person)
    assert letter.objects_named["question"][1] == question.pk
    assert verbs()[-1] == "registration.asked"


def test_without_an_answer_the_case_comes_back(waiting):
    ask(waiting)

    assert to_do(LATER - timedelta(seconds=1)) == []
    assert to_do(LATER) == [waiting]
    assert to_do(LATER)[0].waiting_since == LATER


def test_with_the_answer_the_case_comes_back_at_once(waiting):
    ask(waiting)

    actions.answer(registration=waiting, text="Im Bauamt.", now=OPEN + timedelta(hours=3))

    assert to_do() == [waiting]
    assert to_do()[0].waiting_since == OPEN + timedelta(hours=3)
    assert waiting.questions.get().answer == "Im Bauamt."


def test_whoever_shares_a_mailbox_answers_by_the_personal_link(edition):
    shared = make_registration(edition, state=STATE.IN_REVIEW, email="info@unbekannt.example")

    ask(shared)

    assert "link" in letters("asked")[0].objects_named


def test_nobody_is_asked_twice_at_a_time_nor_without_words(waiting):
    ask(waiting)

    with pytest.raises(actions.AlreadyAsked):
        ask(waiting, text="Und wo noch?")
    with pytest.raises(actions.NoQuestion):
        ask(waiting, text=" \n")

    assert ReviewQuestion.objects.count() == len(letters("asked")) == 1


def test_after_the_time_one_may_ask_again(waiting):
    ask(waiting)

    ask(waiting, text="Noch einmal?", now=LATER, until=LATER + timedelta(days=3))

    assert len(letters("asked")) == 2
    actions.answer(registration=waiting, text="Ja.", now=LATER)
    assert [question.answer for question in waiting.questions.all()] == ["", "Ja."]


def test_a_late_answer_is_taken_too(waiting):
    ask(waiting)

    actions.answer(registration=waiting, text="Ja.", now=LATER + timedelta(days=1))

    assert waiting.questions.get().answer == "Ja."


def test_what_is_decided_is_neither_asked_nor_answered(waiting):
    ask(waiting)
    actions.admit(registration=waiting, by=make_user(), now=OPEN)

    with pytest.raises(actions.AlreadyDecided):
        ask(waiting)
    with pytest.raises(actions.NothingAsked):
        actions.answer(registration=waiting, text="Ja.", now=OPEN)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_reviewers_do_not_ask_at_once(rounds):
    for number in range(rounds(3, 100)):
        registration = make_registration(
            make_edition(at=OPEN), state=STATE.IN_REVIEW, email=f"a{number}@unbekannt.example"
        )

        results = together(2, lambda row=registration: ask(row))

        assert sorted(type(result).__name__ for result in results) == [
            "AlreadyAsked",
            "ReviewQuestion",
        ]
        assert registration.questions.count() == 1


# --- The help desk pushes ---------------------------------------------------------------------------


def test_what_is_pushed_stands_on_top(edition, waiting):
    other = make_registration(
        edition, state=STATE.IN_REVIEW, email="b@unbekannt.example", first_name="Bo"
    )
    assert to_do() == [waiting, other]

    actions.push_to_top(registration=other, by=make_user(), now=OPEN)
    actions.push_to_top(registration=other, by=make_user(), now=LATER)

    assert to_do() == [other, waiting]
    assert other.pushed_at == OPEN
    assert verbs().count("registration.pushed") == 1


def test_pushing_brings_back_what_waits_for_an_answer(waiting):
    ask(waiting)

    actions.push_to_top(registration=waiting, by=make_user(), now=OPEN)

    assert to_do() == [waiting]
    actions.answer(registration=waiting, text="Ja.", now=OPEN)
    assert waiting.questions.get().answer == "Ja."


def test_what_is_decided_is_not_pushed(waiting):
    actions.admit(registration=waiting, by=make_user(), now=OPEN)

    with pytest.raises(actions.AlreadyDecided):
        actions.push_to_top(registration=waiting, by=make_user(), now=OPEN)


# --- Once more --------------------------------------------------------------------------------------


def test_whoever_was_rejected_is_looked_at_once_more(waiting):
    actions.reject(registration=waiting, by=make_user(), now=OPEN, reason="x")

    actions.reopen(registration=waiting, by=make_user(), now=LATER)

    assert (waiting.state, waiting.reason, waiting.decided_by) == (STATE.IN_REVIEW, "", None)
    assert to_do(LATER)[0].waiting_since == LATER
    actions.reject(registration=waiting, by=make_user(), now=LATER, reason="y")
    assert len(letters("rejected")) == 2


def test_only_what_was_rejected_is_reopened(waiting):
    with pytest.raises(actions.NothingToReopen):
        actions.reopen(registration=waiting, by=make_user(), now=OPEN)


def test_whoever_registered_again_has_the_new_case(edition, waiting):
    actions.reject(registration=waiting, by=make_user(), now=OPEN, reason="x")
    make_registration(edition, state=STATE.IN_REVIEW, email=waiting.email)

    with pytest.raises(actions.RegisteredAgain):
        actions.reopen(registration=waiting, by=make_user(), now=OPEN)


# --- Who has it open --------------------------------------------------------------------------------


def test_a_colleague_is_told_who_has_the_case_open(waiting):
    one, other = make_user(), make_user()

    assert actions.claim(registration=waiting, by=one) is None
    assert actions.claim(registration=waiting, by=one) is None
    assert actions.claim(registration=waiting, by=other) == one


def test_a_claim_is_over_after_minutes(waiting):
    one, other = make_user(), make_user()
    actions.claim(registration=waiting, by=one)
    ReviewClaim.objects.update(until="2020-01-01T00:00Z")

    assert actions.claim(registration=waiting, by=other) is None
    assert ReviewClaim.objects.in_force().get().by == other


def test_a_claim_keeps_nobody_from_deciding(waiting):
    actions.claim(registration=waiting, by=make_user())

    actions.admit(registration=waiting, by=make_user(), now=OPEN)

    assert waiting.state == STATE.ADMITTED
