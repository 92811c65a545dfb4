"""Codes that the help desk reads out on the telephone."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from congress.models import Edition, User
from congress.models.database import StatementNow
from congress.text import spellings
from registration.models.registrations import EmailCode, Registration


class TelephoneCodeQuerySet(models.QuerySet["TelephoneCode"]):
    """Codes live by the real clock, like sessions."""

    def live(self) -> Self:
        """Not run out, not tried too often; used or not."""
        return self.filter(
            made_at__gt=StatementNow() - TelephoneCode.LIFETIME,
            attempts__lt=TelephoneCode.ATTEMPTS,
        )

    def good(self, key: uuid.UUID) -> Self:
        """Of the live ones those that nobody has used, or the same sent form."""
        return self.live().filter(Q(used_at__isnull=True) | Q(used_by_form=key))

    def for_whom(self, *, person: User | None, registration: Registration | None) -> Self:
        return self.filter(person=person, registration=registration)


class TelephoneCode(models.Model):
    """Made by the help desk for one caller: signs in, or confirms the address of a registration. Once.

    Only a keyed hash of it is kept.
    """

    LETTERS: ClassVar[str] = EmailCode.LETTERS
    LENGTH: ClassVar[int] = 6
    LIFETIME: ClassVar[timedelta] = timedelta(minutes=10)
    ATTEMPTS: ClassVar[int] = 5

    edition = models.ForeignKey(
        Edition,
        on_delete=models.CASCADE,
        related_name="telephone_codes",
        verbose_name=_("edition"),
    )
    person = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="telephone_codes",
        null=True,
        verbose_name=_("person"),
    )
    registration = models.ForeignKey(
        Registration,
        on_delete=models.CASCADE,
        related_name="telephone_codes",
        null=True,
        verbose_name=_("registration"),
        help_text=_("Of somebody whose address is not confirmed yet."),
    )
    code_hash = models.BinaryField(max_length=32)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="+", null=True, verbose_name=_("made by")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    used_at = models.DateTimeField(_("used"), null=True)
    used_by_form = models.UUIDField(null=True, editable=False)
    form_key = models.UUIDField(editable=False)

    objects: ClassVar[TelephoneCodeQuerySet] = TelephoneCodeQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("code by telephone")
        verbose_name_plural = _("codes by telephone")
        ordering = ("-made_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                name="one_telephone_code_per_form", fields=("edition", "form_key")
            ),
            models.CheckConstraint(
                name="a_telephone_code_is_for_a_person_or_a_registration",
                condition=Q(person__isnull=False, registration__isnull=True)
                | Q(person__isnull=True, registration__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.edition} · {self.made_at:%d.%m.%Y %H:%M}"

    @staticmethod
    def hashed(code: str, form_key: uuid.UUID) -> bytes:
        """Keyed: six letters could be tried out, if the key stood beside them."""
        letters = "".join(letter for letter in code.upper() if letter in TelephoneCode.LETTERS)
        return salted_hmac(
            "registration.telephone", f"{form_key}:{letters}", algorithm="sha256"
        ).digest()

    def is_code(self, code: str) -> bool:
        return constant_time_compare(bytes(self.code_hash), self.hashed(code, self.form_key))

    def is_for(self, who: str) -> bool:
        """Whether the caller has typed their own address, or their name: in any order, Mueller for Müller."""
        whose = self.person or self.registration
        if whose is None:
            return False
        address = whose.mailbox if isinstance(whose, User) else whose.address
        if "@" in who:
            return bool(address) and who.strip().casefold() in {address, *_other_addresses(whose)}
        typed, last = _words(who), _words(whose.last_name)
        known = _words(f"{whose.title} {whose.first_name} {whose.last_name}")
        return (
            bool(typed)
            and all(any(_same(word, name) for name in known) for word in typed)
            and any(_same(word, name) for name in last for word in typed)
        )


def _words(name: str) -> list[str]:
    return re.sub(r"[-.,]", " ", name).split()


def _same(word: str, name: str) -> bool:
    return not set(spellings(word)).isdisjoint(spellings(name))


def _other_addresses(whose: User | Registration) -> set[str]:
    return {whose.email} if isinstance(whose, User) and whose.email else set()
