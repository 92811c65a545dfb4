"""The outbox: what was sent, what waits, what did not arrive; and sending it again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from congress import mail, queries
from congress import outbox as letters_shown
from congress.errors import Refused
from congress.http import MemberRequest, page_of, role_required, see_other
from congress.models import Letter, Role
from congress.outbox import Line

# Who sees letters at all; which ones, says congress.mail.readable.
ROLES = (Role.Kind.ORGANISER, Role.Kind.HELP_DESK, Role.Kind.PRESS_OFFICER)
ON_A_PAGE = 50
AT_ONCE = 500


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def outbox(request: MemberRequest) -> HttpResponseBase:
    """The list. A POST sends those of a group again that nobody sends by itself."""
    readable = _readable(request)
    group = request.GET.get("stand", "")
    search = request.GET.get("suche", "").strip()[:80]
    found = letters_shown.found(readable, group=group, search=search)
    if request.method == "POST":
        return _again_together(request, found, group)
    page = page_of(request, found, ON_A_PAGE)
    *groups, did_not_arrive = letters_shown.groups(readable)
    context: dict[str, Any] = {
        "lines": [Line(letter, request.edition) for letter in page],
        "page": page,
        "groups": groups,
        "chips": [did_not_arrive, *groups],
        "total": sum(group.count for group in groups),
        "chosen": group,
        "search": search,
        "together": group in letters_shown.TOGETHER and page.paginator.count > 0,
        "query": urlencode({"stand": group, "suche": search}),
    }
    return render(request, "congress/orga/outbox.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def outbox_letter(request: MemberRequest, number: int) -> HttpResponseBase:
    """One letter as it reads, without what is confidential in it."""
    letter = get_object_or_404(
        _readable(request).select_related("person", "edition__host_state"), pk=number
    )
    if request.method == "POST":
        return _decide(request, letter)
    text, problem = "", ""
    try:
        text = str(mail.render(letter, mint=False).body)
    except mail.NotDeliverable as refusal:
        problem = refusal.answer
    context = {
        "line": Line(letter, request.edition),
        "letter": letter,
        "text": text,
        "problem": problem,
    }
    return render(request, "congress/orga/outbox_letter.html", context)


def _readable(request: MemberRequest) -> QuerySet[Letter]:
    return mail.readable(request.edition, queries.kinds_in(request.user, request.edition))


def _decide(request: MemberRequest, letter: Letter) -> HttpResponse:
    act = request.POST.get("act")
    try:
        if act == "again":
            mail.send_again(letter, by=request.user, now=request.now)
            messages.success(request, _("The letter is on its way again."))
        elif act == "withdraw":
            mail.withdraw(letter, by=request.user, now=request.now)
            messages.success(request, _("The letter is withdrawn."))
    except Refused as refused:
        messages.error(request, str(refused.message))
    return see_other("outbox_letter", edition=request.edition.slug, number=letter.pk)


def _again_together(request: MemberRequest, found: QuerySet[Letter], group: str) -> HttpResponse:
    done = 0
    if group in letters_shown.TOGETHER and request.POST.get("act") == "again":
        for letter in found[:AT_ONCE]:
            try:
                mail.send_again(letter, by=request.user, now=request.now)
            except Refused:
                continue  # what was confidential in it is forgotten, or somebody else was faster
            done += 1
    text = ngettext(
        "One letter is on its way again.", "%(count)d letters are on their way again.", done
    )
    messages.success(request, text % {"count": done} if "%" in text else text)
    return see_other("outbox", edition=request.edition.slug)
