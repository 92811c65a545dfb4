"""The figures of the load generator, on cases one can count by hand; and a bare server it agrees with."""

import subprocess
import sys

from congress.local.places import ROOT
from congress.local.processes import ending_with_this_process, wait_until
from load import site
from polls.rehearsal.crowd import Crowd
from polls.rehearsal.figures import fan_out, percentiles
from polls.rehearsal.viewers import Record, SocketViewer, frame


def test_percentiles_are_in_milliseconds():
    shares = percentiles(number / 1000 for number in range(1, 101))

    assert shares == {"p50": 51.0, "p95": 96.0, "p99": 100.0, "max": 100.0}
    assert percentiles([]) is None


def test_a_vote_is_shown_when_the_total_includes_it():
    sent = [10.0, 10.1, 10.2]
    near = Record(totals=[(9.0, 0, True), (10.3, 3, False)])
    far = Record(totals=[(9.0, 0, True), (10.2, 1, False), (11.2, 3, False)])

    assert fan_out(sent, [near]) == {"p50": 200.0, "p95": 300.0, "p99": 300.0, "max": 300.0}
    assert fan_out(sent, [far])["max"] == 1100.0


def test_what_a_viewer_finds_on_coming_back_is_no_delay():
    back = Record(totals=[(9.0, 0, True), (20.0, 3, True)])

    assert fan_out([10.0, 10.1, 10.2], [back]) is None


def test_frames_are_masked_and_of_the_right_length():
    assert frame(b"ab") == b"\x81\x82\0\0\0\0ab"
    assert frame(b"a" * 200)[:4] == b"\x81\xfe\x00\xc8"


async def test_the_crowd_votes_at_the_bare_server_and_sees_every_vote():
    port = site.free_port()
    server = subprocess.Popen(  # noqa: ASYNC220  # a test may wait
        [sys.executable, "-m", "load.bare", str(port)],
        cwd=ROOT,
        preexec_fn=ending_with_this_process(),
    )
    try:
        assert wait_until(lambda: site._listens(port), 10)
        crowd = Crowd(f"http://127.0.0.1:{port}", "2021", "plenum")
        crowd.sockets = [SocketViewer(crowd, n, "sid=none") for n in range(30)]
        await crowd.connect(crowd.sockets)
        await crowd.vote(crowd.sockets, 0.5)
        assert await crowd.all_answered(5)
        assert await crowd.all_show(30, 5)
        measured = crowd.measured()
        crowd.close()
    finally:
        server.terminate()
        server.wait()

    assert (measured["votes"], measured["acknowledged"], measured["odd"]) == (30, 30, 0)
    assert measured["fan_out"]["max"] < 1000
