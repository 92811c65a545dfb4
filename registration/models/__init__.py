"""What there is: rules about addresses, registrations, the codes that prove a mailbox, settings of an edition."""

from registration.models.registrations import EmailCode, Registration
from registration.models.rules import DomainRule
from registration.models.settings import RegistrationSettings

__all__ = ["DomainRule", "EmailCode", "Registration", "RegistrationSettings"]
