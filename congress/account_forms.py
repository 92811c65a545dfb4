"""allauth's forms where ours differ: addresses in canonical form, and how long a browser stays signed in."""

from allauth.account import forms as stock
from django import forms
from django.utils.translation import gettext_lazy as _

from congress.fields import MailboxFormField


class RequestLoginCodeForm(stock.RequestLoginCodeForm):  # type: ignore[misc]  # allauth ships no types
    # As a class attribute it takes the place of allauth's; `clean_email` works on.
    email = MailboxFormField(
        label=_("E-mail address"),
        help_text=_("The official address you registered with."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Please enter your e-mail address.")},
    )


class ConfirmLoginCodeForm(stock.ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth ships no types
    code = forms.CharField(
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
    own_device = forms.BooleanField(
        label=_("This is my own device"),
        required=False,
        help_text=_("You stay signed in here until the congress ends. Otherwise for a day."),
    )
