"""What people change about their registration until the dates that the edition sets."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress import links
from congress.errors import Refused
from congress.http import EditionRequest, MemberRequest, kept_nowhere, see_other
from registration import actions, place_queries, queries
from registration.forms_delegating import ColleagueForm, DataForm, WayForm
from registration.models import Registration, RegistrationSettings, Way


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def way(request: MemberRequest) -> HttpResponseBase:
    """On site or online: whoever has a place keeps it until there is one in the other way."""
    registration = _own(request)
    if len(Way.offered_by(request.edition)) == 1:
        raise Http404
    settings = RegistrationSettings.objects.of(request.edition)
    if not settings.may_change(request.edition, request.now):
        return _too_late(request, registration)
    form = WayForm(
        request.POST if request.method == "POST" else None,
        registration=registration,
        full=place_queries.full_ways(request.edition),
    )
    if form.is_valid():
        wanted = form.cleaned_data["way"]
        try:
            place = actions.switch_way(
                registration=registration,
                way=wanted,
                now=request.now,
                by=request.user,
                stay_in_line=form.cleaned_data.get("stay_in_line", False),
            )
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            if place is not None and place.is_waiting:
                messages.info(
                    request, _("All places are taken in this way: you are on the waiting list.")
                )
            else:
                label = Way(wanted).label
                messages.success(request, _("You take part %(way)s.") % {"way": label})
        return see_other(registration)
    context = {"form": form, "registration": registration}
    return render(request, "registration/way.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: MemberRequest) -> HttpResponseBase:
    """Name, body and address."""
    registration = _own(request)
    settings = RegistrationSettings.objects.of(request.edition)
    if not settings.may_change(request.edition, request.now):
        return _too_late(request, registration)
    form = DataForm(
        request.POST if request.method == "POST" else None,
        edition=request.edition,
        initial={name: getattr(registration, name) for name in DataForm.FIELDS},
    )
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in DataForm.FIELDS}
        by_link = "link" in request.session
        try:
            change = actions.change_data(
                registration=registration,
                by=request.user,
                now=request.now,
                key=form.cleaned_data["form_key"],
                **given,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            messages.success(request, _("Your data are saved."))
            if change is not None:
                text = _(
                    "We have written to %(address)s: the new address counts once it is confirmed."
                )
                messages.info(request, text % {"address": change.address})
            if by_link and registration.state == Registration.State.IN_REVIEW:
                messages.info(request, _("Your new personal link is on its way by mail."))
            return see_other(registration)
    return render(request, "registration/data.html", {"form": form, "registration": registration})


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def new_address(request: EditionRequest, token: str) -> HttpResponseBase:
    """The link in the letter to a new address: GET shows a button and no name, a person's POST confirms."""
    try:
        change = actions.change_of_link(request.edition, token.strip())
        if request.method == "POST":
            registration = actions.confirm_address(change=change, now=request.now)
            messages.success(request, _("Your new address is confirmed."))
            return see_other(registration)
    except links.Incomplete:
        return render(request, "congress/link_incomplete.html", status=404)
    except Refused as refusal:
        context = {"why": str(refusal.message)}
        return render(request, "registration/new_address_over.html", context, status=410)
    return render(request, "registration/new_address.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def substitute(request: MemberRequest) -> HttpResponseBase:
    """A colleague is asked to come instead; until they have said yes and may come, the place stays."""
    registration = _own(request)
    if registration.state != Registration.State.ADMITTED or registration.needs_no_place:
        raise Http404
    if request.POST.get("act") == "take_back":
        actions.take_substitute_back(registration=registration, now=request.now)
        messages.success(request, _("Taken back: the place stays yours."))
        return see_other(registration)
    settings = RegistrationSettings.objects.of(request.edition)
    if not settings.may_hand_over(request.edition, request.now):
        return _too_late(request, registration)
    form = ColleagueForm(
        request.POST if request.method == "POST" else None,
        edition=request.edition,
        initial={"body": registration.body},
    )
    if form.is_valid():
        try:
            actions.ask_substitute(
                registration=registration,
                colleague=form.colleague(),
                by=request.user,
                now=request.now,
                form_key=form.cleaned_data["form_key"],
                language="en" if (get_language() or "de").startswith("en") else "de",
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            messages.success(
                request,
                _("We have written to your colleague. Until the place has passed it stays yours."),
            )
            return see_other(registration)
    context = {
        "form": form,
        "registration": registration,
        "asked": queries.substitution_of(registration),
    }
    return render(request, "registration/substitute.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: MemberRequest) -> HttpResponseBase:
    """Asked once more before, since the place is gone afterwards."""
    registration = queries.registration_of(request.user, request.edition)
    if registration is None:
        raise Http404
    if not registration.may_be_cancelled:
        return redirect(registration)
    if request.method != "POST":
        return render(request, "registration/cancel.html", {"registration": registration})
    by_link = "link" in request.session
    try:
        actions.cancel(registration=registration, now=request.now, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        if by_link:
            # The link has ended, and this session with it.
            request.session.flush()
            messages.success(request, _("Your registration is cancelled."))
            return see_other(request.edition.get_absolute_url())
        messages.success(request, _("Your registration is cancelled."))
    return see_other(registration.get_absolute_url())


def _own(request: MemberRequest) -> Registration:
    registration = queries.registration_of(request.user, request.edition)
    if registration is None or not registration.is_active:
        raise Http404
    return registration


def _too_late(request: MemberRequest, registration: Registration) -> HttpResponseBase:
    messages.warning(request, str(actions.TooLateToChange.message))
    return see_other(registration)
