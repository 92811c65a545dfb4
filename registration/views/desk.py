"""The help desk: find somebody, read in one sentence why they cannot get in, let them in.

What is looked for is sent by POST, so that no name and no address stands in an address that is logged, kept or sent on
as referrer; the search changes nothing. Cases are called by numbers. What signed-in people see is kept by no cache.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from congress import desk, mail, panels
from congress.desk import Act, Case, Deed, Outcome, Subject
from congress.errors import Refused
from congress.http import MemberRequest, role_required, see_other
from congress.keyed import KeyedForm
from congress.models import JournalEntry, Role
from congress.outbox import Line
from registration import actions, queries
from registration.desk import subject_of
from registration.desk_forms import WalkInForm
from registration.models import Registration
from registration.spelling import spelt

ROLES = (Role.Kind.ORGANISER, Role.Kind.HELP_DESK)
LETTERS_SHOWN = 6
ACTS_SHOWN = 6


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def help_desk(request: MemberRequest) -> HttpResponseBase:
    """One field. htmx asks while somebody types and gets the results alone; without it the whole page comes back."""
    typed = request.POST.get("wen", "")[: desk.LONGEST_SEARCH].strip()
    edition, now = request.edition, request.now
    found = desk.search(edition, typed) if typed else desk.Found([])
    cases = desk.cases(edition, now, found.subjects)
    context: dict[str, Any] = {
        "typed": typed,
        "cases": cases,
        "more": found.more,
        "similar": found.similar,
        "status": _status(typed, len(cases), similar=found.similar),
        "takes_registrations": edition.takes_registrations(now),
        "over": now >= edition.ends_at,
    }
    if len(cases) == 1:
        context |= _about(request, cases[0])
    if request.headers.get("HX-Request"):
        return render(request, "registration/orga/_found.html", context)
    context["figures"] = [(figure.label, figure.count(edition)) for figure in panels.help_figures]
    return render(request, "registration/orga/help_desk.html", context)


def _status(typed: str, count: int, *, similar: bool) -> str:
    """What a screen reader says when the results have changed."""
    if not typed:
        return ""
    if not count:
        return _("Nobody found.")
    if similar:
        text = ngettext("%(n)d person spelt alike.", "%(n)d people spelt alike.", count)
    else:
        text = ngettext("%(n)d person found.", "%(n)d people found.", count)
    return text % {"n": count}


@require_safe
@role_required(*ROLES)
def help_case(request: MemberRequest, key: str) -> HttpResponse:
    """One subject: the answer, what helps, what was written to them.

    With `?jetzt` also whether they are connected now, which takes half a second; htmx asks for that line alone.
    """
    subject = _subject(request, key)
    now = "jetzt" in request.GET
    if now and request.headers.get("HX-Request"):
        said = desk.live_sentences(request.edition, request.now, subject)
        return render(request, "registration/orga/_connected.html", {"said": said})
    case = desk.case(request.edition, request.now, subject, live=now)
    context = {"case": case, "asked": now, **_about(request, case)}
    return render(request, "registration/orga/help_case.html", context)


def _about(request: MemberRequest, case: Case) -> dict[str, Any]:
    letters = desk.letters_of(request.edition, [case.subject])[case.subject.key]
    acts = JournalEntry.objects.none()
    if case.subject.person is not None:
        acts = JournalEntry.objects.filter(edition=request.edition, person=case.subject.person)
    elif case.subject.row is not None:
        row = case.subject.row
        target = f"{row._meta.label_lower}:{row.pk}"
        acts = JournalEntry.objects.filter(edition=request.edition, target=target)
    return {
        "only": case,
        "letters": [Line(letter, request.edition) for letter in letters[:LETTERS_SHOWN]],
        "acts": acts.select_related("actor").order_by("-at", "-pk")[:ACTS_SHOWN],
        "key": uuid.uuid4(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def help_act(request: MemberRequest, key: str, act: str) -> HttpResponseBase:
    """Do what a case offers. An act that asks something first shows its form."""
    subject = _subject(request, key)
    here = _address(request, subject)
    offered = desk.case(request.edition, request.now, subject)
    wanted = offered.act(act)
    if wanted is None:
        if act not in panels.help_acts:
            raise Http404
        # The case has moved on since the page was opened.
        messages.info(
            request, _("This is not needed any more. The sentence below says how it stands now.")
        )
        return see_other(here)
    if wanted.elsewhere is not None:
        return redirect(wanted.elsewhere(request.edition, subject))
    form = _form(wanted, subject, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        if wanted.form is None:
            return redirect(here)
        context = {"case": offered, "act": wanted, "form": form}
        return render(request, "registration/orga/help_act.html", context)
    given = dict(form.cleaned_data)
    deed = Deed(subject, request.edition, request.user, request.now, given.pop("form_key"), given)
    try:
        outcome = wanted.run(deed) if wanted.run is not None else Outcome()
    except Refused as refusal:
        if wanted.form is not None:
            form.add_error(None, str(refusal.message))
            context = {"case": offered, "act": wanted, "form": form}
            return render(request, "registration/orga/help_act.html", context)
        messages.warning(request, str(refusal.message))
        return see_other(here)
    return _told(request, outcome, subject)


def _form(act: Act, subject: Subject, data: Any) -> Any:
    if act.form is not None:
        return act.form(subject, data)
    return KeyedForm(data, about=f"{subject.key}/{act.key}")


def _told(request: MemberRequest, outcome: Outcome, subject: Subject) -> HttpResponseBase:
    after = outcome.subject or subject
    if outcome.code:
        return _code_page(request, outcome.code, after)
    if outcome.text:
        messages.success(request, str(outcome.text))
    return see_other(_address(request, after))


def _code_page(request: MemberRequest, code: str, subject: Subject) -> HttpResponse:
    """The answer to the POST itself: the code stands in no session and on no page that could be opened again."""
    context = {"code": code, "signs": spelt(code), "subject": subject}
    return render(request, "registration/orga/help_code.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def help_letter(request: MemberRequest, key: str, number: int) -> HttpResponseBase:
    """Send a letter of this case once more."""
    subject = _subject(request, key)
    here = _address(request, subject)
    letters = desk.letters_of(request.edition, [subject])[subject.key]
    letter = next((letter for letter in letters if letter.pk == number), None)
    if letter is None:
        raise Http404
    if request.method == "POST":
        try:
            mail.send_again(letter, by=request.user, now=request.now)
        except Refused as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, _("The letter is on its way again."))
    return see_other(here)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def walk_in(request: MemberRequest) -> HttpResponseBase:
    """Somebody is not registered: registered here, by the rules or by a person's decision."""
    edition = request.edition
    may_admit = actions.may_admit(request.user, edition)
    data = request.POST if request.method == "POST" else None
    form = WalkInForm(data, initial=_known(request), may_admit=may_admit)
    if form.is_valid():
        given = {
            name: form.cleaned_data[name]
            for name in ("title", "first_name", "last_name", "body", "email")
        } | {"privacy_version": queries.privacy_version(edition)}
        who: dict[str, Any] = {
            "edition": edition,
            "by": request.user,
            "now": request.now,
            "key": form.cleaned_data["form_key"],
        }
        try:
            if form.by_decision:
                registration = actions.admit_at_the_desk(
                    **who,
                    **given,
                    reason=form.cleaned_data["reason"],
                    level=form.cleaned_data["level"],
                )
            else:
                registration = actions.register_at_the_desk(**who, **given)
        except Refused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            subject = subject_of(registration)
            if registration.state == Registration.State.WAITLISTED:
                text = _(
                    "All places are taken: on the waiting list. An organiser can give a place by hand."
                )
                messages.warning(request, text)
            elif form.by_decision:
                messages.success(request, _("Is in. Read out a code, or print the badge."))
            else:
                messages.success(request, _("Is registered; a code is on its way to the address."))
            return see_other(_address(request, subject))
    context = {"form": form, "may_admit": may_admit}
    return render(request, "registration/orga/walk_in.html", context)


def _known(request: MemberRequest) -> dict[str, Any]:
    """Names of somebody whom another list knows, so that nobody types them again."""
    subject = desk.subject_of(request.edition, request.GET.get("von", ""))
    row: Any = subject.row if subject is not None else None
    if subject is None or row is None:
        return {}
    names = {name: getattr(row, name, "") for name in ("title", "first_name", "last_name")}
    return names | {"body": subject.body, "email": subject.address}


def _subject(request: MemberRequest, key: str) -> Subject:
    subject = desk.subject_of(request.edition, key)
    if subject is None:
        raise Http404
    return subject


def _address(request: MemberRequest, subject: Subject) -> str:
    return reverse("help_case", kwargs={"edition": request.edition.slug, "key": subject.key})
