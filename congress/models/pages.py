"""Pages of text: the duties of a public site, in two languages, of one edition or of all."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from congress.fields import LineField, ParagraphField
from congress.models.editions import Edition
from congress.translation import Translated


class PageQuerySet(models.QuerySet["Page"]):
    def for_edition(self, edition: Edition | None) -> Self:
        """The edition's own page before the one that holds for all."""
        return self.filter(Q(edition=edition) | Q(edition__isnull=True)).order_by(
            F("edition").asc(nulls_last=True)
        )


class Page(models.Model):
    # What people write of it.
    WRITTEN: ClassVar[tuple[str, ...]] = ("title_de", "title_en", "body_de", "body_en")

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="pages",
        null=True,
        blank=True,
        verbose_name=_("edition"),
        help_text=_("Empty: holds for every edition that has no page of its own."),
    )
    slug = models.SlugField(_("address"), max_length=40)
    title_de = LineField(_("title (German)"), max_length=120)
    title_en = LineField(_("title (English)"), max_length=120, blank=True)
    body_de = ParagraphField(_("text (German)"), help_text=_("Markdown"))
    body_en = ParagraphField(_("text (English)"), blank=True, help_text=_("Markdown"))
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    title = Translated("title")
    body = Translated("body")

    history: ClassVar[Any] = HistoricalRecords()
    objects: ClassVar[PageQuerySet] = PageQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ("slug", "edition")
        constraints = (
            models.UniqueConstraint(
                name="one_page_per_edition_and_address",
                fields=("edition", "slug"),
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return self.title
