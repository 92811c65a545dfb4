"""The other end of the telephone: the caller types the code that the help desk reads out."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from congress import actions as congress_actions
from congress.auth import keep_signed_in
from congress.errors import Refused
from congress.http import EditionRequest
from registration import actions, limits
from registration.desk_forms import TelephoneForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def telephone_code(request: EditionRequest) -> HttpResponseBase:
    """Public, and the answer to a wrong try never tells what was wrong."""
    form = TelephoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not limits.may_try_codes(request):
            return render(request, "429.html", status=429)
        try:
            called = actions.enter_by_telephone(
                edition=request.edition,
                code=form.cleaned_data["code"],
                who=form.cleaned_data["who"],
                key=form.cleaned_data["form_key"],
                now=request.now,
            )
        except actions.WrongTelephoneCode as refusal:
            limits.wrong_code(request)
            form.add_error("code", str(refusal.message))
        else:
            return _enter(request, called)
    return render(request, "registration/telephone_code.html", {"form": form})


def _enter(request: EditionRequest, called: actions.Called) -> HttpResponseBase:
    """Sign the caller in on this device, as a code by mail would."""
    goal = _goal(request, called)
    person = called.person
    response: HttpResponseBase
    if called.link is not None:
        try:
            congress_actions.enter_by_link(
                request=request, link=called.link, now=request.now, replace_oldest=True
            )
        except Refused:
            return redirect(request.edition)
        if not keep_signed_in(request, person):
            request.session.set_expiry(int(timedelta(days=1).total_seconds()))
        response = redirect(goal)
    elif person.email is None:
        return redirect(request.edition)  # in review, without a link: nothing to enter yet
    else:
        record_authentication(request, person, method="telephone", email=person.email)
        # Whoever has a second factor is asked for it; the mailbox need not be proved once more.
        login = Login(
            user=person,
            redirect_url=goal,
            email=person.email,
            email_verification=EmailVerificationMethod.NONE,
        )
        response = perform_login(request, login)
    response.status_code = 303
    return response


def _goal(request: EditionRequest, called: actions.Called) -> str:
    """To one's registration as long as that is not settled, else to the congress."""
    if called.registration is not None:
        return called.registration.get_absolute_url()
    return reverse("home", kwargs={"edition": request.edition.slug})
