"""Pages for what went wrong; each says a way on."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _

from congress.live.frames import LARGEST_FRAME, BadFrame, decode, reply_id
from congress.live.sockets import error_body
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
    """The page; programs, and pages that send a frame, get the protocol's error body."""
    if request.content_type == "application/json":
        text = _("This page was open for a long time. Please reload it and try once more.")
        body = error_body("forbidden", reply_to=_reply_id(request), message=text)
        return JsonResponse(body, status=403, json_dumps_params={"ensure_ascii": False})
    context: dict[str, Any] = {"no_cookie": "cookie" in reason.lower()}
    return render(request, "403_csrf.html", context, status=403)


def _reply_id(request: HttpRequest) -> str | None:
    """The id of the frame in the body, where there is one."""
    try:
        return reply_id(decode(request.body[: LARGEST_FRAME + 1].decode()))
    except (BadFrame, UnicodeDecodeError, RequestDataTooBig, UnreadablePostError):
        return None
