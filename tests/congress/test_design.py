"""Templates keep the strict policy; tags, filters and Markdown do what pages rely on."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.translation import override

from congress.markdown import render

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))
MOMENT = datetime(2021, 3, 18, 9, 45, tzinfo=UTC)  # 10:45 in Berlin


def shown(source: str, **context: object) -> str:
    return Template("{% load kern %}" + source).render(Context(context))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-2]}/{path.name}")
def test_templates_keep_the_content_security_policy(path):
    if "emails" in path.parts:
        return
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"\sstyle\s*=", text) == []
    assert re.findall(r"\son[a-z]+\s*=\s*[\"']", text) == []
    assert re.findall(r"(?:src|href)=\"https?://", text) == []
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", text):
        assert "src=" in tag or "nonce=" in tag or "json" in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-2]}/{path.name}")
def test_no_template_claims_to_be_an_official_site(path):
    assert "Offizielle Website" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "german", "english"),
    [
        ("{{ moment|clock }}", "10:45", "10:45"),
        ("{{ moment|at_clock }}", "10:45 Uhr", "10:45"),
        ("{{ moment|moment }}", "18. März 2021, 10:45 Uhr", "18 March 2021, 10:45"),
        ("{{ moment|weekday }}", "Donnerstag, 18. März 2021", "Thursday, 18 March 2021"),
        ("{{ none|moment }}", "", ""),
    ],
)
def test_moments_are_shown_as_clocks_in_berlin_show_them(source, german, english):
    with override("de"):
        assert shown(source, moment=MOMENT, none=None) == german
    with override("en"):
        assert shown(source, moment=MOMENT, none=None) == english


@pytest.mark.parametrize(
    ("first", "last", "german"),
    [
        (date(2021, 3, 17), date(2021, 3, 18), "17. und 18. März 2021"),
        (date(2022, 3, 9), date(2022, 3, 11), "9. bis 11. März 2022"),
        (date(2023, 3, 31), date(2023, 4, 1), "31. März und 1. April 2023"),
        (date(2023, 12, 30), date(2024, 1, 2), "30. Dezember 2023 bis 2. Januar 2024"),
        (date(2023, 3, 31), date(2023, 3, 31), "31. März 2023"),
    ],
)
def test_days_of_an_edition_read_as_a_phrase(first, last, german):
    with override("de"):
        assert shown("{{ first|days_until:last }}", first=first, last=last) == german


def test_a_bar_has_no_style_and_stays_inside_its_frame():
    assert 'width="100%"' in shown("{% bar share %}", share=1.7)
    assert 'width="46.0%"' in shown("{% bar share %}", share=0.46)
    assert 'width="0%"' in shown("{% bar share %}", share=None)


def test_what_people_write_is_escaped_in_parts():
    evil = '"><script>alert(1)</script>'

    for source in (
        "{% badge text %}",
        "{% button text %}",
        "{% button_link text text %}",
        "{% icon 'info' '' text %}",
    ):
        assert "<script>" not in shown(source, text=evil)
    assert "<script>" not in shown("{% alert 'info' text %}{{ text }}{% endalert %}", text=evil)


def test_an_alert_shows_its_content_once_escaped():
    html = shown("{% alert 'warning' 'Achtung' 3 %}<p>{{ text }}</p>{% endalert %}", text="A & B")

    assert "<p>A &amp; B</p>" in html
    assert '<h3 class="kern-title">Achtung</h3>' in html
    assert "kern-alert--warning" in html


@pytest.mark.parametrize("value", ["red;}", "#12345", "#1234567", "url(x)", None, ""])
def test_a_colour_that_is_none_never_reaches_the_style_block(value):
    assert shown("{{ value|colour }}", value=value) == ""


def test_markdown_is_harmless():
    html = render(
        "<script>alert(1)</script>\n\n[a](javascript:alert(1)) ![b](https://x.example/p.png) "
        '<img src=x onerror=alert(1)> [c](https://x.example "d")'
    ).html

    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert '<a href="https://x.example"' in html


def test_markdown_headings_get_ids_and_leave_the_first_level_to_the_page():
    text = render("# Große Überschrift\n\n## Häufige Fragen\n\n## Häufige Fragen\n\n### Tiefer")

    assert "<h1" not in text.html
    assert [heading.id for heading in text.contents] == [
        "grosse-ueberschrift",
        "haeufige-fragen",
        "haeufige-fragen-2",
    ]
    assert '<h3 id="tiefer">' in text.html


def test_markdown_uses_the_quotation_marks_of_the_language():
    with override("de"):
        assert "„so“" in render('"so"').html
    with override("en"):
        assert "“so”" in render('"so"').html


def test_wide_tables_scroll_by_themselves():
    html = render("| a | b |\n|---|---|\n| 1 | 2 |").html

    assert '<div class="fk-scroll" role="region" tabindex="0"' in html
    assert html.count("<table>") == html.count("</table></div>") == 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [("0351 0000-110", "+493510000110"), ("+49 (0)351 11", "+4935111"), ("115", "115")],
)
def test_telephone_numbers_can_be_dialled(number, expected):
    assert shown("{{ number|phone }}", number=number) == expected
