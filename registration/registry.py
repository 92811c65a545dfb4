"""The registry as files: what every installation starts with, and tables that people bring."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from congress import tables
from congress.errors import Refused
from congress.models import Edition, State, User
from registration.models import DomainRule
from registration.models.rules import canonical_domain

DATA = Path(__file__).with_name("data")
ROWS_AT_ONCE = 1000
MOST_ROWS = tables.MOST_ROWS
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
    "body_names": "body_names",
    "source": "source",
    "note": "note",
}
ACTS = ("added", "changed", "unchanged", "refused")
NotReadable = tables.NotReadable
Key = tuple[str, str]  # domain and match


class ChangedMeanwhile(Refused):
    """Rows of the registry are no longer what they were when the table was looked at."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(
            _(
                "Nothing was written, since somebody has changed the registry in the meantime: %s. "
                "Please look at the table once more."
            )
            % ", ".join([*names[:5], *(["…"] if len(names) > 5 else [])])
        )


@dataclass
class Line:
    """What a line of the table does to the registry: `values` are what the row will be, `before` what it is now."""

    line: int
    act: str
    domain: str
    match: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    ADDED, CHANGED, UNCHANGED, REFUSED = ACTS

    @property
    def name(self) -> str:
        return f"{self.match}:{self.domain}"

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Field → before and after, of what differs."""
        return {
            name: (self.before.get(name), value)
            for name, value in self.values.items()
            if self.act == self.CHANGED and self.before.get(name) != value
        }


@dataclass
class Plan:
    """What a table would do to the registry. Reading it writes nothing."""

    lines: list[Line] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)

    def that(self, act: str) -> list[Line]:
        return [line for line in self.lines if line.act == act]

    def count(self, act: str) -> int:
        return sum(line.act == act for line in self.lines)

    def stored(self) -> dict[str, Any]:
        """For keeping it until a person has looked at it; `Plan.restored` is the way back."""
        return asdict(self)

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Plan:
        return cls([Line(**line) for line in stored["lines"]], stored["unknown_columns"])


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
            **{name: row[column] for column, name in COLUMNS.items() if name not in _NOT_SUPPLIED},
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


_NOT_SUPPLIED = ("land_id", "bodies", "body_names")
_TEXT = frozenset({"body", "body_names", "kind", "ags", "source", "note"})


def _rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def planned(content: bytes) -> Plan:
    """What a CSV or XLSX table would do: row by row added, changed, unchanged or refused. Raises `NotReadable`."""
    table = tables.read(content, required=REQUIRED, known=COLUMNS, most_rows=MOST_ROWS)
    plan = Plan(unknown_columns=table.unknown_columns)
    for bad in table.bad_rows:
        plan.lines.append(
            Line(bad.line, Line.REFUSED, bad.values.get("domain", "")[:300], why=bad.why)
        )
    plan.lines += _judged(table.rows)
    plan.lines.sort(key=lambda line: line.line)
    return renewed(plan)


def _compare(line: Line, rule: DomainRule | None) -> None:
    """What is there already decides what a line does."""
    if rule is not None:
        line.before = {name: getattr(rule, name) for name in line.values}
        line.act = Line.UNCHANGED if line.before == line.values else Line.CHANGED
    level = line.values.get("level", rule.level if rule is not None else "")
    if line.values["decision"] == DomainRule.Decision.ALLOW and not level:
        line.act = Line.REFUSED
        line.why = _("Whoever is admitted needs a level of administration.")


def renewed(plan: Plan) -> Plan:
    """The same table, compared with the registry as it is now."""
    existing = _existing(line for line in plan.lines if line.act != Line.REFUSED)
    for line in plan.lines:
        if line.act != Line.REFUSED:
            line.act, line.before = Line.ADDED, {}
            _compare(line, existing.get((line.domain, line.match)))
    return plan


@transaction.atomic
def carry_out(plan: Plan, *, by: User | None, reason: str, checked: bool = False) -> None:
    """Write what was planned: all of it, or nothing. With `checked`, `by` has looked at every row of the table.

    Raises `ChangedMeanwhile` where the registry is no longer what the plan was made for.
    """
    added, changed = plan.that(Line.ADDED), plan.that(Line.CHANGED)
    existing = _existing([*added, *changed], locked=True)
    other = [line.name for line in added if (line.domain, line.match) in existing]
    for line in changed:
        rule = existing.get((line.domain, line.match))
        if rule is None or any(getattr(rule, name) != was for name, was in line.before.items()):
            other.append(line.name)
    if other:
        raise ChangedMeanwhile(other)
    # Nobody has looked at a changed row as it is now; of the registry's own time, which no edition shifts.
    seen = {"checked_at": Edition().now(), "checked_by": by} if checked else {}
    fresh = [
        DomainRule(domain=line.domain, match=line.match, **line.values, **seen) for line in added
    ]
    rewritten = []
    for line in changed:
        rule = existing[line.domain, line.match]
        for name, value in {"checked_at": None, "checked_by": None, **line.values, **seen}.items():
            setattr(rule, name, value)
        rewritten.append(rule)
    _write(fresh, rewritten, by=by, reason=reason)


def _write(
    fresh: list[DomainRule], rewritten: list[DomainRule], *, by: User | None, reason: str
) -> None:
    try:
        with transaction.atomic():
            added = DomainRule.objects.bulk_create(fresh, batch_size=ROWS_AT_ONCE)
    except IntegrityError as error:  # somebody added one of them a moment ago
        keys = _existing(fresh)
        raise ChangedMeanwhile(
            [rule.name for rule in fresh if (rule.domain, rule.match) in keys]
        ) from error
    DomainRule.objects.filter(pk__in=[rule.pk for rule in rewritten]).keep_first_versions()
    DomainRule.objects.bulk_create(
        rewritten,
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["domain", "match"],
        update_fields=[
            *(name.removesuffix("_id") for name in COLUMNS.values()),
            *("checked_at", "checked_by"),
        ],
    )
    for rules, update in ((added, False), (rewritten, True)):
        DomainRule.history.bulk_history_create(
            rules,
            batch_size=ROWS_AT_ONCE,
            update=update,
            default_user=by,
            default_change_reason=reason[:100],
        )


def _existing(
    lines: Iterable[Line] | Iterable[DomainRule], *, locked: bool = False
) -> dict[Key, DomainRule]:
    keys = {(line.domain, line.match) for line in lines}
    rows = DomainRule.objects.order_by(
        "pk"
    )  # always in this order: two imports cannot block each other
    if locked:
        rows = rows.select_for_update()
    found = rows.filter(domain__in=sorted({domain for domain, _match in keys}))
    return {(rule.domain, rule.match): rule for rule in found if (rule.domain, rule.match) in keys}


def _judged(rows: Iterable[tables.Row]) -> Iterator[Line]:
    """What each row of the table wants; what cannot be is refused."""
    lands = set(State.objects.values_list("code", flat=True))
    lines: dict[Key, int] = {}
    for row in rows:
        try:
            (domain, match), values = _values(row, lands)
            if earlier := lines.get((domain, match)):
                raise ValidationError(_("stands in line %d already") % earlier)
        except ValidationError as error:
            yield Line(row.line, Line.REFUSED, row["domain"][:300], why=" ".join(error.messages))
        else:
            lines[domain, match] = row.line
            yield Line(row.line, Line.ADDED, domain, match, values)


def _values(row: tables.Row, lands: set[str]) -> tuple[Key, dict[str, Any]]:
    """What the row says, of the columns its table has; the others stay as they are."""
    _one_of("match", row["match"], DomainRule.Match.values)
    _one_of("decision", row["decision"], DomainRule.Decision.values)
    values: dict[str, Any] = {
        name: row[column] for column, name in COLUMNS.items() if column in row.values
    }
    if values.get("level"):
        _one_of("level", values["level"], [value for value, _label in DomainRule.LEVELS])
    if "land_id" in values:
        values["land_id"] = values["land_id"].upper() or None
        if values["land_id"]:
            _one_of("land", values["land_id"], lands)
    if "bodies" in values:
        bodies = values["bodies"] or "1"
        if not (bodies.isascii() and bodies.isdigit() and 1 <= int(bodies[:6]) <= 9999):
            raise ValidationError(_("“bodies” is a number from 1 to 9999."))
        values["bodies"] = int(bodies)
    for name in _TEXT & values.keys():
        column: Any = DomainRule._meta.get_field(name)
        values[name] = column.clean(values[name], None)
    return (canonical_domain(row["domain"], row["match"]), row["match"]), values


def _one_of(column: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise ValidationError(
            _("“%(value)s” is no %(column)s.") % {"value": value[:60], "column": column}
        )
