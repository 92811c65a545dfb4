"""Questions of the audience, their support and moderation; ratings of sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.urls import reverse

from congress.models import JournalEntry
from polls import asking, queries, rating
from polls.asking import Backed, Backing
from polls.models import Question, Rated, Remark, StageState, Stars, Support
from polls.rating import Judged, Rating
from polls.rehearsal import people, running
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_role,
    make_session,
    make_stage,
    make_user,
)
from tests.polls.factories import make_live_stage, make_voters
from tests.polls.sockets import open_page

pytestmark = pytest.mark.django_db


def opened(stage, **fields):
    StageState.objects.filter(stage=stage).update(questions="open", **fields)
    return stage


@pytest.fixture
def stage():
    return opened(make_live_stage())


def ask(stage, person=None, text="Wer trägt die Kosten?", **fields):
    person = person or make_admission(stage.edition).person
    return asking.ask(stage=stage, person=person, text=text, named=False, now=NOW, **fields)


def shown(stage, **fields):
    question = ask(stage, **fields).question
    asking.show(question=question, now=NOW, by=None)
    return question


def rev(stage):
    return StageState.objects.get(stage=stage).questions_rev


def listed(stage, session=None):
    return [question["id"] for question in queries.questions_shown(stage.pk, session)]


def test_a_question_belongs_to_what_is_on_and_waits_for_the_moderation(stage):
    session = make_session(stage)

    question = ask(stage).question

    assert (question.session, question.state) == (session, "pending")
    assert listed(stage, session) == []


def test_without_moderation_a_question_shows_at_once():
    stage = opened(make_live_stage(), moderated=False)

    question = ask(stage).question

    assert listed(stage) == [question.pk]


@pytest.mark.parametrize("state", ["off", "closed"])
def test_where_no_questions_are_taken_none_is_kept(stage, state):
    StageState.objects.filter(stage=stage).update(questions=state)

    with pytest.raises(asking.QuestionsAreClosed):
        ask(stage)

    assert not Question.objects.exists()


def test_outside_the_congress_days_no_questions_are_taken():
    stage = opened(make_stage(make_edition(at=NOW - timedelta(days=5))))

    with pytest.raises(asking.QuestionsAreClosed):
        asking.ask(
            stage=stage, person=make_user(), text="Wann?", named=False, now=NOW - timedelta(days=5)
        )


def test_the_same_words_sent_again_are_one_question(stage):
    person = make_admission(stage.edition).person
    first = ask(stage, person)

    again = ask(stage, person)

    assert (again.question, again.already) == (first.question, True)
    assert Question.objects.count() == 1


def test_one_person_does_not_ask_without_measure(stage):
    person = make_admission(stage.edition).person
    for number in range(asking.MOST_QUESTIONS):
        ask(stage, person, text=f"Frage {number}")

    with pytest.raises(asking.TooManyQuestions):
        ask(stage, person, text="Und noch eine")
    assert ask(stage, text="Jemand anders").question.pk


def test_only_who_wants_it_is_named(stage):
    person = make_admission(stage.edition, person=make_user(last_name="Albers")).person

    named = asking.ask(stage=stage, person=person, text="Mit Namen", named=True, now=NOW).question

    assert named.name == "Kim Albers"
    assert ask(stage).question.name == ""


def test_support_counts_each_person_once_and_never_the_own_question(stage):
    asker, first, second = (make_admission(stage.edition).person for _ in range(3))
    question = shown(stage, person=asker)
    wanted = [Backing(person.pk, stage.pk, question.pk) for person in (first, first, second, asker)]

    outcomes = asking.back(wanted)

    assert outcomes == [Backed.COUNTED, Backed.ALREADY, Backed.COUNTED, Backed.OWN]
    assert asking.back([wanted[0]]) == [Backed.ALREADY]
    question.refresh_from_db()
    assert question.support == Support.objects.count() == 2


def test_support_of_what_is_not_there_or_by_whom_is_not_admitted_counts_nothing(stage):
    pending, elsewhere = ask(stage).question, shown(opened(make_live_stage()))
    question = shown(stage)
    (person,) = make_voters(stage, 1)
    press = make_admission(stage.edition, kind="press").person_id

    outcomes = asking.back(
        [
            Backing(person, stage.pk, pending.pk),
            Backing(person, stage.pk, elsewhere.pk),
            Backing(person, stage.pk, 987654321),
            Backing(press, stage.pk, question.pk),
        ]
    )

    assert outcomes == [Backed.NOT_FOUND] * 3 + [Backed.NOT_ADMITTED]
    assert not Support.objects.exists()


def test_the_most_wanted_stand_first_and_the_one_on_the_screen_before_all(stage):
    few, many, screen = (shown(stage, text=text) for text in ("a", "b", "c"))
    people = make_voters(stage, 3)
    asking.back([Backing(person, stage.pk, many.pk) for person in people])
    asking.back([Backing(people[0], stage.pk, few.pk)])

    asking.to_screen(question=screen, now=NOW, by=None)

    assert listed(stage) == [screen.pk, many.pk, few.pk]


def test_one_question_at_a_time_is_on_the_screen(stage):
    first, second = shown(stage, text="a"), shown(stage, text="b")
    asking.to_screen(question=first, now=NOW, by=None)

    asking.to_screen(question=second, now=NOW, by=None)

    states = dict(Question.objects.values_list("pk", "state"))
    assert states == {first.pk: "shown", second.pk: "on_screen"}


def test_what_is_pending_is_not_brought_to_the_screen(stage):
    with pytest.raises(asking.NotPublic):
        asking.to_screen(question=ask(stage).question, now=NOW, by=None)


def test_a_question_is_refused_with_a_reason_only(stage):
    question = ask(stage).question
    with pytest.raises(asking.NoReasonGiven):
        asking.reject(question=question, reason="  ", now=NOW, by=None)

    asking.reject(question=question, reason="Gehört in einen anderen Beitrag", now=NOW, by=None)

    question.refresh_from_db()
    assert (question.state, question.reason) == ("rejected", "Gehört in einen anderen Beitrag")


def test_joined_questions_add_their_support_up_once_a_person(stage):
    asker, both, one = (make_admission(stage.edition).person for _ in range(3))
    question, other = shown(stage, person=asker, text="a"), shown(stage, text="b")
    asking.back(
        [
            Backing(both.pk, stage.pk, question.pk),
            Backing(both.pk, stage.pk, other.pk),
            Backing(one.pk, stage.pk, question.pk),
        ]
    )

    asking.merge(question=question, into=other, now=NOW, by=None)

    other.refresh_from_db()
    assert other.support == 3  # both, one, and whoever asked the other one
    assert listed(stage) == [other.pk]


def test_each_change_moves_the_version(stage):
    before = rev(stage)
    question = ask(stage).question
    asking.show(question=question, now=NOW, by=None)
    asking.answer(question=question, now=NOW, by=None)

    assert rev(stage) == before + 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_threads_support_one_question_and_each_person_counts_once(rounds):
    for _ in range(rounds(2, 20)):
        stage = opened(make_live_stage())
        question = shown(stage)
        people = make_voters(stage, 10)
        wanted = [Backing(person, stage.pk, question.pk) for person in people * 4]

        def work(backing):
            try:
                return asking.back([backing])[0]
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(work, wanted))

        question.refresh_from_db()
        assert outcomes.count(Backed.COUNTED) == question.support == 10


# --- Ratings ---------------------------------------------------------------------------------------------


def ripe_session(stage):
    """In its last quarter at NOW."""
    return make_session(stage, starts_at=NOW - timedelta(minutes=25))


def counts(session):
    return dict(Stars.objects.filter(session=session).values_list("stars", "count"))


def test_a_rating_is_kept_as_a_sum_and_who_gave_it_beside(stage):
    session, (first, second) = ripe_session(stage), make_voters(stage, 2)

    outcomes = rating.rate(
        [
            Rating(first, stage.pk, session.code, 5),
            Rating(second, stage.pk, session.code, 3),
            Rating(first, stage.pk, session.code, 1),
        ]
    )

    assert outcomes == [Judged.COUNTED, Judged.COUNTED, Judged.ALREADY]
    assert counts(session) == {1: 0, 2: 0, 3: 1, 4: 0, 5: 1}
    assert set(Rated.objects.values_list("person_id", flat=True)) == {first, second}
    assert {field.column for field in Rated._meta.concrete_fields} == {"session_id", "person_id"}


def test_a_rating_is_final(stage):
    session, (person,) = ripe_session(stage), make_voters(stage, 1)
    rating.rate([Rating(person, stage.pk, session.code, 5)])

    assert rating.rate([Rating(person, stage.pk, session.code, 1)]) == [Judged.ALREADY]
    assert counts(session)[5] == 1
    assert counts(session)[1] == 0


def test_a_session_is_rated_from_its_last_quarter_on(stage):
    fresh, (person,) = make_session(stage), make_voters(stage, 1)

    assert rating.rate([Rating(person, stage.pk, fresh.code, 5)]) == [Judged.TOO_SOON]
    assert not Rated.objects.exists()


def test_after_the_edition_nothing_is_rated_any_more():
    stage = make_stage(make_edition(at=NOW + timedelta(days=3)))
    session, (person,) = make_session(stage), make_voters(stage, 1)

    assert rating.rate([Rating(person, stage.pk, session.code, 5)]) == [Judged.TOO_SOON]


def test_only_sessions_of_the_stage_are_rated_and_only_by_whom_is_admitted(stage):
    session, elsewhere = ripe_session(stage), ripe_session(make_stage(stage.edition))
    (person,) = make_voters(stage, 1)
    press = make_admission(stage.edition, kind="press").person_id

    outcomes = rating.rate(
        [
            Rating(person, stage.pk, elsewhere.code, 5),
            Rating(person, stage.pk, "NIX", 5),
            Rating(press, stage.pk, session.code, 5),
        ]
    )

    assert outcomes == [Judged.NOT_FOUND, Judged.NOT_FOUND, Judged.NOT_ADMITTED]
    assert not Rated.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_remarks_are_written_later_and_name_nobody():
    stage = opened(make_live_stage())
    session, people = ripe_session(stage), make_voters(stage, 3)
    rating.rate(
        [Rating(person, stage.pk, session.code, 4, f"Danke {n}") for n, person in enumerate(people)]
    )
    assert not Remark.objects.exists()

    assert rating.desk.write() == 3
    assert rating.desk.write() == 0

    assert set(Remark.objects.values_list("text", flat=True)) == {"Danke 0", "Danke 1", "Danke 2"}
    assert {field.column for field in Remark._meta.concrete_fields} == {"id", "session_id", "text"}


@pytest.mark.django_db(transaction=True)
def test_remarks_wait_on_while_the_database_is_away():
    stage = opened(make_live_stage())
    session, people = ripe_session(stage), make_voters(stage, 1)
    rating.rate([Rating(people[0], stage.pk, session.code, 4, "Danke")])

    def away(*_statement):
        raise OperationalError

    with connection.execute_wrapper(away), pytest.raises(OperationalError):
        rating.desk.write()

    assert rating.desk.write() == 1
    assert Remark.objects.get().text == "Danke"


def test_a_rating_never_tells_itself():
    assert repr(Rating(1, 2, "A1", 5, "geheim")) == "Rating(…)"


# --- By socket and by HTTP -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_question_goes_from_one_page_to_all_others(pages):
    stage = await sync_to_async(lambda: opened(make_live_stage()))()
    people = await sync_to_async(make_voters)(stage, 2)
    asker, _state = await open_page(stage, people[0])
    viewer, _state = await open_page(stage, people[1])
    pages += [asker, viewer]

    assert await asker.ask(type="ask", id="q", text="Wer zahlt?") == {"type": "ack", "id": "q"}
    own = await asker.hear("you")  # after the ack: the page knows it by the answer to its own frame
    (waiting,) = own["questions"]
    question = await Question.objects.aget(pk=waiting["id"])
    await sync_to_async(asking.show)(question=question, now=NOW, by=None)
    shown_to_all = await viewer.hear("questions")
    while not shown_to_all["questions"]:
        shown_to_all = await viewer.hear("questions")
    support = await viewer.ask(type="support", id="s", question=question.pk)
    again = await viewer.ask(type="support", id="s", question=question.pk)

    assert waiting["state"] == "pending"
    assert shown_to_all["questions"] == [
        {"id": question.pk, "text": "Wer zahlt?", "name": "", "support": 0, "state": "shown"}
    ]
    assert support == {"type": "ack", "id": "s"}
    assert again == {"type": "ack", "id": "s", "already": True}
    assert (await asker.ask(type="support", id="x", question=question.pk))["code"] == "forbidden"


@pytest.mark.django_db(transaction=True)
async def test_a_rating_by_socket_is_counted_once(pages):
    stage = await sync_to_async(lambda: opened(make_live_stage()))()
    session = await sync_to_async(ripe_session)(stage)
    (person,) = await sync_to_async(make_voters)(stage, 1)
    page, _state = await open_page(stage, person)
    pages.append(page)
    frame = {"type": "rate", "session": session.code, "stars": 4, "comment": ""}

    await page.tell(id="r1", **frame)
    # The ack and what is the person's own come in any order.
    heard = {said["type"]: said for said in [await page.hear("ack", "you") for _ in range(2)]}
    first, own = heard["ack"], heard["you"]
    again = await page.ask(id="r2", **frame | {"stars": 1})

    assert first == {"type": "ack", "id": "r1"}
    assert again == {"type": "ack", "id": "r2", "already": True}
    assert own["rated"] == [session.code]
    assert await sync_to_async(counts)(session) == {1: 0, 2: 0, 3: 0, 4: 1, 5: 0}


def test_the_press_reads_no_names_and_asks_nothing(client, stage):
    person = make_admission(stage.edition, person=make_user(last_name="Albers")).person
    question = asking.ask(
        stage=stage, person=person, text="Mit Namen?", named=True, now=NOW
    ).question
    asking.show(question=question, now=NOW, by=None)
    client.force_login(make_admission(stage.edition, kind="press").person)
    here = f"/{stage.edition.slug}/live/{stage.slug}/"

    state = client.get(here + "state.json").json()
    answer = client.post(here + "ask/", {"text": "Und nun?"}, content_type="application/json")

    assert [entry["name"] for entry in state["questions"]] == [""]
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.django_db(transaction=True)
def test_the_same_four_actions_by_form(client, stage):
    session = ripe_session(stage)
    question = shown(stage)
    client.force_login(make_admission(stage.edition).person)
    here = f"/{stage.edition.slug}/live/{stage.slug}/"

    for door, fields in (
        ("ask/", {"text": "Per Formular?", "named": "1"}),
        ("support/", {"question": question.pk}),
        ("rate/", {"session": session.code, "stars": 5, "comment": "Gut"}),
    ):
        answer = client.post(here + door, fields, headers={"Accept": "text/html"})
        assert answer.status_code == 303, (door, answer.content.decode()[-3000:])
        assert answer["Location"] == here

    question.refresh_from_db()
    assert question.support == 1
    assert Question.objects.get(text="Per Formular?").name.startswith("Kim")
    assert counts(session)[5] == 1


# --- The moderators' page ---------------------------------------------------------------------------------


@pytest.fixture
def console(client, stage):
    client.force_login(make_role("moderator", stage.edition, stage=stage).person)
    return f"/{stage.edition.slug}/moderation/{stage.slug}/"


def test_marked_questions_become_the_most_wanted_of_them(stage):
    first, second, waiting = shown(stage, text="Eins?"), shown(stage, text="Zwei?"), ask(stage)
    fans = make_voters(stage, 3)
    asking.back([Backing(person, stage.pk, second.pk) for person in fans])
    asking.back([Backing(fans[0], stage.pk, first.pk)])

    kept = asking.join(
        stage=stage, numbers=[first.pk, second.pk, waiting.question.pk], now=NOW, by=None
    )

    # Three fans, and the two who asked the others; whoever wanted both counts once.
    assert (kept, kept.support) == (second, 5)
    assert listed(stage) == [second.pk]
    assert set(Question.objects.filter(merged_into=second)) == {first, waiting.question}


@pytest.mark.parametrize("marked", [0, 1])
def test_one_question_alone_is_not_joined(stage, marked):
    numbers = [shown(stage).pk][:marked]

    with pytest.raises(asking.TooFewMarked):
        asking.join(stage=stage, numbers=numbers, now=NOW, by=None)


def test_questions_that_wait_are_joined_with_one_that_is_shown_only(stage):
    waiting = [ask(stage, text=text).question.pk for text in ("Eins?", "Zwei?")]

    with pytest.raises(asking.NotPublic):
        asking.join(stage=stage, numbers=waiting, now=NOW, by=None)

    assert Question.objects.pending().count() == 2


def test_questions_are_joined_by_a_plain_form(client, stage, console):
    first, second = shown(stage, text="Eins?"), shown(stage, text="Zwei?")

    page = client.get(console).content.decode()
    client.post(console + "fragen/verbinden/", {"questions": [first.pk, second.pk, "x", "9" * 30]})

    assert page.count('name="questions" value="') >= 2
    assert Question.objects.filter(state="merged").count() == 1


def test_questions_of_another_stage_are_not_joined(client, stage, console):
    elsewhere = opened(make_stage(stage.edition))
    own, other = shown(stage), shown(elsewhere)

    response = client.post(
        console + "fragen/verbinden/", {"questions": [own.pk, other.pk]}, follow=True
    )

    assert "mindestens zwei Fragen" in response.content.decode()
    assert not Question.objects.filter(state="merged").exists()


def test_moderators_switch_whether_questions_are_looked_at_first(client, stage, console):
    client.post(console + "fragen/", {"moderated": "0"})
    at_once = ask(stage, text="Sofort?").question.state
    page = client.get(console).content.decode()
    client.post(console + "fragen/", {"moderated": "1"})

    assert at_once == "shown"
    assert "Neue Fragen erscheinen sofort" in page
    assert ask(stage, text="Und jetzt?").question.state == "pending"
    assert StageState.objects.get(stage=stage).questions == "open"
    assert JournalEntry.objects.filter(verb="stage.moderated").count() == 2


def test_moderators_sort_by_support_or_by_time(client, stage, console):
    old, wanted, on_screen = (shown(stage, text=text) for text in ("Alt?", "Gewollt?", "Groß?"))
    asking.back([Backing(make_voters(stage, 1)[0], stage.pk, wanted.pk)])
    asking.to_screen(question=on_screen, now=NOW, by=None)

    by_support = client.get(console).context["shown_questions"]
    by_time = client.get(console, {"fragen": "zeit"}).context["shown_questions"]

    assert [one["id"] for one in by_support] == [on_screen.pk, wanted.pk, old.pk]
    assert [one["id"] for one in by_time] == [on_screen.pk, old.pk, wanted.pk]


def test_of_many_that_wait_the_oldest_are_shown_and_the_others_counted(client, stage, console):
    Question.objects.bulk_create(
        Question(edition=stage.edition, stage=stage, text=f"Frage {number}?", asked_at=NOW)
        for number in range(queries.PENDING_TO_SHOW + 3)
    )

    response = client.get(console)

    assert [one.text for one in response.context["pending"]][:2] == ["Frage 0?", "Frage 1?"]
    assert len(response.context["pending"]) == queries.PENDING_TO_SHOW
    assert "Dahinter warten noch 3 weitere" in response.content.decode()


def test_the_buttons_of_each_question_lead_to_their_acts(client, stage, console):
    on_list, waiting = shown(stage), ask(stage, text="Noch nicht?").question

    page = client.get(console).content.decode()

    for question, verbs in ((waiting, ("show", "reject")), (on_list, ("screen", "answer"))):
        for verb in verbs:
            where = [stage.edition.slug, stage.slug, question.pk, verb]
            assert f'action="{reverse("moderation_question", args=where)}"' in page


def test_questions_and_support_of_a_rehearsal_go_with_it_and_its_ratings_count_nowhere(stage):
    others, session = shown(stage), ripe_session(stage)
    (person,) = make_voters(stage, 1)
    asking.back([Backing(person, stage.pk, others.pk)])
    asking.set_questions(stage=stage, state="closed", moderated=False, now=NOW, by=None)
    company = running.prepare(stage, 2)
    one, two = people.of_stage(stage).exclude(pk=company.moderator.pk)

    assert people.take_questions(stage, by=company.moderator)
    asked = ask(stage, person=one).question
    asking.back([Backing(one.pk, stage.pk, others.pk), Backing(two.pk, stage.pk, others.pk)])
    assert (asked.state, Question.objects.get(pk=others.pk).support) == ("pending", 3)
    outcomes = rating.rate([Rating(one.pk, stage.pk, session.code, stars) for stars in (5, 1)])
    assert outcomes == [Judged.COUNTED, Judged.ALREADY]
    people.remove(stage)

    assert list(Question.objects.values_list("pk", "support")) == [(others.pk, 1)]
    state = StageState.objects.get(stage=stage)
    assert (state.questions, state.moderated) == ("closed", False)
    assert set(counts(session).values()) == {0}
    assert not Rated.objects.exists()
