"""What templates say in our design: icons, badges, notices, times and Markdown. `{% load kern %}`."""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import template
from django.template.defaultfilters import date as format_date
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from congress import markdown as rendering
from congress.markdown import Rendered

register = template.Library()

KINDS = {"info", "success", "warning", "danger", "neutral"}
# Django's levels of messages, in KERN's words.
KIND_OF_LEVEL = {"debug": "info", "error": "danger"}


def _kind(name: str) -> str:
    kind = KIND_OF_LEVEL.get(name, name)
    return kind if kind in KINDS else "info"


# --- Parts ------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """One of KERN's icons; decoration, unless it has a label.

    Sizes: small, default, large, x-large.
    """
    classes = f"kern-icon kern-icon--{name}" + (f" kern-icon--{size}" if size else "")
    if label:
        return format_html('<span class="{}" role="img" aria-label="{}"></span>', classes, label)
    return format_html('<span class="{}" aria-hidden="true"></span>', classes)


@register.simple_tag
def badge(text: str, kind: str = "info", icon: str = "") -> SafeString:
    """A short state in a frame: `{% badge "Live" "danger" %}`; the text alone carries the meaning."""
    picture = format_html('<span class="kern-icon kern-icon--{}" aria-hidden="true"></span>', icon)
    return format_html(
        '<span class="kern-badge kern-badge--small kern-badge--{} fk-badge">{}'
        '<span class="kern-label kern-label--small">{}</span></span>',
        _kind(kind),
        picture if icon else "",
        text,
    )


@register.simple_block_tag
def alert(
    content: str, kind: str = "info", title: str = "", level: int = 2, role: str = ""
) -> SafeString:
    """A notice with a heading: `{% alert "warning" title %}…{% endalert %}`.

    Give `role="status"` or `role="alert"` only to what appears in answer to an act.
    """
    kind = _kind(kind)
    return mark_safe(  # noqa: S308 - the template escapes; the content comes out of a template itself
        render_to_string(
            "kern/alert.html",
            {
                "content": mark_safe(content.strip()),  # noqa: S308 - rendered by the calling template
                "kind": kind,
                "icon": "info" if kind == "neutral" else kind,
                "title": title,
                "level": level,
                "role": role,
            },
        )
    )


# These point onwards: they stand behind the word.
ICONS_BEHIND = {"arrow-forward", "chevron-right", "open-in-new"}


def _caption(text: str, icon: str) -> SafeString:
    """What stands on a button."""
    label = format_html('<span class="kern-label">{}</span>', text)
    if not icon:
        return label
    picture = format_html('<span class="kern-icon kern-icon--{}" aria-hidden="true"></span>', icon)
    return label + picture if icon in ICONS_BEHIND else picture + label


@register.simple_tag
def button_link(text: str, url: str, kind: str = "secondary", icon: str = "") -> SafeString:
    """A link that looks like a button; kinds: primary, secondary, tertiary."""
    return format_html(
        '<a class="kern-btn kern-btn--{}" href="{}">{}</a>', kind, url, _caption(text, icon)
    )


@register.simple_tag
def button(
    text: str, kind: str = "primary", icon: str = "", name: str = "", value: str = ""
) -> SafeString:
    """The button that sends the form around it."""
    attributes = [(key, given) for key, given in (("name", name), ("value", value)) if given]
    return format_html(
        '<button class="kern-btn kern-btn--{}" type="submit"{}>{}</button>',
        kind,
        format_html_join("", ' {}="{}"', attributes),
        _caption(text, icon),
    )


@register.simple_tag
def bar(share: float | None) -> SafeString:
    """A bar as long as the share (0 to 1) of the whole; the figure itself must stand beside it as text."""
    percent = round(min(max(share or 0, 0), 1) * 100, 1)
    return format_html(
        '<svg class="fk-bar" aria-hidden="true" focusable="false"><rect width="{}%" height="100%"/></svg>',
        percent,
    )


# --- Forms ------------------------------------------------------------------------------------------


@register.filter
def summary_errors(form: Any) -> list[dict[str, Any]]:
    """Every error of a form with the id that takes the keyboard, in the order of the page."""
    errors: list[dict[str, Any]] = [
        {"label": "", "text": text, "focus_id": ""} for text in form.non_field_errors()
    ]
    for field in form:
        errors += [
            {
                "label": "" if field.is_hidden else str(field.label).rstrip(".:"),
                "text": text,
                "focus_id": "" if field.is_hidden else getattr(field, "focus_id", field.auto_id),
            }
            for text in field.errors
        ]
    return errors


@register.filter
def message_kind(level: str | None) -> str:
    """The level of one of Django's messages as one of our kinds."""
    return _kind(level or "info")


# --- Texts ------------------------------------------------------------------------------------------


@register.filter(is_safe=True)
def markdown(text: str | None) -> SafeString:
    """Markdown as safe HTML; put it into `<div class="fk-prose">`."""
    return rendering.render(text or "").html


@register.filter
def rendered(text: str | None) -> Rendered:
    """Markdown as `.html` and `.contents` (headings with id and text)."""
    return rendering.render(text or "")


@register.filter
def colour(value: str | None) -> SafeString:
    """A colour that may stand in a style block, or nothing."""
    return mark_safe(value if value and re.fullmatch(r"#[0-9a-fA-F]{6}", value) else "")  # noqa: S308 - six hex digits


@register.filter
def phone(number: str) -> str:
    """A telephone number as `tel:` wants it."""
    digits = re.sub(r"[^\d+]", "", number.replace("(0)", ""))
    return "+49" + digits[1:] if digits.startswith("0") and not digits.startswith("00") else digits


# --- Time, as people in Berlin read it ------------------------------------------------------------


def _local(moment: date | datetime | None) -> date | datetime | None:
    return (
        timezone.localtime(moment)
        if isinstance(moment, datetime) and timezone.is_aware(moment)
        else moment
    )


def _is_german() -> bool:
    return (get_language() or "de").startswith("de")


def _formatted(moment: date | datetime | None, german: str, english: str) -> str:
    return str(format_date(_local(moment), german if _is_german() else english)) if moment else ""


@register.filter
def clock(moment: datetime | None) -> str:
    """10:45"""
    return _formatted(moment, "H:i", "H:i")


@register.filter
def at_clock(moment: datetime | None) -> str:
    """10:45 Uhr"""
    return _formatted(moment, r"H:i \U\h\r", "H:i")


@register.filter
def day(moment: date | datetime | None) -> str:
    """17. März 2021"""
    return _formatted(moment, "j. F Y", "j F Y")


@register.filter
def weekday(moment: date | datetime | None) -> str:
    """Mittwoch, 17. März 2021"""
    return _formatted(moment, "l, j. F Y", "l, j F Y")


@register.filter
def short_day(moment: date | datetime | None) -> str:
    """Mi., 17.03."""
    return _formatted(moment, "D., d.m.", "D, j M")


@register.filter
def moment(moment: datetime | None) -> str:
    """17. März 2021, 10:45 Uhr"""
    return _formatted(moment, r"j. F Y, H:i \U\h\r", "j F Y, H:i")


@register.filter
def days_until(first: date | None, last: date | None) -> str:
    """17. und 18. März 2021 · 30. März bis 1. April 2022"""
    if not first or not last or first == last:
        return day(first or last)
    joined = (
        pgettext("two days of one month", "and")
        if (last - first).days == 1
        else pgettext("days", "to")
    )
    if (first.year, first.month) == (last.year, last.month):
        start = _formatted(first, "j.", "j")
    elif first.year == last.year:
        start = _formatted(first, "j. F", "j F")
    else:
        start = day(first)
    return f"{start} {joined} {day(last)}"


@register.filter
def span(first: datetime | None, last: datetime | None) -> str:
    """10:00–10:45 Uhr"""
    return f"{clock(first)}–{at_clock(last)}" if first and last else at_clock(first or last)


@register.filter
def iso(moment: date | datetime | None) -> str:
    """For `<time datetime="…">`."""
    return moment.isoformat() if moment else ""


# --- Figures ----------------------------------------------------------------------------------------


@register.filter
def percent(share: float | None) -> str:
    """46 % with a narrow space; nothing where there is no share."""
    return "" if share is None else _("%(number)s %%") % {"number": round(share * 100)}


@register.filter
def in_columns(items: Iterable[Any], count: int) -> list[list[Any]]:
    """The items in rows of at most `count`."""
    rows = list(items)
    return [rows[start : start + count] for start in range(0, len(rows), count)]


# --- For search engines -----------------------------------------------------------------------------


@register.simple_tag
def event_data(edition: Any, site_url: str) -> SafeString:
    """schema.org's Event as a data block; nothing for an exercise, which must not be found."""
    if edition is None or edition.practice:
        return mark_safe("")
    mode = {"virtual": "Online", "onsite": "Offline"}.get(edition.format, "Mixed")
    data = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": edition.title,
        "description": edition.summary or edition.motto,
        "startDate": edition.starts_on.isoformat(),
        "endDate": edition.ends_on.isoformat(),
        "eventAttendanceMode": f"https://schema.org/{mode}EventAttendanceMode",
        "location": {"@type": "Place", "name": edition.venue, "address": edition.city},
        "organizer": {
            "@type": "Organization",
            "name": edition.organiser or str(edition.host_state),
        },
        "isAccessibleForFree": True,
        "url": f"{site_url}{edition.get_absolute_url()}",
    }
    # The escapes of django.utils.html.json_script: no text can end the block.
    text = json.dumps(data, ensure_ascii=False).translate(
        {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
    )
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - escaped above
