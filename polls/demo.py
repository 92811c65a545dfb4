"""What the demonstration shows on its stages: a running poll each, votes of invented people, polls to open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.templatetags.static import static

from congress import actions as congress_actions
from congress.demo.seed import DEMO_MOMENT, DEMO_SLUG
from congress.models import Admission, Edition, Level, Stage, User
from polls import actions, asking
from polls.models import MOST_WORDS, Poll, Question, StageState
from programme.models import Session
from programme.queries import stage_now

CLIP = "polls/clip/master.m3u8"
SIGNED = "polls/clip/gebaerden.m3u8"


@dataclass(frozen=True)
class DemoPoll:
    text: str
    answers: tuple[str, ...] = ()
    # Votes by answer, and some by level; drafts have none.
    votes: tuple[int, ...] = ()
    kind: str = Poll.Kind.SINGLE
    results_show: str = Poll.Shows.LIVE


POLLS: dict[str, tuple[DemoPoll, ...]] = {
    "plenum": (
        DemoPoll(
            "Wie weit ist Ihr Haus mit der elektronischen Akte?",
            (
                "Überall eingeführt",
                "In einzelnen Bereichen",
                "In der Erprobung",
                "Noch nicht begonnen",
            ),
            votes=(14, 19, 8, 5),
        ),
        DemoPoll(
            "Was hilft Ihnen beim nächsten Vorhaben am meisten?",
            ("Vorlagen anderer Häuser", "Mehr Zeit", "Schulungen", "Eine feste Ansprechperson"),
        ),
        DemoPoll(
            "Welche Themen sollen im nächsten Jahr vertieft werden?",
            ("Register", "Barrierefreiheit", "Offene Software", "Zusammenarbeit der Ebenen"),
            kind=Poll.Kind.MULTIPLE,
            results_show=Poll.Shows.AFTER_VOTE,
        ),
        DemoPoll("Ein Wort zum Stand der Digitalisierung bei Ihnen?", kind=Poll.Kind.WORD_CLOUD),
    ),
    "forum-a": (
        DemoPoll(
            "Wie arbeiten Sie mit anderen Kommunen zusammen?",
            ("In einem festen Verbund", "Von Fall zu Fall", "Über das Land", "Bisher gar nicht"),
            votes=(11, 16, 7, 4),
        ),
        DemoPoll(
            "Wie zufrieden sind Sie mit der Zusammenarbeit?",
            ("1 – gar nicht", "2", "3", "4", "5 – sehr"),
            kind=Poll.Kind.SCALE,
        ),
        DemoPoll(
            "Wer pflegt bei Ihnen die Beschreibungen der Leistungen?",
            ("Die Fachbereiche", "Eine zentrale Stelle", "Ein Dienstleister", "Das ist offen"),
        ),
    ),
    "forum-b": (
        DemoPoll(
            "Womit haben Sie die Barrierefreiheit zuletzt geprüft?",
            (
                "Mit Betroffenen",
                "Mit einem Prüfwerkzeug",
                "Mit einer Agentur",
                "Noch nicht geprüft",
            ),
            votes=(6, 17, 9, 6),
            results_show=Poll.Shows.AFTER_VOTE,
        ),
        DemoPoll(
            "Was fehlt Ihnen für gute Formulare am meisten?",
            ("Texte in klarer Sprache", "Gute Bausteine", "Zeit zum Testen", "Entscheidungen"),
        ),
    ),
}


# Asked and published in the session before the one that is on, so that there is a page of results.
PUBLISHED = DemoPoll(
    "Was bremst Sie bei der Nachnutzung am stärksten?",
    ("Verträge und Vergabe", "Eigene Schnittstellen", "Fehlendes Personal", "Nichts davon"),
    votes=(9, 12, 21, 4),
)


@dataclass(frozen=True)
class DemoQuestion:
    text: str
    support: int = 0
    named: bool = False
    pending: bool = False


QUESTIONS: dict[str, tuple[DemoQuestion, ...]] = {
    "plenum": (
        DemoQuestion("Wer trägt die Kosten, wenn ein Dienst nachgenutzt wird?", support=17),
        DemoQuestion("Gibt es eine Vorlage für den Betriebsvertrag?", support=9, named=True),
        DemoQuestion("Wie kommen kleine Gemeinden ohne eigene IT zurecht?", pending=True),
    ),
    "forum-a": (DemoQuestion("Wie lange hat der Umstieg wirklich gedauert?", support=6),),
    "forum-b": (DemoQuestion("Wer prüft, was der Assistent vorschlägt?", support=11),),
}
AUDIENCE = 48
_FIRST = ("Alex", "Bo", "Charlie", "Dominique", "Eike", "Finn", "Gerrit", "Hanne")
_LAST = ("Ahornfeld", "Birkental", "Erlenbach", "Fichtenau", "Haselhof", "Lindenried")
_LEVELS = (Level.KOMMUNE, Level.KOMMUNE, Level.LAND, Level.KOMMUNE, Level.BUND, Level.IT_PROVIDER)


def fill(edition: Edition) -> None:
    """Repeatable: what is there stays as it is, and each stage has an open poll."""
    audience = _audience(edition)
    for stage in edition.stages.all():
        stage.edition = edition
        if not stage.main_stream_url:
            stage.main_stream_url = static(CLIP)
            stage.backup_stream_url = static(CLIP) + "?ersatz"  # the same clip by another address
            stage.sign_stream_url = static(SIGNED)
            stage.save(update_fields=["main_stream_url", "backup_stream_url", "sign_stream_url"])
        _fill_stage(stage, audience)
        _keep_one_open(stage, edition.now(), audience)


def open_polls_again(edition: Edition, to: datetime) -> None:
    """The clock was turned. In the week after the polls were closed for good: back on the days there are others."""
    if not settings.DEMO or edition.slug != DEMO_SLUG:
        return
    audience = _audience(edition)
    for stage in edition.stages.all():
        stage.edition = edition
        _keep_one_open(stage, to, audience)


def _fill_stage(stage: Stage, audience: list[User]) -> None:
    """Stages that have polls are left as they are."""
    if Poll.objects.filter(stage=stage).exists():
        return
    now = stage.edition.now()
    actions.say_on_stage(stage=stage, now=now, phase=StageState.Phase.LIVE)
    asking.set_questions(stage=stage, state=StageState.Questions.OPEN, now=now, by=None)
    _ask(stage, QUESTIONS.get(stage.slug, ()), audience)
    if stage.slug == "plenum":
        _publish(stage, PUBLISHED, now, audience)
    for demo in POLLS.get(stage.slug, ()):
        _prepare(stage, demo, now)


def _publish(stage: Stage, demo: DemoPoll, now: datetime, audience: list[User]) -> None:
    """As it went in the session that is over."""
    session = (
        Session.objects.filter(stage=stage, ends_at__lte=DEMO_MOMENT).order_by("-starts_at").first()
    )
    if session is None or not stage.edition.is_running(now):
        return
    poll = _prepare(stage, demo, now)
    Poll.objects.filter(pk=poll.pk).update(session=session)
    actions.open_poll(poll=poll, now=now)
    _vote(poll, demo.votes, audience)
    actions.close_poll(poll=poll, now=now)
    actions.publish_poll(poll=poll, now=now)
    Poll.objects.filter(pk=poll.pk).update(
        opened_at=session.ends_at - timedelta(minutes=10), closed_at=session.ends_at
    )


def _prepare(stage: Stage, demo: DemoPoll, now: datetime) -> Poll:
    return actions.create_poll(
        stage=stage,
        text=demo.text,
        answers=demo.answers,
        kind=demo.kind,
        max_choices=_most(demo),
        results_show=demo.results_show,
        now=now,
    )


def _most(demo: DemoPoll) -> int:
    if demo.kind == Poll.Kind.WORD_CLOUD:
        return MOST_WORDS
    return len(demo.answers) if demo.kind == Poll.Kind.MULTIPLE else 1


def _keep_one_open(stage: Stage, now: datetime, audience: list[User]) -> None:
    """On the days of the congress: where no poll is open, the demonstration's own, prepared anew if need be."""
    demo = next((poll for poll in POLLS.get(stage.slug, ()) if poll.votes), None)
    if demo is None or not stage.edition.is_running(now):
        return
    if Poll.objects.open().on_stage(stage).exists():
        return
    own = Poll.objects.on_stage(stage).filter(text=demo.text)
    poll = own.filter(state=Poll.State.DRAFT).first()
    if poll is None:
        own.delete()
        poll = _prepare(stage, demo, now)
    actions.open_poll(poll=poll, now=now)
    _vote(poll, demo.votes, audience)


def _ask(stage: Stage, questions: tuple[DemoQuestion, ...], audience: list[User]) -> None:
    """Asked by the last of the audience, so that the first may support them."""
    on_air = stage_now(stage, DEMO_MOMENT).session  # whatever the clock shows now
    for number, demo in enumerate(questions):
        asker = audience[-1 - number]
        question = Question.objects.create(
            edition_id=stage.edition_id,
            stage=stage,
            session=on_air,
            person=asker,
            text=demo.text,
            name=asker.display_name if demo.named else "",
            state=Question.State.PENDING if demo.pending else Question.State.SHOWN,
            asked_at=DEMO_MOMENT,
        )
        asking.back(
            [
                asking.Backing(person.pk, stage.pk, question.pk)
                for person in audience[: demo.support]
            ]
        )


def _vote(poll: Poll, votes: tuple[int, ...], audience: list[User]) -> None:
    options = list(poll.options.order_by("position").values_list("pk", flat=True))
    choices = [option for option, count in zip(options, votes, strict=True) for _ in range(count)]
    actions.cast_votes(
        [
            actions.Ballot(person.pk, poll.stage_id, poll.pk, (choice,))
            for person, choice in zip(audience, choices, strict=False)
        ]
    )


def _audience(edition: Edition) -> list[User]:
    """Invented people of all levels who have an admission."""
    people = []
    for number in range(AUDIENCE):
        level = _LEVELS[number % len(_LEVELS)]
        host = "stadt-musterhausen" if level == Level.KOMMUNE else "land-beispiel"
        person, created = User.objects.get_or_create(
            email=f"beispiel-{number + 1}@{host}.example",
            defaults={
                "first_name": _FIRST[number % len(_FIRST)],
                "last_name": f"{_LAST[number // len(_FIRST)]} (Beispiel)",
                "body": "Stadt Musterhausen" if level == Level.KOMMUNE else "Land Beispiel",
            },
        )
        if created:
            person.set_unusable_password()
            person.save(update_fields=["password"])
            congress_actions.grant_admission(
                person=person,
                edition=edition,
                kind=Admission.Kind.ATTENDEE,
                level=level,
                now=edition.now(),
            )
        people.append(person)
    return people
