"""Badges and entry tickets: printed for many by the organisers, for one at the desk, and one's own ticket."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from congress import pdf
from congress.errors import Refused
from congress.http import (
    EditionRequest,
    MemberRequest,
    kept_nowhere,
    page_of,
    role_required,
    see_other,
)
from congress.links import Incomplete
from congress.models import Admission, Role
from congress.models.access import AdmissionQuerySet
from congress.outputs import attachment
from registration import actions, printing, queries, tickets
from registration.models import RegistrationSettings

ROLES = (Role.Kind.ORGANISER, Role.Kind.HELP_DESK, Role.Kind.CHECK_IN)
ON_A_PAGE = 50
LAYOUTS = (printing.SHEET, printing.ONE_A_PAGE)
OTHERS = "-"  # the initial of whoever stands under no letter from A to Z


@dataclass(frozen=True)
class Filter:
    """What the address of the page asks for."""

    kind: str
    state: str
    letter: str
    search: str
    person: str

    @classmethod
    def of(cls, request: EditionRequest) -> Filter:
        given = request.GET
        kind, state, letter = (
            given.get("art", ""),
            given.get("stand", ""),
            given.get("buchstabe", ""),
        )
        return cls(
            kind=kind if kind in Admission.Kind.values else "",
            state=state if state in ("neu", "gedruckt") else "",
            letter=letter if letter in (*ascii_uppercase, OTHERS) else "",
            search=given.get("suche", "").strip()[:80],
            person=number if (number := given.get("person", "")).isdecimal() else "",
        )

    def narrow(self, found: AdmissionQuerySet) -> AdmissionQuerySet:
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.state:
            found = found.without_a_badge() if self.state == "neu" else found.with_a_badge()
        if self.letter:
            found = found.beginning_with("" if self.letter == OTHERS else self.letter)
        if self.person:
            found = found.filter(person=int(self.person[:18]))
        return queries.named(found, self.search)

    def address(self, **changes: str) -> str:
        """The same page with something else chosen; relative, as pages of a list are."""
        wanted = {
            "art": self.kind,
            "stand": self.state,
            "buchstabe": self.letter,
            "suche": self.search,
            "person": self.person,
        } | changes
        return "?" + urlencode({name: value for name, value in wanted.items() if value})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def badges(request: MemberRequest) -> HttpResponseBase:
    """Who gets a badge. A POST prints: the answer is the PDF."""
    if request.method == "POST":
        return _print(request)
    chosen = Filter.of(request)
    everybody = queries.badge_holders(request.edition)
    found = chosen.narrow(everybody)
    numbers = list(found.by_name().values_list("pk", flat=True))
    page = page_of(request, numbers, ON_A_PAGE)
    now_printed = numbers[: actions.BADGES_AT_ONCE]
    context: dict[str, Any] = {
        "rows": queries.with_badge_state(everybody.filter(pk__in=list(page.object_list))),
        "page": page,
        "numbers": ",".join(map(str, now_printed)),
        "count": len(now_printed),
        "more": len(numbers) - len(now_printed),
        "unprintable": queries.unprintable_names(everybody.filter(pk__in=now_printed)),
        "chosen": chosen,
        "kinds": _choices(
            chosen,
            "art",
            chosen.kind,
            [choice for choice in Admission.Kind.choices if choice[0] != Admission.Kind.REHEARSAL],
        ),
        "states": _choices(
            chosen,
            "stand",
            chosen.state,
            [("neu", _("not yet printed")), ("gedruckt", _("printed"))],
        ),
        "letters": _choices(
            chosen,
            "buchstabe",
            chosen.letter,
            [*zip(ascii_uppercase, ascii_uppercase, strict=True), (OTHERS, _("others"))],
        ),
        "previous": chosen.address(seite=str(page.number - 1)),
        "following": chosen.address(seite=str(page.number + 1)),
        "over": request.now >= request.edition.ends_at,
    }
    return render(request, "registration/orga/badges.html", context)


def _choices(
    chosen: Filter, name: str, current: str, choices: list[tuple[Any, Any]]
) -> list[dict[str, Any]]:
    entries = [("", _("all")), *choices]
    return [
        {"label": label, "url": chosen.address(**{name: str(value)}), "current": value == current}
        for value, label in entries
    ]


def _print(request: MemberRequest) -> HttpResponseBase:
    edition = request.edition
    layout = request.POST.get("format", printing.SHEET)
    try:
        wanted = {int(number) for number in request.POST.get("wer", "").split(",") if number}
    except ValueError as error:
        raise BadRequest("no numbers") from error
    if layout not in LAYOUTS or any(number >= 2**63 for number in wanted):
        raise BadRequest("no such layout or number")
    try:
        tokens = actions.print_badges(
            edition=edition, admissions=wanted, by=request.user, now=request.now
        )
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
        return see_other("badges", edition=edition.slug)
    printed = printing.badges(edition, tokens, layout=layout)
    if printed.left_out:
        names = ", ".join(admission.person.display_name for admission in printed.left_out)
        messages.warning(request, _("These badges could not be made: %s") % names)
    return attachment(printed.content, f"ausweise-{edition.slug}.pdf", pdf.CONTENT_TYPE)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def lock_badge(request: MemberRequest, number: int) -> HttpResponseBase:
    """A badge was lost. Asked once more before: whoever wears it stands outside afterwards."""
    held = get_object_or_404(queries.badge_holders(request.edition), pk=number)
    if request.method != "POST":
        return render(request, "registration/orga/badge_lock.html", {"admission": held})
    try:
        actions.lock_badge(admission=held, by=request.user, now=request.now)
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        text = _("The badge of %s is locked. A new one can be printed.")
        messages.success(request, text % held.person.display_name)
    return see_other("badges", edition=request.edition.slug)


@login_required
@require_safe
def ticket_file(request: MemberRequest) -> HttpResponse:
    """One's own entry ticket, the same however often it is fetched."""
    admission = request.access.admission
    if admission is None or not queries.comes_to_the_hall(admission, request.edition, request.now):
        raise Http404
    admission.edition, admission.person = request.edition, request.user
    name = f"eintrittskarte-{request.edition.slug}.pdf"
    content = printing.ticket(
        admission, queries.way_of(admission), RegistrationSettings.objects.of(request.edition)
    )
    return attachment(content, name, pdf.CONTENT_TYPE)


@kept_nowhere
@require_safe
def ticket(request: EditionRequest, token: str) -> HttpResponse:
    """Somebody has opened the code of a ticket with a phone: what it is for, and no name."""
    try:
        found = tickets.read(token.strip())
    except Incomplete:
        found = None
    if found is None or found[0].edition_id != request.edition.pk:
        raise Http404
    return render(request, "registration/ticket.html")
