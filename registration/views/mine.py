"""My registration: the state in one sentence, what happens next, and what one can do about it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from congress.errors import Refused
from congress.http import MemberRequest, see_other
from registration import actions, calendar, place_queries, queries
from registration.forms import AnswerForm, EvidenceForm
from registration.models import Registration, RegistrationSettings, Way
from registration.place_forms import ItemsForm
from registration.views import more


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_registration(request: MemberRequest) -> HttpResponseBase:
    """The state in one sentence, what happens next, and what one can do about it."""
    registration = queries.registration_of(request.user, request.edition)
    if request.method == "POST":
        if registration is None:
            raise Http404
        form = EvidenceForm(request.POST)
        if form.is_valid():
            try:
                actions.give_evidence(
                    registration=registration, now=request.now, **form.cleaned_data
                )
            except (actions.OwnAddress, actions.TooManyColleagues) as refusal:
                form.add_error("colleague_email", str(refusal.message))
            except Refused as refusal:
                messages.warning(request, str(refusal.message))
                return see_other(registration.get_absolute_url())
            else:
                messages.success(request, _("Thank you. This helps us to check quickly."))
                return see_other(registration.get_absolute_url())
    else:
        form = EvidenceForm(initial=_evidence_of(registration))
    question = queries.open_question(registration)
    admission = request.access.admission
    items = (
        place_queries.items_for(registration, request.now)
        if registration is not None and registration.state == Registration.State.ADMITTED
        else []
    )
    waits = registration is not None and registration.state in (
        Registration.State.WAITLISTED,
        Registration.State.OFFERED,
    )
    place = (
        place_queries.place_to_take_part(registration)
        if registration is not None and waits
        else None
    )
    is_in = registration is not None and registration.state == Registration.State.ADMITTED
    several_ways = len(Way.offered_by(request.edition)) > 1
    wish = (
        place_queries.place_in_another_way(registration)
        if registration is not None and is_in and several_ways
        else None
    )
    settings = RegistrationSettings.objects.of(request.edition)
    over = request.now >= request.edition.ends_at
    context = {
        "registration": registration,
        "more_form": more.form_for(registration, settings)
        if registration is not None and is_in and not over
        else None,
        "place": place,
        "wish": wish,
        "offers_ended": place is not None
        and place_queries.offers_have_ended(place.contingent, request.now),
        "items": items,
        "items_form": ItemsForm(items=items),
        "admission": admission,
        "has_ticket": admission is not None
        and queries.comes_to_the_hall(admission, request.edition, request.now),
        "directions": settings,
        "may_delegate": _may_delegate(request),
        "may_change": registration is not None
        and registration.is_active
        and settings.may_change(request.edition, request.now),
        "may_switch": registration is not None
        and registration.is_active
        and several_ways
        and settings.may_change(request.edition, request.now),
        "may_hand_over": is_in
        and registration is not None
        and not registration.needs_no_place
        and settings.may_hand_over(request.edition, request.now),
        "asked_instead": queries.substitution_of(registration)
        if registration is not None and is_in
        else None,
        "form": form,
        "question": question,
        "answer": AnswerForm(auto_id="answer_%s"),
        # Whoever is asked something answers that first.
        "asks_for_evidence": registration is not None
        and (
            (registration.lacks_evidence and question is None)
            or request.method == "POST"
            or "angaben" in request.GET
        ),
        "open": request.edition.takes_registrations(request.now),
        "checked": settings.checked(request.edition, request.now),
        "over": over,
    }
    return render(request, "registration/my_registration.html", context)


def _may_delegate(request: MemberRequest) -> bool:
    """While registration is open, and for whoever has invited colleagues before."""
    admission = request.access.admission
    if admission is None or admission.kind not in actions.MAY_DELEGATE:
        return False
    return (
        request.edition.takes_registrations(request.now)
        or actions.delegation_of(request.edition, contact=request.user) is not None
    )


def _evidence_of(registration: Registration | None) -> dict[str, str | None]:
    if registration is None:
        return {}
    typed = {name: getattr(registration, name) for name in EvidenceForm.WAYS}
    return {"authority": registration.authority or registration.body, **typed}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: MemberRequest) -> HttpResponseBase:
    """The question that a reviewer asked by letter."""
    registration = queries.registration_of(request.user, request.edition)
    if registration is None:
        raise Http404
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.answer(
                registration=registration, text=form.cleaned_data["text"], now=request.now
            )
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, _("Thank you. We look at your answer and then write to you."))
        return see_other(registration.get_absolute_url())
    question = queries.open_question(registration)
    if question is None:
        return redirect(registration)
    context = {"registration": registration, "question": question, "form": form}
    return render(request, "registration/answer.html", context)


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
