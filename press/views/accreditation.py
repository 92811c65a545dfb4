"""The press room, the request for accreditation, and what a journalist may do with it afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timesince import timeuntil
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress import limits, links
from congress.errors import Refused
from congress.http import EditionRequest, kept_nowhere, see_other
from congress.models import Edition
from congress.views import gone, not_found
from press import actions, publishing, queries
from press.forms import AccreditationForm, AnswerForm, LostLinkForm, ProofForm
from press.models import Accreditation, has_passed
from press.views import releases
from programme.queries import figures

# The request that this browser has sent, for the page that confirms it.
SENT = "press.accreditation"


def press_room(request: EditionRequest) -> HttpResponse:
    edition = request.edition
    files = releases.readable_files(request)
    context = _deadline(edition, request.now) | {
        "figures": figures(edition),
        "lines": releases.readable_releases(request)[: releases.IN_THE_ROOM],
        "pictures": sum(file.is_picture for file in files),
        "papers": sum(not file.is_picture for file in files),
    }
    return render(request, "press/room.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def accreditation(request: EditionRequest) -> HttpResponseBase:
    """The form. Sent twice it is one request; the moment of sending is judged by the database."""
    edition = request.edition
    form = AccreditationForm(request.POST or None, request.FILES or None)
    refusal: Refused | None = None
    if form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "key"}
        try:
            sent = actions.submit(
                edition=edition,
                key=form.cleaned_data["key"],
                language=get_language() or "de",
                **given,
            )
        except Refused as refused:
            refusal = refused
        else:
            request.session[SENT] = sent.pk
            return see_other("accreditation_sent", edition=edition.slug)
    context = _deadline(edition, request.now) | {"form": form, "refusal": refusal}
    return render(request, "press/accreditation.html", context)


@kept_nowhere
@require_http_methods(["GET", "HEAD"])
def accreditation_sent(request: EditionRequest) -> HttpResponseBase:
    """What happens next, for the browser that sent the request; everybody else is led to the form."""
    number = request.session.get(SENT, 0)
    sent = Accreditation.objects.filter(pk=number, edition=request.edition).first()
    if sent is None:
        return redirect("accreditation", edition=request.edition.slug)
    context = {"accreditation": sent, "desk": queries.desk(request.edition)}
    return render(request, "press/sent.html", context)


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def accreditation_request(request: EditionRequest, token: str) -> HttpResponseBase:
    """Behind the link of the confirmation: confirm the address, add the proof, withdraw. Only a POST does anything."""
    edition = request.edition
    try:
        found = queries.accreditation_of(token.strip(), edition)
    except links.Incomplete:
        return render(request, "congress/link_incomplete.html", status=404)
    if found is None:
        return not_found(request)
    if queries.link_is_over(edition, request.now):
        return gone(request, edition=edition)
    act = request.POST.get("act", "")
    form = ProofForm(
        request.POST if act == "proof" else None,
        request.FILES if act == "proof" else None,
        initial={
            name: getattr(found, name)
            for name in ("card_issuer", "card_number", "card_valid_until", "work")
        },
    )
    answer_form = AnswerForm(request.POST if act == "answer" else None)
    try:
        if request.method == "POST" and _done(request, act, found, form, answer_form):
            return see_other(request.path)
    except Refused as refused:
        messages.error(request, str(refused.message))
    context = {
        "accreditation": found,
        "form": form,
        "question": found.open_question,
        "answer_form": answer_form,
        "desk": queries.desk(edition),
    }
    return render(request, "press/request.html", context)


def _done(
    request: EditionRequest,
    act: str,
    found: Accreditation,
    form: ProofForm,
    answer_form: AnswerForm,
) -> bool:
    """Whether something was done. Raises `Refused`."""
    if act == "confirm":
        first = actions.confirm_address(accreditation=found, now=request.now)
        messages.success(
            request,
            _("Thank you, your address is confirmed.")
            if first
            else _("Your address was confirmed already."),
        )
        return True
    if act == "proof" and form.is_valid():
        actions.add_proof(accreditation=found, now=request.now, **form.cleaned_data)
        messages.success(request, _("Thank you, we have received your proof."))
        return True
    if act in ("releases", "no_releases"):
        wanted = act == "releases"
        publishing.ask_for_releases(accreditation=found, wanted=wanted, now=request.now)
        messages.success(
            request,
            _("Press releases of this congress come to you by mail.")
            if wanted
            else _("You get no more press releases by mail."),
        )
        return True
    if act == "answer" and answer_form.is_valid():
        actions.answer(
            accreditation=found, text=answer_form.cleaned_data["answer"], now=request.now
        )
        messages.success(request, _("Thank you, the press office has your answer."))
        return True
    if act == "withdraw":
        actions.withdraw(accreditation=found, now=request.now)
        messages.success(request, _("Your request is withdrawn."))
        return True
    return False


LINKS_FROM_A_NETWORK = 60


@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: EditionRequest) -> HttpResponseBase:
    """The link once more. The answer is the same for every address: who asks here learns of nobody."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        key = f"lost-links:{limits.network_of(request)}"
        if limits.counted(key) <= LINKS_FROM_A_NETWORK:
            actions.ask_for_link(edition=request.edition, mailbox=form.cleaned_data["mailbox"])
            messages.success(
                request,
                _(
                    "Thank you. If an access belongs to this address, a letter is on its way to it. It takes a few "
                    "minutes; you get one link in ten minutes."
                ),
            )
            return see_other("lost_link", edition=request.edition.slug)
        form.add_error(None, _("Too many links were asked for from here. Please wait ten minutes."))
    status = 429 if form.non_field_errors() else 200
    context = {"form": form, "desk": queries.desk(request.edition)}
    return render(request, "press/lost_link.html", context, status=status)


def _deadline(edition: Edition, now: datetime) -> dict[str, Any]:
    """What a page says about the deadline: by the server's clock, never by the browser's."""
    passed = has_passed(edition, now)
    return {
        "desk": queries.desk(edition),
        "deadline_passed": passed,
        "is_over": queries.link_is_over(edition, now),
        "remaining": _remaining(edition.press_deadline_at, now) if not passed else "",
    }


def _remaining(deadline: datetime, now: datetime) -> str:
    """5 Minuten"""
    if (deadline - now).total_seconds() < 60:
        return _("less than a minute")
    return timeuntil(deadline, now, depth=2)
