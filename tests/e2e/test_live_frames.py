"""Frames shuffled, dropped and repeated leave every page in the same state.

`Live.reduce` of live.js is run as it is shipped.
"""

import json
import random
from pathlib import Path

import pytest

LIVE_JS = Path(__file__).parents[2] / "polls" / "static" / "polls" / "live.js"
REDUCE_ALL = """frames => {
    let state = Live.empty(), resumed = 0;
    for (const frame of frames) {
        state = Live.reduce(state, frame);
    }
    return state;
}"""


@pytest.fixture(scope="module")
def reducer(chromium):
    page = chromium.new_page()
    page.add_script_tag(content=LIVE_JS.read_text())
    yield lambda frames: page.evaluate(REDUCE_ALL, frames)
    page.close()


class Server:
    """What a stage sends while polls are opened, voted in and closed."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.seq, self.poll, self.polls, self.voted = 1, None, 0, []
        self.frames = [self.state()]

    def shown(self):
        return json.loads(json.dumps(self.poll))

    def stage(self, kind="stage"):
        return {
            "type": kind,
            "seq": self.seq,
            "now": "2021-03-18T09:00:00Z",
            "stage": {"slug": "plenum", "overlay": f"Version {self.seq}"},
            "poll": self.shown(),
        }

    def state(self):
        you = {"kind": "attendee", "voted": list(self.voted), "supported": [], "rated": []}
        return self.stage("state") | {"questions": [], "you": you}

    def heartbeat(self):
        rev = {str(self.poll["id"]): self.poll["results"]["rev"]} if self.poll else {}
        return {"type": "heartbeat", "seq": self.seq, "rev": rev, "questions": 0, "now": "later"}

    def step(self):
        act = self.chance.choice(["vote"] * 6 + ["open", "close", "overlay", "beat", "you"])
        if act == "vote" and self.poll and self.poll["state"] == "open":
            results = self.poll["results"]
            results["rev"] += 1
            results["total"] += self.chance.randint(1, 9)
            results["counts"] = {"1": results["total"]} if results["total"] >= 5 else None
            self.frames.append(
                {"type": "results", "poll": self.poll["id"], **self.shown()["results"]}
            )
        elif act == "open" and not (self.poll and self.poll["state"] == "open"):
            self.polls += 1
            self.poll = {
                "id": self.polls, "state": "open", "options": [],
                "results": {"rev": 0, "total": 0, "counts": None},
            }  # fmt: skip
            self.changed()
        elif act == "close" and self.poll and self.poll["state"] == "open":
            self.poll["state"] = "closed"
            self.changed()
        elif act == "overlay":
            self.changed()
        elif act == "you" and self.poll:
            self.voted = sorted({*self.voted, self.poll["id"]})
            self.frames.append(
                {
                    "type": "you",
                    "voted": list(self.voted),
                    "supported": [],
                    "rated": [],
                    "questions": [],
                }
            )
        elif act == "beat":
            self.frames.append(self.heartbeat())

    def changed(self):
        self.seq += 1
        self.frames.append(self.stage())


def essence(state):
    return {key: state[key] for key in ("seq", "stage", "poll")} | {"voted": state["you"]["voted"]}


@pytest.mark.parametrize("seed", range(40))
def test_any_order_any_loss_any_repetition_ends_in_the_same_state(reducer, seed):
    chance = random.Random(seed)
    server = Server(chance)
    for _step in range(60):
        server.step()
    first, *rest = server.frames
    arrived = [frame for frame in rest if chance.random() > 0.3]
    arrived += chance.choices(rest, k=10)
    chance.shuffle(arrived)

    # The next heartbeat tells what is missing, and the whole state is asked for.
    state = reducer([first, *arrived, server.heartbeat()])
    if state["missed"]:
        state = reducer([first, *arrived, server.heartbeat(), server.state()])

    whole = essence(server.state())
    assert essence(state) | {"voted": whole["voted"]} == whole
    assert set(state["you"]["voted"]) <= set(whole["voted"])


def test_in_order_nothing_is_missed(reducer):
    server = Server(random.Random(1))
    for _step in range(80):
        server.step()

    state = reducer([*server.frames, server.heartbeat()])

    assert not state["missed"]
    assert essence(state) == essence(server.state())


def test_an_older_state_changes_nothing(reducer):
    server = Server(random.Random(2))
    for _step in range(40):
        server.step()

    assert essence(reducer([*server.frames, server.frames[0]])) == essence(server.state())


def test_counts_that_may_be_seen_now_are_taken_at_the_same_version(reducer):
    """After one's own vote the same figures come again, with counts."""
    poll = {
        "id": 1,
        "state": "open",
        "options": [],
        "results": {"rev": 9, "total": 7, "counts": None},
    }
    you = {"kind": "attendee", "voted": [], "supported": [], "rated": []}
    state = {"type": "state", "seq": 3, "now": "", "stage": {}, "poll": poll}
    state |= {"questions": [], "you": you}

    seen = reducer(
        [state, {"type": "results", "poll": 1, "rev": 9, "total": 7, "counts": {"1": 7}}]
    )
    kept = reducer(
        [state, {"type": "results", "poll": 1, "rev": 9, "total": 7, "counts": {"1": 7}}, state]
    )

    assert seen["poll"]["results"]["counts"] == kept["poll"]["results"]["counts"] == {"1": 7}


def test_questions_that_were_lost_are_asked_for_at_the_next_heartbeat(reducer):
    server = Server(random.Random(1))
    first = server.state()
    told = {"type": "questions", "rev": 4, "questions": [{"id": 5, "text": "Wann?"}]}

    def after(*frames):
        return reducer([first, *frames])

    def beat(questions):
        return server.heartbeat() | {"questions": questions}

    assert not after(beat(3))["missed"]  # what the state held
    assert after(beat(3), beat(4))["missed"]
    assert not after(beat(3), told, beat(4))["missed"]
    assert not after(beat(3), beat(4), server.state(), beat(4))["missed"]
    assert after(beat(3), beat(4), told)["questions"] == told["questions"]  # late is not too late
