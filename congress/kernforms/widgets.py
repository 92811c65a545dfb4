"""Widgets that Django leaves to us: the browser's own pickers, and choices side by side."""

from typing import Any

from django import forms


class DateInput(forms.DateInput):
    """The browser's date picker. It speaks ISO dates whatever the language of the page."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's time picker; without JavaScript or support it is an ordinary field."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class DateTimeInput(forms.DateTimeInput):
    """The browser's picker for date and time, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class InlineRadioSelect(forms.RadioSelect):
    """A few short choices beside each other, such as yes and no."""
