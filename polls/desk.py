"""What the live part tells the help desk: whether somebody is connected at this moment, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from congress.desk import Sentence, Subject, Weight
from congress.models import Edition
from polls import headcount, whereabouts


def connected(edition: Edition) -> int | None:
    """How many are connected to the edition's stages; nothing where nobody can say."""
    counts = headcount.of_stages(list(edition.stages.values_list("pk", flat=True))).values()
    if any(count is None for count in counts):
        return None
    return sum(count.total for count in counts if count is not None)


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    names = {stage.pk: stage.name for stage in edition.stages.all()}
    return {
        subject.key: _about(subject.person.pk, names)
        for subject in subjects
        if subject.person is not None
    }


def _about(person: int, names: Mapping[int, str]) -> list[Sentence]:
    try:
        found = whereabouts.of(person)
    except whereabouts.NobodyAnswers:
        text = _("Nobody can say at the moment whether the person is connected.")
        return [Sentence(text, Weight.REMARK, "neutral")]
    sockets = [names[stage] for stage in sorted(found.by_socket) if stage in names]
    pages = [names[stage] for stage in sorted(found.by_page) if stage in names]
    if sockets:
        text = _("Is connected now: %(stages)s, by live connection.")
        return [Sentence(text % {"stages": ", ".join(sockets)}, Weight.INSIDE, "success")]
    if pages:
        text = _(
            "Is connected now: %(stages)s, by HTTP only; the network lets no live connection through."
        )
        return [Sentence(text % {"stages": ", ".join(pages)}, Weight.INSIDE, "success")]
    return []
