"""Every form of the suite in KERN's markup, through Django's own form renderer."""

from congress.kernforms.renderer import KernBoundField, KernRenderer
from congress.kernforms.widgets import DateInput, DateTimeInput, InlineRadioSelect, TimeInput

__all__ = [
    "DateInput",
    "DateTimeInput",
    "InlineRadioSelect",
    "KernBoundField",
    "KernRenderer",
    "TimeInput",
]
