"""What a badge opens: the stages of its edition, on one phone, until the day ends.

A badge is worn where everybody can photograph it. So whoever comes in by one is known where they watch, vote and ask
(`panels.badge_doors`), and everywhere else a stranger: no registration, no account, no role. Printing and locking
badges is the registration's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from congress import panels
from congress.sessions import BADGE_KEY, LINK_KEY


class BadgeMiddleware:
    """Hides the person of a badge from every page that is not meant for badges."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        hidden = getattr(request, "badge_is_hidden", False)
        if hidden and response.get("Location", "").startswith(str(settings.LOGIN_URL)):
            messages.info(
                request,
                _(
                    "The badge opens the stages only. For everything else please sign in with your address."
                ),
            )
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> None:
        match = request.resolver_match
        if match is not None and match.view_name in panels.badge_doors:
            return
        known = request.user

        def seen() -> Any:
            # Asked only by pages that ask who is there.
            if known.is_authenticated and BADGE_KEY in request.session:
                request.badge_is_hidden = True  # type: ignore[attr-defined]
                return AnonymousUser()
            return known

        request.user = SimpleLazyObject(seen)  # type: ignore[assignment]  # as Django's own middleware does


@receiver(user_logged_in)
def signed_in_another_way(request: HttpRequest, **_kwargs: Any) -> None:
    """Django keeps the session of somebody who signs in again: what belonged to the link before ends here."""
    if BADGE_KEY in request.session:
        request.session.cycle_key()
        request.session.set_expiry(None)
    for key in (BADGE_KEY, LINK_KEY):
        request.session.pop(key, None)
