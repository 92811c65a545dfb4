"""Looking registrations up, deciding about them, and the rules about addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from congress import mailbox
from congress.admin.scope import EditionScopedAdmin, HistoryAdmin, ReadOnly, SharedAdmin, decision
from congress.models import Edition, User
from registration import actions
from registration.forms import RejectionForm
from registration.models import (
    Contingent,
    DomainRule,
    Invitation,
    Place,
    Registration,
    RegistrationSettings,
    ReviewText,
)


@admin.register(Registration)
class RegistrationAdmin(EditionScopedAdmin):
    list_display = (
        "name",
        "body",
        "address",
        "state",
        "eligibility",
        "level",
        "submitted_at",
        "edition",
    )
    list_display_links = ("name",)
    list_select_related = ("edition",)
    list_filter = (
        "edition",
        "state",
        "eligibility",
        "level",
        ("level_said_at", admin.EmptyFieldListFilter),
        "land",
    )
    search_fields = ("last_name", "first_name", "body", "email", "authority")
    search_help_text = _("Name, body or address")
    date_hierarchy = "submitted_at"
    ordering = ("submitted_at", "pk")
    actions = ("admit", "reject")
    fieldsets = (
        (None, {"fields": ("edition", "state", "name", "body", "address", "language")}),
        (
            _("Check"),
            {
                "fields": (
                    "eligibility",
                    "rule",
                    "authority",
                    "how_to_check",
                    "level",
                    "land",
                    "level_said_at",
                )
            },
        ),
        (_("Decision"), {"fields": ("decided_at", "decided_by", "reason")}),
        (
            _("Moments"),
            {
                "fields": (
                    "submitted_at",
                    "verified_at",
                    "cancelled_at",
                    "privacy_read_at",
                    "privacy_version",
                    "person",
                )
            },
        ),
    )
    # Level and Land can be corrected; everything else changes by what people do.
    readonly_fields = (
        "edition",
        "state",
        "name",
        "address",
        "language",
        "eligibility",
        "rule",
        "authority",
        "how_to_check",
        "level_said_at",
        "decided_at",
        "decided_by",
        "reason",
        "submitted_at",
        "verified_at",
        "cancelled_at",
        "privacy_read_at",
        "privacy_version",
        "person",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, registration: Registration) -> str:
        return registration.display_name

    @admin.display(description=_("address"), ordering="email")
    def address(self, registration: Registration) -> str:
        """As A-labels, and decoded beside it where that reads differently."""
        return shown(registration.address)

    @decision(
        _("Admit"),
        permission="admit",
        warning=_("The people below are admitted. Each gets the admission letter."),
        fits=lambda registration: registration.state == Registration.State.IN_REVIEW,
    )
    def admit(self, request: HttpRequest, registration: Registration, now: datetime) -> None:
        actions.admit(registration=registration, by=cast(User, request.user), now=now)

    @decision(
        _("Reject with a reason"),
        permission="reject",
        warning=_("The people below are refused. Each gets a letter with the reason."),
        form=RejectionForm,
        fits=lambda registration: registration.state == Registration.State.IN_REVIEW,
    )
    def reject(
        self, request: HttpRequest, registration: Registration, now: datetime, *, reason: str
    ) -> None:
        actions.reject(
            registration=registration, by=cast(User, request.user), now=now, reason=reason
        )


@admin.register(RegistrationSettings)
class RegistrationSettingsAdmin(EditionScopedAdmin):
    """The same as on the organisers' page, for all editions side by side."""

    list_display = ("edition", "review_days", "universities", "it_providers", "associations")
    list_select_related = ("edition",)
    autocomplete_fields = ("edition",)


@admin.register(Contingent)
class ContingentAdmin(EditionScopedAdmin):
    """What a contingent is. How many places it has is changed on the organisers' page, where offers follow at once."""

    list_display = ("name", "kind", "places", "taken", "waiting", "edition")
    list_display_links = ("name",)
    list_select_related = ("edition", "land")
    list_filter = ("edition", "kind", "way", "level")
    search_fields = ("title_de", "title_en")
    ordering = ("edition", "-kind", "way", "starts_at", "pk")
    fieldsets = (
        (None, {"fields": ("edition", "kind", "places", "taken", "waiting")}),
        (_("Whom it is for"), {"fields": ("way", "level", "land")}),
        (
            _("Optional item"),
            {"fields": ("title_de", "title_en", "description_de", "description_en", "starts_at")},
        ),
    )
    readonly_fields = ("taken", "waiting")
    # People have been given places by these: they stay as they are.
    FIXED = ("kind", "way", "level", "land", "places")

    @admin.display(description=_("for"))
    def name(self, contingent: Contingent) -> str:
        return contingent.name

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else [*fields, *self.FIXED]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Only what the form shows: the counters go on meanwhile."""
        if not change:
            super().save_model(request, obj, form, change)
        elif not self.holds(self.reach(request, "change"), obj):
            raise PermissionDenied
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)


@admin.register(Place)
class PlaceAdmin(ReadOnly, EditionScopedAdmin):
    """Looked up here; what changes places are the acts of people and the clock."""

    list_display = ("who", "contingent", "state", "position", "offered_until", "since", "edition")
    list_display_links = ("who",)
    list_select_related = ("registration", "contingent__edition", "contingent__land", "edition")
    list_filter = ("edition", "state", "contingent")
    search_fields = ("registration__last_name", "registration__first_name", "registration__body")
    ordering = ("contingent", "position", "pk")

    @admin.display(description=_("name"), ordering="registration__last_name")
    def who(self, place: Place) -> str:
        return place.registration.display_name


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, EditionScopedAdmin):
    """Looked up here; invited, changed and withdrawn is on the organisers' page, where letters and codes are made."""

    list_display = ("whom", "kind", "becomes", "used", "valid_until", "revoked_at", "edition")
    list_display_links = ("whom",)
    list_select_related = ("edition",)
    list_filter = ("edition", "kind", "becomes", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("last_name", "first_name", "body", "email", "note")
    ordering = ("-created_at", "-pk")
    exclude = ("code_hash",)

    @admin.display(description=_("invited"), ordering="last_name")
    def whom(self, invitation: Invitation) -> str:
        return invitation.whom

    @admin.display(description=_("used"), ordering="uses")
    def used(self, invitation: Invitation) -> str:
        return _("%(used)d of %(total)d") % {
            "used": invitation.uses,
            "total": invitation.uses_max,
        }


@admin.register(DomainRule)
class DomainRuleAdmin(SharedAdmin, HistoryAdmin):
    """The registry. Every organiser adds and changes; only those who work for all editions take away."""

    list_display = ("domain", "match", "decision", "level", "land", "body", "bodies", "checked_at")
    list_select_related = ("land",)
    list_filter = ("decision", "level", "land", "match", "kind")
    search_fields = ("domain", "body", "note")
    search_help_text = _("Domain, body or note")
    autocomplete_fields = ("land",)
    fields = (
        "domain",
        "match",
        "decision",
        "level",
        "land",
        "body",
        "bodies",
        "body_names",
        "kind",
        "ags",
        "source",
        "note",
        "checked_at",
        "checked_by",
    )
    readonly_fields = ("checked_at", "checked_by")

    def _may(self, request: HttpRequest, row: Any, *actions: str) -> bool:
        """docs/decisions: a host knows its own municipalities; versions and journal say who did what."""
        reached = self.reach(request, *actions)
        return reached.everywhere if "delete" in actions else bool(reached)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Whoever saves a rule has looked at it."""
        obj.checked_at, obj.checked_by = Edition().now(), request.user
        super().save_model(request, obj, form, change)


@admin.register(ReviewText)
class ReviewTextAdmin(HistoryAdmin):
    """Reasons and questions that the check offers; those for all editions are written by those who work for all."""

    list_display = ("title", "kind", "edition", "position")
    list_select_related = ("edition",)
    list_filter = ("edition", "kind")
    search_fields = ("title", "text_de", "text_en")
    fields = ("edition", "kind", "title", "text_de", "text_en", "position")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "edition" in form.base_fields:
            everywhere = self.reach(request, "add", "change").everywhere
            form.base_fields["edition"].required = not everywhere
        return form


def shown(address: str) -> str:
    """The address as stored; with umlauts beside it, where its host has some."""
    decoded = mailbox.decoded(address)
    return address if decoded == address else f"{address} ({decoded})"
