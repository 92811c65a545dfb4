"""The duty pages: complete but for what the host fills in, true for this program, and listed for the organisers."""

import re
import tomllib

import pytest
from django.urls import reverse

from congress import markdown, panels, queries, setup, texts
from congress.checks import PLAN
from congress.models import JournalEntry, Page
from tests.factories import NOW, make_edition, make_role

pytestmark = pytest.mark.django_db
LANGUAGES = ("de", "en")
WORDS = {"hours": "Stunden", "days": "Tage", "months": "Monate"}


@pytest.fixture
def edition():
    setup.install_pages()
    return make_edition(at=NOW, help_email="hilfe@fachkongress.example")


@pytest.mark.parametrize("slug", texts.TEXTS)
def test_both_languages_have_the_same_gaps_and_no_other_brackets(slug):
    german, english = (texts.read(slug, language).body for language in LANGUAGES)

    assert len(texts.gaps(german)) == len(texts.gaps(english))
    for body in (german, english):
        left = texts.GAP.sub("", body)
        assert re.findall(r"\[[^\]]*\](?!\()", left) == []
        assert "{{" not in re.sub(r"\{\{\w+\}\}", "", body)
    assert german.count("## ") == english.count("## ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_privacy_page_names_every_period_that_the_program_keeps_to(language):
    page = texts.read("datenschutz", language).body
    kept = tomllib.loads(PLAN.read_text(encoding="utf-8"))["personal"].values()
    periods = {
        period
        for entry in kept
        for period in re.findall(r"(\d+) (hours|days|months)", entry["until"])
    }

    assert len(periods) > 4
    for number, unit in periods:
        named = rf"{number} ({WORDS[unit]}|{unit})"
        assert re.search(named, page), f"{number} {unit}"


def test_a_gap_is_marked_on_the_page_and_harmless_whatever_stands_in_it(edition, client):
    html = str(markdown.render("[Vom Land auszufüllen: <b>Anschrift</b>] und [sonst]").html)
    assert (
        '<mark class="fk-fill-in">[Vom Land auszufüllen: &lt;b&gt;Anschrift&lt;/b&gt;]</mark>'
        in html
    )
    assert "<b>" not in html
    assert html.count("<mark") == 1

    page = client.get("/impressum/").content.decode()

    assert '<mark class="fk-fill-in">[Vom Land auszufüllen: Straße und Hausnummer]</mark>' in page


def test_what_waits_are_the_pages_with_gaps_of_this_edition(edition, client):
    organiser = make_role("organiser", edition).person
    before = {str(item.label): item for item in queries.waiting_for(organiser, edition)}
    own = Page.objects.get(edition=None, slug="impressum")
    Page.objects.create(edition=edition, slug="impressum", title_de=own.title_de, body_de="Land.")

    after = {str(item.label): item for item in queries.waiting_for(organiser, edition)}

    label = "Seiten, die das Land noch ausfüllt"
    assert before[label].count - after[label].count == 1
    client.force_login(organiser)
    listed = client.get(after[label].url).content.decode()
    assert "Überwachungsstelle des Landes" in listed
    assert "Straße und Hausnummer" not in listed


def test_an_organiser_begins_the_own_text_once(edition, client):
    organiser = make_role("organiser", edition).person
    client.force_login(organiser)
    address = reverse("texts", kwargs={"edition": edition.slug})

    for _again in range(2):
        response = client.post(address, {"seite": "datenschutz"})

        own = Page.objects.get(edition=edition, slug="datenschutz")
        assert response.url == reverse("admin:congress_page_change", args=[own.pk])
        assert client.get(response.url).status_code == 200
    assert own.body_de == Page.objects.get(edition=None, slug="datenschutz").body_de
    entry = JournalEntry.objects.get(verb="page.taken_over")
    assert (entry.actor, entry.edition) == (organiser, edition)
    assert panels.name_of_act(entry.verb) == "Eigenen Text einer Seite begonnen"


def test_a_page_that_there_is_not_cannot_be_begun(edition, client):
    client.force_login(make_role("organiser", edition).person)

    response = client.post(
        reverse("texts", kwargs={"edition": edition.slug}), {"seite": "gibt-es-nicht"}
    )

    assert response.status_code == 404
    assert not Page.objects.filter(edition=edition).exists()
