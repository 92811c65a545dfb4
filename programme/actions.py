"""What changes in the programme while it runs: what is on air on a stage, and how late it is."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from congress.errors import Refused
from congress.models import Edition, Stage
from programme.models import LONGEST_DELAY_MINUTES, OnAir, Session
from programme.signals import on_air_changed


class NotOnThisStage(Refused):
    message = _("This session does not belong on this stage.")
    code = "not_on_this_stage"


class DelayOutOfRange(Refused):
    message = _("A delay lies between 0 and 240 minutes.")
    code = "delay_out_of_range"


@transaction.atomic
def put_on_air(stage: Stage, session: Session | None, now: datetime) -> OnAir:
    """Say what the stage shows from now on; `None`: nothing. Doing it twice does no harm.

    Raises `NotOnThisStage`.
    """
    if session is not None and session.stage_id != stage.pk:
        raise NotOnThisStage
    return _say(stage, now, session=session)


@transaction.atomic
def set_delay(stage: Stage, minutes: int, now: datetime) -> OnAir:
    """Say how late the stage runs. Raises `DelayOutOfRange`."""
    if not 0 <= minutes <= LONGEST_DELAY_MINUTES:
        raise DelayOutOfRange
    return _say(stage, now, delay_minutes=minutes)


@transaction.atomic
def take_word_back(stage: Stage) -> None:
    """As if the Regie had said nothing today: the stage follows the plan again. Twice does no harm."""
    for row in OnAir.objects.select_for_update().filter(stage=stage):
        row.delete()
        stage.refresh_from_db()
        on_air_changed.send(sender=OnAir, on_air=row)


@transaction.atomic
def follow_the_plan(edition: Edition, now: datetime) -> None:
    """Put on air what the programme has for this moment: where an exercise turns its clock, nobody switches stages."""
    for stage in edition.stages.order_by("pk"):
        running = stage.sessions.talks().filter(starts_at__lte=now, ends_at__gt=now).first()
        _say(stage, now, session=running, delay_minutes=0)


def _say(stage: Stage, now: datetime, **word: object) -> OnAir:
    before = OnAir.objects.select_for_update().filter(stage=stage).first()
    if before is not None and not before.holds(now, stage.edition):
        # What was said on another day says nothing about today, so nothing of it may come back to life.
        word = {"session": None, "delay_minutes": 0} | word
    row, _created = OnAir.objects.update_or_create(
        stage=stage, defaults={"edition_id": stage.edition_id, "changed_at": now} | word
    )
    stage.on_air = row  # whoever holds the stage reads what holds now
    on_air_changed.send(sender=OnAir, on_air=row)
    return row
