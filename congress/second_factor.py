"""A second factor before what shows personal data or gives rights: the admin and the organisers' pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress.models import Role, User

_GUARDED = re.compile(
    rf"/{re.escape(settings.ADMIN_PATH)}/|(/[a-z]{{2}})?/\d{{4}}[a-z0-9-]*/orga/", re.ASCII
)
# Where a factor is given is open, else nobody could give it.
_OPEN = re.compile(rf"/{re.escape(settings.ADMIN_PATH)}/(login|logout|jsi18n)/", re.ASCII)


class SecondFactorMiddleware:
    """Whoever plays a guarded role gives a second factor, or sets one up, before the guarded pages open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> HttpResponse | None:
        if not settings.SECOND_FACTOR or not is_guarded(request.path_info):
            return None
        user = request.user
        if not isinstance(user, User) or not needs_second_factor(user) or has_given(request):
            return None
        if is_mfa_enabled(user):
            goal = reverse("mfa_reauthenticate")
            return redirect(f"{goal}?{urlencode({'next': request.get_full_path()})}")
        messages.info(
            request,
            _(
                "Your role shows personal data or gives rights. Please set up a second factor first: "
                "an app on your phone or a security key."
            ),
        )
        return redirect("mfa_index")


def is_guarded(path: str) -> bool:
    return bool(_GUARDED.match(path)) and not _OPEN.match(path)


def needs_second_factor(user: User) -> bool:
    return user.is_superuser or any(role.kind in Role.GUARDED for role in user.active_roles)


def has_given(request: HttpRequest) -> bool:
    """Whether this session has seen a second factor."""
    records = get_authentication_records(request, request.user)  # asked after sign-in
    return any(record.get("method") == "mfa" for record in records)


def insist_on_fresh(request: HttpRequest) -> None:
    """Before somebody gives rights: they showed lately, at the sign-in or since, who they are.

    Raises `ReauthenticationRequired`, which leads to the page that asks, and back. Whoever has neither second factor
    nor password can show nothing, and is not asked; outside the demonstration guarded roles have a second factor.
    """
    if not get_reauthentication_flows(request.user):
        return
    records = get_authentication_records(request, request.user)
    if (
        time.time() - max((one["at"] for one in records), default=0.0)
        >= app_settings.REAUTHENTICATION_TIMEOUT
    ):
        raise ReauthenticationRequired


@receiver(authenticator_added)
def _set_up_is_given(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Whoever has just set up an app or a key has shown it; recovery codes are only handed out."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(
            request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True
        )
