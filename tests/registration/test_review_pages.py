"""The check as people see it: one case a screen, the table, decisions, and who may what."""

import uuid
from datetime import timedelta

import idna
import pytest
from django.test import Client
from django.urls import reverse

from congress.models import Level
from registration import actions, cases, reviewing_texts
from registration.models import (
    ColleagueConfirmation,
    DomainRule,
    Registration,
    ReviewClaim,
    ReviewText,
)
from tests.factories import make_edition, make_role, make_state, make_user, set_clock
from tests.registration.making import OPEN, letters, make_registration, make_rule

STATE = Registration.State
CHECK, TABLE, TOGETHER = (
    "/2021/orga/pruefung/",
    "/2021/orga/pruefung/tabelle/",
    "/2021/orga/pruefung/mehrere/",
)


def text(response):
    return response.content.decode()


def main(response):
    return text(response).split("<main")[1].split("</main>")[0]


def signed_in(person):
    client = Client()
    client.force_login(person, backend="congress.auth.RoleBackend")
    return client


@pytest.fixture
def reviewer(edition):
    return make_role("organiser", edition, person=make_user(first_name="Helge")).person


@pytest.fixture
def browser(reviewer):
    return signed_in(reviewer)


@pytest.fixture
def texts(db):
    reviewing_texts.install()


def waiting(edition, email="a@neustadt.example", **fields):
    fields = {"first_name": email.partition("@")[0].title()} | fields
    return make_registration(edition, state=STATE.IN_REVIEW, email=email, **fields)


def page_of(registration, more=""):
    return f"/{registration.edition.slug}/orga/pruefung/{registration.pk}/{more}"


def state_of(registration):
    registration.refresh_from_db()
    return registration.state


# --- The queue --------------------------------------------------------------------------------------


def test_the_check_opens_the_case_that_has_waited_longest(browser, edition):
    first = waiting(edition)
    waiting(edition, "b@anderswo.example")

    response = browser.get(CHECK)

    assert response["Location"] == page_of(first)
    assert "Fall 1 von 2" in text(browser.get(page_of(first)))


def test_without_cases_the_check_says_so(browser):
    assert "Im Moment gibt es nichts zu entscheiden." in text(browser.get(CHECK))


def test_a_case_that_a_colleague_has_open_is_not_opened_by_itself(browser, edition):
    first, second = waiting(edition), waiting(edition, "b@anderswo.example")
    actions.claim(registration=first, by=make_user(first_name="Ada", last_name="Nissen"))

    assert browser.get(CHECK)["Location"] == page_of(second)
    assert "Wird gerade von A. Nissen geprüft." in text(browser.get(page_of(first)))
    actions.claim(registration=second, by=make_user())
    assert "2 Fälle sind gerade anderswo geöffnet" in text(browser.get(CHECK))


def test_next_and_previous_lead_through_the_queue(browser, edition):
    one, two, three = (waiting(edition, f"{letter}@neustadt.example") for letter in "abc")

    page = text(browser.get(page_of(two)))

    assert f'href="{page_of(one)}" data-key="k"' in page
    assert f'href="{page_of(three)}" data-key="j"' in page


# --- What a case shows ------------------------------------------------------------------------------


def test_a_case_shows_everything_that_helps(browser, edition, reviewer):
    land = make_state("SH", name="Schleswig-Holstein")
    make_rule(
        "neustadt.example",
        decision="review",
        body="Stadt Neustadt",
        land=land,
        note="Portal der Stadt",
        source="rki",
        checked_at=OPEN,
        checked_by=make_user(first_name="Ada", last_name="Nissen"),
    )
    make_rule("neustatt.example", body="Gemeinde Neustatt")
    colleague = make_registration(
        edition, state=STATE.IN_REVIEW, email="c@neustadt.example", first_name="Cleo"
    )
    case = waiting(edition)
    actions.give_evidence(
        registration=case,
        now=OPEN,
        authority="Stadt Neustadt, Bauamt",
        switchboard="0431 0000",
        evidence_page="https://neustadt.example/<b>bauamt</b>",
        how_to_check="Bitte nach 10 Uhr",
    )
    ColleagueConfirmation.objects.create(
        registration=case,
        address="c@neustadt.example",
        colleague=colleague,
        named_at=OPEN,
        asked_at=OPEN,
        answer="confirmed",
        answered_at=OPEN,
    )
    actions.ask(
        registration=case,
        text="Welches Amt?",
        until=OPEN + timedelta(days=3),
        by=reviewer,
        now=OPEN,
    )
    actions.answer(registration=case, text="Das Bauamt.", now=OPEN)

    page = main(browser.get(page_of(case)))

    for shown in (
        "a@neustadt.example",
        "Stadt Neustadt, Bauamt",
        "Portal der Stadt",
        "Schleswig-Holstein",
        "Ada Nissen",
        "neustatt.example",
        "1 Buchstabe anders",
        "Cleo Albers",
        "kennt die Person",
        "aus dem Kollegium bestätigt",
        "0431 0000",
        "Bitte nach 10 Uhr",
        "https://neustadt.example/&lt;b&gt;bauamt&lt;/b&gt;",
        "Welches Amt?",
        "Das Bauamt.",
        "seit 0 Arbeitstagen",
        "versprochen bis Mittwoch, 3. März 2021",
    ):
        assert shown in page, shown
    assert 'href="https://neustadt.example' not in page


def test_another_alphabet_is_marked_and_read_beside_the_a_label(browser, edition):
    make_rule("kiel.example")
    host = idna.encode("кіеӏ").decode() + ".example"
    case = waiting(edition, f"a@{host}")

    page = main(browser.get(page_of(case)))

    assert f"a@{host}" in page
    assert "liest sich als a@кіеӏ.example" in page
    assert "Buchstaben der Domain sind kyrillisch" in page
    assert "sieht gleich aus" in page


def test_older_than_promised_is_said(browser, edition):
    case = waiting(edition)
    set_clock(edition, OPEN + timedelta(days=7))

    assert "wartet länger als versprochen" in text(browser.get(page_of(case)))
    assert "1 Fall wartet länger als versprochen" in text(browser.get(TABLE))


def test_earlier_decisions_are_shown_as_far_as_one_may_look(browser, edition):
    elsewhere = make_edition(at=OPEN, year=2020)
    before = waiting(elsewhere)
    actions.reject(registration=before, by=make_user(), now=OPEN, reason="Damals ein Unternehmen")
    case = waiting(edition)

    assert "Damals ein Unternehmen" not in text(browser.get(page_of(case)))
    fitko = signed_in(make_role("organiser").person)
    assert "Damals ein Unternehmen" in text(fitko.get(page_of(case)))


def test_a_case_of_another_edition_is_not_found(browser):
    case = waiting(make_edition(at=OPEN))

    assert browser.get(f"/2021/orga/pruefung/{case.pk}/").status_code == 404
    assert browser.get(page_of(case)).status_code == 404


def test_the_help_desk_reads_and_does_not_decide(edition):
    case = waiting(edition)
    desk = signed_in(make_role("help_desk", edition).person)

    page = main(desk.get(page_of(case)))

    assert "Die Hotline liest hier mit" in page
    assert "data-claim" not in text(desk.get(page_of(case)))
    assert "Mit den ausgewählten Fällen" not in text(desk.get(TABLE))
    assert desk.post(page_of(case), {"act": "admit", "level": "other"}).status_code == 403
    assert state_of(case) == STATE.IN_REVIEW


@pytest.mark.parametrize("count", [1, 12])
def test_a_case_and_the_table_take_few_queries(
    browser, edition, count, django_assert_max_num_queries
):
    for number in range(count):
        case = waiting(edition, f"a{number}@neustadt.example")
        actions.ask(
            registration=case,
            text="Wo?",
            until=OPEN + timedelta(days=3),
            by=make_user(),
            now=OPEN,
        )
        actions.answer(registration=case, text="Da.", now=OPEN)
        make_rule(f"neustadt{number}.example")

    with django_assert_max_num_queries(19):
        browser.get(page_of(case))
    with django_assert_max_num_queries(13):
        browser.get(TABLE)


# --- Deciding ---------------------------------------------------------------------------------------


def test_a_clear_case_is_one_button_and_the_next_case_opens(browser, edition, reviewer):
    case, following = waiting(edition), waiting(edition, "b@anderswo.example")

    response = browser.post(
        page_of(case), {"act": "admit", "level": "kommune", "land": ""}, follow=True
    )

    assert response.redirect_chain == [(page_of(following), 303)]
    assert "A Albers ist zugelassen. Die E-Mail geht jetzt hinaus." in text(response)
    assert (state_of(case), case.level, case.decided_by) == (STATE.ADMITTED, "kommune", reviewer)


def test_after_the_last_case_the_check_says_that_there_is_none(browser, edition):
    case = waiting(edition)

    response = browser.post(page_of(case), {"act": "admit", "level": "other"}, follow=True)

    assert "Im Moment gibt es nichts zu entscheiden." in text(response)


def test_level_and_land_are_saved_without_deciding(browser, edition):
    land, case = make_state("SN"), waiting(edition)

    response = browser.post(
        page_of(case), {"act": "correct", "level": "land", "land": land.pk}, follow=True
    )

    assert response.redirect_chain == [(page_of(case), 303)]
    assert (state_of(case), case.level, case.land) == (STATE.IN_REVIEW, "land", land)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"act": "admit", "level": "kaiser"}, 200),
        ({"act": "admit", "level": "land", "land": "XX"}, 200),
        ({"act": "promote", "level": "land"}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_decides_nothing(browser, edition, fields, status):
    case = waiting(edition)

    assert browser.post(page_of(case), fields).status_code == status
    assert state_of(case) == STATE.IN_REVIEW


def test_the_second_reviewer_is_told_kindly_who_was_first(browser, edition):
    case, following = waiting(edition), waiting(edition, "b@anderswo.example")
    actions.reject(
        registration=case,
        by=make_user(first_name="Ada", last_name="Nissen"),
        now=OPEN,
        reason="x",
    )

    response = browser.post(page_of(case), {"act": "admit", "level": "other"}, follow=True)

    assert "A. Nissen war schneller und hat über A Albers um 10:00 Uhr entschieden" in text(
        response
    )
    assert response.redirect_chain == [(page_of(following), 303)]
    assert state_of(case) == STATE.REJECTED


def test_rejecting_offers_reasons_and_sends_the_changed_text(browser, edition, texts):
    case = waiting(edition)
    reason = ReviewText.objects.reasons().first()
    page = text(browser.get(page_of(case, f"ablehnen/?text={reason.pk}")))
    assert "konnten wir keinen öffentlichen Arbeitgeber erkennen" in page
    assert 'data-key="1"' in page

    browser.post(page_of(case, "ablehnen/"), {"reason": "Geändert."})

    assert (state_of(case), case.reason) == (STATE.REJECTED, "Geändert.")
    assert len(letters("rejected")) == 1


def test_whoever_registered_in_english_reads_english_reasons(browser, edition, texts):
    case = waiting(edition, language="en")
    reason = ReviewText.objects.reasons().first()

    page = text(browser.get(page_of(case, f"ablehnen/?text={reason.pk}")))

    assert "could not recognise a public employer" in page


def test_nobody_is_rejected_without_words(browser, edition):
    case = waiting(edition)

    response = browser.post(page_of(case, "ablehnen/"), {"reason": " "})

    assert "Bitte geben Sie einen Grund an" in text(response)
    assert state_of(case) == STATE.IN_REVIEW


@pytest.mark.parametrize("given", ["x", "0", "²", "99999999999999999999", "1'--"])
def test_a_wording_that_is_none_fills_nothing_in(browser, edition, given):
    response = browser.get(page_of(waiting(edition), "ablehnen/"), {"text": given})

    assert response.status_code == 200


def test_whoever_was_rejected_comes_back_into_the_check(browser, edition):
    case = waiting(edition)
    actions.reject(registration=case, by=make_user(), now=OPEN, reason="x")
    assert "Noch einmal prüfen" in text(browser.get(page_of(case)))

    response = browser.post(page_of(case), {"act": "reopen"}, follow=True)

    assert "ist wieder in der Prüfung" in text(response)
    assert state_of(case) == STATE.IN_REVIEW


def test_asking_back_takes_the_case_out_and_the_answer_brings_it_back(browser, edition, texts):
    case = waiting(edition)
    assert "Für welche Behörde oder Einrichtung arbeiten Sie" in text(
        browser.get(page_of(case, "rueckfrage/"))
    )

    browser.post(page_of(case, "rueckfrage/"), {"text": "Wo arbeiten Sie?", "days": "3"})

    assert "Warten auf Antwort (1)" in text(browser.get(TABLE))
    assert case.email in text(browser.get(TABLE, {"stand": "antwort"}))
    applicant = signed_in(case.person)
    mine = applicant.get("/2021/meine-anmeldung/")
    assert "Wo arbeiten Sie?" in text(mine)
    response = applicant.post("/2021/meine-anmeldung/antwort/", {"text": "Im Bauamt."}, follow=True)
    assert "Wir sehen uns Ihre Antwort an" in text(response)
    assert browser.get(CHECK)["Location"] == page_of(case)
    assert "Im Bauamt." in text(browser.get(page_of(case)))


@pytest.mark.parametrize("days", ["0", "31", "x", ""])
def test_a_case_waits_one_to_thirty_days(browser, edition, days):
    case = waiting(edition)

    response = browser.post(page_of(case, "rueckfrage/"), {"text": "Wo?", "days": days})

    assert response.status_code == 200
    assert not case.questions.exists()


def test_an_empty_answer_is_not_taken_and_nothing_can_be_answered_twice(edition):
    case = waiting(edition)
    actions.ask(
        registration=case, text="Wo?", until=OPEN + timedelta(days=3), by=make_user(), now=OPEN
    )
    applicant = signed_in(case.person)
    address = "/2021/meine-anmeldung/antwort/"

    assert "Bitte schreiben Sie eine Antwort." in text(applicant.post(address, {"text": " "}))
    applicant.post(address, {"text": "Da."})
    again = applicant.post(address, {"text": "Dort."}, follow=True)

    assert "Es gibt keine offene Frage (mehr)" in text(again)
    assert case.questions.get().answer == "Da."
    assert applicant.get(address).status_code == 302


# --- Rules out of cases -----------------------------------------------------------------------------


def test_the_proposed_rule_can_be_corrected_before_it_is_written(browser, edition, settings):
    settings.DEMO = True
    one = waiting(edition, "a@bauamt.neustadt.example", body="Stadt Neustadt")
    two = waiting(edition, "b@neustadt.example")
    page = main(browser.get(page_of(one, "domain/")))
    assert "2 wartende Fälle" in page
    assert 'value="Stadt Neustadt"' in page

    response = browser.post(
        page_of(one, "domain/"),
        {
            "domain": "neustadt.example",
            "match": "suffix",
            "body": "Neustadt (Kreis Plön)",
            "level": "kommune",
            "land": "",
            "remark": "angerufen",
        },
        follow=True,
    )

    assert "Die Regel steht jetzt im Register. 2 Fälle sind zugelassen." in text(response)
    rule = DomainRule.objects.get()
    assert (rule.domain, rule.body, rule.note) == (
        "neustadt.example",
        "Neustadt (Kreis Plön)",
        "angerufen",
    )
    assert (state_of(one), state_of(two)) == (STATE.ADMITTED, STATE.ADMITTED)


def test_in_an_exercise_the_page_says_that_the_registry_stays_as_it_is(browser, edition):
    case = waiting(edition)

    assert "Eine Übung schreibt nichts hinein" in text(browser.get(page_of(case, "domain/")))
    browser.post(
        page_of(case, "domain/"),
        {"domain": "neustadt.example", "match": "suffix", "level": "kommune"},
    )

    assert not DomainRule.objects.exists()
    assert state_of(case) == STATE.ADMITTED


def test_free_mail_leads_to_the_address_instead(browser, edition, rules):
    case = waiting(edition, "gemeinde@gratispost.example")

    page = main(browser.get(page_of(case)))
    assert "Zulassen lässt sich nur diese eine Adresse" in page
    assert 'data-key="d"' not in page
    assert page_of(case, "adresse/") in main(browser.get(page_of(case, "domain/")))
    refused = browser.post(
        page_of(case, "domain/"),
        {"domain": "gratispost.example", "match": "suffix", "level": "kommune"},
    )
    assert "Zulassen lässt sich nur diese eine Adresse" in main(refused)
    browser.post(page_of(case, "adresse/"), {"level": "kommune", "body": "Gemeinde"})

    assert state_of(case) == STATE.ADMITTED


def test_a_rule_wants_its_level(browser, edition):
    case = waiting(edition)

    response = browser.post(page_of(case, "adresse/"), {"level": "", "body": "x"})

    assert "Wer nach einer Regel zugelassen wird, braucht eine." in main(response)
    assert state_of(case) == STATE.IN_REVIEW


# --- Who has it open --------------------------------------------------------------------------------


def test_the_page_claims_its_case_and_hears_of_a_colleague(browser, edition, reviewer):
    case = waiting(edition)
    other = signed_in(
        make_role(
            "organiser", edition, person=make_user(first_name="Ada", last_name="Nissen")
        ).person
    )

    assert text(browser.post(page_of(case, "geoeffnet/"))) == ""
    assert f"Wird gerade von H. {reviewer.last_name} geprüft." == text(
        other.post(page_of(case, "geoeffnet/"))
    )
    assert ReviewClaim.objects.get().by == reviewer
    assert browser.get(page_of(case, "geoeffnet/")).status_code == 405


# --- Many at a time ---------------------------------------------------------------------------------


def mark(*registrations, **fields):
    return {"fall": [registration.pk for registration in registrations], **fields}


def test_the_table_finds_by_name_and_address(browser, edition):
    waiting(edition, last_name="Müller")
    waiting(edition, "b@anderswo.example")

    found = main(browser.get(TABLE, {"suche": "mueller"}))

    assert "a@neustadt.example" in found
    assert "b@anderswo.example" not in found
    assert "Kein Fall passt dazu." in main(browser.get(TABLE, {"suche": "%_'"}))


def test_nothing_is_decided_before_one_has_seen_what_will_happen(browser, edition):
    one, two = waiting(edition), waiting(edition, "b@anderswo.example")

    page = main(browser.post(TOGETHER, mark(one, two, act="admit")))
    assert "Jede und jeder bekommt sofort die Zusage per E-Mail." in page
    assert one.email in page
    assert state_of(one) == STATE.IN_REVIEW

    response = browser.post(TOGETHER, mark(one, two, act="admit", bestaetigt="ja"), follow=True)

    assert "2 Fälle sind erledigt." in text(response)
    assert state_of(one) == state_of(two) == STATE.ADMITTED


def test_many_are_rejected_with_one_reason(browser, edition, texts):
    one, two = waiting(edition), waiting(edition, "b@anderswo.example", language="en")
    reason = ReviewText.objects.reasons().first()
    page = main(browser.post(TOGETHER, mark(one, two, act="reject", text_id=reason.pk)))
    assert "keinen öffentlichen Arbeitgeber" in page
    assert "1 Person hat sich auf Englisch angemeldet" in page

    empty = browser.post(TOGETHER, mark(one, two, act="reject", reason="", bestaetigt="ja"))
    assert "Bitte geben Sie einen Grund an" in main(empty)
    browser.post(TOGETHER, mark(one, two, act="reject", reason="Nein.", bestaetigt="ja"))

    assert state_of(one) == state_of(two) == STATE.REJECTED
    assert len(letters("rejected")) == 2


def test_many_are_asked(browser, edition):
    one, two = waiting(edition), waiting(edition, "b@anderswo.example")

    browser.post(TOGETHER, mark(one, two, act="ask", text="Wo?", days="3", bestaetigt="ja"))

    assert len(letters("asked")) == 2


def test_addresses_of_many_are_admitted_where_the_level_is_known(browser, edition, settings):
    settings.DEMO = True
    one, two = waiting(edition), waiting(edition, "b@anderswo.example")
    actions.correct(registration=one, level=Level.LAND, land=None, by=make_user(), now=OPEN)

    response = browser.post(TOGETHER, mark(one, two, act="address", bestaetigt="ja"), follow=True)

    assert "1 Fall blieb liegen:" in text(response)
    assert (state_of(one), state_of(two)) == (STATE.ADMITTED, STATE.IN_REVIEW)
    assert DomainRule.objects.get().domain == one.email


def test_what_a_colleague_decided_meanwhile_stops_nobody_else(browser, edition):
    one, two = waiting(edition), waiting(edition, "b@anderswo.example")
    browser.post(TOGETHER, mark(one, two, act="admit"))
    actions.reject(registration=one, by=make_user(), now=OPEN, reason="x")

    browser.post(TOGETHER, mark(one, two, act="admit", bestaetigt="ja"))

    assert (state_of(one), state_of(two)) == (STATE.REJECTED, STATE.ADMITTED)


@pytest.mark.parametrize("numbers", [[], ["x"], ["-1"], ["9" * 18], ["9" * 40], ["²"]])
def test_cases_that_are_none_are_left_alone(browser, edition, numbers):
    waiting(edition)

    response = browser.post(
        TOGETHER, {"fall": numbers, "act": "admit", "bestaetigt": "ja"}, follow=True
    )

    assert "Bitte wählen Sie mindestens einen Fall aus" in text(response)


def test_cases_of_another_edition_are_not_decided_here(browser, edition):
    foreign = waiting(make_edition(at=OPEN))

    browser.post(TOGETHER, mark(foreign, act="admit", bestaetigt="ja"))

    assert state_of(foreign) == STATE.IN_REVIEW


# --- Evidence ---------------------------------------------------------------------------------------

MINE = "/2021/meine-anmeldung/"


def evidence(**fields):
    return {"authority": "Gemeinde Kleinbeispiel", **fields}


def test_whoever_writes_from_free_mail_reads_one_calm_sentence_and_three_ways(edition, rules):
    case = waiting(edition, "gemeinde@gratispost.example")

    page = main(signed_in(case.person).get(MINE))

    assert "Das ist nichts Ungewöhnliches" in page
    for name in ("switchboard", "evidence_page", "colleague_email"):
        assert f'name="{name}"' in page
    assert "kern-error" not in page


def test_one_way_is_enough_and_more_are_welcome(edition):
    case = waiting(edition)
    applicant = signed_in(case.person)

    applicant.post(MINE, evidence(switchboard="0431 000-0"))
    applicant.post(MINE, evidence(evidence_page="www.gemeinde.example/kontakt?a=1"))

    case.refresh_from_db()
    assert (case.switchboard, case.evidence_page) == (
        "",
        "https://www.gemeinde.example/kontakt?a=1",
    )
    assert 'value="https://www.gemeinde.example/kontakt?a=1"' in main(
        applicant.get(MINE + "?angaben")
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"switchboard": "12"},
        {"switchboard": "keine"},
        {"evidence_page": "javascript:alert(1)"},
        {"evidence_page": "ftp://gemeinde.example/"},
        {"evidence_page": "https://bund.de@evil.example/"},
        {"evidence_page": "unsere seite"},
        {"evidence_page": "https://localhost/"},
        {"evidence_page": "https://gemeinde.example:99999/"},
        {"colleague_email": "keine adresse"},
        {"colleague_email": "a+x@neustadt.example"},
        {"how_to_check": "\x1b[31m"},
        {"switchboard": "0431 000\u202e0"},
    ],
)
def test_what_is_no_way_to_check_is_said_and_what_was_typed_stays(edition, fields):
    case = waiting(edition)

    response = signed_in(case.person).post(MINE, evidence(authority="Amt „Mitte“", **fields))

    assert response.status_code == 200
    assert 'value="Amt „Mitte“"' in main(response)
    case.refresh_from_db()
    assert case.authority == ""


def test_the_answer_does_not_tell_whether_a_colleague_is_known(edition, rules):
    make_registration(edition, state=STATE.ADMITTED, email="da@stadt-musterhausen.example")
    answers = []
    for number, colleague in enumerate(("da", "fort")):
        case = waiting(edition, f"g{number}@gratispost.example", first_name="Wiebke")
        applicant = signed_in(case.person)
        address = f"{colleague}@stadt-musterhausen.example"
        response = applicant.post(MINE, evidence(colleague_email=address), follow=True)
        answers.append(response.redirect_chain)
        assert "Vielen Dank. Das hilft uns, schnell zu prüfen." in text(response)
        assert letters("colleague_asked") == []

    assert answers[0] == answers[1]


# --- The colleague ----------------------------------------------------------------------------------


@pytest.fixture
def asked(edition, rules):
    make_registration(edition, state=STATE.ADMITTED, email="kim@stadt-musterhausen.example")
    case = waiting(edition, "gemeinde@gratispost.example", first_name="Wiebke")
    actions.give_evidence(
        registration=case,
        now=OPEN,
        authority="Gemeinde Kleinbeispiel",
        colleague_email="kim@stadt-musterhausen.example",
    )
    actions.ask_colleagues(edition=edition, now=OPEN)
    return case.confirmations.get()


def link_to(confirmation):
    from congress import links
    from registration import emails

    token = links.signed_token(emails.COLLEAGUE, confirmation.pk, confirmation.address)
    return reverse("registration_colleague", kwargs={"edition": "2021", "token": token})


def test_looking_at_the_link_changes_nothing(client, asked):
    for method in (client.get, client.head, client.options):
        assert method(link_to(asked)).status_code == 200

    asked.refresh_from_db()
    assert asked.answer == ""
    page = client.get(link_to(asked))
    assert "Gemeinde Kleinbeispiel" in main(page)
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize(
    ("given", "answer", "sentence"),
    [
        ("yes", "confirmed", "Sie haben bestätigt"),
        ("no", "unknown", "dass Sie diese Person nicht kennen"),
    ],
)
def test_a_colleague_answers_by_one_button(client, asked, given, answer, sentence):
    response = client.post(link_to(asked), {"answer": given}, follow=True)

    assert sentence in main(response)
    asked.refresh_from_db()
    assert asked.answer == answer


def test_an_answer_that_is_none_changes_nothing(client, asked):
    assert client.post(link_to(asked), {"answer": "maybe"}).status_code == 200

    asked.refresh_from_db()
    assert asked.answer == ""


def test_a_link_that_lost_letters_says_so(client, asked):
    response = client.get(link_to(asked)[:-3] + "/")

    assert response.status_code == 410
    assert "Das hat sich erledigt" in text(response)


def test_after_the_decision_there_is_nothing_to_answer(client, asked):
    actions.admit(registration=asked.registration, by=make_user(), now=OPEN)

    assert client.get(link_to(asked)).status_code == 410
    assert client.post(link_to(asked), {"answer": "yes"}).status_code == 410


# --- Wordings ---------------------------------------------------------------------------------------


def test_setup_brings_wordings_once(texts):
    count = ReviewText.objects.count()
    assert ReviewText.objects.reasons().count() >= 4
    ReviewText.objects.reasons().first().delete()

    reviewing_texts.install()

    assert ReviewText.objects.count() == count - 1


def test_an_edition_offers_its_own_wordings_beside_those_for_all(edition, texts):
    own = ReviewText.objects.create(edition=edition, title="Eigener", text_de="x", position=99)
    ReviewText.objects.create(edition=make_edition(), title="Fremder", text_de="y")

    offered = ReviewText.objects.of_edition(edition).reasons()

    assert own in offered
    assert not offered.filter(title="Fremder").exists()


def test_ten_thousand_rules_are_looked_through_in_one_query(db, django_assert_num_queries):
    DomainRule.objects.bulk_create(
        DomainRule(
            domain=f"gemeinde-{uuid.uuid4().hex[:8]}.example", decision="allow", level="kommune"
        )
        for _number in range(500)
    )
    make_rule("gemeinde-kleinbeispiel.example")

    with django_assert_num_queries(1):
        found = cases.similar("gemeinde-kleinbeispeil.example")

    assert [(entry.rule.domain, entry.letters) for entry in found] == [
        ("gemeinde-kleinbeispiel.example", 2)
    ]
