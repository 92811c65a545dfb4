"""What is one viewer's own on a stage: votes, support, ratings, and what became of the questions asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from congress.live import entry
from congress.models import Stage

# Columns of the query at the door (`congress.live.entry`): arrays, where u is the person and st the stage.
COLUMNS: dict[str, str] = {
    "voted": (
        "ARRAY(SELECT pa.poll_id FROM polls_participation pa JOIN polls_poll p ON p.id = pa.poll_id "
        "WHERE pa.person_id = u.id AND p.stage_id = st.id ORDER BY pa.poll_id)"
    ),
    "supported": (
        "ARRAY(SELECT su.question_id FROM polls_support su JOIN polls_question q ON q.id = su.question_id "
        "WHERE su.person_id = u.id AND q.stage_id = st.id ORDER BY su.question_id)"
    ),
    "rated": (
        "ARRAY(SELECT se.code FROM polls_rated ra JOIN programme_session se ON se.id = ra.session_id "
        "WHERE ra.person_id = u.id AND se.stage_id = st.id ORDER BY se.code)"
    ),
    "asked": (
        "ARRAY(SELECT q.id || ' ' || q.state || ' ' || q.reason FROM polls_question q "
        "WHERE q.person_id = u.id AND q.stage_id = st.id AND q.state IN ('pending', 'rejected', 'answered') "
        "ORDER BY q.id DESC LIMIT 20)"
    ),
}
entry.PERSONAL |= COLUMNS


@dataclass
class Own:
    voted: set[int] = field(default_factory=set)
    supported: set[int] = field(default_factory=set)
    rated: set[str] = field(default_factory=set)
    asked: dict[int, tuple[str, str]] = field(default_factory=dict)  # question → state and reason

    @classmethod
    def of(cls, personal: Mapping[str, list[Any]]) -> Self:
        """From the columns."""
        own = cls(set(personal["voted"]), set(personal["supported"]), set(personal["rated"]))
        for line in personal["asked"]:
            number, state, reason = line.split(" ", 2)
            own.asked[int(number)] = (state, reason)
        return own

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The same as the columns, for a ticket."""
        return {
            "voted": sorted(self.voted),
            "supported": sorted(self.supported),
            "rated": sorted(self.rated),
            "asked": [
                f"{number} {state} {reason}" for number, (state, reason) in self.asked.items()
            ],
        }

    @property
    def short(self) -> dict[str, Any]:
        """As it stands in `state`."""
        return {
            "voted": sorted(self.voted),
            "supported": sorted(self.supported),
            "rated": sorted(self.rated),
        }

    @property
    def frame(self) -> dict[str, Any]:
        """The frame `you`."""
        questions = []
        for number, (state, reason) in sorted(self.asked.items()):
            entry_ = {"id": number, "state": state}
            questions.append(entry_ | {"reason": reason} if reason else entry_)
        return {"type": "you", **self.short, "questions": questions}

    def add(self, other: Own) -> bool:
        """Take over what is new in `other`; whether anything was. Votes, support and ratings are for good."""
        before = (len(self.voted), len(self.supported), len(self.rated), self.asked)
        self.voted |= other.voted
        self.supported |= other.supported
        self.rated |= other.rated
        self.asked = other.asked
        return before != (len(self.voted), len(self.supported), len(self.rated), self.asked)


def with_own(stages: QuerySet[Stage], person_id: int) -> QuerySet[Stage]:
    """Load what is the person's own with each stage, in the same query; `own_of` reads it."""
    return stages.annotate(
        **{
            f"own_{name}": RawSQL(  # noqa: S611  # our own columns
                sql.replace("u.id", "%s").replace("st.id", '"congress_stage"."id"'),
                [person_id] * sql.count("u.id"),
            )
            for name, sql in COLUMNS.items()
        }
    )


def own_of(person_id: int, stage: Stage) -> Own:
    """No query for a stage that was loaded `with_own`."""
    if not hasattr(stage, "own_voted"):
        stage = with_own(Stage.objects.all(), person_id).get(pk=stage.pk)
    return Own.of({name: getattr(stage, f"own_{name}") for name in COLUMNS})
