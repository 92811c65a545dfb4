"""What the press enters in the registries of the congress."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress import mail, panels, permissions, retention
from congress.http import EditionRequest
from congress.models import Admission, Edition, Role, User
from congress.models.editions import Phase
from press import actions, desk, queries
from press.demo.seed import fill
from press.models import Accreditation

DECIDES = (Role.Kind.PRESS_OFFICER, Role.Kind.ORGANISER)


def _to_decide(edition: Edition, user: User) -> int:
    return Accreditation.objects.of_edition(edition).to_decide(edition.now()).count()


def _desk(edition: Edition) -> str:
    return reverse("press_desk", kwargs={"edition": edition.slug})


def to_the_stages(request: EditionRequest) -> panels.MainButton | None:
    """For journalists who are in, on all days: they have nothing to register for."""
    admission = request.access.admission
    if admission is None or admission.kind != Admission.Kind.PRESS:
        return None
    if request.edition.phase(request.now) == Phase.OVER:
        return None
    return panels.MainButton(
        label=_("To the stages"),
        url=reverse("live", kwargs={"edition": request.edition.slug}),
        hint=_("You are accredited: your link opens all stages until the end of the congress."),
    )


panels.navigation.register(panels.Item(_("Press"), "press"), order=40)
panels.main_buttons.register(to_the_stages, order=12)
panels.waiting.register(
    panels.WaitingItem(_("Accreditations to decide"), _to_decide, _desk, roles=DECIDES), order=20
)
panels.orga_links.register(panels.OrgaLink(_("Press desk"), "press_desk", roles=DECIDES), order=41)
panels.orga_links.register(
    panels.OrgaLink(_("Press releases"), "orga_releases", roles=DECIDES), order=42
)
panels.orga_links.register(
    panels.OrgaLink(_("Press kit"), "orga_press_kit", roles=DECIDES), order=43
)
panels.demo_data.register(fill, order=50)
panels.help_finders.register(desk.Accreditations(), order=40)
panels.help_sentences.register(desk.sentences, order=40)
panels.help_acts |= {act.key: act for act in desk.ACTS}
panels.journal_verbs |= {
    "accreditation.confirmation_sent_again": _("Confirmation to a journalist sent again"),
    "accreditation.link_sent_again": _("Personal link of a journalist sent again"),
    "accreditation.mailbox_corrected": _("Address of a journalist corrected"),
    "accreditation.answered": _("Question of the press office answered"),
    "accreditation.approved": _("Accreditation approved"),
    "accreditation.asked": _("Journalist asked back"),
    "accreditation.confirmed": _("Address of a journalist confirmed"),
    "accreditation.proof_added": _("Proof of a journalist added"),
    "accreditation.rejected": _("Accreditation rejected"),
    "accreditation.requested": _("Accreditation requested"),
    "accreditation.listed": _("List of journalists fetched"),
    "accreditation.withdrawn": _("Accreditation withdrawn"),
    "accreditation.releases_wanted": _("A journalist asked for releases by mail"),
    "accreditation.releases_ended": _("A journalist wants no more releases by mail"),
    "release.written": _("Press release written"),
    "release.changed": _("Press release changed"),
    "release.published": _("Press release published or scheduled"),
    "release.withheld": _("Press release withheld"),
    "release.thrown_away": _("Draft of a press release thrown away"),
    "press_file.added": _("File for the press added"),
    "press_file.removed": _("File for the press removed"),
    "press.settings_changed": _("Settings for the press changed"),
}

for _kind in DECIDES:
    permissions.grant(_kind, "press.*")
permissions.tie(Accreditation)
mail.let_read(Role.Kind.PRESS_OFFICER, "press/")
retention.steps.register(
    retention.Step(_("Proofs of journalists"), queries.forgettable_proofs, actions.forget_proofs),
    order=50,
)
retention.steps.register(
    retention.Step(
        _("Requests for lost links"), queries.forgettable_link_requests, retention.delete
    ),
    order=52,
)
retention.steps.register(
    retention.Step(_("Accreditations"), queries.forgettable_requests, retention.delete), order=55
)
