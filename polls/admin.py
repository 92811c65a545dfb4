"""Polls and what the stages show: looked up here, run from the moderation and the Regie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from congress.admin import EditionScopedAdmin, ReadOnly, ReadOnlyInline, decision
from congress.models import User
from polls import actions
from polls.models import Option, Poll, Screen, StageState


def _is(state: str) -> Callable[[Poll], bool]:
    return lambda poll: poll.state == state


class OptionInline(ReadOnlyInline):
    """The answers; how often each was chosen stands on the pages of the poll, under their rules."""

    model = Option
    edition_path = "poll__edition"
    fields = ("position", "text")
    show_change_link = False


@admin.register(Poll)
class PollAdmin(ReadOnly, EditionScopedAdmin):
    list_display = ("text", "stage", "kind", "state", "secret", "opened_at", "closed_at", "edition")
    list_select_related = ("stage", "edition")
    list_filter = ("edition", "stage", "state", "kind", "secret")
    search_fields = ("text", "options__text")
    date_hierarchy = "created_at"
    inlines = (OptionInline,)
    fields = (
        "edition",
        "stage",
        "session",
        "text",
        "kind",
        "state",
        "secret",
        "results_show",
        "min_choices",
        "max_choices",
        "minutes",
        "opened_at",
        "ends_at",
        "closed_at",
    )
    actions = ("open", "close", "publish")

    @decision(_("Open"), permission="open", fits=_is(Poll.State.DRAFT))
    def open(self, request: HttpRequest, poll: Poll, now: datetime) -> None:
        actions.open_poll(poll=poll, now=now, by=cast(User, request.user))

    @decision(_("Close"), permission="close", fits=_is(Poll.State.OPEN))
    def close(self, request: HttpRequest, poll: Poll, now: datetime) -> None:
        actions.close_poll(poll=poll, now=now, by=cast(User, request.user))

    @decision(_("Publish the result"), permission="publish", fits=_is(Poll.State.CLOSED))
    def publish(self, request: HttpRequest, poll: Poll, now: datetime) -> None:
        actions.publish_poll(poll=poll, now=now, by=cast(User, request.user))


@admin.register(StageState)
class StageStateAdmin(ReadOnly, EditionScopedAdmin):
    edition_path = "stage__edition"
    list_display = ("stage", "phase", "source", "active_poll", "seq")
    list_select_related = ("stage__edition", "active_poll")
    list_filter = ("stage__edition", "phase")
    search_fields = ("stage__name_de", "stage__slug")
    fields = (
        "stage",
        "phase",
        "source",
        "overlay",
        "announcement",
        "active_poll",
        "questions",
        "seq",
    )


@admin.register(Screen)
class ScreenAdmin(ReadOnly, EditionScopedAdmin):
    """Looked up here; set up and ended on the organisers' page, where the address is shown."""

    edition_path = "stage__edition"
    list_display = ("name", "stage", "shows", "renewals")
    list_select_related = ("stage__edition",)
    list_filter = ("stage__edition", "shows")
    search_fields = ("name", "stage__name_de")
    fields = ("stage", "name", "shows", "renewals")
