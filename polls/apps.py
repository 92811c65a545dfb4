from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PollsConfig(AppConfig):
    name = "polls"
    verbose_name = _("Live")

    def ready(self) -> None:
        from congress.live import rights  # noqa: F401  # they need the models
        from polls import entries, receivers  # noqa: F401
