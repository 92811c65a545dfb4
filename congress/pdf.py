"""PDFs people can read with a screen reader too (PDF/UA-1), made by typst from our templates and their data.

A template is a `.typ` file below `<app>/typst/`; it reads its data as JSON from `sys.inputs.data`, so that no text can
become markup. Fonts are our own (`congress/fonts/`), whatever the host has installed.
"""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from itertools import groupby, pairwise
from typing import Any

import segno
import typst
from django.conf import settings

CONTENT_TYPE = "application/pdf"
FONTS = settings.BASE_DIR / "congress" / "fonts"
# In the place of letters that no font of ours holds.
UNKNOWN = "…"


class CannotBePrinted(Exception):
    """typst refused; the message is for the log."""


def make(template: str, data: Mapping[str, Any], *, language: str) -> bytes:
    """The PDF of a template (`registration/typst/badges.typ`). Raises `CannotBePrinted`.

    Characters that no font holds are replaced first: with PDF/UA a single one would refuse the whole document.
    """
    given = json.dumps(_clean({"language": language, **data}), ensure_ascii=False)
    try:
        made = typst.compile(
            str(settings.BASE_DIR / template),
            root=str(settings.BASE_DIR),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": given},
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as error:
        raise CannotBePrinted(str(error)) from error
    return bytes(made)


def qr(text: str) -> str:
    """A QR code as SVG for a template: `image(bytes(data.qr), format: "svg", alt: …)`."""
    drawn = io.BytesIO()
    # With the mask given: looking for the best of eight takes ten times as long, and codes of random letters need none.
    code = segno.make_qr(text, error="m", boost_error=False, mask=2)
    code.save(drawn, kind="svg", border=2, xmldecl=False, nl=False)
    return drawn.getvalue().decode()


def holds(text: str) -> bool:
    """Whether the text can be printed as it is."""
    return printable(text) == text


def printable(text: str) -> str:
    """The text in characters our fonts hold.

    Another form of the same letter where there is one (ﬁ, Ａ), nothing in the place of symbols and marks, and one
    ellipsis in the place of letters of other scripts.
    """
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    # A mark without a letter before it would sit on whatever stands there.
    letters = (
        _held(letter)
        for before, letter in pairwise(f" {composed}")
        if not (unicodedata.combining(letter) and before.isspace())
    )
    parts = (
        UNKNOWN if unknown else "".join(found)  # type: ignore[arg-type]  # None stands for unknown letters only
        for unknown, found in groupby(letters, key=lambda letter: letter is None)
    )
    shown = "".join(parts)
    if shown == text:
        return text
    return "\n".join(" ".join(line.split()) for line in shown.split("\n")).strip() or UNKNOWN


def _held(letter: str) -> str | None:
    """The letter, what stands for it, nothing, or None for a letter nobody can read here."""
    if letter in _coverage() or letter == "\n":
        return letter
    if letter in _STANDS_FOR:
        return _STANDS_FOR[letter]
    category = unicodedata.category(letter)
    if category in ("Zs", "Cc"):
        return " "
    if category[0] in "MSC" or letter == "\u200b":
        return ""
    same = unicodedata.normalize("NFKD", letter)
    kept = "".join(part for part in same if part in _coverage())
    if kept and same != letter:
        return kept
    return None


_STANDS_FOR = {"\u2010": "-", "\u2011": "-", "\u2012": "–", "\u2015": "—", "\u02b9": "'"}


@cache
def _coverage() -> frozenset[str]:
    """What every weight of our fonts holds, without what prints nothing."""
    held: set[str] = set()
    for line in (FONTS / "coverage.txt").read_text(encoding="ascii").split():
        first, last = (int(number, 16) for number in line.split("-"))
        held.update(chr(code) for code in range(first, last + 1))
    return frozenset(held - {"\r", "\u200b", "\ufeff", "\u00ad"})


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: _clean(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    return value
