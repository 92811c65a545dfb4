"""What journalists and the press desk fill in."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from congress import uploads
from congress.fields import LineFormField, MailboxFormField, ParagraphFormField
from congress.keyed import KeyedForm
from press.models import Accreditation, PressSettings

_NOT_CHOSEN = ("", _("Please choose"))


def _known_as(value: str) -> dict[str, str]:
    """What the browser may fill in by itself (WCAG 1.3.5)."""
    return {"autocomplete": value}


class ProofForm(forms.Form):
    """What shows that somebody works for a medium. Everything may be left open."""

    card_issuer = forms.ChoiceField(
        label=_("Press card issued by"),
        required=False,
        choices=[_NOT_CHOSEN, *Accreditation.CardIssuer.choices],
    )
    card_number = LineFormField(label=_("Number of the press card"), required=False, max_length=40)
    card_valid_until = forms.DateField(
        label=_("Press card valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Please enter a date, such as 31.12.2021.")},
    )
    assignment = forms.FileField(
        label=_("Editorial assignment as a file"),
        required=False,
        help_text=_(
            "PDF, JPEG or PNG, at most 10 megabytes. A letter or mail of the editorial office is enough."
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        error_messages={
            "empty": _("This file is empty. Please choose another one."),
            "invalid": _("This file did not arrive. Please choose it once more."),
        },
    )
    work = ParagraphFormField(
        label=_("Imprint or articles"),
        required=False,
        max_length=2000,
        help_text=_(
            "Addresses of an imprint that names you, or of two or three articles with your name that are not older "
            "than six months."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        issuer, number = given.get("card_issuer", ""), given.get("card_number", "")
        if number and issuer in ("", Accreditation.CardIssuer.NONE):
            self.add_error("card_issuer", _("Please say who issued the card."))
        has_card = issuer not in ("", Accreditation.CardIssuer.NONE)
        if has_card and not number and "card_number" not in self.errors:
            self.add_error("card_number", _("Please enter the number on the card."))
        if self.errors and given.get("assignment") is not None:
            # A browser gives no file back: whoever has to correct something else is told.
            self.add_error(
                "assignment", _("Please choose the file once more; a page cannot keep it.")
            )
        return given

    def clean_assignment(self) -> uploads.Brought | None:
        file = self.cleaned_data["assignment"]
        if not file:
            return None
        try:
            return uploads.take(file)
        except uploads.NotTaken as refusal:
            raise ValidationError(str(refusal.message)) from refusal


class AccreditationForm(ProofForm):
    """A request: five answers are needed, the rest may follow."""

    first_name = LineFormField(
        label=_("First name"),
        max_length=80,
        widget=forms.TextInput(_known_as("given-name")),
        error_messages={"required": _("Please enter your first name.")},
    )
    last_name = LineFormField(
        label=_("Last name"),
        max_length=80,
        widget=forms.TextInput(_known_as("family-name")),
        error_messages={"required": _("Please enter your last name.")},
    )
    title = LineFormField(
        label=_("Title"),
        required=False,
        max_length=40,
        help_text=_("For example Dr."),
        widget=forms.TextInput(_known_as("honorific-prefix")),
    )
    medium = LineFormField(
        label=_("Medium"),
        max_length=160,
        help_text=_("The newspaper, station, agency or platform you work for."),
        widget=forms.TextInput(_known_as("organization")),
        error_messages={"required": _("Please name the medium you work for.")},
    )
    function = forms.ChoiceField(
        label=_("You work as"),
        choices=[_NOT_CHOSEN, *Accreditation.Function.choices],
        error_messages={"required": _("Please choose what you work as.")},
    )
    mailbox = MailboxFormField(
        label=_("E-mail address"),
        help_text=_("Your personal link goes there. Any address will do, a private one too."),
        widget=forms.EmailInput(_known_as("email")),
        error_messages={"required": _("Please enter your e-mail address.")},
    )
    phone = LineFormField(
        label=_("Telephone"),
        required=False,
        max_length=40,
        help_text=_("For questions on the days of the congress."),
        widget=forms.TextInput({"type": "tel", **_known_as("tel")}),
    )
    country = LineFormField(
        label=_("Country"),
        required=False,
        max_length=60,
        help_text=_("Where your medium is based; empty: Germany."),
        widget=forms.TextInput(_known_as("country-name")),
    )
    interests = forms.MultipleChoiceField(
        label=_("What are you interested in?"),
        required=False,
        choices=Accreditation.Interest.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("So that the press office can prepare."),
        error_messages={"invalid_choice": _("Please choose from the list.")},
    )
    # Tells a form sent twice from a second request.
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    field_order = (
        *("first_name", "last_name", "title", "medium", "function", "mailbox", "phone"),
        *("country", "interests"),
        *("card_issuer", "card_number", "card_valid_until", "assignment", "work", "key"),
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"key": uuid.uuid4()})

    @property
    def about_the_person(self) -> list[forms.BoundField]:
        return [self[name] for name in self.field_order[:9]]

    @property
    def about_the_proof(self) -> list[forms.BoundField]:
        return [self[name] for name in self.field_order[9:-1]]

    def clean_key(self) -> uuid.UUID:
        """Without one the answers alone tell a form sent twice."""
        return self.cleaned_data["key"] or uuid.NAMESPACE_OID


class RejectionForm(forms.Form):
    """Why a request is rejected; the journalist reads both."""

    code = forms.ChoiceField(
        label=_("Reason"), choices=[_NOT_CHOSEN, *Accreditation.Reason.choices]
    )
    reason = ParagraphFormField(
        label=_("Explanation for the journalist"),
        required=False,
        max_length=2000,
        help_text=_("One or two sentences: what was missing, what would help."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class QuestionForm(forms.Form):
    """What the press office wants to know."""

    use_required_attribute = False

    text = ParagraphFormField(
        label=_("Question to the journalist"),
        max_length=2000,
        help_text=_("It goes out by letter; the answer comes back to this page."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Please write what you want to know.")},
    )
    days = forms.IntegerField(
        label=_("Days to answer"),
        min_value=1,
        max_value=14,
        initial=2,
        help_text=_("Then the case is back in the queue, answered or not."),
    )


class AnswerForm(forms.Form):
    """The journalist answers the press office."""

    use_required_attribute = False

    answer = ParagraphFormField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Please write an answer.")},
    )


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the stubs only
    """How the edition deals with its press."""

    use_required_attribute = False

    class Meta:
        model = PressSettings
        fields = ("late_queue", "phone", "links_at", "remedy_de", "remedy_en", "remedy_checked")
        widgets: ClassVar[dict[str, Any]] = {
            "links_at": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
            "remedy_de": forms.Textarea(attrs={"rows": 6}),
            "remedy_en": forms.Textarea(attrs={"rows": 6}),
        }

    sections: ClassVar[list[tuple[Any, list[str]]]] = [
        (_("Requests"), ["late_queue", "phone"]),
        (_("Personal links"), ["links_at"]),
        (_("Legal remedy"), ["remedy_de", "remedy_en", "remedy_checked"]),
    ]

    def clean_links_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["links_at"]
        if moment is not None and moment >= self.instance.edition.ends_at:
            raise ValidationError(_("The congress is over by then."))
        return moment

    def by_section(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.sections]


class LostLinkForm(forms.Form):
    """A journalist has lost the link."""

    use_required_attribute = False

    mailbox = MailboxFormField(
        label=_("E-mail address"),
        help_text=_("The address that you were accredited with."),
        widget=forms.EmailInput(_known_as("email")),
        error_messages={"required": _("Please enter your e-mail address.")},
    )


class MailboxForm(KeyedForm):
    """The help desk corrects a mistyped address."""

    mailbox = MailboxFormField(
        label=_("Right address"),
        help_text=_("Let the caller spell it. The letter that confirms it goes there."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Please enter the address.")},
    )
