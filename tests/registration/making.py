"""Makes registrations, rules and what belongs to them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from congress import mail
from congress.models import Letter
from registration import actions
from registration.models import DomainRule, Invitation, Registration
from registration.models.registrations import email_key_of

OPEN = datetime(2021, 3, 1, 9, 0, tzinfo=UTC)  # registration is open


def make_rule(domain: str, **fields: Any) -> DomainRule:
    values = {"match": "suffix", "decision": "allow", "level": "kommune"}
    values |= fields
    if values["decision"] == "deny":
        values["level"] = ""
    return DomainRule.objects.create(domain=domain, **values)


def given(**fields: Any) -> dict[str, Any]:
    """What somebody types into the form."""
    return {
        "title": "",
        "first_name": "Kim",
        "last_name": "Albers",
        "body": "Stadt Musterhausen",
        "email": "kim.albers@stadt-musterhausen.example",
    } | fields


def make_registration(edition, *, state: str = "unverified", **fields: Any) -> Registration:
    """Registered through the action; `state` in_review, admitted, … by going there."""
    person = fields.pop("person", None)
    registration = actions.register(
        edition=edition,
        now=edition.now(),
        form_key=fields.pop("form_key", None) or uuid.uuid4(),
        privacy_version="1",
        **given(**{"language": "de", **fields}),
    )
    if state == "unverified":
        return registration
    assert person is None
    actions.verify(registration=registration, code=code_of(registration), now=edition.now())
    registration.refresh_from_db()
    assert registration.state == state
    return registration


def make_invitation(edition, **fields: Any) -> Invitation:
    """For one person, good for a week; `kind="body"` has a code that nobody knows but `code=` of the test."""
    code = fields.pop("code", "")
    values: dict[str, Any] = {
        "kind": "personal",
        "email": "ines.gast@freie-post.example",
        "becomes": "attendee",
        "valid_until": edition.now() + timedelta(days=7),
        "created_at": edition.now() - timedelta(hours=1),
        "form_key": uuid.uuid4(),
    } | fields
    if values["kind"] == "body":
        values = {"body": "Stadt Beispielheim"} | values | {"email": ""}
        values["code_hash"] = Invitation.hashed(code or Invitation.new_code())
    else:
        values["email_key"] = email_key_of(values["email"])
    return Invitation.objects.create(edition=edition, **values)


def letters(*names: str) -> list[Letter]:
    """Letters of these names, the oldest first."""
    return list(
        Letter.objects.filter(
            template__in=[f"registration/emails/{name}.md" for name in names]
        ).order_by("pk")
    )


def code_of(registration) -> str:
    return secret_of(registration)["code"]


def secret_of(registration) -> dict[str, str]:
    *_older, letter = (
        letter
        for letter in letters("code", "already_registered")
        if letter.objects_named["registration"][1] == registration.pk
    )
    return mail.unsealed(letter)
