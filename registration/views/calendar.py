"""The congress in one's own calendar."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from congress.http import MemberRequest
from registration import calendar, queries
from registration.models import Registration


@login_required
@require_safe
def calendar_file(request: MemberRequest) -> HttpResponse:
    """The congress for one's own calendar; the same entry as in the admission letter."""
    registration = queries.registration_of(request.user, request.edition)
    if registration is None or registration.state != Registration.State.ADMITTED:
        raise Http404
    home = settings.SITE_URL + request.edition.get_absolute_url()
    response = HttpResponse(
        calendar.congress_entry(request.edition, url=home, now=request.now),
        content_type=f"{calendar.CONTENT_TYPE}; charset=utf-8",
    )
    response["Content-Disposition"] = f'attachment; filename="{calendar.filename(request.edition)}"'
    return response
