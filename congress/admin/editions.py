"""Editions with their clock and look, stages, Länder and pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from congress import actions
from congress.admin.scope import (
    EditionScopedAdmin,
    HistoryAdmin,
    OneEditionForm,
    SharedAdmin,
)
from congress.colour import contrast
from congress.kernforms import DateTimeInput
from congress.models import Edition, Page, Stage, State, User
from congress.models.editions import ON_DARK, ON_WHITE


class EditionForm(OneEditionForm):
    present = forms.DateTimeField(
        label=_("It is now"),
        required=False,
        show_hidden_initial=True,
        widget=DateTimeInput,
        help_text=_(
            "The clock of this practice edition. Set another moment to rehearse it: deadlines, what is on air and "
            "what may still be done follow, and the clock runs on from there."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "present" not in self.fields:
            return
        if self.instance.pk is None or not self.instance.practice:
            del self.fields["present"]
        else:
            self.initial["present"] = self.instance.now().replace(second=0, microsecond=0)

    def clean_present(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["present"]
        if moment and not datetime(1990, 1, 1, tzinfo=UTC) < moment < datetime(
            2100, 1, 1, tzinfo=UTC
        ):
            raise forms.ValidationError(_("Please enter a moment between 1990 and 2100."))
        return moment


@admin.register(Edition)
class EditionAdmin(HistoryAdmin):
    edition_path = "id"
    form = EditionForm
    list_display = ("title_de", "year", "host_state", "starts_on", "ends_on", "format", "practice")
    list_select_related = ("host_state",)
    list_filter = ("practice", "format", "host_state")
    search_fields = ("title_de", "title_en", "slug", "city", "host_state__name")
    date_hierarchy = "starts_on"
    readonly_fields = ("contrast_on_white", "contrast_on_dark")
    ordering = ("-year", "slug")
    fieldsets = (
        (None, {"fields": ("slug", "number", "year", "practice", "present")}),
        (
            _("What it is called"),
            {
                "fields": (
                    "title_de",
                    "title_en",
                    "motto_de",
                    "motto_en",
                    "summary_de",
                    "summary_en",
                )
            },
        ),
        (
            _("Host, place and time"),
            {
                "fields": (
                    "host_state",
                    "next_host",
                    "organiser",
                    "starts_on",
                    "ends_on",
                    "opens_at",
                    "city",
                    "venue",
                    "format",
                    "time_zone",
                )
            },
        ),
        (
            _("Deadlines"),
            {"fields": ("registration_opens_at", "registration_closes_at", "press_deadline_at")},
        ),
        (_("Contact"), {"fields": ("help_phone", "help_email", "press_email")}),
        (
            _("Look of the host"),
            {
                "description": _(
                    "Text in the accent colours must be readable: a contrast of at least 4.5 to 1 is checked."
                ),
                "fields": (
                    "header_line_de",
                    "header_line_en",
                    "accent",
                    "contrast_on_white",
                    "accent_dark",
                    "contrast_on_dark",
                    "logo",
                    "key_visual",
                ),
            },
        ),
    )

    def edition_of(self, row: Any) -> int | None:
        return cast("int | None", row.pk)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """New editions are begun by those who work for all of them."""
        return self.reach(request, "change", "add").everywhere

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The clock only where there is one to turn."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and obj.practice and self.has_change_permission(request, obj):
            return fieldsets
        (name, options), *others = fieldsets
        shown = tuple(field for field in options["fields"] if field != "present")
        return [(name, {**options, "fields": shown}), *others]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """What a host may not decide: whether the edition is real, and under which address it is found."""
        fields = [field for field in super().get_readonly_fields(request, obj) if field != "id"]
        if obj is not None and not self.reach(request, "change").everywhere:
            fields += ["slug", "practice"]
        return fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        reached = self.reach(request, "change", "add")
        if not (self.holds(reached, obj) if change else reached.everywhere):
            raise PermissionDenied
        obj._history_user = request.user
        obj.save()
        if change and "present" in form.changed_data and form.cleaned_data["present"]:
            by = cast(User, request.user)
            actions.turn_clock(edition=obj, to=form.cleaned_data["present"], by=by)

    @admin.display(description=_("on white"))
    def contrast_on_white(self, edition: Edition) -> str:
        return _sample(edition.accent, ON_WHITE)

    @admin.display(description=_("on dark"))
    def contrast_on_dark(self, edition: Edition) -> str:
        return _sample(edition.accent_dark, ON_DARK)


def _sample(colour: str, ground: str) -> str:
    """How text in this colour looks on its ground, and the measured contrast beside it."""
    try:
        measured = contrast(colour, ground)
    except ValueError:
        return "–"
    return format_html(
        '<svg width="120" height="32" role="img" aria-label="{0}"><rect width="120" height="32" rx="4" fill="{1}"/>'
        '<text x="12" y="22" font-size="16" font-weight="600" fill="{2}">{0}</text></svg> {3} : 1',
        colour,
        ground,
        colour,
        f"{measured:.1f}".replace(".", ","),
    )


@admin.register(State)
class StateAdmin(SharedAdmin):
    list_display = ("name", "official_name", "capital", "code")
    search_fields = ("name", "official_name", "code")
    ordering = ("name",)


@admin.register(Stage)
class StageAdmin(EditionScopedAdmin):
    list_display = ("name_de", "slug", "edition", "position")
    list_select_related = ("edition",)
    list_filter = ("edition",)
    search_fields = ("name_de", "name_en", "slug")
    ordering = ("edition", "position")


@admin.register(Page)
class PageAdmin(HistoryAdmin):
    list_display = ("title_de", "slug", "edition", "changed_at")
    list_select_related = ("edition",)
    list_filter = ("edition", "slug")
    search_fields = ("title_de", "title_en", "slug")
    date_hierarchy = "changed_at"
    ordering = ("slug",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """A page that holds for all editions is written by those who work for all."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "edition" in form.base_fields:
            form.base_fields["edition"].required = not self.reach(
                request, "add", "change"
            ).everywhere
        return form
