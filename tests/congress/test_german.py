"""German is complete and says "Sie": our catalogues, the texts of other packages, the pages we bring."""

import gettext
import re
from pathlib import Path

import pytest
from django.utils.translation import trans_real

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = [
    ROOT / "locale/de/LC_MESSAGES/django.po",
    *sorted(ROOT.glob("*/locale/de/LC_MESSAGES/django.po")),
]
INFORMAL = re.compile(
    r"\b(du|dir|dich|dein|deine|deiner|deinem|deinen|deines|euch|euer|eure|gib|bist|hast|kannst|musst|wähle"
    r"|klicke|bestätige|kontaktiere|willst|möchtest)\b",
    re.IGNORECASE,
)
ENTRY = re.compile(
    r'^(?P<flags>(?:#.*\n)*)(?:msgctxt (?P<context>(?:".*"\n)+))?msgid (?P<id>(?:".*"\n)+)'
    r'(?:msgid_plural (?P<plural>(?:".*"\n)+))?(?P<strings>(?:msgstr(?:\[\d\])? (?:".*"\n?)+)+)',
    re.MULTILINE,
)


def unquoted(block: str) -> str:
    joined = "".join(re.findall(r'"(.*)"', block))
    return joined.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def test_the_example_of_du_is_found():
    assert INFORMAL.search("Bitte gib deinen Code ein.")
    assert not INFORMAL.search("Bitte geben Sie Ihren Code ein. Das dauert.")


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-5])
def test_catalogues_are_complete_and_say_sie(catalogue):
    for entry in ENTRY.finditer(catalogue.read_text(encoding="utf-8")):
        if not unquoted(entry["id"]):
            continue
        strings = re.split(r"msgstr(?:\[\d\])? ", entry["strings"])[1:]
        assert "fuzzy" not in entry["flags"], entry["id"]
        assert all(unquoted(string) for string in strings), entry["id"]
        assert INFORMAL.findall(" ".join(map(unquoted, strings))) == [], entry["id"]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-5])
def test_compiled_catalogues_hold_what_was_written(catalogue):
    with catalogue.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    for entry in ENTRY.finditer(catalogue.read_text(encoding="utf-8")):
        key = unquoted(entry["id"])
        if not key:
            continue
        if entry["context"]:
            key = f"{unquoted(entry['context'])}\x04{key}"
        strings = [
            unquoted(string) for string in re.split(r"msgstr(?:\[\d\])? ", entry["strings"])[1:]
        ]
        written = dict(enumerate(strings)) if entry["plural"] else {None: strings[0]}
        for number, string in written.items():
            assert compiled.get(key if number is None else (key, number)) == string, key


def test_no_german_text_anybody_may_see_says_du():
    """Django merges the catalogues of all packages; ours come first and override allauth's."""
    merged = trans_real.translation("de")._catalog
    texts = {key: merged[key] for key in merged.keys() if isinstance(merged[key], str)}  # noqa: SIM118  # has no __iter__

    assert len(texts) > 1000
    assert {key: text for key, text in texts.items() if key and INFORMAL.search(text)} == {}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "congress/texts").glob("*.de.md")), ids=lambda path: path.stem
)
def test_pages_we_bring_say_sie(path):
    assert INFORMAL.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*/templates/**/*.html")), ids=lambda path: path.name
)
def test_templates_hold_no_german_but_through_gettext(path):
    if path.name in {
        "500.html",
        "503.html",
        "styleguide.html",
    }:  # the page of last resort; the page for developers
        return
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}",
        "",
        path.read_text(encoding="utf-8"),
        flags=re.S,
    )
    shown = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", text, flags=re.S)

    assert re.findall(r"\b(?:Sie|und|oder|bitte|nicht|eine|Seite)\b", shown) == []
