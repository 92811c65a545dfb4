"""Admin classes that start from the editions of one's roles: what belongs to another is not found, not chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import get_fields_from_path, quote, unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.admin import SimpleHistoryAdmin

from congress import journal, permissions
from congress.errors import Refused
from congress.kernforms import DateInput, DateTimeInput
from congress.models import Edition, JournalEntry, User
from congress.permissions import Reach

if TYPE_CHECKING:
    _BaseAdmin = admin.options.BaseModelAdmin[Any]
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = ModelForm[Any]
    _Inline = admin.StackedInline[Any, Any]
else:
    _BaseAdmin = object
    _ModelAdmin = admin.ModelAdmin
    _ModelForm = ModelForm
    _Inline = admin.StackedInline

Filter = str | tuple[str, type[admin.FieldListFilter]] | type[admin.ListFilter]
# Says that a decision was made on the page of a row, not in the list.
FROM_PAGE = "from_page"
Decision = Callable[[Any, HttpRequest, Any, datetime], HttpResponse | None]
# What may follow a filtered field in the address of a list; anything else could spell out what is not shown.
_LOOKUP_ENDS = re.compile(
    r"(__(id|pk|code))?(__(exact|in|isnull|gte|gt|lte|lt|year|month|day))?", re.ASCII
)


class Finder(AutocompleteSelect):
    """Django's field that searches while one types, with a name for those who cannot see the label beside it."""

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        name = capfirst(str(self.field.verbose_name))
        return {**attrs, "data-placeholder": _("%(name)s: please search") % {"name": name}}

    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(
            js=("admin/js/jquery.init.js", "admin/js/autocomplete.js", "congress/admin-finder.js")
        )


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class OneEditionForm(_ModelForm):
    """A form whose row and everything it names belong to one edition."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        for name, message in strangers(self.instance).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, message)


def strangers(row: models.Model) -> dict[str, Any]:
    """Fields that name a row of another edition, each with a sentence for the person who chose it."""
    own = scoped_admin(type(row))
    if own is None or not own.edition_path:
        return {}
    try:
        here = own.edition_of(row)
    except models.ObjectDoesNotExist:
        return {}  # the edition itself is missing, which the form says already
    first = own.edition_path.split("__")[0]
    found = {}
    for field in row._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey) or field.name == first:
            continue
        related = scoped_admin(field.related_model)
        if related is None or not related.edition_path or getattr(row, field.attname) is None:
            continue
        if related.edition_of(getattr(row, field.name)) != here:
            found[field.name] = _("This belongs to another edition.")
    return found


def scoped_admin(model: type[models.Model]) -> Scoped | None:
    found: Any = admin.site._registry.get(model)
    return found if isinstance(found, Scoped) else None


class ScopedRelatedFilter(admin.RelatedOnlyFieldListFilter):
    """Offers what the rows in reach refer to, and nothing else."""


class ValuesFilter(admin.AllValuesFieldListFilter):
    """All values there are; the empty one by a name that can be read aloud."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or _("(empty)")}


class Scoped(_BaseAdmin):
    """What list pages, forms and inlines share. `edition_path` leads from a row to its edition, as a look-up."""

    edition_path: ClassVar[str] = "edition"
    form: Any = OneEditionForm
    formfield_overrides: ClassVar[Any] = {
        # The browser's pickers: labelled, in the reader's language, without scripts of ours.
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": DateTimeInput},
        models.DateField: {"widget": DateInput},
        models.TimeField: {"widget": TimeInput},
    }

    # --- where -------------------------------------------------------------------------------------

    def reach(self, request: HttpRequest, *actions: str) -> Reach:
        """The editions in which this person may do one of the actions (`view`, `change`, …) with such rows."""
        label, name = self.opts.app_label, self.opts.model_name
        return permissions.reach(request.user, *(f"{label}.{action}_{name}" for action in actions))

    def edition_of(self, row: Any) -> int | None:
        """The id of the row's edition."""
        *way, last = self.edition_path.split("__")
        for name in way:
            row = getattr(row, name)
            if row is None:
                return None
        return cast("int | None", getattr(row, f"{last}_id"))

    def rows(self, reached: Reach) -> QuerySet[Any]:
        return reached.rows_of(self.model, self.edition_path)

    def holds(self, reached: Reach, row: Any) -> bool:
        """Whether the row lies in reach."""
        return self.edition_of(row) in reached

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self._narrowed(super().get_queryset(request), self.reach(request, "view", "change"))

    def _narrowed(self, rows: QuerySet[Any], reached: Reach) -> QuerySet[Any]:
        return reached.narrow(rows, self.edition_path)

    # --- who may -----------------------------------------------------------------------------------

    def _may(self, request: HttpRequest, row: Any, *actions: str) -> bool:
        reached = self.reach(request, *actions)
        return bool(reached) if row is None else self._covers(reached, row)

    def _covers(self, reached: Reach, row: Any) -> bool:
        """For a row of ours, or (inlines) for the row it hangs on."""
        if isinstance(row, self.model):
            return self.holds(reached, row)
        parent = scoped_admin(type(row))
        return parent is not None and parent.holds(reached, row)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "add")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "view", "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "delete")

    # --- what may be chosen ------------------------------------------------------------------------

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Only rows of editions in which such a row may be added or changed; of every kind of field."""
        model = db_field.remote_field.model
        related = scoped_admin(model)
        if related is None:
            raise ImproperlyConfigured(
                f"{type(self).__name__}.{db_field.name} lets people choose among {model.__name__}, "
                "which has no EditionScopedAdmin."
            )
        rows = related.rows(self.reach(request, "add", "change"))
        ordering = related.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Finder(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A row stays in its edition."""
        fields = list(super().get_readonly_fields(request, obj))
        first = self.edition_path.split("__")[0]
        if obj is not None and isinstance(obj, self.model) and first and first not in fields:
            fields.append(first)
        return fields


class EditionScopedAdmin(Scoped, _ModelAdmin):
    """The base of every admin class of ours."""

    view_on_site: Any = False
    save_on_top = False
    show_full_result_count = False
    list_per_page = 50
    # Names of fields that lists may be filtered by through the address, beyond `list_filter`.
    also_filtered_by: ClassVar[Sequence[str]] = ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address proposes for a new row; what could be no value of its field is left out."""
        proposed: dict[str, Any] = super().get_changeform_initial_data(request)
        return {name: value for name, value in proposed.items() if self._could_be(name, value)}

    def _could_be(self, name: str, value: Any) -> bool:
        fields = {field.name: field for field in self.opts.fields}
        field: Any = fields.get(name)
        if field is None:
            return False
        try:
            (field.target_field if field.is_relation else field).to_python(value)
        except (ValidationError, ValueError):
            return False
        return True

    # --- lists --------------------------------------------------------------------------------------

    def get_list_filter(self, request: HttpRequest) -> list[Filter]:  # type: ignore[override]  # a list of the same
        return [self._scoped_filter(entry) for entry in super().get_list_filter(request)]

    def _scoped_filter(self, entry: Any) -> Filter:
        if isinstance(entry, type) or not isinstance(entry, (str, tuple)):
            return cast(Filter, entry)
        path = entry if isinstance(entry, str) else entry[0]
        field = get_fields_from_path(self.model, path)[-1]
        if getattr(field, "remote_field", None) is not None:
            return (path, ScopedRelatedFilter)
        if "__" in path and not getattr(field, "choices", None):
            raise ImproperlyConfigured(
                f"{type(self).__name__} would list all values of {path}, those of other editions too."
            )
        if entry == path and isinstance(field, models.CharField) and not field.choices:
            return (path, ValuesFilter)
        return cast(Filter, entry)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the page itself offers. Stock Django allows any column here, letter by letter."""
        paths: set[str] = {
            str(entry if isinstance(entry, str) else entry[0])
            for entry in self.list_filter
            if isinstance(entry, (str, tuple))
        }
        paths |= {
            entry.parameter_name
            for entry in self.list_filter
            if isinstance(entry, type)
            and issubclass(entry, admin.SimpleListFilter)
            and entry.parameter_name
        }
        paths |= {self.opts.pk.name, "pk", *self.also_filtered_by}
        if self.date_hierarchy:
            paths.add(str(self.date_hierarchy))
        return any(
            lookup.startswith(path) and _LOOKUP_ENDS.fullmatch(lookup[len(path) :])
            for path in paths
        )

    # --- writing ------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The net below the form: a row outside is not written, however it got here."""
        if not self.holds(self.reach(request, "change" if change else "add"), obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._note(request, "admin.added", obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._note(request, "admin.changed", obj, fields=_changed_fields(message))

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        return [self._note(request, "admin.deleted", row) for row in queryset]

    def _note(self, request: HttpRequest, verb: str, row: Any, **details: Any) -> JournalEntry:
        """One trace of what people did, the journal; Django's own log would keep names for ever."""
        edition = self._edition_row(row)
        now = edition.now() if edition is not None else Edition().now()
        return journal.note(
            verb,
            edition=edition,
            now=now,
            by=cast(User, request.user),
            about=row if isinstance(row, User) else getattr(row, "person", None),
            target=row,
            **{name: given for name, given in details.items() if given},
        )

    def _edition_row(self, row: Any) -> Edition | None:
        number = self.edition_of(row) if self.edition_path else None
        return Edition.objects.filter(pk=number).first() if number is not None else None

    # --- history --------------------------------------------------------------------------------------

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the journal says about one row."""
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        target = f"{self.opts.label_lower}:{row.pk}"
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % row,
            "subtitle": None,
            "entries": JournalEntry.objects.filter(target=target).select_related("actor")[:200],
            "module_name": self.opts.verbose_name_plural,
            "object": row,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/congress/journal_history.html", context)

    # --- decisions --------------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without the decisions this person may take nowhere."""
        return {
            name: entry
            for name, entry in super().get_actions(request).items()
            if entry is not None
            and (not (wanted := getattr(entry[0], "permission", "")) or self.reach(request, wanted))
        }

    def decisions_about(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """Names and labels of what may be decided about this row now: buttons on its page, the same as in the list."""
        return [
            (name, label)
            for name, (act, _name, label) in self.get_actions(request).items()
            if (wanted := getattr(act, "permission", ""))
            and self.holds(self.reach(request, wanted), row)
            and getattr(act, "fits", _always)(row)
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None:
            context["decisions"] = self.decisions_about(request, row)
            context["checkbox_name"] = ACTION_CHECKBOX_NAME
        return super().render_change_form(request, context, *args, **kwargs)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Who has decided on the page of a row comes back to it."""
        response = super().response_action(request, queryset, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect) and (page := self._page_decided_on(request)):
            return HttpResponseRedirect(page)
        return response

    def _page_decided_on(self, request: HttpRequest) -> str:
        """The address of the row's page, where its buttons were used; else empty."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if FROM_PAGE not in request.POST or len(chosen) != 1:
            return ""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(chosen[0])]
        )

    def decide(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        act: Callable[[Any, datetime], Any],
        *,
        permission: str,
    ) -> int:
        """Do the same as the page would, row by row; what is refused is said. Returns how many were done."""
        reached = self.reach(request, permission)
        done = 0
        for row in rows:
            if not self.holds(reached, row):
                messages.error(request, _("%(row)s: you have no right to this.") % {"row": row})
                continue
            edition = self._edition_row(row)
            try:
                act(row, (edition or Edition()).now())
            except Refused as refusal:
                messages.warning(request, f"{row}: {refusal.message}")
            except ValidationError as error:
                messages.warning(request, f"{row}: {' '.join(error.messages)}")
            else:
                done += 1
        if done:
            text = ngettext("Done for one entry.", "Done for %(count)d entries.", done)
            messages.success(request, text % {"count": done} if "%" in text else text)
        return done


def _always(row: Any) -> bool:
    return True


def decision(
    label: str | Promise,
    *,
    permission: str,
    warning: str | Promise = "",
    form: type[forms.Form] | None = None,
    fits: Callable[[Any], bool] = _always,
) -> Callable[[Callable[..., Any]], Any]:
    """Makes an admin action of a method `(self, request, row, now)` that calls an action of the suite.

    It is offered and done only in editions where a role carries `<app>.<permission>_<model>`. With a `warning`
    it is asked for once more before, with a `form` for what the method takes besides. On the page of a row it is
    a button where it `fits` the row.
    """

    def decorate(method: Callable[..., Any]) -> Any:
        @admin.action(description=cast(str, label))
        @wraps(method)
        def act(
            self: EditionScopedAdmin, request: HttpRequest, queryset: QuerySet[Any]
        ) -> HttpResponse | None:
            confirmed = "confirmed" in request.POST
            asked = form(request.POST if confirmed else None) if form is not None else None
            if (warning and not confirmed) or (asked is not None and not asked.is_valid()):
                return _confirmation(self, request, queryset, str(label), warning, asked)
            given = asked.cleaned_data if asked is not None else {}
            self.decide(
                request,
                queryset,
                lambda row, now: method(self, request, row, now, **given),
                permission=permission,
            )
            return None

        act.permission = permission  # type: ignore[attr-defined]  # read by get_actions
        act.fits = fits  # type: ignore[attr-defined]  # read by decisions_about
        return act

    return decorate


def _confirmation(
    model_admin: EditionScopedAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    label: str,
    warning: str | Promise,
    form: forms.Form | None,
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": label,
        "subtitle": None,
        "opts": model_admin.opts,
        "module_name": model_admin.opts.verbose_name_plural,
        "rows": rows,
        "action": request.POST.get("action", ""),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "warning": warning,
        "form": form,
        "from_page": FROM_PAGE,
        "back": model_admin._page_decided_on(request),
    }
    return TemplateResponse(request, "admin/congress/decision.html", context)


def _changed_fields(message: Any) -> list[str]:
    """Names of fields, never their values."""
    if not isinstance(message, list):
        return []
    return [str(name) for part in message for name in part.get("changed", {}).get("fields", [])]


class HistoryAdmin(EditionScopedAdmin, SimpleHistoryAdmin):  # type: ignore[misc]  # it ships no types
    """The same for models that keep their versions: what changed, and back to an older one."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The library would fall back on versions of rows that are gone, or never were ours to see."""
        self._insist(request, object_id)
        return cast(
            HttpResponse, SimpleHistoryAdmin.history_view(self, request, object_id, extra_context)
        )

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self._insist(request, object_id)
        if not version_id.isdecimal():
            raise Http404
        if request.method == "POST" and not self.has_change_permission(request, row):
            raise PermissionDenied
        return cast(
            HttpResponse,
            SimpleHistoryAdmin.history_form_view(
                self, request, object_id, version_id, extra_context
            ),
        )

    def _insist(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return row


class SharedAdmin(EditionScopedAdmin):
    """For what all editions share (Länder): read by all who may, changed by those who work for all editions."""

    edition_path = ""

    def edition_of(self, row: Any) -> int | None:
        return None

    def rows(self, reached: Reach) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows if reached else rows.none()

    def holds(self, reached: Reach, row: Any) -> bool:
        return bool(reached)

    def _narrowed(self, rows: QuerySet[Any], reached: Reach) -> QuerySet[Any]:
        return rows if reached else rows.none()

    def _may(self, request: HttpRequest, row: Any, *actions: str) -> bool:
        reached = self.reach(request, *actions)
        return bool(reached) if "view" in actions else reached.everywhere

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(super(Scoped, self).get_readonly_fields(request, obj))


class ReadOnly(Scoped):
    """Looked up here, changed elsewhere: by actions, or never."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OneEditionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic for the stubs only
    """New rows get the edition of the row they hang on."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]  # the stubs leave it out
        if hasattr(form.instance, "edition_id") and form.instance.edition_id is None:
            form.instance.edition_id = getattr(self.instance, "edition_id", None)
        return form


class ScopedInline(Scoped, _Inline):
    """Rows below another row; only those in reach."""

    extra = 0
    formset: Any = OneEditionFormSet
    show_change_link = True


class ReadOnlyInline(ReadOnly, ScopedInline):
    can_delete = False


def link_to(row: models.Model | None) -> str:
    """The row's page in the admin, for columns and read-only fields."""
    if row is None:
        return "–"
    address = reverse(
        f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)]
    )
    return format_html('<a href="{}">{}</a>', address, row)
