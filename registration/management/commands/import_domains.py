"""Brings rules about addresses into the registry from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registration import registry


class Command(BaseCommand):
    help = (
        "Imports rules about addresses from CSV (columns domain, match, decision; level, land, name, kind, ags, "
        "bodies, source, note). Says what was added, changed and refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            report = registry.import_table(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except registry.NotReadable as reason:
            raise CommandError(f"{file}: {reason} Nothing was imported.") from reason
        for line, domain, why in report.refused:
            self.stdout.write(f"refused, line {line}: {domain}: {why}")
        if report.unknown_columns:
            self.stdout.write(f"columns not used: {', '.join(report.unknown_columns)}")
        self.stdout.write(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{len(report.refused)} refused"
        )
