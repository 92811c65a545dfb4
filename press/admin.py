"""The press desk: who asks, with which proof; approve, reject, renew and revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
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


def _requested(row: Accreditation) -> bool:
    return row.state == Accreditation.State.REQUESTED


def _approved(row: Accreditation) -> bool:
    return row.state == Accreditation.State.APPROVED


def _let_in(row: Accreditation) -> bool:
    return (
        _approved(row)
        and row.admission is not None
        and row.admission.is_in_force(row.edition.now())
    )


@admin.register(Accreditation)
class AccreditationAdmin(ReadOnly, EditionScopedAdmin):
    # As many columns as fit beside the filters at 1280 px; the desk (`press.views.desk`) shows the rest.
    list_display = ("display_name", "medium", "state", "submitted_at", "in_time")
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
        (_("Deadline"), {"fields": ("submitted_at", "deadline_at", "in_time")}),
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

    # --- decisions ------------------------------------------------------------------------------------

    @decision(_("Approve, with personal link by letter"), permission="approve", fits=_requested)
    def approve(self, request: HttpRequest, row: Accreditation, now: datetime) -> None:
        actions.approve(accreditation=row, by=cast(User, request.user), now=now)

    @decision(
        _("Reject, with a reason"),
        permission="reject",
        warning=_("These journalists get a letter with the reason:"),
        form=RejectionForm,
        fits=_requested,
    )
    def reject(
        self, request: HttpRequest, row: Accreditation, now: datetime, *, code: str, reason: str
    ) -> None:
        actions.reject(
            accreditation=row, code=code, reason=reason, by=cast(User, request.user), now=now
        )

    @decision(
        _("Renew link"),
        permission="renew",
        fits=_approved,
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
        fits=_let_in,
        warning=_(
            "The journalists below can no longer enter. Their links end, and open pages of theirs close within seconds."
        ),
    )
    def revoke(self, request: HttpRequest, row: Accreditation, now: datetime) -> None:
        actions.revoke_access(accreditation=row, by=cast(User, request.user), now=now)

    @decision(
        _("Mark as withdrawn"),
        permission="withdraw",
        fits=lambda row: _requested(row) or _approved(row),
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

    @admin.display(description=_("in time"), boolean=True, ordering="late")
    def in_time(self, row: Accreditation) -> bool:
        return not row.late

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
