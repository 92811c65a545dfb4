"""What the press stands in the database as: requests for accreditation, releases, material."""

from press.models.accreditations import (
    Accreditation,
    AccreditationQuerySet,
    Assignment,
    LinkRequest,
    PressQuestion,
    PressSettings,
    has_passed,
)
from press.models.releases import PressFile, PressFileQuerySet, PressRelease, PressReleaseQuerySet

__all__ = [
    "Accreditation",
    "AccreditationQuerySet",
    "Assignment",
    "LinkRequest",
    "PressFile",
    "PressFileQuerySet",
    "PressQuestion",
    "PressRelease",
    "PressReleaseQuerySet",
    "PressSettings",
    "has_passed",
]
