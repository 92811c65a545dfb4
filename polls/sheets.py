"""Run sheets as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from congress import outputs, pdf
from congress.models import Stage
from polls.models import Poll
from polls.published import Outcome
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


def results_table(
    outcomes: Iterable[Outcome],
) -> tuple[list[str], list[list[outputs.Cell]]]:
    """A line for each answer of each poll, and one for each level below: `Counted` says of whom it speaks."""
    header = [
        _("Session"),
        _("Poll"),
        _("Kind"),
        _("Round"),
        _("Ballots"),
        _("Opened"),
        _("Closed"),
        _("State"),
        _("Counted"),
        _("Took part"),
        _("Answer"),
        _("Votes"),
        _("Share"),
    ]
    rows: list[list[outputs.Cell]] = []
    for outcome in outcomes:
        poll = outcome.poll
        about: list[outputs.Cell] = [
            poll.session.code if poll.session is not None else "",
            poll.text,
            poll.get_kind_display(),
            poll.round,
            _("secret") if poll.secret else _("by name"),
            poll.opened_at,
            poll.closed_at,
            poll.get_state_display(),
        ]
        if not outcome.is_shown:
            rows.append([*about, _("fewer than five votes"), None, None, None, None])
            continue
        for row in outcome.rows:
            share = _percent(row["share"])
            rows.append([*about, _("all"), outcome.total, row["text"], row["count"], share])
        for line in outcome.levels:
            for answer in line.by_answer:
                share = _percent(answer.share)
                rows.append([*about, line.label, line.total, answer.text, answer.count, share])
    return header, rows


def names_table(poll: Poll) -> tuple[list[str], list[list[outputs.Cell]]]:
    """Who chose what in a poll by name, a line for each person, by name."""
    texts = dict(poll.options.values_list("pk", "text"))
    header = [_("Name"), _("Organisation"), _("Answer")]
    votes = poll.votes.select_related("person").order_by("person__last_name", "person__first_name")
    return header, [
        [
            vote.person.display_name,
            vote.person.body,
            "; ".join([*(texts[choice] for choice in vote.choices), *vote.words]),
        ]
        for vote in votes
    ]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
