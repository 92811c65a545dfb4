"""What the Regie does to a stage: numbered steps that everybody is told. The last one can be taken back.

The state lives in the database: a process may die in the middle, and two directors see the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from congress import journal
from congress.errors import Refused
from congress.models import Edition, Stage, User
from polls import live
from polls.models import StageState
from programme import actions as programme_actions
from programme.models import OnAir, Session
from programme.queries import stage_now

Phase, Source = StageState.Phase, StageState.Source


class StaleStep(Refused):
    message = _(
        "Nothing was changed: the stage has moved on since you looked. You now see how it stands; "
        "please take the step again if it still fits."
    )


class NothingToTakeBack(Refused):
    message = _("There is no step to take back.")


class NoBackup(Refused):
    message = _("This stage has no backup stream.")


@transaction.atomic
def take(
    *, stage: Stage, session: Session | None, now: datetime, by: User | None, seq: int | None = None
) -> None:
    """Put a session on air; `None`: nothing is. Raises `StaleStep` or `NotOnThisStage`."""
    phase = Phase.LIVE if session is not None else Phase.PAUSE
    with _step(stage, "take", now=now, by=by, seq=seq, code=session.code if session else "") as row:
        row.say(phase=phase)
        row.say_in_programme(session=session)


@transaction.atomic
def set_phase(
    *, stage: Stage, phase: str, now: datetime, by: User | None, seq: int | None = None
) -> None:
    """Raises `StaleStep`."""
    with _step(stage, "phase", now=now, by=by, seq=seq, phase=phase) as row:
        row.say(phase=phase)


@transaction.atomic
def set_source(
    *, stage: Stage, source: str, now: datetime, by: User | None, seq: int | None = None
) -> None:
    """Move all viewers of a stage to its main or backup stream. Raises `StaleStep` or `NoBackup`."""
    if source == Source.BACKUP and not stage.backup_stream_url:
        raise NoBackup
    with _step(stage, "source", now=now, by=by, seq=seq, source=source) as row:
        row.say(source=source)


@transaction.atomic
def set_overlay(
    *, stage: Stage, text: str, now: datetime, by: User | None, seq: int | None = None
) -> None:
    """Raises `StaleStep`."""
    with _step(stage, "overlay", now=now, by=by, seq=seq) as row:
        row.say(overlay=text)


@transaction.atomic
def announce(
    *, stage: Stage, text: str, now: datetime, by: User | None, seq: int | None = None
) -> None:
    """Say something to all viewers of the stage; nothing takes it away again. Raises `StaleStep`."""
    with _step(stage, "announcement", now=now, by=by, seq=seq) as row:
        row.say(announcement=text)


@transaction.atomic
def delay(
    *, stage: Stage, minutes: int, now: datetime, by: User | None, seq: int | None = None
) -> None:
    """Say how late the stage runs; what is on stays on. Raises `StaleStep` or `DelayOutOfRange`."""
    with _step(stage, "delay", now=now, by=by, seq=seq, minutes=minutes) as row:
        row.say_in_programme(session=stage_now(stage, now).session, delay_minutes=minutes)


@transaction.atomic
def everything_to(*, edition: Edition, source: str, now: datetime, by: User | None) -> int:
    """All stages to their backup stream, or back. Those without a backup stay. Returns how many moved.

    Without a number to compare: in trouble nobody looks at all stages first.
    """
    moved = 0
    for stage in edition.stages.order_by("pk"):
        stage.edition = edition
        if source == Source.BACKUP and not stage.backup_stream_url:
            continue
        state = _locked(stage)
        if state.source != source:
            set_source(stage=stage, source=source, now=now, by=by)
            moved += 1
    return moved


@transaction.atomic
def announce_to_all(*, edition: Edition, text: str, now: datetime, by: User | None) -> int:
    """The same announcement on all stages. Returns on how many."""
    stages = list(edition.stages.order_by("pk"))
    for stage in stages:
        stage.edition = edition
        announce(stage=stage, text=text, now=now, by=by)
    return len(stages)


@transaction.atomic
def take_back(*, stage: Stage, now: datetime, by: User | None, seq: int | None = None) -> str:
    """Undo the last step; which one it was. Raises `StaleStep` or `NothingToTakeBack`."""
    state = _locked(stage, seq)
    last = state.last_step
    if not last:
        raise NothingToTakeBack
    said = last["programme"]
    if said == {"word": None}:
        programme_actions.take_word_back(stage)
    elif "session" in said:
        session = Session.objects.filter(pk=said["session"], stage=stage).first()
        said = {**said, "session": session}
    _write(stage, last["stage"], said, now)
    StageState.objects.filter(stage=stage).update(last_step=None)
    journal.note(
        "stage.step_taken_back",
        edition=stage.edition,
        now=now,
        by=by,
        target=stage,
        step=last["step"],
    )
    return str(last["step"])


@transaction.atomic
def if_unchanged(*, stage: Stage, seq: int | None, act: Callable[[], None]) -> None:
    """Do something else (a poll's step) where the stage stands as the director saw it. Raises `StaleStep`."""
    _locked(stage, seq)
    act()
    # A poll that was opened or closed is no switch: what came before it is not taken back over its head.
    StageState.objects.filter(stage=stage).update(last_step=None)


class _step:  # noqa: N801  # reads as a statement
    """Collects what a step says; written, numbered and noted when the block ends."""

    def __init__(
        self,
        stage: Stage,
        name: str,
        *,
        now: datetime,
        by: User | None,
        seq: int | None,
        **facts: Any,
    ) -> None:
        self.stage, self.name, self.now, self.by, self.facts = stage, name, now, by, facts
        self.state = _locked(stage, seq)
        self.said: dict[str, Any] = {}
        self.programme: dict[str, Any] = {}

    def say(self, **values: Any) -> None:
        self.said |= values

    def say_in_programme(self, **values: Any) -> None:
        self.programme |= values

    def __enter__(self) -> _step:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_more: Any) -> None:
        if failed is not None:
            return
        before = {
            "step": self.name,
            "stage": {name: getattr(self.state, name) for name in self.said},
            "programme": self._programme_before(),
        }
        _write(self.stage, self.said, self.programme, self.now)
        StageState.objects.filter(stage=self.stage).update(last_step=before)
        journal.note(
            "stage.stepped",
            edition=self.stage.edition,
            now=self.now,
            by=self.by,
            target=self.stage,
            step=self.name,
            **self.facts,
        )

    def _programme_before(self) -> dict[str, Any]:
        if not self.programme:
            return {}
        word = OnAir.objects.filter(stage=self.stage).first()
        if word is None or not word.holds(self.now, self.stage.edition):
            return {"word": None}  # the plan alone
        return {"session": word.session_id, "delay_minutes": word.delay_minutes}


def _locked(stage: Stage, seq: int | None = None) -> StageState:
    """The stage's row, ours until the end of the transaction. Raises `StaleStep` where its number is another."""
    state, _created = StageState.objects.select_for_update().get_or_create(stage=stage)
    if seq is not None and state.seq != seq:
        raise StaleStep
    return state


def _write(stage: Stage, said: dict[str, Any], programme: dict[str, Any], now: datetime) -> None:
    """One number further, and everybody told. What stands in the programme counts the number up itself."""
    StageState.objects.filter(stage=stage).update(**said)
    if "session" in programme:
        programme_actions.put_on_air(stage, programme["session"], now)
    if "delay_minutes" in programme:
        programme_actions.set_delay(stage, programme["delay_minutes"], now)
    if not programme:
        StageState.objects.filter(stage=stage).update(seq=F("seq") + 1)
        transaction.on_commit(lambda: live.stage_changed(stage.pk))
