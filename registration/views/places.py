"""Places: answering an offer, choosing what there is besides, and the organisers' page with figures and lists."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from congress import links
from congress.errors import Refused
from congress.http import EditionRequest, MemberRequest, kept_nowhere, role_required, see_other
from congress.models import Role
from registration import actions, emails_places, place_queries, queries
from registration.models import Contingent, Place, Registration
from registration.place_forms import ItemsForm, NumberOfPlacesForm

ON_A_PAGE = 50

# --- By the link of the letter ----------------------------------------------------------------------------


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def offer(request: EditionRequest, token: str) -> HttpResponseBase:
    """GET shows what is offered and no name; a person's POST answers. Answering twice says the same."""
    place = _place_of(request, token.strip())
    if place is None or not (place.is_taken or place.offer_is_good(request.now)):
        return render(request, "registration/offer_over.html", {"place": place}, status=410)
    if request.method == "POST":
        answer = request.POST.get("answer")
        try:
            if answer == "accept":
                actions.accept_place(place=place, now=request.now)
                return see_other(request.get_full_path())
            if answer == "decline" and not place.is_taken:
                actions.decline_place(place=place, now=request.now)
                messages.success(
                    request, _("Thank you. The next person on the list gets the place.")
                )
                return see_other(request.edition)
        except Refused:
            return render(request, "registration/offer_over.html", {"place": place}, status=410)
    return render(request, "registration/offer.html", {"place": place, "item": place.contingent})


def _place_of(request: EditionRequest, token: str) -> Place | None:
    """Whose offer a token belongs to; None where that offer is over. Raises `Http404` for no token at all."""
    try:
        number = links.number_of(emails_places.OFFER, token)
    except links.Incomplete as incomplete:
        raise Http404 from incomplete
    place = (
        Place.objects.filter(pk=number, edition=request.edition)
        .select_related("registration__person", "contingent__edition")
        .first()
    )
    return place if place is not None and emails_places.is_token_of(token, place) else None


# --- One's own --------------------------------------------------------------------------------------------


@require_POST
@login_required
def my_place(request: MemberRequest) -> HttpResponse:
    """Answers on „Meine Anmeldung“: accept, give back (optional items), or wait on after offers that passed."""
    registration = _own(request)
    number = request.POST.get("place", "")
    if not number.isdecimal():
        raise BadRequest
    place = get_object_or_404(
        registration.places.select_related("registration__person", "contingent__edition"),
        pk=int(number),
    )
    answer = request.POST.get("answer")
    try:
        if answer == "accept":
            actions.accept_place(place=place, now=request.now)
            messages.success(request, _("The place is yours."))
        elif answer == "wait":
            actions.wait_on(place=place, now=request.now)
            messages.success(request, _("Thank you. We go on offering places to you."))
        elif answer == "decline" and (place.contingent.is_item or place.is_for_another_way):
            actions.decline_place(place=place, now=request.now)
            messages.success(request, _("Thank you. The next person on the list gets the place."))
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    return see_other(registration.get_absolute_url())


@require_POST
@login_required
def my_items(request: MemberRequest) -> HttpResponse:
    """What is ticked is booked, what is not is given back."""
    registration = _own(request)
    form = ItemsForm(request.POST, items=place_queries.items_for(registration, request.now))
    if form.is_valid():
        try:
            places = actions.choose_items(
                registration=registration, wanted=form.wanted(), now=request.now
            )
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            waits = [place.contingent.name for place in places if place.is_waiting]
            messages.success(request, _("Your choice is saved."))
            if waits:
                text = _("Fully booked, you are on the waiting list: %(items)s")
                messages.info(request, text % {"items": ", ".join(waits)})
    return see_other(registration.get_absolute_url())


def _own(request: MemberRequest) -> Registration:
    registration = queries.registration_of(request.user, request.edition)
    if registration is None:
        raise Http404
    return registration


# --- Organisers -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD"])
@role_required(Role.Kind.ORGANISER)
def places(request: MemberRequest) -> HttpResponse:
    """All contingents of the edition with their figures."""
    found = list(
        Contingent.objects.of_edition(request.edition).select_related("edition", "land").in_order()
    )
    context = {
        "participation": [one for one in found if not one.is_item],
        "items": [one for one in found if one.is_item],
        "add_url": f"{reverse('admin:registration_contingent_add')}?edition={request.edition.pk}",
        "unlimited": place_queries.ways_without_limit(request.edition, found),
    }
    return render(request, "registration/orga/places.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def contingent(request: MemberRequest, number: int) -> HttpResponseBase:
    """One contingent: how many places there are, who is offered one, who waits in which order."""
    found = get_object_or_404(
        Contingent.objects.of_edition(request.edition).select_related("edition", "land"), pk=number
    )
    form = NumberOfPlacesForm(initial={"places": found.places})
    if request.method == "POST":
        if "place" in request.POST:
            _give(request, _rows(found))
            return redirect_here(found)
        form = NumberOfPlacesForm(request.POST)
        if form.is_valid():
            try:
                _change(request, found, form.cleaned_data["places"])
            except Refused as refusal:
                form.add_error("places", str(refusal.message))
            else:
                return redirect_here(found)
    page = Paginator(_rows(found), ON_A_PAGE).get_page(request.GET.get("seite"))
    context = {
        "contingent": found,
        "form": form,
        "page": page,
        "over": request.now >= request.edition.ends_at,
        "offers_ended": place_queries.offers_have_ended(found, request.now),
    }
    return render(request, "registration/orga/contingent.html", context)


def redirect_here(found: Contingent) -> HttpResponse:
    return see_other("orga_contingent", edition=found.edition.slug, number=found.pk)


def _rows(found: Contingent) -> QuerySet[Place]:
    """Who is offered a place, then who waits, in the order of the list."""
    return (
        Place.objects.filter(contingent=found)
        .exclude(state=Place.State.TAKEN)
        .with_rank()
        .select_related("registration__person", "contingent__edition")
        .order_by("state", "position")
    )


def _change(request: MemberRequest, found: Contingent, number: int | None) -> None:
    waited = found.waiting
    after = actions.change_places(contingent=found, places=number, by=request.user, now=request.now)
    messages.success(request, _("The number of places is saved."))
    if offered := waited - after.waiting:
        text = ngettext(
            "One person on the list has been offered a place.",
            "%(count)d people on the list have been offered a place.",
            offered,
        )
        messages.info(request, text % {"count": offered} if "%" in text else text)


def _give(request: MemberRequest, rows: QuerySet[Place]) -> None:
    number = request.POST["place"]
    if not number.isdecimal():
        raise BadRequest
    place = rows.filter(pk=int(number)).first()
    if place is None:
        messages.warning(request, str(actions.NotOnTheList.message))
        return
    try:
        actions.give_place(
            place=place, by=request.user, now=request.now, one_more="one_more" in request.POST
        )
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        text = _("%(name)s has the place now.") % {"name": place.registration.display_name}
        messages.success(request, text)
