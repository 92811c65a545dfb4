"""Whoever sees personal data or gives rights is signed out after a while; the rule stands in `congress.sessions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from congress.models import User
from congress.second_factor import needs_second_factor
from congress.sessions import (
    BADGE_KEY,
    ENTERED_KEY,
    LONGEST,
    NOTED_EVERY,
    note_activity,
    staff_session_ends_at,
)

WAS_IDLE = _(
    "You were away for half an hour. To be safe we have logged you out; please log in again."
)
WAS_LONG = _("You were logged in for twelve hours. To be safe we ask you to log in again.")


class StaffSessionMiddleware:
    """Ends the session of guarded roles when its time is over, and notes that something is done in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            self._look(request)
        return self.get_response(request)

    def _look(self, request: HttpRequest) -> None:
        user = request.user
        if not isinstance(user, User) or BADGE_KEY in request.session:
            return  # a badge brings no role along
        if not needs_second_factor(user):
            return
        row = request.session.row  # type: ignore[attr-defined]  # our store's; loaded by asking who it is
        if row is None:
            return  # signed in by this very request
        now = timezone.now()  # noqa: TID251  # sessions live by the real clock
        if now >= staff_session_ends_at(row.entered_at, row.seen_at, row.on_duty_at):
            logout(request)
            messages.info(request, WAS_LONG if now >= row.entered_at + LONGEST else WAS_IDLE)
        elif row.seen_at is None or now - row.seen_at >= NOTED_EVERY:
            note_activity([row.session_key])


@receiver(user_logged_in)
def _enters_now(request: HttpRequest | None, **_kwargs: Any) -> None:
    """What a browser did before somebody signed in there is not part of their session."""
    if request is not None and hasattr(request, "session"):
        request.session.pop(ENTERED_KEY, None)
