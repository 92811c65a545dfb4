"""The link in a letter to an invited colleague, and the page on which they say yes or no."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress import links
from congress.errors import Refused
from congress.http import EditionRequest, kept_nowhere, see_other
from registration import actions, limits, place_queries, queries
from registration.forms_delegating import DelegateForm
from registration.models import Delegate, RegistrationSettings, Substitution
from registration.views import register

CARRIED = "delegate"  # in the session: whose letter this browser has opened
_FIELDS = ("title", "first_name", "last_name", "body")


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def delegate_open(request: EditionRequest, token: str) -> HttpResponseBase:
    """GET shows a button and no name, a person's POST goes on to the form."""
    try:
        # Blanks come along when a link is copied.
        row = actions.delegate_of_link(request.edition, token.strip())
    except links.Incomplete:
        return render(request, "congress/link_incomplete.html", status=404)
    except Refused:
        return _over(request)
    if not row.is_open(request.now):
        return _over(request)
    if request.method == "POST":
        request.session[CARRIED] = row.pk
        return see_other("delegate", edition=request.edition.slug)
    return render(request, "registration/delegate_open.html")


@require_http_methods(["GET", "HEAD", "POST"])
def delegate(request: EditionRequest) -> HttpResponseBase:
    """What the contact person wrote, to be corrected; yes or no."""
    number = request.session.get(CARRIED)
    rows = Delegate.objects.with_delegation().filter(edition=request.edition)
    row = rows.filter(pk=number).first() if number is not None else None
    if row is None or not row.is_open(request.now):
        request.session.pop(CARRIED, None)
        return _over(request)
    if request.method == "POST" and "no" in request.POST:
        return _decline(request, row)
    known = {name: getattr(row, name) for name in _FIELDS}
    form = DelegateForm(
        request.POST if request.method == "POST" else None,
        initial=known,
        edition=request.edition,
        full=place_queries.full_ways(request.edition),
    )
    if form.is_valid():
        if not limits.fuse_holds(request):
            return render(request, "429.html", status=429)
        try:
            accepted = actions.accept(
                row=row,
                now=request.now,
                language="en" if (get_language() or "de").startswith("en") else "de",
                privacy_version=queries.privacy_version(request.edition),
                **{
                    name: form.cleaned_data[name]
                    for name in (*_FIELDS, "way")
                    if name in form.fields
                },
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            return _in(request, accepted)
    context = {
        "form": form,
        "delegate": row,
        "instead": Substitution.objects.filter(key=row.key).exists(),
        "checked": RegistrationSettings.objects.of(request.edition).checked(
            request.edition, request.now
        ),
    }
    return render(request, "registration/delegate.html", context)


def _in(request: EditionRequest, accepted: actions.Accepted) -> HttpResponseBase:
    request.session.pop(CARRIED, None)
    registration = accepted.verified.registration
    if accepted.signs_in:
        return register.enter(request, accepted.verified)
    if not accepted.verified.for_the_first_time:
        messages.info(request, _("You are registered already; nothing was changed."))
    elif request.user != accepted.verified.person:
        # A letter that was passed on opens nobody's account.
        messages.success(request, _("You are registered. Please log in to see more."))
    return see_other(registration.get_absolute_url())


def _decline(request: EditionRequest, row: Delegate) -> HttpResponse:
    try:
        actions.decline(row=row, now=request.now)
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(
            request, _("Thank you for telling us. We have erased your name and address.")
        )
    request.session.pop(CARRIED, None)
    return redirect(request.edition)


def _over(request: EditionRequest) -> HttpResponse:
    context = {"open": request.edition.takes_registrations(request.now)}
    return render(request, "registration/delegate_over.html", context, status=410)
