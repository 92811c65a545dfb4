"""What the page of a personal link asks for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from congress.fields import MailboxFormField


class CodeForm(forms.Form):
    """The code that was told beside the link."""

    use_required_attribute = False

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Six digits; whoever gave you the link tells you."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={
            "required": _("Please enter the code."),
            "max_length": _("The code has six digits."),
        },
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())


class SentToForm(forms.Form):
    """The address that the link was sent to: whatever only follows links and presses buttons does not know it."""

    use_required_attribute = False

    mailbox = MailboxFormField(
        label=_("E-mail address that this link was sent to"),
        help_text=_("It protects your link: programs that check mails open it, too."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Please enter the address that this link was sent to.")},
    )
