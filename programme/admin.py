"""The programme's master data. The timetable on stage is run from the Regie."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from congress.admin import EditionScopedAdmin, HistoryAdmin, ReadOnly, ScopedInline
from programme.models import OnAir, Session, SessionSpeaker, Speaker, SpeakersOffice, Track


@admin.register(Track)
class TrackAdmin(EditionScopedAdmin):
    list_display = ("name_de", "slug", "edition", "position")
    list_select_related = ("edition",)
    list_filter = ("edition",)
    search_fields = ("name_de", "name_en", "slug")
    ordering = ("edition", "position", "pk")


class AppearanceInline(ScopedInline):
    model = SessionSpeaker
    fields = (("speaker", "part", "position"),)
    autocomplete_fields = ("speaker",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("speaker", "session")


class OfficeInline(ScopedInline):
    """Organisers write down where letters about a session go."""

    model = SpeakersOffice
    fields = (("mailbox", "language"),)
    max_num = 1


@admin.register(Session)
class SessionAdmin(HistoryAdmin):
    list_display = ("code", "title_de", "kind", "stage", "track", "starts_at", "ends_at", "example")
    list_display_links = ("code", "title_de")
    list_select_related = ("stage", "track", "edition")
    list_filter = ("edition", "stage", "track", "kind", "example")
    search_fields = ("code", "title_de", "title_en", "appearances__speaker__last_name")
    search_help_text = _("Code, title or name of a speaker")
    date_hierarchy = "starts_at"
    ordering = ("edition", "starts_at", "code")
    inlines = (AppearanceInline, OfficeInline)


@admin.register(Speaker)
class SpeakerAdmin(EditionScopedAdmin):
    list_display = ("__str__", "organisation", "function_de", "edition", "example")
    list_select_related = ("edition",)
    list_filter = ("edition", "example")
    search_fields = ("last_name", "first_name", "organisation")
    ordering = ("sort_key",)


@admin.register(OnAir)
class OnAirAdmin(ReadOnly, EditionScopedAdmin):
    list_display = ("stage", "session", "delay_minutes", "changed_at", "edition")
    list_select_related = ("stage", "session", "edition")
    list_filter = ("edition",)
    search_fields = ("stage__name_de", "session__title_de")
