"""Skeletons of the duty pages, one file per page and language; the first line is the title."""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
# In the order of the footer. Host data stands in them as {{name}} and is filled in when a page is shown.
TEXTS = (
    "impressum",
    "datenschutz",
    "barrierefreiheit",
    "leichte-sprache",
    "gebaerdensprache",
    "hilfe",
)


class Text(NamedTuple):
    title: str
    body: str


def read(slug: str, language: str) -> Text:
    first, _, rest = (FOLDER / f"{slug}.{language}.md").read_text(encoding="utf-8").partition("\n")
    return Text(title=first.lstrip("# ").strip(), body=rest.strip())
