"""What people tick and type about places: what there is besides taking part, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congress.templatetags import kern
from registration.place_queries import Item


class ItemsForm(forms.Form):
    """What one has or waits for besides taking part: a box for each that has not begun."""

    use_required_attribute = False

    def __init__(self, *args: Any, items: Sequence[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in items:
            if not item.is_over:
                self.fields[f"item_{item.contingent.pk}"] = forms.BooleanField(
                    label=item.contingent.title,
                    required=False,
                    initial=item.place is not None,
                    help_text=_about(item),
                )

    def wanted(self) -> list[int]:
        return [
            int(name.removeprefix("item_")) for name, ticked in self.cleaned_data.items() if ticked
        ]


def _about(item: Item) -> str:
    """When it is, what it is, and how one stands to it."""
    contingent, place = item.contingent, item.place
    parts = []
    if contingent.starts_at is not None:
        parts.append(kern.moment(contingent.starts_at))
    if place is None:
        parts.append(
            contingent.standing if contingent.is_open else gettext("fully booked: waiting list")
        )
    elif place.is_taken:
        parts.append(gettext("booked"))
    elif place.is_offered:
        parts.append(
            gettext("a place is kept for you until %(moment)s")
            % {"moment": kern.moment(place.offered_until)}
        )
    else:
        parts.append(gettext("number %(position)d on the waiting list") % {"position": place.rank})
    return " · ".join(parts) + (f". {contingent.description}" if contingent.description else "")


class NumberOfPlacesForm(forms.Form):
    use_required_attribute = False

    places = forms.IntegerField(
        label=_("Number of places"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=_("Empty: without limit. New places are offered to those who wait, at once."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": _("Please enter a number."),
            "min_value": _("Please enter a number from 0 on."),
            "max_value": _("Please enter a number up to 100,000."),
        },
    )
