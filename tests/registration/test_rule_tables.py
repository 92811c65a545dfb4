"""Tables in and out: nothing is written before somebody has looked, and then exactly what was looked at."""

import csv
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from congress import retention
from congress.models import JournalEntry
from registration import actions, registry
from registration.models import DomainRule, RuleTable
from tests.factories import make_role, make_state
from tests.registration.making import make_rule

pytestmark = pytest.mark.django_db
LIST = "/2021/orga/adressen/"
HEADER = "domain,match,decision,level,land,name\n"


def text(response):
    return response.content.decode()


@pytest.fixture
def person(edition):
    return make_role("organiser", edition).person


@pytest.fixture
def organiser(client, person):
    client.force_login(person, backend="congress.auth.RoleBackend")
    return client


def upload(client, content, name="domains.csv", **options):
    content = content.encode() if isinstance(content, str) else content
    return client.post(
        f"{LIST}tabelle/", {"file": SimpleUploadedFile(name, content)}, follow=True, **options
    )


def preview_of(response):
    return response.redirect_chain[-1][0]


def lines(response):
    return [
        (line.line, line.act, line.domain, line.why or changes)
        for line, _label, changes in response.context["lines"]
    ]


TABLE = HEADER + (
    "neu.example,suffix,allow,kommune,SH,Stadt Neu\n"
    "alt.example,suffix,review,kommune,,Alt\n"
    "gleich.example,suffix,allow,kommune,,Gleich\n"
    "kiel,suffix,allow,kommune,,\n"
    "ohne.example,suffix,allow,,,\n"
)


@pytest.fixture
def registry_of_two():
    make_state("SH")
    make_rule("alt.example", body="Alt", note="bleibt")
    make_rule("gleich.example", body="Gleich")


# --- Looking at it first --------------------------------------------------------------------------------


def test_a_table_is_shown_row_by_row_and_writes_nothing(organiser, registry_of_two):
    response = upload(organiser, TABLE)

    assert lines(response) == [
        (
            2,
            "added",
            "neu.example",
            [
                ("Entscheidung", "–", "sofort zulassen"),
                ("Verwaltungsebene", "–", "Kommunen"),
                ("Land", "–", "SH"),
                ("Behörde oder Einrichtung", "–", "Stadt Neu"),
            ],
        ),
        (3, "changed", "alt.example", [("Entscheidung", "sofort zulassen", "ein Mensch prüft")]),
        (4, "unchanged", "gleich.example", []),
        (
            5,
            "refused",
            "kiel",
            "Bitte geben Sie eine vollständige Domain ein, zum Beispiel stadt-musterhausen.example.",
        ),
        (6, "refused", "ohne.example", "Wer zugelassen wird, braucht eine Verwaltungsebene."),
    ]
    assert "2 Zeilen übernehmen" in text(response)
    assert DomainRule.objects.count() == 2
    assert not JournalEntry.objects.exists()


def test_what_was_looked_at_is_written(organiser, person, edition, registry_of_two):
    page = preview_of(upload(organiser, TABLE))

    response = organiser.post(page, follow=True)

    assert "2 Zeilen wurden übernommen: 1 neu, 1 geändert." in text(response)
    changed, new = (
        DomainRule.objects.get(domain="alt.example"),
        DomainRule.objects.get(domain="neu.example"),
    )
    assert (changed.decision, changed.note, changed.checked_at) == ("review", "bleibt", None)
    assert (new.decision, new.level, new.land_id, new.body) == (
        "allow",
        "kommune",
        "SH",
        "Stadt Neu",
    )
    assert [row.decision for row in changed.history.all()] == ["review", "allow"]
    assert (new.history.get().history_user, new.history.get().history_change_reason) == (
        person,
        "Tabelle domains.csv",
    )
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.edition, entry.actor) == ("rules.imported", edition, person)
    assert entry.details["rows"] == {"added": 1, "changed": 1, "unchanged": 1, "refused": 2}
    assert not RuleTable.objects.exists()


def test_whoever_has_looked_at_all_rows_says_so(organiser, person, registry_of_two):
    page = preview_of(upload(organiser, TABLE))

    organiser.post(page, {"checked": "on"})

    assert set(
        DomainRule.objects.exclude(domain="gleich.example").values_list("checked_by", flat=True)
    ) == {person.pk}


def test_a_rule_changed_meanwhile_is_named_and_nothing_is_written(organiser, registry_of_two):
    page = preview_of(upload(organiser, TABLE))
    DomainRule.objects.filter(domain="alt.example").update(body="Anders")

    response = organiser.post(page, follow=True)

    assert "Es wurde nichts geschrieben" in text(response)
    assert "suffix:alt.example" in text(response)
    assert not DomainRule.objects.filter(domain="neu.example").exists()
    assert ("Behörde oder Einrichtung", "Anders", "Alt") in lines(response)[1][3]
    organiser.post(page)
    assert DomainRule.objects.get(domain="alt.example").body == "Alt"


def test_a_rule_added_meanwhile_is_named_and_nothing_is_written(organiser, registry_of_two):
    page = preview_of(upload(organiser, TABLE))
    make_rule("neu.example", body="Andere Stadt")

    response = organiser.post(page, follow=True)

    assert "suffix:neu.example" in text(response)
    assert DomainRule.objects.get(domain="alt.example").decision == "allow"
    assert DomainRule.objects.get(domain="neu.example").body == "Andere Stadt"


def test_a_rule_removed_meanwhile_is_named_and_nothing_is_written(organiser, registry_of_two):
    page = preview_of(upload(organiser, TABLE))
    DomainRule.objects.filter(domain="alt.example").delete()

    assert "suffix:alt.example" in text(organiser.post(page, follow=True))

    assert not DomainRule.objects.filter(domain__in=["alt.example", "neu.example"]).exists()


def test_sent_twice_it_is_written_once(organiser, registry_of_two):
    page = preview_of(upload(organiser, TABLE))
    organiser.post(page)

    response = organiser.post(page, follow=True)

    assert "Diese Tabelle ist schon übernommen" in text(response)
    assert JournalEntry.objects.count() == 1
    assert organiser.get(page).status_code == 404


def test_nobody_else_sees_or_writes_it(organiser, edition, registry_of_two):
    page = preview_of(upload(organiser, TABLE))
    other = Client()
    other.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")

    assert other.get(page).status_code == 404
    other.post(page)

    assert DomainRule.objects.count() == 2


def test_columns_the_table_lacks_stay_as_they_are(organiser, registry_of_two):
    page = preview_of(upload(organiser, "domain,match,decision\nalt.example,suffix,review\n"))

    organiser.post(page)

    rule = DomainRule.objects.get(domain="alt.example")
    assert (rule.decision, rule.body, rule.level, rule.note) == (
        "review",
        "Alt",
        "kommune",
        "bleibt",
    )


def test_the_rows_can_be_narrowed_and_turned_over(organiser, registry_of_two):
    many = HEADER + "".join(f"a{number}.example,suffix,deny,,,\n" for number in range(150))
    page = preview_of(upload(organiser, many + "kiel,suffix,deny,,,\n"))

    assert len(lines(organiser.get(page))) == 100
    assert len(lines(organiser.get(page, {"seite": 2}))) == 51
    assert [line[0] for line in lines(organiser.get(page, {"stand": "refused"}))] == [152]


def test_a_table_nobody_wrote_is_forgotten_after_a_day(organiser, registry_of_two):
    page = preview_of(upload(organiser, TABLE))
    retention.erase_due()
    assert organiser.get(page).status_code == 200
    RuleTable.objects.update(uploaded_at="2021-01-01T00:00Z")

    retention.erase_due()

    assert organiser.get(page).status_code == 404


# --- Bad files ------------------------------------------------------------------------------------------


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_german_excel_saves_is_read(organiser, encoding):
    content = "domain;match;decision;level;name\nmölsheim.de;suffix;allow;kommune;Mölsheim\n"

    response = upload(organiser, content.encode(encoding))

    assert [line[:3] for line in lines(response)] == [(2, "added", "xn--mlsheim-90a.de")]


def test_a_workbook_is_read_and_its_formulas_are_not(organiser):
    content = workbook(
        ["domain", "match", "decision", "bodies"],
        ["kiel.de", "suffix", "deny", 7.0],
        ["luebeck.de", "suffix", '="deny"', 1],
    )

    response = upload(organiser, content, "domains.xlsx")

    assert [line[:3] for line in lines(response)] == [
        (2, "added", "kiel.de"),
        (3, "refused", "luebeck.de"),
    ]
    assert "Spalte C enthält eine Formel" in text(response)


def test_columns_that_are_not_ours_are_named_and_not_used(organiser):
    response = upload(
        organiser, "domain,match,decision,is_staff,checked_at\na.example,suffix,deny,1,x\n"
    )

    assert "Nicht verwendete Spalten: is_staff, checked_at" in text(response)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "Die Datei ist leer."),
        ("a.csv", b"domain,match\na,b\n", "fehlt die Spalte decision"),
        ("a.csv", b"domain,match,decision,Match\na,b,c,d\n", "doppelt vor: match"),
        ("a.csv", b"domain,match,decision\nx,y,\0\n", "Binärdaten"),
        ("a.csv", b"domain,match,decision\n\x81,y,z\n", "weder in UTF-8 noch"),
        ("a.csv", b'domain,match,decision\n"x,y,z\n', "Zeile 2 ist nicht lesbar"),
        (
            "a.csv",
            b"domain,match,decision\n" + b"a.example,suffix,deny\n" * 100_000,
            "mehr als 20000 Zeilen",
        ),
        (
            "a.csv",
            b"domain,match,decision\n" + b"a.example,suffix,deny\n" * 500_000,
            "größer als 10 Megabyte",
        ),
        ("a.xlsx", b"PK\x03\x04nonsense", "nicht lesbar"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "keine Tabelle, die wir lesen können"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(organiser, name, content, says):
    page = text(upload(organiser, content, name))

    assert says in page
    assert not RuleTable.objects.exists()
    assert not DomainRule.objects.exists()


def test_without_a_file_one_is_asked_for(organiser):
    assert "Bitte wählen Sie eine Datei." in text(organiser.post(f"{LIST}tabelle/"))


# --- The command does the same ----------------------------------------------------------------------------


def printed(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_only_says_it_when_asked_to(tmp_path, registry_of_two):
    file = tmp_path / "domains.csv"
    file.write_text(TABLE, encoding="utf-8")

    said = printed("import_domains", str(file), "--dry-run")

    assert said.endswith("1 added, 1 changed, 1 unchanged, 2 refused\n")
    assert DomainRule.objects.count() == 2


def test_the_command_reads_workbooks(tmp_path):
    file = tmp_path / "domains.xlsx"
    file.write_bytes(workbook(["domain", "match", "decision"], ["kiel.de", "suffix", "deny"]))

    assert "1 added" in printed("import_domains", str(file))
    assert DomainRule.history.get().history_change_reason == "import_domains domains.xlsx"


def test_the_command_says_why_a_file_is_refused(tmp_path):
    file = tmp_path / "domains.csv"
    file.write_bytes(b"domain\n")

    with pytest.raises(CommandError, match="fehlt die Spalte decision, match"):
        call_command("import_domains", str(file))


# --- Out ----------------------------------------------------------------------------------------------


def test_the_list_leaves_as_it_is_filtered_and_comes_back_unchanged(organiser, person):
    make_rule("kiel.de", land=make_state("SH"), body="=Kiel", note="-x", bodies=3)
    make_rule("luebeck.de", decision="deny")

    response = organiser.get(f"{LIST}liste.csv", {"suche": "kiel"})

    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["domain"] for row in rows] == ["kiel.de"]
    assert (rows[0]["name"], rows[0]["note"], rows[0]["land"]) == ("'=Kiel", "'-x", "SH")
    assert response["Content-Disposition"].startswith(
        'attachment; filename="adressliste-2021-03-01'
    )
    again = registry.planned(organiser.get(f"{LIST}liste.csv").content)
    assert [line.act for line in again.lines] == ["unchanged", "unchanged"]


def test_the_workbook_holds_text_and_comes_back_unchanged(organiser):
    make_rule("kiel.de", body="=1+1", ags="01002000")

    content = organiser.get(f"{LIST}liste.xlsx").content

    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).active for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert [line.act for line in registry.planned(content).lines] == ["unchanged"]


def test_files_of_ten_and_of_many_rules_take_the_same_queries(
    organiser, django_assert_max_num_queries
):
    for number in range(300):
        make_rule(f"a{number}.example")

    with django_assert_max_num_queries(8):
        assert len(organiser.get(f"{LIST}liste.csv").content.splitlines()) == 301


def test_an_import_takes_the_same_queries_for_ten_and_for_many(django_assert_max_num_queries):
    table = "domain,match,decision\n" + "".join(f"a{n}.example,suffix,deny\n" for n in range(900))

    with django_assert_max_num_queries(16):
        registry.carry_out(registry.planned(table.encode()), by=None, reason="test")

    assert DomainRule.objects.count() == 900
    assert DomainRule.history.count() == 900


def test_the_actions_say_when_a_table_is_gone(edition, person):
    table = RuleTable(edition=edition, by=person, plan={})

    with pytest.raises(actions.TableIsGone):
        actions.renew_table(table=table)
    with pytest.raises(actions.TableIsGone):
        actions.write_table(
            table=table, edition=edition, by=person, now=edition.now(), checked=False
        )
