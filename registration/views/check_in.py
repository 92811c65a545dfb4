"""The door of the hall: scan, look a name up, see who is in. Works on while the network is away (`check-in.js`)."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congress import journal, pdf
from congress.http import MemberRequest, page_of, role_required
from congress.models import Admission, Role
from congress.outputs import XLSX, attachment, filename, safe_xlsx
from registration import actions, codes, door, printing, queries
from registration.codes import Holder
from registration.models import CheckIn

ROLES = (Role.Kind.CHECK_IN, Role.Kind.HELP_DESK, Role.Kind.ORGANISER)
ON_A_PAGE = 100
LARGEST_SCAN = 4096
# Camera on this page alone; everywhere else it stays forbidden (congress.middleware).
PERMISSIONS = "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), autoplay=(self), fullscreen=(self)"


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
def check_in(request: MemberRequest) -> HttpResponseBase:
    """One field for scanner and names. Without JavaScript a POST is answered by the page itself."""
    edition, day = request.edition, _today(request)
    direction = _direction(request.POST.get("richtung", CheckIn.Direction.IN))
    typed = request.POST.get("wer", "").strip()[: codes.LONGEST]
    answer: door.Told | None = None
    found: list[Admission] = []
    if "person" in request.POST:
        holder = _holder_by_number(request, request.POST["person"])
        answer = _pass(request, holder, direction, _key(request.POST.get("schluessel")))
    elif typed and codes.looks_like_one(typed):
        answer = _pass(
            request, codes.holder_of([typed]), direction, _key(request.POST.get("schluessel"))
        )
        typed = ""
    elif typed:
        found = queries.at_the_door(edition, typed, day)
    context: dict[str, Any] = {
        "answer": answer,
        "direction": direction,
        "typed": typed,
        "found": found[: queries.FOUND_AT_THE_DOOR],
        "more": len(found) > queries.FOUND_AT_THE_DOOR,
        "day": day,
        "is_congress_day": day in edition.days,
        "key": uuid.uuid4(),
    }
    if request.headers.get("HX-Request"):
        return render(request, "registration/orga/_at_the_door.html", context)
    context |= {
        "doorway": queries.doorway(edition, day),
        "settings": _settings(request),
        "may_help": request.access.plays_anywhere(Role.Kind.HELP_DESK, Role.Kind.ORGANISER),
    }
    response = render(request, "registration/orga/check_in.html", context)
    response["Permissions-Policy"] = PERMISSIONS
    return response


def _settings(request: MemberRequest) -> dict[str, Any]:
    here = {"edition": request.edition.slug}
    return {
        "edition": request.edition.slug,
        "scan": reverse("check_in_scan", kwargs=here),
        "state": reverse("check_in_state", kwargs=here),
        "allowed": reverse("check_in_allowed", kwargs=here),
        "hash_signs": queries.HASH_SIGNS,
        "now": int(request.now.timestamp() * 1000),
        "words": door.words(),
    }


@require_POST
@role_required(*ROLES)
def scan(request: MemberRequest) -> HttpResponse:
    """One scan of `check-in.js`, now or kept while the network was away. Twice is once."""
    given = _frame(request)
    direction = _direction(given.get("direction"))
    holder: Holder | None
    if "person" in given:
        holder = _holder_by_number(request, given["person"])
    elif "hashes" in given:
        holder = codes.holder_of_hashes(_hashes(given["hashes"]))
    else:
        holder = codes.holder_of(_texts(given.get("codes")))
    answer = _pass(request, holder, direction, _key(given.get("key")), age=_age(given.get("age")))
    doorway = queries.doorway(request.edition, _today(request))
    return JsonResponse(
        answer.as_data() | {"present": doorway.present, "came": doorway.came, "key": given["key"]}
    )


@require_safe
@role_required(*ROLES)
def state(request: MemberRequest) -> HttpResponse:
    """The figures; asked every few seconds, which also tells that the page is open and the network there."""
    doorway = queries.doorway(request.edition, _today(request))
    return JsonResponse({"present": doorway.present, "came": doorway.came})


@require_safe
@role_required(*ROLES)
def allowed(request: MemberRequest) -> HttpResponse:
    """Beginnings of the hashes of all good codes, and no name: for the scanners while the network is away."""
    return JsonResponse({"codes": dict(queries.allowed_at_the_door(request.edition))})


@require_safe
@role_required(*ROLES)
def present(request: MemberRequest) -> HttpResponse:
    """Who is in."""
    day = _today(request)
    page = page_of(request, queries.present(request.edition, day), ON_A_PAGE)
    context = {"page": page, "day": day, "doorway": queries.doorway(request.edition, day)}
    return render(request, "registration/orga/present.html", context)


@require_POST
@role_required(*ROLES)
def present_list(request: MemberRequest) -> HttpResponse:
    """Who is in, on paper or as a table: for the fire brigade. That it was fetched stands in the journal."""
    edition, now = request.edition, request.now
    rows = list(queries.present(edition, _today(request)))
    ending = request.POST.get("format", "pdf")
    if ending not in ("pdf", "xlsx"):
        raise BadRequest("no such format")
    journal.note(
        "check_in.listed", edition=edition, now=now, by=request.user, count=len(rows), format=ending
    )
    name = filename("anwesend", f"{edition.local(now):%Y-%m-%d-%H%M}", ending=ending)
    if ending == "pdf":
        return attachment(printing.present(edition, rows, now), name, pdf.CONTENT_TYPE)
    header = (_("Last name"), _("First name"), _("Authority or institution"), _("Kind"), _("Since"))
    table = (
        (
            row.admission.person.last_name,
            row.admission.person.first_name,
            row.admission.person.body,
            row.admission.get_kind_display(),
            row.at,
        )
        for row in rows
    )
    return attachment(safe_xlsx(header, table, title=_("Present")), name, XLSX)


# --- What was sent --------------------------------------------------------------------------------------


def _pass(
    request: MemberRequest,
    holder: Holder | None,
    direction: str,
    key: uuid.UUID,
    *,
    age: timedelta = timedelta(0),
) -> door.Told:
    passage = actions.pass_the_door(
        edition=request.edition,
        holder=holder,
        direction=direction,
        key=key,
        age=age,
        now=request.now,
        by=request.user,
    )
    return door.told(passage, request.edition)


def _today(request: MemberRequest) -> date:
    return request.edition.local(request.now).date()


def _frame(request: MemberRequest) -> dict[str, Any]:
    if len(request.body) > LARGEST_SCAN:
        raise BadRequest("too large")
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("no JSON") from error
    if not isinstance(given, dict):
        raise BadRequest("no object")
    return given


def _direction(given: Any) -> str:
    if given not in CheckIn.Direction.values:
        raise BadRequest("no direction")
    return str(given)


def _key(given: Any) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except (ValueError, AttributeError, TypeError) as error:
        raise BadRequest("no key") from error


def _age(given: Any) -> timedelta:
    """Milliseconds since somebody stood there, by the scanner's clock alone: it need not be right."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1e12:
        raise BadRequest("no age")
    return timedelta(milliseconds=given)


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise BadRequest("no codes")
    return given[:8]


def _hashes(given: Any) -> list[bytes]:
    try:
        hashes = [bytes.fromhex(text) for text in _texts(given)]
    except ValueError as error:
        raise BadRequest("no hash") from error
    if any(len(one) != 32 for one in hashes):
        raise BadRequest("no hash")
    return hashes


def _holder_by_number(request: MemberRequest, given: Any) -> Holder:
    """Somebody whom the desk has found by name."""
    if not str(given).isdecimal() or int(given) >= 2**63:
        raise BadRequest("no number")
    admissions = Admission.objects.filter(edition=request.edition)
    return Holder(get_object_or_404(admissions, pk=int(given)))
