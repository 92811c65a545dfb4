"""Public pages and feeds of the programme, and the page of a speakers' office."""

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from congress import links, outputs
from congress.http import EditionRequest, kept_nowhere
from congress.views import gone, not_found
from programme import feeds, queries
from programme.models import Session, SessionSpeaker
from programme.panels import office_parts, session_panels
from programme.timetable import timetable as lay_out
from programme.timetable import track_style

# Answers are written in the weeks after the congress.
OFFICE_CLOSES_AFTER = timedelta(days=60)


def timetable(request: EditionRequest) -> HttpResponse:
    """A day by time and stage. `?tag=2021-03-18&schwerpunkt=…`; of a parameter given twice the last one holds."""
    # A dictionary of the last values, from which two names are looked up: nothing else of a query counts.
    plan = lay_out(request.edition, request.now, request.GET.dict())
    address = request.build_absolute_uri(
        reverse("programme_calendar", kwargs={"edition": request.edition.slug})
    )
    webcal = "webcal://" + address.partition("://")[2]
    return render(request, "programme/timetable.html", {"plan": plan, "webcal": webcal})


def session(request: EditionRequest, code: str) -> HttpResponse:
    shown = _session(request, code)
    appearances = list(shown.appearances.all())
    context = {
        "session": shown,
        "speakers": [a.speaker for a in appearances if a.part == SessionSpeaker.Part.SPEAKER],
        "moderators": [a.speaker for a in appearances if a.part == SessionSpeaker.Part.MODERATOR],
        "style": track_style([shown.track] if shown.track is not None else []),
        "is_on": queries.is_on(shown, request.now),
        "is_over": shown.is_over(request.now),
        "delay_minutes": queries.delay_minutes(shown, request.now),
        "next": queries.next_on_stage(shown),
        "live_url": queries.live_url(request.edition, shown.stage) if shown.stage else "",
        "panels": [html for panel in session_panels if (html := panel(request, shown))],
    }
    return render(request, "programme/session.html", context)


def session_calendar(request: EditionRequest, code: str) -> HttpResponse:
    shown = _session(request, code)
    return _ics(feeds.calendar(request.edition, [shown]), f"{request.edition.slug}-{shown.code}")


def calendar(request: EditionRequest) -> HttpResponse:
    return _ics(
        feeds.calendar(request.edition, _programme(request)), f"programm-{request.edition.slug}"
    )


def schedule_json(request: EditionRequest) -> JsonResponse:
    return JsonResponse(
        feeds.schedule(request.edition, _programme(request)),
        json_dumps_params={"ensure_ascii": False},
    )


def schedule_xml(request: EditionRequest) -> HttpResponse:
    return HttpResponse(
        feeds.schedule_xml(request.edition, _programme(request)),
        content_type="application/xml; charset=utf-8",
    )


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def speakers_office(request: EditionRequest, token: str) -> HttpResponseBase:
    """Everything the office of a speaker needs, behind the link of its letters. GET changes nothing."""
    try:
        office = queries.office_of(token.strip(), request.edition)
    except links.Incomplete:
        return render(request, "congress/link_incomplete.html", status=404)
    if office is None:
        return not_found(request)
    if request.now >= request.edition.ends_at + OFFICE_CLOSES_AFTER:
        return gone(request, edition=request.edition)
    parts = []
    for part in office_parts:
        answered = part.answer(request, office)
        if isinstance(answered, HttpResponse):
            return answered
        parts.append(answered)
    context = {
        "office": office,
        "session": office.session,
        "parts": [part for part in parts if part],
    }
    return render(request, "programme/office.html", context)


def _session(request: EditionRequest, code: str) -> Session:
    sessions = request.edition.sessions.with_speakers().select_related("stage__on_air", "track")
    return get_object_or_404(sessions, code=code)


def _programme(request: EditionRequest) -> Iterable[Session]:
    """All but breaks, in order."""
    return request.edition.sessions.talks().with_place().with_speakers().in_order()


def _ics(body: bytes, name: str) -> HttpResponse:
    return outputs.attachment(body, outputs.filename(name, ending="ics"), outputs.ICS)
