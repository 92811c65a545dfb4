"""The figures of a rehearsal in a sentence, for people who do not read figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# At most half of the admitted people watched at one time in 2021: 1,800 of 3,600.
SHARE_AT_ONE_TIME = 0.5
# Above this the simulated viewers themselves were held up, and what they measured says nothing.
LATE_MS = 50.0
# What people do not yet feel as slow.
ACK_MS, FAN_OUT_MS, STEP_MS, PAGE_SECONDS = 1000.0, 1500.0, 500.0, 5.0


class Grade(StrEnum):
    GOOD = "good"
    SLOW = "slow"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    grade: Grade
    sentences: list[str]

    @property
    def title(self) -> str:
        return self.sentences[0]

    @property
    def rest(self) -> list[str]:
        return self.sentences[1:]

    @property
    def tone(self) -> str:
        """As alerts are coloured."""
        tones = {Grade.GOOD: "success", Grade.SLOW: "warning", Grade.WRONG: "danger"}
        return tones.get(self.grade, "info")


def judge(figures: dict[str, Any]) -> Verdict:
    """In the language that is active."""
    grade, sentences = _grade(figures)
    return Verdict(grade, [*sentences, _expectation(figures, grade)])


def _grade(figures: dict[str, Any]) -> tuple[Grade, list[str]]:
    if figures.get("failed"):
        return Grade.WRONG, [_("The poll did not reach the simulated viewers: nobody could vote.")]
    viewers = figures["sockets"] + figures["pages"]
    missing = viewers - figures["entered"]
    faults = []
    if missing:
        faults.append(
            ngettext(
                "%s simulated viewer did not get in.",
                "%s simulated viewers did not get in.",
                missing,
            )
            % missing
        )
    if figures["lost"]:
        faults.append(
            ngettext(
                "%s vote was confirmed and is missing in the result.",
                "%s votes were confirmed and are missing in the result.",
                figures["lost"],
            )
            % figures["lost"]
        )
    if figures["doubled"]:
        faults.append(
            ngettext(
                "%s vote was counted that nobody gave a second time.",
                "%s votes were counted that nobody gave a second time.",
                figures["doubled"],
            )
            % figures["doubled"]
        )
    unanswered = figures["votes"] - figures["acknowledged"]
    if unanswered:
        faults.append(
            ngettext(
                "%s vote got no answer within half a minute.",
                "%s votes got no answer within half a minute.",
                unanswered,
            )
            % unanswered
        )
    if figures["wrong"]:
        faults.append(
            ngettext(
                "%s page did not show the right result in the end.",
                "%s pages did not show the right result in the end.",
                figures["wrong"],
            )
            % figures["wrong"]
        )
    if figures.get("questions_unanswered"):
        faults.append(
            ngettext(
                "%s question got no answer within half a minute.",
                "%s questions got no answer within half a minute.",
                figures["questions_unanswered"],
            )
            % figures["questions_unanswered"]
        )
    if figures.get("shown_missed"):
        faults.append(
            ngettext(
                "%s time a page did not show a question that was let through.",
                "%s times a page did not show a question that was let through.",
                figures["shown_missed"],
            )
            % figures["shown_missed"]
        )
    if figures.get("steps_missed"):
        faults.append(
            ngettext(
                "%s time a page did not follow a step of the Regie.",
                "%s times a page did not follow a step of the Regie.",
                figures["steps_missed"],
            )
            % figures["steps_missed"]
        )
    if faults:
        return Grade.WRONG, [_("Not good."), *faults]
    if _late(figures) > LATE_MS:
        return Grade.UNKNOWN, [
            _("Nothing was lost or counted twice, but about the speed this run says nothing."),
            _(
                "The computer of the simulated viewers was held up itself. Please let them run on another one, "
                "or with fewer viewers."
            ),
        ]
    ack, shown = _worst(figures, "ack", "ack_pages"), _worst(figures, "fan_out")
    exact = _("Every vote was counted once, and every page showed the right result.")
    tick = figures.get("tick_ms", 0)  # words wait for theirs on purpose
    if (
        ack > ACK_MS + tick
        or shown > FAN_OUT_MS + tick
        or _worst(figures, "step") > STEP_MS
        or _worst(figures, "ask") > ACK_MS
        or _worst(figures, "shown") > FAN_OUT_MS
        or figures["settle"] > PAGE_SECONDS + FAN_OUT_MS / 1000
    ):
        return Grade.SLOW, [_("Right, but slow."), exact]
    return Grade.GOOD, [_("Good."), exact, _("Nobody had to wait for long.")]


def _late(figures: dict[str, Any]) -> float:
    return (figures.get("late") or {}).get("p99", 0.0)  # type: ignore[no-any-return]  # of JSON


def _worst(figures: dict[str, Any], *names: str) -> float:
    return max(((figures.get(name) or {}).get("p99", 0.0) for name in names), default=0.0)


def _expectation(figures: dict[str, Any], grade: Grade) -> str:
    admitted, viewers = figures["admitted"], figures["sockets"] + figures["pages"]
    expected = round(admitted * SHARE_AT_ONE_TIME)
    numbers = {"admitted": admitted, "expected": expected, "viewers": viewers}
    if not admitted:
        return _("Nobody is admitted to this edition yet, so there is nothing to compare with.")
    if viewers < expected:
        return (
            _(
                "%(admitted)s people are admitted; experience says that half of them, about %(expected)s, watch at one "
                "time. This rehearsal had %(viewers)s viewers: please repeat it with %(expected)s or more."
            )
            % numbers
        )
    if grade in {Grade.GOOD, Grade.SLOW}:
        return (
            _(
                "%(admitted)s people are admitted; experience says that half of them, about %(expected)s, watch at one "
                "time. This rehearsal had %(viewers)s viewers: that is enough."
            )
            % numbers
        )
    return _("Expected at one time: about %(expected)s viewers.") % numbers


def table(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """What was measured, line by line."""
    lines = [
        (_("Simulated viewers by socket / by HTTP"), f"{figures['sockets']} / {figures['pages']}"),
        (
            _("Votes: sent / confirmed / counted"),
            _numbers(figures, "votes", "acknowledged", "total"),
        ),
        (_("Lost / doubled"), _numbers(figures, "lost", "doubled")),
        (_("Lines cut and back again"), f"{figures['cuts']}"),
    ]
    for name, label in (
        ("connect", _("Until a page was there")),
        ("rejoin", _("Until a cut page was back")),
        ("ack", _("Until a vote was confirmed")),
        ("ack_pages", _("Until a vote was confirmed, by HTTP")),
        ("fan_out", _("Until a vote showed on all pages")),
        ("step", _("Until a step of the Regie was on all pages")),
        ("step_pages", _("Until a step of the Regie was on all pages, by HTTP")),
        ("ask", _("Until a question was taken")),
        ("shown", _("Until a question that was let through was on all pages")),
        ("answers", _("Until an HTTP answer was there")),
        ("late", _("How late the simulated viewers were themselves")),
    ):
        if figures.get(name):
            lines.append((label, _milliseconds(figures[name])))
    if figures.get("memory_per_viewer") is not None:
        lines.append((_("Memory of the servers per viewer"), f"{figures['memory_per_viewer']} KiB"))
    if figures.get("cpu") is not None:
        lines.append((_("Processor time of the servers while voting"), f"{figures['cpu']} s"))
    else:
        lines.append((_("Processor time of the servers while voting"), _("not visible from here")))
    return lines


def _numbers(figures: dict[str, Any], *names: str) -> str:
    return " / ".join(str(figures[name]) for name in names)


def _milliseconds(shares: dict[str, float]) -> str:
    return _("half in %(p50)s ms, 95 %% in %(p95)s ms, 99 %% in %(p99)s ms") % {
        name: round(shares[name]) for name in ("p50", "p95", "p99")
    }
