"""What people type who invite, and who are invited."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congress import mailbox, text
from congress.fields import LineFormField, MailboxFormField, ParagraphFormField
from congress.kernforms import DateInput
from congress.keyed import KeyedForm
from congress.models import Edition, Level
from congress.models import State as Land
from registration.colleagues import split_name
from registration.models import Invitation

MOST_AT_ONCE = 200


class InvitationCodeForm(forms.Form):
    """The code of a body, beside the form of the registration or alone."""

    use_required_attribute = False

    invitation_code = LineFormField(
        label=_("Invitation code"),
        max_length=60,
        required=False,
        help_text=_("Twelve letters and figures. Small letters, blanks and hyphens do no harm."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "fk-code fk-code--long",
            }
        ),
    )


class TermsForm(KeyedForm):
    """What every invitation says: as what somebody comes, until when, and what the letter says."""

    becomes = forms.ChoiceField(
        label=_("They come as"),
        choices=Invitation.BECOMES,
        widget=forms.RadioSelect,
        initial=Invitation.BECOMES[0][0],
    )
    level = forms.ChoiceField(
        label=_("Level of administration"),
        required=False,
        help_text=_("Without a choice, the address decides; for guests it is “other”."),
    )
    land = forms.ModelChoiceField(
        label=_("Land"), queryset=Land.objects.all(), required=False, empty_label="–"
    )
    last_day = forms.DateField(
        label=_("Good until"),
        help_text=_("Including this day."),
        widget=DateInput(),
        error_messages={"required": _("Please say until when the invitation is good.")},
    )
    outside_the_window = forms.BooleanField(
        label=_("Also before registration opens and after it closes"), required=False
    )
    note = ParagraphFormField(
        label=_("Note"),
        max_length=1000,
        required=False,
        help_text=_("Only organisers read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, edition: Edition, now: datetime, **kwargs: Any) -> None:
        self.edition, self.now = edition, now
        last_day = min(edition.ends_on, edition.local(edition.registration_closes_at).date())
        kwargs["initial"] = {
            "last_day": max(last_day, edition.local(now).date()),
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)
        level: Any = self.fields["level"]
        level.choices = [("", gettext("what the address says")), *Level.choices]

    def clean_last_day(self) -> date:
        return _sensible(self.cleaned_data["last_day"], self.edition, self.now)

    def terms(self) -> dict[str, Any]:
        """For the action."""
        given = dict(self.cleaned_data)
        given["valid_until"] = end_of(given.pop("last_day"), self.edition)
        return given


class LetterForm(TermsForm):
    """The letter that takes the invitation there."""

    language = forms.ChoiceField(
        label=_("Language of the letter"),
        choices=[("de", _("German")), ("en", _("English"))],
        widget=forms.RadioSelect,
        initial="de",
    )
    message = ParagraphFormField(
        label=_("Words of your own in the letter"),
        max_length=2000,
        required=False,
        help_text=_("They stand before the link; the rest of the letter is ready."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reply_to = MailboxFormField(
        label=_("Answers go to"),
        required=False,
        help_text=_("Without an address here, to the help desk of the edition."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class PeopleForm(LetterForm):
    """Personal invitations, one or many at a time."""

    people = ParagraphFormField(
        label=_("Addresses"),
        max_length=20_000,
        help_text=_(
            "One a line, as they come from your mail program: "
            "kim.albers@stadt-musterhausen.example or Kim Albers &lt;kim.albers@stadt-musterhausen.example&gt;. "
            "At most 200 at once."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Please enter at least one address.")},
    )
    uses_max = forms.IntegerField(
        label=_("How many people per address"),
        min_value=1,
        max_value=20,
        initial=1,
        help_text=_("More than one where several people read the mailbox."),
    )
    body = LineFormField(
        label=_("Authority or institution"),
        max_length=255,
        required=False,
        help_text=_("Stands in the form already; can be changed there."),
    )
    field_order = ("people", "becomes", "level", "land", "body", "uses_max", "last_day")

    def clean_people(self) -> list[dict[str, str]]:
        return people_in(self.cleaned_data["people"])


class BodyForm(LetterForm):
    """A code for the people of a body."""

    body = LineFormField(
        label=_("Authority or institution"),
        max_length=255,
        error_messages={"required": _("Please enter the authority or institution.")},
    )
    uses_max = forms.IntegerField(
        label=_("How many people may use the code"),
        min_value=1,
        max_value=Invitation.MOST_USES,
        initial=5,
    )
    email = MailboxFormField(
        label=_("Send the code to"),
        required=False,
        help_text=_("Without an address the code is only shown here, once."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("body", "uses_max", "email", "becomes", "level", "land", "last_day")


class ChangeInvitationForm(forms.Form):
    """What may still be changed about an invitation that is out."""

    use_required_attribute = False

    last_day = forms.DateField(
        label=_("Good until"), help_text=_("Including this day."), widget=DateInput()
    )
    uses_max = forms.IntegerField(
        label=_("How many may use it"), min_value=1, max_value=Invitation.MOST_USES
    )
    outside_the_window = forms.BooleanField(
        label=_("Also before registration opens and after it closes"), required=False
    )
    note = ParagraphFormField(
        label=_("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, invitation: Invitation, now: datetime, **kwargs: Any) -> None:
        self.invitation, self.now = invitation, now
        kwargs["initial"] = {
            "last_day": invitation.last_day,
            "uses_max": invitation.uses_max,
            "outside_the_window": invitation.outside_the_window,
            "note": invitation.note,
        }
        super().__init__(*args, **kwargs)

    def clean_last_day(self) -> date:
        return _sensible(self.cleaned_data["last_day"], self.invitation.edition, self.now)

    def changes(self) -> dict[str, Any]:
        """For the action."""
        given = dict(self.cleaned_data)
        given["valid_until"] = end_of(given.pop("last_day"), self.invitation.edition)
        return given


def end_of(day: date, edition: Edition) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), edition.zone)


def _sensible(day: date, edition: Edition, now: datetime) -> date:
    if day < edition.local(now).date():
        raise ValidationError(_("This day is over."))
    if day > edition.ends_on:
        raise ValidationError(
            _("The congress ends before. Please choose its last day or an earlier one.")
        )
    return day


def people_in(pasted: str) -> list[dict[str, str]]:
    """Addresses as people copy them, each once, with the name beside it. Raises `ValidationError` naming the lines."""
    found: dict[str, dict[str, str]] = {}
    problems = []
    for number, line in enumerate(pasted.splitlines(), start=1):
        for name, address in _pairs(line):
            try:
                email = mailbox.canonical(address)
                first_name, last_name = split_name(text.clean_line(name))
            except ValidationError as error:
                where = gettext("Line %(line)d (%(text)s): %(why)s")
                shown = (address or line.strip())[:80]
                problems.append(
                    where % {"line": number, "text": shown, "why": " ".join(error.messages)}
                )
            else:
                if len(first_name) > 80 or len(last_name) > 80:
                    first_name = last_name = ""
                found.setdefault(
                    email, {"email": email, "first_name": first_name, "last_name": last_name}
                )
    if problems:
        raise ValidationError(problems[:20])
    if not found:
        raise ValidationError(_("Please enter at least one address."))
    if len(found) > MOST_AT_ONCE:
        raise ValidationError(
            gettext("These are %(found)d addresses; at most %(most)d can be invited at once.")
            % {"found": len(found), "most": MOST_AT_ONCE}
        )
    return list(found.values())


def _pairs(line: str) -> list[tuple[str, str]]:
    """Names and addresses of one line; Outlook puts semicolons between them."""
    pairs = []
    for part in line.split(";"):
        if not part.strip():
            continue
        if "<" in part:
            name, _start, rest = part.rpartition("<")
            pairs.append((name.strip(" \t,\"'"), rest.partition(">")[0].strip()))
            continue
        pairs += [("", address) for address in re.split(r"[,\s]+", part.strip()) if address]
    return pairs
