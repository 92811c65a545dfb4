"""The registry on the organisers' pages: finding, adding, changing, checking and taking away a rule."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from congress import queries as congress_queries
from congress.models import Edition, JournalEntry
from registration import actions
from registration.models import DomainRule, Registration, RegistrationSettings
from tests.factories import make_edition, make_role, make_state, make_user
from tests.registration.making import make_registration, make_rule

pytestmark = pytest.mark.django_db
LIST = "/2021/orga/adressen/"
STATE = Registration.State


def text(response):
    return response.content.decode()


@pytest.fixture
def person(edition):
    return make_role("organiser", edition, person=make_user(first_name="Ole")).person


@pytest.fixture
def organiser(client, person):
    client.force_login(person, backend="congress.auth.RoleBackend")
    return client


@pytest.fixture
def fitko():
    browser = Client()
    browser.force_login(make_role("organiser").person, backend="congress.auth.RoleBackend")
    return browser


def found(client, **query):
    return [rule.domain for rule, _used in client.get(LIST, query).context["lines"]]


def checked(rule, *, days_ago):
    DomainRule.objects.filter(pk=rule.pk).update(
        checked_at=Edition().now() - timedelta(days=days_ago)
    )


# --- Finding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "search",
    ["kiel", "KIEL.de", "amt.kiel.de", "kim@amt.kiel.de", "Landeshauptstadt", "portal für"],
)
def test_a_rule_is_found_by_what_people_know_of_it(organiser, search):
    make_rule("kiel.de", body="Landeshauptstadt Kiel", note="Portal für alle")
    make_rule("luebeck.de")

    assert found(organiser, suche=search) == ["kiel.de"]


@pytest.mark.parametrize("search", ["mölsheim.de", "xn--mlsheim-90a.de", "a@MÖLSHEIM.de"])
def test_umlauts_find_the_a_labels(organiser, search):
    make_rule("xn--mlsheim-90a.de")

    assert found(organiser, suche=search) == ["xn--mlsheim-90a.de"]
    assert "mölsheim.de" in text(organiser.get(LIST))


@pytest.mark.parametrize("search", ["%", "'; --", "\ud7ff" * 300, "a" * 5000, "@", "@@", "xn--"])
def test_a_search_for_anything_is_answered(organiser, search):
    assert organiser.get(LIST, {"suche": search}).status_code == 200


def test_the_list_is_narrowed_by_level_land_decision_and_match(organiser):
    make_rule("kiel.de", land=make_state("SH"))
    make_rule("uni.de", level="hochschule", decision="review", match="exact")
    make_rule("free.example", decision="deny")

    assert found(organiser, land="SH") == ["kiel.de"]
    assert found(organiser, land="-") == ["free.example", "uni.de"]
    assert found(organiser, ebene="hochschule") == ["uni.de"]
    assert found(organiser, entscheidung="deny") == ["free.example"]
    assert found(organiser, gilt="exact") == ["uni.de"]
    assert found(organiser, ebene="kommune", entscheidung="review") == []
    assert len(found(organiser, ebene="nonsense", land="XX")) == 3


def test_the_list_is_narrowed_by_the_age_of_the_check(organiser):
    make_rule("never.example")
    checked(make_rule("old.example"), days_ago=366)
    checked(make_rule("new.example"), days_ago=364)

    assert found(organiser, geprueft="nie") == ["never.example"]
    assert found(organiser, geprueft="alt") == ["old.example"]
    assert found(organiser, geprueft="aktuell") == ["new.example"]


def test_who_was_admitted_by_a_rule_nobody_has_checked_is_a_figure_and_a_filter(organiser, edition):
    rule = make_rule("a.example")
    make_rule("unused.example")
    checked(make_rule("checked.example"), days_ago=1)
    for name in ("Kim", "Ole"):
        make_registration(edition, first_name=name, email=f"{name}@a.example", state=STATE.ADMITTED)
    make_registration(edition, email="kim@checked.example", state=STATE.ADMITTED)
    figures = dict(congress_queries.figures(edition))

    page = organiser.get(LIST)

    assert figures["Zugelassene über ungeprüfte Regeln"] == 2
    assert "2 Personen sind über Regeln zugelassen, die noch niemand geprüft hat" in text(page)
    assert found(organiser, geprueft="zugelassen") == ["a.example"]
    organiser.post(f"{LIST}{rule.pk}/geprueft/")
    assert dict(congress_queries.figures(edition))["Zugelassene über ungeprüfte Regeln"] == 0
    assert found(organiser, geprueft="zugelassen") == []


def test_whoever_a_person_admitted_does_not_count(edition):
    rule = make_rule("a.example", decision="review")
    registration = make_registration(edition, email="kim@a.example", state=STATE.IN_REVIEW)
    actions.admit(registration=registration, by=make_user(), now=edition.now())

    assert Registration.objects.get(rule=rule).state == STATE.ADMITTED
    assert not Registration.objects.admitted_by_unchecked_rules().exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("kim@kiel.de", "wird sofort zugelassen"),
        ("extern.kim@kiel.de", "ein Mensch prüft"),
        ("kim@nirgends.example", "steht nicht in der Liste"),
        ("kim@free.example", "nie automatisch"),
        ("kim@uni.example", "wird sofort zugelassen"),
    ],
)
def test_an_address_is_answered_with_what_it_means_here(organiser, edition, address, says):
    make_rule("kiel.de")
    make_rule("free.example", decision="deny")
    make_rule("uni.example", level="hochschule", decision="review")
    RegistrationSettings.objects.create(edition=edition, universities="allow")

    page = text(organiser.get(LIST, {"suche": address}))

    assert f"Was {address} bei diesem Kongress bedeutet" in page
    assert says in page


def test_pages_of_ten_and_of_many_rules_take_the_same_queries(
    organiser, edition, django_assert_num_queries
):
    make_rule("a.example", land=make_state("SH"))
    make_registration(edition, email="kim@a.example", state=STATE.ADMITTED)
    few = queries_of(organiser)
    for number in range(120):
        make_rule(f"b{number:03}.example", land=make_state("SN"))
    for number in range(5):
        make_registration(
            edition, email=f"kim@b00{number}.example", last_name=f"B{number}", state=STATE.ADMITTED
        )

    with django_assert_num_queries(few):
        page = organiser.get(LIST)
        assert len(page.context["lines"]) == 50
    assert "Seite 1 von 3" in text(page)
    assert len(organiser.get(LIST, {"seite": 3}).context["lines"]) == 21


def queries_of(client):
    client.get(LIST)
    with CaptureQueriesContext(connection) as captured:
        client.get(LIST)
    return len(captured)


# --- One rule ------------------------------------------------------------------------------------------


def given_rule(**fields):
    return {
        "domain": "kiel.de",
        "match": "suffix",
        "decision": "allow",
        "level": "kommune",
        "body": "Stadt Kiel",
        "bodies": "1",
    } | fields


def test_a_host_adds_a_rule_and_it_counts_as_checked(organiser, person, edition):
    response = organiser.post(f"{LIST}neu/", given_rule(domain=" Mölsheim.de"))

    rule = DomainRule.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"{LIST}{rule.pk}/")
    assert (rule.domain, rule.checked_by) == ("xn--mlsheim-90a.de", person)
    assert abs(rule.checked_at - Edition().now()) < timedelta(minutes=1)
    assert rule.history.get().history_user == person
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.actor, entry.edition) == ("rule.added", person, edition)
    assert "lsheim" not in str(entry.details)


def test_a_rule_there_is_already_is_named_instead(organiser):
    rule = make_rule("kiel.de")

    page = text(organiser.post(f"{LIST}neu/", given_rule(decision="deny")))

    assert "Dafür gibt es schon eine Regel" in page
    assert f'href="{LIST}{rule.pk}/"' in page
    assert DomainRule.objects.get().decision == "allow"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"domain": ""}, "Bitte geben Sie eine Domain oder Adresse ein."),
        ({"domain": "kiel"}, "vollständige Domain"),
        ({"domain": "bund.dе"}, "Alphabete"),
        ({"domain": "kiel.de", "match": "address"}, "vollständige E-Mail-Adresse"),
        ({"domain": "a@kiel.de"}, "vollständige Domain"),
        ({"level": ""}, "Verwaltungsebene"),
        ({"decision": ""}, "Bitte wählen Sie, was mit diesen Adressen geschieht."),
        ({"match": "prefix"}, "fk-summary"),
        ({"land": "XX"}, "fk-summary"),
        ({"bodies": "-1"}, "fk-summary"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(organiser, fields, says):
    page = text(organiser.post(f"{LIST}neu/", given_rule(**fields)))

    assert says in page
    assert not DomainRule.objects.exists()


def test_the_action_refuses_what_makes_no_sense_too(edition, person):
    with pytest.raises(ValidationError):
        actions.add_rule(
            edition=edition,
            by=person,
            now=edition.now(),
            domain="kiel",
            match="suffix",
            decision="deny",
        )


def change(client, rule, **fields):
    data = given_rule(version=str(rule.version or ""), **fields)
    return client.post(f"{LIST}{rule.pk}/", data, follow=True)


def test_a_change_is_kept_with_what_was_before(organiser, person):
    rule = make_rule("kiel.de", body="Kiel")

    page = change(organiser, rule, body="Stadt Kiel", decision="review")

    rule.refresh_from_db()
    assert (rule.body, rule.decision, rule.checked_by) == ("Stadt Kiel", "review", person)
    assert "<del>Kiel</del> → <ins>Stadt Kiel</ins>" in text(page)
    assert "<del>sofort zulassen</del> → <ins>ein Mensch prüft</ins>" in text(page)
    assert "Ole" in text(page)
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.details) == ("rule.changed", {"fields": ["decision", "body"]})


def test_saving_without_a_change_says_that_the_rule_is_right(organiser):
    rule = make_rule("kiel.de", body="Stadt Kiel")

    page = change(organiser, rule)

    rule.refresh_from_db()
    assert "Es hat sich nichts geändert; die Regel gilt als geprüft." in text(page)
    assert rule.checked_at is not None
    assert JournalEntry.objects.get().verb == "rule.checked"


def test_a_domain_cannot_be_changed_into_another(organiser):
    rule = make_rule("kiel.de")

    change(organiser, rule, domain="evil.example", match="exact")

    rule.refresh_from_db()
    assert (rule.domain, rule.match) == ("kiel.de", "suffix")


def test_whoever_has_seen_an_older_version_changes_nothing(organiser):
    rule = make_rule("kiel.de", body="Kiel")
    seen = rule.version
    rule.body = "Landeshauptstadt Kiel"
    rule.save()

    page = organiser.post(
        f"{LIST}{rule.pk}/", given_rule(version=seen, body="Kiel am Meer"), follow=True
    )

    rule.refresh_from_db()
    assert rule.body == "Landeshauptstadt Kiel"
    assert "Inzwischen hat jemand anderes diese Regel geändert" in text(page)


def test_a_rule_as_supplied_has_no_version_and_can_be_changed(organiser):
    (rule,) = DomainRule.objects.bulk_create(
        [DomainRule(domain="kiel.de", decision="allow", level="kommune", body="Kiel")]
    )

    assert "Wie mitgeliefert" in text(organiser.get(f"{LIST}{rule.pk}/"))
    change(organiser, rule)

    rule.refresh_from_db()
    assert rule.body == "Stadt Kiel"
    assert [row.body for row in rule.history.order_by("history_id")] == ["Kiel", "Stadt Kiel"]
    assert "<del>Kiel</del> → <ins>Stadt Kiel</ins>" in text(organiser.get(f"{LIST}{rule.pk}/"))


def test_the_page_says_whom_a_rule_concerns_and_what_it_means_here(organiser, edition):
    rule = make_rule("uni.example", level="hochschule")
    make_registration(edition, email="kim@uni.example", state=STATE.ADMITTED)
    make_registration(edition, email="extern.kim@uni.example", last_name="B", state=STATE.IN_REVIEW)
    other = make_edition(at=edition.now(), year=2022)
    make_registration(other, email="ole@uni.example", last_name="C", state=STATE.ADMITTED)
    RegistrationSettings.objects.create(edition=edition, universities="review")

    page = text(organiser.get(f"{LIST}{rule.pk}/"))

    assert "2 Anmeldungen dieses Kongresses (1 zugelassen, 1 in Prüfung)" in page
    assert "in diesem Kongress: ein Mensch prüft" in page


def test_one_click_checks_a_rule_and_leads_back_to_the_same_list(organiser, person):
    rule = make_rule("kiel.de")

    response = organiser.post(
        f"{LIST}{rule.pk}/geprueft/", {"zurueck": "geprueft=nie&seite=2&suche=k ö"}
    )

    rule.refresh_from_db()
    assert response["Location"] == f"{LIST}?geprueft=nie&seite=2&suche=k+%C3%B6"
    assert rule.checked_by == person
    assert JournalEntry.objects.get().verb == "rule.checked"


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/?a=b", "\r\nX: y", "&" * 500]
)
def test_the_way_back_leads_nowhere_else(organiser, back):
    rule = make_rule("kiel.de")

    response = organiser.post(f"{LIST}{rule.pk}/geprueft/", {"zurueck": back})

    assert response["Location"].split("?")[0] == LIST


def test_in_place_only_the_cell_comes_back(organiser):
    rule = make_rule("kiel.de")

    response = organiser.post(f"{LIST}{rule.pk}/geprueft/", headers={"HX-Request": "true"})

    assert response.status_code == 200
    assert "gerade eben, von Ihnen" in text(response)
    assert "<html" not in text(response)


def test_looking_changes_nothing(organiser):
    rule = make_rule("kiel.de")
    for page in ("", "neu/", f"{rule.pk}/", "liste.csv", "liste.xlsx", "tabelle/"):
        assert organiser.get(f"{LIST}{page}").status_code == 200
    assert organiser.get(f"{LIST}{rule.pk}/geprueft/").status_code == 405

    rule.refresh_from_db()
    assert rule.checked_at is None
    assert not JournalEntry.objects.exists()


def test_fitko_takes_a_rule_away_and_what_it_decided_stays(fitko, edition):
    rule = make_rule("kiel.de")
    registration = make_registration(edition, email="kim@kiel.de", state=STATE.ADMITTED)

    question = text(fitko.get(f"{LIST}{rule.pk}/entfernen/"))
    assert "1 Anmeldung beruht auf dieser Regel" in question
    fitko.post(f"{LIST}{rule.pk}/entfernen/")

    registration.refresh_from_db()
    assert not DomainRule.objects.exists()
    assert (registration.state, registration.rule) == (STATE.ADMITTED, None)
    assert DomainRule.history.filter(history_type="-").count() == 1
    assert JournalEntry.objects.filter(verb="rule.removed").count() == 1


def test_hosts_take_no_rule_away(organiser):
    rule = make_rule("kiel.de")

    assert organiser.post(f"{LIST}{rule.pk}/entfernen/").status_code == 403
    assert f"{LIST}{rule.pk}/entfernen/" not in text(organiser.get(f"{LIST}{rule.pk}/"))

    assert DomainRule.objects.exists()
