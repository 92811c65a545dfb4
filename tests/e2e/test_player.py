"""The picture of a stage: the interpreter beside it, captions to read below; its addresses end and are renewed."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_every_page import demo_person

CLIP = Path("polls/static/polls/clip")
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".m4s": "video/iso.segment",
    ".vtt": "text/vtt",
}
OTHER = "B" * 22


def plays(page, selector="#player video"):
    page.wait_for_function(
        "selector => document.querySelector(selector).currentTime > 0.3", arg=selector
    )


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_picture_interpreter_captions_and_slates(own_site, browse, axe):
    from congress.models import Stage
    from polls import directing

    stage = Stage.objects.select_related("edition").get(edition__slug="2021", slug="plenum")
    page = browse(own_site, person=demo_person("clerk"))
    page.goto("/2021/live/plenum/")
    page.locator("#player-read").click()
    page.locator("#player-sign").select_option("medium")
    page.evaluate("document.querySelector('#player video').muted = true")
    page.locator("#player video").focus()
    page.keyboard.press("k")
    plays(page)
    plays(page, "#sign video")
    page.locator("#captions", has_text="Herzlich willkommen beim Fachkongress.").wait_for()
    beside = page.evaluate(
        "document.getElementById('sign').getBoundingClientRect().left"
        " >= document.getElementById('player').getBoundingClientRect().right"
    )
    assert beside
    look_at(page, axe, "player")

    page.locator("#player-quality").select_option("sound")
    page.wait_for_function("document.querySelector('#player video').videoHeight === 0")
    page.locator("#player-sound").wait_for()
    page.reload()
    assert page.locator("#player-quality").input_value() == "sound"
    assert page.locator("#sign").is_visible()
    page.locator("#player-quality").select_option("auto")

    page.locator("#live-status[data-state=live]").wait_for()
    now = stage.edition.now()
    directing.set_phase(stage=stage, phase="pause", now=now, by=None)
    page.locator("#live-slate", has_text="Pause. Es geht gleich weiter.").wait_for()
    axe(page)
    page.get_by_role("button", name="Bild trotzdem zeigen").click()
    assert not page.locator("#live-slate").is_visible()
    directing.set_source(stage=stage, source="backup", now=now, by=None)
    directing.set_phase(stage=stage, phase="live", now=now, by=None)
    with page.expect_request(re.compile(r"master\.m3u8\?ersatz")):
        directing.set_overlay(stage=stage, text="Ersatz läuft", now=now, by=None)
    page.locator("#live-overlay", has_text="Ersatz läuft").wait_for()


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_signed_addresses_are_renewed_while_watching_and_not_for_who_may_not(own_site, browse):
    from congress.models import Stage

    Stage.objects.filter(slug="plenum").update(
        main_stream_url="/s/{token}/clip/master.m3u8", backup_stream_url="", sign_stream_url=""
    )
    page = browse(own_site, person=demo_person("clerk"), expect=[r"status of 404"])
    asked, answers = [], [{"status": 404}]

    def serve(route):
        signature, _end, name = re.search(
            r"/s/([\w-]{22})/(\d+)/clip/([\w.-]+)$", route.request.url
        ).groups()
        asked.append((signature, name))
        path = CLIP / name
        route.fulfill(body=path.read_bytes(), content_type=TYPES[path.suffix])

    def renew(route):
        if len(answers) > 1:
            route.fulfill(**answers.pop())
        else:
            route.fulfill(**answers[0])

    end = int(time.time()) + 600
    address = f"/s/{OTHER}/{end + 600}/clip/master.m3u8"
    body = json.dumps({"main": address, "backup": address, "sign": "", "until": end + 600})
    answers.append({"status": 200, "body": body, "content_type": "application/json"})
    page.route(re.compile(r"/s/[\w-]{22}/\d+/clip/"), serve)
    page.route("**/stream.json", renew)
    page.clock.install()
    page.goto("/2021/live/plenum/")
    page.wait_for_function("document.querySelectorAll('#player-quality [data-level]').length === 2")
    assert {signature for signature, _name in asked}.isdisjoint({OTHER})

    with page.expect_response("**/stream.json"):
        page.clock.fast_forward("09:30")
    before = len(asked)
    with page.expect_response(re.compile(r"/clip/\w+0\.m4s")):
        page.locator("#player-quality").select_option("sound")
    assert {signature for signature, _name in asked[before:]} == {OTHER}

    with page.expect_response("**/stream.json"):
        page.clock.fast_forward("20:00")
    page.wait_for_function("document.getElementById('player-bar').hidden")
    assert page.locator("#player video").get_attribute("src") is None
