"""The moderation by keyboard, and the tablet on the stage that follows it."""

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_a_moderator_works_by_keys_and_the_tablet_follows(own_site, browse, axe):
    from polls.models import Poll, Question

    page = browse(own_site, person=demo_person("moderator"))
    tablet = browse(own_site, person=demo_person("moderator"))
    tablet.goto("/2021/moderation/plenum/tablet/")
    tablet.locator("#live-status[data-state=live]").wait_for()
    page.goto("/2021/moderation/plenum/")
    waiting = Question.objects.get(
        stage__slug="plenum", stage__edition__slug="2021", state="pending"
    )

    page.keyboard.press("z")
    page.get_by_text("Die Frage wird gezeigt.").wait_for()
    waiting.refresh_from_db()
    assert waiting.state == "shown"
    tablet.locator(".fk-tablet__list", has_text=waiting.text).wait_for()

    page.keyboard.press("f")
    page.keyboard.press("Enter")
    page.get_by_text("Die Frage steht auf dem Bildschirm.").wait_for()
    on_screen = Question.objects.get(stage=waiting.stage, state="on_screen")
    tablet.locator(".fk-tablet__question", has_text=on_screen.text).wait_for()
    look_at(tablet, axe, "tablet")
    page.keyboard.press("k")
    page.get_by_text("Die Frage ist beantwortet.").wait_for()

    page.keyboard.press("c")
    page.get_by_text("Die Umfrage ist geschlossen.").wait_for()
    assert not Poll.objects.open().filter(stage=waiting.stage).exists()
    page.keyboard.press("?")
    page.locator("#keys-dialog").wait_for()
    axe(page)
    page.keyboard.press("Escape")
    look_at(page, axe, "moderation")
