"""Hubs of several processes take turns, and none ticks more than four times a second."""

import itertools

import pytest

from congress.live.hubs import TICK_SECONDS, Clock


def ticks(clock, first, count):
    """The moments of a hub that always has news."""
    moments = [first]
    while len(moments) < count:
        moments.append(clock.after(moments[-1]))
    return moments


@pytest.mark.parametrize("first", [0.0, 100.013, 7201.249, 12345.6789])
def test_alone_it_ticks_at_once_and_then_evenly(first):
    moments = ticks(Clock(), first, 5)

    assert moments == pytest.approx([first + number * TICK_SECONDS for number in range(5)])


@pytest.mark.parametrize("processes", [2, 3, 4])
@pytest.mark.parametrize("first", [0.0, 100.013, 7201.249, 12345.6789])
def test_several_take_turns_whenever_they_begin(first, processes):
    phases = []
    for place in range(processes):
        clock = Clock()
        clock.take_turns(place, processes)
        moments = ticks(clock, first, 6)
        pauses = [later - sooner for sooner, later in itertools.pairwise(moments)]
        assert min(pauses) >= TICK_SECONDS - 1e-6
        assert pauses[1:] == pytest.approx([TICK_SECONDS] * 4)
        phases.append(moments[-1] % TICK_SECONDS)

    apart = TICK_SECONDS / processes
    for one, phase in enumerate(phases):
        for other in phases[one + 1 :]:
            gap = abs(phase - other)
            assert min(gap, TICK_SECONDS - gap) >= apart - 1e-6


def test_one_that_takes_the_place_of_another_takes_its_turn():
    clock = Clock()

    clock.take_turns(3, 2)

    assert clock.phase == pytest.approx(TICK_SECONDS / 2)
