"""The moments that the demonstration's clock can be turned to by one click."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from congress.kernforms import DateTimeInput


@dataclass(frozen=True)
class Stop:
    """A moment worth seeing, and what is different then."""

    key: str
    at: datetime
    label: str | Promise
    see: str | Promise


STOPS: tuple[Stop, ...] = (
    Stop(
        "before",
        datetime(2021, 1, 4, 8, 0, tzinfo=UTC),
        _("Before registration"),
        _("The congress is announced; nobody can register yet."),
    ),
    Stop(
        "deadline",
        datetime(2021, 3, 16, 11, 55, tzinfo=UTC),
        _("Five minutes before the deadline"),
        _("The press can ask for accreditation until 13:00."),
    ),
    Stop(
        "opening",
        datetime(2021, 3, 17, 12, 30, tzinfo=UTC),
        _("The congress opens"),
        _("The first day begins in the Plenum."),
    ),
    Stop(
        "live",
        datetime(2021, 3, 18, 9, 0, tzinfo=UTC),
        _("In the middle of it"),
        _("Somebody is speaking on each of the three stages."),
    ),
    Stop(
        "after",
        datetime(2021, 3, 25, 9, 0, tzinfo=UTC),
        _("The week after"),
        _("The congress is over; links and stages are closed."),
    ),
)


class MomentForm(forms.Form):
    moment = forms.DateTimeField(
        label=_("Another moment"),
        widget=DateTimeInput,
        help_text=_("Date and time in Germany, from 2020 to 2022."),
        error_messages={"invalid": _("Please enter a date and a time.")},
    )

    def clean_moment(self) -> datetime:
        moment: datetime = self.cleaned_data["moment"]
        if not 2020 <= moment.year <= 2022:
            raise forms.ValidationError(_("Please choose a moment from 2020 to 2022."))
        return moment
