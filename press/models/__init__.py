"""What the press stands in the database as: requests for accreditation, releases, material."""

from press.models.accreditations import (
    Accreditation,
    AccreditationQuerySet,
    PressSettings,
    has_passed,
)

__all__ = ["Accreditation", "AccreditationQuerySet", "PressSettings", "has_passed"]
