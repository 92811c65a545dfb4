"""How often strangers' mailboxes are written to because somebody named them. Counted in the database: no way around."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.utils.translation import gettext as _

from congress.errors import Refused
from registration import emails_changing, emails_inviting, queries
from registration.actions.holders import alone_with

LETTERS_AN_HOUR = 5


class TooManyLetters(Refused):
    """`mailboxes` have had as many letters within the hour as one may have."""

    def __init__(self, mailboxes: list[str]) -> None:
        self.mailboxes = mailboxes
        super().__init__(
            _(
                "To one address we send at most %(most)d such letters within an hour. Please try again later, "
                "or without: %(addresses)s"
            )
            % {"most": LETTERS_AN_HOUR, "addresses": ", ".join(mailboxes)}
        )


def alone_with_all(mailboxes: Collection[str]) -> None:
    """Nobody else writes to them because somebody named them, until the transaction ends."""
    for key in sorted(
        mailboxes
    ):  # in one order: two who name the same ones do not wait for each other
        alone_with(key)


def insist_on_letters_left(wanted: Mapping[str, int]) -> None:
    """So many letters to each mailbox (`email_key`), with which one is alone. Raises `TooManyLetters`."""
    sent = queries.letters_within(
        timedelta(hours=1),
        to=wanted.keys(),
        templates=(*emails_inviting.ALL, emails_changing.NEW_ADDRESS),
    )
    full = [key for key, count in wanted.items() if sent.get(key, 0) + count > LETTERS_AN_HOUR]
    if full:
        raise TooManyLetters(sorted(full))
