"""The check, one case a screen: what helps to decide, and what is decided about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congress.errors import Refused
from congress.http import MemberRequest, role_required, see_other, whole_number
from congress.models import Level, Role
from congress.templatetags import kern
from congress.text import short_name
from registration import actions, cases
from registration.cases import Address, Case
from registration.forms import (
    AllowDomainForm,
    AllowForm,
    LevelForm,
    QuestionForm,
    RejectionForm,
)
from registration.models import DomainRule, Registration, ReviewText

# Organisers decide; the help desk reads, to tell people how things stand (docs/decisions/0015).
READERS = (Role.Kind.ORGANISER, Role.Kind.HELP_DESK)
NAMED_AT_MOST = 20
STATES = Registration.State


# --- Looking ------------------------------------------------------------------------------------------


@require_safe
@role_required(*READERS)
def review(request: MemberRequest) -> HttpResponseBase:
    """On to the first case that nobody else has open."""
    queue = cases.place(request.edition, request.now, 0, request.user)
    if queue.following:
        return redirect("review_case", edition=request.edition.slug, case=queue.following[0])
    waiting = Registration.objects.of_edition(request.edition).waiting_for_an_answer(request.now)
    context = {"waiting_count": waiting.count(), "held_count": queue.total}
    return render(request, "registration/orga/review_empty.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*READERS)
def review_case(request: MemberRequest, case: int) -> HttpResponseBase:
    """One case with everything that helps; the clear decision, and the correction of level and Land."""
    registration = _registration(request, case)
    if request.method == "POST":
        request.access.require_role(Role.Kind.ORGANISER)
        return _clear_decision(request, registration)
    shown = cases.case(registration, now=request.now, reviewer=request.user)
    return _case_page(request, shown, LevelForm(initial=_level_and_land(shown)))


def _case_page(request: MemberRequest, shown: Case, form: LevelForm) -> HttpResponse:
    registration = shown.registration
    context = {
        "case": shown,
        "registration": registration,
        "place": cases.place(request.edition, request.now, registration.pk, request.user),
        "holder": cases.holder_of(registration, request.user),
        "form": form,
        "may_decide": request.access.plays(Role.Kind.ORGANISER),
        "waits_for_an_answer": registration.asked_until is not None
        and registration.asked_until > request.now,
        "came_back": registration.asked_until is not None
        and registration.asked_until <= request.now,
    }
    return render(request, "registration/orga/review_case.html", context)


def _registration(request: MemberRequest, number: int) -> Registration:
    rows = Registration.objects.of_edition(request.edition).exclude(state=STATES.UNVERIFIED)
    rows = cases.with_holder(rows.with_person().select_related("decided_by", "rule"))
    return get_object_or_404(rows, pk=number)


def _level_and_land(shown: Case) -> dict[str, Any]:
    """What stands in the row; where that says nothing, what the registry says today."""
    registration, assessed = shown.registration, shown.assessed
    known = registration.level != Level.OTHER
    return {
        "level": registration.level if known else assessed.level or Level.OTHER,
        "land": registration.land_id or (assessed.land if not known else None) or None,
    }


# --- Deciding one -------------------------------------------------------------------------------------


def _clear_decision(request: MemberRequest, registration: Registration) -> HttpResponseBase:
    act = request.POST.get("act")
    if act == "reopen":
        return _act(
            request,
            registration,
            lambda: actions.reopen(registration=registration, by=request.user, now=request.now),
            lambda: _("%(name)s is in the check once more."),
            stay=True,
        )
    form = LevelForm(request.POST)
    if act not in ("admit", "correct") or not form.is_valid():
        if act not in ("admit", "correct"):
            raise BadRequest
        shown = cases.case(registration, now=request.now, reviewer=request.user)
        return _case_page(request, shown, form)
    do = actions.admit_as if act == "admit" else actions.correct
    return _act(
        request,
        registration,
        lambda: do(
            registration=registration, by=request.user, now=request.now, **form.cleaned_data
        ),
        lambda: _outcome(registration) if act == "admit" else _("Level and Land are corrected."),
        stay=act == "correct",
    )


def _act(
    request: MemberRequest,
    registration: Registration,
    do: Callable[[], Any],
    sentence: Callable[[], str],
    *,
    stay: bool = False,
) -> HttpResponse:
    """Do it, say so, and open the next case; the second of two reviewers is told who was first."""
    before = cases.place(request.edition, request.now, registration.pk, request.user)
    try:
        do()
    except (actions.AlreadyDecided, actions.NothingToReopen):
        messages.info(request, _who_was_first(registration))
    except Refused as refusal:
        messages.error(request, str(refusal.message))
        stay = True
    else:
        messages.success(request, sentence() % {"name": registration.display_name})
    if stay:
        return see_other("review_case", edition=request.edition.slug, case=registration.pk)
    return _next(request, before)


def _next(request: MemberRequest, before: cases.Place) -> HttpResponse:
    """The case after the one that is done, as far as it is still to do."""
    still = set(
        Registration.objects.of_edition(request.edition)
        .to_do(request.now)
        .filter(pk__in=before.following)
        .values_list("pk", flat=True)
    )
    following = next((number for number in before.following if number in still), None)
    if following is None:
        return see_other("review", edition=request.edition.slug)
    return see_other("review_case", edition=request.edition.slug, case=following)


def _outcome(registration: Registration) -> str:
    registration.refresh_from_db(fields=["state"])
    if registration.state == STATES.ADMITTED:
        return _("%(name)s is admitted. The letter leaves now.")
    if registration.state == STATES.WAITLISTED:
        return _("%(name)s may take part; all places are taken, so the waiting list it is.")
    return f"%(name)s: {registration.get_state_display()}"


def _who_was_first(registration: Registration) -> str:
    registration.refresh_from_db()
    by, at = registration.decided_by, registration.decided_at
    if by is None or at is None:
        return _("%(name)s: this is settled already (%(state)s).") % {
            "name": registration.display_name,
            "state": registration.get_state_display(),
        }
    return _(
        "%(reviewer)s was quicker and decided about %(name)s at %(time)s: %(state)s. Nothing else has happened."
    ) % {
        "reviewer": short_name(by.first_name, by.last_name),
        "name": registration.display_name,
        "time": kern.at_clock(at),
        "state": registration.get_state_display(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def review_reject(request: MemberRequest, case: int) -> HttpResponseBase:
    """A reason from the list, changed where need be; the applicant reads it."""
    registration = _registration(request, case)
    texts = list(ReviewText.objects.of_edition(request.edition).reasons())
    form = RejectionForm(
        request.POST if request.method == "POST" else None,
        initial={"reason": _chosen_text(request, texts, registration.language)},
    )
    if form.is_valid():
        return _act(
            request,
            registration,
            lambda: actions.reject(
                registration=registration,
                by=request.user,
                now=request.now,
                reason=form.cleaned_data["reason"],
            ),
            lambda: _("%(name)s is not admitted. The letter with the reason leaves now."),
        )
    context = {"texts": texts, "form": form, "chosen": _chosen(request)}
    return _side_page(request, registration, "registration/orga/review_reject.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def review_ask(request: MemberRequest, case: int) -> HttpResponseBase:
    """Ask back by letter; the case comes back with the answer, or without one after some days."""
    registration = _registration(request, case)
    texts = list(ReviewText.objects.of_edition(request.edition).questions())
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        initial={"text": _chosen_text(request, texts, registration.language, first=True)},
    )
    if form.is_valid():
        given = form.cleaned_data
        until = cases.answer_awaited_until(request.edition, request.now, given["days"])
        return _act(
            request,
            registration,
            lambda: actions.ask(
                registration=registration,
                text=given["text"],
                until=until,
                by=request.user,
                now=request.now,
            ),
            lambda: _("%(name)s is asked. The case comes back with the answer."),
        )
    context = {"texts": texts, "form": form, "chosen": _chosen(request)}
    return _side_page(request, registration, "registration/orga/review_ask.html", context)


def _chosen(request: MemberRequest) -> int | None:
    return whole_number(request.GET.get("text", ""))


def _chosen_text(
    request: MemberRequest, texts: list[ReviewText], language: str, *, first: bool = False
) -> str:
    chosen = _chosen(request)
    for text in texts:
        if text.pk == chosen or (first and chosen is None):
            return text.text_for(language)
    return ""


def _side_page(
    request: MemberRequest, registration: Registration, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A page beside the case, on which something is written before it is decided."""
    return render(
        request,
        template,
        {
            "registration": registration,
            "address": Address.of(registration.address),
            "is_open": registration.state == STATES.IN_REVIEW,
            **context,
        },
    )


# --- A case becomes a rule ----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def review_domain(request: MemberRequest, case: int) -> HttpResponseBase:
    """The rule as it is proposed, and the cases that it settles."""
    registration = _registration(request, case)
    shown = cases.case(registration, now=request.now, reviewer=request.user)
    domains = cases.domains_of(registration.host)
    if not domains:
        raise Http404  # admitted at the door, without an address
    form = AllowDomainForm(
        request.POST if request.method == "POST" else None,
        domains=domains,
        initial={
            "domain": domains[0],
            "match": _match_at(shown, domains[0]),
            **_proposed(shown),
        },
    )
    if form.is_valid():
        response = _allow(request, registration, form, actions.allow_domain)
        if response is not None:
            return response
    waiting = actions.covered(registration, domains[-1])
    context = {
        "case": shown,
        "form": form,
        "waiting": waiting[:NAMED_AT_MOST],
        "waiting_count": len(waiting),
        "kept": actions.is_kept(request.edition),
    }
    return _side_page(request, registration, "registration/orga/review_domain.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def review_address(request: MemberRequest, case: int) -> HttpResponseBase:
    """A rule for this one address, kept for next year."""
    registration = _registration(request, case)
    shown = cases.case(registration, now=request.now, reviewer=request.user)
    form = AllowForm(request.POST if request.method == "POST" else None, initial=_proposed(shown))
    if form.is_valid():
        response = _allow(request, registration, form, actions.allow_address)
        if response is not None:
            return response
    context = {"case": shown, "form": form, "kept": actions.is_kept(request.edition)}
    return _side_page(request, registration, "registration/orga/review_address.html", context)


def _proposed(shown: Case) -> dict[str, Any]:
    registration = shown.registration
    level = _level_and_land(shown)
    return {
        "body": (shown.assessed.body or registration.authority or registration.body)[:200],
        "level": level["level"] if level["level"] != Level.OTHER else "",
        "land": level["land"],
    }


def _match_at(shown: Case, domain: str) -> str:
    """A row that is there is changed rather than doubled."""
    rule = shown.assessed.rule
    return rule.match if rule is not None and rule.domain == domain else DomainRule.Match.SUFFIX


def _allow(
    request: MemberRequest, registration: Registration, form: forms.Form, do: Callable[..., Any]
) -> HttpResponse | None:
    """The next case, or None with the refusal in the form."""
    before = cases.place(request.edition, request.now, registration.pk, request.user)
    try:
        settled = do(
            registration=registration, by=request.user, now=request.now, **form.cleaned_data
        )
    except actions.AlreadyDecided:
        messages.info(request, _who_was_first(registration))
    except Refused as refusal:
        form.add_error(None, str(refusal.message))
        return None
    else:
        messages.success(request, _what_was_settled(settled))
    return _next(request, before)


def _what_was_settled(settled: actions.Settled) -> str:
    done = ngettext(
        "%(count)d case is admitted.", "%(count)d cases are admitted.", len(settled.done)
    )
    sentences = [done % {"count": len(settled.done)}]
    if settled.kept:
        sentences.insert(0, _("The registry has the rule now."))
    if settled.left:
        left = ngettext(
            "%(count)d case stays in the check.",
            "%(count)d cases stay in the check.",
            len(settled.left),
        )
        sentences.append(left % {"count": len(settled.left)})
    return " ".join(sentences)


# --- Who has it open ----------------------------------------------------------------------------------


@require_POST
@role_required(Role.Kind.ORGANISER)
def review_claim(request: MemberRequest, case: int) -> HttpResponseBase:
    """The page says now and then that somebody reads it; answered with who else does."""
    registration = _registration(request, case)
    holder = None
    if registration.state == STATES.IN_REVIEW:
        holder = actions.claim(registration=registration, by=request.user)
    sentence = held_by(short_name(holder.first_name, holder.last_name)) if holder else ""
    return HttpResponse(sentence, content_type="text/plain; charset=utf-8")


def held_by(name: str) -> str:
    return _("%(name)s has this case open at the moment.") % {"name": name}
