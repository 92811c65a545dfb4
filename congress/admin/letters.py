"""The outbox and an edition's own wordings."""

from __future__ import annotations

from django.contrib import admin

from congress.admin.scope import EditionScopedAdmin, HistoryAdmin, ReadOnly
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


@admin.register(LetterText)
class LetterTextAdmin(HistoryAdmin):
    list_display = ("template", "language", "subject", "edition")
    list_select_related = ("edition",)
    list_filter = ("edition", "template", "language")
    search_fields = ("template", "subject")
    autocomplete_fields = ("edition",)
