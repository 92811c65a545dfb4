"""What a desk asks back, and the answer: the same for applicants and for journalists."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from congress.fields import ParagraphField
from congress.models.people import User


class AskedBack(models.Model):
    """A question of the desk about one case. Whoever inherits names the case, and `an_answer_has_its_moment`."""

    text = ParagraphField(_("question"), max_length=2000)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("asked by"),
    )
    answer = ParagraphField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ("asked_at", "pk")


AN_ANSWER_HAS_ITS_MOMENT = Q(answer="", answered_at__isnull=True) | (
    ~Q(answer="") & Q(answered_at__isnull=False)
)
