"""The frame of every page: what it always shows, and that it stands without data."""

import re

import pytest
from django.db import OperationalError, connection
from django.template.loader import render_to_string
from django.test import RequestFactory

from tests.factories import make_edition

pytestmark = pytest.mark.django_db

DUTIES = [
    "/impressum/",
    "/datenschutz/",
    "/barrierefreiheit/",
    "/leichte-sprache/",
    "/gebaerdensprache/",
]
PAGES = [
    "400.html",
    "403.html",
    "404.html",
    "429.html",
    "403_csrf.html",
    "congress/gone.html",
    "congress/empty.html",
]


def test_every_page_leads_to_the_duties_and_to_where_barriers_are_reported(client):
    edition = make_edition()
    html = client.get(f"/{edition.slug}/").content.decode()

    for address in DUTIES:
        assert f'href="{address}"' in html
    assert 'href="/barrierefreiheit/#barriere-melden"' in html
    assert html.index('class="fk-skip') < html.index("<header")
    assert '<main id="inhalt"' in html


def test_a_practice_edition_is_marked_and_not_found_by_search_engines(client):
    html = client.get(f"/{make_edition().slug}/").content.decode()

    assert "ÜBUNG" in html
    assert '<meta name="robots" content="noindex">' in html
    assert "application/ld+json" not in html


def test_a_real_edition_shows_the_line_of_its_host_and_says_what_it_is(client):
    edition = make_edition(
        practice=False, header_line_de="Eine Seite des Freistaats", accent="#125a3c"
    )
    html = client.get(f"/{edition.slug}/").content.decode()

    assert "ÜBUNG" not in html
    assert "Eine Seite des Freistaats" in html
    assert re.search(r'<style nonce="[^"]+">:root\{--fk-accent:#125a3c;', html)
    assert '"startDate": "2021-03-17"' in html


def test_the_demonstration_says_that_it_is_no_official_site(client, settings):
    settings.DEMO = True
    html = client.get(f"/{make_edition(header_line_de='Amtlich').slug}/").content.decode()

    assert "Demonstration – keine amtliche Seite" in html
    assert "Amtlich" not in html


def test_texts_of_the_host_cannot_end_the_data_block(client):
    edition = make_edition(practice=False, title_de="</script><script>alert(1)</script>")
    html = client.get(f"/{edition.slug}/").content.decode()

    assert "<script>alert(1)" not in html


def test_an_empty_database_answers_with_a_sentence(client):
    response = client.get("/")

    assert response.status_code == 200
    assert "Hier gibt es noch keinen Kongress" in response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_trouble_say_what_helps_and_lead_on_even_without_an_edition(name):
    html = render_to_string(name, {}, request=RequestFactory().get("/"))

    assert re.search(r"<h1[^>]*>[^<]+</h1>", html)
    assert 'class="kern-btn kern-btn--primary"' in html


def test_an_unknown_address_is_told_so_with_the_telephone_of_the_help_desk(client):
    make_edition(help_phone="0351 0000-110")
    response = client.get("/gibt-es-nicht/")

    assert response.status_code == 404
    assert "Diese Seite gibt es nicht" in response.content.decode()
    assert 'href="tel:+493510000110"' in response.content.decode()


def test_the_page_of_last_resort_needs_nothing():
    html = render_to_string("500.html")

    assert "Hier ist etwas schiefgegangen" in html
    assert "Something went wrong" in html


def test_a_database_that_is_away_is_said_so_and_asked_again_later(client):
    def away(*_arguments):
        raise OperationalError

    client.raise_request_exception = False
    with connection.execute_wrapper(away):
        response = client.get("/hilfe/")

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "Gerade nicht erreichbar" in response.content.decode()


def test_a_fault_of_ours_stays_a_500(client):
    def broken(*_arguments):
        raise RuntimeError

    client.raise_request_exception = False
    with connection.execute_wrapper(broken):
        response = client.get("/hilfe/")

    assert response.status_code == 500
    assert "Hier ist etwas schiefgegangen" in response.content.decode()


@pytest.mark.parametrize("host", ["127.0.0.1:8000@evil.test", "evil test", "[::1"])
def test_a_host_that_is_none_gets_the_page_for_bad_requests(client, host):
    make_edition()
    client.raise_request_exception = False

    response = client.get("/", headers={"host": host})

    assert response.status_code == 400
    assert "Die Anfrage war nicht lesbar" in response.content.decode()


def test_a_nul_in_the_query_string_is_a_bad_request(client):
    edition = make_edition()
    client.raise_request_exception = False

    assert client.get(f"{edition.get_absolute_url()}?suche=a%00b").status_code == 400
    assert client.get(f"{edition.get_absolute_url()}?suche=ab").status_code == 200


def test_english_pages_are_english(client):
    html = client.get(f"/en/{make_edition().slug}/").content.decode()

    assert '<html lang="en">' in html
    assert "EXERCISE" in html
    assert 'hreflang="de"' in html


def test_the_log_in_needs_no_password(client):
    make_edition()
    html = client.get("/konto/login/").content.decode()

    assert 'action="/konto/login/code/"' in html
    assert "Sie brauchen kein Passwort" in html


def test_nobody_signs_up_outside_the_registration(client):
    make_edition()
    html = client.get("/konto/signup/").content.decode()

    assert "Konten entstehen mit der Anmeldung" in html


def test_a_logo_is_shown_with_the_name_of_the_host():
    edition = make_edition(logo="look/logo.png")
    html = render_to_string("congress/base.html", {"edition": edition})

    assert '<img class="fk-brand__logo" src="/media/look/logo.png" alt="Freistaat SN">' in html
