"""What people consent to, in which words. Whoever changes words gives them a new version and keeps the old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from registration.models import Consent, RegistrationSettings


@dataclass(frozen=True)
class Words:
    version: str
    label: Any
    text: Any


# The last of each is what is asked now; earlier ones stay, so that it can be shown what somebody agreed to.
WORDS: dict[str, tuple[Words, ...]] = {
    Consent.Kind.PHOTOGRAPHS: (
        Words(
            "2026-1",
            _("I may be recognisable in photographs of the congress"),
            _(
                "The host and FITKO may publish them in their reports about the congress. Voluntary; you can take it "
                "back here at any time, for what is published from then on."
            ),
        ),
    ),
    Consent.Kind.ATTENDEE_LIST: (
        Words(
            "2026-1",
            _("My name and authority may stand in the list of attendees"),
            _(
                "Other attendees get the list. Voluntary; you can take it back here at any time, for every list that "
                "is made from then on."
            ),
        ),
    ),
}
NEEDS_WORDS = (
    Words(
        "2026-1",
        _("I consent that what I need is kept and read by the organisers who arrange it"),
        _(
            "Some of it says something about health (Art. 9(2)(a) GDPR). Voluntary; only the organisers of this "
            "congress read it, it is erased 14 days after the congress, and at once when you take your consent back "
            "here."
        ),
    ),
    # Fewer read it than before: whoever agreed to the earlier words need not be asked again.
    Words(
        "2026-2",
        _("I consent that what I need is kept and read by those who arrange it"),
        _(
            "Some of it says something about health (Art. 9(2)(a) GDPR). Voluntary; only the few organisers who "
            "arrange it read it, and each time is noted. It is erased 14 days after the congress, and at once when "
            "you take your consent back here."
        ),
    ),
)
NEEDS = NEEDS_WORDS[-1]
# Which switch of the edition asks for which consent.
_SWITCHES = {
    Consent.Kind.PHOTOGRAPHS: "asks_photographs",
    Consent.Kind.ATTENDEE_LIST: "asks_attendee_list",
}


def current(kind: str) -> Words:
    return WORDS[kind][-1]


def asked(settings: RegistrationSettings) -> list[str]:
    """The consents that this edition asks for."""
    return [kind for kind, switch in _SWITCHES.items() if getattr(settings, switch)]
