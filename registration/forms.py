"""What people type: applicants when they register, organisers when they decide."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from congress import tables
from congress.fields import LineFormField, MailboxFormField, ParagraphFormField
from congress.models import Level, State
from congress.outputs import header_text
from registration.models import DomainRule, RegistrationSettings


class RegistrationForm(forms.Form):
    """One page, five required fields. No name is refused for what it looks like."""

    use_required_attribute = False  # our sentences, not the browser's

    title = LineFormField(
        label=_("Title"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "honorific-prefix"}),
    )
    first_name = LineFormField(
        label=_("First name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"required": _("Please enter your first name.")},
    )
    last_name = LineFormField(
        label=_("Last name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
        error_messages={"required": _("Please enter your last name.")},
    )
    email = MailboxFormField(
        label=_("Official e-mail address"),
        help_text=_(
            "We send a code to it. If several of you read this mailbox, each gets a personal link."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Please enter your e-mail address.")},
    )
    body = LineFormField(
        label=_("Authority or institution"),
        max_length=255,
        help_text=_("For example: Stadt Musterhausen, Hauptamt"),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "list": "stellen"}),
        error_messages={"required": _("Please enter your authority or institution.")},
    )
    privacy = forms.BooleanField(
        label=_("I have read the privacy notice."),
        error_messages={"required": _("Please confirm that you have read the privacy notice.")},
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["privacy"].help_text = _privacy_link()

    def ask_while_typing(self, url: str) -> None:
        """The page may learn from `url` what the address means, a moment after the last letter (htmx)."""
        self.fields["email"].widget.attrs |= {
            "hx-post": url,
            # What stands there when the page comes back is asked for at once.
            "hx-trigger": "input changed delay:400ms" + (", load" if self["email"].value() else ""),
            "hx-params": "email,csrfmiddlewaretoken",
            "hx-target": "#adresse-bedeutet",
            "hx-sync": "this:replace",
        }

    def clean_form_key(self) -> uuid.UUID:
        return self.cleaned_data["form_key"] or uuid.uuid4()


def _privacy_link() -> str:
    return format_html(
        '<a href="{}" target="_blank" rel="noopener">{}</a>',
        reverse("page", kwargs={"slug": "datenschutz"}),
        gettext("Privacy notice (opens in a new tab)"),
    )


class OwnDeviceForm(forms.Form):
    """How long this browser stays signed in (`congress.auth` reads the field at every sign-in)."""

    use_required_attribute = False

    own_device = forms.BooleanField(
        label=_("This is my own device"),
        required=False,
        help_text=_("You stay signed in here until the congress ends. Otherwise for a day."),
    )


class CodeForm(OwnDeviceForm):
    code = LineFormField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six letters and figures. Small letters and spaces do no harm."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "fk-code",
            }
        ),
        error_messages={"required": _("Please enter the code from our letter.")},
    )
    field_order = ("code", "own_device")


class EvidenceForm(forms.Form):
    """What a person needs who checks by hand."""

    use_required_attribute = False

    authority = LineFormField(
        label=_("Which authority do you work for?"),
        max_length=255,
        help_text=_("Name and place, as they stand on your letterhead."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Please name the authority you work for.")},
    )
    how_to_check = ParagraphFormField(
        label=_("How may we check this?"),
        max_length=1000,
        help_text=_(
            "For example the number of the switchboard, a page of the authority that names you or your address, "
            "or a colleague who is registered already."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please tell us how we may check this.")},
    )


class RejectionForm(forms.Form):
    reason = ParagraphFormField(
        label=pgettext_lazy("of a refusal", "Reason"),
        max_length=2000,
        help_text=_("The applicant reads these words."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Please give a reason. The applicant reads it.")},
    )


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the stubs only
    """What an edition decides about its registrations, in sections. Whoever adds a field names it in one."""

    use_required_attribute = False

    sections: ClassVar[list[tuple[Any, Any, list[str]]]] = [
        (_("Check by people"), "", ["review_days"]),
        (
            _("Who comes in at once"),
            _(
                "The registry says for every address whether a machine may admit it. For three groups this edition "
                "may read it differently; the registry itself stays as it is. Addresses of consultants, shared "
                "portals and everything marked “never by machine” are looked at by a person in any case."
            ),
            [*RegistrationSettings.GROUPS.values()],
        ),
        (_("On the day"), "", ["desk_may_admit"]),
    ]

    class Meta:
        model = RegistrationSettings
        fields = ("review_days", *RegistrationSettings.GROUPS.values(), "desk_may_admit")
        widgets: ClassVar[dict[str, Any]] = dict.fromkeys(
            RegistrationSettings.GROUPS.values(), forms.RadioSelect
        )

    def __init__(self, *args: Any, listed: Mapping[str, Mapping[str, int]], **kwargs: Any) -> None:
        """`listed`: level → decision → how many rules say so."""
        super().__init__(*args, **kwargs)
        for level, name in RegistrationSettings.GROUPS.items():
            counts = listed.get(level, {})
            self.fields[name].help_text = gettext(
                "In the registry: %(allow)d rules admit at once, %(review)d go to a person, %(deny)d are never for "
                "a machine."
            ) % {decision: counts.get(decision, 0) for decision in DomainRule.Decision.values}

    def by_section(self) -> list[tuple[Any, Any, list[Any]]]:
        return [
            (title, text, [self[name] for name in names]) for title, text, names in self.sections
        ]


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the stubs only
    """A rule about addresses. Of one that is there domain and match stay: they would make another rule of it."""

    use_required_attribute = False

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = DomainRule
        fields = (
            *("domain", "match", "decision", "level", "land", "body", "bodies"),
            *("body_names", "kind", "ags", "source", "note"),
        )
        widgets: ClassVar[dict[str, Any]] = {
            "domain": forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
            "match": forms.RadioSelect,
            "decision": forms.RadioSelect,
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "domain": {"required": _("Please enter a domain or an address.")},
            "match": {"required": _("Please choose what the rule holds for.")},
            "decision": {"required": _("Please choose what happens with these addresses.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("match", "decision"):
            choices: Any = self.fields[name]
            choices.choices = [choice for choice in choices.choices if choice[0]]
        if self.instance.pk is None:
            del self.fields["version"]
            return
        del self.fields["domain"], self.fields["match"]
        self.initial["version"] = self.instance.version

    def _get_validation_exclusions(self) -> set[str]:
        """Whether there is such a rule already is said by the action, which knows it for sure and names the rule."""
        return {*super()._get_validation_exclusions(), "match"}  # type: ignore[misc]  # the stubs leave it out


class TableForm(forms.Form):
    use_required_attribute = False

    file = forms.FileField(
        label=_("Table"),
        help_text=_("CSV as Excel saves it, or XLSX; at most 10 megabytes and 20,000 rows."),
        widget=forms.ClearableFileInput(
            attrs={
                "accept": ".csv,.xlsx,text/csv,"
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
        allow_empty_file=True,  # the sentence about it is the one of the reader
        error_messages={"required": _("Please choose a file.")},
    )

    def clean_file(self) -> tuple[str, bytes]:
        """Its name and what it holds, read only where it is small enough to be a table."""
        file = self.cleaned_data["file"]
        if file.size > tables.MOST_BYTES:
            raise forms.ValidationError(tables.too_large())
        name = header_text(file.name)[:120]
        return name, file.read()


class WriteTableForm(forms.Form):
    checked = forms.BooleanField(
        label=_("I have looked at all rows: they count as checked"),
        required=False,
        help_text=_("Otherwise new and changed rows are listed as not checked yet."),
    )


class LevelForm(forms.Form):
    """Where one belongs, if the registry is wrong about it."""

    use_required_attribute = False

    level = forms.ChoiceField(label=_("Level of administration"), choices=Level.choices)
    land = forms.ModelChoiceField(
        State.objects.order_by("name"),
        label=_("Land"),
        required=False,
        help_text=_("Empty: federal, or several Länder."),
    )
