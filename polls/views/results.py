"""Results of polls that are over: with their session for everybody, as a table for whoever runs the stage."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from congress import outputs
from congress.http import EditionRequest, MemberRequest, role_required
from congress.live.entry import RUNS_A_STAGE
from congress.models import Role
from polls import published, sheets
from polls.models import Poll
from polls.views.stages import find_stage
from programme.models import Session


def results_of_session(request: EditionRequest, session: Session) -> str:
    """On the page of the session: which polls were published, and the way to their results."""
    polls = list(session.polls.filter(state=Poll.State.PUBLISHED).order_by("opened_at", "pk"))
    if not polls:
        return ""
    return render_to_string(
        "polls/_session_results.html", {"polls": polls, "session": session}, request
    )


@require_safe
def session_results(request: EditionRequest, code: str) -> HttpResponse:
    """All published polls of a session. 404 where there is none: the page comes with the first."""
    session = get_object_or_404(
        request.edition.sessions.select_related("stage", "track"), code=code
    )
    outcomes = published.of_session(session)
    if not outcomes:
        raise Http404
    return render(request, "polls/results.html", {"session": session, "outcomes": outcomes})


@require_safe
@role_required(Role.Kind.ORGANISER)
def names_file(request: MemberRequest, stage: str, poll: int, ending: str) -> HttpResponse:
    """Who chose what, of a poll by name that is over; there is none of a secret one."""
    row = get_object_or_404(
        Poll, pk=poll, stage=find_stage(request, stage), secret=False, closed_at__isnull=False
    )
    header, rows = sheets.names_table(row)
    name = outputs.filename("abstimmung", request.edition.slug, str(row.pk), ending=ending)
    if ending == "csv":
        return outputs.attachment(outputs.safe_csv(header, rows), name, outputs.CSV)
    if ending == "xlsx":
        made = outputs.safe_xlsx(header, rows, title=row.text[:30])
        return outputs.attachment(made, name, outputs.XLSX)
    raise Http404


@require_safe
@role_required(*RUNS_A_STAGE)
def results_file(request: MemberRequest, stage: str, ending: str) -> HttpResponse:
    """What was asked on a stage and is over, a line for each answer; sums only, and none of fewer than five votes."""
    place = find_stage(request, stage)
    request.access.require_role(*RUNS_A_STAGE, stage=place)
    over = Poll.objects.filter(
        stage=place, state__in=(Poll.State.CLOSED, Poll.State.PUBLISHED), rehearsal_reports=None
    )
    header, rows = sheets.results_table(published.outcomes(over))
    name = outputs.filename("abstimmungen", request.edition.slug, place.slug, ending=ending)
    if ending == "csv":
        return outputs.attachment(outputs.safe_csv(header, rows), name, outputs.CSV)
    if ending == "xlsx":
        title = f"{place.name} {request.edition.slug}"
        return outputs.attachment(outputs.safe_xlsx(header, rows, title=title), name, outputs.XLSX)
    raise Http404
