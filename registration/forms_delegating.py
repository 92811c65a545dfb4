"""What people type who bring colleagues along, and what those colleagues type when they accept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from congress import tables
from congress.fields import LineFormField, MailboxFormField, ParagraphFormField
from congress.keyed import KeyedForm
from registration import colleagues
from registration.colleagues import Colleague
from registration.forms import OwnDeviceForm, RegistrationForm
from registration.models import Registration, Way


class ColleaguesForm(KeyedForm):
    """Pasted or uploaded, one of the two. `unused_columns` of a file are told."""

    unused_columns: Sequence[str] = ()

    pasted = ParagraphFormField(
        label=_("Names and addresses"),
        max_length=colleagues.MOST_PASTED,
        required=False,
        help_text=_(
            "One colleague a line, as your mail program writes them: Kim Albers "
            "&lt;kim.albers@stadt-musterhausen.example&gt;. Or the rows of a table with their headings "
            "(title, first name, last name, authority, e-mail)."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("Or a table"),
        required=False,
        help_text=_("XLSX or CSV; the first row holds the headings, one of them is “e-mail”."),
        widget=forms.FileInput(
            attrs={
                "accept": ".csv,.xlsx,text/csv,"
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
        allow_empty_file=True,  # the sentence about it is the one of the reader
    )
    language = forms.ChoiceField(
        label=_("Language of the letters"),
        choices=[("de", _("German")), ("en", _("English"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        english = (get_language() or "de").startswith("en")
        kwargs["initial"] = {
            "language": "en" if english else "de",
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file, pasted = given.get("file"), given.get("pasted") or ""
        if self.errors:
            return given
        if file and pasted:
            self.add_error("file", _("Please paste a list or choose a file, not both."))
        elif file is not None:
            given["colleagues"] = self._read("file", file)
        elif pasted:
            given["colleagues"] = self._read("pasted", pasted)
        else:
            self.add_error("pasted", _("Please enter at least one colleague, or choose a file."))
        return given

    def _read(self, name: str, given: Any) -> list[Colleague]:
        try:
            if name == "pasted":
                return colleagues.read_pasted(given)
            if given.size > tables.MOST_BYTES:
                raise tables.NotReadable(tables.too_large())
            content = given.read()
            self.unused_columns = colleagues.unused_columns(content)
            return colleagues.read_file(content)
        except tables.NotReadable as refusal:
            self.add_error(name, str(refusal.message))
            return []


class DelegateForm(OwnDeviceForm, RegistrationForm):
    """What stands on the invitation, to be corrected. The address is the one that the letter reached."""

    email = None  # type: ignore[assignment]  # Django takes the field away
    form_key = None  # type: ignore[assignment]  # the invitation has a key of its own
    field_order = ("title", "first_name", "last_name", "body", "way", "privacy", "own_device")


class ColleagueForm(RegistrationForm):
    """A colleague by name and address; what else belongs to a registration they say themselves."""

    FIELDS = ("title", "first_name", "last_name", "email", "body")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whoever is registered reads the privacy notice, and chooses how to take part.
        for name in ("privacy", "way"):
            self.fields.pop(name, None)
        for name in self.FIELDS:  # not those of whoever types
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["email"].label = _("Official e-mail address of your colleague")
        self.fields["email"].help_text = _("There we ask for the confirmation.")

    def colleague(self) -> Colleague:
        return Colleague(1, **{name: self.cleaned_data[name] for name in self.FIELDS})


class OfficeForm(ColleagueForm):
    """Somebody is registered by somebody else, who does not come along: both are named."""

    office_name = LineFormField(
        label=_("Your name"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Please enter your name.")},
    )
    office_email = MailboxFormField(
        label=_("Your official e-mail address"),
        help_text=_("We write to you both, and tell you what became of it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Please enter your e-mail address.")},
    )
    OWN = ("office_name", "office_email")


class WayForm(forms.Form):
    """How one takes part from now on."""

    use_required_attribute = False

    way = forms.ChoiceField(label=_("I take part"), widget=forms.RadioSelect)
    stay_in_line = forms.BooleanField(
        label=_("I keep my number on the waiting list that I leave"), required=False
    )

    def __init__(
        self, *args: Any, registration: Registration, full: Collection[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"initial": {"way": registration.way}, **kwargs})
        way: Any = self.fields["way"]
        waits = gettext("%(way)s (fully booked: waiting list)")
        way.choices = [
            (
                one.value,
                waits % {"way": one.label}
                if one.value in full and one.value != registration.way
                else one.label,
            )
            for one in Way.offered_by(registration.edition)
        ]
        if registration.state not in (
            Registration.State.WAITLISTED,
            Registration.State.OFFERED,
        ):
            del self.fields["stay_in_line"]


class DataForm(RegistrationForm):
    """One's own name, body and address."""

    FIELDS = ("title", "first_name", "last_name", "body", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("privacy", "way"):
            self.fields.pop(name, None)
        self.fields["email"].help_text = _(
            "We write to a new address; it counts once you have confirmed it."
        )
        self.fields["body"].help_text = _(
            "With another authority or address it is looked at once more whether you can take part."
        )
