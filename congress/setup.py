"""What every installation needs; each step may be repeated and never overwrites what people changed."""

import csv
from pathlib import Path

from django.utils.translation import override

from congress.models import Page, State
from congress.texts import TEXTS, read

DATA = Path(__file__).with_name("data")


def install_states() -> str:
    """Länder and Bund from `data/laender.csv`."""
    with (DATA / "laender.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        State.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "official_name": row["official_name"],
                "capital": row["capital"],
            },
        )
    return f"{len(rows)} Länder (with the Bund)"


def install_pages() -> str:
    """Skeletons of the duty pages, for every edition that has none of its own."""
    added = 0
    with override("de"):
        for slug in TEXTS:
            german, english = read(slug, "de"), read(slug, "en")
            _, created = Page.objects.get_or_create(
                edition=None,
                slug=slug,
                defaults={
                    "title_de": german.title,
                    "body_de": german.body,
                    "title_en": english.title,
                    "body_en": english.body,
                },
            )
            added += created
    return f"{added} pages added, {len(TEXTS)} known"
