"""The moderators' console of a stage: prepare, open, close and publish polls. Works without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from congress.errors import Refused
from congress.http import MemberRequest, role_required, see_other
from congress.live.entry import RUNS_A_STAGE
from congress.models import Stage
from polls import actions, queries
from polls.forms import PollForm
from polls.models import Poll
from polls.views.stages import Viewer, find_stage, page_settings, why_hidden
from programme.queries import stages_now


@role_required(*RUNS_A_STAGE)
def moderation(request: MemberRequest) -> HttpResponseBase:
    """The stages that this person moderates; straight on where it is one."""
    stages = [
        stage
        for stage in request.edition.stages.order_by("position", "pk")
        if request.access.plays(*RUNS_A_STAGE, stage=stage)
    ]
    if len(stages) == 1:
        return redirect("moderation_stage", request.edition.slug, stages[0].slug)
    on_air = {on.stage.pk: on for on in stages_now(request.edition, request.now)}
    cards = [{"stage": stage, "on": on_air[stage.pk]} for stage in stages]
    return render(request, "polls/moderation.html", {"cards": cards})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*RUNS_A_STAGE)
def moderation_stage(request: MemberRequest, stage: str) -> HttpResponseBase:
    """The console; POST prepares a poll, and opens it at once where that button was pressed."""
    place = _stage(request, stage)
    form = PollForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values: dict[str, Any] = dict(form.cleaned_data)
            try:
                poll = actions.create_poll(stage=place, now=request.now, by=request.user, **values)
                if "open" in request.POST:
                    actions.open_poll(poll=poll, now=request.now, by=request.user)
                    messages.success(request, _("The poll is open."))
                else:
                    messages.success(request, _("The poll is prepared."))
            except Refused as refusal:
                messages.error(request, str(refusal.message))
            return _back(request, place)
    viewer = Viewer(request, place)
    picture, audience = viewer.picture, viewer.audience
    entries = queries.polls_of_stage(place.pk)
    context = {
        "stage": place,
        "form": form,
        "active": next((entry for entry in entries if entry["poll"].is_open), None),
        "drafts": [entry for entry in entries if entry["poll"].is_draft],
        "done": [
            entry for entry in entries if not entry["poll"].is_draft and not entry["poll"].is_open
        ],
        "why": why_hidden(picture),
        "shown": picture.poll.pk if picture.poll is not None else None,
        "state": picture.state(audience) | {"you": viewer.you},
        "settings": page_settings(request, viewer) | {"console": True},
    }
    # Only the lists, for an open console: a whole page would bring a nonce that is not this page's.
    part = request.headers.get("X-Part") == "console"
    page = "polls/_console.html" if part else "polls/moderation_stage.html"
    return render(request, page, context, status=status)


_ACTS = {
    "open": (actions.open_poll, gettext_lazy("The poll is open.")),
    "close": (actions.close_poll, gettext_lazy("The poll is closed. The result is fixed.")),
    "publish": (actions.publish_poll, gettext_lazy("The result is published.")),
    "delete": (actions.delete_draft, gettext_lazy("The prepared poll was thrown away.")),
}


@require_POST
@role_required(*RUNS_A_STAGE)
def act(request: MemberRequest, stage: str, poll: int, verb: str) -> HttpResponseBase:
    """One step of one poll; refused ones come back as a sentence."""
    place = _stage(request, stage)
    if verb not in _ACTS:
        raise Http404
    row = get_object_or_404(Poll.objects.select_related("edition"), pk=poll, stage=place)
    function, said = _ACTS[verb]
    try:
        function(poll=row, now=request.now, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, said)
    return _back(request, place)


def _stage(request: MemberRequest, slug: str) -> Stage:
    stage = find_stage(request, slug)
    request.access.require_role(*RUNS_A_STAGE, stage=stage)
    return stage


def _back(request: MemberRequest, stage: Stage) -> HttpResponseBase:
    return see_other("moderation_stage", request.edition.slug, stage.slug)
