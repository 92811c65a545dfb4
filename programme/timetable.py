"""Lays out a day of the programme: a list in the order of time, and where its parts stand in the grid of wide screens.

The grid has a column per stage and a row per stretch of time between two moments at which anything begins or ends.
Where each part stands is said in one style block, since the content security policy allows no style attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.utils.safestring import SafeString, mark_safe

from congress.models import Edition, Stage
from programme import queries
from programme.models import Session, Track

# Rows grow with their text; these are the least heights in rem.
LEAST_ROW, ROW_PER_MINUTE, TALLEST_LEAST_ROW = 0.4, 0.12, 6.0


@dataclass(frozen=True)
class Slot:
    """A session as the timetable shows it."""

    session: Session
    is_on: bool
    delay_minutes: int

    @property
    def expected_at(self) -> datetime:
        return self.session.starts_at + timedelta(minutes=self.delay_minutes)


@dataclass(frozen=True)
class Moment:
    """All that begins at one moment."""

    at: datetime
    id: str
    slots: list[Slot] = field(default_factory=list)


@dataclass(frozen=True)
class Timetable:
    day: date
    days: list[date]
    tracks: list[Track]
    track: Track | None
    stages: list[Stage]
    moments: list[Moment]
    style: SafeString

    @property
    def count(self) -> int:
        return sum(not slot.session.is_break for moment in self.moments for slot in moment.slots)


def timetable(edition: Edition, now: datetime, wishes: Mapping[str, str]) -> Timetable:
    """The day and track somebody asked for (`tag`, `schwerpunkt`); what makes no sense is as if not asked.

    Three queries, however many sessions there are.
    """
    tracks = list(edition.tracks.order_by("position", "pk"))
    track = {track.slug: track for track in tracks}.get(wishes.get("schwerpunkt", ""))
    days = edition.days
    day = {day.isoformat(): day for day in days}.get(wishes.get("tag", "")) or _day_of(edition, now)
    whole_day = list(
        edition.sessions.on_day(day, edition)
        .select_related("stage__on_air", "track")
        .with_speakers()
        .in_order()
    )
    shown = [
        session
        for session in whole_day
        if track is None or session.is_break or session.track_id == track.pk
    ]
    stages = _stages(shown)
    moments = _moments(shown, edition, now)
    return Timetable(
        day=day,
        days=days,
        tracks=tracks,
        track=track,
        stages=stages,
        moments=moments,
        style=_style(shown, moments, stages, tracks),
    )


def _day_of(edition: Edition, now: datetime) -> date:
    today = edition.local(now).date()
    return today if today in edition.days else edition.starts_on


def _stages(sessions: Iterable[Session]) -> list[Stage]:
    """The stages in use, in their order; the day's columns."""
    found = {session.stage.pk: session.stage for session in sessions if session.stage is not None}
    return sorted(found.values(), key=lambda stage: (stage.position, stage.pk))


def _moments(sessions: Iterable[Session], edition: Edition, now: datetime) -> list[Moment]:
    moments: dict[datetime, Moment] = {}
    for session in sessions:
        local = edition.local(session.starts_at)
        moment = moments.setdefault(
            session.starts_at, Moment(at=session.starts_at, id=f"um-{local:%H%M}")
        )
        moment.slots.append(
            Slot(
                session=session,
                is_on=queries.is_on(session, now),
                delay_minutes=queries.delay_minutes(session, now),
            )
        )
    return list(moments.values())


def track_style(tracks: Iterable[Track]) -> SafeString:
    """The colours of the tracks; on dark ground a lighter shade of each."""
    rules = (
        f".fk-t-{track.pk}{{--fk-track:light-dark({track.colour},oklch(from {track.colour} .76 calc(c*1.1) h))}}"
        for track in tracks
    )
    return mark_safe("".join(rules))  # noqa: S308 - numbers and colours, checked by the database


def _style(
    sessions: list[Session], moments: list[Moment], stages: list[Stage], tracks: list[Track]
) -> SafeString:
    """Rules of numbers, codes and colours only; the database lets nothing else into codes and colours."""
    edges = sorted({edge for session in sessions for edge in (session.starts_at, session.ends_at)})
    # Row 1 holds the names of the stages.
    row = {edge: number for number, edge in enumerate(edges, start=2)}
    column = {stage.pk: number for number, stage in enumerate(stages, start=2)}
    columns = f"4.5rem repeat({max(len(stages), 1)},minmax(0,1fr))"
    rows = f"auto {_heights(edges)}"
    grid = [f"#zeitplan{{grid-template-columns:{columns};grid-template-rows:{rows}}}"]
    grid += [f"#buehne-{stage.pk}{{grid-row:1;grid-column:{column[stage.pk]}}}" for stage in stages]
    grid += [f"#{moment.id}{{grid-row:{row[moment.at]};grid-column:1}}" for moment in moments]
    for session in sessions:
        across = "2/-1" if session.stage_id is None else str(column[session.stage_id])
        along = f"{row[session.starts_at]}/{row[session.ends_at]}"
        grid.append(f"#s-{session.code}{{grid-row:{along};grid-column:{across}}}")
    placed = f"@media (min-width:60rem){{{''.join(grid)}}}"
    return track_style(tracks) + mark_safe(placed)  # noqa: S308 - numbers and codes, checked by the database


def _heights(edges: list[datetime]) -> str:
    minutes = [(end - start).total_seconds() / 60 for start, end in pairwise(edges)]
    least = [min(max(LEAST_ROW, length * ROW_PER_MINUTE), TALLEST_LEAST_ROW) for length in minutes]
    return " ".join(f"minmax({height:.2f}rem,auto)" for height in least)
