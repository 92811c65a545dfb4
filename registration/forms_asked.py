"""What people who are in are asked further: one form in folded parts, each only where the edition asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from congress.fields import ParagraphFormField
from congress.templatetags import kern
from registration import consents
from registration.models import Consent, Needs, Registration, RegistrationSettings, Way

CONSENT = "consent_"
_NEEDS = (*Needs.TICKED, "diet", "text")
_LONGEST_IN_A_DRAFT = 2_000  # a little more than a field takes: what is too long is told, not lost


@dataclass(frozen=True)
class Part:
    """One folded part of the form. `is_said`: something stands in it already."""

    key: str
    title: Any
    about: Any
    fields: list[Any]
    is_open: bool
    is_said: bool


class MoreForm(forms.Form):
    use_required_attribute = False

    days = forms.MultipleChoiceField(
        label=_("I come on"), required=False, widget=forms.CheckboxSelectMultiple
    )
    needs_consent = forms.BooleanField(
        label=consents.NEEDS.label, help_text=consents.NEEDS.text, required=False
    )
    diet = forms.ChoiceField(
        label=_("Meals"), required=False, choices=[("", _("no wish")), *Needs.Diet.choices]
    )
    text = ParagraphFormField(
        label=_("Something else that you need"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, registration: Registration, settings: RegistrationSettings, **kwargs: Any
    ) -> None:
        """`registration` comes with its answers (`queries.with_answers`)."""
        self.registration, self.settings = registration, settings
        saved = _saved(registration)
        draft = _draft_of(registration)
        kwargs["initial"] = {**saved, **(draft or {})}
        super().__init__(*args, **kwargs)
        self.said = saved
        on_site = registration.way == Way.ONSITE
        for name in Needs.TICKED:
            label = _capitalised(Needs.label_of(name))
            self.fields[name] = forms.BooleanField(label=label, required=False)
        for kind in consents.asked(settings):
            words = consents.current(kind)
            self.fields[CONSENT + kind] = forms.BooleanField(
                label=words.label, help_text=words.text, required=False
            )
        days: Any = self.fields["days"]
        days.choices = [(day.isoformat(), kern.weekday(day)) for day in registration.edition.days]
        self.asks_days = settings.asks_days and on_site and len(days.choices) > 1
        if not self.asks_days:
            del self.fields["days"]
        if not on_site:  # there is no building and no meal
            for name in ("wheelchair", "hearing_loop", "assistant", "diet"):
                del self.fields[name]
        if not settings.asks_needs:
            for name in ("needs_consent", *_NEEDS):
                self.fields.pop(name, None)

    @property
    def asks_something(self) -> bool:
        return bool(self.fields)

    def parts(self) -> list[Part]:
        consented = [name for name in self.fields if name.startswith(CONSENT)]
        given = [
            ("tage", _("Your days"), _("So that we can plan rooms and meals."), ["days"]),
            (
                "bedarf",
                _("What you need to take part"),
                _("Accessibility, meals. First your consent: before it nothing of this is kept."),
                ["needs_consent", *_NEEDS],
            ),
            ("einwilligungen", _("Your consents"), _("Each one as you like."), consented),
        ]
        return [
            Part(
                key,
                title,
                about,
                [self[name] for name in names if name in self.fields],
                is_open=any(name in self.errors for name in names) if self.is_bound else False,
                is_said=any(self.said.get(name) for name in names),
            )
            for key, title, about, names in given
            if any(name in self.fields for name in names)
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        needed = any(given.get(name) for name in _NEEDS)
        if needed and not given.get("needs_consent") and "needs_consent" in self.fields:
            self.add_error(
                "needs_consent",
                _("Please consent to what you need being kept, or leave these fields empty."),
            )
        return given

    def answers(self) -> dict[str, Any]:
        """For the action."""
        given = self.cleaned_data
        needs = {name: given[name] for name in _NEEDS if name in self.fields}
        return {
            "days": [date.fromisoformat(day) for day in given["days"]] if self.asks_days else None,
            "needs": needs if any(needs.values()) and given["needs_consent"] else None,
            "agrees_to": [kind for kind in Consent.Kind.values if given.get(CONSENT + kind)],
        }

    def typed(self, posted: MultiValueDict[str, str]) -> dict[str, Any]:
        """What of it may be kept as a draft: what is asked, and needs only where the consent is ticked."""
        consented = bool(posted.get("needs_consent"))
        values: dict[str, Any] = {}
        for name, field in self.fields.items():
            if name in _NEEDS and not consented:
                continue
            if isinstance(field, forms.BooleanField):
                values[name] = bool(posted.get(name))
            elif isinstance(field, forms.MultipleChoiceField):
                known = [day.isoformat() for day in self.registration.edition.days]
                values[name] = [day for day in known if day in posted.getlist(name)]
            else:
                values[name] = posted.get(name, "")[:_LONGEST_IN_A_DRAFT].replace("\0", "")
        return values


def _saved(registration: Registration) -> dict[str, Any]:
    participation = getattr(registration, "participation", None)
    needs: Needs | None = getattr(registration, "needs", None)
    values: dict[str, Any] = {
        "days": [day.isoformat() for day in participation.days] if participation else [],
        "needs_consent": needs is not None,
    }
    if needs is not None:
        values |= {name: getattr(needs, name) for name in _NEEDS}
    for agreed in getattr(registration, "agreed", ()):
        kind, _colon, version = agreed.partition(":")
        # Who agreed to earlier words is asked for the words of today.
        if version == consents.current(kind).version:
            values[CONSENT + kind] = True
    return values


def _draft_of(registration: Registration) -> Mapping[str, Any] | None:
    draft = getattr(registration, "draft", None)
    return draft.values if draft is not None else None


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
