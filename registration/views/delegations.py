"""Colleagues: a list is pasted or uploaded, looked at row by row, and only then sent."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress.errors import Refused
from congress.http import EditionRequest, MemberRequest, see_other
from congress.models import User
from registration import actions, colleagues, limits
from registration.colleagues import Colleague, Fate
from registration.forms_delegating import ColleaguesForm, OfficeForm
from registration.models import Delegate, Delegation, Invitation
from registration.models.registrations import email_key_of
from registration.views import invitations

SENT = (
    "delegated"  # in the session: the lists that this browser has sent for the invitation of a body
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_contact(request: MemberRequest) -> HttpResponseBase:
    """For whoever is admitted."""
    admission = request.access.admission
    if admission is None and not request.access.has_role:
        raise Http404
    if admission is None or admission.kind not in actions.MAY_DELEGATE:
        raise PermissionDenied
    return _page(request, contact=request.user, invitation=None)


@require_http_methods(["GET", "HEAD", "POST"])
def of_invitation(request: EditionRequest) -> HttpResponseBase:
    """For whoever holds the invitation of a body, and has opened it in this browser."""
    invitation = invitations.carried(request)
    if invitation is None or not invitation.is_for_a_body:
        return see_other("invitation_code", edition=request.edition.slug)
    return _page(request, contact=None, invitation=invitation)


@require_http_methods(["GET", "HEAD", "POST"])
def of_office(request: EditionRequest) -> HttpResponseBase:
    """For an office that registers somebody else. What is answered does not depend on whether anybody is known."""
    edition = request.edition
    if not actions.is_open(edition, request.now, None):
        early = request.now < edition.registration_opens_at
        return render(request, "registration/closed.html", {"early": early})
    form = OfficeForm(request.POST if request.method == "POST" else None, edition=edition)
    if form.is_valid():
        if not limits.fuse_holds(request):
            return render(request, "429.html", status=429)
        try:
            actions.register_for(
                edition=edition,
                now=request.now,
                form_key=form.cleaned_data["form_key"],
                language="en" if (get_language() or "de").startswith("en") else "de",
                colleague=form.colleague(),
                **{name: form.cleaned_data[name] for name in form.OWN},
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            text = _(
                "Thank you. We have written to you both; the registration counts once your colleague has confirmed it."
            )
            messages.success(request, text)
            return see_other(request.path)
    return render(request, "registration/office.html", {"form": form})


def _page(
    request: EditionRequest, *, contact: User | None, invitation: Invitation | None
) -> HttpResponseBase:
    delegation = actions.delegation_of(request.edition, contact=contact, invitation=invitation)
    whose: dict[str, Any] = {"contact": contact, "invitation": invitation}
    act = request.POST.get("act", "") if request.method == "POST" else ""
    # Others may hold the invitation too: they do not see whom somebody has named.
    forms = None if invitation is None else request.session.get(SENT, [])
    if act in ("take_back", "remind"):
        return _about_the_invited(request, delegation, act, forms)
    form = ColleaguesForm(
        *((request.POST, request.FILES) if request.method == "POST" else ()),
        initial={"form_key": uuid.uuid4()},
    )
    if act == "edit":  # back to the list, as it was read
        form = ColleaguesForm(
            initial={
                "pasted": request.POST.get("pasted", "")[: colleagues.MOST_PASTED],
                "language": request.POST.get("language", "de"),
            }
        )
    elif form.is_valid():
        try:
            actions.insist_on_delegating(request.edition, request.now, **whose)
            rows = colleagues.judged(
                form.cleaned_data["colleagues"],
                edition=request.edition,
                delegation=delegation,
                invitation=invitation,
                own_mailbox=email_key_of(contact.mailbox) if contact is not None else "",
            )
            if act != "send":
                return _preview(request, form, rows)
            count = actions.invite_colleagues(
                edition=request.edition,
                now=request.now,
                form_key=form.cleaned_data["form_key"],
                language=form.cleaned_data["language"],
                colleagues=[row for row in rows if row.is_sent or row.fate == Fate.AGAIN],
                **whose,
            )
        except Refused as refusal:
            form.add_error("pasted", str(refusal.message))
        else:
            if forms is not None:
                request.session[SENT] = [*forms, str(form.cleaned_data["form_key"])]
            text = ngettext("%d letter is on its way.", "%d letters are on their way.", count)
            messages.success(request, text % count)
            return see_other(request.path)
    context = {
        "form": form,
        "delegation": delegation,
        "invitation": invitation,
        "open": actions.is_open(request.edition, request.now, invitation),
        **_figures(request, delegation, forms),
    }
    return render(request, "registration/delegation.html", context)


def _figures(
    request: EditionRequest, delegation: Delegation | None, forms: list[str] | None
) -> dict[str, Any]:
    if delegation is None:
        return {"left": Delegation.MOST, "waiting": [], "to_remind": 0}
    named = delegation.delegates.named_by(forms)
    waiting = list(named.open())
    for row in waiting:
        row.edition, row.delegation = request.edition, delegation
    due = named.to_remind(request.now).count()
    return {"left": delegation.left, "waiting": waiting, "to_remind": due}


def _preview(
    request: EditionRequest, form: ColleaguesForm, rows: list[Colleague]
) -> HttpResponseBase:
    """Nothing is written yet: the list goes round by the form, and is read once more before it is sent."""
    counts = [(fate, sum(row.fate == fate for row in rows)) for fate in Fate]
    context = {
        "rows": rows,
        "counts": [(fate, fate.label, count) for fate, count in counts if count],
        "sent": sum(row.is_sent for row in rows),
        "unused_columns": form.unused_columns,
        "everything": colleagues.as_text(rows),
        "letters_in": form.cleaned_data["language"],
        "form_key": form.cleaned_data["form_key"],
    }
    return render(request, "registration/delegation_preview.html", context)


def _about_the_invited(
    request: EditionRequest, delegation: Delegation | None, act: str, forms: list[str] | None
) -> HttpResponse:
    if delegation is None:
        raise Http404
    try:
        if act == "remind":
            count = actions.remind_colleagues(delegation=delegation, now=request.now, forms=forms)
            text = ngettext("%d reminder is on its way.", "%d reminders are on their way.", count)
            messages.success(request, text % count)
        else:
            actions.take_back(row=_row_of(request, delegation, forms), now=request.now)
            messages.success(
                request, _("Taken back. The link in the letter opens nothing any more.")
            )
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    return see_other(request.path)


def _row_of(request: EditionRequest, delegation: Delegation, forms: list[str] | None) -> Delegate:
    number = request.POST.get("number", "")
    rows = Delegate.objects.with_delegation().filter(delegation=delegation).named_by(forms)
    row = rows.filter(pk=number).first() if number.isdecimal() and len(number) < 12 else None
    if row is None:
        raise actions.AlreadyAnswered
    return row
