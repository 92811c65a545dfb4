"""Names as they are heard on the telephone: written as they sound, or with one letter wrong."""

from __future__ import annotations

import re

from congress.text import plain

# What sounds the same in German, in this order; ä, ö, ü and ß have become plain letters before.
_SAME_SOUND = (
    ("tsch", "c"), ("sch", "c"), ("chs", "x"), ("ch", "c"), ("ph", "f"), ("th", "t"), ("dt", "t"), ("ck", "k"),
    ("ks", "x"), ("cs", "x"), ("qu", "kv"), ("ei", "1"), ("ey", "1"), ("ai", "1"), ("ay", "1"), ("eu", "2"),
    ("oi", "2"), ("oy", "2"), ("au", "2"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ie", "i"), ("ah", "a"), ("eh", "e"),
    ("ih", "i"), ("oh", "o"), ("uh", "u"), ("d", "t"), ("b", "p"), ("g", "k"), ("w", "f"), ("v", "f"), ("z", "s"),
    ("y", "i"), ("j", "i"),
)  # fmt: skip
_TWICE = re.compile(r"([a-z12])\1+")
SHORTEST = 3  # of shorter words every other one is similar
# Heard wrongly and a letter wrong as well: from so many sounds on it is still the same name. "Brock" is no "Blog".
SHORTEST_TWICE_WRONG = 5


def sound(text: str) -> str:
    """How it sounds: Maier, Mayer and Meyer give the same, so do Schmidt and Schmitt."""
    heard = plain(text)
    for spelt, sounds in _SAME_SOUND:
        heard = heard.replace(spelt, sounds)
    return _TWICE.sub(r"\1", heard)


def one_letter_apart(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or two neighbours have changed places."""
    if one == other:
        return True
    if len(one) < len(other):
        one, other = other, one
    if len(one) - len(other) > 1:
        return False
    first = 0
    while first < len(other) and one[first] == other[first]:
        first += 1
    if len(one) > len(other):
        return one[first + 1 :] == other[first:]
    if one[first + 1 :] == other[first + 1 :]:
        return True
    return (
        one[first + 2 :] == other[first + 2 :]
        and one[first : first + 2] == other[first : first + 2][::-1]
    )


class Heard:
    """What somebody has heard, to be compared with many names."""

    def __init__(self, words: list[str]) -> None:
        heard = [(word, sound(word)) for word in map(plain, words)]
        self._words = [pair for pair in heard if min(map(len, pair)) >= SHORTEST]

    def __bool__(self) -> bool:
        return bool(self._words)

    def may_be(self, text: str) -> bool:
        """Whether every word sounds like a part of the text, or is one letter apart from one of its words."""
        sounds, words = sound(text), plain(text).split()
        return all(
            heard in sounds
            or any(one_letter_apart(word, other) for other in words)
            or (
                len(heard) >= SHORTEST_TWICE_WRONG
                and any(one_letter_apart(heard, other) for other in sounds.split())
            )
            for word, heard in self._words
        )
