"""The Technik-Check: does my office let picture, socket and HTTP through. Public; works in parts without JavaScript."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from congress.http import EditionRequest
from congress.live.frames import LARGEST_FRAME, BadFrame, Check, Shape, decode, read
from congress.live.sockets import error_body
from polls import checking
from polls.check_socket import FILLER, CheckSocket
from polls.demo import CLIP


def _an_outcome(value: Any) -> str:
    if value not in checking.OUTCOMES:
        raise BadFrame
    return str(value)


_outcome: Check = _an_outcome
SHAPES = {**CheckSocket.shapes, "report": Shape(required={"outcome": _outcome})}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def technik_check(request: EditionRequest) -> HttpResponseBase:
    """The page. POST is the way over HTTP: a trial vote, as a frame or as a plain form, and what came out."""
    if request.method == "POST" and request.content_type == "application/json":
        return _by_frame(request)
    voted = request.method == "POST" and request.POST.get("choices", "") in {"1", "2"}
    context = {
        "clip": static(CLIP),
        "voted": voted,
        "forgotten": request.method == "POST" and not voted,
        "hosts": [checking.our_host(), *checking.stream_hosts()],
        "settings": _settings(request),
    }
    return render(request, "polls/technik_check.html", context)


@never_cache
@require_safe
def technik_check_state(request: HttpRequest) -> HttpResponse:
    """As long as a stage's state, for the way over HTTP."""
    return JsonResponse({"type": "state", "filler": FILLER})


def _by_frame(request: EditionRequest) -> HttpResponse:
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST_FRAME:
            raise BadFrame("too_long")
        frame = read(decode(request.body.decode()), SHAPES)
    except (BadFrame, ValueError) as error:
        bad = error if isinstance(error, BadFrame) else BadFrame()
        status = 413 if bad.code == "too_long" else 400
        return JsonResponse(error_body(bad.code, reply_to=bad.reply_to), status=status)
    if frame["type"] == "report":
        day = request.edition.local(request.now).date()
        checking.count(request.edition, day, frame["outcome"])
    return JsonResponse({"type": "ack", "id": frame["id"]})


def figures_panel(request: EditionRequest) -> str:
    """For `/orga/`: how the check went lately, where it went at all."""
    found = checking.outcomes(
        request.edition, request.edition.local(request.now).date(), days=checking.DAYS_SHOWN
    )
    if found is None or not found.total:
        return ""
    return render_to_string("polls/_check_panel.html", {"found": found, "edition": request.edition})


def _settings(request: EditionRequest) -> dict[str, Any]:
    here = {"edition": request.edition.slug}
    return {
        "socket": f"/ws/{request.edition.slug}/technik-check/",
        "here": reverse("technik_check", kwargs=here),
        "state": reverse("technik_check_state", kwargs=here),
        "csrf": get_token(request),
        "clip": static(CLIP),
        "worker": static("vendor/hls.worker.js"),
        "origins": settings.STREAM_HOSTS,
        "texts": _texts(),
    }


def _texts() -> dict[str, str]:
    return {
        "runs": _("is being tried …"),
        "picture_ok": _("Picture and sound are playing."),
        "picture_no": _("The picture does not play."),
        "captions_ok": _("Captions arrive."),
        "captions_no": _("Captions do not arrive."),
        "socket_ok": _("The live connection stands."),
        "socket_no": _("The live connection is refused."),
        "socket_swallowed": _(
            "The live connection opens, but nothing comes through: something on the way swallows it."
        ),
        "socket_cut": _("The live connection is cut after a few seconds."),
        "http_ok": _("Asking in short intervals works."),
        "http_no": _("Asking in short intervals does not work."),
        "vote_ok_socket": _("Your trial vote arrived by the live connection."),
        "vote_ok_http": _("Your trial vote arrived over HTTP."),
        "vote_no": _("Your trial vote did not arrive."),
        "choose": _("Please choose an answer."),
        "host_ok": _("%s can be reached."),
        "host_no": _("%s cannot be reached."),
        "all_well": _("Everything works. You need do nothing more."),
        "http_only": _(
            "You can watch, vote and ask. Your network lets no live connection through; results reach you a few "
            "seconds later. That is all."
        ),
        "no_picture": _(
            "Voting and asking work, the picture does not. Please send the paragraph below to your IT."
        ),
        "nothing": _(
            "Your network lets neither picture nor votes through. Please send the paragraph below to your IT, or try "
            "another network."
        ),
        "captions_only": _("Only the captions are missing; everything else works."),
        "found": _("What was found"),
        "again": _("Try again"),
    }
