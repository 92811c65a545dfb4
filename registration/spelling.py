"""Letters and figures as they are said on the telephone (DIN 5009:2022, and the names people know from before)."""

from __future__ import annotations

from dataclasses import dataclass

# Letter → (city, name).
_LETTERS = {
    "A": ("Aachen", "Anton"),
    "B": ("Berlin", "Berta"),
    "C": ("Chemnitz", "Cäsar"),
    "D": ("Düsseldorf", "Dora"),
    "E": ("Essen", "Emil"),
    "F": ("Frankfurt", "Friedrich"),
    "G": ("Goslar", "Gustav"),
    "H": ("Hamburg", "Heinrich"),
    "I": ("Ingelheim", "Ida"),
    "J": ("Jena", "Julius"),
    "K": ("Köln", "Kaufmann"),
    "L": ("Leipzig", "Ludwig"),
    "M": ("München", "Martha"),
    "N": ("Nürnberg", "Nordpol"),
    "O": ("Offenbach", "Otto"),
    "P": ("Potsdam", "Paula"),
    "Q": ("Quickborn", "Quelle"),
    "R": ("Rostock", "Richard"),
    "S": ("Salzwedel", "Samuel"),
    "T": ("Tübingen", "Theodor"),
    "U": ("Unna", "Ulrich"),
    "V": ("Völklingen", "Viktor"),
    "W": ("Wuppertal", "Wilhelm"),
    "X": ("Xanten", "Xanthippe"),
    "Y": ("Ypsilon", "Ypsilon"),
    "Z": ("Zwickau", "Zacharias"),
}
_FIGURES = {
    "0": "null", "1": "eins", "2": "zwo", "3": "drei", "4": "vier", "5": "fünf", "6": "sechs", "7": "sieben",
    "8": "acht", "9": "neun",
}  # fmt: skip


@dataclass(frozen=True)
class Spoken:
    """One sign: what it looks like, how it is said, and how else."""

    sign: str
    said: str
    also: str = ""


def spelt(code: str) -> list[Spoken]:
    """Sign by sign. German in every language: the helper speaks it."""
    found = []
    for sign in code.upper():
        if sign in _FIGURES:
            found.append(Spoken(sign, _FIGURES[sign]))
        elif sign in _LETTERS:
            city, name = _LETTERS[sign]
            found.append(Spoken(sign, city, "" if name == city else name))
    return found
