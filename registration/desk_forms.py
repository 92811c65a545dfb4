"""What is typed at the help desk, and by the caller on the other end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from congress.fields import LineFormField, MailboxFormField, ParagraphFormField
from congress.keyed import KeyedForm
from congress.models import Level
from registration.forms import CodeForm


class AddressForm(KeyedForm):
    email = MailboxFormField(
        label=_("Right address"),
        help_text=_(
            "Let the caller spell it. A code goes to it, and the rules about addresses hold for it."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Please enter the address.")},
    )


class WalkInForm(KeyedForm):
    """Somebody stands here, or calls, and is not registered."""

    RULES, NOW = "regeln", "jetzt"

    title = LineFormField(label=_("Title"), max_length=40, required=False)
    first_name = LineFormField(
        label=_("First name"),
        max_length=80,
        error_messages={"required": _("Please enter the first name.")},
    )
    last_name = LineFormField(
        label=_("Last name"),
        max_length=80,
        error_messages={"required": _("Please enter the last name.")},
    )
    body = LineFormField(
        label=_("Authority or institution"),
        max_length=255,
        error_messages={"required": _("Please enter the authority or institution.")},
    )
    email = MailboxFormField(
        label=_("Official e-mail address"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    how = forms.ChoiceField(
        label=_("How do they come in?"),
        choices=[
            (RULES, _("By the rules: a code goes to the address, the list of domains decides")),
            (NOW, _("At once, by my decision")),
        ],
        widget=forms.RadioSelect,
        initial=RULES,
    )
    level = forms.ChoiceField(
        label=_("Level of administration"),
        help_text=_("Only for a decision of yours, where the address does not tell it."),
        choices=Level.choices,
        initial=Level.OTHER,
        required=False,
    )
    reason = ParagraphFormField(
        label=_("Why do you let them in?"),
        max_length=500,
        required=False,
        help_text=_("For example: service card shown, switchboard of the authority called back."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    told = forms.BooleanField(
        label=_("I have told the person where the privacy notice stands."),
        error_messages={"required": _("Please tell the person where the privacy notice stands.")},
    )

    def __init__(self, *args: Any, may_admit: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_admit:
            for name in ("how", "level", "reason"):
                del self.fields[name]
            self.fields["email"].required = True

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how", self.RULES) == self.RULES:
            if not given.get("email") and "email" not in self.errors:
                self.add_error("email", _("The rules need an address."))
        elif not given.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Please say why. It is written down."))
        return given

    @property
    def by_decision(self) -> bool:
        return bool(self.cleaned_data.get("how") == self.NOW)


class TelephoneForm(CodeForm, KeyedForm):
    """What the caller types."""

    who = LineFormField(
        label=_("Your name or your e-mail address"),
        max_length=254,
        help_text=_("First and last name, or the address you registered with."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": _("Please enter your name or your address.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(("code", "who", "own_device"))
        self.fields["code"].help_text = _(
            "Six letters and figures that the help desk reads out to you. Small letters and spaces do no harm."
        )
        self.fields["code"].error_messages["required"] = _("Please enter the code.")
