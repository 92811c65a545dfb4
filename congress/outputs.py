"""Text on its way out of the house: tables, calendars, mail headers, names of files (the door is `congress.text`).

Whatever a name holds, no spreadsheet runs it and no export breaks on it. Nobody else writes such files.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from openpyxl import Workbook  # noqa: TID251  # the one place that writes tables
from openpyxl.cell import WriteOnlyCell  # noqa: TID251
from openpyxl.styles import Alignment, Font  # noqa: TID251
from openpyxl.utils import get_column_letter  # noqa: TID251

Cell = str | Promise | int | float | Decimal | bool | date | datetime | None

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
ICS = "text/calendar; charset=utf-8"

# What makes Excel or LibreOffice read the cell of a CSV table as a formula; the wide ones do in Japanese Excel.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# No XML can hold them (XML 1.0, 2.2); of the controls only tab and line break stay.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# openpyxl makes an escape of the text itself: _x001B_ would come back as the control.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_LONGEST_CELL = 32_767  # Excel's own limit
_ROWS_MEASURED = 200
_WIDEST_COLUMN = 60
_NOT_IN_SHEET_NAMES = re.compile(r"[\\/*?:\[\]']")


def safe_xlsx(
    header: Sequence[str | Promise], rows: Iterable[Sequence[Cell]], *, title: str
) -> bytes:
    """A workbook with one sheet: every text is text, moments are the local ones, the header stays in sight."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(_sheet_name(title))
    remaining = iter(rows)
    first = list(islice(remaining, _ROWS_MEASURED))
    for number, width in enumerate(_widths(header, first), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_heading(sheet, name) for name in header])
    count = 1
    for count, row in enumerate(chain(first, remaining), start=2):  # noqa: B007  # the number of the last row
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, len(header)))}{count}"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def safe_csv(header: Sequence[str | Promise], rows: Iterable[Sequence[Cell]]) -> bytes:
    """What German Excel opens with a double click: semicolons, a byte order mark, decimal commas.

    Text that begins like a formula gets an apostrophe before it; `congress.tables` takes it off again.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";")  # noqa: TID251  # the one place that writes tables
    for row in chain([header], rows):
        writer.writerow([_csv_cell(value) for value in row])
    return file.getvalue().encode("utf-8-sig")


def attachment(content: bytes, name: str, content_type: str) -> HttpResponse:
    """A file to keep: never shown in place, never guessed at, kept by nobody on the way."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def filename(*parts: object, ending: str) -> str:
    """A name every system can keep: ASCII letters, figures and hyphens, at most 80 before the ending."""
    plain = "-".join(_plain_name(str(part)) for part in parts)
    plain = re.sub(r"-+", "-", plain).strip("-")[:80].strip("-")
    if not plain or re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", plain.lower()):
        plain = f"datei-{plain}".strip("-")
    return f"{plain}.{ending}"


def header_text(text: str) -> str:
    """One line without controls, for mail headers (RFC 5322 ends a header at a line break)."""
    visible = "".join(
        letter if unicodedata.category(letter) not in {"Cc", "Cs", "Zl", "Zp"} else " "
        for letter in text
    )
    return " ".join(visible.split())


def ics_text(text: str) -> str:
    """Without controls, which no calendar can carry (RFC 5545, 3.3.11); the library escapes and folds the rest."""
    return "".join(
        letter
        for letter in text.replace("\r\n", "\n").replace("\r", "\n")
        if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"}
    )


# --- Cells --------------------------------------------------------------------------------------------


def _text(value: object) -> str:
    text = _UNWRITABLE.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _xlsx_cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, (str, Promise)):
        text = _ESCAPED.sub("_x005F_", _text(value))
        if text[:1] not in {"=", "#"}:
            return text
        cell: Any = WriteOnlyCell(sheet, text)
        cell.data_type = "s"  # openpyxl would make a formula or an error of it
        return cell
    if isinstance(value, datetime):
        return _local(value).replace(tzinfo=None, microsecond=0)  # Excel knows no zones
    if isinstance(value, bool):
        return _yes_or_no(value)
    return value


def _csv_cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _yes_or_no(value)
    if isinstance(value, datetime):
        return f"{_local(value):%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, (int, float, Decimal)):
        return str(value).replace(".", ",")
    given = str(value)
    text = _text(given)
    return (
        f"'{text}" if given.startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else text
    )


def _yes_or_no(value: bool) -> str:
    return _("yes") if value else _("no")


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def _heading(sheet: Any, name: str | Promise) -> Any:
    cell: Any = WriteOnlyCell(sheet, _ESCAPED.sub("_x005F_", _text(name)))
    cell.data_type = "s"
    cell.font = Font(bold=True)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    return cell


def _widths(header: Sequence[str | Promise], rows: Sequence[Sequence[Cell]]) -> Iterator[int]:
    """Wide enough for what the first rows hold."""
    for number, name in enumerate(header):
        found = [len(_shown(row[number])) for row in rows if number < len(row)]
        yield min(_WIDEST_COLUMN, max([len(str(name)), *found]) + 3)


def _shown(value: Cell) -> str:
    return f"{value:%d.%m.%Y %H:%M}" if isinstance(value, datetime) else str(value or "")


def _sheet_name(title: str) -> str:
    return _NOT_IN_SHEET_NAMES.sub(" ", header_text(title))[:31].strip() or "Tabelle"


def _plain_name(text: str) -> str:
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "o")):
        text = text.replace(letter, written).replace(letter.upper(), written)
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only)
