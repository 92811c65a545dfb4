import idna
import pytest

from registration import likeness


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("kiel.de", "kiel.de", 0),
        ("kiel.de", "kial.de", 1),
        ("kiel.de", "keil.de", 2),
        ("stadt-kiel.de", "stadtkiel.de", 1),
        ("stadt-kiel.de", "stadt-kiels.de", 1),
        ("kiel.de", "bremen.de", 3),
        ("a.de", "abcde.de", 3),
        ("", "ab", 2),
    ],
)
def test_letters_apart(one, other, apart):
    assert likeness.edits(one, other) == likeness.edits(other, one) == apart


def test_another_alphabet_looks_like_ours():
    cyrillic = idna.encode("кіеӏ.de").decode()

    assert likeness.alphabets(cyrillic) == ["CYRILLIC"]
    assert likeness.nearness(cyrillic, "kiel.de") == (1, 0)
    assert likeness.alphabets("kiel.de") == likeness.alphabets("xn--mlheim-3ya.de") == []


@pytest.mark.parametrize(
    ("host", "other", "nearness"),
    [
        ("schule.kiel.de", "kiel.de", (0, 0)),
        (idna.encode("mülheim.de").decode(), "muelheim.de", (1, 0)),
        ("kiel-verwaltung.de", "stadtwerke.kiel.example", (2, -1)),
        ("stadtverwaltung-bonn.de", "stadtverwaltung-kiel.de", None),
        ("ab.de", "cd.de", None),
        ("kiel.example", "bonn.example", None),
    ],
)
def test_what_a_reviewer_would_call_alike(host, other, nearness):
    assert likeness.nearness(host, other) == nearness


@pytest.mark.parametrize(
    ("host", "other"),
    [
        ("stadt-kiel-online.de", "stadt-kial-onlime.de"),
        ("stadt-kiel-online.de", "sstadt-kiel-onlin.de"),
        ("kiel.de", "kial.de"),
        ("bonn.de", "bon.de"),
        ("poststelle.kleinbeispiel.de", "kleinbeispeil.de"),
    ],
)
def test_a_piece_of_the_host_stands_in_every_near_domain(host, other):
    assert likeness.nearness(host, other) is not None
    assert any(piece in other for piece in likeness.pieces(host))
