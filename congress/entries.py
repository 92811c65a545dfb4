"""What the congress itself enters in its registries."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress import desk_people, outbox, panels, permissions, queries, setup
from congress.models import Admission, Edition, Role

panels.navigation.register(
    panels.Item(_("Organisation"), "orga", visible=lambda request: request.access.has_role),
    order=90,
)
panels.setup_steps.register(setup.install_states, order=10)
panels.setup_steps.register(setup.install_pages, order=20)


def _letters_that_failed(edition: Edition) -> str:
    return reverse("outbox", kwargs={"edition": edition.slug}) + f"?stand={outbox.OPEN.key}"


_READ_LETTERS = (Role.Kind.ORGANISER, Role.Kind.HELP_DESK, Role.Kind.PRESS_OFFICER)
panels.orga_links.register(panels.OrgaLink(_("Outbox"), "outbox", roles=_READ_LETTERS), order=80)
panels.waiting.register(
    panels.WaitingItem(
        _("Letters that did not arrive"),
        outbox.unanswered,
        _letters_that_failed,
        roles=_READ_LETTERS,
    ),
    order=80,
)
panels.orga_links.register(
    panels.OrgaLink(_("Texts"), "texts", roles=(Role.Kind.ORGANISER,)), order=85
)
panels.waiting.register(
    panels.WaitingItem(
        _("Pages with gaps that the host fills in"),
        lambda edition, _person: queries.pages_with_gaps(edition),
        lambda edition: reverse("texts", kwargs={"edition": edition.slug}),
        roles=(Role.Kind.ORGANISER,),
    ),
    order=90,
)
permissions.grant(
    Role.Kind.ORGANISER,
    "congress.add_lettertext",
    "congress.change_lettertext",
    "congress.delete_lettertext",
)


def _admitted(*kinds: str) -> "panels.Count":
    def count(edition: Edition) -> int:
        return Admission.objects.in_force().filter(edition=edition, kind__in=kinds).count()

    return count


panels.orga_links.register(
    panels.OrgaLink(_("Overview"), "orga", roles=tuple(Role.Kind.values)), order=0
)
panels.orga_figures.register(
    panels.Figure(_("admitted to take part"), _admitted(Admission.Kind.ATTENDEE)), order=10
)
panels.orga_figures.register(
    panels.Figure(_("journalists"), _admitted(Admission.Kind.PRESS)), order=20
)
panels.orga_figures.register(
    panels.Figure(_("speakers and staff"), _admitted(Admission.Kind.SPEAKER, Admission.Kind.STAFF)),
    order=30,
)
panels.help_finders.register(desk_people.People(), order=10)
panels.help_sentences.register(desk_people.sentences, order=10)
panels.help_acts |= {act.key: act for act in desk_people.ACTS}
panels.help_figures.register(
    panels.DayFigure(_("letters did not arrive"), outbox.unanswered_in), order=20
)
panels.journal_verbs |= {
    "admin.added": _("Added in the administration"),
    "admin.changed": _("Changed in the administration"),
    "admin.deleted": _("Deleted in the administration"),
    "admission.granted": _("Admission granted"),
    "admission.revoked": _("Admission revoked"),
    "demo.reset": _("Demonstration refilled"),
    "edition.clock_turned": _("Clock of the exercise turned"),
    "page.taken_over": _("Own text of a page begun"),
    "letter.sent_again": _("Letter sent again"),
    "letter.withdrawn": _("Letter withdrawn"),
    "link.created": _("Personal link created"),
    "link.entered": _("Entered by personal link"),
    "link.minted": _("Address of a personal link made"),
    "link.renewed": _("Personal link renewed"),
    "link.revoked": _("Personal link revoked"),
    "person.disabled": _("Account switched off"),
    "person.enabled": _("Account switched on"),
    "person.signed_out": _("Signed out on all devices"),
    "role.changed": _("Role changed"),
    "role.ended": _("Role ended"),
    "role.given": _("Role given"),
}
