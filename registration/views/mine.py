"""My registration: the state in one sentence, what happens next, and what one can do about it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from congress.http import MemberRequest
from registration import actions, place_queries, queries
from registration.forms import AnswerForm
from registration.models import Registration, RegistrationSettings, Way
from registration.place_forms import ItemsForm
from registration.views import answering, more

State = Registration.State


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_registration(request: MemberRequest) -> HttpResponseBase:
    """One page for every state; a POST says how we may check."""
    registration = queries.registration_for_its_page(request.user, request.edition)
    form = answering.evidence(request, registration)
    if isinstance(form, HttpResponseBase):
        return form
    admission = request.access.admission
    settings = (
        queries.settings_of(registration)
        if registration is not None
        else RegistrationSettings.objects.of(request.edition)
    )
    context: dict[str, Any] = {
        "registration": registration,
        "admission": admission,
        "has_ticket": admission is not None
        and queries.comes_to_the_hall(admission, request.edition, request.now),
        "directions": settings,
        "may_delegate": _may_delegate(request),
        "form": form,
        "answer": AnswerForm(auto_id="answer_%s"),
        "open": request.edition.takes_registrations(request.now),
        "checked": settings.checked(request.edition, request.now),
        "over": request.now >= request.edition.ends_at,
    }
    if registration is not None:
        context |= _asked(request, registration)
        context |= _rights(request, registration, settings)
        context |= _places(request, registration)
        if registration.state == State.ADMITTED:
            context |= _of_whoever_is_in(request, registration, settings)
    return render(request, "registration/my_registration.html", context)


def _asked(request: MemberRequest, registration: Registration) -> dict[str, Any]:
    """Whoever is asked something answers that first."""
    question = queries.open_question(registration)
    lacks = registration.lacks_evidence and question is None
    return {
        "question": question,
        "asks_for_evidence": lacks or request.method == "POST" or "angaben" in request.GET,
    }


def _rights(
    request: MemberRequest, registration: Registration, settings: RegistrationSettings
) -> dict[str, bool]:
    """What can be changed until the dates of the edition."""
    may_change = registration.is_active and settings.may_change(request.edition, request.now)
    return {
        "may_change": may_change,
        "may_switch": may_change and len(Way.offered_by(request.edition)) > 1,
        "may_hand_over": registration.state == State.ADMITTED
        and not registration.needs_no_place
        and settings.may_hand_over(request.edition, request.now),
    }


def _places(request: MemberRequest, registration: Registration) -> dict[str, Any]:
    """Where somebody stands on the lists. At most two queries, none for whoever has no place and nothing to choose."""
    is_in = registration.state == State.ADMITTED
    if not is_in and not registration.waits_for_a_place:
        return {}
    standing = place_queries.standing_of(registration)
    place = standing.own if registration.waits_for_a_place else None
    items = place_queries.items_for(registration, request.now, standing) if is_in else []
    return {
        "place": place,
        "offers_ended": place is not None
        and place_queries.offers_have_ended(place.contingent, request.now),
        "wish": standing.elsewhere if is_in else None,
        "items": items,
        "items_form": ItemsForm(items=items),
    }


def _of_whoever_is_in(
    request: MemberRequest, registration: Registration, settings: RegistrationSettings
) -> dict[str, Any]:
    over = request.now >= request.edition.ends_at
    return {
        "more_form": None if over else more.form_for(registration, settings),
        "asked_instead": queries.substitution_of(registration),
    }


def _may_delegate(request: MemberRequest) -> bool:
    """While registration is open, and for whoever has invited colleagues before."""
    admission = request.access.admission
    if admission is None or admission.kind not in actions.MAY_DELEGATE:
        return False
    return (
        request.edition.takes_registrations(request.now)
        or actions.delegation_of(request.edition, contact=request.user) is not None
    )
