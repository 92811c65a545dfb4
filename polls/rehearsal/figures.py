"""Percentiles, and how long votes took until everybody saw them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polls.rehearsal.viewers import Record

STEPS_PER_SECOND = 500  # the fan-out is counted in steps of 2 ms


def percentiles(seconds: Iterable[float]) -> dict[str, float] | None:
    """p50, p95, p99 and the largest, in milliseconds; nothing of nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    last = len(ordered) - 1
    shown = {f"p{share}": ordered[min(last, len(ordered) * share // 100)] for share in (50, 95, 99)}
    return {name: round(value * 1000, 1) for name, value in (shown | {"max": ordered[-1]}).items()}


def fan_out(sent: Sequence[float | None], records: Iterable[Record]) -> dict[str, float] | None:
    """From sending a vote until a viewer held a total that includes it, over all pairs of vote and viewer.

    `sent` in the order of the acknowledgements: the n-th acknowledged vote is in every total from n on. Votes without
    a moment are left out, and so is what happened while a viewer's line was cut.
    """
    seen: dict[tuple[int, int], Counter[int]] = {}
    for record in records:
        before = 0
        for at, total, first in record.totals:
            if not first and total > before:
                moments = seen.setdefault((before, total), Counter())
                moments[int(at * STEPS_PER_SECOND)] += 1
            before = max(before, total)
    delays: Counter[int] = Counter()
    for (before, total), moments in seen.items():
        votes = Counter(int(at * STEPS_PER_SECOND) for at in sent[before:total] if at is not None)
        for moment, viewers in moments.items():
            for began, count in votes.items():
                delays[moment - began] += viewers * count
    pairs = delays.total()
    if not pairs:
        return None
    shown: dict[str, float] = {}
    passed, wanted = 0, [50, 95, 99]
    for delay in sorted(delays):
        passed += delays[delay]
        while wanted and passed * 100 >= pairs * wanted[0]:
            shown[f"p{wanted.pop(0)}"] = delay * 1000 / STEPS_PER_SECOND
        shown["max"] = delay * 1000 / STEPS_PER_SECOND
    return shown


def reached(
    steps: Iterable[tuple[int, float]], seen: Iterable[Sequence[tuple[int, float]]]
) -> tuple[dict[str, float] | None, int]:
    """From each step (the number things had then, and when it was begun) until a viewer saw this number or one further.

    Over all pairs of step and viewer; and how many pairs never came about.
    """
    steps, took, missed = list(steps), [], 0
    for moments in seen:
        for number, began in steps:
            at = next((at for saw, at in moments if saw >= number), None)
            if at is None:
                missed += 1
            else:
                took.append(at - began)
    return percentiles(took), missed


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        key: round(value, 2) if isinstance(value, float) else value
        for key, value in figures.items()
    }
