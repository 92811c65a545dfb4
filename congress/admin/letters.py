"""The outbox and an edition's own wordings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, linebreaks
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from congress import wording
from congress.admin.scope import EditionScopedAdmin, HistoryAdmin, OneEditionForm, ReadOnly
from congress.models import Letter, LetterText


@admin.register(Letter)
class LetterAdmin(ReadOnly, EditionScopedAdmin):
    list_display = ("subject_or_template", "to", "state", "edition", "written_at", "sent_at")
    list_select_related = ("edition",)
    list_filter = ("edition", "state", "template", "bulk")
    search_fields = ("to", "subject", "template", "person__last_name")
    date_hierarchy = "written_at"
    fields = (
        "edition",
        "template",
        "person",
        "to",
        "language",
        "subject",
        "state",
        "bulk",
        "written_at",
        "due_at",
        "retry_at",
        "attempts",
        "sent_at",
        "answer",
        "message_id",
    )

    @admin.display(description=Letter._meta.get_field("subject").verbose_name, ordering="subject")
    def subject_or_template(self, letter: Letter) -> str:
        return str(letter)


class LetterTextForm(OneEditionForm):
    """Refuses what no wording may hold, in sentences for whoever writes it."""

    template = forms.ChoiceField(label=LetterText._meta.get_field("template").verbose_name)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        if "template" in self.fields:
            language = get_language() or "de"
            self.fields["template"].choices = [  # type: ignore[attr-defined]  # a choice field
                (name, wording.label(name, language)) for name in wording.letters()
            ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        template = given.get("template") or self.instance.template
        if template and not self.errors:
            wording.check(template, given.get("subject", ""), given.get("body", ""))
        return given


@admin.register(LetterText)
class LetterTextAdmin(HistoryAdmin):
    form = LetterTextForm
    list_display = ("called", "language", "subject", "edition")
    list_select_related = ("edition",)
    list_filter = ("edition", "template", "language")
    search_fields = ("template", "subject")
    fields = ("edition", "template", "language", "subject", "body", "names", "standard", "preview")
    readonly_fields = ("names", "standard", "preview")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A wording stays with its letter."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "template", "language"] if obj is not None else fields

    @admin.display(description=LetterText._meta.verbose_name)
    def called(self, own: LetterText) -> str:
        return wording.label(own.template, own.language)

    @admin.display(description=_("what it may name"))
    def names(self, own: LetterText) -> str:
        if own.template not in wording.letters():
            return "–"
        return ", ".join(f"{{{{ {name} }}}}" for name in sorted(wording.names(own.template)))

    @admin.display(description=_("standard text"))
    def standard(self, own: LetterText) -> str:
        if own.template not in wording.letters():
            return "–"
        return _as_it_stands(*wording.standard_text(own.template, own.language))

    @admin.display(description=_("how it reads"))
    def preview(self, own: LetterText) -> str:
        """The saved text; what is not a fact of the edition stands as its name."""
        if not own.subject or wording.compiled(own) is None:
            return "–"
        return _as_it_stands(
            *wording.preview(own.edition, own.template, own.language, own.subject, own.body)
        )


def _as_it_stands(subject: str, body: str) -> str:
    return format_html("<strong>{}</strong>{}", subject, linebreaks(body, autoescape=True))
