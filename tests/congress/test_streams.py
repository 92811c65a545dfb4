"""Addresses of streams, signed as nginx's `secure_link` reads them."""

import pytest
from django.core.exceptions import ValidationError

from congress import streams

SECRET = "nur-fuer-die-tests-0123456789abcdef"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.STREAM_SECRET = SECRET


def test_a_signature_is_the_one_nginx_computes():
    """printf '%s' '1616061600 plenum <secret>' | openssl md5 -binary | openssl base64 | tr '+/' '-_' | tr -d '='"""
    assert (
        streams.signed("https://stream.example/s/{token}/plenum/index.m3u8", 1616061600)
        == "https://stream.example/s/W1pQ8cIf04X3aql5GTXjTg/1616061600/plenum/index.m3u8"
    )


def test_a_folder_below_another_is_signed_as_a_whole():
    one = streams.signed("/s/{token}/2021/plenum/index.m3u8", 1616061600)
    other = streams.signed("/s/{token}/2021/forum-a/index.m3u8", 1616061600)

    assert one.split("/")[2] != other.split("/")[2]


def test_an_address_without_a_place_for_it_is_left_alone():
    assert streams.signed("/clip/master.m3u8?ersatz", 1616061600) == "/clip/master.m3u8?ersatz"


def test_it_is_good_for_nine_to_ten_minutes_and_the_same_for_all_of_a_minute():
    ends = {second: streams.ends_at(1616061600 + second) for second in (0, 59, 60)}

    assert ends[0] == ends[59] == ends[60] - 60
    assert [ends[second] - 1616061600 - second for second in (0, 59)] == [600, 541]


@pytest.mark.parametrize(
    "address",
    [
        "https://stream.example/plenum/index.m3u8",
        "https://stream.example/s/{token}/plenum/index.m3u8",
        "/static/clip/master.m3u8",
        "/s/{token}/plenum/index.m3u8",
    ],
)
def test_addresses_of_the_web_are_taken(address):
    streams.validate_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//stream.example/x.m3u8",
        "rtmp://stream.example/x",
        "stream.example/x.m3u8",
        "https:///x.m3u8",
        "https://stream.example/s/{token}",
        "https://stream.example/s/{token}index.m3u8",
        "https://stream.example/s{token}/plenum/index.m3u8",
        "https://stream.example/s/{token}/index.m3u8",
        "https://stream.example/s/{token}/{token}/plenum/index.m3u8",
        "https://stream.example/index.m3u8?t={token}/a/b",
    ],
)
def test_all_else_is_refused_in_a_sentence(address):
    with pytest.raises(ValidationError):
        streams.validate_address(address)


def test_a_place_for_a_signature_needs_the_secret(settings):
    settings.STREAM_SECRET = ""

    with pytest.raises(ValidationError, match="STREAM_SECRET"):
        streams.validate_address("https://stream.example/s/{token}/plenum/index.m3u8")
