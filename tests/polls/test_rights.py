"""Rights of open sockets end: whoever may no longer watch is closed within seconds, with or without Redis."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from congress import actions
from congress.live import sockets
from congress.models import BrowserSession, Role
from tests.factories import NOW, make_admission, make_link, make_role, make_user
from tests.polls.factories import make_live_stage
from tests.polls.sockets import Page, open_page, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage():
    return make_live_stage()


async def watching(pages, stage, person):
    session = sign_in(person)
    page = Page(stage, session)
    await page.connect(timeout=8)
    await page.hear("state")
    pages.append(page)
    return page, session


async def test_signing_out_closes_the_sockets_of_the_session(pages, stage):
    person = make_admission(stage.edition).person
    page, session = await watching(pages, stage, person)
    other, _ = await watching(pages, stage, person)

    BrowserSession.objects.get(session_key=session).delete()

    assert await page.closed() == 4401
    assert await other.ask(type="ping") == {"type": "ack", "id": None}


async def test_a_revoked_admission_closes_the_socket(pages, stage):
    admission = make_admission(stage.edition)
    page, _ = await watching(pages, stage, admission.person)

    actions.revoke_admission(admission=admission, now=NOW)

    assert await page.closed() == 4403


async def test_a_disabled_person_is_signed_out(pages, stage):
    person = make_admission(stage.edition).person
    page, _ = await watching(pages, stage, person)

    person.is_active = False
    person.save()

    assert await page.closed() == 4401


async def test_a_new_password_ends_older_sessions(pages, stage):
    person = make_admission(stage.edition).person
    page, _ = await watching(pages, stage, person)

    person.set_password("another one, quite long")
    person.save()

    assert await page.closed() == 4401


async def test_a_lost_role_closes_the_socket_of_whoever_has_nothing_else(pages, stage):
    role = make_role(Role.Kind.MODERATOR, stage.edition, stage=stage)
    page, _ = await watching(pages, stage, role.person)

    role.delete()

    assert await page.closed() == 4403


async def test_a_revoked_link_closes_whoever_is_in_by_it(pages, stage):
    admission = make_admission(stage.edition, kind="press", person=make_user(email=None))
    link, _token = make_link(admission)
    page = Page(stage, sign_in(admission.person, link=link.pk))
    await page.connect(timeout=8)
    await page.hear("state")
    pages.append(page)

    actions.revoke_link(link=link, now=NOW)

    assert await page.closed() == 4401


async def test_a_session_that_runs_out_closes_the_socket(pages, stage):
    person = make_admission(stage.edition).person
    page = Page(stage, sign_in(person, seconds=2))
    await page.connect(timeout=8)
    pages.append(page)

    assert await page.closed() == 4401


async def test_the_database_is_asked_for_all_sockets_in_one_query(
    pages, stage, monkeypatch, django_assert_num_queries
):
    """The net below the signals: rows changed behind everybody's back."""
    monkeypatch.setattr(sockets, "LOOK_AGAIN_SECONDS", 0.5)
    admissions = [make_admission(stage.edition) for _ in range(3)]
    opened = [(await watching(pages, stage, one.person))[0] for one in admissions]

    type(admissions[0]).objects.filter(pk=admissions[0].pk).update(revoked_at=NOW)

    assert await opened[0].closed() == 4403
    assert await opened[1].ask(type="ping") == {"type": "ack", "id": None}


async def test_news_about_rights_reach_other_processes_without_keys(pages, stage, monkeypatch):
    from congress.live import news

    told = []
    monkeypatch.setattr(news.teller, "tell", lambda topic, **body: told.append((topic, body)))
    monkeypatch.setattr("congress.live.rights.news.tell", news.teller.tell)
    person = make_admission(stage.edition).person
    _page, session = await watching(pages, stage, person)

    told.clear()
    BrowserSession.objects.get(session_key=session).delete()

    assert session not in repr(told)
    assert [topic for topic, _ in told] == ["rights"]


async def test_a_moderator_of_one_stage_is_a_viewer_of_another(pages, stage):
    from tests.factories import make_stage

    other = make_stage(stage.edition)
    role = make_role(Role.Kind.MODERATOR, stage.edition, stage=stage)

    page, _state = await open_page(stage, role.person)
    elsewhere, _state = await open_page(other, role.person)
    pages += [page, elsewhere]

    kinds = {socket.wanted.stage: socket.visitor.moderates for socket in sockets.guard()}
    assert kinds == {stage.slug: True, other.slug: False}


async def test_a_badge_brings_no_role_to_the_socket(pages, stage):
    role = make_role(Role.Kind.MODERATOR, stage.edition, stage=stage)
    admission = make_admission(stage.edition, person=role.person, kind="staff")
    link, _token = make_link(admission, kind="badge")

    page = Page(stage, sign_in(role.person, link=link.pk))
    await page.connect(timeout=8)
    await page.hear("state")
    pages.append(page)

    (visitor,) = [socket.visitor for socket in sockets.guard()]
    assert (visitor.moderates, visitor.may_vote) == (False, True)


async def test_a_badge_of_another_edition_opens_no_socket(pages, stage):
    link, _token = make_link(make_admission(), kind="badge")
    make_admission(stage.edition, person=link.person)

    page = Page(stage, sign_in(link.person, link=link.pk))
    pages.append(page)
    await page.connect(timeout=8)

    assert await page.closed() == 4403


async def test_an_open_socket_keeps_its_session_awake(pages, stage, monkeypatch):
    monkeypatch.setattr("congress.live.sockets.LOOK_AGAIN_SECONDS", 0.1)
    page, _ = await open_page(stage, make_role("organiser", stage.edition).person)
    pages.append(page)
    rows = BrowserSession.objects.all()
    rows.update(
        on_duty_at=timezone.now() - timedelta(minutes=20),
        seen_at=timezone.now() - timedelta(minutes=40),
        entered_at=timezone.now() - timedelta(hours=2),
    )

    for _tenth in range(60):
        await asyncio.sleep(0.1)
        if rows.get().on_duty_at > timezone.now() - timedelta(minutes=1):
            break

    assert rows.get().on_duty_at > timezone.now() - timedelta(minutes=1)
