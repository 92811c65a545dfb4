"""Questions that were left open go to the speaker's office, and come back as answers everybody can read."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from congress import mail
from congress.models import JournalEntry, Letter
from polls import answering
from polls.models import Answer, Question
from polls.tasks import send_open_questions
from programme.models import SpeakersOffice
from programme.queries import office_token
from tests.factories import NOW, make_edition, make_session, make_stage, make_user, set_clock

pytestmark = pytest.mark.django_db

OFFICE = "buero@stadt-musterhausen.example"
Q = Question.State


@pytest.fixture
def edition():
    return make_edition(at=NOW)


@pytest.fixture
def office(edition):
    """Of a session that ended a minute ago."""
    stage = make_stage(edition)
    session = make_session(stage, starts_at=NOW - timedelta(minutes=46), minutes=45)
    return SpeakersOffice.objects.create(edition=edition, session=session, mailbox=OFFICE)


def make_question(office, state=Q.SHOWN, **fields):
    given = {"text": "Wann kommt die Akte?", "person": make_user(), "support": 0} | fields
    if state == Q.REJECTED:
        given["reason"] = "doppelt"
    return Question.objects.create(
        edition=office.edition,
        stage=office.session.stage,
        session=office.session,
        state=state,
        asked_at=NOW - timedelta(minutes=10),
        **given,
    )


def page_of(office):
    kwargs = {"edition": office.edition.slug, "token": office_token(office)}
    return reverse("speakers_office", kwargs=kwargs)


def sent(question, text="Im Herbst.", version="0", **more):
    given = {"part": "fragen", "question": str(question.pk), "text": text, "version": version}
    return given | more


def letters(template):
    return Letter.objects.filter(template=f"polls/emails/{template}.md")


# --- To the office ----------------------------------------------------------------------------------------


def test_an_office_gets_one_letter_once_its_session_is_over(edition, office):
    make_question(office)
    make_question(office, text="Und wer zahlt?")

    assert [send_open_questions() for _time in range(2)] == [1, 0]
    (letter,) = letters("open_questions")
    assert letter.to == OFFICE
    written = mail.render(letter, mint=True)
    assert "blieben 2 Fragen" in written.body
    assert page_of(office) in written.body


@pytest.mark.parametrize("state", [Q.PENDING, Q.REJECTED, Q.ANSWERED, Q.MERGED])
def test_what_was_not_left_open_is_no_reason_to_write(edition, office, state):
    make_question(office, state)

    assert send_open_questions() == 0


def test_as_long_as_the_session_is_on_nobody_is_written_to(edition, office):
    from programme.models import OnAir

    make_question(office)
    set_clock(edition, NOW - timedelta(minutes=10))
    assert send_open_questions() == 0

    # It runs late: the Regie has it on air beyond its end.
    set_clock(edition, NOW)
    OnAir.objects.create(
        edition=edition, stage=office.session.stage, session=office.session, changed_at=NOW
    )
    assert send_open_questions() == 0


def test_a_new_mailbox_is_written_to_and_ends_the_old_link(edition, office):
    make_question(office)
    send_open_questions()
    old = page_of(office)
    SpeakersOffice.objects.filter(pk=office.pk).update(mailbox="anders@stadt-musterhausen.example")

    assert Client().get(old).status_code == 404
    assert send_open_questions() == 1


def test_an_office_belongs_to_the_edition_of_its_session(office):
    SpeakersOffice.objects.filter(pk=office.pk).update(edition=make_edition(slug="2030", year=2030))

    with pytest.raises(IntegrityError):
        connection.check_constraints()


# --- On the page ------------------------------------------------------------------------------------------


def test_the_page_shows_what_was_open_without_names_most_wanted_first(office):
    make_question(office, text="Selten gefragt", name="Kim Albers")
    make_question(office, text="Oft gefragt", support=12)
    make_question(office, Q.PENDING, text="Nicht gezeigt")

    page = Client().get(page_of(office)).content.decode()

    assert page.index("Oft gefragt") < page.index("Selten gefragt")
    assert "Kim Albers" not in page
    assert "Nicht gezeigt" not in page
    assert "12 Personen" in page


def test_the_page_is_kept_nowhere_and_a_look_changes_nothing(office):
    make_question(office)
    for method in ("get", "head", "options"):
        response = getattr(Client(), method)(page_of(office))
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
    assert not Answer.objects.exists()
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        (lambda token: token[:-1], 404),
        (lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), 404),
        (lambda token: token.replace("office_", "proof_"), 404),
        (lambda token: "%00", 404),
        (lambda token: f"{token}%20", 200),
    ],
    ids=["cut off", "another letter", "another kind", "NUL", "a blank behind it"],
)
def test_a_link_that_is_not_whole_opens_nothing(office, edit, status):
    token = office_token(office)

    response = Client().get(page_of(office).replace(token, edit(token)))

    assert response.status_code == status


def test_months_later_the_link_is_over(office):
    set_clock(office.edition, office.edition.ends_at + timedelta(days=60))

    assert Client().get(page_of(office)).status_code == 410


# --- Back to everybody ------------------------------------------------------------------------------------


def test_an_answer_stands_with_the_session_and_whoever_asked_is_told_once(edition, office):
    question = make_question(office, text="<b>Wann?</b>", name="Kim Albers")
    client = Client()

    assert client.post(page_of(office), sent(question, "Im <i>Herbst</i>.")).status_code == 303
    assert client.post(page_of(office), sent(question, "Im <i>Herbst</i>.")).status_code == 303
    assert client.post(page_of(office), sent(question, "Im Winter.", "1")).status_code == 303

    page = Client().get(office.session.get_absolute_url()).content.decode()
    assert "Im Winter." in page
    assert "&lt;b&gt;Wann?&lt;/b&gt;" in page
    assert "Kim Albers" not in page
    question.refresh_from_db()
    assert question.state == Q.ANSWERED
    (letter,) = letters("answered")
    assert letter.person == question.person
    assert JournalEntry.objects.filter(verb="question.written_answer").count() == 2


def test_of_two_who_answer_at_once_the_second_is_told_and_loses_nothing(office):
    question = make_question(office)
    Client().post(page_of(office), sent(question, "Die erste."))

    page = Client().post(page_of(office), sent(question, "Die zweite.")).content.decode()

    assert "während Sie schrieben" in page or "inzwischen" in page
    assert "Die zweite." in page
    assert Answer.objects.get().text == "Die erste."


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "Bitte schreiben Sie eine Antwort."), (4001 * "x", "4000")]
)
def test_an_answer_that_cannot_be_is_refused_with_a_sentence(office, text, sentence):
    question = make_question(office)

    page = Client().post(page_of(office), sent(question, text))

    assert sentence in page.content.decode()
    assert not Answer.objects.exists()


def test_a_question_of_another_session_cannot_be_answered_here(office):
    other = SpeakersOffice.objects.create(
        edition=office.edition,
        session=make_session(make_stage(office.edition), starts_at=NOW - timedelta(hours=2)),
        mailbox=OFFICE,
    )
    question = make_question(other)

    Client().post(page_of(office), sent(question))

    assert not Answer.objects.exists()


def test_what_the_moderation_took_back_is_not_published(office):
    question = make_question(office)
    Client().post(page_of(office), sent(question))
    Question.objects.filter(pk=question.pk).update(state=Q.REJECTED, reason="doch nicht")

    page = Client().get(office.session.get_absolute_url()).content.decode()

    assert "Im Herbst." not in page


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_counts(edition, office):
    question = make_question(office)
    start, outcomes = threading.Barrier(2), []

    def write(text):
        try:
            start.wait()
            answering.write_answer(
                question=question, text=text, version=0, office=office, now=edition.now()
            )
            outcomes.append("written")
        except answering.WrittenMeanwhile:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(text,)) for text in ("Eins.", "Zwei.")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["told", "written"]
    assert letters("answered").count() == 1
