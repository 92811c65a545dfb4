"""The moderators' console of a stage: prepare, open, close and publish polls. Works without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congress.errors import Refused
from congress.http import MemberRequest, role_required, see_other, whole_numbers
from congress.live.entry import RUNS_A_STAGE
from congress.models import Stage
from polls import actions, asking, queries, wording
from polls.forms import PollForm, SayForm, WordsForm
from polls.models import Poll, Question, StageState
from polls.views.stages import Viewer, find_stage, page_settings, why_hidden
from programme.queries import stages_now

QUESTIONS_AT_FIRST = 40  # all of them by a link; a telephone draws no hundred
KEYS = (
    ("w", gettext_lazy("to the questions that wait; arrows move, Enter presses")),
    ("z", gettext_lazy("show the oldest question that waits")),
    ("f", gettext_lazy("to the questions that are shown")),
    ("y", gettext_lazy("question back from the screen")),
    ("k", gettext_lazy("the question on the screen is answered")),
    ("s", gettext_lazy("to the prepared polls")),
    ("c", gettext_lazy("close the open poll")),
    ("g", gettext_lazy("to the closed polls")),
    ("?", gettext_lazy("these keys")),
)


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
            try:
                poll = actions.create_poll(
                    stage=place, now=request.now, by=request.user, **form.values
                )
                if "open" in request.POST:
                    actions.open_poll(poll=poll, now=request.now, by=request.user)
                    messages.success(request, _("The poll is open."))
                else:
                    messages.success(request, _("The poll is prepared."))
            except Refused as refusal:
                messages.error(request, str(refusal.message))
            return _back(request, place)
    by_time, all_of_them = request.GET.get("fragen") == "zeit", "alle" in request.GET
    pending, more_pending = queries.questions_pending(place.pk)
    viewer = Viewer(request, place)
    picture, audience = viewer.picture, viewer.audience
    entries = queries.polls_of_stage(place.pk)
    shown = _in_order(picture.questions, by_time=by_time)
    context = {
        "stage": place,
        "keys": KEYS,
        "form": form,
        "active": next((entry for entry in entries if entry["poll"].is_open), None),
        "drafts": [entry for entry in entries if entry["poll"].is_draft],
        "done": [
            entry for entry in entries if not entry["poll"].is_draft and not entry["poll"].is_open
        ],
        "why": why_hidden(picture),
        "state_of": queries.stage_state(place.pk) or StageState(stage=place),
        "pending": pending,
        "more_pending": more_pending,
        "shown_questions": shown[: None if all_of_them else QUESTIONS_AT_FIRST],
        "more_shown": 0 if all_of_them else max(0, len(shown) - QUESTIONS_AT_FIRST),
        "all_of_them": all_of_them,
        "by_time": by_time,
        "shown": picture.poll.pk if picture.poll is not None else None,
        "state": picture.state(audience) | {"you": viewer.you},
        "settings": page_settings(request, viewer) | {"console": True},
    }
    # Only the lists, for an open console: a whole page would bring a nonce that is not this page's.
    part = request.headers.get("X-Part") == "console"
    page = "polls/_console.html" if part else "polls/moderation_stage.html"
    return render(request, page, context, status=status)


@require_safe
@role_required(*RUNS_A_STAGE)
def moderation_tablet(request: MemberRequest, stage: str) -> HttpResponse:
    """For whoever sits on the stage with a tablet: large, without a picture, only what the audience sees."""
    place = _stage(request, stage)
    viewer = Viewer(request, place)
    picture, audience = viewer.picture, viewer.audience
    asked = [one for one in picture.questions if one["state"] != Question.State.ANSWERED]
    context = {
        "stage": place,
        "on": picture.on,
        "poll": picture.poll,
        "rows": picture.rows(audience),
        "total": picture.results.total if picture.results is not None else 0,
        "on_screen": next((one for one in asked if one["state"] == Question.State.ON_SCREEN), None),
        "questions": [one for one in asked if one["state"] != Question.State.ON_SCREEN],
        "state": picture.state(audience) | {"you": viewer.you},
        "settings": page_settings(request, viewer) | {"console": True, "tablet": True},
    }
    part = request.headers.get("X-Part") == "console"
    page = "polls/_tablet.html" if part else "polls/moderation_tablet.html"
    return render(request, page, context)


def _in_order(questions: list[dict[str, Any]], *, by_time: bool) -> list[dict[str, Any]]:
    """What is on the screen first; then as the audience sees it, or the oldest first."""
    if not by_time:
        return questions
    return sorted(questions, key=lambda one: (one["state"] != Question.State.ON_SCREEN, one["id"]))


_ACTS = {
    "open": (actions.open_poll, gettext_lazy("The poll is open.")),
    "close": (actions.close_poll, gettext_lazy("The poll is closed. The result is fixed.")),
    "round": (
        actions.next_round,
        gettext_lazy("The next round is prepared: the same question, once more."),
    ),
    "reopen": (actions.reopen_poll, gettext_lazy("The poll is open again.")),
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
    if request.POST.get("next") == "preparing":
        return see_other("preparing", request.edition.slug, place.slug)
    return _back(request, place)


@require_POST
@role_required(*RUNS_A_STAGE)
def act_on_words(request: MemberRequest, stage: str, poll: int) -> HttpResponseBase:
    """Hide words of a word cloud, count them as one, or take that back."""
    place = _stage(request, stage)
    row = get_object_or_404(Poll.objects.select_related("edition"), pk=poll, stage=place)
    act = request.POST.get("act", "")
    common: dict[str, Any] = {"poll": row, "now": request.now, "by": request.user}
    form = WordsForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(" ".join(str(error) for of in form.errors.values() for error in of))
        typed, marked = form.cleaned_data["word"], form.cleaned_data["words"]
        if act == "hide":
            wording.hide(words=[*marked, typed], **common)
            said = _("Not shown any more.")
        elif act == "join":
            wording.join(words=marked, into=typed or "".join(marked[:1]), **common)
            said = _("Counted as one word.")
        elif act == "release":
            wording.release(words=marked, **common)
            said = _("As it was written.")
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, said)
    return _back(request, place)


_QUESTION_ACTS: dict[str, tuple[Any, Any]] = {
    "show": (asking.show, gettext_lazy("The question is shown.")),
    "screen": (asking.to_screen, gettext_lazy("The question is on the screen.")),
    "answer": (asking.answer, gettext_lazy("The question is answered.")),
    "reject": (asking.reject, gettext_lazy("The question is rejected; whoever asked reads why.")),
}


@require_POST
@role_required(*RUNS_A_STAGE)
def act_on_question(
    request: MemberRequest, stage: str, question: int, verb: str
) -> HttpResponseBase:
    """One step of one question; refused ones come back as a sentence."""
    place = _stage(request, stage)
    if verb not in _QUESTION_ACTS:
        raise Http404
    row = get_object_or_404(
        Question.objects.select_related("edition", "person"), pk=question, stage=place
    )
    function, said = _QUESTION_ACTS[verb]
    more: dict[str, Any] = {}
    try:
        if verb == "reject":
            form = SayForm({"text": request.POST.get("reason", "")}, limit=300)
            if not form.is_valid():
                raise Refused(" ".join(str(error) for error in form.errors["text"]))
            more = {"reason": form.cleaned_data["text"]}
        function(question=row, now=request.now, by=request.user, **more)
    except Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, said)
    return _back(request, place)


@require_POST
@role_required(*RUNS_A_STAGE)
def take_questions(request: MemberRequest, stage: str) -> HttpResponseBase:
    """Whether the stage takes questions, and whether they are looked at first."""
    place = _stage(request, stage)
    if "moderated" in request.POST:
        moderated = request.POST["moderated"] == "1"
        asking.look_first(stage=place, moderated=moderated, now=request.now, by=request.user)
        return _back(request, place)
    state = request.POST.get("questions", "")
    if state not in StageState.Questions.values:
        raise Http404
    asking.set_questions(stage=place, state=state, now=request.now, by=request.user)
    return _back(request, place)


@require_POST
@role_required(*RUNS_A_STAGE)
def join_questions(request: MemberRequest, stage: str) -> HttpResponseBase:
    """The marked questions ask the same: one stays."""
    place = _stage(request, stage)
    numbers = whole_numbers(request.POST.getlist("questions"))
    try:
        question = asking.join(stage=place, numbers=numbers, now=request.now, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(
            request,
            _("Joined. %(count)d people support the question now.") % {"count": question.support},
        )
    return _back(request, place)


def _stage(request: MemberRequest, slug: str) -> Stage:
    stage = find_stage(request, slug)
    request.access.require_role(*RUNS_A_STAGE, stage=stage)
    return stage


def _back(request: MemberRequest, stage: Stage) -> HttpResponseBase:
    return see_other("moderation_stage", request.edition.slug, stage.slug)
