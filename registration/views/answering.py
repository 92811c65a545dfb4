"""What an applicant in the check tells us: how we may check, and the answer to a reviewer's question."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress.errors import Refused
from congress.http import MemberRequest, see_other
from registration import actions, queries
from registration.forms import AnswerForm, EvidenceForm
from registration.models import Registration


def evidence(
    request: MemberRequest, registration: Registration | None
) -> EvidenceForm | HttpResponseBase:
    """The form of one's own page; once it is sent and right, the way on."""
    if request.method != "POST":
        return EvidenceForm(initial=_known_of(registration))
    if registration is None:
        raise Http404
    form = EvidenceForm(request.POST)
    if not form.is_valid():
        return form
    try:
        actions.give_evidence(registration=registration, now=request.now, **form.cleaned_data)
    except (actions.OwnAddress, actions.TooManyColleagues) as refusal:
        form.add_error("colleague_email", str(refusal.message))
        return form
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, _("Thank you. This helps us to check quickly."))
    return see_other(registration.get_absolute_url())


def _known_of(registration: Registration | None) -> dict[str, str | None]:
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
