"""Run sheets as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from congress import outputs, pdf
from congress.models import Stage
from polls.queries import SheetLine

RUN_SHEET = "polls/typst/run_sheet.typ"


def run_sheet_xlsx(stage: Stage, lines: Iterable[SheetLine]) -> bytes:
    edition = stage.edition
    header = (
        _("Planned"),
        _("Expected"),
        _("Until"),
        _("Code"),
        _("Kind"),
        _("Title"),
        _("People"),
        _("State"),
    )
    rows = [
        (
            f"{edition.local(line.session.starts_at):%H:%M}",
            f"{edition.local(line.begins_at):%H:%M}",
            f"{edition.local(line.finishes_at):%H:%M}",
            line.session.code,
            line.session.get_kind_display(),
            line.session.title,
            _people(line),
            _state(line),
        )
        for line in lines
    ]
    return outputs.safe_xlsx(header, rows, title=f"{_('Run sheet')} {stage.name}")


def run_sheet_pdf(stage: Stage, day: date, lines: Sequence[SheetLine], language: str) -> bytes:
    """Raises `congress.pdf.CannotBePrinted`."""
    edition = stage.edition
    return pdf.make(
        RUN_SHEET,
        {
            "title": f"{_('Run sheet')} {stage.name}",
            "congress": f"{_('EXERCISE: %s') % edition.title if edition.practice else edition.title}",
            "day": date_format(day, "l, j. F Y"),
            "accent": edition.accent,
            "head": [_("Planned"), _("Expected"), _("Code"), _("Title and people"), _("Notes")],
            "empty": _("Nothing is planned on this day."),
            "lines": [
                {
                    "planned": _span(stage, line.session.starts_at, line.session.ends_at),
                    "expected": _span(stage, line.begins_at, line.finishes_at),
                    "code": line.session.code,
                    "name": line.session.title,
                    "people": _people(line),
                    "state": _state(line),
                }
                for line in lines
            ],
        },
        language="en" if language.startswith("en") else "de",
    )


def _span(stage: Stage, first: datetime, last: datetime) -> str:
    local = stage.edition.local
    return f"{local(first):%H:%M}–{local(last):%H:%M}"


def _people(line: SheetLine) -> str:
    return ", ".join(str(one.speaker) for one in line.session.appearances.all())


def _state(line: SheetLine) -> str:
    if line.is_on:
        return _("on air")
    if line.is_over:
        return _("over")
    return _("next") if line.is_next else ""
