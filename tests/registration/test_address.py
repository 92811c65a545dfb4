"""What an address means, told while it is typed; never whether somebody has registered with it."""

import re

import pytest
from django.core.cache import cache
from django.test import Client

from congress.models import Letter
from registration import limits
from registration.models import DomainRule, Registration, RegistrationSettings
from tests.factories import make_state
from tests.registration.making import make_registration, make_rule

pytestmark = pytest.mark.django_db
HERE = "/2021/anmeldung/adresse/"


def told(client, address, **more):
    response = client.post(HERE, {"email": address}, **more)
    assert response.status_code == 200
    text = re.sub(r"<datalist.*?</datalist>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return " ".join(text.split())


def offered(client, address):
    page = client.post(HERE, {"email": address}).content.decode()
    return re.findall(r'<option value="([^"]*)">', page)


@pytest.fixture
def kiel(edition):
    return make_rule("kiel.de", body="Stadt Kiel", land=make_state("SH", name="Schleswig-Holstein"))


WE_LOOK = (
    "Wir prüfen Ihre Angaben, meist innerhalb von zwei Arbeitstagen. "
    "Senden Sie sie einfach ab; was wir noch brauchen, fragen wir danach."
)


def test_a_listed_address_is_answered_with_body_level_and_land(client, kiel):
    assert told(client, "Kim@Amt.KIEL.de ") == "gehört zu: Stadt Kiel (Kommune, Schleswig-Holstein)"


@pytest.mark.parametrize("address", ["kim@nirgends.example", "kim@gratispost.example"])
def test_what_is_not_listed_is_looked_at_without_a_reproach(client, edition, address):
    make_rule("gratispost.example", match="exact", decision="deny")

    assert told(client, address) == WE_LOOK


def test_a_doubt_is_told_with_the_body_we_know(client, kiel):
    assert told(client, "extern.kim@kiel.de") == (
        f"gehört zu: Stadt Kiel (Kommune, Schleswig-Holstein) {WE_LOOK}"
    )


def test_the_edition_decides_what_a_group_means(client, edition):
    make_rule("uni.example", body="Universität", level="hochschule", decision="review")
    assert told(client, "a@uni.example") == f"gehört zu: Universität (Hochschule) {WE_LOOK}"
    RegistrationSettings.objects.create(edition=edition, universities="allow", review_days=3)

    assert told(client, "a@uni.example") == "gehört zu: Universität (Hochschule)"
    assert "drei Arbeitstagen" in told(client, "a@nirgends.example")


def test_of_a_domain_of_many_the_person_chooses_the_body(client, edition):
    make_rule(
        "vg.example",
        body="54 Gemeinden: Bickendorf, Biersdorf am See, Birtlingen …",
        bodies=54,
        land=make_state("RP", name="Rheinland-Pfalz"),
    )

    assert told(client, "a@vg.example") == (
        "Unter dieser Domain schreiben 54 Behörden (Kommune, Rheinland-Pfalz). "
        "Bitte wählen oder schreiben Sie unten, für welche Sie arbeiten."
    )
    assert offered(client, "a@vg.example") == ["Bickendorf", "Biersdorf am See", "Birtlingen"]


def test_names_that_organisers_wrote_down_come_before_what_was_supplied(client, edition):
    make_rule("vg.example", body="2 Gemeinden: A, B …", bodies=2, body_names="Ort Eins\nOrt Zwei")

    assert offered(client, "a@vg.example") == ["Ort Eins", "Ort Zwei"]


def test_a_body_of_its_own_is_offered_too_and_the_next_answer_takes_it_back(client, kiel):
    assert offered(client, "a@kiel.de") == ["Stadt Kiel"]
    assert offered(client, "a@nirgends.example") == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "kim",
        "kim@",
        "kim@kiel",
        "@kiel.de",
        "kim@kiel.d",
        "a b@kiel.de",
        "a@kiel.de\u200b",
    ],
)
def test_half_an_address_is_answered_with_nothing(client, kiel, address):
    assert client.post(HERE, {"email": address}).content == b""


@pytest.mark.parametrize(
    "address", ["a" * 300 + "@kiel.de", "\ud7ff@kiel.de", "bund.dе@bund.dе", "💥"]
)
def test_whatever_is_typed_is_answered(client, kiel, address):
    assert client.post(HERE, {"email": address}).content == b""


def test_without_the_field_it_is_answered_with_nothing(client, edition):
    assert client.post(HERE).content == b""


def test_what_the_registry_holds_is_text(client, edition):
    make_rule("kiel.de", body="<script>alert(1)</script>", body_names='"><img src=x>')

    page = client.post(HERE, {"email": "a@kiel.de"}).content.decode()

    assert "<script>" not in page
    assert "<img" not in page


def test_known_and_unknown_people_get_the_same_bytes_by_the_same_queries(
    client, edition, kiel, django_assert_num_queries
):
    make_registration(edition, email="known@kiel.de", state=Registration.State.ADMITTED)
    answers = []

    for name in ("known", "never"):
        with django_assert_num_queries(4):  # edition and clock; settings and rules
            answers.append(client.post(HERE, {"email": f"{name}@kiel.de"}).content)

    assert answers[0] == answers[1]


def test_it_changes_nothing_and_is_kept_nowhere(client, kiel):
    response = client.post(HERE, {"email": "a@kiel.de"})

    assert "no-store" in response["Cache-Control"]
    assert "sessionid" not in str(response.cookies).lower()
    assert not Registration.objects.exists()
    assert not Letter.objects.exists()
    assert DomainRule.objects.get().checked_at is None
    assert client.get(HERE, {"email": "a@kiel.de"}).status_code == 405


def test_it_wants_the_token_of_the_form(kiel):
    assert Client(enforce_csrf_checks=True).post(HERE, {"email": "a@kiel.de"}).status_code == 403


def test_who_asks_very_often_is_answered_with_nothing_for_a_while(client, kiel, monkeypatch):
    monkeypatch.setattr(limits, "LOOK_UPS_IN_A_MINUTE", 3)
    answers = [told(client, "a@kiel.de") for _ in range(5)]

    assert [bool(answer) for answer in answers] == [True, True, True, False, False]
    cache.clear()
    assert told(client, "a@kiel.de")


def test_where_it_cannot_be_counted_everybody_is_answered(client, kiel, monkeypatch):
    def away(*arguments, **options):
        raise ConnectionError

    monkeypatch.setattr(limits, "LOOK_UPS_IN_A_MINUTE", 0)
    monkeypatch.setattr(cache, "add", away)

    assert told(client, "a@kiel.de")


# --- The form -------------------------------------------------------------------------------------------


def test_the_form_asks_while_one_types_and_says_it_politely(client, edition):
    page = client.get("/2021/anmeldung/").content.decode()

    assert f'hx-post="{HERE}"' in page
    assert 'id="adresse-bedeutet" role="status"' in page
    assert page.index('name="email"') < page.index('name="body"')
    assert "htmx-2.min.js" in page
    assert "&quot;allowEval&quot;" in page or '"allowEval":false' in page


def test_other_pages_load_no_htmx(client, edition):
    assert "htmx" not in client.get("/2021/").content.decode()


def test_the_form_has_at_most_eight_required_fields(client, edition):
    form = client.get("/2021/anmeldung/").context["form"]

    assert sum(field.required for field in form.fields.values()) <= 8
