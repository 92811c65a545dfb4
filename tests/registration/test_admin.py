import pytest
from django.urls import reverse

from congress.models import JournalEntry
from congress.panels import waiting
from registration.models import DomainRule, Registration
from tests.factories import make_edition, make_role
from tests.registration.making import OPEN, letters, make_registration, make_rule

pytestmark = pytest.mark.django_db
STATE = Registration.State
LIST = "/admin/registration/registration/"
RULES = "/admin/registration/domainrule/"


def text(response):
    return response.content.decode()


@pytest.fixture
def organiser(client, edition):
    person = make_role("organiser", edition).person
    client.force_login(person, backend="congress.auth.RoleBackend")
    return client


@pytest.fixture
def waiting_one(edition):
    return make_registration(edition, state=STATE.IN_REVIEW, email="a@unbekannt.example")


def act(client, registration, **fields):
    return client.post(
        LIST, {"_selected_action": [registration.pk], "confirmed": "yes", **fields}, follow=True
    )


def test_admitting_asks_once_more_and_admits(organiser, waiting_one):
    question = organiser.post(LIST, {"_selected_action": [waiting_one.pk], "action": "admit"})
    assert "Jede bekommt die Zusage per E-Mail" in text(question)
    waiting_one.refresh_from_db()
    assert waiting_one.state == STATE.IN_REVIEW

    act(organiser, waiting_one, action="admit")

    waiting_one.refresh_from_db()
    assert waiting_one.state == STATE.ADMITTED
    assert JournalEntry.objects.filter(verb="registration.admitted").count() == 1


def test_the_page_of_a_registration_has_the_decisions_as_buttons(organiser, waiting_one):
    page = organiser.get(f"{LIST}{waiting_one.pk}/change/")
    assert [name for name, _label in page.context["decisions"]] == ["admit", "reject"]

    done = act(organiser, waiting_one, action="admit", from_page="yes")

    assert done.redirect_chain == [(f"{LIST}{waiting_one.pk}/change/", 302)]
    assert done.context["decisions"] == []
    waiting_one.refresh_from_db()
    assert waiting_one.state == STATE.ADMITTED


def test_buttons_follow_the_role_in_the_edition_of_the_row(client, edition, waiting_one):
    other = make_edition(at=OPEN)
    there = make_registration(other, state=STATE.IN_REVIEW, email="b@unbekannt.example")
    reader = make_role("help_desk", edition).person
    make_role("organiser", other, person=reader)
    client.force_login(reader, backend="congress.auth.RoleBackend")

    offered = [
        [name for name, _label in client.get(f"{LIST}{row.pk}/change/").context["decisions"]]
        for row in (waiting_one, there)
    ]

    assert offered == [[], ["admit", "reject"]]


def test_rejecting_wants_a_reason(organiser, waiting_one):
    question = organiser.post(LIST, {"_selected_action": [waiting_one.pk], "action": "reject"})
    assert 'name="reason"' in text(question)
    assert "kern-error" not in text(question)
    assert "Bitte geben Sie einen Grund an" in text(
        act(organiser, waiting_one, action="reject", reason=" ")
    )

    act(organiser, waiting_one, action="reject", reason="Kein Bezug.")

    waiting_one.refresh_from_db()
    assert (waiting_one.state, waiting_one.reason) == (STATE.REJECTED, "Kein Bezug.")
    assert len(letters("rejected")) == 1


def test_what_is_decided_is_said(organiser, waiting_one):
    act(organiser, waiting_one, action="admit")

    page = act(organiser, waiting_one, action="reject", reason="x")

    assert "hat schon jemand anderes entschieden" in text(page)


def test_another_editions_organiser_finds_and_decides_nothing(client, waiting_one):
    other = make_role("organiser", make_edition(at=OPEN)).person
    client.force_login(other, backend="congress.auth.RoleBackend")

    assert "unbekannt" not in text(client.get(LIST))
    assert client.get(f"{LIST}{waiting_one.pk}/change/").status_code == 302
    act(client, waiting_one, action="admit")

    waiting_one.refresh_from_db()
    assert waiting_one.state == STATE.IN_REVIEW


def test_observers_see_no_registration(client, edition, waiting_one):
    client.force_login(make_role("observer", edition).person, backend="congress.auth.RoleBackend")

    assert client.get(LIST).status_code == 403


def test_a_registration_shows_address_decoded_and_only_its_level_can_be_changed(organiser, edition):
    registration = make_registration(
        edition, state=STATE.IN_REVIEW, email="a@xn--mlsheim-90a.example"
    )
    page = organiser.get(f"{LIST}{registration.pk}/change/")
    assert "a@xn--mlsheim-90a.example (a@mölsheim.example)" in text(page)

    organiser.post(
        f"{LIST}{registration.pk}/change/",
        {
            "body": "Mölsheim",
            "level": "kommune",
            "land": "",
            "state": "admitted",
            "email": "x@y.de",
        },
    )

    registration.refresh_from_db()
    assert (registration.body, registration.level) == ("Mölsheim", "kommune")
    assert (registration.state, registration.email) == (
        STATE.IN_REVIEW,
        "a@xn--mlsheim-90a.example",
    )


def test_the_list_takes_the_same_queries_for_one_and_three(
    organiser, edition, django_assert_max_num_queries
):
    for number in range(3):
        make_registration(edition, state=STATE.IN_REVIEW, email=f"a{number}@unbekannt.example")
        with django_assert_max_num_queries(14):
            organiser.get(LIST)


def test_what_waits_is_counted_and_leads_to_the_check(organiser, edition, waiting_one):
    item = next(item for item in waiting if str(item.label) == "Anmeldungen zu prüfen")

    assert item.count(edition, None) == 1
    page = organiser.get(item.url(edition), follow=True)
    assert page.redirect_chain == [(f"/2021/orga/pruefung/{waiting_one.pk}/", 302)]
    assert "unbekannt.example" in text(page)


# --- Rules ------------------------------------------------------------------------------------------


def test_host_organisers_change_rules_and_take_none_away(organiser):
    rule = make_rule("kiel.example")
    values = {"domain": "kiel.example", "match": "suffix", "decision": "deny", "bodies": "1"}

    assert "kiel.example" in text(organiser.get(RULES))
    assert organiser.post(f"{RULES}{rule.pk}/change/", values).status_code == 302
    assert organiser.get(f"{RULES}add/").status_code == 200
    assert organiser.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}).status_code == 403

    rule.refresh_from_db()
    assert rule.decision == "deny"


def test_organisers_of_all_editions_change_rules_and_are_noted(client):
    person = make_role("organiser").person
    client.force_login(person, backend="congress.auth.RoleBackend")

    response = client.post(
        f"{RULES}add/",
        {
            "domain": "mölsheim.example",
            "match": "suffix",
            "decision": "allow",
            "level": "kommune",
            "bodies": "1",
        },
    )

    assert response.status_code == 302, text(response)
    rule = DomainRule.objects.get()
    assert (rule.domain, rule.checked_by) == ("xn--mlsheim-90a.example", person)
    assert rule.history.get().history_user == person
    assert (
        client.get(reverse("admin:registration_domainrule_history", args=[rule.pk])).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"domain": "bund.dе"}, "Alphabete"),
        ({"domain": "kiel"}, "vollständige Domain"),
        ({"level": ""}, "Verwaltungsebene"),
        ({"match": "address"}, "vollständige E-Mail-Adresse"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(client, fields, sentence):
    client.force_login(make_role("organiser").person, backend="congress.auth.RoleBackend")
    values = {
        "domain": "kiel.example",
        "match": "suffix",
        "decision": "allow",
        "level": "kommune",
        "bodies": "1",
    }

    response = client.post(f"{RULES}add/", values | fields)

    assert sentence in text(response)
    assert not DomainRule.objects.exists()
