"""Everybody who has registered, as a list the organisers filter, and take with them as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from congress import journal, outputs
from congress.http import MemberRequest, page_of, role_required
from congress.models import Edition, Level, Role, State
from registration import queries
from registration.models import Registration, Way
from registration.models.registrations import RegistrationQuerySet

ON_A_PAGE = 50
LONGEST_SEARCH = 80
FORMATS = {"xlsx": outputs.XLSX, "csv": outputs.CSV}
_LOOKS = {
    Registration.State.ADMITTED: "success",
    Registration.State.IN_REVIEW: "warning",
    Registration.State.WAITLISTED: "warning",
    Registration.State.OFFERED: "info",
    Registration.State.REJECTED: "danger",
}


class Search:
    """What somebody looks for: a state, a level, a Land, words. From the address of the page, or from its form."""

    def __init__(self, edition: Edition, given: QueryDict) -> None:
        self.edition = edition
        self.text = given.get("suche", "").strip()[:LONGEST_SEARCH]
        self.state = _one_of(given.get("stand", ""), Registration.State.values)
        self.level = _one_of(given.get("ebene", ""), Level.values)
        self.lands = dict(State.objects.order_by("name").values_list("code", "name"))
        self.land = _one_of(given.get("land", ""), ["-", *self.lands])
        # Admitted by a rule of the registry that nobody has ever looked at.
        self.unchecked = given.get("regel") == "ungeprueft"

    @cached_property
    def of_any_state(self) -> RegistrationQuerySet:
        found = Registration.objects.of_edition(self.edition).matching(self.text)
        if self.level:
            found = found.filter(level=self.level)
        if self.land:
            found = found.filter(land=None if self.land == "-" else self.land)
        return found.admitted_by_unchecked_rules() if self.unchecked else found

    @property
    def found(self) -> RegistrationQuerySet:
        return self.of_any_state.filter(state=self.state) if self.state else self.of_any_state

    def chosen(self) -> dict[str, str]:
        """What is chosen, by the names of the address."""
        wanted = {
            "stand": self.state,
            "ebene": self.level,
            "land": self.land,
            "regel": "ungeprueft" if self.unchecked else "",
            "suche": self.text,
        }
        return {name: value for name, value in wanted.items() if value}

    def given(self, **changes: str) -> str:
        """For addresses of other pages of the same list."""
        wanted = self.chosen() | changes
        return urlencode({name: value for name, value in wanted.items() if value})

    @property
    def is_narrow(self) -> bool:
        return bool(self.chosen())

    def chips(self) -> Iterator[tuple[str, int, str, bool]]:
        """One for each state somebody is in: what it is called, how many, where it leads, whether it is chosen."""
        counts = self.of_any_state.count_by_state()
        yield _("all"), sum(counts.values()), f"?{self.given(stand='')}", not self.state
        for state in Registration.State:
            if counts.get(state) or state == self.state:
                address = f"?{self.given(stand=state)}"
                yield str(state.label), counts.get(state, 0), address, state == self.state


def _one_of(given: str, allowed: Any) -> str:
    return given if given in allowed else ""


@require_safe
@role_required(Role.Kind.ORGANISER)
def registrations(request: MemberRequest) -> HttpResponse:
    """Who has registered, the newest first."""
    search = Search(request.edition, request.GET)
    page = page_of(request, search.found.with_what_the_list_shows().newest_first(), ON_A_PAGE)
    context = {
        "search": search,
        "page": page,
        "lines": [(row, *_way_on(row, request)) for row in page],
        "levels": Level.choices,
        "unchecked": queries.admitted_by_unchecked_rules(request.edition),
    }
    return render(request, "registration/orga/registrations.html", context)


def _way_on(row: Registration, request: MemberRequest) -> tuple[str, str]:
    """The look of the state, and where the case is dealt with: the check, or the help desk."""
    here = {"edition": request.edition.slug}
    look = _LOOKS.get(Registration.State(row.state), "neutral")
    if row.state in (Registration.State.IN_REVIEW, Registration.State.REJECTED):
        return look, reverse("review_case", kwargs={**here, "case": row.pk})
    return look, reverse("help_case", kwargs={**here, "key": row.desk_key})


@require_POST
@role_required(Role.Kind.ORGANISER)
def registrations_file(request: MemberRequest) -> HttpResponse:
    """The list as it is filtered, for Excel. That it left the house stands in the journal, with how many and which."""
    edition, now = request.edition, request.now
    ending = request.POST.get("format", "")
    if ending not in FORMATS:
        raise BadRequest("no such format")
    search = Search(edition, request.POST)
    # Three columns are names of other rows: looked up once, not joined ten thousand times.
    rows = search.found.newest_first().values_list(*_COLUMNS).iterator(chunk_size=2000)
    lines = [_told(row, search.lands) for row in rows]
    journal.note(
        "registration.listed",
        edition=edition,
        now=now,
        by=request.user,
        count=len(lines),
        format=ending,
        filter=search.given(suche=""),
    )
    name = outputs.filename(_("registrations"), edition.local(now).date(), ending=ending)
    header = [str(heading) for heading in _headings()]
    content = (
        outputs.safe_xlsx(header, lines, title=_("Registrations"))
        if ending == "xlsx"
        else outputs.safe_csv(header, lines)
    )
    return outputs.attachment(content, name, FORMATS[ending])


_COLUMNS = (
    *("last_name", "first_name", "title", "body", "authority", "email", "level", "land_id"),
    "way",
    *("state", "eligibility", "language", "submitted_at", "verified_at", "decided_at"),
)


def _headings() -> list[str]:
    return [
        *(_("Last name"), _("First name"), _("Title"), _("Authority or institution")),
        *(_("Which authority, in their words"), _("Address"), _("Level of administration")),
        *(
            _("Land"),
            _("Way of taking part"),
            _("State"),
            _("The registry said"),
            _("Language"),
            _("Registered"),
        ),
        *(_("Address confirmed"), _("Decided")),
    ]


def _told(row: tuple[Any, ...], lands: dict[str, str]) -> list[outputs.Cell]:
    told = dict(zip(_COLUMNS, row, strict=True))
    told["level"] = _label(Level, told["level"])
    told["land_id"] = lands.get(told["land_id"], "")
    told["way"] = _label(Way, told["way"])
    told["state"] = _label(Registration.State, told["state"])
    told["eligibility"] = _label(Registration.Eligibility, told["eligibility"])
    return list(told.values())


def _label(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else ""
