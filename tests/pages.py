"""What a page says, without its markup."""

import re


def text_of(html: str) -> str:
    """Words and single blanks; no-break ones too."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
