"""Letters: rows, texts, and what becomes of them on a real line to a mail server."""

import threading
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.core import mail as outbound
from django.db import close_old_connections, connection, transaction

from congress import links, mail, tasks, worker
from congress.celery import app
from congress.models import AccessLink, JournalEntry, Letter, LetterText
from tests.factories import NOW, make_edition, make_link, make_user, set_clock
from tests.smtp import SmtpServer

pytestmark = pytest.mark.django_db

CODE = "congress/emails/login_code.md"
LINK = "press/emails/approved.md"


@pytest.fixture(autouse=True)
def demonstration(settings):
    """The letters of a practice edition leave in the demonstration only."""
    settings.DEMO = True


@pytest.fixture
def smtp(settings):
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 2
        yield server


def make_letter(**fields):
    return mail.post_letter(
        CODE,
        once=fields.pop("once", "a"),
        edition=fields.pop("edition", None)
        or make_edition(help_email="hilfe@fachkongress.example"),
        person=fields.pop("person", None) or make_user(first_name="Jörg", last_name="Weiß"),
        secret=fields.pop("secret", {"code": "ABC-123"}),
        **fields,
    )


def make_link_letter(once="a"):
    """A letter with a personal link, and the link."""
    from tests.press.factories import make_accreditation

    link, _token = make_link()
    AccessLink.objects.update(token_hash=None, previous_token_hash=None)
    accreditation = make_accreditation(link.edition)
    letter = mail.post_letter(
        LINK,
        once=once,
        edition=link.edition,
        person=link.person,
        to="noa@rundschau.example",
        accreditation=accreditation,
        link=link,
    )
    return letter, link


def attempt(letter):
    """What a worker does with one letter; the row afterwards."""
    Letter.objects.filter(pk=letter.pk).update(retry_at=None)
    tasks.send_letter(letter.pk)
    letter.refresh_from_db()
    return letter


def forget(letter):
    """Its sender died a while ago."""
    Letter.objects.filter(pk=letter.pk).update(lease_until="2020-01-01T00:00Z")
    mail.settle_forgotten()
    letter.refresh_from_db()


def token_in(message):
    body = message.get_body(("plain",)).get_content()
    (address,) = {word for word in body.split() if "/zugang/" in word}
    return address.rstrip("/").rpartition("/")[2]


def opens(token):
    return AccessLink.objects.of_token(links.hashed(token)).exists()


# --- Rows ---------------------------------------------------------------------------------------------


def test_a_letter_is_a_row_before_it_is_a_mail():
    letter = make_letter()

    assert letter.state == Letter.State.QUEUED
    assert outbound.outbox == []


def test_a_claimed_letter_leaves_with_sender_reply_to_and_help_line():
    letter = make_letter(language="de")

    mail.send(mail.claim(letter.pk))

    (sent,) = outbound.outbox
    assert sent.subject == "Ihr Code zum Einloggen: ABC-123"
    assert sent.to == [letter.person.email]
    assert sent.reply_to == ["hilfe@fachkongress.example"]
    assert letter.edition.title in sent.from_email
    assert "Guten Tag Jörg Weiß" in sent.body
    assert "hilfe@fachkongress.example" in sent.body
    assert sent.extra_headers["Message-ID"] == letter.message_id
    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT
    assert letter.sent_at is not None


def test_what_is_secret_is_sealed_until_it_is_sent_and_gone_afterwards():
    letter = make_letter()
    assert b"ABC-123" not in bytes(letter.sealed)

    mail.send(mail.claim(letter.pk))

    letter.refresh_from_db()
    assert letter.sealed is None
    assert "ABC-123" not in str(list(Letter.objects.values()))
    assert letter.subject == "Ihr Code zum Einloggen: …"


def test_the_same_key_is_the_same_letter():
    edition, person = make_edition(), make_user()

    assert make_letter(edition=edition, person=person) == make_letter(
        edition=edition, person=person
    )
    assert Letter.objects.count() == 1


def test_a_letter_is_claimed_once():
    letter = make_letter()

    assert mail.claim(letter.pk) == letter
    assert mail.claim(letter.pk) is None


def test_a_letter_waits_for_its_moment_by_the_editions_clock():
    edition = make_edition(at=NOW)
    letter = make_letter(edition=edition, due_at=NOW + timedelta(hours=1))
    assert mail.claim(letter.pk) is None

    set_clock(edition, NOW + timedelta(hours=1, seconds=1))

    assert mail.claim(letter.pk) == letter


def test_moments_of_a_letter_are_told_by_the_editions_clock():
    letter = make_letter(edition=make_edition(at=NOW))

    attempt(letter)

    assert abs(letter.sent_at - NOW) < timedelta(minutes=1)
    assert abs(letter.written_at - NOW) < timedelta(minutes=1)


def test_the_letters_of_a_practice_edition_stay_here(settings):
    settings.DEMO = False
    letter = make_letter()

    attempt(letter)

    assert letter.state == Letter.State.KEPT
    assert outbound.outbox == []


def test_a_letter_to_nowhere_is_failed_and_never_called_sent():
    letter = make_letter(person=make_user(email=None))

    attempt(letter)

    assert letter.state == Letter.State.FAILED
    assert outbound.outbox == []


def test_the_sweeper_starts_what_is_due(monkeypatch):
    started = []
    monkeypatch.setattr("congress.worker.start", lambda name, *ids: started.append((name, *ids)))
    due = make_letter(once="due")
    make_letter(once="later", edition=make_edition(at=NOW), due_at=NOW + timedelta(hours=1))

    assert tasks.sweep_letters() == 1
    assert started == [("congress.tasks.send_letter", due.pk)]


def test_without_redis_no_page_waits_and_the_sweeper_finds_the_letters(
    monkeypatch, django_capture_on_commit_callbacks, caplog
):
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(worker, "_silent_until", 0.0)

    with django_capture_on_commit_callbacks(execute=True):
        written = [make_letter(once=f"{number}") for number in range(20)]

    # The first has waited in vain, once, and the others do not even ask.
    tried = [record for record in caplog.records if "No worker could be woken" in record.message]
    assert len(tried) == 1
    assert set(Letter.objects.due()) == set(written)


def test_with_redis_a_worker_is_woken_for_each_letter(django_capture_on_commit_callbacks):
    from django.conf import settings
    from redis import Redis

    redis = Redis.from_url(settings.REDIS_URL)
    queue = f"{settings.REDIS_PREFIX}-celery:celery"
    redis.delete(queue)

    with django_capture_on_commit_callbacks(execute=True):
        make_letter(once="a")
        make_letter(once="b")

    messages = redis.lrange(queue, 0, -1)
    assert len(messages) == 2
    assert b"ABC-123" not in b"".join(messages)
    redis.delete(queue)


def test_the_line_to_redis_is_kept_and_opened_anew_when_it_has_broken(caplog):
    from django.conf import settings
    from redis import Redis

    redis = Redis.from_url(settings.REDIS_URL)
    queue = f"{settings.REDIS_PREFIX}-celery:celery"
    redis.delete(queue)

    worker.start("congress.tasks.send_letter", 1)
    first = worker._line.producer
    worker.start("congress.tasks.send_letter", 2)
    assert worker._line.producer is first
    first.publish = Mock(side_effect=ConnectionError("broken"))
    worker.start("congress.tasks.send_letter", 3)

    assert worker._line.producer is not first
    assert redis.llen(queue) == 3
    assert "No worker could be woken" not in caplog.text
    redis.delete(queue)


# --- Texts --------------------------------------------------------------------------------------------


def test_an_edition_may_have_its_own_wording():
    letter = make_letter(language="de")
    LetterText.objects.create(
        edition=letter.edition, template=CODE, subject="Bitte sehr", body="Der Code: {{ code }}"
    )

    attempt(letter)

    (sent,) = outbound.outbox
    assert sent.subject == "Bitte sehr"
    assert "Der Code: ABC-123" in sent.body


def test_html_shows_names_as_text():
    letter = make_letter(person=make_user(first_name="<b>Eve</b>", last_name="&"), language="de")

    attempt(letter)

    (sent,) = outbound.outbox
    html, _ = sent.alternatives[0]
    assert "&lt;b&gt;Eve&lt;/b&gt;" in html
    assert "<b>Eve" not in html
    assert '<html lang="de">' in html


def test_an_english_letter_says_that_it_is_english():
    attempt(make_letter(language="en"))

    html, _ = outbound.outbox[0].alternatives[0]
    assert '<html lang="en">' in html


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\x0b", "\x00", "\x1b", "\u2028"])
def test_line_breaks_and_controls_never_reach_a_header(break_, smtp):
    edition = make_edition()
    LetterText.objects.create(edition=edition, template=CODE, subject="Code {{ code }}", body="x")
    letter = make_letter(edition=edition, secret={"code": f"1{break_}Bcc: b@evil.test"})

    attempt(letter)

    (sent,) = smtp.mails
    assert letter.state == Letter.State.SENT
    assert sent["Bcc"] is None
    assert sent["To"] == letter.to


def test_a_subject_longer_than_a_header_line_is_folded(smtp):
    edition = make_edition()
    LetterText.objects.create(
        edition=edition, template=CODE, subject="ä" + "x" * 998, body="{{ code }}"
    )

    attempt(make_letter(edition=edition, language="de"))

    (sent,) = smtp.mails
    assert sent["Subject"] == "ä" + "x" * 998
    assert max(map(len, smtp.taken[0].splitlines())) < 998


@pytest.mark.parametrize(
    "subject", ["Ihr Zugang " + "für März " * 12, "Ihr Zugang " + "im Mai " * 12, "x" * 998]
)
def test_a_long_subject_begins_on_the_line_of_its_name(smtp, subject):
    edition = make_edition()
    LetterText.objects.create(edition=edition, template=CODE, subject=subject, body="{{ code }}")

    attempt(make_letter(edition=edition, language="de"))

    (sent,) = smtp.mails
    assert sent["Subject"] == subject.strip()
    assert b"\nSubject: =?utf-8?" in smtp.taken[0].replace(b"\r\n", b"\n")


def test_a_letter_that_cannot_be_written_is_failed_and_no_sender_dies(monkeypatch):
    def broken(letter, context):
        raise KeyError("whatever")

    monkeypatch.setitem(mail.ENRICHERS, CODE, [broken])
    letter = make_letter()

    attempt(letter)

    assert (letter.state, letter.answer) == (Letter.State.FAILED, "not written: KeyError")


def test_a_letter_about_something_erased_is_failed_and_says_so():
    letter, link = make_link_letter()
    link.delete()

    attempt(letter)

    assert letter.state == Letter.State.FAILED
    assert "erased" in letter.answer


def test_looking_at_a_letter_makes_no_token_and_shows_no_secret():
    letter, link = make_link_letter()
    code = make_letter(once="b")

    text = mail.render(letter, mint=False).body
    other = mail.render(code, mint=False)

    link.refresh_from_db()
    assert link.token_hash is None
    assert "/presse/zugang/press_…/" in text
    assert "ABC-123" not in other.body + other.subject
    assert "Ihr Code lautet:\n\n…" in other.body


# --- A real line --------------------------------------------------------------------------------------


def test_a_letter_leaves_by_smtp(smtp):
    letter = attempt(make_letter())

    (sent,) = smtp.mails
    assert letter.state == Letter.State.SENT
    assert sent["Message-ID"] == letter.message_id


def test_a_slow_server_only_takes_its_time(smtp):
    smtp.behave("ok", seconds_for_a_mail=1)

    letter = attempt(make_letter())

    assert letter.state == Letter.State.SENT


@pytest.mark.parametrize(("mode", "words"), [("421", "421 4.3.2"), ("450", "450 4.2.0")])
def test_what_is_refused_for_the_moment_is_tried_again_later(smtp, mode, words):
    smtp.behave(mode)
    letter = attempt(make_letter())
    assert letter.state == Letter.State.QUEUED
    assert letter.answer.startswith(words)
    assert mail.claim(letter.pk) is None

    smtp.behave("ok")

    assert attempt(letter).state == Letter.State.SENT


def test_the_pauses_grow_and_then_a_person_looks_at_it(smtp):
    smtp.behave("450")
    letter = make_letter()

    pauses = []
    for _ in mail.RETRIES:
        attempt(letter)
        pauses.append(letter.retry_at)
    assert pauses == sorted(pauses)

    assert attempt(letter).state == Letter.State.FAILED


def test_what_is_refused_for_good_is_failed_with_the_servers_words(smtp):
    smtp.behave("550")

    letter = attempt(make_letter())

    assert letter.state == Letter.State.FAILED
    assert letter.answer == "550 5.1.1 mailbox unavailable"
    assert letter.sealed is None


def test_nobody_listening_is_no_failure_of_the_letter(smtp, settings):
    settings.EMAIL_PORT = 1

    letter = attempt(make_letter())

    assert letter.state == Letter.State.QUEUED
    assert letter.retry_at is not None


def test_a_line_cut_before_the_text_has_lost_nothing(smtp):
    smtp.behave("cut before data")

    letter = attempt(make_letter())

    assert letter.state == Letter.State.QUEUED
    assert smtp.taken == []


@pytest.mark.parametrize("mode", ["cut after data, taken", "cut after data, lost"])
def test_a_line_cut_after_the_text_is_uncertain(smtp, mode):
    smtp.behave(mode)

    letter = attempt(make_letter())

    assert letter.state == Letter.State.UNCERTAIN


def test_an_uncertain_letter_to_one_person_goes_again_with_the_same_message_id(smtp):
    smtp.behave("cut after data, taken")
    letter = attempt(make_letter())
    mail.settle_forgotten()
    letter.refresh_from_db()
    assert letter.state == Letter.State.UNCERTAIN  # not at once
    smtp.behave("ok")

    Letter.objects.update(retry_at="2020-01-01T00:00Z")
    mail.settle_forgotten()

    assert attempt(letter).state == Letter.State.SENT
    assert smtp.message_ids() == [letter.message_id, letter.message_id]


def test_an_uncertain_letter_to_many_waits_for_a_person(smtp):
    smtp.behave("cut after data, taken")
    letter = attempt(make_letter(bulk=True))
    smtp.behave("ok")
    Letter.objects.update(retry_at="2020-01-01T00:00Z")
    mail.settle_forgotten()
    assert mail.claim(letter.pk) is None

    mail.send_again(letter)

    assert attempt(letter).state == Letter.State.SENT


def test_a_letter_whose_sender_died_is_sent_again_once_and_then_waits_for_a_person():
    letter = make_letter()

    mail.claim(letter.pk)
    forget(letter)
    assert letter.state == Letter.State.QUEUED
    mail.claim(letter.pk)
    forget(letter)

    assert letter.state == Letter.State.UNCERTAIN
    assert mail.claim(letter.pk) is None


def test_a_sender_that_comes_too_late_still_says_what_became_of_the_letter():
    letter = make_letter()
    slow = mail.claim(letter.pk)
    forget(letter)
    assert letter.state == Letter.State.QUEUED

    mail.send(slow)

    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT
    assert mail.claim(letter.pk) is None


# --- Links in letters ---------------------------------------------------------------------------------


def test_a_personal_link_gets_its_token_when_it_is_sent(smtp):
    letter, _link = make_link_letter()

    attempt(letter)

    (sent,) = smtp.mails
    assert opens(token_in(sent))
    for model in (Letter, AccessLink, JournalEntry):
        assert token_in(sent) not in str(list(model.objects.values()))


def test_no_delivered_letter_holds_a_dead_link(smtp):
    """Arrived but unanswered, then refused three times, then sent: both letters that arrived open the door."""
    letter, _link = make_link_letter()
    smtp.behave("cut after data, taken")
    attempt(letter)
    Letter.objects.update(retry_at="2020-01-01T00:00Z")
    mail.settle_forgotten()
    for mode in ("450", "421", "450"):
        smtp.behave(mode)
        attempt(letter)
    smtp.behave("ok")

    attempt(letter)

    first, second = smtp.mails
    assert token_in(first) != token_in(second)
    assert opens(token_in(first))
    assert opens(token_in(second))


def test_sent_again_by_a_person_the_older_links_end(smtp):
    letter, _link = make_link_letter()
    attempt(letter)

    mail.send_again(letter)
    attempt(letter)

    first, second = smtp.mails
    assert not opens(token_in(first))
    assert opens(token_in(second))


def test_an_older_link_stays_until_the_new_one_has_arrived(smtp):
    letter, _link = make_link_letter()
    attempt(letter)
    smtp.behave("550")

    mail.send_again(letter)
    attempt(letter)

    assert letter.state == Letter.State.FAILED
    assert opens(token_in(smtp.mails[0]))


def test_a_server_that_quotes_a_link_puts_no_token_into_the_table(smtp):
    smtp.behave("554 with quotation")
    letter, _link = make_link_letter()

    attempt(letter)

    assert letter.state == Letter.State.FAILED
    assert "press_…" in letter.answer


# --- A person's word ----------------------------------------------------------------------------------


def test_what_was_confidential_and_is_forgotten_cannot_be_sent_again():
    letter = attempt(make_letter())

    with pytest.raises(mail.SecretForgotten):
        mail.send_again(letter)


def test_a_letter_that_is_being_sent_is_left_alone():
    letter = make_letter()
    mail.claim(letter.pk)

    with pytest.raises(mail.NotToBeSentNow):
        mail.send_again(letter)
    with pytest.raises(mail.AlreadyOnItsWay):
        mail.withdraw(letter)


def test_a_withdrawn_letter_never_leaves():
    letter = make_letter()

    mail.withdraw(letter, by=make_user())

    assert mail.claim(letter.pk) is None
    letter.refresh_from_db()
    assert letter.sealed is None
    assert (
        JournalEntry.objects.get(verb="letter.withdrawn").target == f"congress.letter:{letter.pk}"
    )


# --- Many at once -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_a_letter_that_ten_workers_want_is_claimed_once(rounds):
    for number in range(rounds(5, 100)):
        letter = make_letter(once=f"race-{number}")
        assert _claims(letter, mail.claim) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_without_asking_the_state_twice_a_letter_is_claimed_more_than_once():
    """The control: the sub-select alone is not looked at again by whoever waited for the row."""

    def careless(letter_id):
        return Letter.objects.filter(pk=letter_id, pk__in=Letter.objects.due().values("pk")).update(
            state=Letter.State.SENDING, lease_until="2030-01-01T00:00Z"
        )

    for number in range(20):
        if _claims(make_letter(once=f"control-{number}"), careless) > 1:
            return
    pytest.fail("the control never oversold: the guard is not needed, or not tested")


def _claims(letter, claim):
    """Ten threads wait for a row that somebody holds, and then want it all at once. How many got it."""
    barrier, got = threading.Barrier(11), []

    def worker():
        close_old_connections()
        try:
            barrier.wait()
            got.append(bool(claim(letter.pk)))
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(10)]
    for thread in threads:
        thread.start()

    with transaction.atomic():
        Letter.objects.select_for_update().get(pk=letter.pk)
        barrier.wait()
        threading.Event().wait(0.2)
    for thread in threads:
        thread.join()
    return sum(got)


def test_minting_is_in_the_journal_and_shows_no_token():
    letter, link = make_link_letter()

    attempt(letter)

    entry = JournalEntry.objects.filter(verb="link.minted").first()
    assert entry.target == f"congress.accesslink:{link.pk}"
    assert entry.details == {}
