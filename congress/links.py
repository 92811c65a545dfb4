"""Tokens of personal links: `<kind>_<43 letters><6 letters of checksum>`; only the hash is ever stored.

The prefix lets secret scanners recognise one, the checksum tells "cut off by a mail program" without a look-up.
Where a link only belongs to one row and ends with it, its token is signed and nothing of it is stored:
`<kind>_<7 letters: number><43 letters: signature><6 letters of checksum>`.
"""

import hashlib
import re
import secrets
import zlib
from string import ascii_letters, digits

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

ALPHABET = digits + ascii_letters
SECRET_BYTES = 32
NUMBER_LETTERS = 7
SECRET_LETTERS = 43
CHECK_LETTERS = 6
_TOKEN = re.compile(rf"([a-z]+)_([0-9A-Za-z]{{{SECRET_LETTERS}}})([0-9A-Za-z]{{{CHECK_LETTERS}}})")
_SIGNED = re.compile(
    rf"([a-z]+)_([0-9A-Za-z]{{{NUMBER_LETTERS}}})([0-9A-Za-z]{{{SECRET_LETTERS}}})([0-9A-Za-z]{{{CHECK_LETTERS}}})"
)
# Whatever looks like one, whole or cut off.
_ANY = re.compile(r"\b([a-z]+)_[0-9A-Za-z]{16,}")


class Incomplete(Exception):
    """The token lost letters on its way."""


def new_token(kind: str) -> str:
    secret = _base62(int.from_bytes(secrets.token_bytes(SECRET_BYTES)), SECRET_LETTERS)
    return f"{kind}_{secret}{_checksum(f'{kind}_{secret}')}"


def hashed(token: str) -> bytes:
    """What is stored. Raises `Incomplete`. 256 random bits need no slow hash (ASVS V6.5.2)."""
    parts = _TOKEN.fullmatch(token)
    if parts is None or _checksum(f"{parts[1]}_{parts[2]}") != parts[3]:
        raise Incomplete
    return hashlib.sha256(token.encode()).digest()


def signed_token(kind: str, number: int, about: str) -> str:
    """A token for the row of this number; `about` is what it ends with, such as the mailbox it was sent to."""
    body = f"{kind}_{_base62(number, NUMBER_LETTERS)}{_signature(kind, number, about, settings.SECRET_KEY)}"
    return body + _checksum(body)


def number_of(kind: str, token: str) -> int:
    """The number in a signed token, to find the row by; then ask `is_signed_for`. Raises `Incomplete`."""
    parts = _SIGNED.fullmatch(token)
    if parts is None or parts[1] != kind or _checksum(token[:-CHECK_LETTERS]) != parts[4]:
        raise Incomplete
    return sum(
        ALPHABET.index(letter) * len(ALPHABET) ** n for n, letter in enumerate(reversed(parts[2]))
    )


def is_signed_for(token: str, kind: str, number: int, about: str) -> bool:
    given = token[-SECRET_LETTERS - CHECK_LETTERS : -CHECK_LETTERS]
    return any(
        constant_time_compare(given, _signature(kind, number, about, key))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def code_hash(link: int, code: str) -> bytes:
    """Of a short code beside a link. With our key: a copy of the database alone does not tell it."""
    return salted_hmac("link-code", f"{link}:{code}", algorithm="sha256").digest()


def masked(text: str) -> str:
    """The text with "…" in the place of every token."""
    return _ANY.sub(r"\1_…", text)


def _signature(kind: str, number: int, about: str, key: str) -> str:
    digest = salted_hmac(
        f"link:{kind}", f"{number}:{about}", secret=key, algorithm="sha256"
    ).digest()
    return _base62(int.from_bytes(digest), SECRET_LETTERS)


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), CHECK_LETTERS)


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))
