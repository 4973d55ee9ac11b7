"""Keypads that speak first: one press, one event, whatever the wire does."""

from __future__ import annotations

import pytest

from drivers.jobs import AskRating, Outcome, ShowCounts, StopRating
from drivers.pad.events import Pressed, RatingGiven
from drivers.pad.keypad_ff68 import KeypadBus, KeypadFf68, Profile
from tests.drivers.vectors import golden

URL = "virtual://keypad_ff68/k?address=1,2"


class Desk:
    """Two keypads on one bus and somebody who presses."""

    def __init__(self, plug, bench, url=URL):
        self.bench = bench
        self.line, (self.far, self.far2) = plug(url)
        self.keypads = [KeypadFf68(f"keypad-{n}", self.line, n) for n in (1, 2)]
        self.bus = KeypadBus(self.line, self.keypads)

    def press(self, key="call", far=None, **facts):
        self.bench.act((far or self.far).name, "press", {"key": key} | facts)

    def hear(self, seconds=1.5):
        clock, events = self.line.clock, []
        until = clock.now() + seconds
        while clock.now() < until:
            events += self.bus.listen(0.05)
        return events

    def fault(self, name, **facts):
        self.bench.act(self.far.name, "fault", {"fault": name} | facts)


@pytest.fixture
def desk(plug, bench):
    return Desk(plug, bench)


CALL = [Pressed("keypad-1", "call")]


@pytest.mark.parametrize(
    ("key", "digits", "event"),
    [
        ("call", "", ("call", "")),
        ("recall", "", ("recall", "")),
        ("pause", "", ("pause", "")),
        ("no_show", "", ("no_show", "")),
        ("hold", "", ("hold", "")),
        ("unhold", "", ("unhold", "")),
        ("rate", "", ("rate", "")),
        ("transfer", "12", ("transfer", "12")),
    ],
)
def test_each_key_is_one_event(desk, key, digits, event):
    desk.press(key, digits=digits)
    assert desk.hear() == [Pressed("keypad-1", *event)]
    assert desk.far.sent == 1  # the first echo was understood
    assert len(desk.far.answered) == 1


def test_the_echo_leaves_within_20_ms_of_the_frame(desk, clock):
    desk.press()
    began = clock.now()
    desk.bus.listen(1.0)
    frame = len(golden("kp-key-call")) * 10 / 9600
    desk.bus.listen(0.02)
    assert desk.far.answered == [golden("kp-key-call").hex()]
    assert clock.now() - began < 2 * frame + 0.03


def test_a_bad_checksum_gets_no_echo_and_no_event(desk):
    desk.fault("bad_checksum", value=99)
    desk.press()
    assert desk.hear(3) == []
    assert desk.far.answered == []
    assert desk.far.unanswered == 1


def test_a_bad_frame_and_then_a_good_one_is_one_press(desk):
    desk.fault("bad_checksum", value=1)
    desk.press()
    assert desk.hear() == CALL


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_lost_echoes_never_call_twice(desk, lost):
    desk.fault("lost_echo", value=lost)
    desk.press()
    assert desk.hear(2) == CALL
    assert desk.far.sent == lost + 1


def test_a_double_press_is_one_press(desk):
    desk.fault("double_press")
    desk.press()
    assert desk.hear() == CALL
    desk.hear(0.5)
    assert desk.far.unanswered == 0


def test_a_held_key_is_one_press_and_an_alarm(desk, clock):
    events = []
    for _ in range(60):
        desk.press()
        events += desk.hear(0.1)
    assert events == CALL
    assert desk.keypads[0].check().reason == "key_stuck"


def test_two_presses_a_second_apart_are_two(desk):
    desk.press()
    first = desk.hear(1)
    desk.press()
    assert first + desk.hear(1) == CALL * 2


def test_two_keypads_at_once_both_get_through(desk):
    desk.press()
    desk.press(far=desk.far2)
    events = desk.hear(3)
    assert sorted(event.device for event in events) == ["keypad-1", "keypad-2"]


@pytest.mark.parametrize("fault", ["len_mismatch", "unknown_key"])
def test_frames_that_mean_nothing_make_no_event(desk, fault):
    desk.fault(fault)
    desk.press()
    assert desk.hear(2) == []


def test_noise_never_presses(desk):
    for _ in range(300):
        desk.bench.act(desk.far.name, "burst", {})
        assert desk.hear(0.1) == []
    desk.press()
    assert desk.hear() == CALL


def test_a_lossy_line_never_invents_a_press(desk):
    desk.fault("noise", value=0.01)
    desk.fault("stray", value=0.01)
    for _ in range(40):
        desk.press()
        assert desk.hear(2) in (CALL, [])


def test_six_digits(desk):
    assert desk.keypads[0].perform(ShowCounts("1", "W01", 12, "A007")) == Outcome("sent")
    desk.hear(0.1)
    assert (desk.far.digits, desk.far2.digits) == (" 12007", "      ")


def test_rating_is_asked_given_once_and_mapped(desk):
    pad = desk.keypads[0]
    desk.bench.act(desk.far.name, "rate", {"value": 0})
    assert desk.hear(1) == []  # nobody asked
    assert pad.perform(AskRating("1", "W01", "7")) == Outcome("sent")
    desk.hear(0.1)
    assert desk.far.asked
    desk.bench.act(desk.far.name, "rate", {"value": 1})
    assert desk.hear(1) == [RatingGiven("keypad-1", 4, "7")]
    desk.bench.act(desk.far.name, "rate", {"value": 2})
    assert desk.hear(1) == []  # once
    assert desk.far.unanswered == 0  # though each was acknowledged, so that the pad falls silent


@pytest.mark.parametrize("value", [5, 200])
def test_a_button_that_is_not_in_the_table(desk, value):
    desk.keypads[0].perform(AskRating("1", "W01", "7"))
    desk.bench.act(desk.far.name, "rate", {"value": value})
    assert desk.hear(1) == []


def test_a_late_rating_is_dropped(desk):
    pad = desk.keypads[0]
    pad.perform(AskRating("1", "W01", "7"))
    pad.perform(StopRating("2", "W01", "7"))
    desk.bench.act(desk.far.name, "rate", {"value": 0})
    assert desk.hear(1) == []


def test_the_end_of_one_question_does_not_end_the_next(desk):
    """A short visit: the first citizen's minute is over while the second is being asked."""
    pad = desk.keypads[0]
    pad.perform(AskRating("1", "W01", "7"))
    pad.perform(AskRating("2", "W01", "8"))
    pad.perform(StopRating("3", "W01", "7"))
    desk.bench.act(desk.far.name, "rate", {"value": 0})
    assert desk.hear(1) == [RatingGiven("keypad-1", 5, "8")]


def test_echoing_converter_does_not_press_for_ever(plug, bench):
    from drivers.line.serial_line import Settings

    desk = Desk(lambda url: plug(url, Settings(echo=True)), bench)
    desk.bench.act(desk.far.name, "fault", {"fault": "echo"})
    desk.press()
    assert desk.hear(2) == CALL


def test_a_keypad_without_a_pad_refuses_ratings(desk):
    keypad = KeypadFf68("k", desk.line, 1, Profile(pad=False))
    assert keypad.perform(AskRating("1", "W01", "7")).state == "failed"


def test_health_is_unknown_until_it_was_heard(desk):
    assert desk.keypads[0].check().state == "unknown"
    desk.press()
    desk.hear()
    assert desk.keypads[0].check().state == "ok"
