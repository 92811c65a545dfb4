"""Pages for what went wrong; each says a way on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from congress.models import Edition


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def gone(request: HttpRequest, *, edition: Edition) -> HttpResponse:
    return render(request, "congress/gone.html", {"edition": edition}, status=410)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    context: dict[str, Any] = {"no_cookie": "cookie" in reason.lower()}
    return render(request, "403_csrf.html", context, status=403)
