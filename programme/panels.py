"""What apps above the programme put on its pages. They enter themselves in `AppConfig.ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse

from congress.panels import Registry

if TYPE_CHECKING:
    from congress.http import EditionRequest
    from programme.models import Session, SpeakersOffice


@dataclass(frozen=True)
class OfficePart:
    """A section of the page of a speakers' office.

    `answer` gives its HTML (or nothing), or the answer to a POST whose field `part` is `key`.
    """

    key: str
    answer: Callable[["EditionRequest", "SpeakersOffice"], str | HttpResponse]


# Each gives rendered HTML for the page of a session, below what it is about, or nothing.
session_panels: Registry[Callable[["EditionRequest", "Session"], str]] = Registry()
office_parts: Registry[OfficePart] = Registry()
