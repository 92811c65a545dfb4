"""What people need, as a list to work off; and who has agreed to what. For organisers alone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congress.errors import Refused
from congress.http import MemberRequest, page_of, role_required, see_other
from congress.models import Role
from congress.outputs import XLSX, attachment, filename, safe_xlsx
from congress.templatetags import kern
from registration import actions, consents, queries
from registration.models import Consent, Needs, RegistrationSettings

ON_A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.Kind.ORGANISER)
def needs(request: MemberRequest) -> HttpResponseBase:
    """What is to be arranged, and what is; a POST says that it is, or is not after all."""
    rows = Needs.objects.of_edition(request.edition)
    if request.method == "POST":
        number = request.POST.get("number", "")
        if not number.isdecimal() or len(number) > 12:
            raise Http404
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
    counts = rows.aggregate(total=Count("pk"), arranged=Count("arranged_at"))
    chosen = request.GET.get("stand", "")
    narrowed = {"offen": rows.to_arrange(), "organisiert": rows.arranged()}.get(chosen, rows)
    states = [
        ("", _("all"), counts["total"]),
        ("offen", _("to be arranged"), counts["total"] - counts["arranged"]),
        ("organisiert", _("arranged"), counts["arranged"]),
    ]
    context = {
        "page": page_of(request, narrowed.with_person().by_name(), ON_A_PAGE),
        "states": states,
        "chosen": chosen if chosen in ("offen", "organisiert") else "",
        "total": counts["total"],
        "days": queries.people_by_day(request.edition),
        "consents": _consents(request),
        "settings": RegistrationSettings.objects.of(request.edition),
    }
    return render(request, "registration/orga/needs.html", context)


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
@role_required(Role.Kind.ORGANISER)
def needs_table(request: MemberRequest) -> HttpResponse:
    """The list as a workbook. That it was fetched stands in the journal."""
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
