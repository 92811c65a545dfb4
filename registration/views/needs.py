"""How much people need, and who has agreed to what; and for the few who arrange it, who needs what.

Organisers read figures. The list opens for whoever looks after people (`Role.Kind.CARE`), by a POST that stands in the
journal, and closes by itself (docs/decisions/0027).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congress import desk
from congress.errors import Refused
from congress.http import MemberRequest, page_of, role_required, see_other
from congress.models import Role
from congress.outputs import XLSX, attachment, filename, safe_xlsx
from congress.templatetags import kern
from registration import actions, consents, queries
from registration.models import Consent, Needs, RegistrationSettings

ON_A_PAGE = 50
OPEN_FOR = timedelta(minutes=15)
_OPEN_KEY = "needs_open"  # in the session: {number of the edition: second of the real clock}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER, Role.Kind.CARE)
def needs(request: MemberRequest) -> HttpResponseBase:
    """Figures; below them the list, once it is open. A POST says that something is arranged, or is not after all."""
    if request.method == "POST":
        request.access.require_role(Role.Kind.CARE)
        return _arrange(request)
    reads = request.access.plays(Role.Kind.CARE)
    until = _open_until(request) if reads else None
    figures = queries.needs_figures(request.edition)
    context = {
        "reads": reads,
        "until": until and desk.shown(until, request.edition),
        "minutes": OPEN_FOR // timedelta(minutes=1),
        "figures": figures,
        "days": queries.people_by_day(request.edition),
        "organises": request.access.plays(Role.Kind.ORGANISER),
        "consents": _consents(request),
        "settings": RegistrationSettings.objects.of(request.edition),
    }
    if until is not None:
        context |= _list(request, figures)
    return render(request, "registration/orga/needs.html", context)


def _list(request: MemberRequest, figures: queries.NeedsFigures) -> dict[str, Any]:
    rows = Needs.objects.of_edition(request.edition)
    chosen = request.GET.get("stand", "")
    narrowed = {"offen": rows.to_arrange(), "organisiert": rows.arranged()}.get(chosen, rows)
    return {
        "page": page_of(request, narrowed.with_person().by_name(), ON_A_PAGE),
        "states": [
            ("", _("all"), figures.total),
            ("offen", _("to be arranged"), figures.to_arrange),
            ("organisiert", _("arranged"), figures.arranged),
        ],
        "chosen": chosen if chosen in ("offen", "organisiert") else "",
    }


def _arrange(request: MemberRequest) -> HttpResponse:
    if _open_until(request) is None:
        return _closed(request)
    number = request.POST.get("number", "")
    if not number.isdecimal() or len(number) > 12:
        raise Http404
    rows = Needs.objects.of_edition(request.edition)
    row = get_object_or_404(
        rows.select_related("registration__edition", "registration__person"), pk=number
    )
    try:
        actions.arrange_needs(
            needs=row, by=request.user, now=request.now, arranged="arranged" in request.POST
        )
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
    return see_other(request.get_full_path())


@require_POST
@role_required(Role.Kind.CARE)
def needs_open(request: MemberRequest) -> HttpResponse:
    """Opens the list for a while, or closes it before. Whoever opens it stands in the journal."""
    opened = dict(request.session.get(_OPEN_KEY) or {})
    opened.pop(str(request.edition.pk), None)
    if "close" not in request.POST:
        actions.note_needs_opened(by=request.user, edition=request.edition, now=request.now)
        opened[str(request.edition.pk)] = time.time() + OPEN_FOR.total_seconds()
    request.session[_OPEN_KEY] = opened
    return see_other("needs", edition=request.edition.slug)


def _open_until(request: MemberRequest) -> datetime | None:
    """Until when this browser reads who needs what in this edition, by the real clock; None where it does not."""
    until = (request.session.get(_OPEN_KEY) or {}).get(str(request.edition.pk), 0.0)
    return datetime.fromtimestamp(until, UTC) if until > time.time() else None


def _closed(request: MemberRequest) -> HttpResponse:
    messages.warning(
        request, _("The list has closed by itself. Please open it again; nothing was changed.")
    )
    return see_other("needs", edition=request.edition.slug)


def _consents(request: MemberRequest) -> list[dict[str, Any]]:
    """Of each kind how many people who are in agree to it now."""
    counts = dict(
        Consent.objects.of_people_who_are_in(request.edition)
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    asked = consents.asked(RegistrationSettings.objects.of(request.edition))
    return [
        {"kind": kind, "label": label, "count": counts.get(kind, 0)}
        for kind, label in Consent.Kind.choices
        if kind in asked or counts.get(kind)
    ]


@require_POST
@role_required(Role.Kind.CARE)
def needs_table(request: MemberRequest) -> HttpResponse:
    """The open list as a workbook. That it was fetched stands in the journal."""
    if _open_until(request) is None:
        return _closed(request)
    rows = list(Needs.objects.of_edition(request.edition).with_person().by_name())
    actions.note_listed(
        what="needs", count=len(rows), by=request.user, edition=request.edition, now=request.now
    )
    header = (
        *(_("Last name"), _("First name"), _("Authority or institution"), _("Address")),
        *(_("Taking part"), _("Days"), _("Needs"), _("Something else"), _("Arranged")),
    )
    table = (
        (
            row.registration.last_name,
            row.registration.first_name,
            row.registration.body,
            row.registration.address,
            row.registration.get_way_display(),
            _days(row),
            ", ".join(row.listed),
            row.text,
            row.arranged_at,
        )
        for row in rows
    )
    name = filename("bedarfe", f"{request.edition.local(request.now):%Y-%m-%d-%H%M}", ending="xlsx")
    return attachment(safe_xlsx(header, table, title=_("Needs")), name, XLSX)


@require_POST
@role_required(Role.Kind.ORGANISER)
def consents_table(request: MemberRequest) -> HttpResponse:
    """Who is in and agrees to this now, as a workbook. That it was fetched stands in the journal."""
    kind = request.POST.get("kind", "")
    if kind not in Consent.Kind.values:
        raise Http404
    rows = list(
        Consent.objects.of_people_who_are_in(request.edition)
        .filter(kind=kind)
        .select_related("registration")
        .order_by("registration__last_name", "registration__first_name", "pk")
    )
    actions.note_listed(
        what=kind, count=len(rows), by=request.user, edition=request.edition, now=request.now
    )
    header = (
        *(_("Last name"), _("First name"), _("Authority or institution")),
        *(_("Agreed"), _("Version")),
    )
    table = (
        (
            row.registration.last_name,
            row.registration.first_name,
            row.registration.body,
            row.given_at,
            row.version,
        )
        for row in rows
    )
    title = str(Consent.Kind(kind).label)
    name = filename(title, f"{request.edition.local(request.now):%Y-%m-%d-%H%M}", ending="xlsx")
    return attachment(safe_xlsx(header, table, title=title), name, XLSX)


def _days(row: Needs) -> str:
    participation = getattr(row.registration, "participation", None)
    return ", ".join(kern.short_day(day) for day in participation.days) if participation else ""
