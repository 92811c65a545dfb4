"""The admin site: only for people of the congress, signed in as everywhere else; first what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from congress.models import User

# Editions shown on the first page; the others are one click away in their list.
EDITIONS_ON_THE_FIRST_PAGE = 4


class StaffSite(admin.AdminSite):
    site_header = _("Fachkongress – administration")
    site_title = _("Fachkongress – administration")
    index_title = _("What there is")
    site_url = "/"
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Lets in classes that start from editions, and no others: what libraries bring of their own stays out."""
        from congress.admin.scope import Scoped  # needs the site

        if admin_class is None or not issubclass(admin_class, Scoped):
            models = (
                [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
            )
            ours = [model for model in models if _is_ours(model)]
            if ours:
                raise ImproperlyConfigured(
                    f"The admin class of {ours[0].__name__} must be an EditionScopedAdmin."
                )
            return
        super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Without Django's redirect to any object of any kind by its number."""
        return [
            pattern
            for pattern in super().get_urls()
            if getattr(pattern, "name", "") != "view_on_site"
        ]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sign-in that counts wrong attempts. Signed in without a right to be here: 403, no loop."""
        return cast(HttpResponse, secure_admin_login(super().login)(request, extra_context))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from django.contrib.auth.views import LogoutView

        return LogoutView.as_view(next_page="/")(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return redirect("account_change_password")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """First „Was auf Sie wartet“, as on /<edition>/orga/."""
        waiting = groups_waiting(cast("User", request.user))
        return super().index(request, {"waiting": waiting, **(extra_context or {})})


def groups_waiting(user: User) -> list[dict[str, Any]]:
    """For each of the person's editions that is not over: what waits there."""
    from congress import queries
    from congress.models.editions import Phase

    editions = [
        edition
        for edition in queries.editions_of(user)
        if edition.clock is None or edition.phase(edition.clock) != Phase.OVER
    ]
    return [
        {"edition": edition, "items": queries.waiting_for(user, edition)}
        for edition in editions[:EDITIONS_ON_THE_FIRST_PAGE]
    ]


def _is_ours(model: type[Any]) -> bool:
    from congress.checks import OUR_APPS

    return apps.get_app_config(model._meta.app_label).label in OUR_APPS
