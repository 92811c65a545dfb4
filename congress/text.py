"""Text at the door: what may be stored as one line or as paragraphs, and in which form.

Encoding for the way out (HTML, mail headers, calendars, tables) is the business of the exits.
"""

import re
import unicodedata
from string import ascii_uppercase

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Controls that reverse or isolate the direction of what follows: they can make a name read as another.
BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Letters by category, nothing by look.
INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
# What Django reads in the place of bytes that are no UTF-8.
REPLACED = "\ufffd"
MARKS_PER_LETTER = 4
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


def clean_line(value: str) -> str:
    """One line in NFC without outer white space.

    Raises `ValidationError` for controls, line breaks, bidi controls, lone surrogates, stacked marks, letters that
    did not arrive readably, and text nobody could see.
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


# For looking names up in the database, whose locale may know no letters beyond a to z: these read as those.
_READ_AS = {
    "a": "ÀÁÂÃÄÅĀĂĄÆàáâãäåāăąæ", "c": "ÇĆČçćč", "d": "ĎĐďđ", "e": "ÈÉÊËĒĖĘĚèéêëēėęě", "g": "Ğğ", "i": "ÌÍÎÏİìíîïı",
    "l": "Łł", "n": "ÑŃŇñńň", "o": "ÒÓÔÕÖØŐòóôõöøő", "r": "Řř", "s": "ŚŞŠßśşš", "t": "Ťť", "u": "ÙÚÛÜŪŮŰùúûüūůű",
    "y": "Ýýÿ", "z": "ŹŻŽźżž",
}  # fmt: skip
PLAIN_FROM = "".join(_READ_AS.values())
PLAIN_TO = "".join(letter * len(letters) for letter, letters in _READ_AS.items())
_PLAIN = str.maketrans(PLAIN_FROM, PLAIN_TO)
_SPELT_OUT = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))


def plain(word: str) -> str:
    """The word as `congress.models.database.Plain` reads a column."""
    return unicodedata.normalize("NFC", word).translate(_PLAIN).lower()


def spellings(word: str) -> list[str]:
    """The forms under which a German finds a name: Müller and Mueller, Weiß and Weiss. Each one is `plain`."""
    lowered = unicodedata.normalize("NFC", word).lower()
    out = together = lowered
    for letter, letters in _SPELT_OUT:
        out = out.replace(letter, letters)
        together = together.replace(letters, letter)
    return list(dict.fromkeys(plain(form) for form in (lowered, out, together)))


def _initials() -> dict[str, tuple[str, ...]]:
    """A to Z with the letters that a German sorts under them."""
    found: dict[str, list[str]] = {letter: [] for letter in ascii_uppercase}
    for code in (*range(0x41, 0x250), *range(0x1E00, 0x1F00)):
        letter = chr(code)
        first = _SORTED_UNDER.get(letter.lower(), sort_key(letter)[:1].upper())
        if first in found:
            found[first].append(letter)
    return {letter: tuple(letters) for letter, letters in found.items()}


# Letters of their own that do not come apart into a letter and a mark.
_SORTED_UNDER = {
    "æ": "A",
    "đ": "D",
    "ð": "D",
    "ħ": "H",
    "ı": "I",
    "ł": "L",
    "ø": "O",
    "œ": "O",
    "þ": "T",
    "ŧ": "T",
}
INITIALS = _initials()


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
    if REPLACED in text:
        raise ValidationError(
            _("Some letters of this text did not arrive readably. Please type it again."),
            code="not_utf_8",
        )
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


def short_name(first_name: str, last_name: str) -> str:
    """H. Paulsen"""
    return f"{first_name[:1]}. {last_name}" if first_name else last_name
