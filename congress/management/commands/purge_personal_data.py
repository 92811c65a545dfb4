"""`manage.py purge_personal_data`: erases what the retention plan no longer allows."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import override

from congress import retention


class Command(BaseCommand):
    help = "Erases what the retention plan (congress/retention.toml) no longer allows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be erased.")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        with override("de"):
            for label, count in (retention.due() if dry_run else retention.erase_due()).items():
                self.stdout.write(f"{count:8}  {label}")
