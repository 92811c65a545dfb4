"""What the congress itself enters in its registries."""

from django.utils.translation import gettext_lazy as _

from congress import panels, setup

panels.navigation.register(
    panels.Item(_("Organisation"), "orga", visible=lambda request: request.access.has_role),
    order=90,
)
panels.setup_steps.register(setup.install_states, order=10)
panels.setup_steps.register(setup.install_pages, order=20)
