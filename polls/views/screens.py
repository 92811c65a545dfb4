"""Screens: the page that a mixer or a wall has open, and the list of those that may."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import (
    condition,
    require_http_methods,
    require_POST,
    require_safe,
)

from congress import links
from congress.errors import Refused
from congress.http import (
    EditionRequest,
    MemberRequest,
    kept_nowhere,
    role_required,
    see_other,
    whole_number,
)
from congress.models import Role, Stage
from congress.views.errors import gone, not_found
from polls import live as pictures
from polls import screens as acts
from polls.forms import ScreenForm
from polls.live import SCREEN, StagePicture
from polls.models import Screen
from programme.queries import live_url

SETS_UP = (Role.Kind.ORGANISER, Role.Kind.DIRECTOR)


# --- The screen itself ------------------------------------------------------------------------------------


@kept_nowhere
@require_safe
def screen(request: EditionRequest, token: str) -> HttpResponseBase:
    """The page of a screen. Unknown: 404, ended: 410. `?zeigt=` chooses something else than it was set up for."""
    found = _find(request, token)
    if found is None:
        return not_found(request)
    if not found.link.is_open(request.now):
        return gone(request, edition=request.edition)
    wanted = request.GET.get("zeigt")
    shows = found.shows if wanted is None else acts.WORDS.get(wanted, "")
    if not shows:
        raise Http404
    picture: StagePicture = pictures.memory_of(found.stage_id).fresh(0)
    context = {
        "screen": found,
        "shows": shows,
        "is_overlay": shows in Screen.OVERLAYS,
        "state": picture.state(SCREEN) | {"speakers": picture.speakers},
        "settings": _settings(found, token, shows),
    }
    return render(request, "polls/screen.html", context)


@kept_nowhere
@require_safe
def screen_state(request: EditionRequest, token: str) -> HttpResponseBase:
    """The same over HTTP, where no socket comes through."""
    found = _find(request, token)
    if found is None:
        raise Http404
    if not found.link.is_open(request.now):
        return HttpResponse(status=410)
    return _snapshot(request, pictures.memory_of(found.stage_id).fresh())


@condition(etag_func=lambda request, picture: picture.etag(SCREEN))
def _snapshot(request: HttpRequest, picture: StagePicture) -> HttpResponse:
    return HttpResponse(picture.frame("state", SCREEN).encode(), content_type="application/json")


def _find(request: EditionRequest, token: str) -> Screen | None:
    """The screen of this token in the request's edition; by the same rule as `polls.screens.look_up`."""
    try:
        token_hash = links.hashed(token)
    except links.Incomplete:
        return None
    screens = Screen.objects.of_edition(request.edition).with_link()
    return screens.of_tokens([token_hash]).first()


def _settings(screen: Screen, token: str, shows: str) -> dict[str, Any]:
    edition = screen.stage.edition
    here = {"edition": edition.slug, "token": token}
    watch = settings.SITE_URL + live_url(edition, screen.stage)
    return {
        "shows": shows,
        "overlay": shows in Screen.OVERLAYS,
        "socket": f"/ws/{edition.slug}/anzeige/{token}/",
        "state": reverse("screen_state", kwargs=here),
        "build": pictures.screen_build(),
        "stage": screen.stage.name,
        "qr": segno.make_qr(watch, error="m").svg_data_uri(border=2),
        "watch": watch.partition("://")[2].rstrip("/"),
        "texts": _texts(),
    }


def _texts() -> dict[str, str]:
    return {
        "vote_now": _("Vote now"),
        "closed": _("The poll is closed"),
        "result": _("Result"),
        "one_vote": _("1 vote"),
        "votes": _("%s votes"),
        "more": _("and others"),
        "question": _("Question from the audience"),
        "next": _("Next"),
        "now": _("Now"),
        "at": _("%s o’clock"),
        "goes_on": _("We go on in"),
        "begins": _("It begins in"),
        "poll_ends": _("The poll ends in"),
        "time_left": _("Time left"),
        "pause": _("Break"),
        "trouble": _("There is technical trouble. We are working on it."),
        "before": _("before: %s %"),
        "over": _("This stage is over for today."),
        "preview": _("We begin soon."),
        "nothing_next": _("That was the last session of today."),
        "join": _("Take part: scan the code, or open"),
        "as_of": _("As of %s – no connection"),
        "ended": _("This screen has ended."),
    }


# --- Setting them up --------------------------------------------------------------------------------------


@kept_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*SETS_UP)
def screens(request: MemberRequest) -> HttpResponse:
    """All screens of somebody's stages; POST sets one up and shows its address this one time."""
    stages = _stages(request)
    if request.method != "POST":
        return _list(request, stages, ScreenForm(stages=stages))
    form = ScreenForm(request.POST, stages=stages)
    if not form.is_valid():
        return _list(request, stages, form, status=422)
    try:
        made, token = acts.create(now=request.now, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal.message))
        return see_other("screens", request.edition.slug)
    return _list(request, stages, ScreenForm(stages=stages), shown=made, token=token)


@kept_nowhere
@require_POST
@role_required(*SETS_UP)
def renew_screen(request: MemberRequest, number: int) -> HttpResponse:
    """A new address, shown this one time; the old one ends."""
    found = _own(request, number)
    given = whole_number(request.POST.get("renewals", ""))
    renewals = -1 if given is None else given
    try:
        token = acts.renew(screen=found, renewals=renewals, now=request.now, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.message))
        return see_other("screens", request.edition.slug)
    stages = _stages(request)
    return _list(request, stages, ScreenForm(stages=stages), shown=found, token=token)


@require_POST
@role_required(*SETS_UP)
def end_screen(request: MemberRequest, number: int) -> HttpResponse:
    acts.end(screen=_own(request, number), now=request.now, by=request.user)
    messages.success(request, _("The screen has ended; it is dark wherever it was open."))
    return see_other("screens", request.edition.slug)


def _stages(request: MemberRequest) -> list[Stage]:
    return [
        stage
        for stage in request.edition.stages.order_by("position", "pk")
        if request.access.plays(*SETS_UP, stage=stage)
    ]


def _own(request: MemberRequest, number: int) -> Screen:
    found = get_object_or_404(Screen.objects.of_edition(request.edition).with_link(), pk=number)
    request.access.require_role(*SETS_UP, stage=found.stage)
    return found


def _list(
    request: MemberRequest,
    stages: list[Stage],
    form: ScreenForm,
    *,
    shown: Screen | None = None,
    token: str = "",
    status: int = 200,
) -> HttpResponse:
    every = list(
        Screen.objects.filter(stage__in=stages).with_link().order_by("stage__position", "pk")
    )
    context = {
        "form": form,
        "stages": stages,
        "screens": [one for one in every if one.link.is_open(request.now)],
        "over": [one for one in every if not one.link.is_open(request.now)],
        "shown": shown,
        "address": _address(request, token) if shown is not None else "",
        "words": [
            {"word": word, "label": Screen.Shows(shows).label, "overlay": shows in Screen.OVERLAYS}
            for word, shows in acts.WORDS.items()
        ],
    }
    return render(request, "polls/screens.html", context, status=status)


def _address(request: MemberRequest, token: str) -> str:
    """In the language of the congress, whoever sets the screen up."""
    with override(settings.LANGUAGE_CODE):
        path = reverse("screen", kwargs={"edition": request.edition.slug, "token": token})
    return request.build_absolute_uri(path)
