"""What people who are in are asked further, and the draft of it that the server keeps."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from congress.errors import Refused
from congress.http import MemberRequest, see_other
from registration import actions, queries
from registration.forms_asked import MoreForm
from registration.models import Registration, RegistrationSettings


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def more(request: MemberRequest) -> HttpResponseBase:
    """The same questions as on „Meine Anmeldung“, for themselves: there what is wrong is said."""
    form = _form(request, posted=request.method == "POST" and "drop" not in request.POST)
    registration = form.registration
    if request.method == "POST" and "drop" in request.POST:
        actions.drop_draft(registration=registration)
        messages.success(request, _("The draft is gone; what you have saved stays."))
        return see_other(registration)
    if form.is_valid():
        try:
            actions.say_more(
                registration=registration, now=request.now, by=request.user, **form.answers()
            )
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, _("Thank you, we have kept your answers."))
        return see_other(registration)
    context = {"more_form": form, "registration": registration}
    return render(request, "registration/more.html", context)


@login_required
@require_POST
@never_cache
def more_draft(request: MemberRequest) -> HttpResponse:
    """What is typed so far, sent by the page whenever a field is left."""
    form = _form(request, posted=False)
    try:
        actions.keep_draft(
            registration=form.registration, values=form.typed(request.POST), now=request.now
        )
    except Refused as refusal:
        return render(request, "registration/_draft.html", {"refusal": refusal.message})
    return render(request, "registration/_draft.html", {"saved_at": request.now})


def form_for(registration: Registration, settings: RegistrationSettings) -> MoreForm | None:
    """For the page of somebody who is in, loaded with answers; None where the edition asks nothing."""
    if not settings.asks_more:
        return None
    form = MoreForm(registration=registration, settings=settings)
    return form if form.asks_something else None


def _form(request: MemberRequest, *, posted: bool) -> MoreForm:
    own = queries.registration_of(request.user, request.edition)
    if (
        own is None
        or own.state != Registration.State.ADMITTED
        or request.now >= request.edition.ends_at
    ):
        raise Http404
    form = MoreForm(
        request.POST if posted else None,
        registration=queries.with_answers(own),
        settings=RegistrationSettings.objects.of(request.edition),
    )
    if not form.asks_something:
        raise Http404
    return form
