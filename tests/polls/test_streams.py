"""What the Regie knows of its streams and its audience."""

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache

from polls import headcount, streams, tasks
from tests.factories import make_edition, make_stage
from tests.polls.factories import make_live_stage

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
LIVE = HEAD + "#EXT-X-MEDIA-SEQUENCE:{n}\n#EXTINF:4,\nseg{n}.ts\n#EXTINF:4,\nseg{m}.ts\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/index.m3u8\n"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def host(tmp_path):
    """A real web server, and the directory it serves."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


def test_a_live_stream_with_new_segments_is_fresh(host):
    address, files = host
    (files / "low").mkdir()
    (files / "master.m3u8").write_text(MASTER)
    (files / "low/index.m3u8").write_text(LIVE.format(n=10, m=11))

    first = streams.look(f"{address}/master.m3u8", None)
    (files / "low/index.m3u8").write_text(LIVE.format(n=11, m=12))
    second = streams.look(f"{address}/master.m3u8", first)

    assert (first.state, second.state) == ("fresh", "fresh")
    assert first.newest != second.newest


def test_a_stream_without_a_new_segment_turns_red_after_ten_seconds(host):
    address, files = host
    (files / "a.m3u8").write_text(LIVE.format(n=1, m=2))
    before = streams.look(f"{address}/a.m3u8", None)
    long_ago = streams.Lamp(before.state, newest=before.newest, since=before.since - 11)

    lamp = streams.look(f"{address}/a.m3u8", long_ago)

    assert lamp.is_red
    assert lamp.age >= 11


def test_a_recording_is_no_fault(host):
    address, files = host
    (files / "a.m3u8").write_text(LIVE.format(n=1, m=2) + "#EXT-X-ENDLIST\n")

    assert streams.look(f"{address}/a.m3u8", None).state == "recording"


@pytest.mark.parametrize(
    ("content", "detail"),
    [("<html>", "no playlist"), (HEAD, "no segment"), (None, "HTTP 404")],
)
def test_what_is_no_playlist_is_broken(host, content, detail):
    address, files = host
    if content is not None:
        (files / "a.m3u8").write_text(content)

    lamp = streams.look(f"{address}/a.m3u8", None)

    assert (lamp.state, lamp.detail) == ("broken", detail)


def test_a_host_that_is_away_or_an_address_that_is_none_is_broken():
    assert streams.look("http://127.0.0.1:9/a.m3u8", None).state == "broken"
    assert streams.look("file:///etc/hostname", None).detail == "address"


@pytest.mark.django_db
def test_the_clock_looks_at_the_streams_of_running_editions_only(host):
    address, files = host
    (files / "a.m3u8").write_text(LIVE.format(n=1, m=2))
    running = make_live_stage(
        main_stream_url=f"{address}/a.m3u8", backup_stream_url=f"{address}/b.m3u8"
    )
    over = make_stage(make_edition(), main_stream_url=f"{address}/a.m3u8")  # ended years ago

    assert tasks.watch_streams() == 2

    lamps = streams.lamps_of([running, over])
    assert lamps[running.pk]["main"].state == "fresh"
    assert lamps[running.pk]["backup"].state == "broken"
    assert lamps[over.pk]["main"].state == "unknown"
    assert lamps[over.pk]["backup"].state == "none"


def test_sockets_and_pages_of_all_processes_are_added_up():
    headcount.sockets_are(901, 3)
    headcount.page_asked(901, 1)
    headcount.page_asked(901, 1)
    headcount.page_asked(901, 2)
    headcount.tell(901)
    neighbour = (os.getpid() + 1) % headcount._SLOTS
    cache.set(headcount._key(901, neighbour), [10, 5], 15)  # another process

    found = headcount.of_stages([901, 902])

    assert (found[901].sockets, found[901].pages, found[901].total) == (13, 7, 20)
    assert found[902].total == 0
