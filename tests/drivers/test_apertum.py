"""Apertum boards and boxes: a press is one event, two at once are none, boards say the number."""

from __future__ import annotations

import pytest

from drivers.jobs import AskRating, Outcome, ShowCounts, ShowText
from drivers.led.apertum_board import ApertumBoard
from drivers.line.serial_line import Settings
from drivers.pad.apertum_box import ApertumBox, ApertumBus, Profile
from drivers.pad.events import Pressed
from drivers.protocol import apertum
from tests.drivers.rig import Rig

BOXES = "virtual://apertum_box/b?address=32,33&baud=57600"
BOARDS = "virtual://apertum_board/b?address=32,33&baud=57600"
FAST = Settings(57600)


class Desk:
    def __init__(self, plug, bench, settings=FAST, url=BOXES, **profile):
        self.bench = bench
        self.line, self.far = plug(url, settings)
        self.boxes = [ApertumBox(f"box-{n}", self.line, 32 + n, Profile(**profile)) for n in (0, 1)]
        self.bus = ApertumBus(self.line, self.boxes)

    def press(self, key="call_or_recall", n=0):
        self.bench.act(self.far[n].name, "press", {"key": key})

    def hear(self, seconds=0.5):
        events, until = [], self.line.clock.now() + seconds
        while self.line.clock.now() < until:
            events += self.bus.listen(0.05)
        return events


@pytest.fixture
def desk(plug, bench):
    return Desk(plug, bench)


CALL = [Pressed("box-0", "call_or_recall")]


@pytest.mark.parametrize("key", ["call_or_recall", "start", "end"])
def test_each_key_is_one_event(desk, key):
    desk.press(key)
    assert desk.hear() == [Pressed("box-0", key)]
    assert desk.hear() == []


def test_the_third_key_needs_somewhere_to_send_to(plug, bench):
    desk = Desk(plug, bench)
    desk.press("transfer")
    assert desk.hear() == []
    desk = Desk(plug, bench, redirect="12")
    desk.press("transfer")
    assert desk.hear() == [Pressed("box-0", "transfer", "12")]


def test_two_boxes_one_after_the_other(desk):
    desk.press()
    desk.hear(0.002)
    desk.press("end", 1)
    assert desk.hear() == [*CALL, Pressed("box-1", "end")] or desk.hear() == []


def test_two_boxes_at_once_press_nothing_and_the_next_press_counts(desk):
    desk.press()
    desk.press(n=1)
    assert desk.hear() == []
    desk.press()
    assert desk.hear() == CALL


def test_a_fifth_byte_is_a_collision(desk):
    desk.bench.act(desk.far[0].name, "fault", {"fault": "collision", "value": 2})
    for _ in range(2):
        desk.press()
        assert desk.hear() == []
    assert desk.bus.clashes == 2
    desk.press()
    assert desk.hear() == CALL


def test_a_double_press_is_one_press(desk):
    desk.bench.act(desk.far[0].name, "fault", {"fault": "double_press"})
    desk.press()
    assert desk.hear() == CALL
    desk.press()
    assert desk.hear() == CALL


@pytest.mark.parametrize("noise", ["00", "ff", "01", "0120", "20"])
def test_a_glitch_long_ago_spoils_no_press(desk, noise):
    cable = desk.bench.peers()[0][0]
    cable.say(desk.far[1].name, bytes.fromhex(noise), cable.clock.now())
    assert desk.hear() == []
    desk.press()
    assert desk.hear() == CALL


def test_a_frame_read_in_two_halves_by_a_starved_host_is_a_press(desk):
    """Silence is what nobody says, not what the host has no time to read."""
    cable = desk.bench.peers()[0][0]
    desk.press()
    desk.line.receive(apertum.decode, 2.5 * cable.byte_time)  # half of it; the rest comes meanwhile
    desk.line.clock.sleep(1.0)
    assert desk.hear() == CALL


def test_an_echoed_lamp_is_no_press(plug, bench):
    """01 20 31 07 from the host is "red", from the box it is "call"."""
    desk = Desk(plug, bench, Settings(57600, echo=True), shows="lamp")
    bench.act(desk.far[0].name, "fault", {"fault": "echo"})
    for name in apertum.LAMPS:
        desk.line.send(apertum.lamp(32, name))
        assert desk.hear() == []
    desk.press()
    assert desk.hear() == CALL


def test_a_lost_address_change_is_known_by_nobody(desk):
    desk.bench.act(desk.far[0].name, "fault", {"fault": "move_lost"})
    desk.line.send(apertum.move(32, 40))
    desk.hear()
    assert desk.far[0].address == 32
    desk.bench.act(desk.far[0].name, "clear", {})
    desk.line.send(apertum.move(32, 40))
    desk.hear()
    assert desk.far[0].address == 40
    desk.press()
    assert desk.hear() == []  # an address nobody declared


@pytest.mark.parametrize(
    ("waiting", "number", "words"), [(3, "A012", "012"), (3, None, "CAL"), (0, None, "   "), (0, "A7", "A7 ")]
)
def test_three_characters(desk, waiting, number, words):
    assert desk.boxes[0].perform(ShowCounts("1", "W01", waiting, number)) == Outcome("sent")
    desk.hear(0.1)
    assert (desk.far[0].words, desk.far[1].words) == (words, "   ")


def test_a_lamp_and_one_beep_when_somebody_comes(plug, bench):
    desk = Desk(plug, bench, shows="lamp")
    seen = []
    for waiting, number in ((0, None), (1, None), (2, None), (1, "A001"), (0, None)):
        desk.boxes[0].perform(ShowCounts("1", "W01", waiting, number))
        desk.hear(0.1)
        seen.append((desk.far[0].lamp, desk.far[0].beeps))
    assert seen == [("off", 0), ("green_fast", 1), ("green_fast", 1), ("green", 1), ("off", 1)]


def test_a_box_does_not_rate(desk):
    assert desk.boxes[0].perform(AskRating("1", "W01", "7")).state == "failed"
    assert desk.boxes[0].check().state == "unknown"
    desk.press()
    desk.hear()
    assert desk.boxes[0].check().state == "ok"


@pytest.mark.parametrize(
    ("number", "tone", "text"),
    [
        ("A012", "call", "A012"),
        (None, "welcome", ""),
        ("A012", "pause", "------"),
        ("AB00123", "call", "00123"),
    ],
)
def test_a_board_says_the_number(plug, clock, number, tone, text):
    line, far = plug(BOARDS, FAST)
    board = ApertumBoard("board", line, 32)
    board.perform(ShowText("1", "W01", "请A001号", "call", number="888888"))
    began = clock.now()
    assert board.perform(ShowText("2", "W01", "请A001号", tone, number=number)) == Outcome("sent")
    assert clock.now() - began >= 0.3  # the board needs it
    line.read(0)
    assert [one.text for one in far] == [text, ""]
    assert far[0].missed == 0
    assert board.check().state == "unknown"


# --- a box and boards on one pair
@pytest.mark.parametrize("after", [0.005, 0.1, 0.25, 0.4, 0.7, 1.0])
def test_a_press_while_boards_are_told_something_is_heard(bench, clock, tmp_path, after):
    """Nothing of a board answers: a whole frame that comes in meanwhile is a press."""
    rows = [("box-W01", "apertum_box", "pair", 32, "W01"), ("board-W01", "apertum_board", "pair", 33, "W01")]
    one = Rig(bench, clock, tmp_path, {"pair": 'url = "virtual://pair/A"\nbaud = 57600\n'}, rows)
    one.run(3)
    bench.peers()[0][0].say("box-W01", bytes((1, 32, 0x31, 7)), clock.now() + after)
    for n in range(5):
        one.show(f"E{n:03}", "W01", job=f"text-{n}")
        one.run(0.2)
    one.run(2)
    assert one.keys() == [("box-W01", "call_or_recall")]
