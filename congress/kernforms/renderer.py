"""The form renderer and the bound field that give Django's forms KERN's classes; templates are in `templates/kern/`."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.functional import cached_property

from congress.kernforms.widgets import InlineRadioSelect

# The first match wins: CheckboxSelectMultiple is a RadioSelect to Django, so it stands before it.
CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "kern-form-check__checkbox"),
    (forms.RadioSelect, "kern-form-check__radio"),
    (forms.CheckboxInput, "kern-form-check__checkbox"),
    (forms.Select, "kern-form-input__select"),
)
GROUPS = (forms.RadioSelect, forms.CheckboxSelectMultiple)
# HTML has no role for these, so ARIA has nothing to say about them.
WITHOUT_A_ROLE = {"file", "hidden", "date", "datetime-local", "time"}


class KernBoundField(BoundField):
    """A field that knows which of KERN's shapes it has."""

    @cached_property
    def kind(self) -> str:
        """`group` (fieldset of choices), `check`, `list`, `select`, `file`, `several` or `input`."""
        widget = self.field.widget
        if isinstance(widget, GROUPS):
            return "group"
        if isinstance(widget, forms.CheckboxInput):
            return "check"
        if isinstance(widget, forms.SelectMultiple):
            return "list"
        if isinstance(widget, forms.Select):
            return "select"
        if isinstance(widget, forms.ClearableFileInput):
            return "file"
        if isinstance(widget, forms.MultiWidget):
            return "several"
        return "input"

    @property
    def is_inline(self) -> bool:
        return isinstance(self.field.widget, InlineRadioSelect)

    @property
    def is_choice_of_one(self) -> bool:
        return isinstance(self.field.widget, forms.RadioSelect) and not isinstance(
            self.field.widget, forms.CheckboxSelectMultiple
        )

    @property
    def is_optional(self) -> bool:
        """Not said of a field that another one makes required (`required_at_times`)."""
        return not self.field.required and not getattr(self.field, "required_at_times", False)

    @property
    def focus_id(self) -> str:
        """The id of what takes the keyboard: a group of choices takes it at its first choice."""
        auto_id = str(self.auto_id)
        return f"{auto_id}_0" if self.kind in {"group", "several"} else auto_id

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        if isinstance(widget, forms.MultiWidget):
            return attrs  # what is given to the whole would replace the classes of its parts
        own = next(
            (name for kind, name in CLASSES if isinstance(widget, kind)), "kern-form-input__input"
        )
        classes = [attrs.get("class", ""), widget.attrs.get("class", ""), own]
        if self.errors:
            classes.append(f"{own}--error")
        attrs["class"] = " ".join(filter(None, classes))
        if self._says_that_it_is_required(widget):
            attrs["aria-required"] = "true"
        return attrs

    def _says_that_it_is_required(self, widget: forms.Widget) -> bool:
        """Where the browser must not refuse in its own words, a screen reader still learns what is required.

        A group says it once, on its fieldset (`kern/field.html`), not at each choice.
        """
        browser_says_it = self.form.use_required_attribute and widget.use_required_attribute(
            self.initial
        )
        return (
            self.field.required
            and not browser_says_it
            and not isinstance(widget, GROUPS)
            and getattr(widget, "input_type", "") not in WITHOUT_A_ROLE
        )


class KernRenderer(TemplatesSetting):
    """`FORM_RENDERER`: `{{ form }}` and `{{ form.field.as_field_group }}` come out as KERN."""

    bound_field_class = KernBoundField
    form_template_name = "kern/form.html"
    field_template_name = "kern/field.html"
    formset_template_name = "kern/formset.html"
