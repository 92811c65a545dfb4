"""Who came through the door, and who left: one row for each time somebody passed it and was counted."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from congress.models import Admission, Edition, User


class CheckInQuerySet(models.QuerySet["CheckIn"]):
    """The words we use at the door. What counts is the order of the moments, not that of the rows."""

    def of_day(self, edition: Edition, day: date) -> Self:
        return self.filter(edition=edition, day=day)

    def latest_of_each(self) -> Self:
        """Of everybody the last time they passed the door."""
        return self.order_by("admission_id", "-at", "-pk").distinct("admission_id")

    def present(self) -> CheckInQuerySet:
        """Of these rows (of one day) those of people who came in and have not left: one for each of them."""
        return CheckIn.objects.filter(
            pk__in=self.latest_of_each().values("pk"), direction=CheckIn.Direction.IN
        )

    def with_person(self) -> Self:
        """Load what lists show, in the same query."""
        return self.select_related("admission__person")


class CheckIn(models.Model):
    """Somebody came in or went out. The admission says who, whichever office let them in."""

    class Direction(models.TextChoices):
        IN = "in", _("came in")
        OUT = "out", _("went out")

    # What a scanner without network remembers is older; older than the second it is no news any more.
    LATE: ClassVar[timedelta] = timedelta(minutes=1)
    TOO_LATE: ClassVar[timedelta] = timedelta(hours=18)

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="check_ins", verbose_name=_("edition")
    )
    admission = models.ForeignKey(
        Admission, on_delete=models.CASCADE, related_name="check_ins", verbose_name=_("admission")
    )
    day = models.DateField(_("day"), help_text=_("Of the place where the congress is."))
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    at = models.DateTimeField(_("at"))
    late = models.BooleanField(
        _("delivered late"),
        default=False,
        help_text=_("The network was away; the moment is the scanner's."),
    )
    by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("by"),
    )
    key = models.UUIDField(default=uuid.uuid4, editable=False)

    objects: ClassVar[CheckInQuerySet] = CheckInQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(
                fields=("edition", "day", "admission", "-at", "-id"), name="check_ins_of_a_day"
            ),
        )
        constraints = (
            # However often the scanner delivers it.
            models.UniqueConstraint(name="a_scan_counts_once", fields=("edition", "key")),
            models.CheckConstraint(
                name="one_comes_in_or_goes_out", condition=Q(direction__in=["in", "out"])
            ),
        )

    def __str__(self) -> str:
        return f"{self.admission} · {self.get_direction_display()} {self.at:%d.%m.%Y %H:%M}"
