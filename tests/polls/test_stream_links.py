"""Signed addresses of streams: who is given one, and who is not."""

import re
import time

import pytest
from django.core.cache import cache

from congress.models import Admission
from polls import streams as watched
from tests.factories import NOW, make_admission, make_edition, make_stage

pytestmark = pytest.mark.django_db

SIGNED = re.compile(r"https://stream\.example/s/[\w-]{22}/(\d+)/plenum/index\.m3u8")


@pytest.fixture
def stage(settings):
    settings.STREAM_SECRET = "nur-fuer-die-tests-0123456789abcdef"
    return make_stage(
        make_edition(at=NOW),
        slug="plenum",
        main_stream_url="https://stream.example/s/{token}/plenum/index.m3u8",
        sign_stream_url="https://stream.example/s/{token}/zeichen/index.m3u8",
    )


def url(stage, rest=""):
    return f"/{stage.edition.slug}/live/plenum/{rest}"


@pytest.mark.parametrize("kind", [Admission.Kind.ATTENDEE, Admission.Kind.PRESS])
def test_whoever_is_admitted_is_given_signed_addresses_and_new_ones(client, stage, kind):
    client.force_login(make_admission(stage.edition, kind=kind).person)

    page = client.get(url(stage)).content.decode()
    anew = client.get(url(stage, "stream.json"))

    assert SIGNED.search(page)
    assert SIGNED.fullmatch(anew.json()["main"])[1] == str(anew.json()["until"])
    assert anew.json()["backup"] == anew.json()["main"]  # where there is no backup
    assert "/zeichen/" in anew.json()["sign"]
    assert 9 * 60 < anew.json()["until"] - time.time() <= 10 * 60
    assert anew["Cache-Control"] == "no-store"
    assert "{token}" not in page


def test_nobody_else_is_given_any(client, stage):
    revoked = make_admission(stage.edition, revoked_at=NOW).person

    anonymous = client.get(url(stage, "stream.json"))
    client.force_login(revoked)
    stranger = client.get(url(stage, "stream.json"))

    assert (anonymous.status_code, stranger.status_code) == (302, 404)
    assert "stream.example" not in stranger.content.decode() + anonymous.content.decode()


def test_in_front_of_closed_doors_there_is_no_address(client, settings):
    settings.STREAM_SECRET = "x" * 32
    edition = make_edition(at=NOW.replace(month=1))
    stage = make_stage(
        edition, slug="plenum", main_stream_url="https://stream.example/s/{token}/plenum/i.m3u8"
    )
    client.force_login(make_admission(edition).person)

    assert client.get(url(stage, "stream.json")).status_code == 403
    assert "stream.example" not in client.get(url(stage)).content.decode()


def test_what_everybody_shares_holds_no_address(client, stage):
    client.force_login(make_admission(stage.edition).person)

    assert "stream.example" not in client.get(url(stage, "state.json")).content.decode()


def test_the_watch_looks_by_a_signed_address(stage, monkeypatch):
    cache.clear()
    asked = []

    def look(address, before):
        asked.append(address)
        return watched.Lamp(watched.FRESH)

    monkeypatch.setattr(watched, "look", look)
    watched.watch([stage.edition])

    assert [bool(SIGNED.fullmatch(address)) for address in asked] == [True]
