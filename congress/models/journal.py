"""The journal: who decided, opened, exported or was let in, and when."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from congress.models.editions import Edition
from congress.models.people import User


class JournalEntry(models.Model):
    """One act. Entries are written by `congress.journal.note`, read in the admin, never changed."""

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="journal",
        null=True,
        blank=True,
        verbose_name=_("edition"),
    )
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("by"),
    )
    person = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("about"),
    )
    verb = models.CharField(_("act"), max_length=60)
    target = models.CharField(_("object"), max_length=120, blank=True, help_text="app.model:pk")
    details: models.JSONField[Any, Any] = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=("edition", "-at")),)

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M} {self.verb}"
