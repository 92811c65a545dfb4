"""What the registration enters in the registries of the congress."""

from datetime import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congress import panels, permissions
from congress.http import EditionRequest
from congress.models import Admission, Edition, Role, User
from congress.templatetags import kern
from registration import (
    actions,
    cases,
    demo,
    demo_asked,
    demo_delegation,
    demo_desk,
    demo_inviting,
    demo_places,
    demo_registry,
    demo_standing_in,
    desk,
    desk_door,
    desk_invited,
    place_queries,
    queries,
    registry,
    reviewing_texts,
)
from registration import erasing as erasing  # enters its own steps
from registration.models import Contingent, Registration, RegistrationSettings


def _address(name: str, request: EditionRequest) -> str:
    return reverse(name, kwargs={"edition": request.edition.slug})


def register_now(request: EditionRequest) -> panels.MainButton | None:
    """For whoever is not yet in, while registration is open."""
    if not request.edition.takes_registrations(request.now):
        return None
    if request.access.admission is not None or request.access.has_role:
        return None
    until = date_format(request.edition.local(request.edition.registration_closes_at), "j. F")
    return panels.MainButton(
        label=_("Register now"),
        url=_address("register", request),
        hint=gettext("Until %(day)s, free of charge and without a password") % {"day": until},
    )


def to_my_registration(request: EditionRequest) -> panels.MainButton | None:
    """For applicants, and for whoever is in before the congress begins."""
    if not isinstance(request.user, User) or request.access.has_role:
        return None
    if request.now >= request.edition.ends_at:
        return None
    own = queries.registration_of(request.user, request.edition)
    if own is None or not (own.is_active or own.state == Registration.State.REJECTED):
        return None
    label = _("Accept the place") if own.state == own.State.OFFERED else _("My registration")
    url = _address("my_registration", request)
    return panels.MainButton(label=label, url=url, hint=_hint(own, request.now))


def _hint(own: Registration, now: datetime) -> str:
    """What there is to know at a glance."""
    if own.state == own.State.IN_REVIEW:
        checked = RegistrationSettings.objects.of(own.edition).checked(own.edition, now)
        return gettext("Your registration is being checked, %(when)s.") % {"when": checked}
    if own.state not in (own.State.WAITLISTED, own.State.OFFERED):
        return ""
    place = place_queries.place_to_take_part(own)
    if place is None:
        return ""
    if place.is_offered:
        return gettext("We keep it for you until %(moment)s.") % {
            "moment": kern.moment(place.offered_until)
        }
    return gettext("You are number %(position)s on the waiting list.") % {"position": place.rank}


def _may_register(request: EditionRequest) -> bool:
    return not request.user.is_authenticated and request.edition.takes_registrations(request.now)


def _may_have_registered(request: EditionRequest) -> bool:
    """Without a query of its own: roles and admission are asked for on every page anyway."""
    if not request.user.is_authenticated or request.access.has_role:
        return False
    admission = request.access.admission
    return admission is None or admission.kind == Admission.Kind.ATTENDEE


def _to_decide(edition: Edition, user: User) -> int:
    return Registration.objects.of_edition(edition).to_do(edition.now()).count()


def _overdue(edition: Edition, user: User) -> int:
    return cases.overdue(edition, edition.now()).count()


def _check(edition: Edition) -> str:
    return reverse("review", kwargs={"edition": edition.slug})


def _free_while_people_wait(edition: Edition, user: User) -> int:
    return place_queries.free_while_people_wait(edition, edition.now())


def _pass_offers_on(edition: Edition, now: datetime) -> None:
    """Offers end by the clock of their edition, also where somebody turns it."""
    actions.sweep(edition)


def _places(edition: Edition) -> str:
    return reverse("orga_places", kwargs={"edition": edition.slug})


def places_panel(request: EditionRequest) -> str:
    """How many places are free, for everybody who works for the edition: figures, no names."""
    contingents = list(
        Contingent.objects.of_edition(request.edition).select_related("edition", "land").in_order()
    )
    if not contingents:
        return ""
    context = {
        "edition": request.edition,
        "contingents": contingents,
        "linked": request.access.plays(Role.Kind.ORGANISER),
    }
    return render_to_string("registration/orga/_places_panel.html", context, request)


panels.navigation.register(
    panels.Item(_("Registration"), "register", visible=_may_register), order=20
)
panels.navigation.register(
    panels.Item(_("My registration"), "my_registration", visible=_may_have_registered), order=20
)
panels.main_buttons.register(to_my_registration, order=20)
panels.main_buttons.register(register_now, order=30)
panels.waiting.register(
    panels.WaitingItem(
        _("of these, waiting longer than promised"),
        _overdue,
        _check,
        roles=(Role.Kind.ORGANISER,),
    ),
    order=11,
)
panels.waiting.register(
    panels.WaitingItem(
        _("Registrations to check"), _to_decide, _check, roles=(Role.Kind.ORGANISER,)
    ),
    order=10,
)
panels.orga_links.register(
    panels.OrgaLink(_("Check"), "review", roles=(Role.Kind.ORGANISER, Role.Kind.HELP_DESK)),
    order=10,
)
panels.orga_figures.register(
    panels.Figure(_("registrations in review"), queries.waiting_for_review), order=15
)
panels.orga_figures.register(
    panels.Figure(_("admitted by rules nobody has checked"), queries.admitted_by_unchecked_rules),
    order=16,
)
panels.waiting.register(
    panels.WaitingItem(
        _("Free places for people on a waiting list, to be given by hand"),
        _free_while_people_wait,
        _places,
        roles=(Role.Kind.ORGANISER,),
    ),
    order=15,
)
panels.orga_figures.register(
    panels.Figure(_("on the waiting list"), place_queries.waiting_to_take_part), order=16
)
panels.orga_panels.register(places_panel, order=20)
panels.orga_links.register(
    panels.OrgaLink(_("Places"), "orga_places", roles=(Role.Kind.ORGANISER,)), order=30
)
panels.orga_links.register(
    panels.OrgaLink(
        _("Check-in"),
        "check_in",
        roles=(Role.Kind.ORGANISER, Role.Kind.HELP_DESK, Role.Kind.CHECK_IN),
    ),
    order=25,
)
panels.orga_links.register(
    panels.OrgaLink(
        _("Badges"),
        "badges",
        roles=(Role.Kind.ORGANISER, Role.Kind.HELP_DESK, Role.Kind.CHECK_IN),
    ),
    order=35,
)
panels.orga_links.register(
    panels.OrgaLink(_("Registrations"), "registrations", (Role.Kind.ORGANISER,)), order=12
)
panels.orga_links.register(
    panels.OrgaLink(_("Needs and consents"), "needs", (Role.Kind.ORGANISER, Role.Kind.CARE)),
    order=28,
)
panels.orga_links.register(
    panels.OrgaLink(_("Registry of addresses"), "rules", (Role.Kind.ORGANISER,)), order=65
)
panels.orga_links.register(
    panels.OrgaLink(_("Registration: settings"), "registration_settings", (Role.Kind.ORGANISER,)),
    order=70,
)
panels.orga_links.register(
    panels.OrgaLink(_("Help desk"), "help_desk", (Role.Kind.ORGANISER, Role.Kind.HELP_DESK)),
    order=20,
)
panels.ways_in.register(panels.Item(_("I have a code from the telephone"), "telephone_code"))
panels.help_finders.register(desk.Registrations(), order=20)
panels.help_sentences.register(desk.sentences, order=20)
panels.help_acts |= {act.key: act for act in desk.ACTS}
panels.help_finders.register(desk_invited.Colleagues(), order=25)
panels.help_finders.register(desk_invited.Guests(), order=26)
panels.help_sentences.register(desk_invited.sentences, order=25)
panels.help_acts |= {act.key: act for act in desk_invited.ACTS}
panels.help_figures.register(panels.DayFigure(_("in review"), queries.waiting_for_review), order=10)
panels.orga_links.register(
    panels.OrgaLink(_("Invitations"), "orga_invitations", roles=(Role.Kind.ORGANISER,)), order=25
)
panels.help_sentences.register(desk_door.sentences, order=30)
panels.help_acts |= {act.key: act for act in desk_door.ACTS}
panels.help_figures.register(panels.DayFigure(_("here now"), queries.present_now), order=30)
panels.setup_steps.register(registry.install, order=30)
panels.setup_steps.register(reviewing_texts.install, order=35)
panels.demo_data.register(demo.fill, order=10)
panels.demo_data.register(demo_registry.fill, order=11)
panels.demo_data.register(demo_desk.fill, order=11)
panels.demo_data.register(demo_inviting.fill, order=12)
panels.demo_data.register(demo_places.fill, order=13)  # for all who are in by then
panels.clock_turned.register(_pass_offers_on)
panels.demo_data.register(demo_delegation.fill, order=12)
panels.demo_data.register(demo_standing_in.fill, order=12)
panels.demo_data.register(demo_asked.fill, order=12)
panels.journal_verbs |= {
    "badge.locked": _("Badge locked"),
    "contingent.places_changed": _("Number of places changed"),
    "badges.printed": _("Badges printed"),
    "check_in.listed": _("List of who is here fetched"),
    "delegation.accepted": _("Colleague has accepted"),
    "delegation.declined": _("Colleague has declined"),
    "delegation.invited": _("Colleagues invited"),
    "delegation.registered_for": _("Somebody registered by an office"),
    "delegation.reminded": _("Colleagues reminded"),
    "delegation.taken_back": _("Invitation of a colleague taken back"),
    "desk.code_made": _("Code read out on the telephone"),
    "desk.code_used": _("Came in by a code from the telephone"),
    "desk.invited_again": _("Invitation sent again by the help desk"),
    "desk.way_in_sent": _("Way in sent by the help desk"),
    "rule.added": _("Rule about addresses added"),
    "rule.changed": _("Rule about addresses changed"),
    "rule.checked": _("Rule about addresses checked"),
    "rule.removed": _("Rule about addresses removed"),
    "rules.imported": _("Table of rules brought in"),
    "invitation.changed": _("Invitation changed"),
    "invitation.created": _("Invitation made"),
    "invitation.renewed": _("New code for an invitation"),
    "invitation.revoked": _("Invitation withdrawn"),
    "registration.address_allowed": _("Address admitted by a rule"),
    "registration.admitted": _("Registration admitted"),
    "registration.answered": _("Question about a registration answered"),
    "registration.asked": _("Applicant asked"),
    "registration.address_corrected": _("Address of a registration corrected"),
    "registration.at_the_desk": _("Registered by the help desk"),
    "registration.code_sent_again": _("Code sent again by the help desk"),
    "registration.cancelled": _("Registration cancelled"),
    "registration.listed": _("List of registrations fetched"),
    "registration.substitute_asked": _("Somebody asked to come instead"),
    "registration.not_taken_over": _("A colleague could not take the place"),
    "registration.address_changed": _("Address of a registration changed by the person"),
    "registration.data_changed": _("Data of a registration changed by the person"),
    "registration.looked_at_again": _("Registration assessed again after a change"),
    "registration.consent_given": _("Consent given"),
    "registration.consent_revoked": _("Consent taken back"),
    "registration.answers_listed": _("Table of people fetched"),
    "registration.needs_arranged": _("Needs arranged"),
    "registration.needs_opened": _("List of needs opened"),
    "registration.needs_reopened": _("Needs to be arranged again"),
    "registration.needs_said": _("Needs said, with consent"),
    "registration.needs_taken_back": _("Needs taken back"),
    "registration.level_said": _("Level or Land corrected by the person"),
    "registration.settings_changed": _("Settings of the registration changed"),
    "registration.colleague_confirmed": _("Applicant confirmed by a colleague"),
    "registration.colleague_denied": _("A named colleague does not know the applicant"),
    "registration.domain_allowed": _("Domain admitted by a rule"),
    "registration.corrected": _("Level or Land of a registration corrected"),
    "registration.item_booked": _("Optional item booked"),
    "registration.item_given_back": _("Optional item given back"),
    "registration.item_waited_for": _("On the waiting list of an optional item"),
    "registration.offer_passed": _("Offered place passed on"),
    "registration.place_given": _("Place given by hand"),
    "registration.place_offered": _("Place offered"),
    "registration.handed_over": _("Place handed to a colleague"),
    "registration.switch_given_up": _("No longer waits for another way of taking part"),
    "registration.switch_waited_for": _("Waits for another way of taking part"),
    "registration.taken_over": _("Place taken over from a colleague"),
    "registration.way_switched": _("Way of taking part changed"),
    "registration.waitlisted": _("On the waiting list"),
    "registration.pushed": _("Registration pushed to the top"),
    "registration.reopened": _("Rejected registration looked at once more"),
    "registration.rejected": _("Registration rejected"),
    "registration.verified": _("Address of a registration confirmed"),
}

permissions.tie(Registration)
permissions.grant(
    Role.Kind.ORGANISER,
    "registration.view_registration",
    "registration.change_registration",
    "registration.admit_registration",
    "registration.reject_registration",
    "registration.view_reviewtext",
    "registration.add_reviewtext",
    "registration.change_reviewtext",
    "registration.delete_reviewtext",
    "registration.view_contingent",
    "registration.add_contingent",
    "registration.change_contingent",
    "registration.delete_contingent",
    "registration.view_place",
    "registration.view_invitation",
    "registration.view_registrationsettings",
    "registration.add_registrationsettings",
    "registration.change_registrationsettings",
    "registration.view_domainrule",
    "registration.add_domainrule",
    "registration.change_domainrule",
    "registration.delete_domainrule",
)
permissions.grant(Role.Kind.HELP_DESK, "registration.view_registration")
