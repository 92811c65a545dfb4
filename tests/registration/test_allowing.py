"""A case becomes a rule: the whole domain, or this one address."""

import pytest

from congress.models import JournalEntry
from registration import actions
from registration.models import DomainRule, Registration
from tests.factories import make_edition, make_state, make_user, set_clock
from tests.registration.making import OPEN, letters, make_registration, make_rule
from tests.registration.test_registering import together

STATE = Registration.State


@pytest.fixture
def edition(db):
    """A real one, whose rules go into the registry; its window is open at the real moment."""
    return make_edition(
        slug="2021",
        practice=False,
        registration_opens_at="2020-01-01T00:00Z",
        registration_closes_at="2999-01-01T00:00Z",
        starts_on="2999-03-17",
        ends_on="2999-03-18",
    )


@pytest.fixture
def real(edition):
    edition.refresh_from_db()
    return edition


def waiting(edition, email, **fields):
    fields = {"first_name": email.partition("@")[0].title()} | fields
    return make_registration(edition, state=STATE.IN_REVIEW, email=email, **fields)


def allow(registration, domain="neustadt.example", **fields):
    values = {
        "match": "suffix",
        "level": "kommune",
        "land": None,
        "body": "Stadt Neustadt",
        "by": make_user(),
        "now": OPEN,
    }
    return actions.allow_domain(registration=registration, domain=domain, **values | fields)


def allow_address(registration, **fields):
    values = {"level": "kommune", "land": None, "body": "Gemeinde", "by": make_user(), "now": OPEN}
    return actions.allow_address(registration=registration, **values | fields)


def states(*registrations):
    for registration in registrations:
        registration.refresh_from_db()
    return [registration.state for registration in registrations]


# --- A domain ---------------------------------------------------------------------------------------


def test_a_domain_becomes_a_rule_and_settles_all_cases_of_it(real):
    one, two = waiting(real, "a@neustadt.example"), waiting(real, "b@bauamt.neustadt.example")
    other = waiting(real, "c@andersneustadt.example")
    reviewer, land = make_user(), make_state("SN")

    settled = allow(one, by=reviewer, land=land, remark="Impressum gelesen")

    rule = DomainRule.objects.get()
    assert (rule.name, rule.decision, rule.level, rule.land, rule.body) == (
        "suffix:neustadt.example",
        "allow",
        "kommune",
        land,
        "Stadt Neustadt",
    )
    assert (rule.source, rule.checked_by, rule.note) == (
        "Prüfung 2021",
        reviewer,
        "Impressum gelesen",
    )
    assert rule.checked_at is not None
    assert states(one, two, other) == [STATE.ADMITTED, STATE.ADMITTED, STATE.IN_REVIEW]
    assert (two.level, two.land, two.rule, two.decided_by) == ("kommune", land, rule, reviewer)
    assert len(letters("admitted")) == 2
    assert settled.kept
    assert settled.done == [one, two]
    assert JournalEntry.objects.filter(verb="registration.domain_allowed").count() == 1


def test_whoever_comes_later_is_admitted_by_the_rule(real):
    allow(waiting(real, "a@neustadt.example"))

    later = make_registration(real, state=STATE.ADMITTED, email="c@neustadt.example")

    assert later.decided_by is None


def test_consultants_stay_in_review(real):
    one = waiting(real, "a@neustadt.example")
    external = waiting(real, "extern.b@neustadt.example")

    settled = allow(one)

    assert states(one, external) == [STATE.ADMITTED, STATE.IN_REVIEW]
    assert settled.left == [external]


def test_another_edition_keeps_its_cases(real):
    elsewhere = waiting(make_edition(at=OPEN), "a@neustadt.example")

    allow(waiting(real, "b@neustadt.example"))

    assert states(elsewhere) == [STATE.IN_REVIEW]


def test_what_a_reviewer_has_corrected_stays(real):
    one, two = waiting(real, "a@neustadt.example"), waiting(real, "b@neustadt.example")
    actions.correct(registration=two, level="land", land=None, by=make_user(), now=OPEN)

    allow(one)

    assert states(two) == [STATE.ADMITTED]
    assert two.level == "land"


def test_a_rule_that_is_there_is_changed_and_its_history_kept(real):
    make_rule("neustadt.example", decision="review", note="Portal")
    one = waiting(real, "a@neustadt.example")

    allow(one)

    rule = DomainRule.objects.get()
    assert (rule.decision, rule.note) == ("allow", "Portal")
    assert rule.history.count() == 2
    assert states(one) == [STATE.ADMITTED]


def test_an_exercise_writes_nothing_into_the_registry(db):
    practice = make_edition(at=OPEN)
    one, two = waiting(practice, "a@neustadt.example"), waiting(practice, "b@neustadt.example")

    settled = allow(one)

    assert not settled.kept
    assert not DomainRule.objects.exists()
    assert states(one, two) == [STATE.ADMITTED, STATE.ADMITTED]


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        ({"domain": "neustadt.example", "match": "exact", "decision": "deny"}, "kommune"),
        ({"domain": "neustadt.example", "decision": "review", "bodies": 54}, "kommune"),
        ({"domain": "neustadt.example", "match": "subdomain"}, "kommune"),
        (
            {
                "domain": "neustadt.example",
                "match": "exact",
                "decision": "review",
                "level": "hochschule",
            },
            "kommune",
        ),
        (None, "hochschule"),
    ],
)
def test_shared_domains_free_mail_and_universities_are_admitted_by_address_only(real, rule, level):
    if rule:
        make_rule(**rule)
    one = waiting(real, "a@neustadt.example")

    with pytest.raises(actions.OnlyThisAddress):
        allow(one, level=level)

    assert states(one) == [STATE.IN_REVIEW]
    assert allow_address(one, level=level).done == [one]


def test_below_a_university_no_domain_is_admitted(real):
    make_rule("uni-neustadt.example", match="exact", decision="review", level="hochschule")
    student = waiting(real, "a@stud.uni-neustadt.example")

    with pytest.raises(actions.OnlyThisAddress):
        allow(student, domain="stud.uni-neustadt.example")


@pytest.mark.parametrize(
    ("domain", "match"),
    [
        ("example", "suffix"),
        ("anders.example", "suffix"),
        ("eustadt.example", "suffix"),
        ("bau.neustadt.example", "suffix"),
        ("neustadt.example", "subdomain"),
        ("neustadt.example", "address"),
    ],
)
def test_the_rule_must_speak_about_the_case(real, domain, match):
    one = waiting(real, "a@neustadt.example")

    with pytest.raises(actions.NotThisDomain):
        allow(one, domain=domain, match=match)


def test_a_rule_needs_a_level(real):
    one = waiting(real, "a@neustadt.example")

    with pytest.raises(actions.NoLevel):
        allow(one, level="other")
    with pytest.raises(actions.NoLevel):
        allow_address(one, level="")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_reviewers_allow_the_same_domain_at_once(rounds):
    for number in range(rounds(3, 60)):
        edition = make_edition(
            practice=False,
            year=2100 + number,
            registration_opens_at="2020-01-01T00:00Z",
            registration_closes_at="2999-01-01T00:00Z",
            starts_on="2999-03-17",
            ends_on="2999-03-18",
        )
        edition.refresh_from_db()
        domain = f"neustadt{number}.example"
        cases = [waiting(edition, f"{letter}@{domain}") for letter in "abc"]

        results = together(2, lambda case=cases[0], domain=domain: allow(case, domain=domain))

        settled = [result for result in results if isinstance(result, actions.Settled)]
        assert {type(result).__name__ for result in results} <= {"Settled", "AlreadyDecided"}
        assert DomainRule.objects.filter(domain=domain).count() == 1
        assert states(*cases) == [STATE.ADMITTED] * 3
        assert sum(len(result.done) for result in settled) == 3


# --- An address -------------------------------------------------------------------------------------


def test_an_address_is_kept_for_next_year(real):
    make_rule("gratispost.example", match="exact", decision="deny")
    one = waiting(real, "gemeinde+kongress@gratispost.example")
    stranger = waiting(real, "anders@gratispost.example")

    settled = allow_address(one)

    rule = DomainRule.objects.get(match="address")
    assert (rule.domain, rule.decision) == ("gemeinde@gratispost.example", "allow")
    assert states(one, stranger) == [STATE.ADMITTED, STATE.IN_REVIEW]
    assert settled.done == [one]
    next_year = make_edition(at=OPEN, slug="2022")
    set_clock(next_year, OPEN)
    make_registration(
        next_year, state=STATE.ADMITTED, email="gemeinde@gratispost.example", first_name="Ada"
    )


def test_colleagues_of_a_shared_mailbox_are_admitted_with_it(real):
    one = waiting(real, "info@gratispost.example")
    colleague = waiting(real, "info@gratispost.example", first_name="Bo")

    assert allow_address(one).done == [one, colleague]


def test_a_decided_case_makes_no_rule(real):
    one = waiting(real, "a@neustadt.example")
    actions.reject(registration=one, by=make_user(), now=OPEN, reason="x")

    with pytest.raises(actions.AlreadyDecided):
        allow(one)

    assert not DomainRule.objects.exists()
