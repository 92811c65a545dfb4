"""What people type: applicants when they register, organisers when they decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from congress import mailbox, tables
from congress.fields import LineFormField, MailboxFormField, ParagraphFormField
from congress.kernforms import DateInput, TimeInput
from congress.keyed import KeyedForm
from congress.models import Edition, Level
from congress.models import State as Land
from congress.outputs import header_text
from registration.models import DomainRule, RegistrationSettings, Way


class RegistrationForm(KeyedForm):
    """One page, five required fields. No name is refused for what it looks like."""

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
    way = forms.ChoiceField(
        label=_("How do you take part?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose how you take part."),
            "invalid_choice": _("Please choose how you take part."),
        },
    )
    privacy = forms.BooleanField(
        label=_("I have read the privacy notice."),
        error_messages={"required": _("Please confirm that you have read the privacy notice.")},
    )

    def __init__(
        self, *args: Any, edition: Edition, full: Collection[str] = (), **kwargs: Any
    ) -> None:
        """`full`: ways in which whoever registers now goes to the waiting list."""
        super().__init__(*args, **kwargs)
        ways = Way.offered_by(edition)
        self.full = {way.value for way in ways} & {*full}
        if len(ways) == 1:
            del self.fields["way"]
        else:
            waits = gettext("%(way)s (fully booked: waiting list)")
            self.fields["way"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
                (way.value, waits % {"way": way.label} if way in self.full else way.label)
                for way in ways
            ]
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
    """What a person needs who checks by hand: the authority, and one way at least to check it."""

    use_required_attribute = False

    authority = LineFormField(
        label=_("Which authority do you work for?"),
        max_length=255,
        help_text=_("Name and place, as they stand on your letterhead."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Please name the authority you work for.")},
    )
    switchboard = LineFormField(
        label=_("Number of your switchboard"),
        max_length=60,
        required=False,
        help_text=_("We ring up and ask for you. No mobile number, please."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    evidence_page = LineFormField(
        label=_("A page of your authority that names you or your address"),
        max_length=500,
        required=False,
        help_text=_("For example: www.gemeinde-musterhausen.example/kontakt"),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    colleague_email = MailboxFormField(
        label=_("A colleague who is registered already"),
        required=False,
        help_text=_(
            "The official e-mail address. If we can, we ask there whether you know each other; what is answered "
            "only those read who check registrations."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    how_to_check = ParagraphFormField(
        label=_("Another way, or something we should know"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    WAYS = ("switchboard", "evidence_page", "colleague_email", "how_to_check")

    def clean_switchboard(self) -> str:
        number: str = self.cleaned_data["switchboard"]
        if number and sum(letter.isdigit() for letter in number) < FEWEST_DIGITS:
            raise forms.ValidationError(_("Please enter a telephone number, with the area code."))
        return number

    def clean_evidence_page(self) -> str:
        """With its scheme; only what a browser opens as a page, and nothing is fetched by us."""
        given: str = self.cleaned_data["evidence_page"]
        return web_address(given) if given else ""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not any(given.get(name) or name in self.errors for name in self.WAYS):
            self.add_error(
                None,
                _(
                    "Please tell us one way to check: a number, a page, a colleague, or another one."
                ),
            )
        return given


FEWEST_DIGITS = 5


def web_address(given: str) -> str:
    """An address of a page as people type it, with its scheme. Raises `ValidationError`."""
    wrong = forms.ValidationError(
        _("Please enter the address of a page, as your browser shows it.")
    )
    scheme, separator, rest = given.partition("://")
    if separator:
        if scheme.lower() not in ("http", "https"):
            raise wrong
    else:
        scheme, rest = "https", given
    if any(letter.isspace() for letter in given) or "@" in rest.partition("/")[0]:
        raise wrong
    try:
        parts = urlsplit(f"{scheme.lower()}://{rest}")
        host = mailbox.canonical_host(parts.hostname or "")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, forms.ValidationError) as error:
        raise wrong from error
    return parts._replace(netloc=f"{host}{port}").geturl()


class AnswerForm(forms.Form):
    """The answer to a question about one's registration."""

    use_required_attribute = False

    text = ParagraphFormField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write an answer.")},
    )


class LevelForm(forms.Form):
    """Where one belongs, if the registry is wrong about it."""

    use_required_attribute = False

    level = forms.ChoiceField(label=_("Level of administration"), choices=Level.choices)
    land = forms.ModelChoiceField(
        Land.objects.order_by("name"),
        label=_("Land"),
        required=False,
        help_text=_("Empty: federal, or several Länder."),
    )


class AllowForm(LevelForm):
    """What becomes a rule of the registry."""

    body = LineFormField(label=_("Body"), max_length=200, required=False)
    remark = LineFormField(
        label=_("Note"),
        max_length=300,
        required=False,
        help_text=_("How you checked it, for those who look at the rule next year."),
    )
    field_order: tuple[str, ...] = ("body", "level", "land", "remark")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [("", _("Please choose")), *DomainRule.LEVELS]  # type: ignore[attr-defined]  # a choice field
        self.fields["level"].error_messages["required"] = _(
            "Please choose a level of administration. Whoever is admitted by a rule needs one."
        )


class AllowDomainForm(AllowForm):
    domain = forms.ChoiceField(label=_("Domain"), widget=forms.RadioSelect)
    match = forms.ChoiceField(
        label=_("The rule holds for"),
        choices=[
            (DomainRule.Match.SUFFIX, _("the domain and everything below it")),
            (DomainRule.Match.EXACT, _("only exactly this host")),
            (DomainRule.Match.SUBDOMAIN, _("only what is below the domain")),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ("domain", "match", "body", "level", "land", "remark")

    def __init__(self, *args: Any, domains: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["domain"].choices = [(domain, domain) for domain in domains]  # type: ignore[attr-defined]  # a choice field
        if len(domains) == 1:
            # Nothing lies above the host: a rule for what is below it would not speak about this case.
            self.fields["match"].choices = self.fields["match"].choices[:2]  # type: ignore[attr-defined]  # the same


class QuestionForm(forms.Form):
    """What the applicant is asked, and how long the case waits for the answer."""

    use_required_attribute = False

    text = ParagraphFormField(
        label=_("Question"),
        max_length=2000,
        help_text=_("The applicant reads these words in the letter and on the page."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("Please write what you would like to know. The applicant reads it.")
        },
    )
    days = forms.IntegerField(
        label=_("Without an answer the case comes back after so many working days"),
        min_value=1,
        max_value=30,
        initial=5,
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
        (
            _("What is asked of people who are in"),
            _("They answer on their own page, whenever they like. The registration stays short."),
            ["asks_days", "asks_needs", "asks_photographs", "asks_attendee_list"],
        ),
        (
            _("What people change themselves"),
            "",
            ["changes_until", "hand_over_until"],
        ),
        (_("Waiting list"), "", ["offer_hours"]),
        (
            _("On the day"),
            "",
            ["venue_address", "entrance", "doors_open_at", "desk_may_admit"],
        ),
    ]

    class Meta:
        model = RegistrationSettings
        fields = (
            "review_days",
            *RegistrationSettings.GROUPS.values(),
            "asks_days",
            "asks_needs",
            "asks_photographs",
            "asks_attendee_list",
            "changes_until",
            "hand_over_until",
            "offer_hours",
            "venue_address",
            "entrance",
            "doors_open_at",
            "desk_may_admit",
        )
        widgets: ClassVar[dict[str, Any]] = {
            **dict.fromkeys(RegistrationSettings.GROUPS.values(), forms.RadioSelect),
            "changes_until": DateInput(),
            "hand_over_until": DateInput(),
            "doors_open_at": TimeInput(),
        }

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
