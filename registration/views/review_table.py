"""The check as a table, and what is decided about many cases at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from congress.errors import Refused
from congress.http import (
    MemberRequest,
    page_of,
    role_required,
    see_other,
    whole_number,
    whole_numbers,
)
from congress.models import Role
from registration import actions, cases
from registration.cases import Address, Age
from registration.forms import QuestionForm, RejectionForm
from registration.models import Registration, RegistrationSettings, ReviewText
from registration.views.review import READERS

ON_A_PAGE = 50
AT_ONCE = 200


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    registration: Registration
    address: Address
    age: Age
    holder: str


@require_safe
@role_required(*READERS)
def review_table(request: MemberRequest) -> HttpResponseBase:
    """The queue as a table, in the same order."""
    edition, now = request.edition, request.now
    of_edition = Registration.objects.of_edition(edition)
    state = "antwort" if request.GET.get("stand") == "antwort" else ""
    search = request.GET.get("suche", "").strip()[:80]
    rows = of_edition.waiting_for_an_answer(now) if state else of_edition.to_do(now)
    found = cases.with_what_lists_show(rows.matching(search).in_order_of_review())
    page = page_of(request, found, ON_A_PAGE)
    promise = RegistrationSettings.objects.of(edition)
    context = {
        "rows": [_row(row, request, promise) for row in page],
        "page": page,
        "state": state,
        "search": search,
        "to_do_count": of_edition.to_do(now).count(),
        "waiting_count": of_edition.waiting_for_an_answer(now).count(),
        "late_count": cases.overdue(edition, now, promise).count(),
        "may_decide": request.access.plays(Role.Kind.ORGANISER),
        "query": urlencode({"stand": state, "suche": search}),
        "now": now,
    }
    return render(request, "registration/orga/review_table.html", context)


def _row(registration: Registration, request: MemberRequest, promise: RegistrationSettings) -> Row:
    row: Any = registration
    return Row(
        registration,
        Address.of(registration.address),
        Age.of(request.edition, row.waiting_since, request.now, promise),
        cases.holder_of(registration, request.user),
    )


@dataclass(frozen=True)
class Together:
    """Something that can be done with many cases: what it is called, and what will happen."""

    title: Promise
    sentence: Promise
    button: Promise
    form: type[forms.Form] | None = None
    kind: str = ""  # of the wordings to choose from


TOGETHER = {
    "admit": Together(
        gettext_lazy("Admit"),
        gettext_lazy("These people are admitted. Each gets the admission letter at once."),
        gettext_lazy("Admit all"),
    ),
    "reject": Together(
        gettext_lazy("Reject"),
        gettext_lazy("These people are not admitted. Each gets a letter with this reason at once."),
        gettext_lazy("Reject all"),
        RejectionForm,
        ReviewText.Kind.REJECTION,
    ),
    "ask": Together(
        gettext_lazy("Ask back"),
        gettext_lazy(
            "Each gets a letter with this question; the cases come back with the answers."
        ),
        gettext_lazy("Ask all"),
        QuestionForm,
        ReviewText.Kind.QUESTION,
    ),
    "address": Together(
        gettext_lazy("Admit the addresses"),
        gettext_lazy(
            "These people are admitted, and the registry keeps a rule for each address, for next year. "
            "Cases without a level of administration are left out: open and correct them first."
        ),
        gettext_lazy("Admit all addresses"),
    ),
}


@require_POST
@role_required(Role.Kind.ORGANISER)
def review_together(request: MemberRequest) -> HttpResponseBase:
    """What will happen, asked once more; then it is done, case by case."""
    act = request.POST.get("act", "")
    if act not in TOGETHER:
        raise BadRequest
    together = TOGETHER[act]
    numbers = whole_numbers(request.POST.getlist("fall")[:AT_ONCE])
    chosen = list(
        Registration.objects.of_edition(request.edition)
        .in_review()
        .filter(pk__in=numbers)
        .in_order_of_review()
        .with_person()
        .select_related("rule")
    )
    if not chosen:
        messages.warning(request, _("Please mark at least one case that is in the check."))
        return see_other("review_table", edition=request.edition.slug)
    confirmed = "bestaetigt" in request.POST
    form = None
    if together.form is not None:
        form = together.form(request.POST if confirmed else None, initial=_words(request, together))
    if confirmed and (form is None or form.is_valid()):
        return _do_together(request, act, chosen, form.cleaned_data if form is not None else {})
    context = {
        "together": together,
        "act": act,
        "chosen": chosen,
        "form": form,
        "english_count": sum(row.language == "en" for row in chosen) if form is not None else 0,
        "texts": ReviewText.objects.of_edition(request.edition).filter(kind=together.kind),
        "text": request.POST.get("text_id", ""),
    }
    return render(request, "registration/orga/review_together.html", context)


def _words(request: MemberRequest, together: Together) -> dict[str, str]:
    """The wording that was chosen from the list; German, for it goes to all of them."""
    number = whole_number(request.POST.get("text_id", ""))
    if number is None:
        return {}
    texts = ReviewText.objects.of_edition(request.edition).filter(kind=together.kind)
    text = texts.filter(pk=number).first()
    name = "reason" if together.kind == ReviewText.Kind.REJECTION else "text"
    return {name: text.text_for("de")} if text is not None else {}


def _do_together(
    request: MemberRequest, act: str, chosen: list[Registration], given: dict[str, Any]
) -> HttpResponse:
    """Each in a transaction of its own: what a colleague has decided meanwhile stops nobody else."""
    done, refused = 0, Counter[str]()
    for registration in chosen:
        try:
            _do_one(request, act, registration, given)
        except Refused as refusal:
            refused[str(refusal.message)] += 1
        else:
            done += 1
    if done:
        text = ngettext("%(count)d case is done.", "%(count)d cases are done.", done)
        messages.success(request, text % {"count": done})
    for message, count in refused.items():
        left = ngettext("%(count)d case was left out:", "%(count)d cases were left out:", count)
        messages.warning(request, f"{left % {'count': count}} {message}")
    return see_other("review_table", edition=request.edition.slug)


def _do_one(
    request: MemberRequest, act: str, registration: Registration, given: dict[str, Any]
) -> None:
    who: dict[str, Any] = {"registration": registration, "by": request.user, "now": request.now}
    if act == "admit":
        actions.admit(**who)
    elif act == "reject":
        actions.reject(**who, reason=given["reason"])
    elif act == "ask":
        until = cases.answer_awaited_until(request.edition, request.now, given["days"])
        actions.ask(**who, text=given["text"], until=until)
    else:
        actions.allow_address(
            **who,
            level=registration.level,
            land=registration.land,
            body=(registration.authority or registration.body)[:200],
        )
