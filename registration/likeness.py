"""How much two domains look or sound alike, for the eyes of a reviewer. Nothing is ever decided by it."""

from __future__ import annotations

import re
import unicodedata

import idna

# Letters of other alphabets that people take for ours (a short extract of Unicode's confusables).
_LOOKS_LIKE = str.maketrans(
    "авеһіјкмнорѕтухԁԛԝӏѵαβγεικνορτυχωᴠ01",
    "abehijkmhopstyxdqwlvabyeikvoptuxwvol",
)
_SPELLINGS = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))
_PARTS = re.compile(r"[.\-]+")
# Words that half of all authorities have in their names: they make nothing alike.
_EVERYWHERE = frozenset(
    {
        *("amt", "amtsverwaltung", "bund", "buero", "gemeinde", "gemeinden", "info", "kommune"),
        *(
            "kreis",
            "land",
            "landkreis",
            "landratsamt",
            "mail",
            "markt",
            "online",
            "post",
            "rathaus",
        ),
        *("samtgemeinde", "service", "stadt", "stadtverwaltung", "verband", "verwaltung", "www"),
        *("verbandsgemeinde", "verwaltungsgemeinschaft", "zweckverband", "example", "test"),
    }
)
SHORTEST_WORD = 4
MOST_EDITS = 2


def registrable(host: str) -> str:
    """What somebody registered: the last two labels. Right below .de and nearly all of the registry."""
    return ".".join(host.split(".")[-2:])


def decoded(host: str) -> str:
    """The host as it is read, with umlauts; unchanged where it has none or cannot be decoded."""
    if "xn--" not in host:
        return host
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


def alphabets(host: str) -> list[str]:
    """The alphabets other than ours in a host, by their Unicode names: `["CYRILLIC"]`."""
    found = {
        unicodedata.name(letter, "?").split(" ")[0]
        for letter in decoded(host)
        if unicodedata.category(letter)[0] == "L"
    }
    return sorted(found - {"LATIN"})


def skeleton(host: str) -> str:
    """The host as the eye takes it: other alphabets' twins, umlauts and their spellings become one."""
    text = decoded(host)
    for letter, spelling in _SPELLINGS:
        text = text.replace(letter, spelling)
    return text.translate(_LOOKS_LIKE)


def words(host: str) -> frozenset[str]:
    """The words that make a host itself, without its ending and without those that stand everywhere."""
    parts = _PARTS.split(".".join(skeleton(host).split(".")[:-1]))
    return frozenset(part for part in parts if len(part) >= SHORTEST_WORD) - _EVERYWHERE


def edits(one: str, other: str, most: int = MOST_EDITS) -> int:
    """Letters to change, add or drop to get from one to the other; `most` + 1 for everything beyond."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        # Only cells near the diagonal can stay within `most`.
        first, last = max(1, row - most), min(len(other), row + most)
        now = [most + 1] * (len(other) + 1)
        if first == 1:
            now[0] = row
        for column in range(first, last + 1):
            now[column] = min(
                before[column - 1] + (letter != other[column - 1]),
                before[column] + 1,
                now[column - 1] + 1,
            )
        if min(now) > most:
            return most + 1
        before = now
    return min(before[-1], most + 1)


def allowed(name: str) -> int:
    """How many letters a like name may differ in: in short ones every other word is two letters away."""
    return MOST_EDITS if len(name) > 9 else 1


def pieces(host: str) -> list[str]:
    """Parts of a host, one of which every domain within the allowed edits holds unchanged (pigeonhole)."""
    found = []
    for name in {skeleton(host), skeleton(registrable(host))}:
        own = name.rpartition(".")[0] or name
        count = allowed(name) + 1
        size = max(2, len(own) // count)
        found += [own[n * size : (n + 1) * size if n < count - 1 else None] for n in range(count)]
    return [piece for piece in found if len(piece) > 1]


def nearness(host: str, other: str) -> tuple[int, int] | None:
    """How another domain is like this host, nearest first; None where it is not.

    (0, 0): the same, or of the same registered domain · (1, n): n letters apart · (2, -n): n words in common.
    """
    if registrable(host) == registrable(other):
        return 0, 0
    mine, theirs = skeleton(host), skeleton(other)
    most = allowed(min(mine, theirs, key=len))
    apart = min(edits(mine, theirs, most), edits(registrable(mine), theirs, most))
    if apart <= most:
        return 1, apart
    common = words(host) & words(other)
    return (2, -len(common)) if common else None
