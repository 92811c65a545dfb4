"""Word clouds: which spellings are one word, who may take out what, and that nobody is traceable."""

import json
import random
import threading
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from congress.models import JournalEntry, Role
from polls import actions, live, queries, voting, wording
from polls.actions import Ballot, Outcome
from polls.models import Participation, Poll, StageState, Word, WordRule
from polls.words import WORDS_TO_SHOW, cloud, different, groups, key_of, size
from tests.factories import NOW, make_admission, make_role
from tests.polls.factories import make_live_stage, make_open_poll, make_poll, make_voters
from tests.polls.sockets import open_page
from tests.polls.test_races import in_threads

pytestmark = pytest.mark.django_db


def make_cloud(stage=None, **fields):
    values = {"kind": "word_cloud", "answers": (), "max_choices": 3, "text": "Ein Wort?"}
    return make_open_poll(stage, **values | fields)


def write(poll, person, *words):
    return actions.cast_votes([Ballot(person, poll.stage_id, poll.pk, words=words)])[0]


def written(poll):
    return dict(Word.objects.filter(poll=poll).values_list("spelling", "count"))


def shown(poll):
    return dict(queries.results(poll.pk)[0].counts)


@pytest.fixture
def stage():
    return make_live_stage()


@pytest.fixture
def poll(stage):
    return make_cloud(stage)


# --- Spellings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Digital", "digital"),
        ("Straße", "STRASSE"),
        ("E-Akte", "e-akte!"),
        ("  viel   Mut ", "viel Mut"),
        ("Über\u0061", "U\u0308bera"),
        ("ＫＩ", "ki"),
    ],
)
def test_spellings_of_one_word(one, other):
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("one", "other"), [("E-Akte", "EAkte"), ("Mut", "Muth"), ("!", "?")])
def test_different_words(one, other):
    assert key_of(one) != key_of(other)


def test_a_person_writes_each_word_once():
    assert different(["KI", "ki", "Mut", "K.I."]) == ["KI", "Mut", "K.I."]


def test_a_word_is_shown_as_most_people_write_it():
    assert cloud({"digital": 3, "Digital": 5, "DIGITAL": 1}, {}) == {"Digital": 9}


def test_the_most_frequent_words_are_shown_first_and_not_all_of_them():
    spellings = {f"wort{number}": number for number in range(1, WORDS_TO_SHOW + 11)}

    words = cloud(spellings, {})

    assert len(words) == WORDS_TO_SHOW
    assert list(words.values()) == sorted(spellings.values(), reverse=True)[:WORDS_TO_SHOW]


def test_hidden_and_joined_words():
    spellings = {"KI": 4, "Künstliche Intelligenz": 3, "Mist": 9, "Mut": 2, "mist": 1}
    rules = {"künstliche intelligenz": "KI", "mist": ""}

    found, hidden = groups(spellings, rules)

    assert [(group.word, group.count) for group in found] == [("KI", 7), ("Mut", 2)]
    assert [(group.word, group.count) for group in hidden] == [("Mist", 10)]


def test_what_counts_as_a_hidden_word_is_hidden_too():
    assert cloud({"Misst": 2, "Mut": 1}, {"misst": "Mist", "mist": ""}) == {"Mut": 1}


def test_sizes_of_words():
    assert [size(count, 9) for count in (1, 3, 5, 7, 9)] == [1, 2, 3, 4, 5]
    assert size(1, 1) == 1


# --- Counting --------------------------------------------------------------------------------------------


def test_words_are_counted_and_people_once(stage, poll):
    first, second = make_voters(stage, 2)

    assert write(poll, first, "Mut", "Zeit") is Outcome.COUNTED
    assert write(poll, second, "Mut") is Outcome.COUNTED
    assert write(poll, first, "Geld") is Outcome.ALREADY

    assert written(poll) == {"Mut": 2, "Zeit": 1}
    assert queries.results(poll.pk)[0].total == 2


@pytest.mark.parametrize("words", [(), ("a", "b", "c", "d")])
def test_at_least_one_word_and_at_most_three(stage, poll, words):
    (person,) = make_voters(stage, 1)

    assert write(poll, person, *words) is Outcome.BAD

    assert not Participation.objects.exists()


def test_words_answer_word_clouds_and_options_the_other_kinds(stage, poll):
    (person,) = make_voters(stage, 1)
    other = make_poll(stage)
    Poll.objects.filter(pk=poll.pk).update(
        state="closed", closed_at=NOW, result={"total": 0, "counts": {}}
    )
    actions.open_poll(poll=other, now=NOW)
    option = other.options.first().pk

    assert write(other, person, "Mut") is Outcome.NOT_FOUND
    assert actions.cast_votes([Ballot(person, stage.pk, poll.pk, (option,))]) == [Outcome.NOT_FOUND]


def test_a_closed_word_cloud_keeps_its_result_and_takes_no_words(stage, poll):
    first, second = make_voters(stage, 2)
    write(poll, first, "Mut")

    actions.close_poll(poll=poll, now=NOW)

    assert write(poll, second, "Zeit") is Outcome.CLOSED
    assert write(poll, first, "Zeit") is Outcome.ALREADY
    assert poll.result == {"total": 1, "counts": {"Mut": 1}}


def test_the_database_holds_no_empty_words_and_no_zeros(poll):
    for fields in ({"spelling": "", "count": 1}, {"spelling": "Mut", "count": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Word.objects.create(poll=poll, **fields)


# --- Frames ----------------------------------------------------------------------------------------------


def audience_of(stage, poll, *, votes):
    for number, person in enumerate(make_voters(stage, votes)):
        write(poll, person, "digital" if number else "Mut")
    return json.loads(live.memory_of(stage.pk).fresh(0).frame("state", live.SEES))["poll"]


def test_the_frame_has_words_by_count_from_five_votes_on(stage, poll):
    before = audience_of(stage, poll, votes=4)
    after = audience_of(stage, poll, votes=1)

    assert (before["kind"], before["options"], before["max"]) == ("word_cloud", [], 3)
    assert before["results"] == {"rev": 4, "total": 4, "counts": None}
    assert after["results"] == {"rev": 5, "total": 5, "counts": {"digital": 3, "Mut": 2}}


@pytest.mark.django_db(transaction=True)
async def test_words_by_socket(pages, stage, poll):
    page, _state = await open_page(stage, make_voters(stage, 1)[0])
    pages.append(page)

    await page.tell(type="vote", id="w", poll=poll.pk, words=["  Mut ", "mut", "Cafe\u0301"])
    answer = await page.hear("ack", "error")
    await page.tell(type="vote", id="x", poll=poll.pk, words=["Geld"])
    again = await page.hear("ack", "error")

    assert answer == {"type": "ack", "id": "w"}
    assert again == {"type": "ack", "id": "x", "already": True}
    assert written(poll) == {"Mut": 1, "Café": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "bad_frame"),
        (["a", "b", "c", "d"], "bad_frame"),
        ([7], "bad_frame"),
        (["\u202etum"], "bad_frame"),
        (["Mut\u0000"], "bad_frame"),
        (["Mut\nGeld"], "bad_frame"),
        (["\u2800"], "bad_frame"),
        (["   "], "bad_frame"),
        (["x" * 41], "too_long"),
    ],
)
async def test_bad_words_by_socket(pages, stage, poll, words, code):
    page, _state = await open_page(stage, make_voters(stage, 1)[0])
    pages.append(page)

    await page.tell(type="vote", id="w", poll=poll.pk, words=words)

    answer = await page.hear("ack", "error")
    assert (answer["type"], answer["code"]) == ("error", code)
    assert not Participation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_words_by_post_and_by_plain_form(client, stage, poll):
    here = f"/{stage.edition.slug}/live/{stage.slug}/"
    client.force_login(make_admission(stage.edition).person)

    json_answer = client.post(
        here + "vote/", {"poll": poll.pk, "words": ["Mut"]}, content_type="application/json"
    )
    client.force_login(make_admission(stage.edition).person)
    page = client.get(here).content.decode()
    form_answer = client.post(
        here + "vote/",
        {"poll": poll.pk, "words": ["Mut", "", "Zeit"]},
        headers={"Accept": "text/html"},
    )

    assert json_answer.json() == {"type": "ack", "id": None}
    assert page.count('name="words"') == 3
    assert form_answer.status_code == 303
    assert written(poll) == {"Mut": 2, "Zeit": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["", "", ""], 400, "mindestens ein Wort"),
        (["Mut", "y" * 41, ""], 413, "höchstens 40 Zeichen"),
        (["Mut", "\u202etum", ""], 400, "lassen sich nicht lesen"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_written(
    client, stage, poll, words, status, sentence
):
    client.force_login(make_admission(stage.edition).person)

    answer = client.post(
        f"/{stage.edition.slug}/live/{stage.slug}/vote/",
        {"poll": poll.pk, "words": words},
        headers={"Accept": "text/html"},
    )

    page = answer.content.decode()
    assert answer.status_code == status
    assert sentence in page
    assert [word in page for word in words if word] == [True for word in words if word]
    assert not Participation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_words_are_written_together_at_their_tick(stage, poll, monkeypatch):
    """What comes within a second is one batch, however many wait: nobody's word is written alone."""
    people = make_voters(stage, 150)
    batches = []
    whole = voting.scribe.work
    monkeypatch.setattr(
        voting.scribe, "work", lambda ballots: batches.append(len(ballots)) or whole(ballots)
    )

    futures = [
        voting.scribe.submit(Ballot(person, stage.pk, poll.pk, words=("Mut",))) for person in people
    ]

    assert {future.result(timeout=10) for future in futures} == {Outcome.COUNTED}
    assert batches == [150]
    assert voting.scribe.wait >= 1.0
    assert voting.scribe.one_by_one is None
    assert queries.results(poll.pk)[0].rev == 1


# --- What moderators do -----------------------------------------------------------------------------------


@pytest.fixture
def said(stage, poll):
    """Six people, three words."""
    for person, word in zip(
        make_voters(stage, 6),
        ["KI", "ki", "Künstliche Intelligenz", "Mist", "Mist", "Mut"],
        strict=True,
    ):
        write(poll, person, word)
    return poll


def test_a_hidden_word_is_gone_at_the_next_tick_and_comes_back(stage, said):
    before = live.memory_of(stage.pk).fresh(0)

    wording.hide(poll=said, words=["mist"], now=NOW, by=None)
    after = live.memory_of(stage.pk).fresh(0)
    hidden = dict(after.results.counts)
    wording.release(poll=said, words=["mist"], now=NOW, by=None)

    assert after.news_since(before) == [f"results.{said.pk}"]
    assert hidden == {"KI": 2, "Künstliche Intelligenz": 1, "Mut": 1}
    assert shown(said)["Mist"] == 2
    assert after.results.total == 6
    assert written(said)["Mist"] == 2


def test_a_word_can_be_hidden_before_anybody_writes_it(stage, poll):
    wording.hide(poll=poll, words=["Geld"], now=NOW, by=None)
    (person,) = make_voters(stage, 1)

    write(poll, person, "GELD", "Mut")

    assert shown(poll) == {"Mut": 1}


def test_spellings_are_joined_also_those_that_come_later(stage, said):
    wording.join(poll=said, words=["KI", "Künstliche Intelligenz"], into="KI", now=NOW, by=None)
    write(said, make_voters(stage, 1)[0], "künstliche intelligenz")

    assert shown(said) == {"KI": 4, "Mist": 2, "Mut": 1}


def test_a_join_of_joined_words_has_no_chain(said):
    wording.join(poll=said, words=["KI", "Mut"], into="Mut", now=NOW, by=None)
    wording.join(poll=said, words=["Mut", "Mist"], into="Mist", now=NOW, by=None)

    assert shown(said) == {"Mist": 5, "Künstliche Intelligenz": 1}


def test_a_hidden_word_that_others_join_is_shown_again(said):
    wording.hide(poll=said, words=["KI"], now=NOW, by=None)
    wording.join(poll=said, words=["Künstliche Intelligenz"], into="KI", now=NOW, by=None)

    assert shown(said) == {"KI": 3, "Mist": 2, "Mut": 1}


def test_a_moderator_says_how_a_word_is_written(said):
    wording.join(poll=said, words=["KI"], into="Ki!", now=NOW, by=None)

    assert shown(said)["Ki!"] == 2


def test_the_announced_result_follows_a_word_hidden_afterwards(stage, said):
    actions.close_poll(poll=said, now=NOW)
    seq = StageState.objects.get(stage=stage).seq

    wording.hide(poll=said, words=["Mist"], now=NOW, by=None)

    said.refresh_from_db()
    assert "Mist" not in said.result["counts"]
    assert said.result["total"] == 6
    assert StageState.objects.get(stage=stage).seq == seq + 1


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (partial(wording.hide, words=["", "  "]), wording.NoWordChosen),
        (partial(wording.join, words=["Mut"], into=""), wording.NoWordChosen),
        (partial(wording.join, words=[], into="Mut"), wording.NoWordChosen),
    ],
)
def test_what_is_refused(poll, act, refusal):
    with pytest.raises(refusal):
        act(poll=poll, now=NOW, by=None)

    assert not WordRule.objects.exists()


def test_other_polls_have_no_words(stage):
    with pytest.raises(wording.NoWordClouds):
        wording.hide(poll=make_poll(stage), words=["Mut"], now=NOW, by=None)


def test_the_journal_says_that_and_not_which(said):
    person = make_role(Role.Kind.MODERATOR, said.edition).person

    wording.hide(poll=said, words=["Kim Albers"], now=NOW, by=person)

    entry = JournalEntry.objects.get(verb="poll.words_hidden")
    assert (entry.actor, entry.details) == (person, {"count": 1})


def test_moderators_act_on_words_by_plain_forms(client, stage, said):
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition, stage=stage).person)
    console = f"/{stage.edition.slug}/moderation/{stage.slug}/"
    address = f"{console}{said.pk}/woerter/"

    page = client.get(console).content.decode()
    answers = [
        client.post(address, {"act": "join", "words": ["KI", "Künstliche Intelligenz"]}),
        client.post(address, {"act": "hide", "words": ["Mist"], "word": "Geld"}),
    ]
    after = shown(said)
    rules = client.get(console).content.decode()
    client.post(address, {"act": "release", "words": "mist"})

    assert 'value="Künstliche Intelligenz"' in page
    assert {answer.status_code for answer in answers} == {303}
    assert after == {"KI": 3, "Mut": 1}
    assert "„geld“ wird nicht gezeigt" in rules
    assert shown(said) == {"KI": 3, "Mist": 2, "Mut": 1}


@pytest.mark.parametrize("words", [["\x00"], ["\u202e"], [""], ["x" * 41]])
def test_bad_words_of_moderators_are_refused_in_a_sentence(client, stage, said, words):
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition, stage=stage).person)
    address = f"/{stage.edition.slug}/moderation/{stage.slug}/{said.pk}/woerter/"

    for field in ("words", "word"):
        answer = client.post(address, {"act": "hide", field: words}, follow=True)
        assert answer.status_code == 200
        if not (field == "words" and len(words[0]) > 40):
            assert 'class="fk-message fk-message--danger"' in answer.content.decode()

    assert client.post(address, {"act": "explode", "word": "x"}).status_code == 404


def test_moderators_see_no_words_before_the_audience_does(client, stage, poll):
    write(poll, make_voters(stage, 1)[0], "Geheimnis")
    client.force_login(make_role(Role.Kind.MODERATOR, stage.edition, stage=stage).person)

    page = client.get(f"/{stage.edition.slug}/moderation/{stage.slug}/").content.decode()

    assert "Geheimnis" not in page


# --- Many at once; nobody is traceable ------------------------------------------------------------------


def storm(stage, poll, *, people, threads):
    voters = make_voters(stage, people)
    vocabulary = ["Mut", "Zeit", "Geld", "Register", "Vertrauen"]

    def write_all(part):
        return [
            write(poll, person, *random.sample(vocabulary, random.randint(1, 3))) for person in part
        ]

    return in_threads(*[partial(write_all, voters[n::threads]) for n in range(threads)])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_words_of_many_processes_are_all_counted(rounds):
    for _round in range(rounds(2, 20)):
        stage = make_live_stage()
        poll = make_cloud(stage, min_choices=1)

        given = storm(stage, poll, people=rounds(48, 400), threads=6)

        outcomes = [outcome for part in given for outcome in part]
        assert set(outcomes) == {Outcome.COUNTED}
        assert queries.results(poll.pk)[0].total == len(outcomes)
        assert len(outcomes) <= sum(written(poll).values()) <= 3 * len(outcomes)


def two_at_once(stage, poll, monkeypatch):
    """One writes and waits before its commit, the other comes meanwhile; what became of both."""
    first, second, third = make_voters(stage, 3)
    write(poll, first, "Mut")
    inside, over = threading.Event(), threading.Event()
    whole = actions._rewrite_words

    def slowly(*args):
        whole(*args)
        if not inside.is_set():
            inside.set()
            over.wait(0.5)

    monkeypatch.setattr(actions, "_rewrite_words", slowly)

    def late():
        inside.wait(5)
        try:
            return write(poll, third, "Mut", "Geld")
        except IntegrityError as error:
            return error

    return in_threads(lambda: write(poll, second, "Mut", "Zeit"), late)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_batches_take_the_words_one_after_the_other(stage, poll, monkeypatch):
    assert two_at_once(stage, poll, monkeypatch) == [Outcome.COUNTED, Outcome.COUNTED]
    assert written(poll) == {"Mut": 3, "Zeit": 1, "Geld": 1}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_batch_fails_or_words_are_lost(stage, poll, monkeypatch):
    """The control: the second does not see what the first wrote, and cannot write the same word."""
    monkeypatch.setattr(actions, "_WORDS", "SELECT 1")

    outcomes = two_at_once(stage, poll, monkeypatch)

    assert outcomes[0] is Outcome.COUNTED
    assert isinstance(outcomes[1], IntegrityError) or written(poll)["Mut"] < 3


def linked(poll, person):
    """What somebody with the whole database would conclude: the words whose rows were written with a person's row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.spelling FROM polls_participation p "
            "JOIN polls_word w ON w.poll_id = p.poll_id AND w.xmin = p.xmin "
            "WHERE p.poll_id = %s AND p.person_id = %s ORDER BY w.ctid",
            [poll.pk, person],
        )
        return [spelling for (spelling,) in cursor.fetchall()]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_system_columns_do_not_tell_who_wrote_which_word(stage, poll, rounds):
    """The linking attack at its best: batches of one, a new word each time. All rows carry the same transaction."""
    last_places = 0
    people = make_voters(stage, rounds(24, 200))
    for number, person in enumerate(people):
        write(poll, person, f"Wort {number}")

        rows = linked(poll, person)
        assert sorted(rows) == sorted(written(poll))
        last_places += number > 0 and rows[-1] == f"Wort {number}"
    assert last_places < len(people) / 2  # nor does the place of a row


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_words_that_were_added_alone_would_name_their_writers(stage, poll, monkeypatch):
    """The control: only the new rows are written, and the attack names everybody."""
    monkeypatch.setattr(
        actions,
        "_WRITE",
        "INSERT INTO polls_word (poll_id, spelling, count) SELECT %(poll)s, x.* "
        "FROM unnest(%(spellings)s::text[], %(written)s::int[]) AS x",
    )
    people = make_voters(stage, 5)
    for number, person in enumerate(people):
        write(poll, person, f"Wort {number}")

    assert [linked(poll, person) for person in people] == [[f"Wort {n}"] for n in range(5)]


def test_words_on_their_way_are_never_written_to_logs():
    assert repr(Ballot(1, 1, 1, words=("Geheimnis",))) == "Ballot(…)"
