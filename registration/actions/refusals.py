"""Why something is refused, in the words of whoever reads it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from congress.errors import Refused


class NotOpenYet(Refused):
    message = _("Registration has not begun yet.")


class RegistrationClosed(Refused):
    message = _(
        "Registration has closed in the meantime. What you typed is still here; the help desk can help."
    )


class TooManyCodes(Refused):
    message = _(
        "We have sent several codes to this address within the last hour. Please look into the mailbox, "
        "also into the folder for junk mail, or try again later."
    )


class TooSoon(Refused):
    def __init__(self, seconds: int) -> None:
        text = ngettext(
            "We have just sent a code. Please wait %(seconds)d second longer, then we send another one.",
            "We have just sent a code. Please wait %(seconds)d seconds longer, then we send another one.",
            seconds,
        )
        super().__init__(text % {"seconds": seconds})


class WrongCode(Refused):
    message = _("This is not the code from our letter. Please compare it once more.")


class CodeIsOver(Refused):
    message = _("This code is no longer good. Please have a new one sent to you.")


class AlreadyDecided(Refused):
    message = _("Somebody else has already decided about this registration.")


class NoReason(Refused):
    message = _("Please give a reason. The applicant reads it.")


class CannotBeCancelled(Refused):
    message = _("This registration has already ended.")


class CongressIsOver(Refused):
    message = _("The congress is over.")


class NotInReview(Refused):
    message = _("Your registration is no longer in review.")


class NobodyToPrint(Refused):
    message = _("Nobody of these is admitted any more: there is no badge to print.")


class TooManyAtOnce(Refused):
    message = _("So many badges cannot be printed at once. Please choose a letter or a kind.")


class NoQuestion(Refused):
    message = _("Please write what you would like to know. The applicant reads it.")


class AlreadyAsked(Refused):
    message = _("The applicant has already been asked; the case comes back with the answer.")


class NothingAsked(Refused):
    message = _("There is no open question (any more). Thank you for looking.")


class NothingToReopen(Refused):
    message = _("Only a rejected registration can be looked at once more.")


class RegisteredAgain(Refused):
    message = _("This person has registered again in the meantime; please decide about that.")


class AlreadyConfirmed(Refused):
    message = _("This address is confirmed already; a confirmed address is not corrected this way.")


class NotByTelephone(Refused):
    message = _(
        "This account sees personal data or gives rights: no code is read out for it. The person signs in with "
        "password and second factor, or an organiser helps."
    )


class NoWayIn(Refused):
    message = _("There is no admission and no registration that a code could open.")


class WrongTelephoneCode(Refused):
    message = _(
        "Name and code do not belong together, or the ten minutes are over. Please compare both with the help desk."
    )


class MayNotAdmit(Refused):
    message = _("Only organisers may admit somebody without a rule. Please ask one of them.")


class AlreadyRegistered(Refused):
    message = _("This person is registered already.")


class NoAddress(Refused):
    message = _("There is no address to send it to.")


class InvitationIsOver(Refused):
    """`message` says which way: to whoever was given the invitation, that is no secret."""


class NotForThisAddress(Refused):
    message = _(
        "This invitation holds for the address that we sent it to. Please enter that one, or register without it."
    )


class NoSuchInvitation(Refused):
    message = _("We do not know this code. Please compare it once more with our letter.")


class AlreadyRevoked(Refused):
    message = _("This invitation was withdrawn already.")


class FewerThanUsed(Refused):
    message = _("So many have used this invitation already. Please allow at least as many.")


class OnlyThisAddress(Refused):
    """The domain is not one body's alone; the message says why (`registration.cases.no_domain_because`)."""


class NotThisDomain(Refused):
    message = _("The rule must speak about the address of this case.")


class NoLevel(Refused):
    message = _("Please choose a level of administration. Whoever is admitted by a rule needs one.")


class OwnAddress(Refused):
    message = _("This is your own address. Please name a colleague.")


class TooManyColleagues(Refused):
    message = _(
        "You have named three colleagues already. Please wait for their answers, or tell us another way to check."
    )


class LinkIsOver(Refused):
    message = _("This is settled; there is nothing left to do. Thank you.")


class ThreeConfirmed(Refused):
    message = _(
        "You have confirmed three people already. More is not possible, so that nobody is overrun. "
        "Your colleague can name somebody else."
    )


class NoPlaceLeft(Refused):
    message = _(
        "All places are taken. You can add one to their number and give that one, or wait until one is given back."
    )


class TooFewPlaces(Refused):
    def __init__(self, taken: int) -> None:
        text = ngettext(
            "%(taken)d place is taken or offered already. The number cannot be smaller than that.",
            "%(taken)d places are taken or offered already. The number cannot be smaller than that.",
            taken,
        )
        super().__init__(text % {"taken": taken})


class OfferIsOver(Refused):
    message = _("This offer is over. The place has gone to the next on the list.")


class NotOnTheList(Refused):
    message = _("This person is no longer on the waiting list.")


class WayNotOffered(Refused):
    message = _("This congress does not take place in this way.")


class WhileInReview(Refused):
    message = _(
        "Your registration is being checked once more. As soon as that is done, you can change how you take part."
    )


class NothingToHandOver(Refused):
    message = _("There is no place that could be handed over any more.")


class PlaceIsForOthers(Refused):
    message = _(
        "This place is kept for another level of administration or another Land than your colleague's. "
        "The help desk knows what is possible."
    )


class HasAPlace(Refused):
    message = _("Your colleague has a place already.")


class NotAdmitted(Refused):
    message = _("This can be chosen once you have a place at the congress.")


class MayNotDelegate(Refused):
    message = _(
        "Colleagues can be invited by whoever is admitted, or holds the invitation of an authority."
    )


class NobodyToInvite(Refused):
    message = _("There is nobody to invite in this list.")


class NoRoomForSoMany(Refused):
    def __init__(self, left: int) -> None:
        text = ngettext(
            "You can invite %(left)d more colleague. Please shorten the list.",
            "You can invite %(left)d more colleagues. Please shorten the list.",
            left,
        )
        super().__init__(text % {"left": left})


class AlreadyAnswered(Refused):
    message = _("This invitation has been answered, taken back, or its time is over.")


class WrittenJustNow(Refused):
    message = _(
        "We wrote to this mailbox a moment ago, and a letter may take two minutes. Please let them look there, "
        "also under unwanted mail, then press once more."
    )


class NobodyToRemind(Refused):
    message = _(
        "There is nobody to remind: everybody gets one reminder, at the earliest a day after the invitation."
    )


class NoNeeds(Refused):
    message = _("This person has taken back what they need.")


class TooLateToChange(Refused):
    message = _("This can no longer be changed here. The help desk knows what is possible.")


class AsksSomebodyAlready(Refused):
    message = _("You have asked somebody already. Please take that back first.")


class ThatIsYou(Refused):
    message = _("This is you. Please name a colleague.")


class AnswerTheOfferFirst(Refused):
    message = _(
        "There is a place kept for you. Please answer that first; then you can change your data."
    )


class AddressIsTaken(Refused):
    message = _(
        "There is an account with this address already, or a registration of your name. Please log in there, or ask "
        "the help desk."
    )
