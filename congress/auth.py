"""Signing in: permissions from roles, and the rules of our accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from congress import permissions
from congress.models import User
from congress.text import has_controls


class RoleBackend(BaseBackend):
    """Django permissions follow from roles; which rows they reach is the business of the admin classes."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id).first()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        return any(permissions.allows(role.kind, perm) for role in user_obj.active_roles)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        return any(
            permissions.allows_module(role.kind, app_label) for role in user_obj.active_roles
        )


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from registrations and invitations, never from a form of their own."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """allauth's rule, and no control characters: the host check alone lets a split header pass."""
        if not url or has_controls(url):
            return False
        hosts = {self.request.get_host()}
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts=hosts, require_https=self.request.is_secure()
        )
