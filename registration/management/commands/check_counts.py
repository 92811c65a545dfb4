"""`manage.py check_counts`: compares the counters of places with the rows they count."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registration import place_queries


class Command(BaseCommand):
    help = (
        "Compares the counters of places with the rows they count. Ends with 1 where they differ."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = place_queries.miscounts()
        for one in found:
            self.stdout.write(
                f"{one.contingent.edition.slug}  {one.contingent.name}: "
                f"taken {one.counted[0]}, rows {one.rows[0]}; waiting {one.counted[1]}, rows {one.rows[1]}"
            )
        if found:
            raise CommandError(f"{len(found)} contingents are miscounted.")
        self.stdout.write("Every counter is what its rows say.")
