import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from congress.text import clean_line, clean_paragraph, folded, sort_key


@pytest.mark.parametrize(
    "name",
    ["Ø", "O’Brien", "d'Arc", "Jörg Müller-Weiß", "李小龙", "José", "N'Golo", "👩‍💻 Team", "X"],
)
def test_honest_names_stay_as_they_are(name):
    assert clean_line(name) == name


def test_a_line_is_composed_and_stripped():
    assert clean_line("  Jo\u0308rg ") == "Jörg"


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\x1bb",
        "a\x00b",
        "a\u2028b",
        "a\u202eb",
        "\ud800",
        "\u3164",
        "\u200b",
        "Z\u0300\u0301\u0302\u0303\u0304",
    ],
    ids=ascii,
)
def test_a_line_refuses_what_nobody_could_read(text):
    with pytest.raises(ValidationError):
        clean_line(text)


def test_paragraphs_keep_their_line_breaks():
    assert clean_paragraph("eins\r\nzwei\rdrei") == "eins\nzwei\ndrei"


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    try:
        once = clean_line(text)
    except ValidationError:
        return
    assert clean_line(once) == once


def test_umlauts_sort_with_their_letter():
    assert sorted(["Zorn", "Öztürk", "Ott", "Ahrens"], key=sort_key) == [
        "Ahrens",
        "Ott",
        "Öztürk",
        "Zorn",
    ]


def test_names_fold_across_case_and_spacing():
    assert folded("  Jörg   WEISS") == folded("jo\u0308rg weiss")
