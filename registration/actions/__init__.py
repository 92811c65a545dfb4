"""Everything that changes registrations. A machine may only admit; every refusal is made by a person."""

from registration.actions.badges import BADGES_AT_ONCE, lock_badge, print_badges
from registration.actions.deciding import admit, reject
from registration.actions.own import cancel, give_evidence
from registration.actions.refusals import (
    AlreadyDecided,
    CannotBeCancelled,
    CodeIsOver,
    CongressIsOver,
    NobodyToPrint,
    NoReason,
    NotInReview,
    NotOpenYet,
    RegistrationClosed,
    TooManyAtOnce,
    TooManyCodes,
    TooSoon,
    WrongCode,
)
from registration.actions.registering import (
    Verified,
    register,
    registration_of_link,
    send_code_again,
    verify,
    verify_by_link,
)
from registration.actions.settings import change_settings

__all__ = [
    "BADGES_AT_ONCE",
    "AlreadyDecided",
    "CannotBeCancelled",
    "CodeIsOver",
    "CongressIsOver",
    "NoReason",
    "NobodyToPrint",
    "NotInReview",
    "NotOpenYet",
    "RegistrationClosed",
    "TooManyAtOnce",
    "TooManyCodes",
    "TooSoon",
    "Verified",
    "WrongCode",
    "admit",
    "cancel",
    "change_settings",
    "give_evidence",
    "lock_badge",
    "print_badges",
    "register",
    "registration_of_link",
    "reject",
    "send_code_again",
    "verify",
    "verify_by_link",
]
