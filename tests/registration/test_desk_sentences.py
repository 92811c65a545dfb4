"""The one sentence of the help desk, for everything that may stand between a person and the congress."""

from datetime import timedelta

import pytest

from congress import actions as congress_actions
from congress.models import AccessLink, BrowserSession, Letter, Role
from registration import actions
from registration.models import Registration
from tests.factories import NOW, make_admission, make_edition, make_link, make_role, make_user
from tests.registration.desk import acts, answer, browser_of, case_of, helper
from tests.registration.making import OPEN, letters, make_registration, make_rule
from tests.registration.places import make_contingent, somebody

pytestmark = pytest.mark.django_db
STATE = Registration.State
UNKNOWN = "a@unbekannt.example"


@pytest.fixture
def edition(rules):
    return make_edition(at=OPEN, slug="2021")


def key_of(registration):
    registration.refresh_from_db()
    if registration.person_id is None:
        return f"anmeldung-{registration.pk}"
    return f"person-{registration.person_id}"


def unverified(edition, **letter):
    """A registration whose code went this way."""
    registration = make_registration(edition)
    Letter.objects.filter(pk=letters("code")[-1].pk).update(**letter)
    return key_of(registration)


# --- The address is not confirmed ---------------------------------------------------------------------------


def test_the_code_is_waiting(edition):
    key = unverified(edition)

    assert answer(edition, key) == (
        "Die Adresse ist nicht bestätigt: Unsere Nachricht liegt im Postausgang und geht gleich hinaus."
    )
    assert acts(edition, key) == ["code", "brief", "adresse"]


def test_the_code_arrived(edition):
    key = unverified(edition, state="sent", sent_at=OPEN)

    assert answer(edition, key) == (
        "Die Adresse ist nicht bestätigt: "
        "Unsere Nachricht ging heute um 10:00 Uhr hinaus und wurde vom Mailserver angenommen."
    )


def test_the_code_was_refused_with_the_servers_words(edition):
    key = unverified(edition, state="failed", answer="550 5.1.1 User unknown")

    assert answer(edition, key) == (
        "Die Adresse ist nicht bestätigt: "
        "Unsere Nachricht wurde abgelehnt mit den Worten „550 5.1.1 User unknown“."
    )


def test_the_code_waits_for_another_attempt(edition):
    real = OPEN - edition.clock_shift
    key = unverified(edition, retry_at=real + timedelta(minutes=12), answer="451 try later")

    assert answer(edition, key) == (
        "Die Adresse ist nicht bestätigt: Unsere Nachricht wartet im Postausgang, "
        "nächster Versuch heute um 10:12 Uhr; der Mailserver sagte „451 try later“."
    )


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ({"state": "uncertain"}, "Ob unsere Nachricht ankam, weiß niemand"),
        ({"state": "kept"}, "Unsere Nachricht blieb hier, denn dies ist eine Übung"),
        ({"state": "withdrawn"}, "Unsere Nachricht wurde vor dem Senden zurückgezogen"),
    ],
)
def test_the_code_had_another_fate(edition, letter, words):
    assert words in answer(edition, unverified(edition, **letter))


def test_the_letter_of_a_colleague_who_shares_the_mailbox_is_not_theirs(edition):
    mailbox = {"email": "poststelle@stadt-musterhausen.example"}
    first = make_registration(edition, **mailbox)
    make_registration(edition, first_name="Toni", **mailbox)
    Letter.objects.filter(pk=letters("code")[-1].pk).update(state="failed", answer="550 no")

    assert "abgelehnt" not in answer(edition, key_of(first))


# --- In review, on the list, refused ------------------------------------------------------------------------


def test_in_review_without_an_answer_to_our_questions(edition):
    key = key_of(make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW))

    assert answer(edition, key) == (
        "Wird geprüft seit heute um 10:00 Uhr; hat uns noch nicht gesagt, wie wir prüfen dürfen."
    )
    assert acts(edition, key) == ["vorziehen", "code"]


def test_in_review_with_everything_said(edition):
    registration = make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW)
    Registration.objects.filter(pk=registration.pk).update(authority="Amt", how_to_check="Anruf")

    assert answer(edition, key_of(registration)) == "Wird geprüft seit heute um 10:00 Uhr."


def test_asked_back(edition):
    registration = make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW)
    actions.ask(
        registration=registration,
        text="Welches Amt?",
        until=OPEN + timedelta(days=2),
        by=make_user(),
        now=OPEN,
    )

    assert answer(edition, key_of(registration)) == (
        "Es wurde zurückgefragt; die Antwort wird bis am Mi., 03.03. um 10:00 Uhr erwartet."
    )


def test_pushed_to_the_top(edition):
    registration = make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW)
    actions.push_to_top(registration=registration, by=make_user(), now=OPEN)

    assert "steht ganz oben in der Prüfung" in answer(edition, key_of(registration))
    assert acts(edition, key_of(registration)) == ["code"]


def test_rejected_with_the_reason(edition):
    registration = make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW)
    actions.reject(registration=registration, by=make_user(), now=OPEN, reason="Kein\nAmt.")

    assert answer(edition, key_of(registration)) == (
        "Wurde heute um 10:00 Uhr abgelehnt, mit dieser Begründung: „Kein Amt.“"
    )
    assert acts(edition, key_of(registration)) == []


def test_cancelled(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    actions.cancel(registration=registration, now=OPEN, by=registration.person)

    assert answer(edition, key_of(registration)) == "Hat heute um 10:00 Uhr abgesagt."


def test_handed_to_a_colleague(edition):
    make_contingent(edition, places=1)
    registration = make_registration(edition, state=STATE.ADMITTED)
    heir = somebody(edition, "Brandt", state="waitlisted")
    actions.hand_over(registration=registration, to=heir, now=OPEN)

    assert answer(edition, key_of(registration)) == (
        "Hat den Platz heute um 10:00 Uhr an eine Kollegin oder einen Kollegen weitergegeben."
    )


# --- Admitted -------------------------------------------------------------------------------------------------


def test_admitted_and_never_signed_in(edition):
    key = key_of(make_registration(edition, state=STATE.ADMITTED))

    case = case_of(edition, key)

    assert case.answer.text == "Ist zugelassen (Teilnahme) und hat sich noch nie eingeloggt."
    assert [remark.text for remark in case.remarks] == [
        "Wurde heute um 10:00 Uhr nach der Domainliste zugelassen.",
        "Zum Zugang: Unsere Nachricht liegt im Postausgang und geht gleich hinaus.",
    ]
    assert acts(edition, key) == ["code", "zugang"]


def test_admitted_by_a_person(edition):
    registration = make_registration(edition, email=UNKNOWN, state=STATE.IN_REVIEW)
    by = make_user(first_name="Henrike", last_name="Paulsen")
    actions.admit(registration=registration, by=by, now=OPEN)

    remarks = [remark.text for remark in case_of(edition, key_of(registration)).remarks]

    assert "Wurde heute um 10:00 Uhr von Henrike Paulsen zugelassen." in remarks


def test_signed_in_on_a_device(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    browser_of(registration.person)

    assert answer(edition, key_of(registration)) == (
        "Ist zugelassen (Teilnahme) und auf 1 Gerät eingeloggt, zuletzt hineingekommen heute um 10:00 Uhr."
    )
    assert acts(edition, key_of(registration)) == ["code", "zugang", "geraete"]


def test_signed_in_once(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    browser_of(registration.person)
    BrowserSession.objects.all().delete()

    assert answer(edition, key_of(registration)) == (
        "Ist zugelassen (Teilnahme), zurzeit nicht eingeloggt, zuletzt heute um 10:00 Uhr."
    )


def test_the_account_is_switched_off(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    registration.person.is_active = False
    registration.person.save()

    assert answer(edition, key_of(registration)) == "Das Konto ist abgeschaltet."
    assert acts(edition, key_of(registration)) == []


def test_the_admission_was_revoked(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    admission = registration.person.admissions.get()
    congress_actions.revoke_admission(
        admission=admission, now=OPEN - timedelta(days=1), by=make_user()
    )

    assert answer(edition, key_of(registration)) == (
        "Die Zulassung wurde gestern um 10:00 Uhr entzogen."
    )
    assert acts(edition, key_of(registration)) == []


def test_the_admission_has_ended(edition):
    admission = make_admission(edition, valid_until=OPEN - timedelta(hours=1))

    assert answer(edition, f"person-{admission.person.pk}") == (
        "Die Zulassung endete heute um 09:00 Uhr."
    )


def test_the_personal_link_has_ended(edition):
    admission = make_admission(edition, person=make_user(email=None, contact_email=UNKNOWN))
    link, _token = make_link(admission, kind="attendee")
    AccessLink.objects.filter(pk=link.pk).update(
        valid_from=OPEN - timedelta(days=2), valid_until=OPEN - timedelta(days=1)
    )

    key = f"person-{admission.person.pk}"
    assert answer(edition, key) == (
        "Der persönliche Link ist abgelaufen; ein neuer öffnet den Weg wieder."
    )
    assert acts(edition, key) == ["code", "zugang"]


def test_the_personal_link_is_open_on_too_many_devices(edition, client):
    admission = make_admission(edition, person=make_user(email=None, contact_email=UNKNOWN))
    _link, token = make_link(admission, kind="attendee", max_devices=1)
    client.post(f"/zugang/{token}/")

    key = f"person-{admission.person.pk}"
    assert answer(edition, key).startswith("Der persönliche Link ist auf 1 Gerät offen")
    assert acts(edition, key)[0] == "geraete"


def test_admitted_without_an_address(edition):
    admission = make_admission(edition, person=make_user(email=None))

    case = case_of(edition, f"person-{admission.person.pk}")

    assert [remark.text for remark in case.remarks] == [
        "Es gibt keine Adresse: Hinein geht es mit einem Code oder mit dem Ausweis."
    ]
    assert [act.key for act in case.acts] == ["code"]


# --- The team ---------------------------------------------------------------------------------------------------


def test_whoever_works_for_the_congress(edition):
    person = make_role("moderator", edition).person

    assert answer(edition, f"person-{person.pk}") == "Arbeitet für den Kongress (Moderation)."


def test_the_team_needs_a_second_factor(edition, settings):
    settings.SECOND_FACTOR = True
    person = make_role("check_in", edition).person

    assert answer(edition, f"person-{person.pk}").startswith(
        "Arbeitet für den Kongress (Einlass) und hat noch keinen zweiten Faktor eingerichtet"
    )


@pytest.mark.parametrize("kind", sorted({*Role.GUARDED, *Role.IN_THE_ADMIN}))
def test_nobody_is_offered_a_code_who_sees_personal_data_or_gives_rights(edition, kind):
    person = make_role(kind, make_edition(at=NOW)).person
    make_admission(edition, person=person)

    assert "code" not in acts(edition, f"person-{person.pk}")


def test_a_row_that_says_nothing_is_said_to(edition):
    admission = make_admission(edition, revoked_at=NOW, given_back=True)

    assert answer(edition, f"person-{admission.person.pk}") == (
        "Ist hier bekannt, aber nicht zugelassen."
    )


def test_english_helpers_read_english(edition):
    from django.utils import translation

    registration = make_registration(edition, state=STATE.ADMITTED)

    with translation.override("en"):
        assert answer(edition, key_of(registration)) == (
            "Is admitted (attendee) and has never signed in."
        )


def test_a_helper_sees_the_case(edition):
    make_rule("land-beispiel.example")
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    client = browser_of(helper(edition))

    page = client.get(f"/2021/orga/hilfe/{key_of(registration)}/").content.decode()

    assert "Ist zugelassen (Teilnahme) und hat sich noch nie eingeloggt." in page
    assert "Code vorlesen" in page
    assert "kim.albers@stadt-musterhausen.example" in page
    assert "Sie sind dabei" in page  # the letter, with its state
    assert "Adresse einer Anmeldung bestätigt" in page  # the journal
