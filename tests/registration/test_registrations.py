"""The list of everybody who has registered, what leaves the house of it, and what ten thousand of them cost."""

import csv
import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congress.models import JournalEntry
from registration.models import Registration
from tests.factories import make_edition, make_role
from tests.registration.crowd import crowd_of
from tests.registration.making import OPEN, make_registration

pytestmark = pytest.mark.django_db
LIST = "/2021/orga/anmeldungen/"
FILE = f"{LIST}tabelle/"


@pytest.fixture
def organiser(client, edition):
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")
    return client


@pytest.fixture
def three(edition, rules):
    """One admitted, one in review, one who has not confirmed the address."""
    make_registration(edition, state="admitted", last_name="Albers")
    make_registration(
        edition, state="in_review", last_name="Müller", email="m@amt-unbekannt.example"
    )
    make_registration(edition, last_name="Timm", email="t@stadt-musterhausen.example")


def names(response):
    return [row.last_name for row, *_more in response.context["lines"]]


def test_everybody_is_listed_the_newest_first(organiser, three):
    response = organiser.get(LIST)

    assert names(response) == ["Timm", "Müller", "Albers"]
    assert [(count, label) for label, count, *_more in response.context["search"].chips()] == [
        (3, "alle"),
        (1, "Adresse nicht bestätigt"),
        (1, "in Prüfung"),
        (1, "zugelassen"),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stand=admitted", ["Albers"]),
        ("stand=nonsense", ["Timm", "Müller", "Albers"]),
        ("suche=mueller", ["Müller"]),
        ("suche=amt-unbekannt", ["Müller"]),
        ("ebene=kommune", ["Albers"]),
        ("land=-", ["Timm", "Müller", "Albers"]),
        ("land=SN", []),
        ("regel=ungeprueft", ["Albers"]),
        ("suche=Niemand", []),
    ],
)
def test_the_list_is_narrowed(organiser, three, query, found):
    assert names(organiser.get(f"{LIST}?{query}")) == found


def test_each_row_leads_to_where_the_case_is_dealt_with(organiser, three):
    lines = organiser.get(LIST).context["lines"]

    assert all(organiser.get(way_on).status_code == 200 for _row, _look, way_on in lines)
    assert "/orga/pruefung/" in lines[1][2]
    assert "/orga/hilfe/person-" in lines[2][2]


def test_nobody_of_another_edition_is_listed(organiser, three):
    make_registration(make_edition(at=OPEN, format="virtual"), last_name="Fremd")

    assert "Fremd" not in names(organiser.get(LIST))
    assert "Fremd" not in organiser.post(FILE, {"format": "csv"}).content.decode("utf-8-sig")


def test_the_table_holds_what_was_filtered_and_the_journal_says_so(organiser, edition, three):
    response = organiser.post(FILE, {"format": "csv", "stand": "in_review"})

    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert response.content.startswith(b"\xef\xbb\xbf")
    assert rows[0][:4] == ["Nachname", "Vorname", "Titel", "Behörde oder Einrichtung"]
    assert [row[0] for row in rows[1:]] == ["Müller"]
    assert "in Prüfung" in rows[1]
    entry = JournalEntry.objects.get(verb="registration.listed")
    assert (entry.edition, entry.details["count"]) == (edition, 1)


def test_no_name_becomes_a_formula(organiser, edition, rules):
    make_registration(edition, last_name='=HYPERLINK("http://evil.test","x")', first_name="@SUM(1)")

    table = organiser.post(FILE, {"format": "csv"}).content.decode("utf-8-sig")
    book = openpyxl.load_workbook(
        io.BytesIO(organiser.post(FILE, {"format": "xlsx"}).content)
    ).active

    assert "\"'=HYPERLINK" in table
    assert "'@SUM(1)" in table
    assert {cell.data_type for cell in book[2] if cell.value is not None} <= {"s", "d"}
    assert book["A2"].value.startswith("=HYPERLINK")


@pytest.mark.parametrize("given", ["", "pdf", "html"])
def test_there_are_two_formats(organiser, three, given):
    assert organiser.post(FILE, {"format": given}).status_code == 400


def test_an_empty_list_says_so(organiser):
    assert "Noch hat sich niemand angemeldet" in organiser.get(LIST).content.decode()


# --- Ten and ten thousand ---------------------------------------------------------------------------------

PAGES = {
    "list": LIST,
    "list, narrowed": f"{LIST}?suche=crowd&stand=in_review",
    "check as a table": "/2021/orga/pruefung/tabelle/",
    "one case": "/2021/orga/pruefung/{case}/",
    "registry": "/2021/orga/adressen/",
    "badges": "/2021/orga/ausweise/",
    "who is here": "/2021/orga/einlass/anwesend/",
    "organisers' home": "/2021/orga/",
}


def costs(client, case):
    """What each page and each table takes, in queries."""
    found = {}
    for name, address in PAGES.items():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address.format(case=case.pk)).status_code == 200, name
        found[name] = len(queries)
    with CaptureQueriesContext(connection) as queries:
        assert client.post(FILE, {"format": "csv"}).status_code == 200  # XLSX has the same rows
    found["table"] = len(queries)
    return found


def test_pages_and_tables_take_the_same_queries_for_ten_and_for_ten_thousand(
    organiser, edition, rules
):
    crowd_of(edition, "admitted", 1, 5)
    case = crowd_of(edition, "in_review", 6, 10)
    organiser.get(PAGES["one case"].format(case=case.pk))  # opened once, it is held
    few = costs(organiser, case)

    crowd_of(edition, "admitted", 11, 5_000)
    crowd_of(edition, "in_review", 5_001, 10_000)
    many = costs(organiser, case)

    assert Registration.objects.filter(edition=edition).count() > 9_990
    assert many == few
