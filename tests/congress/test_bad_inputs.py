"""The bad inputs collected for the web as a whole, each with its stated verdict: queries, ways back, headers."""

import json
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils.translation import get_language_from_request

from congress.models import Letter
from tests.factories import (
    NOW,
    make_edition,
    make_role,
    make_session,
    make_stage,
    make_track,
    make_user,
)
from tests.work import calls_of

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent.parent / "data" / "web_bad_inputs.json"
ENTRIES = json.loads(DATA.read_text(encoding="utf-8"))
BACKEND = "congress.auth.RoleBackend"
PASSWORD = "Das-ist-ein-langer-Satz"
# Pages with lists one turns over, by the role that reads them all.
LISTS = (
    "orga/postausgang/",
    "orga/pruefung/tabelle/",
    "orga/adressen/",
    "orga/ausweise/",
    "orga/einladungen/",
    "orga/einlass/anwesend/",
)


def entries(field):
    chosen = [entry for entry in ENTRIES if entry["field"] == field]
    return [pytest.param(entry, id=entry["why"][:60]) for entry in chosen]


def verdict(entry):
    return entry["expect"].split(";")[0].split(":")[0].split()[0]


def test_every_entry_is_acted_out():
    acted = {"query": 7, "next": 6, "header": 7}

    assert {field: len(entries(field)) for field in acted} == acted
    assert sum(acted.values()) == len(ENTRIES)


@pytest.fixture
def edition():
    return make_edition(slug="2021", at=NOW)


@pytest.fixture
def organiser(client, edition):
    client.force_login(make_role("organiser", edition).person, backend=BACKEND)
    client.raise_request_exception = False
    return client


# --- Queries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", entries("query"))
@pytest.mark.parametrize("page", LISTS)
def test_queries_of_lists(organiser, page, entry):
    # Our names of what the entry calls page and q.
    query = entry["value"].replace("?page=", "?seite=").replace("?q=", "?suche=")

    response = organiser.get(f"/2021/{page}{query}")

    if verdict(entry) == "reject":
        assert response.status_code == (400 if "%00" in query else 404)
        return
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()
    if verdict(entry) == "ignore":
        assert shown(response) == shown(organiser.get(f"/2021/{page}"))


def shown(response):
    """What stands on the page, without what the form needs, which differs every time."""
    main = response.content.decode().partition("<main")[2].partition("</main")[0]
    return response["Content-Language"], re.sub(r'(value|data-[a-z]+|nonce)="[^"]*"', "", main)


@pytest.mark.parametrize("entry", entries("query"))
def test_queries_of_a_public_page(client, edition, entry):
    client.raise_request_exception = False
    for slug in ("1", "2"):
        stage = make_stage(edition)
        make_session(stage, title_de=f"Vortrag-{slug}", track=make_track(edition, slug=slug))
    query = entry["value"].replace("track=", "schwerpunkt=")

    response = client.get(f"/2021/programm/{query}")

    if "%00" in query:
        assert response.status_code == 400
        return
    assert response.status_code == 200  # the programme has no pages to turn over
    html = response.content.decode()
    assert ("Vortrag-1" in html, "Vortrag-2" in html) == ("schwerpunkt" not in query, True)
    assert "<script>alert" not in html
    assert '<html lang="de"' in html


@pytest.mark.parametrize(
    "query", ["ordering=-person__password", "person__password__startswith=a", "_connector=OR%201=1"]
)
def test_the_administration_sorts_and_filters_by_nothing_else(organiser, query):
    response = organiser.get(f"/admin/registration/registration/?{query}")

    assert response.status_code in (302, 400)


# --- Ways back ------------------------------------------------------------------------------------------


def account():
    person = make_user(password=PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@pytest.mark.parametrize("entry", entries("next"))
def test_the_way_on_after_the_sign_in_stays_in_the_house(client, edition, settings, entry):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    given = {"login": account().email, "password": PASSWORD, "next": entry["value"]}

    response = client.post("/konto/login/", given)

    assert response.status_code == 302
    wanted = entry["value"] if verdict(entry) == "accept" else "/"
    assert response["Location"] == wanted
    assert "Set-Cookie" not in response["Location"]


# --- Headers --------------------------------------------------------------------------------------------


def headers_of(entry):
    name, value = entry["value"].split(": ", 1)
    return {name: value}


def by_name(start):
    (entry,) = (e for e in ENTRIES if str(as_text(e["value"])).startswith(start))
    return entry


def as_text(value):
    return value["text"] if isinstance(value, dict) else value


def test_a_forwarded_host_changes_no_address(client, edition):
    person = account()
    sent = headers_of(by_name("X-Forwarded-Host"))

    page = client.get("/2021/programm/", headers=sent).content.decode()
    client.post("/konto/login/code/", {"email": person.email}, headers=sent)

    assert "evil.test" not in page
    letter = Letter.objects.get(to=person.email)
    assert "evil.test" not in json.dumps(letter.objects_named)


def test_a_forwarded_scheme_neither_loops_nor_downgrades(client, edition, settings):
    sent = headers_of(by_name("X-Forwarded-Proto"))
    assert client.get("/2021/", headers=sent).status_code == 200

    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    behind = Client()

    # The proxy writes this header itself; whoever reaches us otherwise is sent to https, once.
    assert behind.get("/2021/", headers=sent)["Location"] == "https://testserver/2021/"
    assert behind.get("/2021/", headers={"X-Forwarded-Proto": "https"}).status_code == 200


def test_a_session_somebody_else_chose_is_not_signed_in(client, edition, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    chosen = by_name("Cookie")["value"].partition("=")[2]
    client.cookies[settings.SESSION_COOKIE_NAME] = chosen

    client.post("/konto/login/", {"login": account().email, "password": PASSWORD})

    assert client.session["_auth_user_id"]
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != chosen


def test_a_list_of_thousands_of_languages_costs_no_more_than_a_few(client, edition, rf):
    sent = headers_of(by_name("Accept-Language"))

    assert get_language_from_request(rf.get("/", headers=sent)) == "de"
    # A look at each of them would be thousands.
    assert calls_of(lambda: get_language_from_request(rf.get("/", headers=sent))) < 2_000
    assert client.get("/2021/", headers=sent).status_code == 200


@pytest.mark.parametrize("address", ["/2021/anmeldung/", "/konto/login/"])
def test_a_form_without_a_boundary_is_a_bad_request(client, edition, address):
    assert by_name("Content-Type: multipart")["expect"] == "reject; 400"
    client.raise_request_exception = False

    response = client.post(address, b"nonsense", content_type="multipart/form-data")

    assert response.status_code == 400


def test_a_thousand_and_one_fields_are_a_bad_request(client, edition):
    assert by_name("1,001 form fields")["expect"] == "reject; 400"
    client.raise_request_exception = False

    response = client.post("/2021/anmeldung/", {f"x{number}": "" for number in range(1001)})

    assert response.status_code == 400


def test_looking_at_the_sign_out_signs_nobody_out(client, edition):
    assert verdict(by_name("GET /logout/")) == "ignore"
    person = make_user()
    client.force_login(person, backend=BACKEND)

    for _ in range(2):
        assert client.get("/konto/logout/").status_code == 200
    assert client.head("/konto/logout/").status_code == 200

    assert client.session["_auth_user_id"] == str(person.pk)
