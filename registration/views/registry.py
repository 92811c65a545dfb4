"""The registry on the organisers' pages: what an address means, since when somebody knows it, and tables in and out."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congress import outputs, permissions
from congress.errors import Refused
from congress.http import MemberRequest, page_of, role_required, see_other
from congress.models import Edition, Level, Role, State
from registration import actions, eligibility, queries, registry
from registration.forms import RuleForm, TableForm, WriteTableForm
from registration.models import DomainRule, Registration, RegistrationSettings, RuleTable
from registration.models.rules import DomainRuleQuerySet

ON_A_PAGE = 50
LINES_ON_A_PAGE = 100
VERSIONS_SHOWN = 20
A_YEAR = timedelta(days=365)
LONGEST_SEARCH = 254
organisers_only = role_required(Role.Kind.ORGANISER)


# --- The list -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A filter of the list: the part of the address, and what it offers."""

    name: str
    label: Any
    options: list[tuple[str, Any]]

    def chosen(self, given: QueryDict) -> str:
        value = given.get(self.name, "")
        return value if value in dict(self.options) else ""


CHECKED = [
    ("nie", gettext_lazy("never checked")),
    ("alt", gettext_lazy("more than a year ago")),
    ("aktuell", gettext_lazy("within the last year")),
    ("zugelassen", gettext_lazy("never checked, but people were admitted by it")),
]


class Search:
    """What somebody looks for in the registry: the filters of one request."""

    def __init__(self, request: MemberRequest) -> None:
        self.edition = request.edition
        self.text = request.GET.get("suche", "").strip()[:LONGEST_SEARCH]
        self.choices = [
            Choice("entscheidung", _("Decision"), [*DomainRule.Decision.choices]),
            Choice("ebene", _("Level of administration"), [*DomainRule.LEVELS]),
            Choice(
                "land",
                _("Land"),
                [("-", _("none")), *State.objects.order_by("name").values_list("code", "name")],
            ),
            Choice("gilt", _("Holds for"), [*DomainRule.Match.choices]),
            Choice("geprueft", _("Checked"), CHECKED),
        ]
        self.chosen = {choice.name: choice.chosen(request.GET) for choice in self.choices}

    @cached_property
    def rules(self) -> DomainRuleQuerySet:
        rules = DomainRule.objects.search(self.text) if self.text else DomainRule.objects.all()
        for name, column in (("entscheidung", "decision"), ("ebene", "level"), ("gilt", "match")):
            if self.chosen[name]:
                rules = rules.filter(**{column: self.chosen[name]})
        if land := self.chosen["land"]:
            rules = rules.filter(land__isnull=True) if land == "-" else rules.filter(land=land)
        match self.chosen["geprueft"]:
            case "nie":
                rules = rules.never_checked()
            case "alt":
                rules = rules.checked_before(A_YEAR)
            case "aktuell":
                rules = rules.checked_within(A_YEAR)
            case "zugelassen":
                rules = rules.admitting_unchecked(self.edition)
        return rules

    @property
    def query(self) -> str:
        """The filters, for addresses of other pages of the same list."""
        given = QueryDict(mutable=True)
        given.update({name: value for name, value in self.chosen.items() if value})
        if self.text:
            given["suche"] = self.text
        return given.urlencode()

    @property
    def is_narrow(self) -> bool:
        return bool(self.query)

    def filters(self) -> Iterator[tuple[Choice, str]]:
        for choice in self.choices:
            yield choice, self.chosen[choice.name]

    def assessed(self) -> eligibility.Assessment | None:
        """Where an address was typed: what it means for this edition."""
        if "@" not in self.text.strip("@"):
            return None
        found = eligibility.assess(self.text, self.edition)
        return None if found.decision == eligibility.INVALID else found


@require_safe
@organisers_only
def rules(request: MemberRequest) -> HttpResponse:
    search = Search(request)
    page = page_of(request, search.rules.with_land(), ON_A_PAGE)
    used = _registrations_by(page.object_list, request.edition)
    context = {
        "search": search,
        "page": page,
        "lines": [(rule, used.get(rule.pk, 0)) for rule in page],
        "assessed": search.assessed(),
        "unchecked": queries.admitted_by_unchecked_rules(request.edition),
    }
    return render(request, "registration/orga/rules.html", context)


def _registrations_by(rules: Any, edition: Edition) -> dict[int, int]:
    """Rule → how many registrations of the edition stand on it. One query for all."""
    rows = (
        Registration.objects.active()
        .of_edition(edition)
        .filter(rule__in=[rule.pk for rule in rules])
        .order_by()
        .values_list("rule")
        .annotate(Count("pk"))
    )
    return dict(rows)


@require_safe
@organisers_only
def rules_file(request: MemberRequest, ending: str) -> HttpResponse:
    """The list as it is filtered, in the columns that can be brought in again."""
    rules = Search(request).rules.select_related(None).only(*_EXPORTED)
    rows = (
        [
            rule.domain,
            rule.match,
            *(getattr(rule, name) for name in registry.COLUMNS.values()),
            rule.checked_at,
        ]
        for rule in rules.iterator(chunk_size=2000)
    )
    header = ["domain", "match", *registry.COLUMNS, "checked"]
    name = outputs.filename(_("domains"), request.edition.local(request.now).date(), ending=ending)
    if ending == "xlsx":
        content = outputs.safe_xlsx(header, rows, title=_("Registry of addresses"))
        return outputs.attachment(content, name, outputs.XLSX)
    return outputs.attachment(outputs.safe_csv(header, rows), name, outputs.CSV)


_EXPORTED = ("domain", "match", "checked_at", *registry.COLUMNS.values())


# --- One rule -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@organisers_only
def rule_add(request: MemberRequest) -> HttpResponseBase:
    form = RuleForm(
        request.POST if request.method == "POST" else None,
        initial={"domain": request.GET.get("domain", "")[:LONGEST_SEARCH]},
    )
    existing = None
    if form.is_valid():
        try:
            added = actions.add_rule(
                edition=request.edition, by=request.user, now=request.now, **form.cleaned_data
            )
        except actions.RuleExists as refusal:
            form.add_error("domain", str(refusal.message))
            existing = refusal.rule
        else:
            messages.success(request, _("Added: %s") % added.shown_domain)
            return see_other(_address("rule", request, rule=added.pk))
    context = {"form": form, "existing": existing}
    return render(request, "registration/orga/rule_add.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@organisers_only
def rule(request: MemberRequest, rule: int) -> HttpResponseBase:
    """One rule: what it says and since when, what stands on it, and changing it."""
    found = get_object_or_404(DomainRule.objects.with_land(), pk=rule)
    # The form fills its own copy, also with what it refuses.
    form = RuleForm(request.POST if request.method == "POST" else None, instance=copy(found))
    if form.is_valid():
        given = dict(form.cleaned_data)
        try:
            changed = actions.change_rule(
                rule=found,
                version=given.pop("version"),
                edition=request.edition,
                by=request.user,
                now=request.now,
                **given,
            )
        except actions.RuleChangedMeanwhile as refusal:
            messages.warning(request, str(refusal.message))
            return see_other(_address("rule", request, rule=rule))
        text = _("Saved.") if changed else _("Nothing has changed; the rule counts as checked.")
        messages.success(request, text)
        return see_other(_address("rule", request, rule=rule))
    standing = Registration.objects.active().of_edition(request.edition).filter(rule=found)
    counts = dict(standing.order_by().values_list("state").annotate(Count("pk")))
    context = {
        "rule": found,
        "form": form,
        "standing": sum(counts.values()),
        "admitted": counts.get(Registration.State.ADMITTED, 0),
        "in_review": counts.get(Registration.State.IN_REVIEW, 0),
        "said": _said_otherwise(found, request.edition),
        "versions": _versions(found),
        "means": _meaning_here(found, request.edition),
        "may_remove": _may_remove(request),
    }
    return render(request, "registration/orga/rule.html", context)


@require_POST
@organisers_only
def rule_check(request: MemberRequest, rule: int) -> HttpResponseBase:
    """„Stimmt so“, with one click: in the list in place, without JavaScript back to the same place."""
    found = get_object_or_404(DomainRule, pk=rule)
    checked = actions.check_rule(
        rule=found, edition=request.edition, by=request.user, now=request.now
    )
    if request.htmx:  # type: ignore[attr-defined]  # set by its middleware
        return render(
            request, "registration/orga/_checked.html", {"rule": checked, "just_now": True}
        )
    messages.success(request, _("Checked: %s") % checked.shown_domain)
    back = request.POST.get("zurueck", "")
    if back == "regel":
        return see_other(_address("rule", request, rule=rule))
    query = QueryDict(back).urlencode()  # nothing but names and values, whatever was sent
    return see_other(_address("rules", request) + (f"?{query}" if query else ""))


@require_http_methods(["GET", "HEAD", "POST"])
@organisers_only
def rule_remove(request: MemberRequest, rule: int) -> HttpResponseBase:
    """Asked once more before. Only for those who work for all editions: the rule is gone for everybody."""
    if not _may_remove(request):
        raise PermissionDenied
    found = get_object_or_404(DomainRule.objects.with_land(), pk=rule)
    if request.method == "POST":
        actions.remove_rule(rule=found, edition=request.edition, by=request.user, now=request.now)
        messages.success(request, _("Removed: %s") % found.shown_domain)
        return see_other(_address("rules", request))
    standing = Registration.objects.active().filter(rule=found).count()
    context = {"rule": found, "standing": standing}
    return render(request, "registration/orga/rule_remove.html", context)


def _may_remove(request: MemberRequest) -> bool:
    return permissions.reach(request.user, "registration.delete_domainrule").everywhere


def _meaning_here(rule: DomainRule, edition: Edition) -> str:
    """What the rule decides in this edition, where that differs from what it says."""
    settings = RegistrationSettings.objects.of(edition)
    decision = eligibility.meaning(rule, settings)
    return "" if decision == rule.decision else str(DomainRule.Decision(decision).label)


def _said_otherwise(rule: DomainRule, edition: Edition) -> list[tuple[str, str, int]]:
    """Level and Land as people have corrected them, where they differ from the rule, and how many say so."""
    rows = (
        Registration.objects.active()
        .of_edition(edition)
        .filter(rule=rule, level_said_at__isnull=False)
        .order_by()
        .values_list("level", "land__name")
        .annotate(Count("pk"))
    )
    here = (rule.level, rule.land.name if rule.land is not None else None)
    levels = dict(Level.choices)
    return [
        (str(levels[level]), land or "", count)
        for level, land, count in rows
        if (level, land) != here
    ]


@dataclass(frozen=True)
class Version:
    """One entry of a rule's history: what was different afterwards."""

    row: Any
    changes: list[tuple[str, str, str]]

    @property
    def act(self) -> str:
        if self.row.history_type == "+":
            return _("added")
        if self.row.history_type == "-":
            return _("removed")
        return _("changed") if self.changes else _("looked at")


def _versions(rule: DomainRule) -> list[Version]:
    rows = list(
        rule.history.select_related("history_user").order_by("-history_id")[: VERSIONS_SHOWN + 1]
    )
    versions = []
    for row, before in zip(rows, [*rows[1:], None], strict=False):
        pairs = (
            [(name, getattr(before, name), getattr(row, name)) for name in _TOLD]
            if before is not None
            else []
        )
        versions.append(
            Version(row, [_change(name, was, now) for name, was, now in pairs if was != now])
        )
    return versions[:VERSIONS_SHOWN]


_TOLD = (
    "domain",
    "match",
    "decision",
    "level",
    "land_id",
    "body",
    "bodies",
    "body_names",
    "kind",
    "ags",
    "source",
    "note",
)


def _change(name: str, before: Any, after: Any) -> tuple[str, str, str]:
    """A field by its name, and what stood and stands in it, in words people read."""
    field: Any = DomainRule._meta.get_field(name.removesuffix("_id"))
    words = dict(field.flatchoices) if not isinstance(field, models.ForeignKey) else {}
    was, now = (
        str(words.get(value, value) if value not in (None, "") else "–")
        for value in (before, after)
    )
    return capfirst(str(field.verbose_name)), was, now


# --- Tables -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@organisers_only
def rules_import(request: MemberRequest) -> HttpResponseBase:
    """A table is read and kept; nothing is written before somebody has looked at what it would do."""
    posted = request.method == "POST"
    form = TableForm(request.POST, request.FILES) if posted else TableForm()
    if form.is_valid():
        name, content = form.cleaned_data["file"]
        try:
            table = actions.plan_table(
                content=content, name=name, edition=request.edition, by=request.user
            )
        except registry.NotReadable as refusal:
            form.add_error("file", str(refusal.message))
        else:
            return see_other(_address("rules_import_preview", request, table=table.pk))
    context = {
        "form": form,
        "columns": [
            *registry.REQUIRED,
            *(name for name in registry.COLUMNS if name not in registry.REQUIRED),
        ],
    }
    return render(request, "registration/orga/rules_import.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@organisers_only
def rules_import_preview(request: MemberRequest, table: UUID) -> HttpResponseBase:
    """Row by row what a table would do; a POST writes exactly that."""
    here = _address("rules_import_preview", request, table=table)
    kept = RuleTable.objects.filter(pk=table, by=request.user, edition=request.edition).first()
    if kept is None:
        if request.method != "POST":
            raise Http404
        messages.warning(request, str(actions.TableIsGone().message))
        return see_other(_address("rules_import", request))
    if request.method == "POST":
        form = WriteTableForm(request.POST)
        form.is_valid()
        return _write(request, kept, checked=form.cleaned_data["checked"])
    plan = registry.Plan.restored(kept.plan)
    acts = [
        (registry.Line.ADDED, _("new")),
        (registry.Line.CHANGED, _("changed")),
        (registry.Line.REFUSED, _("not taken")),
        (registry.Line.UNCHANGED, _("unchanged")),
    ]
    chosen = request.GET.get("stand", "")
    chosen = chosen if chosen in dict(acts) else ""
    lines = plan.that(chosen) if chosen else plan.lines
    page = page_of(request, lines, LINES_ON_A_PAGE)
    to_write = plan.count(registry.Line.ADDED) + plan.count(registry.Line.CHANGED)
    context = {
        "table": kept,
        "form": WriteTableForm(),
        "acts": [(act, label, plan.count(act)) for act, label in acts],
        "chosen": chosen,
        "page": page,
        "lines": [(line, dict(acts)[line.act], _told(line)) for line in page],
        "total": len(plan.lines),
        "unknown_columns": plan.unknown_columns,
        "to_write": to_write,
        "address": here,
    }
    return render(request, "registration/orga/rules_import_preview.html", context)


def _write(request: MemberRequest, table: RuleTable, *, checked: bool) -> HttpResponseBase:
    try:
        plan = actions.write_table(
            table=table, edition=request.edition, by=request.user, now=request.now, checked=checked
        )
    except registry.ChangedMeanwhile as refusal:
        actions.renew_table(table=table)
        messages.warning(request, str(refusal.message))
        return see_other(_address("rules_import_preview", request, table=table.pk))
    except Refused as refusal:
        messages.warning(request, str(refusal.message))
        return see_other(_address("rules_import", request))
    added, changed = plan.count(registry.Line.ADDED), plan.count(registry.Line.CHANGED)
    text = ngettext("%(count)d row was written", "%(count)d rows were written", added + changed)
    messages.success(
        request,
        text % {"count": added + changed}
        + _(": %(added)d new, %(changed)d changed.") % {"added": added, "changed": changed},
    )
    return see_other(_address("rules", request))


def _told(line: registry.Line) -> list[tuple[str, str, str]]:
    """Of a changed row what differs; of a new one what it will say."""
    if line.act == registry.Line.CHANGED:
        return [_change(name, was, now) for name, (was, now) in line.changes.items()]
    if line.act == registry.Line.ADDED:
        shown = ("decision", "level", "land_id", "body")
        return [_change(name, None, line.values[name]) for name in shown if line.values.get(name)]
    return []


def _address(name: str, request: MemberRequest, **more: Any) -> str:
    return reverse(name, kwargs={"edition": request.edition.slug, **more})
