"""The duty pages as every installation begins with them, one file per page and language; the first line is the title.

They are whole but for the gaps: what only the host knows is marked in them, and `gaps` finds it.
"""

import re
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
# In the text of a page: [Vom Land auszufüllen: Anschrift]. Shown marked as long as it stands there.
GAP = re.compile(r"\[(?:Vom Land auszufüllen|To be filled in by the host)(?:: ([^\[\]\n]*))?\]")


class Text(NamedTuple):
    title: str
    body: str


def read(slug: str, language: str) -> Text:
    first, _, rest = (FOLDER / f"{slug}.{language}.md").read_text(encoding="utf-8").partition("\n")
    return Text(title=first.lstrip("# ").strip(), body=rest.strip())


def gaps(body: str) -> list[str]:
    """What the host still has to fill in, in its order."""
    return [match[1] or match[0] for match in GAP.finditer(body)]
