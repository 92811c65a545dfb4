"""Signing in: permissions from roles, and the rules of our accounts."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from congress import mail, permissions
from congress.models import Edition, Role, User
from congress.text import folded, has_controls

logger = logging.getLogger(__name__)


class RoleBackend(BaseBackend):
    """Django permissions follow from roles; which rows they reach is the business of the admin classes."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None

    def get_user(self, user_id: int) -> User | None:
        """Whoever was switched off is nobody, in sessions that are still open too."""
        return User.objects.filter(pk=user_id, is_active=True).first()

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


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth's ways to sign in. It knows nothing of rights: Django's own rows of permissions do not exist here."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return False


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("This is not the code from our letter. Please compare it once more."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from registrations and invitations, never from a form of their own."""
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        keep_signed_in(request, user)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Without what the page itself says: each of these texts would be rendered with a whole page's context."""
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *args, **kwargs)

    def is_safe_url(self, url: str | None) -> bool:
        """allauth's rule, and no control characters: the host check alone lets a split header pass."""
        if not url or has_controls(url):
            return False
        hosts = {self.request.get_host()}
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts=hosts, require_https=self.request.is_secure()
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's letters go through the outbox, like all others, so that no page waits for a mail server."""
        name = LETTERS.get(template_prefix)
        if name is None:
            logger.warning("There is no letter for %s.", template_prefix)
            return
        edition = getattr(self.request, "edition", None) or Edition.objects.current()
        secret = {key: str(context[key]) for key in SECRETS if context.get(key)}
        mail.post_letter(
            name,
            once=f"{name}:{uuid.uuid4().hex}",
            edition=edition,
            # allauth does not name whom a code is for.
            person=context.get("user") or User.objects.filter(email=email).first(),
            to=email,
            language=get_language() or "de",
            secret=secret or None,
        )


def keep_signed_in(request: HttpRequest, person: User) -> bool:
    """On a device of their own (`own_device` in the form) people stay signed in until the edition ends.

    Never those who see personal data or give rights. Whoever does not say so is signed out after a day.
    """
    if "own_device" not in request.POST or _is_guarded(person):
        return False
    edition = getattr(request, "edition", None) or Edition.objects.current()
    if edition is None:
        return False
    left = edition.ends_at - edition.now()
    if left <= timedelta(days=1):
        return False
    request.session.set_expiry(int(left.total_seconds()))
    return True


def _is_guarded(person: User) -> bool:
    return person.is_superuser or any(role.kind in Role.GUARDED for role in person.active_roles)


class SensiblePassword:
    """No word that everybody here would try first, and nothing so long that only the hashing notices."""

    WORDS = ("fachkongress", "planungsrat", "fitko", "verwaltung", "passwort", "kennwort")
    LONGEST = 4096

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.LONGEST:
            raise ValidationError(
                _("This password is too long: it may have %(most)d characters."),
                code="password_too_long",
                params={"most": self.LONGEST},
            )
        rest = "".join(letter for letter in folded(password) if letter.isalpha())
        for word in self.WORDS:
            rest = rest.replace(word, "")
        if len(rest) < 4 and any(word in folded(password) for word in self.WORDS):
            raise ValidationError(
                _("This password can be guessed by whoever knows the congress."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return str(_("Not the name of the congress or of an authority with a number."))


# allauth's templates and our letters in their place.
LETTERS = {
    "account/email/login_code": "congress/emails/login_code.md",
    "account/email/email_confirmation": "congress/emails/confirm_address.md",
    "account/email/email_confirmation_signup": "congress/emails/confirm_address.md",
    "account/email/unknown_account": "congress/emails/unknown_account.md",
    "account/email/password_reset_key": "congress/emails/password_reset.md",
    "account/email/password_changed": "congress/emails/password_changed.md",
    "account/email/password_set": "congress/emails/password_changed.md",
    "account/email/email_changed": "congress/emails/address_changed.md",
    "mfa/email/totp_activated": "congress/emails/second_factor_changed.md",
    "mfa/email/totp_deactivated": "congress/emails/second_factor_changed.md",
    "mfa/email/webauthn_added": "congress/emails/second_factor_changed.md",
    "mfa/email/webauthn_removed": "congress/emails/second_factor_changed.md",
}
UNSAID = ("account/messages/login_code_sent.txt", "account/messages/logged_in.txt")
# What of allauth's context a letter may need and no table may keep readable.
SECRETS = ("code", "password_reset_url", "signup_url")
