"""Correcting one's own level of administration and Land, where the registry is wrong about them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress.errors import Refused
from congress.http import MemberRequest, see_other
from registration import actions, queries
from registration.forms import LevelForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def level(request: MemberRequest) -> HttpResponseBase:
    registration = queries.registration_of(request.user, request.edition)
    if registration is None or not registration.is_active:
        raise Http404
    form = LevelForm(
        request.POST if request.method == "POST" else None,
        initial={"level": registration.level, "land": registration.land_id},
    )
    if form.is_valid():
        try:
            actions.say_level(
                registration=registration, by=request.user, now=request.now, **form.cleaned_data
            )
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, _("Saved."))
        return see_other(registration.get_absolute_url())
    return render(request, "registration/level.html", {"form": form})
