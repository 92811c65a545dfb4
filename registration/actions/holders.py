"""Who is behind a confirmed mailbox: an account, or somebody who shares it and gets a personal link."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import connection

from congress.models import User
from congress.text import folded
from registration import eligibility
from registration.models import Registration


def holder(registration: Registration) -> User:
    """The person behind a confirmed mailbox: the account of that name, a new one, or somebody who shares it."""
    account = account_of(registration.address, registration.email_key)
    facts = {
        "title": registration.title,
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "body": registration.body,
        "language": registration.language,
    }
    if account is not None and _has_the_name_of(account, registration):
        for name, value in facts.items():
            setattr(account, name, value)
        account.save(update_fields=list(facts))
        if account.email == registration.email:
            # Whoever was entered by an organiser has never confirmed the address.
            EmailAddress.objects.update_or_create(
                user=account, email=registration.email, defaults={"verified": True, "primary": True}
            )
        return account
    if account is None and not eligibility.is_shared(registration.address):
        person = User.objects.create_user(registration.email, **facts)
        EmailAddress.objects.create(
            user=person, email=registration.email, verified=True, primary=True
        )
        return person
    # Somebody else signs in with this mailbox, or several read it: a personal link instead of an account.
    known = (
        Registration.objects.filter(
            email_key=registration.email_key,
            name_key=registration.name_key,
            person__email__isnull=True,
            person__isnull=False,
        )
        .select_related("person")
        .order_by("-pk")
        .first()
    )
    if known is not None and known.person is not None:
        return known.person
    return User.objects.create_user(None, contact_email=registration.email, **facts)


def account_of(*mailboxes: str) -> User | None:
    """Whose account it is that signs in with one of these mailboxes."""
    account = User.objects.filter(email__in=mailboxes).first()
    if account is not None:
        return account
    confirmed = (
        EmailAddress.objects.filter(email__in=mailboxes, verified=True)
        .select_related("user")
        .first()
    )
    return confirmed.user if confirmed is not None else None


def _has_the_name_of(account: User, registration: Registration) -> bool:
    """Whoever was invited by address only has no name yet."""
    name = folded(f"{account.first_name} {account.last_name}")
    return name in ("", folded(f"{registration.first_name} {registration.last_name}"))


def alone_with(email_key: str) -> None:
    """One at a time for one mailbox, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mailbox:{email_key}"]
        )
