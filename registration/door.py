"""What the people at the door are told: one sentence to be read from two steps away, and a line below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from congress.models import Admission, Edition
from congress.templatetags.kern import at_clock, short_day
from registration.actions import Outcome, Passage

GOOD, CAREFUL, STOP = "good", "careful", "stop"


@dataclass(frozen=True)
class Told:
    """`tone` is the colour and the sound; what it means stands in the words."""

    tone: str
    sentence: str
    text: str

    def as_data(self) -> dict[str, Any]:
        return {"tone": self.tone, "sentence": self.sentence, "text": self.text}


def told(passage: Passage, edition: Edition) -> Told:
    admission, since = passage.admission, passage.since
    if admission is None:
        return _nobody(passage.outcome)
    name = {"name": admission.person.display_name}
    clock = {"clock": at_clock(since)} if since is not None else {}
    match passage.outcome:
        case Outcome.WELCOME:
            return Told(
                GOOD, _("Welcome, %(name)s") % name, _who(admission, _("not yet here today"))
            )
        case Outcome.BACK:
            text = _("out since %(clock)s") % clock if clock else ""
            return Told(GOOD, _("Welcome back, %(name)s") % name, _who(admission, text))
        case Outcome.ALREADY_IN:
            sentence = _("%(name)s has been here since %(clock)s") % (name | clock)
            return Told(CAREFUL, sentence, _who(admission, _("already counted")))
        case Outcome.GOODBYE:
            text = _("was here since %(clock)s") % clock if clock else ""
            return Told(GOOD, _("Goodbye, %(name)s") % name, _who(admission, text))
        case Outcome.ALREADY_OUT:
            sentence = _("%(name)s went out at %(clock)s") % (name | clock)
            return Told(CAREFUL, sentence, _who(admission, _("already counted")))
        case Outcome.NEVER_IN:
            sentence = _("%(name)s was not counted as here") % name
            return Told(CAREFUL, sentence, _who(admission, _("nothing was changed")))
        case Outcome.LOCKED:
            text = _(
                "This badge or ticket is locked. Perhaps there is a new one: please to the help desk."
            )
            return Told(STOP, _("Locked: %(name)s") % name, text)
        case Outcome.TOO_LATE:
            text = _("The scan is of %(day)s, %(clock)s. It came too late to be counted.") % {
                "day": short_day(passage.at),
                "clock": at_clock(passage.at),
            }
            return Told(STOP, _("Not counted: %(name)s") % name, text)
        case _:
            text = _("The admission has ended. Please to the help desk.")
            return Told(STOP, _("Not admitted: %(name)s") % name, _who(admission, text))


def _nobody(outcome: Outcome) -> Told:
    if outcome == Outcome.ELSEWHERE:
        text = _("The badge belongs to another edition. Please to the help desk.")
        return Told(STOP, _("Not from this congress"), text)
    text = _("We do not know this code. Please look for the name, or to the help desk.")
    return Told(STOP, _("Unknown code"), text)


def _who(admission: Admission, text: str) -> str:
    parts = (str(admission.get_kind_display()), admission.person.body, text)
    return " · ".join(filter(None, parts))


def words() -> dict[str, str]:
    """What `check-in.js` says by itself, in the language of the page."""
    return {
        "ready": _("Ready"),
        "ready_text": _("Hold a code to the scanner."),
        "remembered": _("Noted, will be delivered"),
        "remembered_known": _("Noted: is on the list"),
        "remembered_unknown": _("Noted: is not on our list"),
        "known_text": _("%s · the network is away, so we cannot say the name."),
        "unknown_text": _(
            "The network is away. The badge may be new: please to the help desk, or let in by name."
        ),
        "text": _(
            "The network is away, so we cannot say the name. Let in by what the badge shows."
        ),
        "twice": _("Scanned here already at %s"),
        "twice_text": _("On this device, while the network is away."),
        "waiting_one": _("No network: one scan is noted and will be delivered by itself."),
        "waiting": _("No network: %s scans are noted and will be delivered by themselves."),
        "away": _("No network. Go on scanning: it is noted and delivered later."),
        "settling": _("The network is back: %s scans are being delivered."),
        "settled": _("Everything noted has been delivered."),
        "signed_out": _(
            "You are signed out. Please sign in again in a new tab; %s scans are kept here."
        ),
        "not_kept": _(
            "This browser keeps nothing: do not close this page while scans are waiting."
        ),
        "sound_on": _("Sound on"),
        "sound_off": _("Sound off"),
        "camera": _("Use the camera"),
        "camera_stop": _("Stop the camera"),
        "camera_refused": _(
            "The camera cannot be used. Please allow it for this page, or use a hand scanner."
        ),
        "kind_attendee": str(Admission.Kind.ATTENDEE.label),
        "kind_press": str(Admission.Kind.PRESS.label),
        "kind_speaker": str(Admission.Kind.SPEAKER.label),
        "kind_staff": str(Admission.Kind.STAFF.label),
        "refused": _("This could not be counted. Please reload the page."),
    }
