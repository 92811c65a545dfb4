"""What the press enters in the registries of the congress."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress import mail, panels, permissions, retention
from congress.models import Edition, Role, User
from press import actions, queries
from press.demo.seed import fill
from press.models import Accreditation

DECIDES = (Role.Kind.PRESS_OFFICER, Role.Kind.ORGANISER)


def _to_decide(edition: Edition, user: User) -> int:
    return Accreditation.objects.filter(edition=edition).to_decide().count()


def _desk(edition: Edition) -> str:
    address = reverse("admin:press_accreditation_changelist")
    return f"{address}?edition__id__exact={edition.pk}&state__exact=requested"


panels.navigation.register(panels.Item(_("Press"), "press"), order=40)
panels.waiting.register(
    panels.WaitingItem(_("Accreditations to decide"), _to_decide, _desk, roles=DECIDES), order=20
)
panels.demo_data.register(fill, order=50)
panels.journal_verbs |= {
    "accreditation.approved": _("Accreditation approved"),
    "accreditation.confirmed": _("Address of a journalist confirmed"),
    "accreditation.proof_added": _("Proof of a journalist added"),
    "accreditation.rejected": _("Accreditation rejected"),
    "accreditation.requested": _("Accreditation requested"),
    "accreditation.withdrawn": _("Accreditation withdrawn"),
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
    retention.Step(_("Accreditations"), queries.forgettable_requests, retention.delete), order=55
)
