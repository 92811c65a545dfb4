"""The organisers' frame: what waits for them, how things stand, and the way to their daily work."""

from django.http import HttpResponse
from django.shortcuts import render

from congress import panels, queries
from congress.http import MemberRequest, role_required
from congress.models import Role


@role_required(*Role.Kind.values)
def orga(request: MemberRequest) -> HttpResponse:
    edition, person = request.edition, request.user
    kinds = queries.kinds_in(person, edition)
    context = {
        "waiting": queries.waiting_for(person, edition),
        "phase": edition.phase(request.now),
        "days_until": queries.days_until(edition, request.now),
        "milestones": queries.milestones(edition, request.now),
        "figures": queries.figures(edition),
        "stages": edition.stages.all(),
        "panels": [html for panel in panels.orga_panels if (html := panel(request))],
        # The journal names people: not for observers.
        "acts": queries.latest_acts(edition) if Role.Kind.ORGANISER in kinds else None,
    }
    return render(request, "congress/orga/start.html", context)
