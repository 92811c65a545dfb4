"""Whatever a name holds: no spreadsheet runs it, no export breaks on it, no header or calendar is split by it."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from congress import outputs
from tests.data.bad_inputs_values import materialise

DATA = Path(__file__).parent.parent / "data"


def texts():
    """Every text of the bad inputs, whatever field it was meant for; and what spreadsheets are afraid of."""
    for file in sorted(DATA.glob("*_bad_inputs.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            value = materialise(entry["value"])
            if isinstance(value, str):
                yield value
    yield from (
        *("=1+1", "+49 351 5640", "-1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1"),
        *("#N/A", "#REF!", "_x001B_", "a\x1b[31mb", "\ud800", "\ufffe\uffff", "x" * 40_000),
        *("Amt;“mit”;Semikolon", 'Amt;"mit";Semikolon', "zwei\nZeilen", "zwei\r\nZeilen", "01067"),
    )


TEXTS = sorted(set(texts()))


def read_xlsx(content):
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return sheet, [list(row) for row in sheet.iter_rows()]


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_no_text_becomes_a_formula_of_a_workbook():
    content = outputs.safe_xlsx(["Text"], [[text] for text in TEXTS], title="Alles")

    _sheet, rows = read_xlsx(content)
    assert len(rows) == len(TEXTS) + 1
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}


def test_what_can_be_written_comes_back_from_a_workbook_as_it_was():
    kept = [
        "=1+1",
        "+49 351 5640",
        "#N/A",
        "01067",
        "zwei\nZeilen",
        "<b>O’Neil</b> Ø ß 🎉",
    ]

    _sheet, rows = read_xlsx(outputs.safe_xlsx(["Text"], [[text] for text in kept], title="T"))

    assert [row[0].value for row in rows[1:]] == kept


def test_what_excel_would_read_as_an_escape_stays_text():
    """ECMA-376, ST_Xstring: `_x001B_` in a file is a control; `_x005F_` is the underscore before it."""
    _sheet, rows = read_xlsx(outputs.safe_xlsx(["T"], [["a_x001B_b"]], title="T"))

    assert rows[1][0].value == "a_x005F_x001B_b"


def test_what_no_workbook_can_hold_is_left_out_and_breaks_nothing():
    _sheet, rows = read_xlsx(
        outputs.safe_xlsx(["a\x1bb"], [["a\x1b[31mb"], ["\ud800x"], ["y\uffff"]], title="T")
    )

    assert [row[0].value for row in rows] == ["ab", "a[31mb", "x", "y"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\x1b=1", "＝1"])
def test_text_that_begins_like_a_formula_gets_an_apostrophe_in_a_table(text):
    content = outputs.safe_csv(["Text"], [[text]])

    assert read_csv(content)[1][0].startswith("'")


def test_no_text_of_a_table_begins_like_a_formula():
    rows = read_csv(outputs.safe_csv(["Text"], [[text] for text in TEXTS]))

    assert len(rows) == len(TEXTS) + 1
    assert not [row for row in rows if row and row[0].startswith(outputs.FORMULA_STARTS)]


def test_a_table_opens_in_german_excel():
    rows = [['Amt;"mit";Semikolon', 1, 2.5, Decimal("0.1"), -3, None]]
    rows.append(
        ["zwei\r\nZeilen", date(2021, 3, 18), datetime(2021, 3, 18, 9, tzinfo=UTC), True, "", False]
    )

    with translation.override("de"):
        content = outputs.safe_csv(["Ä", "b", "c", "d", "e", "f"], rows)

    assert content.startswith(b"\xef\xbb\xbf")
    assert read_csv(content) == [
        ["Ä", "b", "c", "d", "e", "f"],
        ['Amt;"mit";Semikolon', "1", "2,5", "0,1", "-3", ""],
        ["zwei\nZeilen", "18.03.2021", "18.03.2021 10:00", "ja", "", "nein"],
    ]


def test_a_workbook_shows_local_time_and_keeps_its_header_in_sight():
    moment = datetime(2021, 3, 18, 9, 0, 7, 123, tzinfo=UTC)

    with translation.override("de"):
        content = outputs.safe_xlsx(
            ["Wann", "Ja?"], [[moment, True]], title="A/B: [C]*?'" + "x" * 40
        )

    sheet, rows = read_xlsx(content)
    assert [cell.value for cell in rows[1]] == [datetime(2021, 3, 18, 10, 0, 7), "ja"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, rows[0][0].font.bold) == (
        "A2",
        "A1:B2",
        True,
    )
    assert len(sheet.title) <= 31


def test_an_empty_list_is_a_workbook_too():
    sheet, rows = read_xlsx(outputs.safe_xlsx(["Name"], [], title=""))

    assert ([cell.value for cell in rows[0]], sheet.auto_filter.ref) == (["Name"], "A1:A1")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_at_all_can_be_written(row):
    _sheet, rows = read_xlsx(outputs.safe_xlsx(row, [row], title=row[0]))

    assert {cell.data_type for cell in rows[0] + rows[1] if cell.value is not None} <= {"s"}
    assert len(read_csv(outputs.safe_csv(row, [row]))) in (1, 2)


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_splits_a_header_a_calendar_or_a_name_of_a_file(text):
    event = Event()
    event.add("summary", outputs.ics_text(text))
    calendar = Calendar()
    calendar.add_component(event)

    again = Calendar.from_ical(calendar.to_ical()).walk("VEVENT")[0]

    assert set(again) == {"SUMMARY"}
    assert not [letter for letter in outputs.header_text(text) if ord(letter) < 32]
    name = outputs.filename(text, ending="xlsx")
    assert name.removesuffix(".xlsx").replace("-", "").isalnum()
    assert name.isascii()
    assert len(name) <= 90


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("Anmeldungen", "2021"), "Anmeldungen-2021.csv"),
        (
            ("Prüfung in Köln & Größe", date(2021, 3, 18)),
            "Pruefung-in-Koeln-Groesse-2021-03-18.csv",
        ),
        (("../../etc/passwd",), "etc-passwd.csv"),
        (("\r\nSet-Cookie: a=b",), "Set-Cookie-a-b.csv"),
        (("…",), "datei.csv"),
        (("CON",), "datei-CON.csv"),
    ],
)
def test_names_of_files(parts, name):
    assert outputs.filename(*parts, ending="csv") == name


def test_a_file_is_kept_and_never_guessed_at():
    response = outputs.attachment(b"x", "a.csv", outputs.CSV)

    assert response["Content-Disposition"] == 'attachment; filename="a.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"


BIG = """
import os, resource, time
os.environ["DJANGO_SETTINGS_MODULE"] = "congress.settings"
import django; django.setup()
from congress import outputs
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
rows = (["Kim Beispiel %d" % n, "=1+1", "Stadt Musterhausen", n] * 5 for n in range(10_000))
size = len(outputs.safe_xlsx(["a"] * 20, rows, title="T"))
print(time.process_time() - started, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, size)
"""


@pytest.mark.slow
def test_ten_thousand_rows_of_twenty_columns_stay_small():
    """Memory is what a server runs out of; the time is printed, in seconds of the processor."""
    done = subprocess.run([sys.executable, "-c", BIG], capture_output=True, text=True, check=True)

    seconds, megabytes, size = map(float, done.stdout.split())
    print(f"{seconds:.1f} s, {megabytes:.0f} MB more, a file of {size / 1000:.0f} kB")
    assert megabytes < 150
