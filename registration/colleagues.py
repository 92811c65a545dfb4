"""Lists of colleagues as people bring them, and what would become of each row. Nothing here writes or sends.

What a row is told comes from the list itself, the registry and the contact person's own invitations: never from who
has registered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from congress import outputs, tables
from congress.fields import LineFormField, MailboxFormField
from congress.models import Edition
from registration import eligibility
from registration.models import Delegation, DomainRule, Invitation, RegistrationSettings
from registration.models.registrations import email_key_of, name_key_of
from registration.models.rules import spoken_of

MOST_PASTED = 200_000  # two hundred rows, each as long as it may be
COLUMNS = ("title", "first_name", "last_name", "body", "email")
# What the headings of tables in German and English offices are called.
ALIASES = {
    **dict.fromkeys(("e-mail", "mail", "e-mail-adresse", "email-adresse", "mailadresse"), "email"),
    **dict.fromkeys(
        ("adresse", "dienstliche e-mail-adresse", "e-mail address", "address"), "email"
    ),
    **dict.fromkeys(("vorname", "first name", "given name"), "first_name"),
    **dict.fromkeys(
        ("nachname", "name", "familienname", "last name", "surname", "family name"), "last_name"
    ),
    **dict.fromkeys(("titel", "akad. titel", "akademischer titel", "degree"), "title"),
    **dict.fromkeys(("behörde", "behörde oder einrichtung", "dienststelle", "einrichtung"), "body"),
    **dict.fromkeys(("institution", "organisation", "organization", "authority"), "body"),
}
_FIELDS = {
    "title": LineFormField(max_length=40, required=False),
    "first_name": LineFormField(max_length=80, required=False),
    "last_name": LineFormField(max_length=80, required=False),
    "body": LineFormField(max_length=255, required=False),
    "email": MailboxFormField(required=False),
}


class Fate(models.TextChoices):
    """What becomes of a row once the list is sent."""

    INVITED = "invited", gettext_lazy("will be invited")
    REVIEWED = "reviewed", gettext_lazy("will be invited; a person checks")
    AGAIN = "again", gettext_lazy("already invited by you")
    TWICE = "twice", gettext_lazy("stands there twice")
    BAD = "bad", gettext_lazy("not taken")


SENT = (Fate.INVITED, Fate.REVIEWED)


@dataclass(frozen=True)
class Colleague:
    """One row of a list; `email` is canonical wherever the row can be sent."""

    line: int
    email: str = ""
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    body: str = ""
    fate: Fate = Fate.INVITED
    why: str = ""

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.title, self.first_name, self.last_name)))

    @property
    def is_sent(self) -> bool:
        return self.fate in SENT

    @property
    def email_key(self) -> str:
        return email_key_of(self.email)

    @property
    def name_key(self) -> str:
        return name_key_of(self.first_name, self.last_name)


# --- Reading ------------------------------------------------------------------------------------------


def read_file(content: bytes) -> list[Colleague]:
    """Raises `tables.NotReadable`."""
    table = _table(content)
    rows = [_row(row.line, row.values) for row in table.rows]
    rows += [
        replace(_as_it_stands(bad.line, bad.values), fate=Fate.BAD, why=bad.why)
        for bad in table.bad_rows
    ]
    return sorted(rows, key=lambda row: row.line)


def unused_columns(content: bytes) -> list[str]:
    """Columns of a table that mean nothing to us: named, not used. Raises `tables.NotReadable`."""
    return _table(content).unknown_columns


def _table(content: bytes) -> tables.Table:
    return tables.read(
        content,
        required=("email",),
        known=COLUMNS,
        aliases=ALIASES,
        most_rows=Delegation.MOST,
    )


def read_pasted(text: str) -> list[Colleague]:
    """A table with headings, or one colleague a line as mail programs write them. Raises `tables.NotReadable`."""
    if _has_headings(text):
        return read_file(text.encode("utf-8-sig"))
    rows = [
        row
        for number, line in enumerate(text.splitlines(), start=1)
        for row in _rows_of(number, line)
    ]
    if not rows:
        raise tables.NotReadable(_("Please enter at least one colleague."))
    if len(rows) > Delegation.MOST:
        raise tables.NotReadable(
            _("These are %(found)d colleagues; at most %(most)d can be invited.")
            % {"found": len(rows), "most": Delegation.MOST}
        )
    return rows


def as_text(rows: Iterable[Colleague]) -> str:
    """The list once more, to be corrected or sent."""
    headings = (_("Title"), _("First name"), _("Last name"), _("Authority"), _("E-mail"))
    lines = [[getattr(row, name) for name in COLUMNS] for row in rows]
    return outputs.safe_csv(headings, lines).decode("utf-8-sig")


def _has_headings(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), "")
    headings = {cell.strip(' "').casefold() for cell in re.split(r"[;,\t]", first)}
    return "@" not in first and any(ALIASES.get(name, name) == "email" for name in headings)


def _rows_of(number: int, line: str) -> list[Colleague]:
    """„Kim Albers <kim@…>; …“, „Albers, Kim kim@…“, or cells copied from a table."""
    if not line.strip():
        return []
    if line.count("@") == 1 and "<" not in line and re.search(r"[\t;]", line):
        cells = [cell.strip() for cell in re.split(r"[\t;]", line)]
        address = next(cell for cell in cells if "@" in cell)
        return [_named(number, " ".join(cell for cell in cells if cell != address), address)]
    found = []
    for part in line.split(";"):
        if "<" in part:
            name, _start, rest = part.rpartition("<")
            found.append(_named(number, name.strip(" \t,\"'"), rest.partition(">")[0]))
        elif part.count("@") == 1:
            *before, address = part.split()
            if "@" not in address:  # the address stands before the name
                address, *before = part.split()
            found.append(_named(number, " ".join(before).strip(" ,"), address.strip(",")))
        else:
            found += [
                _named(number, "", address)
                for address in re.split(r"[,\s]+", part.strip())
                if address
            ]
    return found


def _named(number: int, name: str, address: str) -> Colleague:
    first_name, last_name = split_name(name)
    return _row(
        number, {"email": address.strip(), "first_name": first_name, "last_name": last_name}
    )


def split_name(name: str) -> tuple[str, str]:
    """First and last name of „Albers, Kim“ or „Kim Albers“; whoever follows the invitation corrects it."""
    if "," in name:
        last, _comma, first = name.partition(",")
        return first.strip(), last.strip()
    first, _blank, last = name.rpartition(" ")
    return first.strip(), last.strip()


def _row(line: int, values: dict[str, str]) -> Colleague:
    """Cleaned like a form; what is wrong stands in `why`."""
    cleaned: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in _FIELDS.items():
        try:
            cleaned[name] = field.clean(values.get(name, ""))
        except ValidationError as error:
            problems += error.messages
    if not problems and not cleaned["email"]:
        problems.append(_("The address is missing."))
    if problems:
        why = " ".join(problems)
        return replace(_as_it_stands(line, values), fate=Fate.BAD, why=why)
    return Colleague(line, **cleaned)


def _as_it_stands(line: int, values: dict[str, str]) -> Colleague:
    """For a row that cannot be used: shown, never sent."""
    shown: dict[str, Any] = {
        name: outputs.header_text(values.get(name, ""))[:120] for name in COLUMNS
    }
    return Colleague(line, **shown)


# --- What becomes of them -------------------------------------------------------------------------------


def judged(
    rows: Sequence[Colleague],
    *,
    edition: Edition,
    delegation: Delegation | None,
    invitation: Invitation | None,
    own_mailbox: str,
) -> list[Colleague]:
    """The same rows with what would become of them. As many queries for two rows as for two hundred."""
    before = (
        {
            bytes(fingerprint)
            for fingerprint in delegation.delegates.values_list("fingerprint", flat=True)
        }
        if delegation is not None
        else set()
    )
    good = [row for row in rows if row.fate != Fate.BAD]
    settings = RegistrationSettings.objects.of(edition)
    rules = _rules_about([row.email for row in good])
    uses_left = invitation.left if invitation is not None else 0
    seen: dict[tuple[str, str], int] = {}
    told = []
    for row in rows:
        if row.fate == Fate.BAD:
            told.append(row)
            continue
        key = (row.email_key, row.name_key)
        if row.email_key == own_mailbox:
            row = replace(row, fate=Fate.BAD, why=_("This is your own address."))
        elif key in seen:
            why = _("as in line %d") % seen[key]
            row = replace(row, fate=Fate.TWICE, why=why)
        elif delegation is not None and delegation.fingerprint(*key) in before:
            row = replace(row, fate=Fate.AGAIN)
        else:
            assessed = eligibility.judge(row.email, rules.get(row.email, ()), settings)
            admits = uses_left > 0 or assessed.admits
            uses_left -= 1
            row = replace(row, fate=Fate.INVITED if admits else Fate.REVIEWED)
        seen.setdefault(key, row.line)
        told.append(row)
    return told


def _rules_about(addresses: list[str]) -> dict[str, list[DomainRule]]:
    """The rules that could speak about each address. One query."""
    by_name: dict[str, list[DomainRule]] = {}
    if addresses:
        for rule in DomainRule.objects.about(*addresses).select_related("land"):
            by_name.setdefault(rule.domain, []).append(rule)
    return {
        address: [rule for name in spoken_of(address) for rule in by_name.get(name, ())]
        for address in addresses
    }
