"""Markdown as organisers write it → HTML that is safe to show. Not for anything else: no HTML, no pictures.

What the host still has to fill in (`congress.texts.GAP`) is marked.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from congress.texts import GAP

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "a"),
    *("blockquote", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}}
SCHEMES = {"http", "https", "mailto", "tel"}

UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
QUOTES = {"de": "„“‚‘", "en": "“”‘’"}
_parsers = {
    language: MarkdownIt(
        "js-default",
        {"html": False, "typographer": True, "quotes": quotes, "linkify": False, "breaks": True},
    ).disable("image")
    for language, quotes in QUOTES.items()
}


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents."""

    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """A text and the headings of its sections."""

    html: SafeString
    contents: list[Heading]


def _name(text: str, taken: set[str]) -> str:
    """An id that can stand in an address, unique on the page."""
    folded = text.lower().translate(UMLAUTS)
    ascii_only = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-") or "abschnitt"
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name)
    return name


def _prepare_headings(tokens: list[Token]) -> list[Heading]:
    """Give headings ids, and make room for the page's own h1."""
    contents: list[Heading] = []
    taken: set[str] = set()
    for position, token in enumerate(tokens):
        if token.type not in {"heading_open", "heading_close"}:
            continue
        token.tag = "h2" if token.tag == "h1" else token.tag
        if token.type == "heading_open" and token.tag in {"h2", "h3", "h4"}:
            text = "".join(
                child.content for child in tokens[position + 1].children or [] if child.content
            )
            token.attrSet("id", _name(text, taken))
            if token.tag == "h2":
                contents.append(Heading(str(token.attrGet("id")), text))
    return contents


def render(text: str) -> Rendered:
    """Markdown to HTML and table of contents. Raw HTML, pictures and `javascript:` links do no harm."""
    parser = _parser()
    tokens = parser.parse(text)
    contents = _prepare_headings(tokens)
    raw = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        raw, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener"
    )
    # Wide tables scroll by themselves, not the page; whoever has only a keyboard can scroll them, each by its name.
    before, *tables = clean.split("<table>")
    for number, table in enumerate(tables, start=1):
        name = _("Table") if number == 1 else f"{_('Table')} {number}"
        region = format_html(
            '<div class="fk-scroll" role="region" tabindex="0" aria-label="{}">', name
        )
        before += f"{region}<table>{table}"
    clean = before.replace("</table>", "</table></div>")
    clean = GAP.sub(r'<mark class="fk-fill-in">\g<0></mark>', clean)
    return Rendered(mark_safe(clean), contents)  # noqa: S308 - cleaned by nh3 above


def _parser() -> MarkdownIt:
    return _parsers["en" if (get_language() or "de").startswith("en") else "de"]


# --- For PDFs (`congress/typst/prose.typ`) ------------------------------------------------------------


def blocks(text: str) -> list[dict[str, Any]]:
    """Markdown as data for a PDF: `{"kind": "paragraph", "runs": [{"text", "strong", "emphasis", "link"}]}`, …

    Kinds: heading (level), paragraph, list (ordered, start, items), quote (blocks), code (text), table (head, rows),
    rule. What a page would not show is not in it either.
    """
    return _blocks(SyntaxTreeNode(_parser().parse(text)))


def _blocks(node: SyntaxTreeNode) -> list[dict[str, Any]]:
    return [made for child in node.children if (made := _block(child)) is not None]


def _block(node: SyntaxTreeNode) -> dict[str, Any] | None:
    match node.type:
        case "heading":
            return {"kind": "heading", "level": max(2, int(node.tag[1:])), "runs": _runs(node)}
        case "paragraph":
            return {"kind": "paragraph", "runs": _runs(node)}
        case "bullet_list" | "ordered_list":
            return {
                "kind": "list",
                "ordered": node.type == "ordered_list",
                "start": int(node.attrs.get("start", 1)),
                "items": [_blocks(item) for item in node.children],
            }
        case "blockquote":
            return {"kind": "quote", "blocks": _blocks(node)}
        case "code_block" | "fence":
            return {"kind": "code", "text": node.content.rstrip("\n")}
        case "table":
            head, *bodies = node.children
            return {
                "kind": "table",
                "head": [_runs(cell) for cell in head.children[0].children],
                "rows": [
                    [_runs(cell) for cell in row.children]
                    for body in bodies
                    for row in body.children
                ],
            }
        case "hr":
            return {"kind": "rule"}
    return None


def _runs(node: SyntaxTreeNode) -> list[dict[str, Any]]:
    return [run for inline in node.children for run in _inline(inline, {})]


def _inline(node: SyntaxTreeNode, style: dict[str, Any]) -> Iterator[dict[str, Any]]:
    match node.type:
        case "strong" | "s":
            style = {**style, node.type: True}
        case "em":
            style = {**style, "emphasis": True}
        case "link":
            address = str(node.attrs.get("href", ""))
            if urlsplit(address).scheme in SCHEMES:
                style = {**style, "link": address}
        case "text" | "code_inline":
            yield {**_PLAIN, **style, "text": node.content}
        case "softbreak" | "hardbreak":
            yield {**_PLAIN, "text": "\n"}
    for child in node.children:
        yield from _inline(child, style)


_PLAIN: dict[str, Any] = {"strong": False, "emphasis": False, "s": False, "link": ""}
