"""When personal links leave, how each of them stands, and how a lost one comes again."""

import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbound
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from congress import limits, mail, retention
from congress.models import AccessLink, Letter
from press import actions, queries, tasks
from press.models import LinkRequest, PressSettings
from tests.congress.test_mail_faults import (
    SECONDS_TO_START,
    all_leases_are_over,
    finish,
    smtp,  # noqa: F401  # a fixture
    worker,  # noqa: F401  # a fixture
)
from tests.factories import make_role, make_user, set_clock
from tests.press.factories import make_accreditation, make_approved, make_press_edition

pytestmark = pytest.mark.django_db

BEFORE_FOUR = datetime(2021, 3, 16, 14, 59, 50, tzinfo=UTC)  # 15:59:50 in Berlin, the day before
FOUR = datetime(2021, 3, 16, 15, 0, tzinfo=UTC)
NOTHING = {"late_queue": "on", "phone": "", "remedy_de": "", "remedy_en": ""}


def edition_at(moment, **fields):
    return make_press_edition(at=moment, **fields)


def send_due(settings):
    """What the sweeper and the workers do."""
    settings.DEMO = True
    for letter in Letter.objects.due().order_by("pk"):
        mail.send(mail.claim(letter.pk))
    return outbound.outbox


def state_of(row):
    row.refresh_from_db()
    return queries.link_states(row.edition, [row], row.edition.now())[row.pk]


def templates(**which):
    names = Letter.objects.filter(**which).order_by("pk").values_list("template", flat=True)
    return [name.rpartition("/")[2].removesuffix(".md") for name in names]


# --- The moment -----------------------------------------------------------------------------------------


def test_before_the_moment_the_decision_leaves_alone_and_the_link_waits(settings):
    row = make_approved(edition_at(BEFORE_FOUR), waits=True)

    (letter,) = send_due(settings)

    assert "akkreditiert" in letter.subject
    assert "16. März 2021, 16:00 Uhr" in letter.body
    assert "/zugang/" not in letter.body
    assert (state_of(row).key, state_of(row).moment) == ("waiting", FOUR)
    assert row.link.token_hash is None


def test_at_the_moment_all_of_them_leave(settings):
    edition = edition_at(BEFORE_FOUR)
    rows = [make_approved(edition, waits=True) for _ in range(3)]
    send_due(settings)
    outbound.outbox.clear()

    set_clock(edition, FOUR)
    letters = send_due(settings)

    assert sorted(letter.to[0] for letter in letters) == sorted(row.mailbox for row in rows)
    assert all("/presse/zugang/press_" in letter.body for letter in letters)
    assert {state_of(row).key for row in rows} == {"sent"}


def test_whoever_is_approved_later_gets_the_link_at_once(settings):
    row = make_approved(edition_at(FOUR), waits=True)

    (letter,) = send_due(settings)

    assert "/presse/zugang/press_" in letter.body
    assert state_of(row).key == "sent"


@pytest.mark.parametrize(
    ("starts_on", "utc_hour"),
    [
        (datetime(2026, 3, 30), 14),  # the day before is the one whose clocks go forward
        (datetime(2026, 10, 26), 15),
        (datetime(2026, 7, 2), 14),
    ],
)
def test_four_oclock_is_four_oclock_on_the_days_the_clocks_change(starts_on, utc_hour):
    edition = make_press_edition(
        starts_on=starts_on.date(), ends_on=(starts_on + timedelta(days=1)).date()
    )

    moment = queries.links_leave_at(edition).astimezone(UTC)

    assert moment == (starts_on - timedelta(days=1)).replace(hour=utc_hour, tzinfo=UTC)


def test_the_desk_sets_another_moment_and_the_links_that_wait_follow(client, settings):
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)
    client.force_login(make_role("press_officer", edition).person)
    page = reverse("press_settings", kwargs={"edition": edition.slug})

    client.post(page, NOTHING | {"links_at": "2021-03-17T08:30"})

    assert state_of(row).moment == datetime(2021, 3, 17, 7, 30, tzinfo=UTC)
    shown = client.get(page).content.decode()
    assert "17. März 2021, 08:30 Uhr" in shown or "17. März 2021, 8:30 Uhr" in shown
    client.post(page, NOTHING | {"links_at": "2021-03-16T12:00"})
    assert len(send_due(settings)) == 2  # the decision, and the link whose moment has passed
    late = client.post(page, NOTHING | {"links_at": "2021-03-20T08:30"})
    assert late.context["form"].errors.keys() == {"links_at"}


def test_where_the_days_are_moved_the_links_that_wait_follow():
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)
    edition.starts_on += timedelta(days=1)
    edition.ends_on += timedelta(days=1)
    edition.save()

    changed = tasks.time_links()

    assert (changed, state_of(row).moment) == (1, FOUR + timedelta(days=1))
    assert tasks.time_links() == 0


# --- How a link stands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "key", "answer"),
    [
        (
            {"state": "failed", "answer": "550 5.1.1 no such user"},
            "failed",
            "550 5.1.1 no such user",
        ),
        ({"state": "uncertain", "answer": "cut"}, "uncertain", "cut"),
        ({"state": "sending", "lease_until": FOUR}, "leaving", ""),
        ({"state": "queued"}, "leaving", ""),
        ({"state": "kept"}, "kept", ""),
        ({"state": "withdrawn"}, "none", ""),
    ],
)
def test_the_desk_says_how_a_link_stands(client, letter, key, answer):
    row = make_approved()
    Letter.objects.filter(template="press/emails/approved.md").update(**letter)
    client.force_login(make_role("press_officer", row.edition).person)

    state = state_of(row)
    page = client.get(
        reverse("press_desk", kwargs={"edition": row.edition.slug}), {"stand": "akkreditiert"}
    ).content.decode()

    assert (state.key, state.answer) == (key, answer)
    assert str(state.label) in page
    assert answer in page


def test_the_desk_says_whether_somebody_came_in_and_on_how_many_devices(
    client, client_factory, settings
):
    row = make_approved()
    (letter,) = send_due(settings)
    address = next(word for word in letter.body.split() if "/presse/zugang/" in word)
    assert not state_of(row).entered

    for _ in range(2):
        client_factory().post(address, {"mailbox": row.mailbox})

    state = state_of(row)
    assert (state.entered, state.devices) == (True, 2)
    client.force_login(make_role("press_officer", row.edition).person)
    page = client.get(
        reverse("press_case", kwargs={"edition": row.edition.slug, "accreditation": row.pk})
    ).content.decode()
    assert "2 Geräte" in page


def test_states_of_many_links_need_as_many_queries_as_of_one():
    edition = make_press_edition()
    rows = [make_approved(edition) for _ in range(3)]

    counts = []
    for some in (rows[:1], rows):
        with CaptureQueriesContext(connection) as found:
            queries.link_states(edition, some, edition.now())
        counts.append(len(found))

    assert counts[0] == counts[1]


# --- Revoked, renewed, sent now -------------------------------------------------------------------------


def test_a_link_that_was_revoked_before_its_moment_never_leaves(settings):
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)

    actions.revoke_access(accreditation=row, by=make_user(), now=edition.now())
    set_clock(edition, FOUR + timedelta(minutes=1))
    send_due(settings)

    assert templates(state="withdrawn") == ["approved"]
    assert state_of(row).key == "revoked"
    assert AccessLink.objects.get().token_hash is None


def test_whoever_is_let_in_again_before_the_moment_waits_with_everybody():
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)
    actions.revoke_access(accreditation=row, by=make_user(), now=edition.now())
    row.refresh_from_db()

    actions.renew_access(accreditation=row, by=make_user(), now=edition.now())

    assert (state_of(row).key, state_of(row).moment) == ("waiting", FOUR)


def test_a_withdrawn_request_sends_no_link():
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)

    actions.withdraw(accreditation=row, now=edition.now())

    assert templates(state="withdrawn") == ["approved"]


def test_the_desk_sends_one_link_before_the_moment(client, settings):
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)
    client.force_login(make_role("press_officer", edition).person)
    page = reverse(
        "press_act",
        kwargs={"edition": edition.slug, "accreditation": row.pk, "act": "jetzt"},
    )

    client.post(page, {"form_key": uuid.uuid4()})

    assert templates() == ["accredited", "approved"]
    send_due(settings)
    assert state_of(row).key == "sent"


def test_a_renewal_before_the_moment_leaves_at_once_where_the_link_had_left(settings):
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)
    now = edition.now()
    actions.send_link_again(accreditation=row, key=uuid.uuid4(), by=make_user(), now=now)
    send_due(settings)

    actions.renew_access(accreditation=row, by=make_user(), now=now)

    assert state_of(row).key == "leaving"


def test_a_link_is_sent_again_once_for_one_form(client, settings):
    row = make_approved()
    send_due(settings)
    client.force_login(make_role("press_officer", row.edition).person)
    page = reverse(
        "press_act",
        kwargs={"edition": row.edition.slug, "accreditation": row.pk, "act": "nochmals"},
    )
    given = {"form_key": str(uuid.uuid4())}

    client.post(page, given)
    client.post(page, given)

    assert templates() == ["approved", "renewed"]


# --- A lost link ----------------------------------------------------------------------------------------


def ask(client, edition, mailbox):
    return client.post(reverse("lost_link", kwargs={"edition": edition.slug}), {"mailbox": mailbox})


def test_a_lost_link_comes_again_and_opens(client, settings):
    row = make_approved()
    send_due(settings)

    response = ask(client, row.edition, row.mailbox.upper())
    assert templates() == ["approved"]
    assert tasks.answer_link_requests() == 1
    letter = send_due(settings)[-1]

    assert response.status_code == 303
    assert templates() == ["approved", "renewed"]
    address = next(word for word in letter.body.split() if "/presse/zugang/" in word)
    assert client.post(address, {"mailbox": row.mailbox}).status_code == 303


def test_the_answer_is_the_same_for_every_address(client_factory):
    edition = make_press_edition()
    known = make_approved(edition)
    undecided = make_accreditation(edition)

    pages = []
    for mailbox in (known.mailbox, undecided.mailbox, "nobody@rundschau.example"):
        client = client_factory()
        with CaptureQueriesContext(connection) as asked:
            response = ask(client, edition, mailbox)
        statements = [query["sql"].split(" ")[0] for query in asked]
        page = client.get(response["Location"]).content.decode()
        pages.append((response.status_code, statements, page.split("<main")[1].split("<form")[0]))

    assert pages[0] == pages[1] == pages[2]
    tasks.answer_link_requests()
    assert list(LinkRequest.objects.values_list("sent", flat=True)) == [True, False, False]
    assert templates() == ["approved", "renewed"]


def test_nobody_fills_a_mailbox_with_links(client):
    row = make_approved()

    for _ in range(4):
        ask(client, row.edition, row.mailbox)
        tasks.answer_link_requests()

    assert templates() == ["approved", "renewed"]
    for _ in range(8):  # every eleven minutes
        LinkRequest.objects.update(
            asked_at=queries.StatementNow() - timedelta(minutes=11),
            answered_at=queries.StatementNow() - timedelta(minutes=11),
        )
        ask(client, row.edition, row.mailbox)
        tasks.answer_link_requests()
    assert templates().count("renewed") == actions.MOST_LINKS_IN_A_DAY


def test_from_one_network_not_everything_is_asked_for(client, monkeypatch):
    from press.views import accreditation

    edition = make_press_edition()
    monkeypatch.setattr(accreditation, "LINKS_FROM_A_NETWORK", 2)
    monkeypatch.setattr(limits, "counted", lambda key: LinkRequest.objects.count() + 1)

    answers = [ask(client, edition, f"n{n}@x.example") for n in range(4)]

    assert [answer.status_code for answer in answers] == [303, 303, 429, 429]
    assert LinkRequest.objects.count() == 2
    assert "n3@x.example" in answers[3].content.decode()


def test_before_the_moment_the_letter_says_when_the_link_comes(client, settings):
    edition = edition_at(BEFORE_FOUR)
    row = make_approved(edition, waits=True)

    ask(client, edition, row.mailbox)
    tasks.answer_link_requests()

    assert templates() == ["accredited", "approved", "accredited"]
    assert all("/zugang/" not in letter.body for letter in send_due(settings))


def test_whose_access_was_revoked_gets_no_link(client):
    row = make_approved()
    actions.revoke_access(accreditation=row, by=make_user(), now=row.edition.now())

    ask(client, row.edition, row.mailbox)
    tasks.answer_link_requests()

    assert templates() == ["approved"]


@pytest.mark.parametrize("typed", ["", "kein Postfach", "a@b@c", "x" * 5000])
def test_what_is_no_address_is_said_and_kept(client, typed):
    edition = make_press_edition()

    response = ask(client, edition, typed)

    assert response.context["form"].errors
    assert LinkRequest.objects.count() == 0


def test_requests_for_lost_links_are_forgotten_after_a_day(client):
    edition = make_press_edition()
    ask(client, edition, "a@b.example")
    LinkRequest.objects.update(asked_at=queries.StatementNow() - timedelta(hours=25))
    ask(client, edition, "c@d.example")

    retention.erase_due()

    assert LinkRequest.objects.get().mailbox == "c@d.example"


# --- Two hundred of them --------------------------------------------------------------------------------


@pytest.mark.race  # in `make races` all two hundred
@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_links_none_is_lost_though_a_worker_dies_in_the_middle(smtp, worker, rounds):  # noqa: F811
    links = rounds(60, 200)
    edition = edition_at(FOUR - timedelta(hours=1))
    PressSettings.objects.create(edition=edition)
    by = make_user()
    for _ in range(links):
        row = make_accreditation(edition)
        actions.approve(accreditation=row, by=by, now=edition.now())
    Letter.objects.filter(template="press/emails/accredited.md").delete()
    smtp.behave("ok", seconds_for_a_mail=0.02)
    due = Letter.objects.filter(template="press/emails/approved.md")
    assert not Letter.objects.due().exists()

    # Their moment has come.
    actions.change_settings(edition=edition, by=by, now=edition.now(), links_at=edition.now())
    worker.start()
    assert smtp.wait_for(lambda: len(smtp.taken) > links // 3, SECONDS_TO_START), (
        worker.log.read_text()[-3000:]
    )
    worker.kill()
    time.sleep(1)  # the database finishes what it was told last
    in_flight = due.filter(state=Letter.State.SENDING).count()
    all_leases_are_over()
    worker.start()
    finish(smtp, worker, links, 120)

    arrived = Counter(smtp.message_ids())
    assert set(arrived) == set(due.values_list("message_id", flat=True)), "lost"
    assert sum(times > 1 for times in arrived.values()) <= in_flight
    assert max(arrived.values()) <= 2
