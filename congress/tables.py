"""Tables that people bring, CSV or XLSX, read without trusting them (the way out is `congress.outputs`).

What is wrong with the file as a whole is one sentence; what is wrong with a row is told with its line.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook  # noqa: TID251  # the one place that reads workbooks
from openpyxl.utils.exceptions import InvalidFileException  # noqa: TID251

from congress.errors import Refused
from congress.outputs import FORMULA_STARTS

MOST_BYTES = 10_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 100
# What a workbook of that many rows may unpack to; a bomb unpacks to gigabytes.
_MOST_UNPACKED = 80_000_000
_MOST_PARTS = 500
_MOST_LINES = 1_048_576  # as many as a sheet has; empty ones cost little, but not nothing
_ENCODINGS = ("utf-8-sig", "cp1252")
_DOCTYPE = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_PIECE = 1 << 20


class NotReadable(Refused):
    """The file as a whole cannot be used."""


@dataclass(frozen=True)
class Row:
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """What stands there, without blanks around it; "" for a column the table does not have."""
        return self.values.get(column, "")


@dataclass(frozen=True)
class BadRow:
    line: int
    values: dict[str, str]
    why: str


@dataclass
class Table:
    columns: list[str]
    rows: list[Row] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)


def read(
    content: bytes,
    *,
    required: Iterable[str],
    known: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
    most_rows: int = MOST_ROWS,
) -> Table:
    """The rows of a table by the names of its columns (small letters), whatever Excel made of the file.

    `aliases` says what a heading is called with us ({"e-mail": "email"}). Columns that are neither required nor
    known are named, not used. Raises `NotReadable`.
    """
    if not content.strip():
        raise NotReadable(_("The file is empty."))
    if len(content) > MOST_BYTES:
        raise NotReadable(too_large())
    if content.startswith(b"PK\x03\x04"):
        lines = _lines_of_workbook(content)
    elif content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"{\\rtf", b"<html")):
        raise NotReadable(_("This is no table we can read. Please save it as XLSX or CSV."))
    else:
        lines = _lines_of_csv(content)
    return _by_name(lines, set(required), set(known), aliases or {}, most_rows)


def too_large() -> str:
    """For doors that look at the size before they read."""
    return _("The file is larger than %d megabytes. Please split it.") % (MOST_BYTES // 1_000_000)


Line = tuple[int, list[str], str]  # number, cells, what is wrong with it


def _by_name(
    lines: Iterator[Line],
    required: set[str],
    known: set[str],
    aliases: Mapping[str, str],
    most_rows: int,
) -> Table:
    names = [_name(heading, aliases) for heading in _heading(lines)]
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise NotReadable(_("A column is there twice: %s") % ", ".join(twice))
    if missing := sorted(required - set(names)):
        raise NotReadable(_("The file lacks the column %s.") % ", ".join(missing))
    used = required | known
    table = Table(columns=[name for name in names if name in used])
    table.unknown_columns = [name for name in names if name and name not in used]
    for count, (number, cells, wrong) in enumerate(lines, start=1):
        if count > most_rows:
            raise NotReadable(_("The file has more than %d rows. Please split it.") % most_rows)
        values = {
            name: cell.strip() for name, cell in zip(names, cells, strict=False) if name in used
        }
        if len(cells) != len(names) and not wrong:
            wrong = _("%(found)d columns where %(wanted)d belong") % {
                "found": len(cells),
                "wanted": len(names),
            }
        if wrong:
            table.bad_rows.append(BadRow(number, values, wrong))
        else:
            table.rows.append(Row(number, values))
    return table


def _heading(lines: Iterator[Line]) -> list[str]:
    for _number, cells, wrong in lines:
        if wrong:
            raise NotReadable(_("The headings cannot be read: %s") % wrong)
        if len(cells) > MOST_COLUMNS:
            raise NotReadable(_("The file has more than %d columns.") % MOST_COLUMNS)
        return cells
    raise NotReadable(_("The file is empty."))


def _name(heading: str, aliases: Mapping[str, str]) -> str:
    name = heading.strip().casefold()
    return aliases.get(name, name)


# --- CSV ----------------------------------------------------------------------------------------------


def _lines_of_csv(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    if "\0" in text:
        raise NotReadable(_("The file holds binary data, no table."))
    skipped = 0
    if text[:4].casefold() == "sep=":  # a line for Excel alone
        text, skipped = text.partition("\n")[2], 1
    header = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True
    )
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start + skipped, [_without_apostrophe(cell) for cell in cells], ""
            start = reader.line_num + 1
    except csv.Error as error:
        raise NotReadable(
            _("Line %(line)d cannot be read: %(why)s")
            % {"line": start + skipped, "why": _reason(error)}
        ) from error


def _decoded(content: bytes) -> str:
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf_16 else _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotReadable(_("The file is neither UTF-8 nor Windows-1252."))


def _reason(error: csv.Error) -> str:
    """What the library says in English only, in words of ours."""
    said = str(error)
    if "field larger" in said:
        return _("a cell is far too long")
    if "unexpected end" in said:
        return _("a quotation mark is never closed")
    if "expected after" in said:
        return _("a quotation mark stands where none belongs")
    return said


def _without_apostrophe(cell: str) -> str:
    """Our own tables put one before what begins like a formula (`outputs.safe_csv`)."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


# --- XLSX ---------------------------------------------------------------------------------------------


def _lines_of_workbook(content: bytes) -> Iterator[Line]:
    """The first sheet that can be seen. Nothing is calculated: a formula is what is wrong with its row."""
    _insist_on_a_harmless_workbook(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet: Any = next(
            sheet for sheet in book.worksheets if getattr(sheet, "sheet_state", "") == "visible"
        )
        sheet.reset_dimensions()  # what the file says about its own size need not be true
        width = 0
        for cells in islice(sheet.iter_rows(max_col=MOST_COLUMNS + 1), _MOST_LINES):
            line = _line(cells, width)
            if line is not None:
                width = width or len(line[1])
                yield line
    except NotReadable:
        raise
    except (
        *(
            ArithmeticError,
            AttributeError,
            LookupError,
            OSError,
            RuntimeError,
            TypeError,
            ValueError,
        ),
        *(InvalidFileException, ParseError, StopIteration, zipfile.BadZipFile),
    ) as error:  # what the library raises at broken files is no promise of it
        raise NotReadable(
            _("The workbook cannot be read. Please save it again, or as CSV.")
        ) from error


def _line(cells: Iterable[Any], width: int) -> Line | None:
    texts: list[str] = []
    number, wrong = 0, ""
    for cell in cells:
        kind = getattr(cell, "data_type", "n")
        number = number or getattr(cell, "row", 0)
        if kind in ("f", "e") and not wrong:
            wrong = (
                _("column %s holds a formula; please paste it as a value")
                if kind == "f"
                else _("column %s holds an error value")
            ) % cell.column_letter
        texts.append(_text(cell.value))
    while len(texts) > width and not texts[-1].strip():
        texts.pop()
    if not any(text.strip() for text in texts):
        return None
    return number, texts + [""] * (width - len(texts)), wrong


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, (datetime, date)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


def _insist_on_a_harmless_workbook(content: bytes) -> None:
    """Before anything is unpacked: no macros, no bomb, no document type (which can multiply itself)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if any("vbaproject" in name.casefold() for name in names):
                raise NotReadable(
                    _(
                        "The workbook holds macros. Please save it as XLSX without macros, or as CSV."
                    )
                )
            if "[Content_Types].xml" not in names:
                raise NotReadable(_("This is no table we can read. Please save it as XLSX or CSV."))
            # zipfile never unpacks more of a part than it says here.
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise NotReadable(_("The workbook unpacks to far more than a table needs."))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _declares_a_type(archive, part):
                    raise NotReadable(_("The workbook holds what no table needs."))
    except (
        *(NotImplementedError, OSError, RuntimeError, ValueError, EOFError),
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
    ) as error:
        raise NotReadable(
            _("The workbook cannot be read. Please save it again, or as CSV.")
        ) from error


def _declares_a_type(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    tail = b""
    with archive.open(part) as file:
        while piece := file.read(_PIECE):
            if any(mark in tail + piece for mark in _DOCTYPE):
                return True
            tail = piece[-len(_DOCTYPE[1]) :]
    return False
