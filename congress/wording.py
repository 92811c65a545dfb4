"""Wordings of letters: the standard texts, and what an edition's own wording may say.

Whoever writes one knows no templates and must not be able to do more than write: names that the standard text
uses, `if`, and a few filters. No tag that loads files or runs code, no attribute that the standard text leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.template import Context, Engine, Library, Template
from django.template import defaultfilters as stock
from django.template.base import FilterExpression, Lexer, Parser, TokenType, Variable
from django.template.defaulttags import do_if
from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError
from django.utils.translation import gettext as _
from django.utils.translation import override

from congress.links import masked
from congress.models import Edition, Letter, LetterText, User
from congress.templatetags import kern

# What every letter may name, whether its standard text does or not.
ALWAYS = frozenset(
    {
        *("person.display_name", "person.title", "person.first_name", "person.last_name"),
        *("edition.title", "edition.motto", "edition.city", "edition.venue", "edition.organiser"),
        *("edition.starts_on", "edition.ends_on", "edition.help_phone", "edition.help_email"),
        *("edition.press_email", "site_url"),
    }
)
TAGS = ("if", "elif", "else", "endif")
LONGEST_TEXT = 20_000
_FILTERS: dict[str, Callable[..., Any]] = {
    "capfirst": stock.capfirst,
    "clock": kern.clock,
    "at_clock": kern.at_clock,
    "date": stock.date,
    "day": kern.day,
    "days_until": kern.days_until,
    "default": stock.default,
    "lower": stock.lower,
    "moment": kern.moment,
    "short_day": kern.short_day,
    "span": kern.span,
    "time": stock.time,
    "upper": stock.upper,
    "weekday": kern.weekday,
}
_LOADS = re.compile(r"\{%\s*load\s[^%]*%\}\n?")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_CHOICE = re.compile(r"\{%\s*if\b.*?%\}(.*?)\{%\s*endif\s*%\}")
_BRANCH = re.compile(r"\{%\s*(?:elif\b.*?|else)\s*%\}")
_SEVERAL = re.compile(r"…(?:\s*…)+")
_SINGLE_BRACES = re.compile(r"(?<!\{)\{\s*[\w.]+\s*\}(?!\})")


def split(text: str) -> tuple[str, str]:
    """Subject and body of a letter's file: its first line is the subject."""
    subject, _rest, body = text.strip().partition("\n")
    return subject.strip(), body.strip()


def standard(template: str, language: str) -> Template:
    """The file of a letter, in this language if there is one."""
    stem = Path(template)
    own = str(stem.with_suffix(f".{language}{stem.suffix}"))
    return Engine.get_default().select_template([own, template])


def standard_text(template: str, language: str) -> tuple[str, str]:
    """Subject and body as somebody may copy them into a wording of their own."""
    return split(_LOADS.sub("", standard(template, language).source))


@cache
def letters() -> tuple[str, ...]:
    """The names of all letters of the suite."""
    found = []
    for app in apps.get_app_configs():
        folder = Path(app.path) / "templates" / app.label / "emails"
        found += [
            f"{app.label}/emails/{file.name}"
            for file in sorted(folder.glob("*.md"))
            if "." not in file.stem
        ]
    return tuple(found)


@cache
def label(template: str, language: str) -> str:
    """What a letter is called in lists: its subject, with "…" for what is filled in."""
    try:
        subject, _body = standard_text(template, language)
    except (TemplateDoesNotExist, TemplateSyntaxError):
        return template
    named = _PLACEHOLDER.sub("…", _CHOICE.sub(_chosen, subject))
    return " ".join(_SEVERAL.sub("…", named).split())


def _chosen(choice: re.Match[str]) -> str:
    """The only words among what may stand there; "…" where the letter chooses between several."""
    words = [branch for branch in _BRANCH.split(choice[1]) if _PLACEHOLDER.sub("", branch).strip()]
    return words[0] if len(words) == 1 else "…"


@cache
def names(template: str) -> frozenset[str]:
    """What a wording of this letter may name: what its standard texts name, and what is always there."""
    found = set(ALWAYS)
    for language in ("de", "en"):
        default = standard(template, language)
        engine = Engine.get_default()
        parser = _Listener(
            Lexer(default.source).tokenize(),
            engine.template_libraries,
            engine.template_builtins,
            default.origin,
        )
        parser.parse()
        found |= parser.named
    return frozenset(name for name in found if not name.startswith("forloop"))


def check(template: str, subject: str, body: str) -> None:
    """Raises `ValidationError` with sentences for the person who wrote it."""
    if template not in letters():
        raise ValidationError({"template": _("There is no letter of this name.")})
    problems: dict[str, list[str]] = {}
    for field, text in (("subject", subject), ("body", body)):
        if found := _problems(template, text):
            problems[field] = found
    if problems:
        raise ValidationError(problems)


def compiled(own: LetterText) -> Template | None:
    """The wording, ready to be filled in; None where it holds what no wording may, however it got there."""
    if own.template not in letters():
        return None
    if any(_problems(own.template, text) for text in (own.subject, own.body)):
        return None
    return Template(f"{own.subject}\n\n{own.body}", engine=_engine())


def preview(
    edition: Edition, template: str, language: str, subject: str, body: str
) -> tuple[str, str]:
    """Subject and body with the edition's facts; everything else stands as its name in angle brackets."""
    context: dict[str, Any] = {}
    # The deepest first: what is asked for by parts stays a whole with parts.
    for name in sorted(names(template), key=lambda name: -name.count(".")):
        *path, last = name.split(".")
        place = context
        for part in path:
            below = place.setdefault(part, {})
            place = below if isinstance(below, dict) else {}
        place.setdefault(last, f"‹{name}›")
    person = User(first_name="Kim", last_name="Beispiel")
    context |= {"edition": edition, "person": person}
    with override(language):
        text = Template(f"{subject}\n\n{body}", engine=_engine()).render(
            Context(context, autoescape=False)
        )
    return split(masked(text))


def own_wording(letter: Letter) -> Template | None:
    """The edition's wording of this letter in its language, if there is one and it may be used."""
    if letter.edition_id is None:
        return None
    own = LetterText.objects.filter(
        edition=letter.edition_id, template=letter.template, language=letter.language
    ).first()
    return compiled(own) if own is not None else None


class _Listener(Parser):
    """Django's parser, which writes down what is named."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.named: set[str] = set()

    def compile_filter(self, token: str) -> FilterExpression:
        expression = super().compile_filter(token)
        variables = [expression.var]
        variables += [
            value for _f, given in expression.filters for is_name, value in given if is_name
        ]
        self.named |= {
            str(variable.var)
            for variable in variables
            if isinstance(variable, Variable) and variable.lookups is not None
        }
        return expression


@cache
def _engine() -> Engine:
    engine = Engine(loaders=[])
    engine.template_builtins = [_library()]
    return engine


@cache
def _library() -> Library:
    library = Library()
    library.tag("if", do_if)
    for name, function in _FILTERS.items():
        library.filters[name] = function
    return library


def _problems(template: str, text: str) -> list[str]:
    if len(text) > LONGEST_TEXT:
        return [_("This text is too long.")]
    tokens = Lexer(text).tokenize()
    found = []
    for token in tokens:
        if token.token_type == TokenType.TEXT:
            if any(mark in token.contents for mark in ("{{", "}}", "{%", "%}", "{#", "#}")):
                found.append(_("A placeholder is not closed. It begins with {{ and ends with }}."))
            if single := _SINGLE_BRACES.search(token.contents):
                found.append(
                    _(
                        "%(text)s: placeholders stand in double braces, as in {{ person.display_name }}."
                    )
                    % {"text": single[0]}
                )
        elif token.token_type == TokenType.BLOCK:
            tag = token.contents.split()[0] if token.contents.split() else ""
            if tag not in TAGS:
                found.append(
                    _(
                        "{%% %(tag)s %%} is not possible in letters. There is only {%% if … %%} … {%% endif %%}."
                    )
                    % {"tag": tag}
                )
    if found:
        return found
    parser = _Listener(tokens, {}, [_library()], None)
    try:
        parser.parse()
    except TemplateSyntaxError as error:
        return [_syntax(error)]
    except RecursionError:
        return [_("This text is too complicated.")]
    unknown = sorted(parser.named - names(template))
    return [_("There is no {{ %(name)s }} in this letter.") % {"name": name} for name in unknown]


def _syntax(error: TemplateSyntaxError) -> str:
    token = getattr(error, "token", None)
    said = str(error)
    if "filter" in said:
        return _(
            "There is a filter (after |) that does not exist in letters: %(filters)s are possible."
        ) % {"filters": ", ".join(sorted(_FILTERS))}
    if token is not None and token.token_type == TokenType.BLOCK:
        return _("Line %(line)s: every {%% if … %%} needs its {%% endif %%}.") % {
            "line": token.lineno
        }
    return _("A placeholder cannot be read. It looks like {{ person.display_name }}.")
