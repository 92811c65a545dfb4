"""What happens around every request: its id, headers of our own, its edition and the edition's time."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from congress.http import Access
from congress.logs import request_id
from congress.models import Edition

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id that log lines and error pages show, so that a help desk can find it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_id.set(secrets.token_hex(4))
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class HeadersMiddleware:
    """Headers that Django has no setting for. Views of personal pages add `no-store` themselves (`congress.http`)."""

    PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), autoplay=(self), fullscreen=(self)"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", self.PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        session = getattr(request, "session", None)
        if session is not None and session.accessed and SESSION_KEY in session:
            # What one person sees is nobody else's: not for shared caches, not for the back button after sign-out.
            response.setdefault("Cache-Control", "private, no-store")
        return response


class QueryMiddleware:
    """Refuses a query string with a NUL: PostgreSQL cannot look for it. Forms refuse it anyhow."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\0" in value for _name, values in request.GET.lists() for value in values):
            raise BadRequest("NUL in the query string")
        return self.get_response(request)


class EditionMiddleware:
    """Below `/<edition>/`: loads the edition and its time in one query, as `request.edition` and `request.now`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> None:
        slug = keywords.pop("edition", None)
        if slug is None:
            return
        edition = (
            Edition.objects.with_clock().select_related("host_state").filter(slug=slug).first()
        )
        if edition is None or edition.clock is None:
            raise Http404
        request.edition = edition  # type: ignore[attr-defined]
        request.now = edition.clock  # type: ignore[attr-defined]
        request.access = Access(request, edition, edition.clock)  # type: ignore[attr-defined]
