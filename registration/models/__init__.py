"""What there is: rules about addresses, registrations, and the codes that prove a mailbox."""

from registration.models.registrations import EmailCode, Registration
from registration.models.rules import DomainRule

__all__ = ["DomainRule", "EmailCode", "Registration"]
