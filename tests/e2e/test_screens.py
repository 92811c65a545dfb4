"""A screen of the hall beside the Regie: it follows every step, outlives a dead process, ends when told to."""

import os
import signal

import pytest

from tests.e2e.test_every_page import demo_person


def figure(page, text):
    page.locator("#screen", has_text=text).wait_for()


@pytest.mark.slow
@pytest.mark.own_site(workers=2)
def test_a_screen_follows_its_stage_and_goes_dark(own_site, browse, axe):
    from congress.models import Stage
    from polls import actions, directing
    from polls.models import Poll, Screen

    broken = [r"WebSocket", r"ERR_", r"status of (50|410)"]
    stage = Stage.objects.select_related("edition").get(edition__slug="2021", slug="plenum")
    director = browse(own_site, person=demo_person("director"), expect=broken)
    director.goto("/2021/orga/anzeigen/")
    director.get_by_label("Name", exact=True).fill("Wand Foyer")
    director.get_by_role("button", name="Einrichten und Adresse zeigen").click()
    address = director.locator("#adresse").inner_text()
    wall = browse(own_site, expect=broken, viewport={"width": 1920, "height": 1080})
    wall.goto(address)
    wall.locator("#screen[data-live=live]").wait_for()
    axe(wall)
    figure(wall, "Wie weit ist Ihr Haus mit der elektronischen Akte?")
    overlay = browse(own_site, expect=broken, viewport={"width": 1920, "height": 1080})
    overlay.goto(address + "?zeigt=bauchbinde")
    overlay.locator(".s-third").wait_for()
    transparent = "getComputedStyle(document.body).backgroundColor === 'rgba(0, 0, 0, 0)'"
    assert overlay.evaluate(transparent)

    killed = own_site.worker_ids()[0]
    os.kill(killed, signal.SIGKILL)
    poll = Poll.objects.get(stage=stage, state=Poll.State.OPEN)
    actions.close_poll(poll=poll, now=stage.edition.now())
    actions.clear_stage(stage=stage, now=stage.edition.now(), by=None)
    directing.announce(stage=stage, text="Kaffee im Foyer", now=stage.edition.now(), by=None)
    directing.set_phase(stage=stage, phase="pause", now=stage.edition.now(), by=None)

    wall.locator(".s-announcement", has_text="Kaffee im Foyer").wait_for(timeout=20_000)
    overlay.wait_for_function(
        "document.getElementById('screen').childElementCount === 0", timeout=20_000
    )
    wall.set_viewport_size({"width": 1280, "height": 720})
    assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight")

    director.get_by_text("Ändern").last.click()
    director.get_by_role("button", name="Anzeige beenden").last.click()
    assert Screen.objects.get(name="Wand Foyer").link.revoked_at is not None
    figure(wall, "Diese Anzeige ist beendet.")
    assert overlay.locator("#screen").inner_text() == ""
