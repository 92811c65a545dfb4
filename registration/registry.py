"""The registry as files: what every installation starts with, and tables that people bring."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from congress.models import State
from registration.models import DomainRule
from registration.models.rules import canonical_domain

DATA = Path(__file__).with_name("data")
ROWS_AT_ONCE = 1000
MOST_ROWS = 100_000
ENCODINGS = ("utf-8-sig", "cp1252")
REQUIRED = ("domain", "match", "decision")
# Column of the file -> field of the row.
COLUMNS = {
    "name": "body",
    "level": "level",
    "land": "land_id",
    "decision": "decision",
    "kind": "kind",
    "ags": "ags",
    "bodies": "bodies",
    "source": "source",
    "note": "note",
}


class NotReadable(Exception):
    """The file as a whole cannot be used; nothing was written."""


@dataclass
class Report:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)  # line, domain, why
    unknown_columns: list[str] = field(default_factory=list)


def install() -> str:
    """What every installation starts with. Rows that people changed or deleted are left as they are."""
    existing = set(DomainRule.objects.values_list("domain", "match"))
    touched = set(DomainRule.history.values_list("domain", flat=True))
    fresh = [
        rule
        for rule in _supplied()
        if (rule.domain, rule.match) not in existing and rule.domain not in touched
    ]
    DomainRule.objects.bulk_create(fresh, batch_size=ROWS_AT_ONCE, ignore_conflicts=True)
    return f"{len(fresh)} rules about addresses added, {len(existing)} known"


def _supplied() -> Iterator[DomainRule]:
    """The rows of the files beside this module; where they come from stands in data/NOTICE.txt."""
    for row in _rows_of(DATA / "public_sector_domains.csv"):
        yield DomainRule(
            domain=row["domain"],
            match=row["match"],
            **{name: row[column] for column, name in COLUMNS.items() if name not in _NOT_TEXT},
            land_id=row["land"] or None,
            bodies=int(row["bodies"]),
        )
    for row in _rows_of(DATA / "deny_domains.csv"):
        yield DomainRule(
            domain=row["domain"],
            match=row["match"],
            decision=DomainRule.Decision.DENY,
            kind=row["reason"],
            source="curated",
            note=row["note"],
        )


_NOT_TEXT = ("land_id", "bodies")


def _rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def import_table(content: bytes) -> Report:
    """Bring the rows of a CSV table into the registry: all that are right, or none.

    Raises `NotReadable` where the table as a whole cannot be trusted.
    """
    report = Report()
    wanted = _wanted(_table(content, report), report)
    with transaction.atomic():
        existing = {
            (rule.domain, rule.match): rule
            for chunk in _chunks(list(wanted), ROWS_AT_ONCE)
            for rule in DomainRule.objects.filter(domain__in=[domain for domain, _m in chunk])
        }
        fresh, changed = [], []
        for key, values in wanted.items():
            rule = existing.get(key)
            if rule is None:
                fresh.append(DomainRule(domain=key[0], match=key[1], **values))
            elif any(getattr(rule, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(rule, name, value)
                rule.checked_at = rule.checked_by = None  # nobody has looked at it as it is now
                changed.append(rule)
            else:
                report.unchanged += 1
        fields = [*COLUMNS.values(), "checked_at", "checked_by_id"]
        added = DomainRule.objects.bulk_create(fresh, batch_size=ROWS_AT_ONCE)
        DomainRule.objects.bulk_create(
            changed,
            batch_size=ROWS_AT_ONCE,
            update_conflicts=True,
            unique_fields=["domain", "match"],
            update_fields=[name.removesuffix("_id") for name in fields],
        )
        for rules, update in ((added, False), (changed, True)):
            for chunk in _chunks(rules, ROWS_AT_ONCE):
                DomainRule.history.bulk_history_create(
                    chunk, batch_size=ROWS_AT_ONCE, update=update
                )
    report.added, report.changed = len(fresh), len(changed)
    return report


def _table(content: bytes, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and columns of each row, whatever German Excel made of the file."""
    text = _decoded(content)
    if "\0" in text:
        raise NotReadable(_("The file holds binary data, no table."))
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        if twice := {name for name in names if name and names.count(name) > 1}:
            raise NotReadable(_("A column is there twice: %s") % ", ".join(sorted(twice)))
        if missing := [name for name in REQUIRED if name not in names]:
            raise NotReadable(_("The file lacks the column %s.") % ", ".join(missing))
        report.unknown_columns = [
            name for name in names if name and name not in {*COLUMNS, *REQUIRED}
        ]
        for count, values in enumerate(reader, start=1):
            if count > MOST_ROWS:
                raise NotReadable(_("The file has more than %d rows.") % MOST_ROWS)
            if any(value.strip() for value in values):
                row = dict(zip(names, (value.strip() for value in values), strict=False))
                if len(values) != len(names):
                    report.refused.append(
                        (
                            reader.line_num,
                            row.get("domain", ""),
                            _("%(found)d columns where %(wanted)d belong")
                            % {"found": len(values), "wanted": len(names)},
                        )
                    )
                    continue
                yield reader.line_num, row
    except csv.Error as error:
        raise NotReadable(
            _("Line %(line)d cannot be read: %(why)s") % {"line": reader.line_num, "why": error}
        ) from error


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ENCODINGS
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotReadable(_("The file is neither UTF-8 nor Windows-1252."))


def _wanted(
    rows: Iterable[tuple[int, dict[str, str]]], report: Report
) -> dict[tuple[str, str], dict[str, Any]]:
    """What the table wants each rule to be; what cannot be is refused with its line."""
    lands = set(State.objects.values_list("code", flat=True))
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, row in rows:
        try:
            key, values = _values(row, lands)
            if key in wanted:
                raise ValidationError(_("stands in line %d already") % lines[key])
        except ValidationError as error:
            report.refused.append((line, row.get("domain", ""), " ".join(error.messages)))
        else:
            wanted[key], lines[key] = values, line
    return wanted


def _values(row: dict[str, str], lands: set[str]) -> tuple[tuple[str, str], dict[str, Any]]:
    match = row["match"]
    _one_of("match", match, DomainRule.Match.values)
    _one_of("decision", row["decision"], DomainRule.Decision.values)
    level = row.get("level", "")
    if level:
        _one_of("level", level, [value for value, _label in DomainRule.LEVELS])
    elif row["decision"] == DomainRule.Decision.ALLOW:
        raise ValidationError(_("Whoever is admitted needs a level of administration."))
    land = row.get("land", "").upper()
    if land:
        _one_of("land", land, lands)
    bodies = row.get("bodies", "") or "1"
    if not (bodies.isascii() and bodies.isdigit() and 1 <= int(bodies[:6]) <= 9999):
        raise ValidationError(_("“bodies” is a number from 1 to 9999."))
    values: dict[str, Any] = {
        name: row.get(column, "") for column, name in COLUMNS.items() if name not in _NOT_TEXT
    } | {"land_id": land or None, "bodies": int(bodies), "level": level}
    for name in ("body", "kind", "ags", "source", "note"):
        column: Any = DomainRule._meta.get_field(name)
        values[name] = column.clean(values[name], None)
    return (canonical_domain(row["domain"], match), match), values


def _one_of(column: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise ValidationError(
            _("“%(value)s” is no %(column)s.") % {"value": value[:60], "column": column}
        )


def _chunks(things: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
