"""Admissions, personal links and the journal: looked up here, changed by actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress import actions, panels
from congress.admin.scope import EditionScopedAdmin, ReadOnly, decision
from congress.models import AccessLink, Admission, Edition, JournalEntry, User


class InForce(admin.SimpleListFilter):
    """By the clock of each row's edition."""

    title = _("valid now")
    parameter_name = "valid"
    until_is_optional = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes")), ("no", _("no"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        open_end = Q(valid_until__gt=Edition.edition_now("edition__")) | (
            Q(valid_until__isnull=True) if self.until_is_optional else Q(pk__in=[])
        )
        valid = open_end & Q(revoked_at__isnull=True)
        match self.value():
            case "yes":
                return queryset.filter(valid)
            case "no":
                return queryset.exclude(valid)
        return queryset


def _stands(row: Admission | AccessLink) -> bool:
    return row.revoked_at is None


@admin.register(Admission)
class AdmissionAdmin(ReadOnly, EditionScopedAdmin):
    list_display = (
        "person",
        "body",
        "kind",
        "level",
        "edition",
        "granted_at",
        "valid_until",
        "revoked_at",
    )
    list_select_related = ("person", "edition")
    list_filter = ("edition", "kind", "level", InForce)
    search_fields = ("person__last_name", "person__first_name", "person__email", "person__body")
    date_hierarchy = "granted_at"
    fields = ("person", "edition", "kind", "level", "granted_at", "valid_until", "revoked_at")
    actions = ("revoke",)

    @admin.display(description=_("body"))
    def body(self, admission: Admission) -> str:
        return admission.person.body

    @decision(
        _("Revoke admission"),
        permission="revoke",
        warning=_(
            "The people below can no longer enter. Their personal links end, and open pages of theirs "
            "close within seconds."
        ),
        fits=_stands,
    )
    def revoke(self, request: HttpRequest, admission: Admission, now: datetime) -> None:
        actions.revoke_admission(admission=admission, now=now, by=cast(User, request.user))


@admin.register(AccessLink)
class AccessLinkAdmin(ReadOnly, EditionScopedAdmin):
    list_display = (
        "person",
        "kind",
        "edition",
        "valid_from",
        "valid_until",
        "revoked_at",
        "max_devices",
    )
    list_select_related = ("person", "edition")
    list_filter = ("edition", "kind", InForce)
    search_fields = (
        "person__last_name",
        "person__first_name",
        "person__body",
        "person__contact_email",
    )
    date_hierarchy = "valid_from"
    fields = (
        "person",
        "edition",
        "kind",
        "admission",
        "role",
        "valid_from",
        "valid_until",
        "revoked_at",
        "max_devices",
    )
    actions = ("revoke", "renew")

    @decision(
        _("Revoke link"),
        permission="revoke",
        warning=_("The links below end at once, with every device that is in by them."),
        fits=_stands,
    )
    def revoke(self, request: HttpRequest, link: AccessLink, now: datetime) -> None:
        actions.revoke_link(link=link, now=now, by=cast(User, request.user))

    @admin.action(description=_("Renew link"))
    def renew(
        self, request: HttpRequest, queryset: QuerySet[AccessLink]
    ) -> TemplateResponse | None:
        """Shown once, to the person who asked: the new address is kept nowhere."""
        fresh: list[tuple[AccessLink, str]] = []

        def act(link: AccessLink, now: datetime) -> None:
            token = actions.renew_link(link=link, now=now, by=cast(User, request.user))
            name = "press_access_link" if link.kind == AccessLink.Kind.PRESS else "access_link"
            address = reverse(name, kwargs={"token": token})
            fresh.append((link, request.build_absolute_uri(address)))

        self.decide(request, queryset, act, permission="renew")
        if not fresh:
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Renewed links"),
            "subtitle": None,
            "opts": self.opts,
            "module_name": self.opts.verbose_name_plural,
            "links": fresh,
        }
        response = TemplateResponse(request, "admin/congress/renewed_links.html", context)
        response["Cache-Control"] = "no-store"
        return response

    renew.fits = _stands  # type: ignore[attr-defined]  # read by decisions_about
    renew.permission = "renew"  # type: ignore[attr-defined]  # read by get_actions


@admin.register(JournalEntry)
class JournalAdmin(ReadOnly, EditionScopedAdmin):
    list_display = ("at", "act", "actor", "person", "edition", "target")
    list_display_links = ("at", "act")
    list_select_related = ("edition", "actor", "person")
    list_filter = ("edition", "at")
    search_fields = ("verb", "target", "actor__last_name", "person__last_name")
    search_help_text = _("Act, object (app.model:number) or name")
    date_hierarchy = "at"
    fields = ("at", "act", "verb", "actor", "person", "edition", "target", "details")

    @admin.display(description=_("act"), ordering="verb")
    def act(self, entry: JournalEntry) -> str:
        return panels.name_of_act(entry.verb)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None
