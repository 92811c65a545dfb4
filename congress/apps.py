from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.utils.translation import gettext_lazy as _


class CongressConfig(AppConfig):
    name = "congress"
    verbose_name = _("Congress")

    def ready(self) -> None:
        from congress import badges, checks, entries  # noqa: F401  # they need the models


class AdminConfig(DjangoAdminConfig):
    """Django's admin, with a site of ours."""

    default_site = "congress.admin_site.StaffSite"
