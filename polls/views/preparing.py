"""Preparing the polls of a stage in peace: new ones, also from templates; edit, copy, throw away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congress.errors import Refused
from congress.http import MemberRequest, role_required, see_other
from congress.live.entry import RUNS_A_STAGE
from congress.models import Role, Stage
from polls import actions, queries
from polls.forms import TEMPLATES, PollForm
from polls.models import Poll
from polls.views.stages import find_stage


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*RUNS_A_STAGE)
def preparing(request: MemberRequest, stage: str) -> HttpResponseBase:
    """What is prepared and what has run; POST prepares another one."""
    place = _stage(request, stage)
    chosen = TEMPLATES.get(request.GET.get("vorlage", ""))
    form = PollForm(
        request.POST or None, initial=_begun_with(chosen[1]) if chosen is not None else {}
    )
    if form.is_valid():
        try:
            actions.create_poll(stage=place, now=request.now, by=request.user, **form.values)
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            messages.success(request, _("The poll is prepared."))
            return _back(request, place)
    entries = queries.polls_of_stage(place.pk)
    context = {
        "stage": place,
        "form": form,
        "sees_names": request.access.plays(Role.Kind.ORGANISER),
        "templates": [(name, label) for name, (label, _facts) in TEMPLATES.items()],
        "drafts": [entry for entry in reversed(entries) if entry["poll"].is_draft],
        "done": [entry for entry in entries if not entry["poll"].is_draft],
    }
    status = 422 if form.errors else 200
    return render(request, "polls/preparing.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*RUNS_A_STAGE)
def edit_poll(request: MemberRequest, stage: str, poll: int) -> HttpResponseBase:
    """Change a prepared poll; one that has been opened is refused, and what was typed stays."""
    place = _stage(request, stage)
    row = get_object_or_404(Poll.objects.select_related("edition"), pk=poll, stage=place)
    form = PollForm(request.POST or None, initial=PollForm.facts_of(row) | {"key": row.key})
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.values.items() if name != "key"}
        try:
            actions.edit_draft(poll=row, now=request.now, by=request.user, **values)
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            messages.success(request, _("The changes are kept."))
            return _back(request, place)
    context = {"stage": place, "poll": row, "form": form}
    return render(request, "polls/edit_poll.html", context, status=422 if form.errors else 200)


@require_POST
@role_required(*RUNS_A_STAGE)
def copy_poll(request: MemberRequest, stage: str, poll: int) -> HttpResponseBase:
    """The same once more, to edit or to ask again."""
    place = _stage(request, stage)
    row = get_object_or_404(Poll.objects.select_related("edition", "stage"), pk=poll, stage=place)
    row.stage = place
    actions.copy_poll(poll=row, now=request.now, by=request.user)
    messages.success(request, _("The poll is prepared once more."))
    return _back(request, place)


def _begun_with(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in facts.items()}


def _stage(request: MemberRequest, slug: str) -> Stage:
    stage = find_stage(request, slug)
    request.access.require_role(*RUNS_A_STAGE, stage=stage)
    return stage


def _back(request: MemberRequest, stage: Stage) -> HttpResponseBase:
    return see_other("preparing", request.edition.slug, stage.slug)
