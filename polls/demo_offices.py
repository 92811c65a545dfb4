"""A session of the demonstration's first day that left questions open; its invented office answers one of them."""

from __future__ import annotations

from datetime import timedelta

from congress.models import Edition
from polls.models import Answer, Question
from programme.models import SpeakersOffice

OPEN = (
    ("Gilt das auch für kleine Gemeinden ohne eigene IT?", 14),
    ("Welche Kosten kommen nach dem ersten Jahr auf uns zu?", 9),
    ("Gibt es eine Testumgebung, die wir ausprobieren dürfen?", 3),
)
ANSWERED = (
    "Wo finden wir die Unterlagen zum Vortrag?",
    "Sie stehen ab nächster Woche auf der Seite des IT-Planungsrats. Diese Antwort ist erfunden.",
    6,
)


def fill(edition: Edition) -> None:
    """Repeatable: what is there stays as visitors left it."""
    if SpeakersOffice.objects.filter(edition=edition).exists():
        return
    first_day = edition.sessions.talks().on_day(edition.starts_on, edition).filter(example=True)
    session = first_day.filter(stage__isnull=False).order_by("starts_at", "stage__position").first()
    if session is None or session.stage is None:
        return
    SpeakersOffice.objects.create(
        edition=edition, session=session, mailbox="buero@land-beispiel.example"
    )
    asked = session.ends_at - timedelta(minutes=5)
    rows = [(text, support, Question.State.SHOWN) for text, support in OPEN]
    rows.append((ANSWERED[0], ANSWERED[2], Question.State.ANSWERED))
    for text, support, state in rows:
        question = Question.objects.create(
            edition=edition,
            stage=session.stage,
            session=session,
            text=text,
            state=state,
            support=support,
            asked_at=asked,
            decided_at=asked,
        )
        if state == Question.State.ANSWERED:
            Answer.objects.create(
                question=question, text=ANSWERED[1], written_at=session.ends_at + timedelta(hours=2)
            )
