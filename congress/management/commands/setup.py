"""`manage.py setup`: what every installation needs. Repeatable."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from congress import mailbox, panels
from congress.mail import post_letter
from congress.models import Role, User


class Command(BaseCommand):
    help = (
        "Puts in what every installation needs: Länder, pages, registry, letters. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--organiser", metavar="MAIL", help="Invite the first organiser of all editions."
        )

    def handle(self, *args: Any, organiser: str | None = None, **options: Any) -> None:
        for step in panels.setup_steps:
            with transaction.atomic():
                self.stdout.write(f"  {step()}")
        if organiser:
            self._first_organiser(organiser)

    def _first_organiser(self, address: str) -> None:
        try:
            address = mailbox.canonical(address)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            person = User.objects.filter(email=address).first() or User.objects.create_user(address)
            Role.objects.get_or_create(
                person=person, edition=None, kind=Role.Kind.ORGANISER, stage=None
            )
            post_letter(
                "congress/emails/first_organiser.md",
                once=f"first-organiser-{person.pk}",
                edition=None,
                person=person,
            )
        self.stdout.write("  An invitation is on its way to that address; a code signs in there.")
