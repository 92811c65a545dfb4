"""Registering, and confirming the address."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress import actions as congress_actions
from congress.auth import keep_signed_in
from congress.errors import Refused
from congress.http import EditionRequest, kept_nowhere, see_other
from congress.models import User
from registration import actions, emails, limits, place_queries, queries
from registration.forms import CodeForm, OwnDeviceForm, RegistrationForm
from registration.forms_inviting import InvitationCodeForm
from registration.models import Invitation, Registration, RegistrationSettings
from registration.views import invitations

PENDING = "registration"  # in the session: the registration whose code this browser waits for


# --- The form -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: EditionRequest) -> HttpResponseBase:
    """One page for everybody; what it answers does not depend on whether an address is known."""
    edition = request.edition
    if isinstance(request.user, User):
        own = queries.registration_of(request.user, edition)
        if own is not None and own.is_active:
            return redirect(own)
    invitation = invitations.carried(request)
    if request.method != "POST":
        if not actions.is_open(edition, request.now, invitation):
            early = request.now < edition.registration_opens_at
            return render(request, "registration/closed.html", {"early": early})
        form = RegistrationForm(initial=_invited(request, invitation), **_ways(request))
        return _form_page(request, form, InvitationCodeForm(), invitation)
    if "without_invitation" in request.POST:
        invitations.drop(request)
        return see_other("register", edition=edition.slug)
    form = RegistrationForm(request.POST, **_ways(request))
    code_form = InvitationCodeForm(request.POST)
    if invitation is None and code_form.is_valid():
        invitation = _typed(request, code_form)
        if not form.is_valid():  # one summary names whatever is wrong on the page
            for problem in code_form.errors.get("invitation_code", ()):
                form.add_error(None, problem)
    if form.is_valid() and code_form.is_valid():
        if not limits.fuse_holds(request):
            return render(request, "429.html", status=429)
        given = {name: form.cleaned_data[name] for name in _FIELDS if name in form.fields}
        try:
            registration = actions.register(
                edition=edition,
                now=request.now,
                form_key=form.cleaned_data["form_key"],
                privacy_version=queries.privacy_version(edition),
                language="en" if (get_language() or "de").startswith("en") else "de",
                invitation=invitation,
                **given,
            )
        except actions.NotForThisAddress as refusal:
            form.add_error("email", str(refusal.message))
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            request.session[PENDING] = registration.pk
            if (
                invitation is not None
            ):  # whoever comes back to correct the address need not type the code again
                invitations.carry(request, invitation)
            return see_other(reverse("registration_code", kwargs={"edition": edition.slug}))
    return _form_page(request, form, code_form, invitation)


_FIELDS = ("title", "first_name", "last_name", "body", "email", "way")
_FACTS = _FIELDS[:4]  # what an account knows, too


def _ways(request: EditionRequest) -> dict[str, Any]:
    return {"edition": request.edition, "full": place_queries.full_ways(request.edition)}


def _typed(request: EditionRequest, form: InvitationCodeForm) -> Invitation | None:
    """The invitation whose code was typed; what is wrong with it stands at the field."""
    code = form.cleaned_data["invitation_code"]
    try:
        found = actions.invitation_of_code(request.edition, code) if code else None
        if found is not None:
            actions.insist_on_open(found, request.now)
    except Refused as refusal:
        form.add_error("invitation_code", str(refusal.message))
        return None
    return found


def _invited(request: EditionRequest, invitation: Invitation | None) -> dict[str, Any]:
    """What need not be typed: what the organisers knew of whom they invited, and what we know ourselves."""
    if invitation is None:
        return _known(request)
    given = {name: value for name in (*_FACTS, "email") if (value := getattr(invitation, name))}
    address = given.pop("email", "")
    return {**given, **_known(request)} | (
        {"email": address} if not invitation.is_for_a_body else {}
    )


def _form_page(
    request: EditionRequest,
    form: RegistrationForm,
    code_form: InvitationCodeForm,
    invitation: Invitation | None,
) -> HttpResponse:
    form.ask_while_typing(reverse("registration_address", kwargs={"edition": request.edition.slug}))
    settings_now = RegistrationSettings.objects.of(request.edition)
    context = {
        "form": form,
        "code_form": code_form,
        "invitation": invitation,
        # Where there is a choice, it says so itself.
        "only_waiting_list": "way" not in form.fields and bool(form.full),
        "checked": settings_now.checked(request.edition, request.now),
    }
    return render(request, "registration/register.html", context)


def _known(request: EditionRequest) -> dict[str, Any]:
    """What need not be typed again: by who is signed in, and by who comes back to correct an address."""
    pending = _pending(request) if "korrigieren" in request.GET else None
    if pending is not None and pending.state == Registration.State.UNVERIFIED:
        return {name: getattr(pending, name) for name in _FIELDS} | {"form_key": pending.form_key}
    if isinstance(request.user, User):
        person = request.user
        return {name: getattr(person, name) for name in _FACTS} | {"email": person.mailbox}
    return {}


# --- The code -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: EditionRequest) -> HttpResponseBase:
    """„Wir haben Ihnen einen Code geschickt“: typed here, or behind the link of the letter."""
    registration = _pending(request)
    here = reverse("registration_code", kwargs={"edition": request.edition.slug})
    if registration is None:
        return redirect("register", edition=request.edition.slug)
    if request.method == "POST" and "again" in request.POST:
        try:
            actions.send_code_again(registration=registration)
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, _("We have sent you a new code."))
        return see_other(here)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            verified = actions.verify(
                registration=registration, code=form.cleaned_data["code"], now=request.now
            )
        except Refused as refusal:
            form.add_error("code", str(refusal.message))
        else:
            return enter(request, verified)
    context = {"form": form, "address": registration.email, **_letter(request)}
    return render(request, "registration/code.html", context)


def _pending(request: EditionRequest) -> Registration | None:
    pk = request.session.get(PENDING)
    if pk is None:
        return None
    found = Registration.objects.of_edition(request.edition).filter(pk=pk)
    registration = found.select_related("person", "land").first()
    if registration is not None:
        registration.edition = request.edition
    return registration


def _letter(request: EditionRequest) -> dict[str, str]:
    """Sender and subject, so that people find the letter, also among junk mail."""
    language = "en" if (get_language() or "de").startswith("en") else "de"
    return {
        "sender": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "subject": emails.subject_of_code(request.edition, language),
    }


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def confirm(request: EditionRequest, token: str) -> HttpResponseBase:
    """The link of the letter: GET shows a button and no name, a person's POST confirms."""
    try:
        # Blanks come along when a link is copied.
        registration = actions.registration_of_link(token.strip())
        if registration.edition_id != request.edition.pk:
            raise Http404
        if request.method == "POST":
            return enter(request, actions.verify_by_link(token=token.strip(), now=request.now))
    except actions.CodeIsOver:
        return render(request, "registration/confirm_over.html", status=410)
    return render(request, "registration/confirm.html", {"form": OwnDeviceForm()})


def enter(request: EditionRequest, verified: actions.Verified) -> HttpResponseBase:
    """Sign in whoever has proved the mailbox, and show what became of the registration."""
    goal = verified.registration.get_absolute_url()
    request.session.pop(PENDING, None)
    invitations.drop(request)
    person = verified.person
    if verified.link is not None:
        congress_actions.enter_by_link(
            request=request, link=verified.link, now=request.now, replace_oldest=True
        )
        if not keep_signed_in(request, person):
            request.session.set_expiry(int(timedelta(days=1).total_seconds()))
        response = redirect(goal)
    elif person.email is None:
        return redirect(request.edition)  # the congress is over; there is nothing to enter
    else:
        record_authentication(request, person, method="code", email=verified.registration.email)
        # Whoever has a second factor is asked for it.
        login = Login(user=person, redirect_url=goal, email=person.email)
        response = perform_login(request, login)
    if verified.invitation_was_over:
        messages.warning(
            request,
            _(
                "Your invitation was used up, withdrawn or over in the meantime. "
                "We treat your registration like any other."
            ),
        )
    if not verified.for_the_first_time:
        messages.info(request, _("Your address was confirmed already."))
    response.status_code = 303
    return response
