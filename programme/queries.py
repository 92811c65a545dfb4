"""What is on now, by the plan and the word of the Regie, and what comes next; the figures of a programme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from congress import links
from congress.models import Edition, Stage
from congress.retention import AFTER_THE_EDITION, ended_before
from programme.models import OnAir, Session, SessionSpeaker, Speaker, SpeakersOffice, Track

# Long enough to ask a speaker about their talk, far shorter than the programme stays in the archive.
NAMES_OF_SPEAKERS = timedelta(days=183)


@dataclass(frozen=True)
class StageNow:
    """A stage at one moment. `said` tells whether the Regie put the session on air, or only the plan says so."""

    stage: Stage
    session: Session | None
    next: Session | None
    delay_minutes: int
    said: bool
    invented: tuple[str, ...] = ()  # codes of the day's sessions that carry the badge „Beispiel“

    @property
    def url(self) -> str:
        return live_url(self.stage.edition, self.stage)


def live_url(edition: Edition, stage: Stage) -> str:
    """The page of the stage. The app that serves it stands above this one; the address is a promise of all apps."""
    return f"{edition.get_absolute_url()}live/{stage.slug}/"


def word_of_the_regie(stage: Stage, edition: Edition, now: datetime) -> OnAir | None:
    """What the Regie said about this stage today, or none. Costs nothing where the stage was loaded with `on_air`."""
    word: OnAir | None = getattr(stage, "on_air", None)
    return word if word is not None and word.holds(now, edition) else None


def delay_minutes(session: Session, now: datetime) -> int:
    """How late this session will be: what is on or still to come today is as late as its stage."""
    if session.stage is None or session.is_over(now):
        return 0
    edition = session.edition
    if edition.local(session.starts_at).date() != edition.local(now).date():
        return 0
    word = word_of_the_regie(session.stage, edition, now)
    return word.delay_minutes if word is not None else 0


def is_on(session: Session, now: datetime) -> bool:
    """Whether the session is on air: as the Regie says; where it has not said anything today, as planned."""
    if session.stage is None:
        return session.is_running(now)
    word = word_of_the_regie(session.stage, session.edition, now)
    if word is None or word.session_id is None:
        # Nothing on air is no word about breaks: they are on when they are.
        return (word is None or session.is_break) and session.is_running(now)
    return word.session_id == session.pk


def stages_now(edition: Edition, now: datetime) -> list[StageNow]:
    """All stages at this moment, with what is on and what comes next today. Two queries."""
    today = edition.local(now).date()
    sessions = list(edition.sessions.talks().on_day(today, edition).order_by("starts_at"))
    return [
        _stage_now(stage, [s for s in sessions if s.stage_id == stage.pk], edition, now)
        for stage in edition.stages.select_related("on_air").order_by("position", "pk")
    ]


def stage_now(stage: Stage, now: datetime, *, with_people: bool = False) -> StageNow:
    """One stage at this moment. One query, where it was loaded with its edition and `on_air`.

    `with_people`: `people_of` tells of its sessions who appears, in the same query.
    """
    edition = stage.edition
    talks = edition.sessions.talks().on_stage(stage)
    if with_people:
        talks = talks.annotate(people=ArraySubquery(_people()))
    sessions = talks.on_day(edition.local(now).date(), edition).order_by("starts_at")
    return _stage_now(stage, list(sessions), edition, now)


_PERSON = ("title", "first_name", "last_name", "function_de", "function_en", "organisation")


def _people() -> QuerySet[Any]:
    person = JSONObject(**{field: F(f"speaker__{field}") for field in _PERSON})
    return (
        SessionSpeaker.objects.filter(session=OuterRef("pk"))
        .in_order()
        .values(json=JSONObject(part=F("part"), person=person))
    )


def people_of(session: Session) -> list[tuple[str, Speaker]]:
    """Part and person of everybody who appears; costs nothing. For sessions of `stage_now(…, with_people=True)`."""
    people: list[dict[str, Any]] = session.people  # type: ignore[attr-defined]  # annotated
    return [(one["part"], Speaker(**one["person"])) for one in people]


def _stage_now(stage: Stage, sessions: list[Session], edition: Edition, now: datetime) -> StageNow:
    word = word_of_the_regie(stage, edition, now)
    delay = word.delay_minutes if word is not None else 0
    for session in sessions:
        session.stage = stage
    current = next((session for session in sessions if is_on(session, now)), None)
    # After what is on; where nothing is on, what has not begun yet.
    earliest = current.ends_at if current is not None else now - timedelta(minutes=delay)
    return StageNow(
        stage=stage,
        session=current,
        next=next((session for session in sessions if session.starts_at >= earliest), None),
        delay_minutes=delay,
        said=word is not None and word.session_id is not None,
        invented=tuple(session.code for session in sessions if session.example),
    )


def on_air(edition: Edition, now: datetime) -> list[StageNow]:
    """The stages while something is on at one of them; nothing otherwise."""
    stages = stages_now(edition, now)
    return stages if any(stage.session is not None for stage in stages) else []


def next_on_stage(session: Session) -> Session | None:
    """What follows on the same stage on the same day, breaks left out."""
    if session.stage is None:
        return None
    day = session.edition.local(session.starts_at).date()
    following = session.edition.sessions.talks().on_stage(session.stage)
    return following.on_day(day, session.edition).after(session.ends_at).first()


def first_on_stage(stage: Stage, now: datetime) -> Session | None:
    """What comes first on the stage from now on, on whichever day; breaks left out."""
    return stage.edition.sessions.talks().on_stage(stage).after(now).first()


def first_on_stages(edition: Edition, now: datetime) -> list[tuple[Stage, Session | None]]:
    """The same for all stages in their order. Two queries."""
    coming = edition.sessions.talks().after(now).filter(stage__isnull=False)
    first: dict[int | None, Session] = {}
    for session in coming:
        first.setdefault(session.stage_id, session)
    stages = edition.stages.order_by("position", "pk")
    return [(stage, first.get(stage.pk)) for stage in stages]


def tracks_with_counts(edition: Edition) -> Iterable[tuple[Track, int]]:
    """The tracks in their order, each with its number of sessions."""
    sessions = Count("sessions", filter=~Q(sessions__kind=Session.Kind.BREAK))
    tracks = edition.tracks.annotate(count=sessions).order_by("position", "pk")
    return [(track, track.count) for track in tracks]


def highlights(edition: Edition, *, limit: int = 5) -> list[Session]:
    """What opens the congress and what all come together for, in the order of the programme."""
    sessions = edition.sessions.filter(kind__in=Session.HIGHLIGHTS)
    return list(sessions.with_place().with_speakers().in_order()[:limit])


def figures(edition: Edition) -> dict[str, Any]:
    """How much there is: stages, sessions without breaks, people who speak. One query each."""
    return {
        "stages": edition.stages.count(),
        "sessions": edition.sessions.talks().count(),
        "speakers": edition.speakers.count(),
    }


OFFICE_LINK = "office"


def office_token(office: SpeakersOffice) -> str:
    """What the link to a speakers' office carries. It belongs to the row and the mailbox it was sent to."""
    return links.signed_token(OFFICE_LINK, office.pk, _about(office))


def office_of(token: str, edition: Edition) -> SpeakersOffice | None:
    """Raises `links.Incomplete`."""
    number = links.number_of(OFFICE_LINK, token)
    rows = SpeakersOffice.objects.filter(pk=number, edition=edition)
    found = rows.select_related("session__stage").first()
    if found is None or not links.is_signed_for(token, OFFICE_LINK, found.pk, _about(found)):
        return None
    found.edition = found.session.edition = edition
    return found


def _about(office: SpeakersOffice) -> str:
    return f"{office.key}:{office.mailbox}"


def forgettable_offices() -> QuerySet[SpeakersOffice]:
    return SpeakersOffice.objects.filter(ended_before(AFTER_THE_EDITION, "edition__"))


def forgettable_speakers() -> QuerySet[Speaker]:
    """Those of editions that ended too long ago to name them any further (congress/retention.toml)."""
    return Speaker.objects.filter(ended_before(NAMES_OF_SPEAKERS, "edition__"))


def forgettable_history() -> QuerySet[Any]:
    """Old versions of sessions that still name who changed them."""
    ended = Edition.objects.filter(ended_before(AFTER_THE_EDITION)).values("pk")
    versions: QuerySet[Any] = Session.history.filter(
        edition_id__in=ended, history_user__isnull=False
    )
    return versions
