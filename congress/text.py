"""Text at the door: what may be stored as one line or as paragraphs, and in which form.

Encoding for the way out (HTML, mail headers, calendars, tables) is the business of the exits.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Controls that reverse or isolate the direction of what follows: they can make a name read as another.
BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Letters by category, nothing by look.
INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
MARKS_PER_LETTER = 4
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


def clean_line(value: str) -> str:
    """One line in NFC without outer white space.

    Raises `ValidationError` for controls, line breaks, bidi controls, lone surrogates, stacked marks
    and text nobody could see.
    """
    text = _normalised(value).strip()
    _refuse_controls(text, allowed="")
    _refuse_unreadable(text)
    return text


def clean_paragraph(value: str) -> str:
    """Text with line breaks (`\\n`), otherwise by the rules of `clean_line`."""
    text = _normalised(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    _refuse_controls(text, allowed="\n\t")
    _refuse_unreadable(text)
    return text


def has_controls(value: str) -> bool:
    """Whether the text holds line breaks, controls, bidi controls or lone surrogates."""
    return any(
        letter in BIDI_CONTROLS or unicodedata.category(letter) in _CONTROLS for letter in value
    )


def folded(value: str) -> str:
    """The name as two people would call it the same: case, width and accents' spelling folded."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", value)).strip().casefold()


def sort_key(value: str) -> str:
    """German dictionary order (DIN 5007-1: ä sorts as a); the database needs no ICU for it."""
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _normalised(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(_UNREADABLE, code="unreadable") from error
    return unicodedata.normalize("NFC", value)


def _refuse_controls(text: str, *, allowed: str) -> None:
    for letter in text:
        if letter in allowed:
            continue
        if letter in BIDI_CONTROLS or unicodedata.category(letter) in _CONTROLS:
            raise ValidationError(
                _(
                    "This text contains a character that cannot be shown (U+%(code)s). Please type it again."
                ),
                code="control",
                params={"code": f"{ord(letter):04X}"},
            )


def _refuse_unreadable(text: str) -> None:
    if text and not any(_visible(letter) for letter in text):
        raise ValidationError(_UNREADABLE, code="unreadable")
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in {"Mn", "Me"} else 0
        if marks > MARKS_PER_LETTER:
            raise ValidationError(_UNREADABLE, code="unreadable")


def _visible(letter: str) -> bool:
    return letter not in INVISIBLE_LETTERS and unicodedata.category(letter)[0] in "LNPS"


_UNREADABLE = _("This text cannot be read. Please type it again.")
