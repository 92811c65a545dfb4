"""Brings rules about addresses into the registry from a CSV or XLSX file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registration import registry
from registration.registry import Line


class Command(BaseCommand):
    help = (
        "Imports rules about addresses from CSV or XLSX (columns domain, match, decision; level, land, name, kind, "
        "ags, bodies, source, note; what the table lacks stays as it is). Says what was added, changed and refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only says it, writes nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            plan = registry.planned(file.read_bytes())
            if not dry_run:
                registry.carry_out(plan, by=None, reason=f"import_domains {file.name}")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except registry.NotReadable as reason:
            raise CommandError(f"{file}: {reason} Nothing was imported.") from reason
        except registry.ChangedMeanwhile as reason:
            raise CommandError(str(reason)) from reason
        for line in plan.that(Line.REFUSED):
            self.stdout.write(f"refused, line {line.line}: {line.domain}: {line.why}")
        if plan.unknown_columns:
            self.stdout.write(f"columns not used: {', '.join(plan.unknown_columns)}")
        self.stdout.write(", ".join(f"{plan.count(act)} {act}" for act in registry.ACTS))
