"""Letters about questions that were left open on a stage."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.urls import reverse

from congress import mail
from congress.models import Letter
from polls.models import Answer, Question
from programme.models import SpeakersOffice
from programme.queries import office_token

OPEN_QUESTIONS = "polls/emails/open_questions.md"
ANSWERED = "polls/emails/answered.md"


def once(office: SpeakersOffice) -> str:
    """One letter for each session and mailbox."""
    mailbox = hashlib.sha256((office.mailbox or "").encode()).hexdigest()[:16]
    return f"open-questions:{office.pk}:{office.key}:{mailbox}"


def open_questions(office: SpeakersOffice) -> Letter:
    """To the speaker's office, with the link to its page."""
    return mail.post_letter(
        OPEN_QUESTIONS,
        once=once(office),
        edition=office.edition,
        to=office.mailbox or "",
        language=office.language,
        office=office,
        session=office.session,
    )


def answered(answer: Answer) -> Letter:
    """To whoever asked."""
    question = answer.question
    return mail.post_letter(
        ANSWERED,
        once=f"question-answered:{question.pk}",
        edition=question.edition,
        person=question.person,
        answer=answer,
        question=question,
    )


def _office_link(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    office: SpeakersOffice = context["office"]
    kwargs = {"edition": office.edition.slug, "token": office_token(office)}
    waiting = Question.objects.filter(
        session=office.session_id, state__in=("shown", "on_screen"), written=None
    )
    return {
        "office_url": settings.SITE_URL + reverse("speakers_office", kwargs=kwargs),
        "open_count": waiting.count(),
    }


def _session_page(letter: Letter, context: dict[str, Any]) -> dict[str, Any]:
    session = context["question"].session
    page = session.get_absolute_url() if session is not None else ""
    return {"session": session, "session_url": settings.SITE_URL + page if page else ""}


mail.ENRICHERS[OPEN_QUESTIONS] = [_office_link]
mail.ENRICHERS[ANSWERED] = [_session_page]
