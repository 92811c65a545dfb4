"""Tokens of personal links: `<kind>_<43 letters><6 letters of checksum>`; only the hash is ever stored.

The prefix lets secret scanners recognise one, the checksum tells "cut off by a mail program" without a look-up.
"""

import hashlib
import re
import secrets
import zlib
from string import ascii_letters, digits

ALPHABET = digits + ascii_letters
SECRET_BYTES = 32
SECRET_LETTERS = 43
CHECK_LETTERS = 6
_TOKEN = re.compile(rf"([a-z]+)_([0-9A-Za-z]{{{SECRET_LETTERS}}})([0-9A-Za-z]{{{CHECK_LETTERS}}})")


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


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), CHECK_LETTERS)


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))
