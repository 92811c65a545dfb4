"""Words of word clouds: which spellings are one word, what a moderator joined or took out, what is shown of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from congress.text import folded

# A frame goes to everybody: of more words nobody could read any.
WORDS_TO_SHOW = 60
_AROUND = " .,;:!?…\"'„“”‚‘’«»#()"  # quotation marks that people type
SIZES = 5


def key_of(word: str) -> str:
    """What spellings of one word have in common: case, width, spaces and the punctuation around do not count."""
    plain = folded(word)
    return plain.strip(_AROUND) or plain


def different(words: Iterable[str]) -> list[str]:
    """Each word once, in its first spelling."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(key_of(word), " ".join(word.split()))
    return list(first.values())


@dataclass
class Group:
    """One word with all its spellings."""

    key: str
    spellings: dict[str, int] = field(default_factory=dict)  # spelling → how often
    label: str = ""  # as a moderator wants it to be written

    @property
    def count(self) -> int:
        return sum(self.spellings.values())

    @property
    def word(self) -> str:
        """As most people write it, unless a moderator said how."""
        own = {text: n for text, n in self.spellings.items() if key_of(text) == self.key}
        spellings = own or self.spellings
        return self.label or min(spellings, key=lambda text: (-spellings[text], text))


def groups(
    spellings: Mapping[str, int], rules: Mapping[str, str]
) -> tuple[list[Group], list[Group]]:
    """The words that are shown and those that are not, the most frequent first.

    `rules`: key of a word → the word it counts as; empty: it is not shown.
    """
    shown: dict[str, Group] = {}
    hidden: dict[str, Group] = {}
    for spelling, count in spellings.items():
        key, label = key_of(spelling), ""
        into = rules.get(key)
        if into:
            key, label = key_of(into), into
        banned = into == "" or (key_of(spelling) != key and rules.get(key) == "")
        group = (hidden if banned else shown).setdefault(key, Group(key))
        group.spellings[spelling] = count
        group.label = group.label or label
    return _in_order(shown.values()), _in_order(hidden.values())


def _in_order(found: Iterable[Group]) -> list[Group]:
    return sorted(found, key=lambda group: (-group.count, group.key))


def cloud(spellings: Mapping[str, int], rules: Mapping[str, str]) -> dict[str, int]:
    """Word → how often, the most frequent first; at most `WORDS_TO_SHOW`."""
    shown, _hidden = groups(spellings, rules)
    return {group.word: group.count for group in shown[:WORDS_TO_SHOW]}


def size(count: int, largest: int) -> int:
    """How large a word is drawn, 1 to `SIZES`. The same as in `live.js`."""
    return 1 + round((SIZES - 1) * (count - 1) / (largest - 1)) if largest > 1 else 1
