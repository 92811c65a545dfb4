"""E-mail addresses in their canonical form; what an address means for admission is decided elsewhere."""

import re
import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LOCAL_PART_LIMIT = 64
HOST_LIMIT = 253
ADDRESS_LIMIT = 254  # RFC 5321 with its angle brackets


def canonical(address: str) -> str:
    """The one way an address is stored and compared: lower case, host as A-labels.

    Raises `ValidationError` for what is no deliverable address: quoted or non-ASCII local parts,
    addresses of numbers, single labels, a final dot, labels that mix scripts, invisible characters.
    """
    local, at, host = address.strip(" \t\r\n\f\v").rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > LOCAL_PART_LIMIT:
        raise ValidationError(_NO_ADDRESS, code="no_address")
    ascii_host = canonical_host(host)
    result = f"{local.lower()}@{ascii_host}"
    if len(result) > ADDRESS_LIMIT:
        raise ValidationError(_NO_ADDRESS, code="no_address")
    return result


def canonical_host(host: str) -> str:
    """The host in A-labels (UTS 46, strict). Raises `ValidationError`."""
    # UTS 46 would drop what nobody sees; an address that holds it was tampered with or pasted badly.
    if any(unicodedata.category(letter)[0] in "CZ" for letter in host):
        raise ValidationError(_NO_ADDRESS, code="no_address")
    labels = host.split(".")
    if any(_mixes_scripts(label) for label in labels):
        raise ValidationError(_MIXED, code="mixed_scripts")
    try:
        ascii_host = (
            idna.encode(host, uts46=True, std3_rules=True, transitional=False)
            .decode("ascii")
            .lower()
        )
    except (idna.IDNAError, UnicodeError) as error:
        raise ValidationError(_NO_ADDRESS, code="no_address") from error
    ascii_labels = ascii_host.split(".")
    if (
        len(ascii_labels) < 2
        or len(ascii_host) > HOST_LIMIT
        or not all(_LABEL.fullmatch(label) for label in ascii_labels)
        or ascii_labels[-1].isdigit()
    ):
        raise ValidationError(_NO_ADDRESS, code="no_address")
    return ascii_host


def decoded(host: str) -> str:
    """A host, or the host of an address, with the letters its owner writes; as it is where that cannot be told."""
    local, at, name = host.rpartition("@")
    if "xn--" not in name:
        return host
    try:
        return f"{local}{at}{idna.decode(name)}"
    except (idna.IDNAError, UnicodeError):
        return host


def _mixes_scripts(label: str) -> bool:
    if label.isascii():
        if not label.lower().startswith("xn--"):
            return False
        try:
            label = idna.decode(label)
        except (idna.IDNAError, UnicodeError):
            return False  # refused by the encoder, with its own sentence
    scripts = {
        unicodedata.name(letter, "?").split(" ")[0]
        for letter in label
        if unicodedata.category(letter)[0] == "L"
    }
    return len(scripts) > 1


_NO_ADDRESS = _(
    "Please enter a complete e-mail address, for example name@stadt-musterhausen.example."
)
_MIXED = _(
    "This address mixes letters of different alphabets and cannot be told from another one. "
    "Please type it by hand, do not paste it."
)
