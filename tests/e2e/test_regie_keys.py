"""The Regie by keyboard alone: every step has its key, none fires while somebody types, „all“ asks twice."""

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person


def board(page, text):
    page.locator("#regie-messages", has_text=text).wait_for()


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_a_director_runs_a_stage_without_a_mouse(own_site, browse, axe):
    from polls.models import Poll, Question, StageState

    page = browse(own_site, person=demo_person("director"))
    page.goto("/2021/regie/plenum/")
    page.locator("#live-status[data-state=live]").wait_for()
    press = page.keyboard.press

    def state():
        return StageState.objects.get(stage__edition__slug="2021", stage__slug="plenum")

    press("?")
    page.locator("#keys-dialog").wait_for()
    axe(page)
    press("p")  # does nothing behind the overview
    press("Escape")
    assert state().phase == "live"

    press("b")
    page.locator("#ersatz[open]").wait_for()
    assert state().source == "main"
    press("b")
    board(page, "Ersatzstream")
    assert state().source == "backup"
    press("u")
    board(page, "Zurückgenommen")
    assert state().source == "main"

    press("o")
    page.keyboard.type("bald p n")
    assert state().overlay == ""
    press("Enter")
    board(page, "Der Text steht im Bild.")
    assert state().overlay == "bald p n"
    press("Escape")

    press("i")
    board(page, "erst, wenn die Umfrage geschlossen ist")
    press("c")
    board(page, "Die Umfrage ist geschlossen.")
    assert not Poll.objects.open().filter(stage=state().stage).exists()

    press("f")
    focused = page.evaluate("document.activeElement.closest('[data-list]').dataset.list")
    assert focused == "f"
    press("ArrowDown")
    press("Enter")
    board(page, "Die Frage steht auf dem Bildschirm.")
    assert Question.objects.filter(stage=state().stage, state="on_screen").count() == 1
    press("y")
    board(page, "Die Frage steht wieder in der Liste.")

    press("r")
    press("Enter")
    board(page, "Auf Sendung: IT-Architektur-Management")

    page.get_by_label("Tasten sind an").uncheck()
    press("t")
    page.reload()
    page.locator("#live-status[data-state=live]").wait_for()
    press("t")
    assert state().phase == "live"
    look_at(page, axe, "regie")
