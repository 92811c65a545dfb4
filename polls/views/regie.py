"""The Regie: all stages side by side, and one console per stage that moves everybody. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from congress import outputs, pdf
from congress.errors import Refused
from congress.http import MemberRequest, role_required, see_other, whole_number
from congress.models import Role, Stage
from polls import actions, asking, checking, directing, headcount, queries, sheets, streams
from polls.forms import SayForm
from polls.models import VOTES_TO_SHOW, Poll, Question, StageState
from polls.views.stages import Viewer, find_stage, page_settings
from programme.models import LONGEST_DELAY_MINUTES, Session
from programme.queries import StageNow, stages_now

DIRECTS = (Role.Kind.DIRECTOR, Role.Kind.ORGANISER)
DELAYS = (5, 10, 15, 20, 30)
DONE_TO_SHOW, QUESTIONS_TO_OFFER = 4, 8  # the newest, the most wanted; the moderation sees all
Phase, Source = StageState.Phase, StageState.Source
PHASE_KINDS: dict[str, str] = {  # of a badge
    Phase.PREVIEW: "info",
    Phase.LIVE: "success",
    Phase.PAUSE: "neutral",
    Phase.TROUBLE: "danger",
    Phase.ENDED: "neutral",
}


# --- All stages -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DIRECTS)
def regie(request: MemberRequest) -> HttpResponseBase:
    """All stages side by side. POST moves all of them at once: the backup stream, an announcement."""
    stages = [
        stage
        for stage in request.edition.stages.order_by("position", "pk")
        if request.access.plays(*DIRECTS, stage=stage)
    ]
    all_of_them = len(stages) == request.edition.stages.count()
    if len(stages) == 1 and not all_of_them:
        return redirect("regie_stage", request.edition.slug, stages[0].slug)
    form = SayForm(request.POST if request.POST.get("act") == "announce" else None)
    if request.method == "POST":
        if not all_of_them:
            request.access.require_role(*DIRECTS)
        said = _to_all(request, form)
        if said:
            messages.success(request, said)
            return see_other("regie", request.edition.slug)
    today = request.edition.local(request.now).date()
    context = {
        "cards": _cards(request, stages),
        "form": form,
        "all_of_them": all_of_them,
        "checks": checking.outcomes(request.edition, today),
    }
    part = request.headers.get("X-Part") == "board"
    page = "polls/_regie_cards.html" if part else "polls/regie.html"
    return render(request, page, context, status=422 if form.errors else 200)


def _to_all(request: MemberRequest, form: SayForm) -> str:
    """Do what was asked of all stages; what to say about it, or nothing where the form says it."""
    edition, now, by = request.edition, request.now, request.user
    act = request.POST.get("act", "")
    if act in Source.values:
        moved = directing.everything_to(edition=edition, source=act, now=now, by=by)
        if act == Source.BACKUP:
            return _("Backup stream: %(count)d stages have been moved.") % {"count": moved}
        return _("Main stream: %(count)d stages have been moved.") % {"count": moved}
    if act != "announce":
        raise Http404
    if not form.is_valid():
        return ""
    text = form.cleaned_data["text"]
    directing.announce_to_all(edition=edition, text=text, now=now, by=by)
    return _("The announcement stands on all stages.") if text else _("The announcement is gone.")


def _cards(request: MemberRequest, stages: list[Stage]) -> list[dict[str, Any]]:
    """What a director sees of each stage; six queries, however many stages."""
    on_air = {on.stage.pk: on for on in stages_now(request.edition, request.now)}
    states = {
        state.stage_id: state
        for state in StageState.objects.filter(stage__in=stages).select_related("active_poll")
    }
    counts = headcount.of_stages([stage.pk for stage in stages])
    lamps = streams.lamps_of(stages)
    return [
        {
            "stage": stage,
            "on": on_air[stage.pk],
            "state": states.get(stage.pk) or StageState(stage=stage),
            "phase_kind": PHASE_KINDS[(states.get(stage.pk) or StageState()).phase],
            "count": counts[stage.pk],
            "lamps": lamps[stage.pk],
        }
        for stage in stages
    ]


# --- One stage --------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DIRECTS)
def regie_stage(request: MemberRequest, stage: str) -> HttpResponseBase:
    """The console of one stage. A step that was meant for an older state is refused, and the new one shown."""
    place = _stage(request, stage)
    part = request.headers.get("X-Part") == "board"
    status = 200
    if request.method == "POST":
        try:
            said = _step(request, place)
        except Refused as refusal:
            status = 409
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, said)
        if not part:
            return see_other("regie_stage", request.edition.slug, place.slug)
    viewer = Viewer(request, place, seconds=0)
    context = _board(request, place, viewer)
    if not part:
        context["keys"] = KEYS
        context["settings"] = page_settings(request, viewer) | {"board": True}
        context["live"] = viewer.picture.state(viewer.audience) | {"you": viewer.you}
    page = "polls/_regie_board.html" if part else "polls/regie_stage.html"
    return render(request, page, context, status=status)


def _board(request: MemberRequest, stage: Stage, viewer: Viewer) -> dict[str, Any]:
    picture = viewer.picture
    state = queries.stage_state(stage.pk) or StageState(stage=stage)
    entries = queries.polls_of_stage(stage.pk)
    on: StageNow = picture.on
    return {
        "stage": stage,
        "seq": picture.seq,
        "state": state,
        "phase_kind": PHASE_KINDS[state.phase],
        "on": on,
        "lines": queries.run_sheet(stage, request.now),
        "count": headcount.of_stages([stage.pk])[stage.pk],
        "lamps": streams.lamps_of([stage])[stage.pk],
        "delays": sorted({0, *DELAYS, on.delay_minutes}),
        "longest_delay": LONGEST_DELAY_MINUTES,
        "phases": [(value, label, _KEYS.get(value, "")) for value, label in Phase.choices],
        "last_step": _STEPS.get((state.last_step or {}).get("step", "")),
        "open": next((entry for entry in entries if entry["poll"].is_open), None),
        "drafts": [entry for entry in entries if entry["poll"].is_draft],
        "done": [entry for entry in entries if entry["poll"].is_done][:DONE_TO_SHOW],
        "questions_rev": picture.questions_rev,
        "questions": picture.questions[:QUESTIONS_TO_OFFER],
        "waiting": Question.objects.filter(stage=stage).pending().count(),
        "votes_to_show": VOTES_TO_SHOW,
    }


KEYS = (
    ("n", gettext_lazy("take the next session")),
    ("x", gettext_lazy("take what is on off the air")),
    ("r", gettext_lazy("to the run sheet; arrows move, Enter takes")),
    ("bb", gettext_lazy("all to the backup stream: twice")),
    ("m", gettext_lazy("back to the main stream")),
    ("vlpte", gettext_lazy("not yet on air, on air, pause, technical trouble, over")),
    ("0", gettext_lazy("on time")),
    ("d", gettext_lazy("to the delay in minutes")),
    ("oa", gettext_lazy("to the text in the picture, to the announcement")),
    ("s", gettext_lazy("to the prepared polls")),
    ("c", gettext_lazy("close the open poll")),
    ("i", gettext_lazy("show or hide the interim result")),
    ("g", gettext_lazy("to the closed polls")),
    ("w", gettext_lazy("take the poll off the stage")),
    ("f", gettext_lazy("to the questions")),
    ("y", gettext_lazy("question back from the screen")),
    ("k", gettext_lazy("question answered")),
    ("u", gettext_lazy("take the last step back")),
    ("?", gettext_lazy("these keys")),
)
_KEYS: dict[str, str] = {
    Phase.PREVIEW: "v",
    Phase.LIVE: "l",
    Phase.PAUSE: "p",
    Phase.TROUBLE: "t",
    Phase.ENDED: "e",
}
_STEPS = {
    "take": gettext_lazy("Session put on air"),
    "phase": gettext_lazy("Phase changed"),
    "source": gettext_lazy("Stream switched"),
    "overlay": gettext_lazy("Text in the picture changed"),
    "announcement": gettext_lazy("Announcement changed"),
    "delay": gettext_lazy("Delay changed"),
}


@dataclass(frozen=True)
class _Asked:
    """A step as it was posted."""

    request: MemberRequest
    stage: Stage
    seq: int | None

    @property
    def common(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "now": self.request.now,
            "by": self.request.user,
            "seq": self.seq,
        }

    def do(self, act: Callable[[], None]) -> None:
        """What is no switch of the stage, where it stands as the director saw it. Raises `StaleStep`."""
        directing.if_unchanged(stage=self.stage, seq=self.seq, act=act)

    def number(self, name: str) -> int:
        return whole_number(self.request.POST.get(name, "")) or 0

    def text(self, limit: int) -> str:
        form = SayForm(self.request.POST, limit=limit)
        if not form.is_valid():
            raise Refused(" ".join(str(error) for error in form.errors["text"]))
        return str(form.cleaned_data["text"])


def _step(request: MemberRequest, stage: Stage) -> str:
    """Take the step that was posted; what to say about it. Raises `Refused`."""
    name = request.POST.get("act", "")
    if name not in _ACTS:
        raise Http404
    seq = whole_number(request.POST.get("seq", ""))
    if seq is None:
        raise directing.StaleStep
    return _ACTS[name](_Asked(request, stage, seq))


def _take(asked: _Asked) -> str:
    code = asked.request.POST.get("session", "")
    session = None
    if code:
        session = get_object_or_404(Session, edition=asked.request.edition, code=code)
    directing.take(session=session, **asked.common)
    return _("On air: %s") % session.title if session is not None else _("Nothing is on air.")


def _phase(asked: _Asked) -> str:
    phase = asked.request.POST.get("phase", "")
    if phase not in Phase.values:
        raise Http404
    directing.set_phase(phase=phase, **asked.common)
    return _("Phase: %s") % Phase(phase).label


def _source(asked: _Asked) -> str:
    source = asked.request.POST.get("source", "")
    if source not in Source.values:
        raise Http404
    directing.set_source(source=source, **asked.common)
    return _("Stream: %s") % Source(source).label


def _overlay(asked: _Asked) -> str:
    text = asked.text(200)
    directing.set_overlay(text=text, **asked.common)
    return _("The text stands in the picture.") if text else _("The text is gone.")


def _announce(asked: _Asked) -> str:
    text = asked.text(500)
    directing.announce(text=text, **asked.common)
    return _("The announcement stands on the stage.") if text else _("The announcement is gone.")


def _delay(asked: _Asked) -> str:
    given = whole_number(asked.request.POST.get("minutes", ""))
    minutes = -1 if given is None else given
    directing.delay(minutes=minutes, **asked.common)
    if not minutes:
        return _("The stage is on time.")
    return _("The programme is shifted by %d minutes.") % minutes


def _back(asked: _Asked) -> str:
    step = directing.take_back(**asked.common)
    return _("Taken back: %s") % _STEPS[step]


def _poll(function: Callable[..., Any], said: Any, **more: Any) -> Callable[[_Asked], str]:
    def act(asked: _Asked) -> str:
        poll = get_object_or_404(
            Poll.objects.select_related("edition"), pk=asked.number("poll"), stage=asked.stage
        )
        asked.do(lambda: function(poll=poll, now=asked.request.now, by=asked.request.user, **more))
        return str(said)

    return act


def _question(function: Callable[..., None], said: Any) -> Callable[[_Asked], str]:
    def act(asked: _Asked) -> str:
        question = get_object_or_404(
            Question.objects.select_related("edition", "person"),
            pk=asked.number("question"),
            stage=asked.stage,
        )
        asked.do(lambda: function(question=question, now=asked.request.now, by=asked.request.user))
        return str(said)

    return act


def _clear(asked: _Asked) -> str:
    asked.do(
        lambda: actions.clear_stage(stage=asked.stage, now=asked.request.now, by=asked.request.user)
    )
    return _("The poll is off the stage.")


_ACTS: dict[str, Callable[[_Asked], str]] = {
    "take": _take,
    "phase": _phase,
    "source": _source,
    "overlay": _overlay,
    "announce": _announce,
    "delay": _delay,
    "back": _back,
    "open": _poll(actions.open_poll, gettext_lazy("The poll is open.")),
    "close": _poll(actions.close_poll, gettext_lazy("The poll is closed. The result is fixed.")),
    "publish": _poll(actions.publish_poll, gettext_lazy("The result is published.")),
    "interim": _poll(
        actions.show_interim, gettext_lazy("The audience sees how it votes."), shown=True
    ),
    "no_interim": _poll(
        actions.show_interim,
        gettext_lazy("The audience sees the result once the poll is closed."),
        shown=False,
    ),
    "reopen": _poll(actions.reopen_poll, gettext_lazy("The poll is open again.")),
    "next_round": _poll(
        actions.next_round,
        gettext_lazy("The next round is prepared: the same question, once more."),
    ),
    "show": _poll(actions.show_poll, gettext_lazy("The poll is on the stage again.")),
    "clear": _clear,
    "screen": _question(asking.to_screen, gettext_lazy("The question is on the screen.")),
    "off_screen": _question(asking.show, gettext_lazy("The question is back on the list.")),
    "answered": _question(asking.answer, gettext_lazy("The question is answered.")),
}


# --- The run sheet ----------------------------------------------------------------------------------------


@require_safe
@role_required(*DIRECTS)
def run_sheet_file(request: MemberRequest, stage: str, ending: str) -> HttpResponse:
    """The day of the stage on paper, or as a table."""
    place = _stage(request, stage)
    lines = queries.run_sheet(place, request.now)
    day = request.edition.local(request.now).date()
    name = outputs.filename("ablauf", place.slug, day.isoformat(), ending=ending)
    if ending == "pdf":
        made = sheets.run_sheet_pdf(place, day, lines, request.LANGUAGE_CODE)
        return outputs.attachment(made, name, pdf.CONTENT_TYPE)
    if ending == "xlsx":
        made = sheets.run_sheet_xlsx(place, lines)
        return outputs.attachment(made, name, outputs.XLSX)
    raise Http404


def _stage(request: MemberRequest, slug: str) -> Stage:
    stage = find_stage(request, slug)
    request.access.require_role(*DIRECTS, stage=stage)
    return stage
