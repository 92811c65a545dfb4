"""Names as they are heard on the telephone: written as they sound, or with one letter wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from congress.text import plain

# What sounds the same in German, in this order; ä, ö, ü and ß have become plain letters before.
_SAME_SOUND = (
    ("tsch", "c"), ("sch", "c"), ("chs", "x"), ("ch", "c"), ("ph", "f"), ("th", "t"), ("dt", "t"), ("ck", "k"),
    ("ks", "x"), ("cs", "x"), ("qu", "kv"), ("ei", "1"), ("ey", "1"), ("ai", "1"), ("ay", "1"), ("eu", "2"),
    ("oi", "2"), ("oy", "2"), ("au", "2"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ie", "i"), ("ah", "a"), ("eh", "e"),
    ("ih", "i"), ("oh", "o"), ("uh", "u"),
)  # fmt: skip
_SAME_LETTER = str.maketrans("dbgwvzyj", "tpkffsii")
_ONCE = "acefhiklmnopqrstux12"  # of those that are left; written twice they sound the same
SHORTEST = 3  # of shorter words every other one is similar
FEW = 8
# Heard wrongly and a letter wrong as well: from so many sounds on it is still the same name. "Brock" is no "Blog".
SHORTEST_TWICE_WRONG = 5


def sound(text: str) -> str:
    """How it sounds: Maier, Mayer and Meyer give the same, so do Schmidt and Schmitt."""
    heard = plain(text)
    for spelt, sounds in _SAME_SOUND:
        heard = heard.replace(spelt, sounds)
    heard = heard.translate(_SAME_LETTER)
    for letter in _ONCE:
        while letter * 2 in heard:
            heard = heard.replace(letter * 2, letter)
    return heard


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
        return any(True for _number in self.among([(0, text)]))

    def among(self, names: Iterable[tuple[int, str]]) -> Iterator[int]:
        """The numbers of those of whom every word sounds like a part, or is one letter apart from one of its words.

        Each word that stands in the names is heard once, however many bear it: to hear ten thousand names whole takes
        three times as long.
        """
        rows = list(names)
        if not rows:
            return
        texts = plain("\n".join(name.replace("\n", " ") for _number, name in rows))
        every_word = list(set(texts.split()))
        # All at once: one by one they take half a second.
        every_sound = sound("\n".join(every_word)).split("\n")
        wanted = []
        for word, heard in self._words:
            near = _near(word, heard, every_word, every_sound)
            if not near:
                return
            wanted.append(near)
        # Most rows have none of a few words, and to look for these is quicker than to take every row apart.
        few = min(wanted, key=len)
        for (number, _name), text in zip(rows, texts.split("\n"), strict=True):
            if len(few) <= FEW and not any(map(text.__contains__, few)):
                continue
            words = text.split()
            if not any(near.isdisjoint(words) for near in wanted):
                yield number


def _near(word: str, heard: str, every_word: list[str], every_sound: list[str]) -> frozenset[str]:
    """The words of which one may have heard this one."""
    likely = _one_letter_from(word, set(every_word))
    sounds = (
        _one_letter_from(heard, set(every_sound))
        if len(heard) >= SHORTEST_TWICE_WRONG
        else frozenset()
    )
    return likely | {
        other
        for other, sounds_like in zip(every_word, every_sound, strict=True)
        if heard in sounds_like or sounds_like in sounds
    }


def _one_letter_from(word: str, others: set[str]) -> frozenset[str]:
    """Those of the words that are one letter apart from this one."""
    lengths = range(len(word) - 1, len(word) + 2)
    return frozenset(
        other for other in others if len(other) in lengths and one_letter_apart(word, other)
    )
