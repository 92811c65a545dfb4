"""What the page of a personal link asks for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from congress.fields import MailboxFormField


class SentToForm(forms.Form):
    """The address that the link was sent to: whatever only follows links and presses buttons does not know it."""

    use_required_attribute = False

    mailbox = MailboxFormField(
        label=_("E-mail address that this link was sent to"),
        help_text=_("It protects your link: programs that check mails open it, too."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Please enter the address that this link was sent to.")},
    )
