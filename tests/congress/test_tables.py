"""Tables people bring: what Excel makes of them is read, what is wrong is said with its line, bombs do not go off."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest
from django.utils import translation

from congress import outputs, tables


@pytest.fixture(autouse=True)
def german():
    with translation.override("de"):
        yield


def read(content, **options):
    if isinstance(content, str):
        content = content.encode()
    return tables.read(content, **{"required": ["email"], "known": ["name"], **options})


def workbook(*rows, hidden_first=False):
    book = openpyxl.Workbook()
    if hidden_first:
        book.active.append(["nothing"])
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("Zwei")
    else:
        sheet = book.active
    for row in rows:
        sheet.append(row)
    return saved(book)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts.items():
            bundle.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def changed(content, member, old, new):
    """The workbook with other bytes in one of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, part.replace(old, new) if name == member else part)
    return file.getvalue()


def why(content, **options):
    with pytest.raises(tables.NotReadable) as refusal:
        read(content, **options)
    return str(refusal.value)


# --- CSV ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_people_save_is_read(encoding, delimiter, end):
    text = end.join([f"Name{delimiter}E-Mail ", f"Weiß{delimiter} a@b.example", ""])

    table = read(text.encode(encoding), aliases={"e-mail": "email"})

    assert table.columns == ["name", "email"]
    assert [(row.line, row["name"], row["email"]) for row in table.rows] == [
        (2, "Weiß", "a@b.example")
    ]


def test_the_line_for_excel_alone_is_no_heading():
    table = read('sep=;\nemail;name\na@b.example;"zwei\nZeilen"\nc@d.example;C\n')

    assert [(row.line, row["name"]) for row in table.rows] == [(3, "zwei\nZeilen"), (5, "C")]


def test_columns_nobody_asked_for_are_named_and_not_used():
    table = read("email,is_staff,edition_id\na@b.example,1,7\n")

    assert table.unknown_columns == ["is_staff", "edition_id"]
    assert table.rows[0].values == {"email": "a@b.example"}


def test_a_row_of_another_length_is_told_with_its_line_and_the_others_are_read():
    table = read("email,name\n\na@b.example\nb@b.example,B\nc@b.example,C,D\n")

    assert [row["email"] for row in table.rows] == ["b@b.example"]
    assert [(row.line, row.why) for row in table.bad_rows] == [
        (3, "1 Spalten, wo 2 hingehören"),
        (5, "3 Spalten, wo 2 hingehören"),
    ]


def test_what_our_own_tables_hold_comes_back():
    texts = ["=1+1", "-x", "'t Hooft", "@a", 'Amt;"mit";Semikolon']
    content = outputs.safe_csv(["email", "name"], [["a@b.example", text] for text in texts])

    assert [row["name"] for row in read(content).rows] == texts


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Die Datei ist leer."),
        (b" \n\n", "Die Datei ist leer."),
        (b"name\nx\n", "In der Datei fehlt die Spalte email."),
        (b"email,E-Mail\nx,y\n", "Eine Spalte kommt doppelt vor: email"),
        (b"email,name\na,b\0c\n", "Die Datei enthält Binärdaten, keine Tabelle."),
        (
            b'email,name\na,b\nc,"d\ne,f\n',
            "Zeile 3 ist nicht lesbar: Ein Anführungszeichen wird nicht geschlossen.",
        ),
        (
            b'email,name\na,"b"c\n',
            "Zeile 2 ist nicht lesbar: Ein Anführungszeichen steht, wo keines hingehört.",
        ),
        (
            b"email,name\na," + b"x" * 200_000,
            "Zeile 2 ist nicht lesbar: Eine Zelle ist viel zu lang.",
        ),
        (b"email,name\n\x81,b\n", "Die Datei ist weder in UTF-8 noch in Windows-1252 geschrieben."),
        (b"email" + b",x" * 200, "Die Datei hat mehr als 100 Spalten."),
        (b"email\n" + b"a\n" * 5, "Die Datei hat mehr als 4 Zeilen. Bitte teilen Sie sie."),
        (
            b"%PDF-1.4",
            "Das ist keine Tabelle, die wir lesen können. Bitte speichern Sie sie als XLSX oder CSV.",
        ),
        (
            b"email\n" + b"a@b.example\n" * 1_000_000,
            "Die Datei ist größer als 10 Megabyte. Bitte teilen Sie sie.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_trusted_as_a_whole_is_refused_in_one_sentence(content, reason):
    assert why(content, aliases={"e-mail": "email"}, most_rows=4) == reason


# --- XLSX ---------------------------------------------------------------------------------------------


def test_the_first_sheet_one_can_see_is_read():
    content = workbook(
        ["E-Mail", None, "Name"],
        ["a@b.example", None, 7.0],
        [],
        ["c@d.example", None, date(2021, 3, 18)],
        ["e@f.example"],
        hidden_first=True,
    )

    table = read(content, aliases={"e-mail": "email"})

    assert [(row.line, row["email"], row["name"]) for row in table.rows] == [
        (2, "a@b.example", "7"),
        (4, "c@d.example", "2021-03-18"),
        (5, "e@f.example", ""),
    ]


def test_a_formula_is_what_is_wrong_with_its_row():
    table = read(
        workbook(
            ["email", "name"],
            ["a@b.example", "=1+1"],
            ["b@b.example", "#N/A"],
            ["c@b.example", "C"],
        )
    )

    assert [row["email"] for row in table.rows] == ["c@b.example"]
    assert [(row.line, row.why) for row in table.bad_rows] == [
        (2, "Spalte B enthält eine Formel. Bitte fügen Sie sie als Wert ein."),
        (3, "Spalte B enthält einen Fehlerwert."),
    ]


def test_text_that_looks_like_a_formula_comes_back_from_our_own_workbooks():
    content = outputs.safe_xlsx(["email", "name"], [["a@b.example", "=1+1"]], title="T")

    assert read(content).rows[0]["name"] == "=1+1"


def test_a_cell_beyond_the_headings_is_told():
    table = read(workbook(["email", "name"], ["a@b.example", "A", None, "?"]))

    assert [row.why for row in table.bad_rows] == ["4 Spalten, wo 2 hingehören"]


def test_a_sheet_that_lies_about_its_size_is_read_as_it_is():
    member = "xl/worksheets/sheet1.xml"
    content = changed(workbook(["email"], ["a@b.example"]), member, b'"A1:A2"', b'"A1:XFD1048576"')

    assert [row["email"] for row in read(content).rows] == ["a@b.example"]


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha">]><worksheet>&a;</worksheet>'
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive(**{"xl__vbaProject.bin": b"\xd0\xcf"}), "Makros"),
        (archive(**{"x.xml": b"\0" * 90_000_000}), "beim Entpacken viel größer"),
        (archive(**{f"x{number}": b"" for number in range(600)}), "beim Entpacken viel größer"),
        (archive(**{"x.xml": LAUGHS}), "was keine Tabelle braucht"),
        (archive(**{"x.xml": LAUGHS.decode().encode("utf-16")}), "was keine Tabelle braucht"),
        (archive(**{"x.xml": b" " * ((1 << 20) - 4) + LAUGHS}), "was keine Tabelle braucht"),
        (archive(), "nicht lesbar"),
        (
            archive(
                **{SHEET: '<worksheet><dimension ref="A1:XFD1048576"/><sheetData/></worksheet>'}
            ),
            "nicht lesbar",
        ),
        (b"PK\x03\x04" + b"\0" * 40, "nicht lesbar"),
        (workbook(["email"], ["a"])[:-200], "nicht lesbar"),
        (changed(workbook(["email"], ["a"]), SHEET, b"<row", b"<row><"), "nicht lesbar"),
        (workbook(), "leer"),
        (workbook(["=1", "email"]), "Überschriften"),
        (b"\xd0\xcf\x11\xe0", "keine Tabelle, die wir lesen können"),
    ],
)
def test_workbooks_that_cannot_be_trusted_are_refused(content, said):
    assert said in why(content)


def test_a_workbook_that_is_another_kind_of_archive_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        bundle.writestr("../../x", "x")

    assert "keine Tabelle, die wir lesen können" in why(file.getvalue())


def test_the_limit_of_rows_holds_for_workbooks():
    assert "mehr als 2 Zeilen" in why(workbook(["email"], ["a"], ["b"], ["c"]), most_rows=2)
