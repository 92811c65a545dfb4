"""The organisers' frame: what waits for them, and the way to their daily work."""

from django.http import HttpResponse
from django.shortcuts import render

from congress.http import MemberRequest, role_required
from congress.models import Role


@role_required(*Role.Kind.values)
def orga(request: MemberRequest) -> HttpResponse:
    return render(request, "congress/orga/start.html")
