import pytest
from django.db import IntegrityError, transaction

from congress import mail
from congress.models import JournalEntry
from registration import actions, eligibility
from registration.models import DomainRule, Registration, RegistrationSettings
from tests.factories import make_edition, make_role
from tests.registration.making import letters, make_registration, make_rule

pytestmark = pytest.mark.django_db
PAGE = "/2021/orga/anmeldung/"


def settle(edition, **fields):
    return RegistrationSettings.objects.create(edition=edition, **fields)


@pytest.fixture
def organiser(client, edition):
    person = make_role("organiser", edition).person
    client.force_login(person, backend="congress.auth.RoleBackend")
    return person


# --- What rules of a group mean -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "field"),
    [
        ("hochschule", "universities"),
        ("it-dienstleister", "it_providers"),
        ("verband", "associations"),
    ],
)
@pytest.mark.parametrize(
    ("listed", "read", "decision"),
    [
        ("review", "as_listed", "review"),
        ("allow", "as_listed", "allow"),
        ("review", "allow", "allow"),
        ("allow", "review", "review"),
        ("deny", "allow", "deny"),
        ("deny", "review", "deny"),
    ],
)
def test_an_edition_reads_the_rules_of_a_group_in_its_own_way(
    edition, level, field, listed, read, decision
):
    settle(edition, **{field: read})
    rule = make_rule("gruppe.example", decision=listed)
    DomainRule.objects.filter(pk=rule.pk).update(level=level)

    found = eligibility.assess("a@amt.gruppe.example", edition)

    assert (found.decision, found.level, found.rule) == (decision, level, rule)
    assert eligibility.assess("a@amt.gruppe.example").decision == listed


def test_other_editions_and_other_groups_are_not_touched(edition):
    settle(edition, universities="allow")
    make_rule("uni.example", level="hochschule", decision="review")
    make_rule("verband.example", level="verband", decision="review")

    assert eligibility.assess("a@uni.example", make_edition()).decision == "review"
    assert eligibility.assess("a@verband.example", edition).decision == "review"


@pytest.mark.parametrize("address", ["extern.kim@uni.example", "admin@uni.example"])
def test_the_doubt_about_a_mailbox_stays(edition, address):
    settle(edition, universities="allow")
    make_rule("uni.example", level="hochschule", decision="review")

    assert eligibility.assess(address, edition).decision == "review"


def test_the_apex_of_a_portal_stays_for_a_person(edition):
    settle(edition, universities="allow")
    make_rule("portal.example", level="hochschule", match="subdomain", decision="allow")

    assert eligibility.assess("a@portal.example", edition).decision == "review"
    assert eligibility.assess("a@amt.portal.example", edition).decision == "allow"


def test_a_rule_for_one_address_holds_whatever_its_group(edition):
    settle(edition, universities="review")
    make_rule("kim@uni.example", match="address", level="hochschule")

    assert eligibility.assess("kim@uni.example", edition).decision == "allow"


def test_a_look_up_for_an_edition_takes_two_queries(edition, django_assert_num_queries):
    make_rule("kiel.de")

    with django_assert_num_queries(2):
        eligibility.assess("a@kiel.de", edition)


def test_whoever_confirms_the_address_is_judged_by_the_edition(edition):
    settle(edition, universities="allow")
    make_rule("uni.example", level="hochschule", decision="review")

    registration = make_registration(
        edition, email="kim@uni.example", state=Registration.State.ADMITTED
    )

    assert (registration.eligibility, registration.level) == ("allow", "hochschule")


# --- How long a check takes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "einem Arbeitstag"),
        (2, "zwei Arbeitstagen"),
        (5, "fünf Arbeitstagen"),
        (11, "11 Arbeitstagen"),  # from 1 March: until the 16th, the last day before the congress
    ],
)
def test_everybody_reads_the_same_time_for_a_check(client, edition, days, words):
    settle(edition, review_days=days)
    sentence = f"meist innerhalb von {words}."

    assert sentence in client.get("/2021/anmeldung/").content.decode()
    registration = make_registration(edition, state=Registration.State.IN_REVIEW)
    client.force_login(registration.person, backend="congress.auth.RoleBackend")
    assert sentence in client.get("/2021/meine-anmeldung/").content.decode()
    assert sentence in client.get("/2021/").content.decode()
    (letter,) = letters("in_review")
    assert sentence in mail.render(letter, mint=False).body


@pytest.mark.parametrize("days", [0, 31])
def test_the_database_keeps_the_time_within_reason(edition, days):
    with pytest.raises(IntegrityError), transaction.atomic():
        settle(edition, review_days=days)


# --- The page -----------------------------------------------------------------------------------------


def sent(client, **fields):
    data = {"review_days": 2, "offer_hours": 48} | dict.fromkeys(
        RegistrationSettings.GROUPS.values(), "as_listed"
    )
    return client.post(PAGE, data | fields)


def test_looking_at_the_settings_makes_no_row(client, organiser):
    assert client.get(PAGE).status_code == 200

    assert not RegistrationSettings.objects.exists()


def test_the_page_says_what_the_registry_says_about_a_group(client, organiser):
    make_rule("uni.example", level="hochschule", decision="review")
    make_rule("fh.example", level="hochschule", decision="allow")

    page = client.get(PAGE).content.decode()

    assert "1 Regeln lassen sofort zu, bei 1 prüft ein Mensch, 0 gelten nie automatisch." in page


def test_organisers_change_the_settings_and_the_journal_says_what(client, edition, organiser):
    response = sent(client, review_days=3, universities="allow")

    assert (response.status_code, response["Location"]) == (303, PAGE)
    settings = RegistrationSettings.objects.get()
    assert (settings.edition, settings.review_days, settings.universities) == (edition, 3, "allow")
    entry = JournalEntry.objects.get(verb="registration.settings_changed")
    assert (entry.edition, entry.actor) == (edition, organiser)
    assert entry.details == {
        "changes": {"review_days": [2, 3], "universities": ["as_listed", "allow"]}
    }


def test_what_stays_the_same_is_not_written_down(client, edition, organiser):
    sent(client)

    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"review_days": 0}, {"review_days": 31}, {"offer_hours": 0}, {"universities": "x"}]
)
def test_what_makes_no_sense_is_refused(client, organiser, fields):
    response = sent(client, **fields)

    assert response.status_code == 200
    assert "fk-summary" in response.content.decode()
    assert not RegistrationSettings.objects.exists()


def test_settings_are_changed_for_this_edition_only(edition):
    other = settle(make_edition(), review_days=9)

    actions.change_settings(
        edition=edition, by=make_role("organiser").person, now=edition.now(), review_days=4
    )

    other.refresh_from_db()
    assert other.review_days == 9
    assert RegistrationSettings.objects.of(edition).review_days == 4
