"""What the press office types: releases, when they appear, and files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from congress import uploads
from congress.fields import LineFormField, ParagraphFormField
from congress.kernforms import DateTimeInput, InlineRadioSelect
from congress.keyed import KeyedForm
from press.models import PressRelease

NOW, LATER = "now", "later"


class ReleaseForm(KeyedForm):
    """The text. `version` is the one somebody began with."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("de", _("German")), ("en", _("English"))],
        initial="de",
        widget=InlineRadioSelect,
    )
    title = LineFormField(
        label=_("Title"),
        max_length=200,
        error_messages={"required": _("Please give the release a title.")},
    )
    teaser = ParagraphFormField(
        label=_("Teaser"),
        max_length=600,
        required=False,
        help_text=_("One or two sentences; they stand in lists and in the mail."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    body = ParagraphFormField(
        label=_("Text"),
        max_length=20_000,
        required=False,
        help_text=_(
            "Markdown: ## heading, **bold**, - list, [text](https://…). The preview shows how it looks."
        ),
        widget=forms.Textarea(attrs={"rows": 16}),
    )
    elsewhere = forms.URLField(
        label=_("Stands elsewhere"),
        max_length=400,
        required=False,
        assume_scheme="https",
        help_text=_("The address at the Land’s own media service, if the release stands there."),
        error_messages={"invalid": _("Please enter a whole address: https://…")},
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    contact = ParagraphFormField(
        label=_("Contact for questions"),
        max_length=400,
        required=False,
        help_text=_("Name, telephone, mailbox. Empty: the press office of the edition."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_version(self) -> int:
        return self.cleaned_data["version"] or 0

    def text(self) -> dict[str, Any]:
        """For the actions: what the release says."""
        return {
            name: self.cleaned_data[name]
            for name in ("language", "title", "teaser", "body", "elsewhere", "contact")
        }

    @classmethod
    def of(cls, release: PressRelease, data: Any = None) -> ReleaseForm:
        names = ("language", "title", "teaser", "body", "elsewhere", "contact", "version")
        return cls(data, initial={name: getattr(release, name) for name in names})


class PublishForm(forms.Form):
    """When a release appears, and until when nobody may use it."""

    use_required_attribute = False

    when = forms.ChoiceField(
        label=_("It appears"),
        choices=[(NOW, _("at once")), (LATER, _("at this moment:"))],
        initial=NOW,
        widget=InlineRadioSelect,
        error_messages={"required": _("Please choose when it appears.")},
    )
    at = forms.DateTimeField(
        label=_("Moment"), required=False, widget=DateTimeInput(), help_text=_("Time in Germany.")
    )
    embargo_until = forms.DateTimeField(
        label=_("Embargo until"),
        required=False,
        widget=DateTimeInput(),
        help_text=_("Until then only accredited journalists see it, marked as under embargo."),
    )
    by_mail = forms.BooleanField(
        label=_("Also by mail to accredited journalists who asked for it"), required=False
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("when") == LATER and not given.get("at") and "at" not in self.errors:
            self.add_error("at", _("Please say when it appears."))
        return given

    def moment(self) -> datetime | None:
        """None: at once."""
        at: datetime | None = self.cleaned_data["at"]
        return at if self.cleaned_data["when"] == LATER else None

    @classmethod
    def of(cls, release: PressRelease, data: Any = None) -> PublishForm:
        out = release.published_at is not None
        return cls(
            data,
            initial={
                "when": LATER if out else NOW,
                "at": release.published_at,
                "embargo_until": release.embargo_until,
                "by_mail": release.by_mail,
            },
        )


class FileForm(KeyedForm):
    """A picture or paper; what a picture needs is judged together with the file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("JPEG, PNG or PDF, at most 20 megabytes."),
        widget=forms.ClearableFileInput(attrs={"accept": ".jpg,.jpeg,.png,.pdf"}),
        error_messages={
            "required": _("Please choose a file."),
            "empty": _("This file is empty. Please choose another one."),
        },
    )
    title = LineFormField(
        label=_("Title"),
        max_length=120,
        error_messages={"required": _("Please give the file a title.")},
    )
    description = LineFormField(
        label=_("What the picture shows"),
        max_length=300,
        required=False,
        help_text=_("For people who do not see it. Only for pictures."),
    )
    caption = ParagraphFormField(
        label=_("Caption"),
        max_length=600,
        required=False,
        help_text=_("The line that newspapers print below a picture."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    credit = LineFormField(
        label=_("Credit"),
        max_length=160,
        required=False,
        help_text=_("Whose picture it is: Foto: Name/Haus."),
    )
    terms = LineFormField(
        label=_("Terms of use"),
        max_length=300,
        required=False,
        help_text=_("For example: free of charge for reports about the congress, with the credit."),
    )
    embargo_until = forms.DateTimeField(
        label=_("Embargo until"), required=False, widget=DateTimeInput()
    )

    MOST_BYTES, MOST_PIXELS = 20_000_000, 60_000_000

    def __init__(self, *args: Any, of_release: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of_release:
            del self.fields["embargo_until"]  # it shares the release's

    def clean_file(self) -> uploads.Brought:
        try:
            return uploads.take(
                self.cleaned_data["file"], most_bytes=self.MOST_BYTES, most_pixels=self.MOST_PIXELS
            )
        except uploads.NotTaken as refusal:
            raise forms.ValidationError(str(refusal.message)) from refusal

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        brought = given.get("file")
        if brought is not None and brought.is_picture:
            for name, sentence in (
                ("description", _("Please say in a sentence what the picture shows.")),
                ("credit", _("Please say whose picture it is.")),
            ):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, sentence)
        return given

    def about(self) -> dict[str, Any]:
        """For the action: what is said of the file."""
        names = ("title", "description", "caption", "credit", "terms", "embargo_until")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
