"""What there is: rules about addresses, registrations, codes that prove a mailbox, reviews, settings of an edition."""

from registration.models.registrations import EmailCode, Registration
from registration.models.reviewing import (
    ColleagueConfirmation,
    ReviewClaim,
    ReviewQuestion,
    ReviewText,
)
from registration.models.rules import DomainRule
from registration.models.settings import RegistrationSettings

__all__ = [
    "ColleagueConfirmation",
    "DomainRule",
    "EmailCode",
    "Registration",
    "RegistrationSettings",
    "ReviewClaim",
    "ReviewQuestion",
    "ReviewText",
]
