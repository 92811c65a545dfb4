"""The link in a letter to a colleague whom an applicant has named: do you know each other?"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from congress.http import EditionRequest, kept_nowhere, see_other
from registration import actions


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def colleague(request: EditionRequest, token: str) -> HttpResponseBase:
    """GET shows who asks, a person's POST answers. Whoever reads the mailbox needs no account for it."""
    token = token.strip()
    try:
        confirmation = actions.confirmation_of(token)
        if confirmation.registration.edition_id != request.edition.pk:
            raise Http404
        if request.method == "POST" and request.POST.get("answer") in ("yes", "no"):
            actions.answer_for_colleague(
                confirmation=confirmation,
                knows=request.POST["answer"] == "yes",
                now=request.now,
            )
            return see_other(request.get_full_path())
    except actions.ThreeConfirmed as refusal:
        messages.warning(request, str(refusal.message))
        return see_other(request.get_full_path())
    except actions.LinkIsOver:
        return render(request, "registration/colleague_over.html", status=410)
    waits = confirmation.registration.state == confirmation.registration.State.IN_REVIEW
    if not waits and not confirmation.answer:
        return render(request, "registration/colleague_over.html", status=410)
    context = {"confirmation": confirmation, "registration": confirmation.registration}
    return render(request, "registration/colleague.html", context)
