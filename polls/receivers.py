"""What stages hear from the congress and the programme."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from congress.models import Stage
from congress.signals import edition_changed
from polls import actions
from polls.models import StageState
from programme.models import OnAir
from programme.signals import on_air_changed


@receiver(post_save, sender=Stage)
def stage_has_a_state(instance: Stage, created: bool, **_kwargs: Any) -> None:
    if created:
        StageState.objects.get_or_create(stage=instance)


@receiver(on_air_changed)
def something_else_is_on_air(on_air: OnAir, **_kwargs: Any) -> None:
    actions.turn_page(on_air.stage_id)


@receiver(edition_changed)
def facts_changed(edition_id: int, **_kwargs: Any) -> None:
    for stage_id in Stage.objects.filter(edition_id=edition_id).values_list("pk", flat=True):
        actions.turn_page(stage_id)
