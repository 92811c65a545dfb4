"""What a stage shows, as pictures: the frames of the live protocol, serialised once per audience."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import F
from django.utils.translation import override

from congress.live.entry import OBSERVER
from congress.live.hubs import changed
from congress.live.pictures import Memory
from congress.live.sockets import serialised
from congress.models import Admission, Edition, Stage
from congress.models.editions import Phase
from polls import headcount, queries
from polls.models import VOTES_TO_SHOW, Poll, Question, StageState
from polls.own import Own
from polls.queries import Answer, Results
from programme.models import Session, SessionSpeaker
from programme.queries import StageNow, first_on_stage, people_of, stage_now

# Audiences: everybody in one gets the same bytes.
SEES, WAITS, PRESS, MODERATOR = "sees", "waits", "press", "moderator"
# Screens of the hall and of the mixer: what may be seen by all, and who speaks. They show it at any time.
SCREEN = "screen"
# In front of closed doors: before the first day, after the last. What is tried out inside is not theirs.
EARLY, LATE = "early", "late"
# Frames are in one language for all: that of the congress.
LANGUAGE = "de"
# How often a picture is looked at as a whole, in seconds: the plan moves on without anybody's act.
WHOLE_SECONDS = 5.0


def topic(stage_id: int) -> str:
    return f"stage.{stage_id}"


def moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class StagePicture:
    """A stage at one moment."""

    stage_id: int
    seq: int
    now: datetime
    on: StageNow  # the same as `stage`, for pages in other languages
    stage: dict[str, Any]
    outside: (
        dict[str, Any] | None
    )  # what those see who are not let in yet, or no longer; None on the days
    closed_as: str  # EARLY or LATE, or nothing
    poll: Poll | None
    answers: list[Answer]
    results: Results | None
    before: dict[str, Any] | None  # of the round before: total, and counts by this round's answers
    questions_rev: int
    questions: list[dict[str, Any]]
    takes_questions: bool
    speakers: dict[str, list[dict[str, str]]]  # of what is on, and of what comes next
    _made: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    _audiences: dict[tuple[str, bool], str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def versions(self) -> dict[str, int]:
        versions = {"stage": self.seq, "questions": self.questions_rev}
        if self.poll is not None and self.results is not None:
            versions[f"results.{self.poll.pk}"] = self.results.rev
        return versions

    def news_since(self, before: StagePicture | None) -> list[str]:
        if before is None:
            return ["stage"]
        parts = []
        if self.seq > before.seq:
            parts.append("stage")  # carries poll and results as well
        else:
            parts += [
                part
                for part, rev in self.versions.items()
                if part.startswith("results.") and rev > before.versions.get(part, rev)
            ]
        if self.questions_rev > before.questions_rev:
            parts.append("questions")
        return parts

    def audience(self, kind: str, *, moderates: bool, voted: Iterable[int]) -> str:
        """Which bytes a viewer gets. Press and observers read only. Asked for every viewer at every tick."""
        found = self._audiences.get((kind, moderates))
        if found is None:
            found = self._audiences[kind, moderates] = self._audience(kind, moderates=moderates)
        if found == WAITS and self.poll is not None and self.poll.pk in voted:
            return SEES
        return found

    def _audience(self, kind: str, *, moderates: bool) -> str:
        """That of whoever has not voted."""
        if moderates:
            return MODERATOR
        if self.closed_as and kind not in Admission.AT_ANY_TIME:
            return self.closed_as
        if kind in {Admission.Kind.PRESS, OBSERVER}:
            return PRESS
        poll = self.poll
        if poll is None or not poll.is_open or poll.results_show != Poll.Shows.AFTER_VOTE:
            return SEES
        return WAITS

    def shows_counts(self, audience: str) -> bool:
        poll = self.poll
        if poll is None or self.results is None or self.results.total < VOTES_TO_SHOW:
            return False
        if audience == MODERATOR or poll.state == Poll.State.PUBLISHED:
            return True
        if poll.is_closed:
            return poll.results_show != Poll.Shows.ON_PUBLISH
        if poll.results_show == Poll.Shows.AFTER_VOTE:
            return audience == SEES
        return poll.results_show == Poll.Shows.LIVE

    def results_for(self, audience: str) -> dict[str, Any] | None:
        if self.results is None:
            return None
        counts = {str(answer): count for answer, count in self.results.counts.items()}
        return {
            "rev": self.results.rev,
            "total": self.results.total,
            "counts": counts if self.shows_counts(audience) else None,
        }

    def poll_for(self, audience: str) -> dict[str, Any] | None:
        poll = self.poll
        if poll is None or is_outside(audience):
            return None
        return {
            "id": poll.pk,
            "kind": poll.kind,
            "state": poll.state,
            "secret": poll.secret,
            "text": poll.text,
            "options": []
            if poll.is_word_cloud
            else [{"id": answer.id, "text": answer.text} for answer in self.answers],
            "min": poll.min_choices,
            "max": poll.max_choices,
            "ends_at": moment(poll.ends_at) if poll.ends_at else None,
            "round": poll.round,
            "results": self.results_for(audience),
            **self._of_some_polls(poll, audience),
        }

    def _of_some_polls(self, poll: Poll, audience: str) -> dict[str, Any]:
        """Only where there is something to say: whom it is for, and how the round before ended (decision 0029)."""
        more: dict[str, Any] = {}
        if poll.levels:
            more["levels"] = sorted(poll.levels)
        if self.before is not None and not poll.is_open and self.shows_counts(audience):
            more["before"] = self.before
        return more

    def state(self, audience: str) -> dict[str, Any]:
        """The whole, without what is the viewer's own."""
        return {
            "type": "state",
            "seq": self.seq,
            "now": moment(self.now),
            "stage": self.outside if is_outside(audience) else self.stage,
            "poll": self.poll_for(audience),
            "questions": self.questions_for(audience),
        }

    def questions_for(self, audience: str) -> list[dict[str, Any]]:
        """QUESTIONS of the protocol: the press reads no names, and it watches what screens lay over the picture."""
        if is_outside(audience):
            return []
        if audience == SCREEN:
            on_screen = Question.State.ON_SCREEN
            return [
                question | {"name": ""}
                for question in self.questions
                if question["state"] == on_screen
            ]
        if audience == PRESS:
            return [question | {"name": ""} for question in self.questions]
        return self.questions

    def frame(self, part: str, audience: str) -> str:
        made = self._made.get((part, audience))
        if made is None:
            content = self._content(part, audience)
            made = self._made[part, audience] = serialised(content) if content else ""
        return made

    def state_frame(self, audience: str, own: dict[str, Any]) -> str:
        """The first frame of a socket: the same for its audience, and what is its own at the end."""
        return f'{self.frame("state", audience)[:-1]},"you":{serialised(own)}}}'

    def etag(self, audience: str) -> str:
        """Of versions, not of the clock."""
        results = f"{self.poll.pk}.{self.results.rev}" if self.poll and self.results else "0"
        return f'W/"{self.seq}-{results}-{self.questions_rev}-{audience}"'

    def shows_the_same_as(self, other: StagePicture) -> bool:
        return (self.stage, self.outside, self.speakers) == (
            other.stage,
            other.outside,
            other.speakers,
        )

    def is_of_the_session_of(self, other: StagePicture) -> bool:
        """Questions belong to what is on: with another session there are others."""
        now, before = self.on.session, other.on.session
        return (now and now.pk) == (before and before.pk)

    def rows(self, audience: str) -> list[dict[str, Any]]:
        total = self.results.total if self.results is not None else 0
        rows = queries.result_rows(self.answers, total, shown=self.shows_counts(audience))
        poll = self.poll_for(audience) or {}
        before = poll.get("before")
        if before is not None:
            for row in rows:
                row["before"] = before["counts"].get(str(row["id"]), 0) / before["total"]
        return rows

    def mean(self, audience: str) -> float | None:
        """Of a scale, where its counts are shown."""
        if self.poll is None or not self.poll.is_scale or not self.shows_counts(audience):
            return None
        return queries.mean_of(self.answers)

    def _content(self, part: str, audience: str) -> dict[str, Any]:
        if part == "state":
            return self.state(audience) | self._of_screens(audience)
        if part == "stage":
            whole = self.state(audience)
            news = {key: whole[key] for key in ("seq", "now", "stage", "poll")}
            return {"type": "stage"} | news | self._of_screens(audience)
        if part == "questions":
            shown = self.questions_for(audience)
            return {"type": "questions", "rev": self.questions_rev, "questions": shown}
        if part == "heartbeat":
            rev = {}
            if self.poll and self.results and not is_outside(audience):
                rev = {str(self.poll.pk): self.results.rev}
            return {
                "type": "heartbeat",
                "seq": self.seq,
                "rev": rev,
                "questions": self.questions_rev,
                "now": moment(self.now),
            }
        if is_outside(audience):
            return {}
        results = self.results_for(audience) or {}
        return {"type": "results", "poll": self.poll.pk if self.poll else None, **results}

    def _of_screens(self, audience: str) -> dict[str, Any]:
        """What only screens are told: who speaks, and the build of the page, so that an old one loads itself anew."""
        if audience != SCREEN:
            return {}
        return {"speakers": self.speakers, "build": screen_build()}


class StageGone(Exception):
    """The stage was deleted."""


class StageSource:
    """Loads pictures of one stage: the whole when its version moved, otherwise only the sums."""

    def __init__(self, stage_id: int) -> None:
        self.stage_id = stage_id
        self.topic = topic(stage_id)
        self._last: StagePicture | None = None
        self._looked_at: datetime | None = None

    def load(self) -> StagePicture:
        headcount.tell(self.stage_id)  # hubs and pages come by here, in a thread, every few seconds
        last = self._last
        if last is not None and self._looked_at is not None:
            found = queries.versions(self.stage_id)
            if found is None:
                raise StageGone(self.stage_id)
            seq, questions_rev, now = found
            age = abs((now - self._looked_at).total_seconds())
            if (last.seq, last.questions_rev) == (seq, questions_rev) and age < WHOLE_SECONDS:
                self._last = self._with_new_sums(last, now)
                return self._last
        picture = self._whole()
        if last is not None and picture.seq == last.seq and not picture.shows_the_same_as(last):
            # The plan moved on, or somebody edited it: the version moves with it, once for all processes.
            StageState.objects.filter(stage_id=self.stage_id, seq=picture.seq).update(
                seq=F("seq") + 1
            )
            picture = self._whole()
        if last is not None and not picture.is_of_the_session_of(last):
            StageState.objects.filter(
                stage_id=self.stage_id, questions_rev=last.questions_rev
            ).update(questions_rev=F("questions_rev") + 1)
            picture = self._whole()
        self._last, self._looked_at = picture, picture.now
        return picture

    def _whole(self) -> StagePicture:
        stage = (
            Stage.objects.select_related("edition", "live__active_poll", "on_air")
            .annotate(clock=Edition.edition_now("edition__"))
            .filter(pk=self.stage_id)
            .first()
        )
        if stage is None:
            raise StageGone(self.stage_id)
        now: datetime = stage.clock
        state: StageState = getattr(stage, "live", None) or StageState(stage=stage, seq=0)
        poll = state.active_poll
        results, answers = queries.results(poll.pk) if poll is not None else (None, [])
        on = stage_now(stage, now, with_people=True)
        phase = stage.edition.phase(now)
        with override(LANGUAGE):
            shown = stage_content(state, on)
            speakers = speakers_of(on)
            outside = None if phase is Phase.RUNNING else outside_content(stage, phase, now)
        return StagePicture(
            stage_id=stage.pk,
            seq=state.seq,
            now=now,
            on=on,
            stage=shown,
            outside=outside,
            closed_as=closed_as(phase),
            poll=poll,
            answers=answers,
            results=results,
            before=queries.result_before(poll) if poll is not None else None,
            questions_rev=state.questions_rev,
            questions=queries.questions_shown(stage.pk, on.session),
            takes_questions=state.questions == StageState.Questions.OPEN,
            speakers=speakers,
        )

    def _with_new_sums(self, last: StagePicture, now: datetime) -> StagePicture:
        if last.poll is None or not last.poll.is_open:
            return _at(last, now)
        results, answers = queries.results(last.poll.pk)
        if last.results is not None and results.rev <= last.results.rev:
            return _at(last, now)
        return replace(last, now=now, answers=answers, results=results, _made={}, _audiences={})


def _at(picture: StagePicture, now: datetime) -> StagePicture:
    """The same picture later: what was serialised stays, only the heartbeat tells the new time."""
    made = {key: text for key, text in picture._made.items() if key[0] != "heartbeat"}
    return replace(picture, now=now, _made=made)


def stage_content(state: StageState, on: StageNow) -> dict[str, Any]:
    """STAGE of the protocol."""
    return {
        "slug": state.stage.slug,
        "phase": state.phase,
        "source": state.source,
        "session": _session(on.session),
        "next": (_session(on.next) or {}) | {"starts_at": moment(on.next.starts_at)}
        if on.next
        else None,
        "overlay": state.overlay,
        "delay_minutes": on.delay_minutes,
        "announcement": state.announcement,
    }


def speakers_of(on: StageNow) -> dict[str, list[dict[str, str]]]:
    """Who speaks now and next, with function and organisation; whoever leads through it comes last."""
    found: dict[str, list[dict[str, str]]] = {"now": [], "next": []}
    for place, session in (("now", on.session), ("next", on.next)):
        if session is not None:
            people = people_of(session)
            people.sort(key=lambda one: one[0] == SessionSpeaker.Part.MODERATOR)
            found[place] = [
                {"name": person.display_name, "role": person.role_line} for _part, person in people
            ]
    return found


SCREEN_FILES = ("static/polls/screen.js", "static/polls/live.js", "static/polls/screen.css")


@cache
def screen_build() -> str:
    """Changes with the files that make up the page of a screen."""
    here = Path(__file__).parent
    return hashlib.sha256(
        b"".join((here / name).read_bytes() for name in SCREEN_FILES)
    ).hexdigest()[:12]


def closed_as(phase: Phase) -> str:
    """The audience in front of the doors in this phase of the edition; nothing while they are open."""
    if phase is Phase.RUNNING:
        return ""
    return LATE if phase is Phase.OVER else EARLY


def is_outside(audience: str) -> bool:
    return audience in {EARLY, LATE}


def outside_content(stage: Stage, phase: Phase, now: datetime) -> dict[str, Any]:
    """STAGE for those in front of the doors: when it begins, and nothing of what is tried out inside."""
    state = StageState(stage=stage, phase=StageState.Phase.PREVIEW)
    if phase is Phase.OVER:
        state.phase = StageState.Phase.ENDED
    return stage_content(state, StageNow(stage, None, first_on_stage(stage, now), 0, said=False))


def _session(session: Session | None) -> dict[str, Any] | None:
    if session is None:
        return None
    return {
        "code": session.code,
        "title": session.title,
        "ends_at": moment(session.ends_at),
    }


_memories: dict[int, Memory] = {}


def memory_of(stage_id: int) -> Memory:
    """The newest picture of the stage in this process, for hubs and pages alike."""
    return _memories.setdefault(stage_id, Memory(StageSource(stage_id)))


def stage_changed(stage_id: int) -> None:
    """Open pages of the stage are told at the next tick."""
    changed(topic(stage_id))


# Person, stage, and what is new of theirs.
Theirs = list[tuple[int, int, Own]]
_watchers: list[Callable[[Theirs], None]] = []


def hear_theirs(watcher: Callable[[Theirs], None]) -> None:
    """Call `watcher` with what was just counted of whom; in the writer's thread."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def theirs(new: Theirs) -> None:
    for watcher in _watchers:
        watcher(new)
