"""People and their roles. Nobody gives a right that is not theirs to give."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from congress import actions, permissions
from congress.admin.scope import EditionScopedAdmin, HistoryAdmin, OneEditionForm, ReadOnlyInline
from congress.fields import MailboxFormField
from congress.models import Admission, Role, User
from congress.permissions import Reach
from congress.second_factor import insist_on_fresh


class RoleInline(ReadOnlyInline):
    model = Role
    fields = ("kind", "edition", "stage", "valid_from", "valid_until")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("edition", "stage")


class AdmissionInline(ReadOnlyInline):
    model = Admission
    fields = ("edition", "kind", "level", "granted_at", "valid_until", "revoked_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("edition", "person")


@admin.register(User)
class UserAdmin(EditionScopedAdmin):
    """People belong to editions through what ties them there; whoever is tied elsewhere too is only looked at."""

    edition_path = ""
    list_display = ("display_name", "body", "email", "contact_email", "language", "is_active")
    list_filter = ("is_active", "language")
    search_fields = ("last_name", "first_name", "email", "contact_email", "body")
    search_help_text = _("Name, address or body")
    ordering = ("last_name", "first_name", "pk")
    inlines = (RoleInline, AdmissionInline)
    fieldsets = (
        (None, {"fields": ("title", "first_name", "last_name", "body", "language")}),
        (_("Addresses"), {"fields": ("email", "contact_email")}),
        (_("Account"), {"fields": ("is_active", "is_superuser", "joined_at", "last_login")}),
    )
    # The sign-in address is a way in: an organiser who could change it could become that person.
    readonly_fields = ("joined_at", "last_login")

    def edition_of(self, row: Any) -> int | None:
        return None

    def rows(self, reached: Reach) -> QuerySet[User]:
        return permissions.people_within(reached)

    def holds(self, reached: Reach, row: Any) -> bool:
        if row.pk is None:
            return reached.everywhere
        return bool(reached) and permissions.people_within(reached).filter(pk=row.pk).exists()

    def _narrowed(self, rows: QuerySet[Any], reached: Reach) -> QuerySet[Any]:
        return (
            rows
            if reached.everywhere
            else rows.filter(pk__in=permissions.people_within(reached).values("pk"))
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        if not isinstance(obj, User):
            return True
        if obj.is_superuser and not cast(User, request.user).is_superuser:
            return False
        return not permissions.ties_beyond(obj, self.reach(request, "change"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = [*self.readonly_fields]
        if obj is not None:
            fields.append("email")
        if not cast(User, request.user).is_superuser or obj == request.user:
            fields.append("is_superuser")
        return fields

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Operators make others operators: whoever may do so shows once more who they are."""
        if request.method == "POST" and cast(User, request.user).is_superuser:
            insist_on_fresh(request)
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()  # signs in by code
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data or "is_superuser" in form.changed_data:
            actions.note_rights(person=obj, by=cast(User, request.user))


class RoleForm(OneEditionForm):
    address = MailboxFormField(
        label=_("or the address of somebody new"),
        required=False,
        help_text=_("Who is not in the list yet: the address this person will sign in with."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["address"]

    def clean(self) -> dict[str, Any] | None:
        """Either a person of ours, or the address of one; never both."""
        given = super().clean()
        if "address" not in self.fields or given is None:
            return given
        person, address = given.get("person"), given.get("address")
        if person and address:
            self.add_error("address", _("Please choose a person or enter an address, not both."))
        elif address and not self.errors:
            given["person"] = self.instance.person = _person_of(address)
        elif not person and "person" not in self.errors and "address" not in self.errors:
            self.add_error("person", _("Please choose a person or enter an address."))
        return given

    def _get_validation_exclusions(self) -> set[str]:
        """Somebody new has no number yet; the row is saved before the role."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs leave it out
        person = self.cleaned_data.get("person")
        return {*excluded, "person"} if person is not None and person.pk is None else excluded


def _person_of(address: str) -> User:
    """Whoever signs in with this address; saved with the role."""
    return User.objects.filter(email=address).first() or User(email=address)


@admin.register(Role)
class RoleAdmin(HistoryAdmin):
    form = RoleForm
    list_display = ("person", "kind", "edition", "stage", "valid_from", "valid_until")
    list_select_related = ("person", "edition", "stage")
    list_filter = ("edition", "kind", "stage")
    search_fields = ("person__last_name", "person__first_name", "person__email", "person__body")
    autocomplete_fields = ("person",)
    ordering = ("edition", "kind", "person__last_name")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        new = ("address",) if obj is None else ()
        return ("person", *new, "edition", "kind", "stage", "valid_from", "valid_until")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A role is not handed over: it ends, and somebody else is given one."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else [*fields, "person"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "edition" in form.base_fields:
            everywhere = self.reach(request, "add", "change").everywhere
            form.base_fields["edition"].required = not everywhere
        if "person" in form.base_fields:
            form.base_fields["person"].required = False  # or the address; the form insists on one
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever gives rights shows once more who they are, before they type and when they save."""
        if self.has_add_permission(request) or self.has_change_permission(request):
            insist_on_fresh(request)
        return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        insist_on_fresh(request)
        return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            insist_on_fresh(request)
        return super().changelist_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if obj.edition_id is None and not self.reach(request, "add", "change").everywhere:
            raise PermissionDenied
        if obj.person.pk is None:
            obj.person.set_unusable_password()
            obj.person.save()
            obj.person = obj.person
        super().save_model(request, obj, form, change)
        actions.note_role("changed" if change else "given", role=obj, by=cast(User, request.user))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.note_role("ended", role=obj, by=cast(User, request.user))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for role in queryset.select_related("edition", "person"):
            self.delete_model(request, role)

    # The journal has lines of its own for roles.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    log_change = log_addition

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None
