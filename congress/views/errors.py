"""Pages for what went wrong; each says a way on."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

from congress.models import Edition


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away or too busy comes back by itself: 503, and when to ask again. Else it is our fault."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    # Without a context: whatever it would ask for may be what is missing.
    page = get_template("503.html" if away else "500.html").render()
    response = HttpResponse(page, status=503 if away else 500)
    response["Cache-Control"] = "no-store"
    if away:
        response["Retry-After"] = "5"
    return response


def gone(request: HttpRequest, *, edition: Edition) -> HttpResponse:
    return render(request, "congress/gone.html", {"edition": edition}, status=410)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    context: dict[str, Any] = {"no_cookie": "cookie" in reason.lower()}
    return render(request, "403_csrf.html", context, status=403)
