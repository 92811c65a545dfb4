"""The press desk: who asks, with which proof; approve, reject, renew and revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from congress.admin import EditionScopedAdmin, ReadOnly, decision, link_to
from congress.models import User
from press import actions
from press.forms import RejectionForm
from press.models import Accreditation, PressSettings


@admin.register(PressSettings)
class PressSettingsAdmin(EditionScopedAdmin):
    list_display = ("edition", "late_queue", "phone")
    list_select_related = ("edition",)
    autocomplete_fields = ("edition",)


@admin.register(Accreditation)
class AccreditationAdmin(ReadOnly, EditionScopedAdmin):
    list_display = (
        "display_name",
        "medium",
        "function",
        "state",
        "late",
        "submitted_at",
        "proof",
        "confirmed",
    )
    list_filter = ("edition", "state", "late", "function")
    search_fields = ("last_name", "first_name", "medium", "mailbox")
    date_hierarchy = "submitted_at"
    ordering = ("late", "submitted_at")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "edition",
                    "display_name",
                    "medium",
                    "function",
                    "mailbox",
                    "confirmed",
                    "phone",
                    "language",
                )
            },
        ),
        (_("Proof"), {"fields": ("card", "work", "proof_at")}),
        (_("Deadline"), {"fields": ("submitted_at", "deadline_at", "late")}),
        (
            _("Decision"),
            {
                "fields": (
                    "state",
                    "decided_at",
                    "decided_by",
                    "reason_code",
                    "reason",
                    "withdrawn_at",
                )
            },
        ),
        (_("Access"), {"fields": ("person_page", "admission_page", "link_state")}),
        (_("The same mailbox or name"), {"fields": ("others",)}),
    )
    actions = ("approve", "reject", "renew", "revoke", "withdraw")
    change_form_template = "admin/press/accreditation/change_form.html"

    # --- decisions ------------------------------------------------------------------------------------

    @decision(_("Approve, with personal link by letter"), permission="approve")
    def approve(self, request: HttpRequest, row: Accreditation, now: datetime) -> None:
        actions.approve(accreditation=row, by=cast(User, request.user), now=now)

    @admin.action(description=_("Reject, with a reason"))
    def reject(
        self, request: HttpRequest, queryset: QuerySet[Accreditation]
    ) -> HttpResponse | None:
        """Asks for the reason first; the journalist reads it."""
        form = RejectionForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            given = form.cleaned_data

            def act(row: Accreditation, now: datetime) -> None:
                actions.reject(
                    accreditation=row,
                    code=given["code"],
                    reason=given["reason"],
                    by=cast(User, request.user),
                    now=now,
                )

            self.decide(request, queryset, act, permission="reject")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reject, with a reason"),
            "subtitle": None,
            "opts": self.opts,
            "module_name": self.opts.verbose_name_plural,
            "rows": queryset,
            "form": form,
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/press/accreditation/reject.html", context)

    reject.permission = "reject"  # type: ignore[attr-defined]  # read by get_actions

    @decision(
        _("Renew link"),
        permission="renew",
        warning=_(
            "The journalists below get a new link by letter. All earlier ones end at once, with every device that is "
            "in by them."
        ),
    )
    def renew(self, request: HttpRequest, row: Accreditation, now: datetime) -> None:
        actions.renew_access(accreditation=row, by=cast(User, request.user), now=now)

    @decision(
        _("Revoke access"),
        permission="revoke",
        warning=_(
            "The journalists below can no longer enter. Their links end, and open pages of theirs close within seconds."
        ),
    )
    def revoke(self, request: HttpRequest, row: Accreditation, now: datetime) -> None:
        actions.revoke_access(accreditation=row, by=cast(User, request.user), now=now)

    @decision(
        _("Mark as withdrawn"),
        permission="withdraw",
        warning=_(
            "The journalists below have said that they do not come. An access that they had ends, and they get a "
            "letter about it."
        ),
    )
    def withdraw(self, request: HttpRequest, row: Accreditation, now: datetime) -> None:
        actions.withdraw(accreditation=row, by=cast(User, request.user), now=now)

    # --- what is shown ----------------------------------------------------------------------------------

    @admin.display(description=_("name"), ordering="last_name")
    def display_name(self, row: Accreditation) -> str:
        return row.display_name

    @admin.display(description=_("proof"), boolean=True)
    def proof(self, row: Accreditation) -> bool:
        return row.has_proof

    @admin.display(description=_("address confirmed"), boolean=True, ordering="verified_at")
    def confirmed(self, row: Accreditation) -> bool:
        return row.verified_at is not None

    @admin.display(description=_("press card"))
    def card(self, row: Accreditation) -> str:
        if not row.card_number:
            return "–"
        common = _("card agreed on by Länder and Press Council")
        issuer = row.get_card_issuer_display()
        return f"{issuer}, {row.card_number}" + (f" ({common})" if row.has_common_card else "")

    @admin.display(description=_("person"))
    def person_page(self, row: Accreditation) -> str:
        return link_to(row.person)

    @admin.display(description=_("admission"))
    def admission_page(self, row: Accreditation) -> str:
        return link_to(row.admission)

    @admin.display(description=_("link"))
    def link_state(self, row: Accreditation) -> Any:
        if row.link is None:
            return "–"
        if row.link.revoked_at is not None:
            return _("revoked")
        if row.link.token_hash is None:
            return _("not sent yet")
        return _("sent")

    @admin.display(description=_("other requests"))
    def others(self, row: Accreditation) -> str:
        found = Accreditation.objects.filter(edition=row.edition_id).exclude(pk=row.pk)
        same = found.filter(mailbox=row.mailbox) | found.filter(
            first_name__iexact=row.first_name, last_name__iexact=row.last_name
        )
        return ", ".join(f"{other} ({other.get_state_display()})" for other in same[:10]) or "–"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With the decisions as buttons; they do the same as in the list."""
        row = self.get_object(request, object_id)
        names: tuple[str, ...] = ()
        if row is not None and row.state == Accreditation.State.REQUESTED:
            names = ("approve", "reject", "withdraw")
        elif row is not None and row.state == Accreditation.State.APPROVED:
            names = ("renew", "revoke", "withdraw")
        offered = self.get_actions(request)
        decisions = [(name, offered[name][2]) for name in names if name in offered]
        context = {
            "decisions": decisions,
            "checkbox_name": ACTION_CHECKBOX_NAME,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)
