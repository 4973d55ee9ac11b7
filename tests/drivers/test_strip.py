"""Strips over a good line and bad ones, judged by what the card shows."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceBusy, DeviceSilent, LineLost
from drivers.jobs import Outcome, ShowText
from drivers.led.onbon_bxk import OnbonStrip, Profile

CALL = ShowText("1", "W01", "请A001号到3号窗口")
BUS = "virtual://onbon_bxk/x?address=1,2,3"


@pytest.fixture
def strip(plug):
    def make(url=BUS, address=1, **profile):
        line, far = plug(url)
        return OnbonStrip(f"strip-{address}", line, address, Profile(**profile)), far

    return make


@pytest.mark.parametrize("query", ["&baud=0", "&baud=9600", "&baud=57600"])
def test_a_text_is_shown_and_confirmed(strip, query):
    one, far = strip(BUS + query)
    assert one.perform(CALL) == Outcome("confirmed")
    assert [card.text for card in far] == ["请A001号到3号窗口", "", ""]
    assert one.check().state == "ok"
    assert all(card.rejected == 0 for card in far)


def test_long_texts_run_short_ones_stand(strip):
    one, (card, *_) = strip()
    one.perform(CALL)
    assert card.areas[0].effect == 3
    one.perform(ShowText("2", "W01", "暂停服务", "pause"))
    assert card.areas[0].effect == 1
    assert card.text == "暂停服务"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("no_ack", DeviceSilent),
        ("silent", DeviceSilent),
        ("nack_busy", DeviceBusy),
        ("nack_crc", DeviceBusy),
        ("wrong_source", DeviceSilent),
        ("half_frame", DeviceSilent),
        ("late_ack", DeviceSilent),
    ],
)
def test_a_card_that_does_not_confirm(strip, bench, clock, fault, error):
    one, (card, *_) = strip()
    bench.act(card.name, "fault", {"fault": fault})
    began = clock.now()
    with pytest.raises(error):
        one.perform(CALL)
    assert clock.now() - began < 0.7  # one patience, not three
    bench.act(card.name, "clear", {})
    assert one.perform(CALL).state == "confirmed"


@pytest.mark.parametrize("fault", ["noise_before", "lost_lead"])
def test_a_damaged_answer_still_counts_when_it_is_whole(strip, bench, fault):
    one, (card, *_) = strip()
    bench.act(card.name, "fault", {"fault": fault})
    assert one.perform(CALL).state == "confirmed"


def test_echoing_converter(plug, bench):
    from drivers.line.serial_line import Settings

    line, (card,) = plug("virtual://onbon_bxk/e?address=1", Settings(echo=True))
    bench.act(card.name, "fault", {"fault": "echo"})
    assert OnbonStrip("strip-1", line, 1).perform(CALL).state == "confirmed"
    assert OnbonStrip("strip-1", line, 1).perform(CALL).state == "confirmed"


def test_lossy_line_shows_the_text_or_says_so(strip, bench):
    """Whatever the cable does: confirmed means shown."""
    one, (card, *_) = strip()
    confirmed = 0
    bench.act(card.name, "fault", {"fault": "drop", "value": 0.003})
    bench.act(card.name, "fault", {"fault": "noise", "value": 0.003})
    for n in range(120):
        try:
            one.perform(ShowText(str(n), "W01", f"请A{n:03}号到3号窗口"))
        except (DeviceSilent, DeviceBusy):
            continue
        confirmed += 1
        assert card.text == f"请A{n:03}号到3号窗口"
    assert 20 < confirmed < 120


def test_fifth_generation_counts_in_bytes(strip, bench):
    one, (card, *_) = strip(x_unit="byte")
    bench.act(card.name, "fault", {"fault": "byte_unit"})
    one.perform(CALL)
    assert (card.areas[0].width, card.areas[0].height) == (128, 16)


def test_names_markup_and_controls_on_a_strip(strip):
    one, (card, *_) = strip()
    assert one.perform(ShowText("1", "W01", "请\\C1王喆\x16\xa5Z号\n")) == Outcome(
        "confirmed", "glyphs_replaced"
    )
    assert card.text == "请C1王〓〓Z号"


def test_a_summary_screen_lists_the_last_calls(plug):
    line, (card,) = plug("virtual://onbon_bxk/s?address=9&width=192&height=64&screen=summary")
    one = OnbonStrip("summary", line, 9, Profile(width=192, height=64, screen="summary", rows=3))
    for n in (1, 2, 3, 4, 3):
        assert one.perform(ShowText(str(n), f"W{n}", f"请A00{n}号到{n}号\\n窗口\n")) == Outcome("confirmed")
    assert card.look()["rows"] == [f"请A00{n}号到{n}号n窗口" for n in (3, 4, 2)]
    assert list(card.areas) == [0]


def test_the_dot_in_a_name_is_drawn(strip):
    one, (card, *_) = strip()
    assert one.perform(ShowText("1", "W01", "买买提·艾力——1号")) == Outcome("confirmed")
    assert card.text == "买买提·艾力——1号"


def test_a_card_set_to_another_baud_is_silent(strip, bench):
    one, (card, *_) = strip()
    bench.act(card.name, "fault", {"fault": "baud_mismatch"})
    with pytest.raises(DeviceSilent):
        one.perform(CALL)
    assert (card.frames, card.text) == (0, "")


def test_every_byte_that_needs_an_escape_arrives(strip):
    one, (card, *_) = strip()
    one.perform(ShowText("1", "W01", "Z[アΑ"))
    assert card.text == "Z[アΑ"


def test_unplugged_in_mid_frame(strip, bench):
    one, (card, *_) = strip()
    receive = card.receive
    card.receive = lambda byte, at: (receive(byte, at), bench.act(card.name, "unplug", {}))
    with pytest.raises(LineLost):
        one.perform(CALL)
    assert not one._line.is_open


def test_a_power_cut_empties_the_card(strip, bench):
    one, (card, *_) = strip()
    one.perform(CALL)
    bench.act(card.name, "power", {})
    assert card.text == ""
