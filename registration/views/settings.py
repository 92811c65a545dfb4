"""What this edition decides about its registrations: a page of the organisers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress.http import MemberRequest, role_required, see_other
from congress.models import Role
from registration import actions
from registration.forms import SettingsForm
from registration.models import DomainRule, RegistrationSettings


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def settings(request: MemberRequest) -> HttpResponseBase:
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        instance=RegistrationSettings.objects.of(request.edition),
        listed=DomainRule.objects.count_by_level(),
    )
    if form.is_valid():
        actions.change_settings(
            edition=request.edition, by=request.user, now=request.now, **form.cleaned_data
        )
        messages.success(request, _("Saved. It holds for everybody who registers from now on."))
        return see_other(reverse("registration_settings", kwargs={"edition": request.edition.slug}))
    return render(request, "registration/orga/settings.html", {"form": form})
