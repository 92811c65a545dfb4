"""The help desk: whom it finds, one sentence why they cannot get in or how they got in, and what can be done at once.

Apps enter what they know in `panels.help_finders`, `help_sentences`, `help_acts` and `help_figures`. The pages are
the registration's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from congress import panels
from congress.models import Edition, Letter, User
from congress.models.database import Plain
from congress.similar import Heard
from congress.templatetags.kern import at_clock, short_day
from congress.text import has_controls, plain, sort_key, spellings

if TYPE_CHECKING:
    from django import forms

MOST_WORDS = 6
LONGEST_SEARCH = 120
MOST_FOUND = 12

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


class Weight(IntEnum):
    """The sentence that weighs least is the answer; the others stand below it."""

    SHUT = 10  # switched off or revoked: nothing else helps
    INSIDE = 20  # is in at this very moment
    WAITS = 30  # not admitted, or not yet
    TROUBLE = 40  # admitted, and something stands in the way
    ADMITTED = 50
    REMARK = 90


@dataclass(frozen=True)
class Subject:
    """Whom the caller may be: a person, or somebody whom only a row without one names.

    `kind` and `number` make the address of the case, which names nobody.
    """

    kind: str
    number: int
    name: str
    body: str
    address: str
    person: User | None = None
    row: models.Model | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.number}"

    @classmethod
    def of(cls, person: User, *, body: str = "") -> Subject:
        return cls(
            "person",
            person.pk,
            person.display_name,
            body or person.body,
            person.mailbox,
            person,
            person,
        )


@dataclass(frozen=True)
class Sentence:
    """What an app knows about a subject. `kind` is the look; `acts` are keys of what helps, the best first."""

    text: str
    weight: int
    kind: str = "info"
    acts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deed:
    """Somebody at the desk does something for a subject. `key` is that of the form: twice is once."""

    subject: Subject
    edition: Edition
    by: User
    now: datetime
    key: UUID
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the helper reads, and whose case comes next where it has changed. `code` is shown once, large."""

    text: str | Promise = ""
    subject: Subject | None = None
    code: str = ""


@dataclass(frozen=True)
class Act:
    """Something the help desk may do: a button of a case. With a `form` it asks first; with `elsewhere` it leads on."""

    key: str
    label: str | Promise
    run: Callable[[Deed], Outcome] | None = None
    icon: str = ""
    hint: str | Promise = ""
    form: Callable[..., forms.Form] | None = None
    elsewhere: Callable[[Edition, Subject], str] | None = None
    last: bool = (
        False  # takes something away: never the first button, unless that is what stands in the way
    )


class Finder(Protocol):
    """Looks for subjects of one kind. All but people are rows that have no person."""

    kind: str

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        """At most `MOST_FOUND` + 1 who have every word."""

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        """Those of the edition; nobody from elsewhere."""

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        """Number and name of all: for names that are spelt otherwise."""


@dataclass(frozen=True)
class Wanted:
    """What was typed: the words of it, in any order."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, typed: str) -> Wanted:
        if has_controls(typed):
            return cls(())
        words = (word.strip(",;:<>()\"'„“") for word in typed[:LONGEST_SEARCH].split())
        return cls(tuple([word for word in words if word][:MOST_WORDS]))

    def __bool__(self) -> bool:
        """One letter finds half of them."""
        return sum(map(len, self.words)) > 1

    def among(
        self,
        rows: Rows,
        *,
        mailboxes: Sequence[str],
        text: Sequence[str] = (),
        column: str = "found_by",
    ) -> Rows:
        """Rows with every word in one of the columns; Mueller finds Müller, part of an address finds it.

        Without `text`, `column` is one that the database keeps for it: for models with thousands of rows.
        """
        found, looked_at = rows, column
        if text:
            columns = [part for name in text for part in (name, Value(" "))]
            found = rows.alias(plain=Plain(Concat(*columns, output_field=models.TextField())))
            looked_at = "plain"
        for word in self.words:
            has_it = Q(pk__in=[])
            for mailbox in mailboxes:
                has_it |= Q(**{f"{mailbox}__contains": word.lower()})
            for form in spellings(word):
                has_it |= Q(**{f"{looked_at}__contains": form})
            found = found.filter(has_it)
        return found

    def rank(self, subject: Subject) -> tuple[int, str]:
        """Whose name begins with what was typed comes first; then by the alphabet."""
        parts = plain(subject.name).split()
        begin = sum(
            any(part.startswith(form) for part in parts for form in spellings(word))
            for word in self.words
        )
        return -begin, sort_key(subject.name)


@dataclass(frozen=True)
class Found:
    subjects: list[Subject]
    more: bool = False  # and others whom a longer search would tell apart
    similar: bool = False  # spelt otherwise than typed


def search(edition: Edition, typed: str) -> Found:
    """Who in this edition has all the words. Where nobody has, who sounds like it or is one letter apart."""
    wanted = Wanted.of(typed)
    if not wanted:
        return Found([])
    found: dict[str, Subject] = {}
    for finder in panels.help_finders:
        for subject in finder.find(edition, wanted):
            found.setdefault(subject.key, subject)
    if not found:
        return _similar(edition, wanted)
    subjects = sorted(found.values(), key=wanted.rank)
    return Found(subjects[:MOST_FOUND], more=len(subjects) > MOST_FOUND)


def _similar(edition: Edition, wanted: Wanted) -> Found:
    heard = Heard(list(wanted.words))
    if not heard:
        return Found([])
    found: dict[str, Subject] = {}
    for finder in panels.help_finders:
        numbers = list(islice(heard.among(finder.everybody(edition)), MOST_FOUND + 1))
        for subject in finder.get(edition, numbers) if numbers else ():
            found.setdefault(subject.key, subject)
    subjects = sorted(found.values(), key=wanted.rank)
    return Found(subjects[:MOST_FOUND], more=len(subjects) > MOST_FOUND, similar=True)


def subject_of(edition: Edition, key: str) -> Subject | None:
    """Of the address of a case; nobody from another edition."""
    parts = re.fullmatch(r"([a-z]+)-([0-9]{1,18})", key)
    if parts is None:
        return None
    for finder in panels.help_finders:
        if finder.kind == parts[1]:
            return next(iter(finder.get(edition, [int(parts[2])])), None)
    return None


@dataclass(frozen=True)
class Case:
    """A subject with all that is known: the answer, the remarks below it, and what can be done."""

    subject: Subject
    answer: Sentence
    remarks: tuple[Sentence, ...]
    acts: tuple[Act, ...]

    @property
    def main(self) -> Act | None:
        return self.acts[0] if self.acts else None

    def act(self, key: str) -> Act | None:
        """One that is offered here; no other can be done."""
        return next((act for act in self.acts if act.key == key), None)


# What an app says about these subjects, by their keys. `live`: also what takes half a second to find out.
Sentences = Callable[[Edition, datetime, Sequence[Subject]], Mapping[str, Sequence[Sentence]]]


def cases(
    edition: Edition, now: datetime, subjects: Sequence[Subject], *, live: bool = False
) -> list[Case]:
    """One for each, with the same number of queries for one and for twelve."""
    said: dict[str, list[Sentence]] = {subject.key: [] for subject in subjects}
    for source in (*panels.help_sentences, *(panels.help_sentences_live if live else ())):
        for key, sentences in source(edition, now, subjects).items():
            said[key] += sentences
    return [_case(subject, said[subject.key]) for subject in subjects]


def case(edition: Edition, now: datetime, subject: Subject, *, live: bool = False) -> Case:
    (only,) = cases(edition, now, [subject], live=live)
    return only


def live_sentences(edition: Edition, now: datetime, subject: Subject) -> list[Sentence]:
    """What takes half a second to find out, alone."""
    return [
        sentence
        for source in panels.help_sentences_live
        for sentence in source(edition, now, [subject]).get(subject.key, ())
    ]


def _case(subject: Subject, said: list[Sentence]) -> Case:
    nothing = Sentence(_("Is known here, but has no admission."), Weight.WAITS, "warning")
    answer, *remarks = sorted(said, key=lambda sentence: sentence.weight) or [nothing]
    # Whoever is shut out is helped by what opens that, and by nothing else.
    helps = [
        one
        for one in (answer, *remarks)
        if one.weight == answer.weight or answer.weight > Weight.SHUT
    ]
    keys = [key for sentence in helps for key in sentence.acts]
    acts = [panels.help_acts[key] for key in dict.fromkeys(keys) if key in panels.help_acts]
    if answer.weight != Weight.TROUBLE:
        acts.sort(key=lambda act: act.last)
    return Case(subject, answer, tuple(remarks), tuple(acts))


# --- Words that several sentences share -------------------------------------------------------------------


def when(moment: datetime, edition: Edition, now: datetime) -> str:
    """today at 9:12 · yesterday at 14:02 · on Mon., 15.03. at 8:00"""
    days = (edition.local(now).date() - edition.local(moment).date()).days
    clock = at_clock(moment)
    if days == 0:
        return _("today at %(clock)s") % {"clock": clock}
    if days == 1:
        return _("yesterday at %(clock)s") % {"clock": clock}
    return _("on %(day)s at %(clock)s") % {"day": short_day(moment), "clock": clock}


def fate(letter: Letter | None, edition: Edition, now: datetime) -> str:
    """What became of a letter, as the second half of a sentence."""
    if letter is None:
        return _("no letter was written")
    state, answer = letter.state, letter.answer
    if state == Letter.State.SENT and letter.sent_at is not None:
        return _("our letter left %(when)s, and the mail server took it") % {
            "when": when(letter.sent_at, edition, now)
        }
    if state == Letter.State.FAILED:
        return _("our letter was refused with the words: “%(answer)s”") % {"answer": answer}
    if state == Letter.State.QUEUED and letter.retry_at is not None:
        at = when(letter.retry_at + edition.clock_shift, edition, now)
        return _(
            "our letter is waiting in the outbox, next attempt %(when)s; the mail server said: “%(answer)s”"
        ) % {"when": at, "answer": answer}
    if state == Letter.State.UNCERTAIN:
        return _("nobody knows whether our letter arrived: the line was cut while it was sent")
    if state == Letter.State.KEPT:
        return _("our letter stayed here, for this is an exercise")
    if state == Letter.State.WITHDRAWN:
        return _("our letter was withdrawn before it left")
    if letter.due_at is not None and letter.due_at > now:
        at = when(letter.due_at, edition, now)
        return _("our letter is waiting for its moment, %(when)s") % {"when": at}
    return _("our letter is waiting in the outbox and leaves any moment")


def letters_of(edition: Edition, subjects: Sequence[Subject]) -> dict[str, list[Letter]]:
    """The letters to each of them, the newest first: to the person, or to the mailbox where only a row is known."""
    people = [subject.person.pk for subject in subjects if subject.person is not None]
    mailboxes = [subject.address for subject in subjects if subject.address]
    found: dict[str, list[Letter]] = {subject.key: [] for subject in subjects}
    letters = Letter.objects.of_edition(edition).filter(Q(person__in=people) | Q(to__in=mailboxes))
    for letter in letters.order_by("-pk"):
        for subject in subjects:
            person = subject.person
            theirs = letter.person_id == person.pk if person and letter.person_id else False
            # Codes go to a mailbox before anybody knows who reads it.
            loose = letter.person_id is None and letter.to == subject.address
            if theirs or loose:
                found[subject.key].append(letter)
    return found


def shown(moment: datetime, edition: Edition) -> datetime:
    """A moment of the real clock, as sign-ins have them, beside the edition's other moments."""
    return moment + edition.clock_shift
