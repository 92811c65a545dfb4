"""What an edition asks of those who are in: days, needs with consent, consents; drafts; the organisers' list."""

import io
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from congress import retention
from congress.models import JournalEntry
from registration import actions, consents
from registration.models import Consent, Draft, Needs, Participation, RegistrationSettings
from tests.factories import make_edition, make_role, make_user, set_clock
from tests.registration.making import OPEN, make_registration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
PAGE = "/2021/meine-anmeldung/weiteres/"
DRAFT = f"{PAGE}entwurf/"
MINE = "/2021/meine-anmeldung/"
LIST = "/2021/orga/bedarfe/"
ALL = dict.fromkeys(("asks_days", "asks_needs", "asks_photographs", "asks_attendee_list"), True)


@pytest.fixture
def asking(edition):
    edition.format = "onsite"
    edition.save()
    RegistrationSettings.objects.create(edition=edition, **ALL)
    return edition


def come(edition, number=1):
    return make_registration(
        edition,
        state="admitted",
        email=f"p{number}@stadt-musterhausen.example",
        last_name=f"P{number}",
    )


def sign_in(client, person):
    client.force_login(person, backend="congress.auth.RoleBackend")


def say(registration, **answers):
    actions.say_more(
        registration=registration, now=registration.edition.now(), by=registration.person, **answers
    )


def needing(registration, **needs):
    say(registration, needs={"captions": True, "text": ""} | needs)
    return Needs.objects.get(registration=registration)


# --- Saying ---------------------------------------------------------------------------------------------


def test_days_needs_and_consents_are_kept_together(asking):
    registration = come(asking)
    keep = {"registration": registration, "values": {"text": "x"}, "now": OPEN}
    actions.keep_draft(**keep)

    say(
        registration,
        days=[date(2021, 3, 18)],
        needs={"captions": True, "text": "Platz vorn"},
        agrees_to=["photographs"],
    )

    assert Participation.objects.get().days == [date(2021, 3, 18)]
    needs = Needs.objects.get()
    assert (needs.text, needs.consent_version) == ("Platz vorn", consents.NEEDS.version)
    assert abs(needs.consented_at - asking.now()) < timedelta(minutes=1)
    consent = Consent.objects.get()
    assert (consent.kind, consent.version, consent.revoked_at) == ("photographs", "2026-1", None)
    assert not Draft.objects.exists()
    verbs = set(
        JournalEntry.objects.filter(person=registration.person).values_list("verb", flat=True)
    )
    assert {"registration.needs_said", "registration.consent_given"} <= verbs


def test_a_consent_that_is_taken_back_keeps_both_moments(asking):
    registration = come(asking)
    say(registration, agrees_to=["photographs"])

    say(registration, agrees_to=[])
    say(registration, agrees_to=["photographs"])

    first, second = Consent.objects.order_by("pk")
    assert first.revoked_at is not None
    assert second.revoked_at is None
    assert JournalEntry.objects.filter(verb="registration.consent_revoked").count() == 1


def test_other_words_are_another_consent(asking, monkeypatch):
    registration = come(asking)
    say(registration, agrees_to=["photographs"])
    newer = consents.Words("2027-1", "neu", "neu")
    monkeypatch.setitem(consents.WORDS, "photographs", (*consents.WORDS["photographs"], newer))

    say(registration, agrees_to=["photographs"])

    rows = Consent.objects.order_by("pk")
    assert [(row.version, row.revoked_at is None) for row in rows] == [
        ("2026-1", False),
        ("2027-1", True),
    ]


def test_needs_whose_consent_is_taken_back_are_erased_at_once(asking):
    registration = come(asking)
    needing(registration)

    say(registration, needs=None)

    assert not Needs.objects.exists()
    assert JournalEntry.objects.filter(verb="registration.needs_taken_back").exists()


def test_changed_needs_are_to_be_arranged_again_and_unchanged_ones_stay_arranged(asking):
    registration = come(asking)
    needs = needing(registration)
    by = make_role("organiser", asking).person
    arrange = {"needs": needs, "by": by, "now": OPEN, "arranged": True}
    actions.arrange_needs(**arrange)
    actions.arrange_needs(**arrange)
    assert JournalEntry.objects.filter(verb="registration.needs_arranged").count() == 1

    needing(registration)
    assert Needs.objects.arranged().exists()
    needing(registration, text="etwas anderes")

    assert Needs.objects.to_arrange().exists()


def test_whoever_cancels_needs_nothing_any_more(asking):
    registration = come(asking)
    needing(registration)
    actions.keep_draft(registration=registration, values={}, now=OPEN)

    actions.cancel(registration=registration, now=asking.now())

    assert not Needs.objects.exists()
    assert not Draft.objects.exists()
    with pytest.raises(actions.NotAdmitted):
        say(registration)


def test_what_the_edition_does_not_ask_is_not_kept(edition):
    registration = come(edition)

    say(registration, days=[date(2021, 3, 18)], needs={"captions": True}, agrees_to=["photographs"])

    assert not Participation.objects.exists()
    assert not Needs.objects.exists()
    assert not Consent.objects.exists()


def test_the_database_keeps_no_needs_without_consent(asking):
    needs = needing(come(asking))

    with pytest.raises(IntegrityError), transaction.atomic():
        Needs.objects.filter(pk=needs.pk).update(consent_version="")


def test_needs_and_drafts_are_erased_fourteen_days_after_the_congress(asking):
    registration = come(asking)
    needing(registration)
    actions.keep_draft(registration=registration, values={}, now=OPEN)
    set_clock(asking, asking.ends_at + timedelta(days=13))
    retention.erase_due()
    assert Needs.objects.exists()

    set_clock(asking, asking.ends_at + timedelta(days=16))
    retention.erase_due()

    assert not Needs.objects.exists()
    assert not Draft.objects.exists()
    registration.refresh_from_db()


# --- The page of whoever is in --------------------------------------------------------------------------


def test_the_questions_are_folded_on_ones_own_page_and_saved_from_there(client, asking):
    registration = come(asking)
    sign_in(client, registration.person)
    page = client.get(MINE).content.decode()
    for text in (
        "Einige Fragen",
        "Ihre Tage",
        "Donnerstag",
        "Stufenloser Weg",
        "Fotos vom Kongress",
    ):
        assert text in page
    assert page.count('<details class="kern-accordion">') == 3

    response = client.post(
        PAGE,
        {
            "days": ["2021-03-17"],
            "needs_consent": "on",
            "wheelchair": "on",
            "diet": "vegan",
            "text": "",
            "consent_attendee_list": "on",
        },
    )

    assert (response.status_code, response["Location"]) == (303, MINE)
    assert Needs.objects.get().listed == ["stufenloser Weg und Platz", "vegan"]
    assert Participation.objects.get().days == [date(2021, 3, 17)]
    assert Consent.objects.get().kind == "attendee_list"
    page = client.get(MINE).content.decode()
    assert page.count("· beantwortet") == 3
    assert page.count(" checked") == 4


def test_needs_without_consent_are_not_kept_and_what_was_typed_stands_there(client, asking):
    sign_in(client, come(asking).person)

    page = client.post(PAGE, {"text": "Platz vorn", "wheelchair": "on"}).content.decode()

    assert "fk-summary" in page
    assert "Bitte willigen Sie ein" in page
    assert "Platz vorn" in page
    assert not Needs.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{"days": ["2021-03-19"]}, {"diet": "fleisch"}, {"text": "x" * 1001}, {"text": "a\x00b"}],
)
def test_what_no_page_offers_is_refused(client, asking, fields):
    sign_in(client, come(asking).person)

    response = client.post(PAGE, {"needs_consent": "on", **fields})

    assert response.status_code == 200
    assert "fk-summary" in response.content.decode()
    assert not Needs.objects.exists()


def test_people_online_are_asked_neither_for_days_nor_for_meals(client, asking):
    asking.format = "virtual"
    asking.save()
    sign_in(client, come(asking).person)

    page = client.get(PAGE).content.decode()

    assert "Untertitel" in page
    for text in ("Ihre Tage", "Essen</", "Stufenloser"):
        assert text not in page


def test_where_nothing_is_asked_there_is_no_page(client, edition):
    sign_in(client, come(edition).person)

    assert "Einige Fragen" not in client.get(MINE).content.decode()
    assert client.get(PAGE).status_code == 404
    assert client.post(DRAFT).status_code == 404


def test_who_is_not_in_is_asked_nothing(client, asking):
    waits = make_registration(asking, email="x@zweckverband.example", state="in_review")

    assert client.get(PAGE).status_code == 302
    for person in (waits.person, make_user(), make_role("organiser", asking).person):
        sign_in(client, person)
        assert client.get(PAGE).status_code == 404
        assert client.post(DRAFT, {}).status_code == 404
    assert not Draft.objects.exists()


def test_the_registration_itself_asks_for_no_more_than_eight_things(client, asking):
    asking.format = "hybrid"
    asking.save()

    page = client.get("/2021/anmeldung/").content.decode()
    form = page[page.index('action="/2021/anmeldung/"') :].partition("</form>")[0]

    required = {
        name
        for name in re.findall(r'name="(\w+)"', form)
        if name not in ("csrfmiddlewaretoken", "form_key", "title", "invitation_code")
    }
    assert required == {"first_name", "last_name", "email", "body", "way", "privacy"}


# --- Drafts ---------------------------------------------------------------------------------------------


def test_what_was_typed_is_kept_for_the_next_visit_and_counts_only_once_saved(client, asking):
    registration = come(asking)
    sign_in(client, registration.person)

    answer = client.post(
        DRAFT, {"days": ["2021-03-18"], "needs_consent": "on", "text": "Platz vorn", "fremd": "x"}
    ).content.decode()

    assert "Als Entwurf aufbewahrt" in answer
    assert not Needs.objects.exists()
    assert "fremd" not in Draft.objects.get().values
    page = client.get(MINE).content.decode()
    assert "Platz vorn" in page
    assert page.count(" checked") == 2
    client.post(PAGE, {"drop": "1"})
    assert not Draft.objects.exists()


def test_of_needs_no_draft_is_kept_before_the_consent(client, asking):
    sign_in(client, come(asking).person)

    client.post(DRAFT, {"text": "Diabetes", "diet": "other", "wheelchair": "on"})

    values = Draft.objects.get().values
    assert not {"text", "diet", "wheelchair"} & set(values)
    assert "Diabetes" not in str(values)


def test_a_draft_that_is_far_too_long_is_cut_not_refused(client, asking):
    sign_in(client, come(asking).person)

    client.post(DRAFT, {"needs_consent": "on", "text": "x" * 100_000 + "\0"})

    assert len(Draft.objects.get().values["text"]) == 2_000


# --- The organisers' list -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "table"),
    [
        ("care", 200, 303),
        ("organiser", 200, 403),
        ("help_desk", 403, 403),
        ("check_in", 403, 403),
        ("observer", 403, 403),
        (None, 404, 404),
    ],
)
def test_who_opens_the_page_of_needs(client, asking, kind, status, table):
    needing(come(asking))
    assert client.get(LIST).status_code == 302
    sign_in(client, make_role(kind, asking).person if kind else make_user())

    assert client.get(LIST).status_code == status
    assert client.post(f"{LIST}liste/").status_code == table
    assert client.post(f"{LIST}oeffnen/").status_code == table


def test_organisers_read_figures_and_not_who_needs_what(client, asking):
    needs = needing(come(asking), text="Platz vorn", diet="vegan")
    sign_in(client, make_role("organiser", asking).person)

    client.post(f"{LIST}oeffnen/")
    page = client.get(LIST).content.decode()

    for text in ("Untertitel", "Essen: vegan", "Betreuung (Bedarfe)", "Wer wann kommt"):
        assert text in page
    for text in ("P1", "Platz vorn", "oeffnen"):
        assert text not in page
    assert client.post(LIST, {"number": needs.pk, "arranged": "1"}).status_code == 403
    assert Needs.objects.to_arrange().exists()
    assert not JournalEntry.objects.filter(verb="registration.needs_opened").exists()


def test_the_list_opens_by_a_post_that_stands_in_the_journal(client, asking):
    needing(come(asking), text="Platz vorn")
    person = make_role("care", asking).person
    sign_in(client, person)
    assert "Platz vorn" not in client.get(LIST).content.decode()
    client.get(f"{LIST}oeffnen/")
    assert "Platz vorn" not in client.get(LIST).content.decode()

    client.post(f"{LIST}oeffnen/")

    page = client.get(LIST).content.decode()
    assert "Platz vorn" in page
    assert "Einwilligungen</h2>" not in page
    entry = JournalEntry.objects.get(verb="registration.needs_opened")
    assert (entry.actor, entry.edition, entry.details) == (person, asking, {"count": 1})
    client.post(f"{LIST}oeffnen/", {"close": "1"})
    assert "Platz vorn" not in client.get(LIST).content.decode()


def test_the_list_closes_by_itself_after_a_quarter_of_an_hour(client, asking):
    needs = needing(come(asking), text="Platz vorn")
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        sign_in(client, make_role("care", asking).person)
        client.post(f"{LIST}oeffnen/")
        clock.shift(timedelta(minutes=14, seconds=59))
        assert "Platz vorn" in client.get(LIST).content.decode()

        clock.shift(1)

        assert "Platz vorn" not in client.get(LIST).content.decode()
        answer = client.post(LIST, {"number": needs.pk, "arranged": "1"}, follow=True)
        assert "von selbst geschlossen" in answer.content.decode()
        assert "spreadsheet" not in client.post(f"{LIST}liste/", follow=True)["Content-Type"]
    assert Needs.objects.to_arrange().exists()
    assert not JournalEntry.objects.filter(verb="registration.answers_listed").exists()


def test_a_list_opened_in_one_edition_is_closed_in_another(client, asking):
    other = make_edition(slug="2022")
    needs = needing(come(asking), text="Platz vorn")
    person = make_role("care", asking).person
    make_role("care", other, person=person)
    sign_in(client, person)

    client.post("/2022/orga/bedarfe/oeffnen/")

    assert "Platz vorn" not in client.get(LIST).content.decode()
    assert client.post("/2022/orga/bedarfe/", {"number": needs.pk}).status_code == 404


def test_the_list_is_worked_off(client, asking):
    needs = needing(come(asking), text="Platz vorn")
    sign_in(client, make_role("care", asking).person)
    client.post(f"{LIST}oeffnen/")
    page = client.get(LIST).content.decode()
    for text in ("Platz vorn", "Untertitel", "zu organisieren (1)"):
        assert text in page

    client.post(LIST, {"number": needs.pk, "arranged": "1"})

    needs.refresh_from_db()
    assert needs.arranged_at is not None
    assert "Platz vorn" not in client.get(f"{LIST}?stand=offen").content.decode()
    assert "Platz vorn" in client.get(f"{LIST}?stand=organisiert").content.decode()
    client.post(LIST, {"number": needs.pk, "again": "1"})
    assert Needs.objects.to_arrange().exists()
    for number in ("", "x", "9" * 30, "999999"):
        assert client.post(LIST, {"number": number, "arranged": "1"}).status_code == 404


def test_the_list_takes_as_many_queries_for_one_as_for_many(client, asking):
    sign_in(client, make_role("care", asking).person)
    client.post(f"{LIST}oeffnen/")

    def counted():
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        return len(queries)

    needing(come(asking))
    client.get(LIST)
    one = counted()
    for number in range(2, 12):
        registration = come(asking, number)
        needing(registration)
        say(
            registration,
            days=asking.days,
            needs={"captions": True, "text": ""},
            agrees_to=["photographs"],
        )

    assert counted() == one


def test_tables_hold_who_is_in_and_agrees_now_and_are_noted(client, asking):
    first, second, third = (come(asking, number) for number in (1, 2, 3))
    needing(first, text="=1+1")
    for registration in (first, second, third):
        say(
            registration,
            needs=None if registration != first else {"captions": True, "text": "=1+1"},
            agrees_to=["attendee_list"],
        )
    say(second, agrees_to=[])
    actions.cancel(registration=third, now=asking.now())
    person = make_role("organiser", asking).person
    make_role("care", asking, person=person)
    sign_in(client, person)
    client.post(f"{LIST}oeffnen/")

    response = client.post(f"{LIST}einwilligungen/", {"kind": "attendee_list"})
    rows = list(load_workbook(io.BytesIO(response.content)).active.values)
    assert [row[0] for row in rows] == ["Nachname", "P1"]
    needs = list(load_workbook(io.BytesIO(client.post(f"{LIST}liste/").content)).active.iter_rows())
    assert needs[1][7].data_type == "s"
    assert needs[1][7].value == "=1+1"
    assert client.post(f"{LIST}einwilligungen/", {"kind": "x"}).status_code == 404
    assert JournalEntry.objects.filter(verb="registration.answers_listed").count() == 2


def test_the_page_of_the_settings_switches_the_questions(client, edition):
    sign_in(client, make_role("organiser", edition).person)

    page = client.get("/2021/orga/anmeldung/").content.decode()

    assert 'name="asks_needs"' in page
    assert 'name="asks_photographs"' in page
