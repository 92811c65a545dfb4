"""Brings the demonstration's database up to date: tables, what every installation needs, the 9th Fachkongress.

One process for three commands, since most of the time goes into starting Django.
"""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congress.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    call_command("setup")
    call_command("seed_demo")


if __name__ == "__main__":
    main()
