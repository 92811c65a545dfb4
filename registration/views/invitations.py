"""Invitations: opened by whoever was sent one, and the pages of the organisers who send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from congress import links, outbox
from congress.errors import Refused
from congress.http import (
    EditionRequest,
    MemberRequest,
    kept_nowhere,
    page_of,
    role_required,
    see_other,
)
from congress.models import Role, User
from congress.views.errors import not_found
from registration import actions, emails_inviting, limits, queries
from registration.forms_inviting import (
    BodyForm,
    ChangeInvitationForm,
    InvitationCodeForm,
    PeopleForm,
)
from registration.models import Invitation
from registration.models.invitations import InvitationQuerySet

CARRIED = "invitation"  # in the session: the invitation this browser has opened
ON_A_PAGE = 50


# --- For the invited ------------------------------------------------------------------------------------


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def invitation(request: EditionRequest, token: str) -> HttpResponseBase:
    """The link of the letter: GET shows a button and no name, a person's POST goes on to the registration."""
    try:
        # Blanks come along when a link is copied.
        found = actions.invitation_of_link(request.edition, token.strip())
    except links.Incomplete:
        return render(request, "congress/link_incomplete.html", status=404)
    except Refused:
        return not_found(request)
    try:
        actions.insist_on_open(found, request.now)
    except Refused as refusal:
        return _over(request, refusal)
    if request.method == "POST":
        return _carry(request, found)
    return render(request, "registration/invitation.html", {"as_speaker": found.is_for_speakers})


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_code(request: EditionRequest) -> HttpResponseBase:
    """The code typed without the form of the registration, for whoever comes before it opens or after it closed."""
    form = InvitationCodeForm(request.POST if request.method == "POST" else None)
    form.fields["invitation_code"].required = True
    if form.is_valid():
        if not limits.fuse_holds(request):
            return render(request, "429.html", status=429)
        try:
            found = actions.invitation_of_code(
                request.edition, form.cleaned_data["invitation_code"]
            )
            actions.insist_on_open(found, request.now)
        except Refused as refusal:
            form.add_error("invitation_code", str(refusal.message))
        else:
            return _carry(request, found)
    return render(request, "registration/invitation_code.html", {"form": form})


def _carry(request: EditionRequest, found: Invitation) -> HttpResponse:
    """On to the form; whoever has registered already follows the invitation at once."""
    own = (
        queries.registration_of(request.user, request.edition)
        if isinstance(request.user, User)
        else None
    )
    if own is not None and own.is_active:
        if not found.is_for(own.email_key):
            messages.warning(request, str(actions.NotForThisAddress.message))
        elif actions.follow_invitation(own, found.pk, now=request.now):
            messages.success(request, _("Your invitation counts."))
        else:
            messages.info(request, _("You are registered already; the invitation changes nothing."))
        return see_other(own)
    carry(request, found)
    return see_other("register", edition=request.edition.slug)


def _over(request: EditionRequest, refusal: Refused) -> HttpResponse:
    context = {
        "why": refusal.message,
        "open": request.edition.takes_registrations(request.now),
    }
    return render(request, "registration/invitation_over.html", context, status=410)


def carried(request: EditionRequest) -> Invitation | None:
    """The invitation this browser has opened, as long as it is good; once it is not, this is said and forgotten."""
    number = request.session.get(CARRIED)
    if number is None:
        return None
    found = Invitation.objects.of_edition(request.edition).filter(pk=number).first()
    if found is None or found.state(request.now) != Invitation.State.OPEN:
        drop(request)
        text = _(
            "Your invitation is used up, withdrawn or over. You can register like everybody else."
        )
        messages.warning(request, text)
        return None
    return found


def carry(request: EditionRequest, invitation: Invitation) -> None:
    request.session[CARRIED] = invitation.pk


def drop(request: EditionRequest) -> None:
    request.session.pop(CARRIED, None)


# --- For organisers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chip:
    """One choice of the list: what stands on it, how many there are, where it leads."""

    key: str
    label: str
    count: int
    url: str
    current: bool


_WORDS = {
    Invitation.State.OPEN: "open",
    Invitation.State.USED_UP: "used_up",
    Invitation.State.EXPIRED: "expired",
    Invitation.State.REVOKED: "revoked",
}
_LOOKS = {
    Invitation.State.OPEN: "info",
    Invitation.State.USED_UP: "success",
    Invitation.State.EXPIRED: "neutral",
    Invitation.State.REVOKED: "neutral",
}


@require_safe
@role_required(Role.Kind.ORGANISER)
def orga_invitations(request: MemberRequest) -> HttpResponse:
    """Whom the organisers have invited, and how many have come by it."""
    everything = Invitation.objects.of_edition(request.edition)
    chosen = request.GET.get("stand", "")
    if chosen not in Invitation.State.values:
        chosen = ""
    search = request.GET.get("suche", "").strip()[:80]
    found = everything.search(request.edition, search) if search else everything
    page = page_of(request, _in_state(found, chosen), ON_A_PAGE)
    context = {
        "page": page,
        "lines": [_line(row, request) for row in page.object_list],
        "chips": _chips(found, chosen, search),
        "chosen": chosen,
        "search": search,
        "query": urlencode({k: v for k, v in (("stand", chosen), ("suche", search)) if v}),
        "figures": queries.invitations_in_figures(request.edition),
        "over": request.now >= request.edition.ends_at,
    }
    return render(request, "registration/orga/invitations.html", context)


def _in_state(found: InvitationQuerySet, state: str) -> InvitationQuerySet:
    if not state:
        return found
    narrowed: InvitationQuerySet = getattr(found, _WORDS[Invitation.State(state)])()
    return narrowed


def _chips(found: InvitationQuerySet, chosen: str, search: str) -> list[Chip]:
    def chip(key: str, label: Any, count: int) -> Chip:
        wanted = {k: v for k, v in (("stand", key), ("suche", search)) if v}
        return Chip(key, str(label), count, "?" + urlencode(wanted), key == chosen)

    states = [
        chip(state, state.label, _in_state(found, state).count()) for state in Invitation.State
    ]
    return [chip("", _("all"), found.count()), *states]


def _line(row: Invitation, request: EditionRequest) -> dict[str, Any]:
    row.edition = request.edition
    state = row.state(request.now)
    return {"invitation": row, "state": state.label, "look": _LOOKS[state]}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def invite_people(request: MemberRequest) -> HttpResponseBase:
    """One or many personal invitations; each gets a letter of its own."""
    form = PeopleForm(
        request.POST if request.method == "POST" else None,
        edition=request.edition,
        now=request.now,
    )
    if form.is_valid():
        terms = form.terms()
        people = [actions.Invited(**person) for person in terms.pop("people")]
        try:
            made, known = actions.invite_people(
                edition=request.edition, by=request.user, now=request.now, people=people, **terms
            )
        except Refused as refusal:
            form.add_error("people", str(refusal.message))
        else:
            text = ngettext(
                "%d invitation is on its way.", "%d invitations are on their way.", len(made)
            )
            messages.success(request, text % len(made))
            if known:
                text = _("These hold an open invitation already and get no second: %s")
                messages.info(request, text % ", ".join(known[:20]))
            return see_other("orga_invitations", edition=request.edition.slug)
    return render(request, "registration/orga/invite_people.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def invite_body(request: MemberRequest) -> HttpResponseBase:
    """A code for the people of a body. It is shown in the answer, and never again."""
    form = BodyForm(
        request.POST if request.method == "POST" else None,
        edition=request.edition,
        now=request.now,
    )
    if form.is_valid():
        try:
            made, code = actions.invite_body(
                edition=request.edition, by=request.user, now=request.now, **form.terms()
            )
        except Refused as refusal:
            form.add_error("email", str(refusal.message))
        else:
            return _shown_once(request, made, code)
    return render(request, "registration/orga/invite_body.html", {"form": form})


def _shown_once(request: MemberRequest, row: Invitation, code: str) -> HttpResponseBase:
    if not code:
        messages.info(
            request, _("This invitation was made already. Its code is not shown a second time.")
        )
        return see_other("orga_invitation", edition=request.edition.slug, number=row.pk)
    context = {"invitation": row, "code": code, "url": emails_inviting.invitation_url(row)}
    return render(request, "registration/orga/invitation_code.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def orga_invitation(request: MemberRequest, number: int) -> HttpResponseBase:
    """One invitation: what it says, who came by it, and what can still be done."""
    row = get_object_or_404(
        Invitation.objects.of_edition(request.edition).select_related("created_by", "land"),
        pk=number,
    )
    row.edition = request.edition
    here = reverse("orga_invitation", kwargs={"edition": request.edition.slug, "number": row.pk})
    act = request.POST.get("act", "")
    form = ChangeInvitationForm(
        request.POST if act == "change" else None, invitation=row, now=request.now
    )
    by: dict[str, Any] = {"invitation": row, "by": request.user, "now": request.now}
    try:
        match act:
            case "change" if form.is_valid():
                actions.change_invitation(**by, **form.changes())
                messages.success(request, _("Saved."))
                return see_other(here)
            case "again" if not row.is_for_a_body:
                actions.send_invitation_again(**by)
                messages.success(request, _("The letter is on its way again."))
                return see_other(here)
            case "code" if row.is_for_a_body:
                return _shown_once(request, row, actions.renew_code(**by))
            case "revoke":
                actions.revoke_invitation(**by)
                messages.success(
                    request, _("The invitation is withdrawn. Whoever came by it stays admitted.")
                )
                return see_other(here)
    except Refused as refusal:
        if act == "change":
            form.add_error("uses_max", str(refusal.message))
        else:
            messages.warning(request, str(refusal.message))
            return see_other(here)
    state = row.state(request.now)
    context = {
        "invitation": row,
        "form": form,
        "state": state.label,
        "look": _LOOKS[state],
        "revoked": row.revoked_at is not None,
        "letters": [
            outbox.Line(letter, request.edition) for letter in emails_inviting.letters_about(row)
        ],
        "came": row.registrations.active().select_related("person") if row.uses else [],
    }
    return render(request, "registration/orga/invitation.html", context)
