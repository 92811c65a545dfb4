"""Open questions on the page of a speakers' office, and their answers on the page of the session."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from congress.errors import Refused
from congress.http import EditionRequest, see_other
from polls import answering
from polls.forms import AnswerForm
from polls.models import Question
from programme.models import Session, SpeakersOffice

PART = "fragen"


@dataclass(frozen=True)
class Line:
    question: Question
    form: AnswerForm
    answered: str


def answers_of_session(request: EditionRequest, session: Session) -> str:
    """What was answered in writing, on the public page of the session."""
    if not session.is_over(request.now):
        return ""
    questions = list(answering.answered_in_writing(session))
    if not questions:
        return ""
    return render_to_string("polls/_session_answers.html", {"questions": questions}, request)


def answer_part(request: EditionRequest, office: SpeakersOffice) -> str | HttpResponse:
    """A form for each question that was left open, and for correcting what was answered."""
    session = office.session
    if not session.is_over(request.now):
        return ""
    questions = [*answering.left_open(session), *answering.answered_in_writing(session)]
    lines = []
    for question in questions:
        written = getattr(question, "written", None)
        asked = request.method == "POST" and request.POST.get("question") == str(question.pk)
        form = AnswerForm.of(question, request.POST if asked else None)
        if asked and form.is_valid():
            try:
                answering.write_answer(
                    question=question,
                    text=form.cleaned_data["text"],
                    version=form.cleaned_data["version"],
                    office=office,
                    now=request.now,
                )
            except Refused as refusal:
                form.add_error(None, str(refusal.message))
            else:
                messages.success(
                    request, _("Thank you. The answer stands on the page of the session.")
                )
                return see_other(request.path)
        lines.append(Line(question, form, written.text if written is not None else ""))
    if not lines:
        return ""
    context = {
        "waiting": [line for line in lines if not line.answered],
        "done": [line for line in lines if line.answered],
        "part": PART,
    }
    return render_to_string("polls/_office_questions.html", context, request)
