"""The organisers' frame: what waits for them, how things stand, and the way to their daily work."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from congress import actions, panels, queries
from congress.http import MemberRequest, role_required
from congress.models import Page, Role


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


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def texts(request: MemberRequest) -> HttpResponseBase:
    """The duty pages and what the host still has to fill in. A POST begins the edition's own text."""
    if request.method == "POST":
        try:
            page = actions.write_own_page(
                edition=request.edition,
                slug=request.POST.get("seite", ""),
                by=request.user,
                now=request.now,
            )
        except Page.DoesNotExist as error:
            raise Http404 from error
        return redirect(reverse("admin:congress_page_change", args=[page.pk]))
    pages = queries.duty_pages(request.edition)
    return render(request, "congress/orga/texts.html", {"pages": pages})
