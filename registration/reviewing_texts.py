"""Wordings that every installation starts with: why somebody is refused, and what is asked."""

from __future__ import annotations

import tomllib
from pathlib import Path

from registration.models import ReviewText

FILE = Path(__file__).with_name("data") / "review_texts.toml"


def install() -> str:
    """As long as there are none for all editions: what people changed or threw away stays so."""
    common = ReviewText.objects.filter(edition__isnull=True)
    if known := common.count():
        return f"0 wordings for the check added, {known} known"
    with FILE.open("rb") as file:
        rows = tomllib.load(file)
    texts = [
        ReviewText(kind=kind, position=position, **row)
        for kind in ReviewText.Kind.values
        for position, row in enumerate(rows[kind], start=1)
    ]
    for text in texts:
        text.full_clean()
        text.save()
    return f"{len(texts)} wordings for the check added, 0 known"
