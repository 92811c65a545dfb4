"""What there is: rules about addresses, registrations, codes by mail and telephone, reviews, settings of an edition."""

from registration.models.desk import TelephoneCode
from registration.models.registrations import EmailCode, Registration
from registration.models.reviewing import (
    ColleagueConfirmation,
    ReviewClaim,
    ReviewQuestion,
    ReviewText,
)
from registration.models.rules import DomainRule, RuleTable
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
    "RuleTable",
    "TelephoneCode",
]
