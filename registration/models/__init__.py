"""What there is: rules about addresses, registrations, reviews, invitations, places, what is asked, settings."""

from registration.models.asked import Consent, Draft, Needs, Participation
from registration.models.check_in import CheckIn
from registration.models.delegations import Delegate, Delegation, Substitution
from registration.models.desk import TelephoneCode
from registration.models.invitations import Invitation
from registration.models.places import Contingent, Place
from registration.models.registrations import AddressChange, EmailCode, Registration, Way
from registration.models.reviewing import (
    ColleagueConfirmation,
    ReviewClaim,
    ReviewQuestion,
    ReviewText,
)
from registration.models.rules import DomainRule, RuleTable
from registration.models.settings import RegistrationSettings

__all__ = [
    "AddressChange",
    "CheckIn",
    "ColleagueConfirmation",
    "Consent",
    "Contingent",
    "Delegate",
    "Delegation",
    "DomainRule",
    "Draft",
    "EmailCode",
    "Invitation",
    "Needs",
    "Participation",
    "Place",
    "Registration",
    "RegistrationSettings",
    "ReviewClaim",
    "ReviewQuestion",
    "ReviewText",
    "RuleTable",
    "Substitution",
    "TelephoneCode",
    "Way",
]
