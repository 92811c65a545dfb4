"""Puts the programme of `programme_2021.toml` into the demonstration's edition."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from congress.models import Edition, Stage
from programme import actions
from programme.models import OnAir, Session, SessionSpeaker, Speaker, Track

FILE = Path(__file__).with_name("programme_2021.toml")
# 10:00 in Berlin on the second day: somebody is speaking on each of the three stages.
ON_AIR_AT = datetime(2021, 3, 18, 9, 0, tzinfo=UTC)


@transaction.atomic
def fill(edition: Edition) -> None:
    """Repeatable: what is missing comes, what is there stays as visitors left it. Sessions are known by their code."""
    with FILE.open("rb") as file:
        data = tomllib.load(file)
    stages = {stage.slug: stage for stage in edition.stages.all()}
    tracks = {row["slug"]: _track(edition, row) for row in data["tracks"]}
    taken = set(edition.sessions.values_list("code", flat=True))
    for row in data["sessions"]:
        if row["code"] not in taken:
            _session(edition, row, stages, tracks, data["speakers"])
    for stage in stages.values():
        _put_on_air(stage)


def _track(edition: Edition, row: dict[str, Any]) -> Track:
    track, _created = Track.objects.get_or_create(
        edition=edition, slug=row["slug"], defaults={**row}
    )
    return track


def _session(
    edition: Edition,
    row: dict[str, Any],
    stages: dict[str, Stage],
    tracks: dict[str, Track],
    people: dict[str, dict[str, Any]],
) -> None:
    row = dict(row)
    speakers, moderators = row.pop("speakers", []), row.pop("moderators", [])
    session = Session(
        edition=edition,
        stage=stages[row.pop("stage")] if "stage" in row else None,
        track=tracks[row.pop("track")] if "track" in row else None,
        starts_at=row.pop("from").replace(tzinfo=edition.zone),
        ends_at=row.pop("until").replace(tzinfo=edition.zone),
        **row,
    )
    if not _has_room(session):
        return
    session.save()
    for part, keys in (
        (SessionSpeaker.Part.SPEAKER, speakers),
        (SessionSpeaker.Part.MODERATOR, moderators),
    ):
        for position, key in enumerate(keys, start=1):
            SessionSpeaker.objects.create(
                edition=edition,
                session=session,
                speaker=_speaker(edition, people[key]),
                part=part,
                position=position,
            )


def _has_room(session: Session) -> bool:
    """Where a visitor put something else into the gap of a deleted session, it is theirs."""
    return (
        not Session.objects.filter(edition=session.edition, stage=session.stage)
        .filter(starts_at__lt=session.ends_at, ends_at__gt=session.starts_at)
        .exists()
    )


def _speaker(edition: Edition, row: dict[str, Any]) -> Speaker:
    facts = {**row, "example": not row.get("real", False)}
    facts.pop("real", None)
    known = {"edition": edition, "first_name": facts.pop("first_name")}
    known["last_name"] = facts.pop("last_name")
    speaker, _created = Speaker.objects.get_or_create(**known, defaults=facts)
    return speaker


def _put_on_air(stage: Stage) -> None:
    if OnAir.objects.filter(stage=stage).exists():
        return  # the Regie has spoken
    session = stage.sessions.talks().filter(starts_at__lte=ON_AIR_AT, ends_at__gt=ON_AIR_AT).first()
    if session is not None:
        actions.put_on_air(stage, session, ON_AIR_AT)
