"""Frames: what a client may send, and how garbage is answered. Decoding never raises anything but `BadFrame`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.core.exceptions import ValidationError

from congress.text import clean_line, clean_paragraph

LARGEST_FRAME = 16 * 1024  # bytes
LONGEST_ID = 64

Check = Callable[[Any], Any]


class BadFrame(Exception):
    """What was sent is no valid frame; `reply_to` is its id, where one could be read."""

    def __init__(self, code: str = "bad_frame", reply_to: str | None = None) -> None:
        self.code = code
        self.reply_to = reply_to
        super().__init__(code)


@dataclass(frozen=True)
class Shape:
    """The keys a frame has, each with the check that gives its value or raises `BadFrame`."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    # At least one of these must be there, too.
    either: tuple[str, ...] = ()


def decode(data: str | bytes | None) -> dict[str, Any]:
    """The JSON object in one text frame. Raises `BadFrame`."""
    if not isinstance(data, str):
        raise BadFrame
    try:
        content = json.loads(data, parse_constant=_refuse, object_pairs_hook=_no_double_keys)
    except (ValueError, RecursionError) as error:
        raise BadFrame from error
    if not isinstance(content, dict):
        raise BadFrame
    return content


def reply_id(content: Mapping[str, Any]) -> str | None:
    """The id to echo. Raises `BadFrame` for one that is none."""
    given = content.get("id")
    if given is None and "id" not in content:
        return None
    if not isinstance(given, str) or len(given) > LONGEST_ID or _has_surrogates(given):
        raise BadFrame
    return given


def read(content: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The frame with every value checked: known type, known keys, strict types. Raises `BadFrame`."""
    reply_to = reply_id(content)
    name = content.get("type")
    shape = shapes.get(name) if isinstance(name, str) else None
    if shape is None:
        raise BadFrame(reply_to=reply_to)
    given = set(content) - {"type", "id"}
    if not set(shape.required) <= given or given - set(shape.required) - set(shape.optional):
        raise BadFrame(reply_to=reply_to)
    if shape.either and given.isdisjoint(shape.either):
        raise BadFrame(reply_to=reply_to)
    checks = {**shape.required, **shape.optional}
    frame = {"type": name, "id": reply_to}
    for key in given:
        try:
            frame[key] = checks[key](content[key])
        except BadFrame as bad:
            raise BadFrame(bad.code, reply_to) from bad
    return frame


def a_number(value: Any) -> int:
    """An integer; what is none to a strict eye (true, 4.0) is refused."""
    if type(value) is not int:
        raise BadFrame
    return value


def a_number_from(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        number = a_number(value)
        if not low <= number <= high:
            raise BadFrame
        return number

    return check


def yes_or_no(value: Any) -> bool:
    if type(value) is not bool:
        raise BadFrame
    return value


def different_numbers(most: int) -> Check:
    def check(value: Any) -> list[int]:
        if not isinstance(value, list) or not 0 < len(value) <= most:
            raise BadFrame
        numbers = [a_number(item) for item in value]
        if len(set(numbers)) != len(numbers):
            raise BadFrame
        return numbers

    return check


def lines(most: int, limit: int) -> Check:
    one = a_line(limit)

    def check(value: Any) -> list[str]:
        if not isinstance(value, list) or not 0 < len(value) <= most:
            raise BadFrame
        return [one(item) for item in value]

    return check


def a_line(limit: int, *, empty: bool = False) -> Check:
    return _text(clean_line, limit, empty=empty)


def a_paragraph(limit: int, *, empty: bool = False) -> Check:
    return _text(clean_paragraph, limit, empty=empty)


def _text(clean: Callable[[str], str], limit: int, *, empty: bool) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise BadFrame
        try:
            text = clean(value)
        except ValidationError as error:
            raise BadFrame from error
        if not text and not empty:
            raise BadFrame
        if len(text) > limit:
            raise BadFrame("too_long")
        return text

    return check


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _no_double_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice")
    return content


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
