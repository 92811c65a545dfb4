"""Links for one stage and one day, with a code: made and ended by the organisers."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from congress.errors import Refused
from congress.http import MemberRequest, kept_nowhere, role_required, see_other
from congress.models import AccessLink, Role
from polls import stage_links as acts
from polls.forms import StageLinkForm


@kept_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def stage_links(request: MemberRequest) -> HttpResponse:
    """All of them; POST makes one and shows link and code this one time."""
    form = StageLinkForm(request.POST or None, edition=request.edition, now=request.now)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = acts.create(now=request.now, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            messages.error(request, str(refusal.message))
            return see_other("stage_links", request.edition.slug)
    every = acts.of_edition(request.edition)
    context = {
        "form": StageLinkForm(edition=request.edition, now=request.now) if made else form,
        "links": [link for link in every if link.is_open(request.now)],
        "over": [link for link in every if not link.is_open(request.now)],
        "made": made,
        "address": _address(request, made.token) if made else "",
        "code": f"{made.code[:3]} {made.code[3:]}" if made else "",
    }
    status = 422 if form.errors and not made else 200
    return render(request, "polls/stage_links.html", context, status=status)


@require_POST
@role_required(Role.Kind.ORGANISER)
def end_stage_link(request: MemberRequest, number: int) -> HttpResponse:
    link = get_object_or_404(
        AccessLink.objects.select_related("role", "edition", "person"),
        pk=number,
        edition=request.edition,
        kind__in=acts.KINDS.values(),
    )
    acts.end(link=link, now=request.now, by=request.user)
    messages.success(request, _("The link has ended; whoever was in by it is logged out."))
    return see_other("stage_links", request.edition.slug)


def _address(request: MemberRequest, token: str) -> str:
    """In the language of the congress, whoever makes the link."""
    with override(settings.LANGUAGE_CODE):
        return request.build_absolute_uri(reverse("access_link", args=[token]))
