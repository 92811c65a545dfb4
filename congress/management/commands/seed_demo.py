"""`manage.py seed_demo`: the 9th Fachkongress as a practice edition on 18 March 2021, 10:00. Repeatable."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from congress.demo.seed import seed


class Command(BaseCommand):
    help = "Fills the demonstration. Safe to repeat: what visitors changed in it stays, what is missing comes back."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or settings.TESTING):
            raise CommandError(
                "This installation is no demonstration (DEMO is not set); nothing was changed."
            )
        edition = seed()
        self.stdout.write(f"  {edition.title} – {edition.local(edition.now()):%d.%m.%Y %H:%M}")
