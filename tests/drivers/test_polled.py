"""Polled keypads: entering a state is one press, whatever is lost, late or stuck."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceSilent
from drivers.jobs import AskRating, Outcome, ShowCounts, StopRating
from drivers.pad.events import Pressed, RatingGiven
from drivers.pad.keypad_polled import KeypadPolled, PolledBus, Profile

WIRED = "virtual://keypad_polled/p?address=1,2"
RADIO = WIRED + "&kind=radio"


class Desk:
    def __init__(self, plug, bench, url=WIRED, **profile):
        self.bench = bench
        self.line, self.far = plug(url)
        self.pads = [KeypadPolled(f"pad-{n}", self.line, n, Profile(**profile)) for n in (1, 2)]
        self.bus = PolledBus(self.line, self.pads)

    def act(self, act, n=0, **facts):
        self.bench.act(self.far[n].name, act, facts)

    def hear(self, seconds=0.6):
        events, until = [], self.line.clock.now() + seconds
        while self.line.clock.now() < until:
            events += self.bus.listen(0.05)
        return events


@pytest.fixture
def desk(plug, bench):
    return Desk(plug, bench)


@pytest.mark.parametrize(
    ("key", "digits", "event"),
    [
        ("call", "", ("call", "")),
        ("recall", "", ("recall", "")),
        ("start", "", ("start", "")),
        ("pause", "", ("pause_begin", "")),
        ("help", "", ("help", "")),
        ("transfer", "12", ("transfer", "12")),
    ],
)
def test_each_key_is_one_event_and_acknowledged(desk, key, digits, event):
    desk.act("press", key=key, digits=digits)
    assert desk.hear(2) == [Pressed("pad-1", *event)]
    assert desk.far[0].acked


def test_the_same_key_again_is_a_second_press(desk):
    for _ in range(2):
        desk.act("press", key="call")
        assert desk.hear() == [Pressed("pad-1", "call")]


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_lost_acknowledgements_never_press_twice(desk, lost):
    desk.act("fault", fault="lost_ack", value=lost)
    desk.act("press", key="recall")
    assert desk.hear(3) == [Pressed("pad-1", "recall")]
    assert desk.far[0].acked == ["P"]


def test_a_stale_state_is_one_press(desk):
    desk.act("fault", fault="stale_state")
    desk.act("press", key="call")
    assert desk.hear(5) == [Pressed("pad-1", "call")]


def test_pause_begins_and_ends(desk):
    desk.act("press", key="pause")
    assert desk.hear() == [Pressed("pad-1", "pause_begin")]
    assert desk.hear(3) == []
    desk.act("press", key="pause")
    assert desk.hear() == [Pressed("pad-1", "pause_end")]


def test_counts_travel_with_the_poll_and_a_number_is_confirmed(desk):
    assert desk.pads[0].perform(ShowCounts("1", "W01", 12, None)) == Outcome("sent")
    desk.hear()
    assert (desk.far[0].waiting, desk.far[1].waiting) == ("12", "")
    assert desk.pads[0].perform(ShowCounts("2", "W01", 11, "A012")) == Outcome("confirmed")
    assert desk.far[0].number == "A012"
    assert desk.hear(2) == []  # its receipt is no recall
    desk.act("press", key="recall")
    assert desk.hear() == [Pressed("pad-1", "recall")]


def test_a_key_pressed_while_a_number_goes_out_is_not_lost(desk):
    desk.act("fault", fault="bad_sum", value=1)
    desk.act("press", key="help")
    assert desk.pads[0].perform(ShowCounts("2", "W01", 11, "A012")).state == "confirmed"


@pytest.mark.parametrize("fault", ["bad_sum", "slow", "silent"])
def test_a_keypad_that_does_not_answer_is_left_out_and_found_again(desk, clock, fault):
    desk.hear()
    desk.act("fault", fault=fault, value=10**6)
    desk.hear(2)
    assert (desk.pads[0].absent, desk.pads[1].absent) == (True, False)
    with pytest.raises(DeviceSilent):
        desk.pads[0].check()
    with pytest.raises(DeviceSilent):
        desk.pads[0].perform(ShowCounts("1", "W01", 1, "A001"))
    polls = desk.far[1].polls
    desk.hear(1)
    assert desk.far[1].polls - polls > 15  # the dead one costs nothing
    desk.act("clear")
    clock.sleep(2)
    assert desk.pads[0].check().state == "ok"
    desk.act("press", key="call")
    assert desk.hear() == [Pressed("pad-1", "call")]


def test_rating_is_taken_when_it_was_asked_for_and_once(desk):
    desk.act("rate", value=0)
    assert desk.hear() == []
    assert desk.pads[0].perform(AskRating("1", "W01", "7")) == Outcome("sent")
    desk.act("rate", value=1)
    assert desk.hear(2) == [RatingGiven("pad-1", 4, "7")]
    desk.act("rate", value=0)
    assert desk.hear() == []
    desk.pads[0].perform(AskRating("2", "W01", "8"))
    desk.pads[0].perform(StopRating("3", "W01", "8"))
    desk.act("rate", value=0)
    assert desk.hear() == []


def test_a_value_outside_the_table(desk):
    desk.pads[0].perform(AskRating("1", "W01", "7"))
    desk.act("rate", value=9)
    assert desk.hear() == []


def test_wireless_ones_sleep_until_they_are_scanned(plug, bench):
    desk = Desk(plug, bench, RADIO, kind="radio")
    desk.act("press", key="call")
    assert desk.hear() == []
    desk = Desk(plug, bench, RADIO, kind="radio", scan="02 46 {sum} 03")
    assert desk.hear(1) == [Pressed("pad-1", "call")]


def test_a_lossy_line_never_invents_a_press(desk):
    desk.act("fault", fault="noise", value=0.01)
    desk.act("fault", fault="stray", value=0.01)
    assert desk.hear(30) == []
    for _ in range(20):
        desk.act("press", key="call")
        assert desk.hear(1.5) in ([Pressed("pad-1", "call")], [])
