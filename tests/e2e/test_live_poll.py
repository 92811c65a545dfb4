"""A poll with a moderator and two viewers: one by socket, one by form without JavaScript; then a process dies."""

import os
import re
import signal

import pytest

from congress.local.processes import wait_until
from tests.e2e.test_every_page import demo_person

STAGE = "/2021/live/plenum/"
CONSOLE = "/2021/moderation/plenum/"


def total(page):
    """The votes a page shows; None while it shows no poll."""
    text = page.locator("[data-live=total]:visible").first.inner_text()
    return int(re.search(r"\d+", text)[0])


def shows(page, number):
    page.wait_for_function(
        """number => [...document.querySelectorAll('[data-live=total]')].some(
            place => place.checkVisibility() && place.textContent.startsWith(number + ' '))""",
        arg=str(number),
        timeout=8_000,
    )


@pytest.mark.slow
@pytest.mark.own_site(workers=2)
def test_votes_by_socket_and_by_form_move_every_page_and_survive_a_dead_process(own_site, browse):
    from congress.models import Stage
    from polls.models import Participation, Poll
    from programme.actions import put_on_air
    from programme.models import Session

    # What breaks off while a process dies is what this test is about.
    broken = [r"WebSocket", r"ERR_", r"status of 50"]
    moderator = browse(own_site, person=demo_person("moderator"), expect=broken)
    clerk = browse(own_site, person=demo_person("clerk"), expect=broken)
    head = browse(own_site, person=demo_person("head"), javascript=False)

    moderator.goto(CONSOLE)
    moderator.get_by_role("button", name="Umfrage schließen").click()
    moderator.get_by_label("Frage", exact=True).fill("Wie arbeiten Sie heute?")
    moderator.get_by_label("Antworten", exact=True).fill("Im Büro\nZu Hause\nUnterwegs")
    moderator.get_by_role("button", name="Vorbereiten und gleich öffnen").click()
    poll = Poll.objects.get(text="Wie arbeiten Sie heute?")
    assert poll.state == Poll.State.OPEN

    stage = Stage.objects.select_related("edition").get(edition__slug="2021", slug="plenum")
    later = stage.sessions.talks().order_by("-starts_at").first()
    Session.objects.filter(pk=later.pk).update(title_de="Ausblick", title_en="What comes next")
    guest = browse(own_site, person=demo_person("observer"), expect=broken)
    guest.goto("/en" + STAGE)
    clerk.goto(STAGE)
    head.goto(STAGE)
    clerk.get_by_text("Live verbunden").wait_for()
    clerk.get_by_label("Zu Hause").check()
    clerk.get_by_role("button", name="Abstimmen").click()
    clerk.locator(".fk-poll__thanks").wait_for()
    shows(moderator, 1)

    head.get_by_label("Unterwegs").check()
    head.get_by_role("button", name="Abstimmen").click()
    head.locator(".fk-poll__thanks").wait_for()
    shows(moderator, 2)
    shows(clerk, 2)
    assert total(head) == 2

    # Each page names the session in its own language, also when it changes.
    put_on_air(stage, Session.objects.get(pk=later.pk), stage.edition.now())
    for page, name in ((clerk, "Ausblick"), (guest, "What comes next")):
        page.locator("#live-now strong", has_text=name).wait_for()

    killed = own_site.worker_ids()[0]
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: len(set(own_site.worker_ids()) - {killed}) == 2, seconds=10)
    director = browse(own_site, person=demo_person("director"), javascript=False)
    director.goto(STAGE)
    director.get_by_label("Im Büro").check()
    director.get_by_role("button", name="Abstimmen").click()

    for page in (moderator, clerk):
        page.wait_for_function(
            """() => [...document.querySelectorAll('[data-live=total]')].some(
                place => place.textContent.startsWith('3 '))""",
            timeout=40_000,
        )
    assert Participation.objects.filter(poll=poll).count() == 3
    moderator.get_by_role("button", name="Umfrage schließen").click()
    clerk.get_by_text("Diese Umfrage ist geschlossen").first.wait_for()
