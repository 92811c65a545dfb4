"""What the programme tells the help desk: who speaks, when and where. Speakers are names; people are told by theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from congress import desk
from congress.desk import Sentence, Subject, Wanted, Weight, when
from congress.models import Admission, Edition, User
from congress.text import folded
from programme.models import SessionSpeaker, Speaker

# The registration's act: whoever is expected is let in on the spot.
WALK_IN = "aufnehmen"
COLUMNS = ("first_name", "last_name", "organisation")


class Speakers:
    """People in the programme; whoever is admitted under the same name is found as a person already."""

    kind = "referat"

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        rows = Speaker.objects.filter(edition=edition)
        found = list(wanted.among(rows, text=COLUMNS, mailboxes=())[: desk.MOST_FOUND + 1])
        return _without_access(edition, found)

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        rows = Speaker.objects.filter(edition=edition, pk__in=numbers)
        return _without_access(edition, list(rows))

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        names = Speaker.objects.filter(edition=edition).values_list("pk", *COLUMNS)
        return ((pk, f"{first} {last} {body}") for pk, first, last, body in names)


def _without_access(edition: Edition, speakers: list[Speaker]) -> list[Subject]:
    admitted = Admission.objects.in_force().filter(
        edition=edition, person__last_name__in=[speaker.last_name for speaker in speakers]
    )
    names = {
        folded(f"{first} {last}")
        for first, last in admitted.values_list("person__first_name", "person__last_name")
    }
    return [
        Subject(
            Speakers.kind,
            speaker.pk,
            speaker.display_name,
            speaker.organisation,
            "",
            row=speaker,
        )
        for speaker in speakers
        if _name(speaker) not in names
    ]


def _name(of: Speaker | User) -> str:
    return folded(f"{of.first_name} {of.last_name}")


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    """One query."""
    people = {subject.key: subject.person for subject in subjects if subject.person is not None}
    rows = [subject.row for subject in subjects if isinstance(subject.row, Speaker)]
    last_names = [person.last_name for person in people.values()]
    last_names += [speaker.last_name for speaker in rows]
    appearances = SessionSpeaker.objects.filter(edition=edition, speaker__last_name__in=last_names)
    by_name: dict[str, list[str]] = defaultdict(list)
    by_speaker: dict[int, list[str]] = defaultdict(list)
    for one in appearances.select_related("session__stage", "speaker").order_by(
        "session__starts_at", "pk"
    ):
        session = one.session
        at = when(session.starts_at, edition, now)
        place = session.stage.name if session.stage is not None else edition.venue
        text = _("“%(title)s”, %(when)s, %(place)s") % {
            "title": session.title,
            "when": at,
            "place": place,
        }
        by_name[_name(one.speaker)].append(text)
        by_speaker[one.speaker_id].append(text)
    found: dict[str, list[Sentence]] = {}
    for subject in subjects:
        if isinstance(subject.row, Speaker):
            talks = "; ".join(by_speaker[subject.row.pk]) or "–"
            text = _("Stands in the programme (%(talks)s), and has no access of this name yet.")
            sentence = Sentence(text % {"talks": talks}, Weight.WAITS, "warning", (WALK_IN,))
            found[subject.key] = [sentence]
        elif subject.key in people and (talks := "; ".join(by_name[_name(people[subject.key])])):
            text = _("A speaker of this name stands in the programme: %(talks)s.")
            found[subject.key] = [Sentence(text % {"talks": talks}, Weight.REMARK, "neutral")]
    return found
