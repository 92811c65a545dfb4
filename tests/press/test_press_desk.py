"""The press desk on the organisers' pages: the queue, one case, many at a time, the journal, the settings."""

import io
import threading
import uuid
from datetime import timedelta

import pytest
from django.core import mail as outbound
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from congress import mail, queries
from congress.models import Admission, JournalEntry, Letter
from press import actions
from press.models import Accreditation, PressQuestion, PressSettings
from press.queries import request_token
from tests.factories import make_role, make_user, set_clock
from tests.press.factories import (
    AFTER,
    BEFORE,
    make_accreditation,
    make_approved,
    make_press_edition,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_press_edition(at=AFTER)


@pytest.fixture
def officer(edition, client):
    person = make_role("press_officer", edition, person=make_user(first_name="Hanna")).person
    client.force_login(person)
    return person


def address(name, edition, **arguments):
    return reverse(name, kwargs={"edition": edition.slug, **arguments})


def case_of(row):
    return address("press_case", row.edition, accreditation=row.pk)


def body(response):
    return response.content.decode()


def sent_letters(settings):
    settings.DEMO = True
    for letter in Letter.objects.filter(state=Letter.State.QUEUED).order_by("pk"):
        mail.send(mail.claim(letter.pk))
    return outbound.outbox


# --- The queue ------------------------------------------------------------------------------------------


def test_those_in_time_stand_apart_from_the_late_ones_and_the_oldest_comes_first(
    client, edition, officer
):
    make_accreditation(edition, last_name="Spaet", submitted_at=edition.press_deadline_at)
    make_accreditation(edition, last_name="Juenger", submitted_at=BEFORE)
    make_accreditation(edition, last_name="Aelter")

    page = body(client.get(address("press_desk", edition)))

    order = ["Rechtzeitig eingegangen", "Aelter", "Juenger", "Nach der Frist eingegangen", "Spaet"]
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert "wartet 1\xa0Tag" in page


def test_what_a_turned_clock_has_not_come_to_is_not_there(client, edition, officer):
    row = make_accreditation(edition, last_name="Kuenftig", submitted_at=AFTER - timedelta(0, 1))
    set_clock(edition, BEFORE)

    assert "Kuenftig" not in body(client.get(address("press_desk", edition)))
    assert client.get(case_of(row)).status_code == 404
    counts = {str(item.label): item.count for item in queries.waiting_for(officer, edition)}
    assert "Akkreditierungen zu entscheiden" not in counts


def test_what_waits_leads_to_the_desk(client, edition, officer):
    make_accreditation(edition)

    (item,) = [
        item
        for item in queries.waiting_for(officer, edition)
        if str(item.label) == "Akkreditierungen zu entscheiden"
    ]

    assert (item.count, item.url) == (1, address("press_desk", edition))


def test_the_same_mailbox_name_or_card_is_marked_as_asked_twice(client, edition, officer):
    one = make_accreditation(edition, first_name="Ada", last_name="Eins", mailbox="a@x.example")
    make_accreditation(edition, first_name="Bo", last_name="Zwei", mailbox="a@x.example")
    make_accreditation(edition, first_name="ada", last_name="EINS", mailbox="c@x.example")
    make_accreditation(edition, last_name="Allein")

    page = client.get(address("press_desk", edition))
    marked = {
        row.last_name
        for _late, rows in page.context["groups"]
        for row, _link in rows
        if row.has_twin
    }
    case = client.get(case_of(one))

    assert marked == {"Eins", "Zwei", "EINS"}
    assert {row.last_name for row in case.context["twins"]} == {"Zwei", "EINS"}


def test_an_empty_card_number_makes_no_twins(client, edition, officer):
    make_accreditation(edition, card_issuer="none")
    make_accreditation(edition, card_issuer="none")

    page = client.get(address("press_desk", edition))

    assert not any(row.has_twin for _late, rows in page.context["groups"] for row, _link in rows)


def test_the_desk_needs_as_many_queries_for_three_as_for_one(client, edition, officer):
    make_accreditation(edition)
    client.get(address("press_desk", edition))
    with CaptureQueriesContext(connection) as one:
        client.get(address("press_desk", edition))
    make_accreditation(edition)
    make_accreditation(edition, submitted_at=edition.press_deadline_at)

    with CaptureQueriesContext(connection) as three:
        client.get(address("press_desk", edition))

    assert len(three) == len(one)


@pytest.mark.parametrize(
    ("search", "found"),
    [("rundschau", {"Eins"}), ("ZWEI funk", {"Zwei"}), ("c@d.example", {"Zwei"}), ("\x1b", None)],
)
def test_the_queue_is_searched_by_name_medium_and_address(client, edition, officer, search, found):
    make_accreditation(edition, last_name="Eins", medium="Rundschau", mailbox="a@b.example")
    make_accreditation(edition, last_name="Zwei", medium="Funk", mailbox="c@d.example")

    page = client.get(address("press_desk", edition), {"suche": search})

    rows = {row.last_name for _late, rows in page.context["groups"] for row, _link in rows}
    assert rows == (found if found is not None else {"Eins", "Zwei"})


def test_each_state_has_its_list(client, edition, officer):
    make_approved(edition, last_name="Dabei")
    rejected = make_accreditation(edition, last_name="Nein")
    actions.reject(accreditation=rejected, code="no_proof", by=officer, now=edition.now())
    withdrawn = make_accreditation(edition, last_name="Weg")
    actions.withdraw(accreditation=withdrawn, now=edition.now())

    names = {
        state: [
            row.last_name
            for _late, rows in client.get(address("press_desk", edition), {"stand": state}).context[
                "groups"
            ]
            for row, _link in rows
        ]
        for state in ("", "akkreditiert", "abgelehnt", "zurueckgezogen", "unfug")
    }

    assert names == {
        "": [],
        "akkreditiert": ["Dabei"],
        "abgelehnt": ["Nein"],
        "zurueckgezogen": ["Weg"],
        "unfug": [],
    }


# --- One case -------------------------------------------------------------------------------------------


def test_the_proof_stands_beside_the_request(client, edition, officer):
    row = make_accreditation(
        edition, card_issuer="djv", card_number="A 123", work="https://rundschau.example/impressum"
    )

    page = body(client.get(case_of(row)))

    assert "A 123" in page
    assert "bundeseinheitlich" in page
    assert "https://rundschau.example/impressum" in page
    assert row.mailbox in page


def test_looking_decides_nothing(client, edition, officer):
    row = make_accreditation(edition)
    names = ("press_case", "press_reject", "press_ask")
    pages = [address(name, edition, accreditation=row.pk) for name in names]
    pages.append(address("press_act", edition, accreditation=row.pk, act="zurueckgezogen"))

    assert {client.get(page).status_code for page in pages} == {200}

    row.refresh_from_db()
    assert (row.state, Letter.objects.count(), JournalEntry.objects.count()) == ("requested", 0, 0)


def test_approving_opens_the_next_request(client, edition, officer):
    first, second = make_accreditation(edition), make_accreditation(edition)

    response = client.post(case_of(first), {"act": "approve"})

    first.refresh_from_db()
    assert (first.state, first.decided_by) == ("approved", officer)
    assert response["Location"] == case_of(second)
    assert client.post(case_of(second), {"act": "approve"})["Location"] == address(
        "press_desk", edition
    )


def test_the_second_of_two_is_told_who_was_first_and_changes_nothing(client, edition, officer):
    row = make_accreditation(edition)
    colleague = make_role("organiser", edition, person=make_user(last_name="Paulsen")).person
    actions.approve(accreditation=row, by=colleague, now=edition.now())

    page = body(client.post(case_of(row), {"act": "approve"}, follow=True))
    client.post(
        address("press_reject", edition, accreditation=row.pk), {"code": "late", "reason": ""}
    )

    row.refresh_from_db()
    assert "Paulsen war schneller" in page
    assert (row.state, row.decided_by) == ("approved", colleague)
    assert not Letter.objects.filter(template="press/emails/rejected.md").exists()


def test_an_act_nobody_knows_is_refused(client, edition, officer):
    row = make_accreditation(edition)

    assert client.post(case_of(row), {"act": "unfug"}).status_code == 400
    assert (
        client.get(address("press_act", edition, accreditation=row.pk, act="unfug")).status_code
        == 404
    )
    row.refresh_from_db()
    assert row.state == "requested"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_decides(rounds):
    for _ in range(rounds(5, 50)):
        edition = make_press_edition()
        row, people = make_accreditation(edition), [make_user(), make_user()]
        start, outcomes = threading.Barrier(2), []

        def decide(by, approves, start=start, row=row, outcomes=outcomes):
            start.wait()
            mine = Accreditation.objects.select_related("edition__host_state").get(pk=row.pk)
            now = mine.edition.now()
            try:
                if approves:
                    actions.approve(accreditation=mine, by=by, now=now)
                else:
                    actions.reject(accreditation=mine, code="late", by=by, now=now)
                outcomes.append(by)
            except actions.AlreadyDecided:
                outcomes.append(None)
            finally:
                connection.close()

        threads = [threading.Thread(target=decide, args=(by, by == people[0])) for by in people]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        row.refresh_from_db()
        assert outcomes.count(None) == 1
        assert row.decided_by in outcomes
        assert Letter.objects.filter(edition=edition, due_at=None).count() == 1
        assert Admission.objects.filter(edition=edition).count() == (row.state == "approved")


# --- Rejecting ------------------------------------------------------------------------------------------


def test_a_rejection_names_the_reason_and_the_legal_remedy(client, edition, officer, settings):
    row = make_accreditation(edition)
    page = address("press_reject", edition, accreditation=row.pk)
    shown = body(client.get(page))

    client.post(page, {"code": "no_proof", "reason": "Bitte schicken Sie uns Ihr Impressum."})

    row.refresh_from_db()
    (letter,) = sent_letters(settings)
    assert "innerhalb eines Monats" in shown
    assert "vom Land nicht geprüft" in shown
    assert (row.state, row.reason_code) == ("rejected", "no_proof")
    assert "innerhalb eines Monats nach seiner Bekanntgabe Widerspruch" in row.remedy
    assert edition.host_state.official_name in row.remedy
    assert "Bitte schicken Sie uns Ihr Impressum." in letter.body
    assert row.remedy in letter.body


def test_the_hosts_own_text_on_the_legal_remedy_is_told(client, edition, officer, settings):
    PressSettings.objects.create(
        edition=edition,
        remedy_de="Klage beim Verwaltungsgericht Musterhausen.",
        remedy_checked=True,
    )
    row = make_accreditation(edition)
    english = make_accreditation(edition, language="en")
    page = address("press_reject", edition, accreditation=row.pk)
    shown = body(client.get(page))

    for one in (row, english):
        actions.reject(accreditation=one, code="no_proof", by=officer, now=edition.now())

    assert "vom Land nicht geprüft" not in shown
    for letter in sent_letters(settings):
        assert "Klage beim Verwaltungsgericht Musterhausen." in letter.body


def test_an_english_request_gets_the_english_standard_text(edition, officer):
    row = make_accreditation(edition, language="en")

    actions.reject(accreditation=row, code="no_proof", by=officer, now=edition.now())

    assert row.remedy.startswith("Legal remedy: You may object")


def test_a_later_change_of_the_text_does_not_change_what_was_told(edition, officer):
    row = make_accreditation(edition)
    actions.reject(accreditation=row, code="no_proof", by=officer, now=edition.now())

    actions.change_settings(edition=edition, by=officer, now=edition.now(), remedy_de="Neu.")

    row.refresh_from_db()
    assert "Widerspruch" in row.remedy


def test_a_rejection_without_a_reason_keeps_what_was_typed(client, edition, officer):
    row = make_accreditation(edition)

    response = client.post(
        address("press_reject", edition, accreditation=row.pk), {"code": "", "reason": "Weil."}
    )

    row.refresh_from_db()
    assert row.state == "requested"
    assert response.context["form"].errors.keys() == {"code"}
    assert "Weil." in body(response)


# --- Asking back ----------------------------------------------------------------------------------------


def ask(client, row, text="Für welche Ausgabe schreiben Sie?", days="2"):
    return client.post(
        address("press_ask", row.edition, accreditation=row.pk), {"text": text, "days": days}
    )


def test_a_question_waits_for_its_answer_and_comes_back_with_it(client, edition, officer, settings):
    row = make_accreditation(edition)

    ask(client, row)

    (letter,) = sent_letters(settings)
    assert "Für welche Ausgabe schreiben Sie?" in letter.body
    desk = client.get(address("press_desk", edition)).context["counts"]
    assert (desk.to_decide, desk.waiting) == (0, 1)
    page = next(word for word in letter.body.split() if "/akkreditierung/" in word)
    assert "Für welche Ausgabe schreiben Sie?" in body(client.get(page))
    client.post(page, {"act": "answer", "answer": "Für die Wochenendausgabe."})
    row.refresh_from_db()
    desk = client.get(address("press_desk", edition)).context["counts"]
    assert (desk.to_decide, desk.waiting) == (1, 0)
    assert row.verified_at is not None
    assert "Für die Wochenendausgabe." in body(client.get(case_of(row)))
    verbs = list(JournalEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["accreditation.asked", "accreditation.answered", "accreditation.confirmed"]


def test_without_an_answer_it_comes_back_after_the_days(client, edition, officer):
    row = make_accreditation(edition)
    ask(client, row, days="1")

    set_clock(edition, AFTER + timedelta(days=1, seconds=5))

    assert client.get(address("press_desk", edition)).context["counts"].to_decide == 1


def test_a_proof_is_an_answer_too(edition, officer):
    row = make_accreditation(edition)
    now = edition.now()
    actions.ask(accreditation=row, text="Beleg?", until=now + timedelta(1), by=officer, now=now)

    actions.add_proof(accreditation=row, now=now, card_issuer="", card_number="", work="https://x")

    row.refresh_from_db()
    assert not row.waits_for_an_answer(now)


def test_nobody_is_asked_twice_at_a_time(client, edition, officer):
    row = make_accreditation(edition)
    ask(client, row)

    page = body(
        client.post(
            address("press_ask", edition, accreditation=row.pk),
            {"text": "Noch etwas?", "days": "2"},
            follow=True,
        )
    )

    assert PressQuestion.objects.count() == 1
    assert "läuft schon eine Rückfrage" in page


@pytest.mark.parametrize(
    ("text", "days"), [("", "2"), ("Frage?", "0"), ("Frage?", "15"), ("F", "x")]
)
def test_a_question_is_whole_or_is_not_asked(client, edition, officer, text, days):
    row = make_accreditation(edition)

    response = ask(client, row, text, days)

    assert response.context["form"].errors
    assert PressQuestion.objects.count() == 0


def test_after_the_decision_no_answer_is_taken(client, edition, officer):
    row = make_accreditation(edition)
    ask(client, row)
    actions.approve(accreditation=row, by=officer, now=edition.now())
    page = address("accreditation_request", edition, token=request_token(row))

    answered = body(client.post(page, {"act": "answer", "answer": "Zu spät"}))

    assert "keine offene Rückfrage" in answered
    assert PressQuestion.objects.get().answer == ""


def test_an_empty_answer_is_no_answer(client, edition, officer):
    row = make_accreditation(edition)
    ask(client, row)

    response = client.post(
        address("accreditation_request", edition, token=request_token(row)),
        {"act": "answer", "answer": "  "},
    )

    assert response.context["answer_form"].errors
    assert PressQuestion.objects.get().answered_at is None


# --- What is done with an access ------------------------------------------------------------------------


def acts_on(client, row):
    return [key for key, _act in client.get(case_of(row)).context["acts"]]


def do(client, row, act, key=None):
    return client.post(
        address("press_act", row.edition, accreditation=row.pk, act=act),
        {"form_key": key or uuid.uuid4()},
        follow=True,
    )


def test_after_revoking_nobody_is_offered_to_revoke_again(client, edition, officer):
    row = make_approved(edition)
    assert acts_on(client, row) == ["nochmals", "neu", "widerrufen", "zurueckgezogen"]

    do(client, row, "widerrufen")

    row.refresh_from_db()
    assert row.admission.revoked_at is not None
    assert acts_on(client, row) == ["wieder", "zurueckgezogen"]
    again = body(do(client, row, "widerrufen"))
    assert "Das geht nicht mehr" in again
    assert JournalEntry.objects.filter(verb="admission.revoked").count() == 1


def test_whoever_was_shut_out_is_let_in_again_by_a_new_link(client, edition, officer):
    row = make_approved(edition)
    do(client, row, "widerrufen")

    do(client, row, "wieder")

    row.refresh_from_db()
    assert row.admission.revoked_at is None
    assert acts_on(client, row) == ["nochmals", "neu", "widerrufen", "zurueckgezogen"]
    assert Letter.objects.filter(template="press/emails/renewed.md").count() == 1


def test_a_request_is_marked_as_withdrawn(client, edition, officer):
    row = make_accreditation(edition)

    do(client, row, "zurueckgezogen")

    row.refresh_from_db()
    assert row.state == "withdrawn"
    assert acts_on(client, row) == []


# --- Many at a time -------------------------------------------------------------------------------------


def test_many_are_approved_after_a_look_at_them(client, edition, officer):
    rows = [make_accreditation(edition) for _ in range(3)]
    theirs = make_accreditation()
    given = {"fall": [row.pk for row in rows] + [theirs.pk, "x", "9" * 30]}

    asked = client.post(address("press_together", edition), given)
    assert set(Accreditation.objects.values_list("state", flat=True)) == {"requested"}
    assert all(row.mailbox in body(asked) for row in rows)
    assert theirs.mailbox not in body(asked)
    actions.approve(accreditation=rows[0], by=make_user(), now=edition.now())
    done = client.post(
        address("press_together", edition), given | {"bestaetigt": "ja"}, follow=True
    )

    states = Accreditation.objects.filter(edition=edition).values_list("state", flat=True)
    assert set(states) == {"approved"}
    theirs.refresh_from_db()
    assert theirs.state == "requested"
    assert "2 Personen sind akkreditiert." in body(done)


def test_nothing_marked_is_said(client, edition, officer):
    page = body(client.post(address("press_together", edition), {}, follow=True))

    assert "mindestens eine Anfrage" in page


# --- Export, journal, settings --------------------------------------------------------------------------


@pytest.mark.parametrize("evil", ["=cmd|'/C calc'!A0", "+49 351", "@SUM(A1)", "-2+3", "\tx"])
def test_the_table_runs_nothing_in_a_spreadsheet(client, edition, officer, evil):
    make_accreditation(edition, medium=f"{evil}", last_name="Formel")

    csv = client.post(address("press_list", edition), {"format": "csv"})
    xlsx = client.post(address("press_list", edition), {"format": "xlsx"})

    stored = Accreditation.objects.get(last_name="Formel").medium
    assert f"'{stored}" in csv.content.decode("utf-8-sig") or stored[0] not in "=+-@\t"
    (row,) = list(load_workbook(io.BytesIO(xlsx.content)).active.iter_rows(min_row=2))
    assert (row[3].value, row[3].data_type) == (stored, "s")
    assert "attachment" in xlsx["Content-Disposition"]
    entry = JournalEntry.objects.filter(verb="accreditation.listed").last()
    assert (entry.actor, entry.details["count"]) == (officer, 1)


def test_the_table_holds_what_is_chosen(client, edition, officer):
    make_accreditation(edition, last_name="Offen")
    make_approved(edition, last_name="Dabei")
    make_accreditation(last_name="Woanders")

    text = client.post(
        address("press_list", edition), {"format": "csv", "stand": "akkreditiert"}
    ).content.decode("utf-8-sig")

    assert "Dabei" in text
    assert "Offen" not in text
    assert "Woanders" not in text
    assert client.post(address("press_list", edition), {"format": "pdf"}).status_code == 400


def test_the_journal_names_who_decided_and_keeps_to_its_edition(client, edition, officer):
    row = make_accreditation(edition, last_name="Beurteilt")
    client.post(case_of(row), {"act": "approve"})
    make_approved(last_name="Woanders")

    page = body(client.get(address("press_journal", edition)))

    assert "Akkreditierung genehmigt" in page
    assert officer.display_name in page
    assert "Beurteilt" in page
    assert "Woanders" not in page
    verbs = {entry.verb for entry in client.get(case_of(row)).context["entries"]}
    assert verbs == {"accreditation.approved", "admission.granted", "link.created"}


def test_settings_are_kept_and_written_down(client, edition, officer):
    given = {"late_queue": "on", "phone": "0000 1", "remedy_de": "Klage.", "remedy_checked": "on"}

    page = body(client.post(address("press_settings", edition), given, follow=True))

    settings = PressSettings.objects.get(edition=edition)
    assert (settings.phone, settings.remedy_de, settings.remedy_checked) == (
        "0000 1",
        "Klage.",
        True,
    )
    assert "Gespeichert" in page
    entry = JournalEntry.objects.get(verb="press.settings_changed")
    assert sorted(entry.details["changed"]) == ["phone", "remedy_checked", "remedy_de"]
    client.post(address("press_settings", edition), given)
    assert JournalEntry.objects.filter(verb="press.settings_changed").count() == 1


def test_the_desk_reminds_until_the_text_is_checked(client, edition, officer):
    reminder = "hat noch niemand geprüft"
    assert reminder in body(client.get(address("press_desk", edition)))

    PressSettings.objects.create(edition=edition, remedy_checked=True)

    assert reminder not in body(client.get(address("press_desk", edition)))


def test_a_case_of_another_edition_is_not_found(client, edition, officer):
    row = make_accreditation()

    names = ("press_case", "press_reject", "press_ask")
    answers = {
        client.get(address(name, edition, accreditation=row.pk)).status_code for name in names
    }

    assert answers == {404}
