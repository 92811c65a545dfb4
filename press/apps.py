from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PressConfig(AppConfig):
    name = "press"
    verbose_name = _("Press")

    def ready(self) -> None:
        from press import entries, receivers  # noqa: F401  # they need the models
