"""Number displays over a good line and bad ones, judged by the digits a citizen reads."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceBusy, DeviceGarbled, DeviceRefused, DeviceSilent
from drivers.jobs import Outcome, PrintSlip, ShowText
from drivers.led.modbus_led import ModbusLed, Profile
from drivers.line.serial_line import Settings

BUS = "virtual://modbus_led/x?address=1,2&digits=4"
CALL = ShowText("1", "W01", "请A012号到3号窗口", "call", number="A012")


@pytest.fixture
def display(plug):
    def make(url=BUS, address=1, settings=None, **profile):
        line, far = plug(url, settings)
        return ModbusLed(f"digits-{address}", line, address, Profile(**profile)), far

    return make


@pytest.mark.parametrize("query", ["&baud=0", "&baud=9600", "&baud=115200"])
def test_a_number_is_shown_and_confirmed(display, query):
    one, far = display(BUS + query)
    assert one.perform(CALL) == Outcome("confirmed")
    assert [d.text for d in far] == ["A012", ""]
    assert one.check().state == "ok"
    assert [(d.point, d.rejected) for d in far] == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("profile", "number", "tone", "shown", "reason"),
    [
        ({}, "A012", "serving", "A012", ""),
        ({}, "12", "call", "  12", ""),
        ({}, "AB0123", "call", "0123", ""),
        ({}, "K012", "call", " 012", "glyphs_replaced"),
        ({}, None, "welcome", "    ", ""),
        ({}, "A012", "closed", "    ", ""),
        ({}, "A012", "pause", "----", ""),
        ({"shows": "value"}, "A012", "call", "  12", "glyphs_replaced"),
        ({"shows": "value"}, "0123", "call", " 123", ""),
        ({"shows": "value"}, None, "welcome", "   0", ""),
        ({"digits": 3}, "A012", "call", "012", ""),
        ({"digits": 8}, "AB012345", "call", "AB012345", ""),
    ],
)
def test_what_a_display_shows(display, profile, number, tone, shown, reason):
    digits = profile.get("digits", 4)
    one, (far, _) = display(BUS.replace("digits=4", f"digits={digits}"), **profile)
    assert one.perform(ShowText("1", "W01", "x", tone, number=number)) == Outcome("confirmed", reason)
    assert far.text == shown


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("exception_02", DeviceRefused),
        ("exception_03", DeviceRefused),
        ("exception_06", DeviceBusy),
        ("bad_crc", DeviceGarbled),
        ("half_reply", DeviceGarbled),
        ("twin", DeviceGarbled),
        ("slow_reply", DeviceSilent),
        ("silent", DeviceSilent),
    ],
)
def test_a_display_that_does_not_confirm(display, bench, clock, fault, error):
    one, (far, _) = display()
    bench.act(far.name, "fault", {"fault": fault})
    began = clock.now()
    with pytest.raises(error):
        one.perform(CALL)
    assert clock.now() - began < 0.5  # one patience, not three
    bench.act(far.name, "clear", {})
    clock.sleep(1)
    assert one.perform(CALL) == Outcome("confirmed")


def test_a_late_reply_is_drained_before_the_next_request(display, bench, clock):
    one, (far, _) = display()
    bench.act(far.name, "fault", {"fault": "slow_reply", "value": 0.5})
    with pytest.raises(DeviceSilent):
        one.perform(CALL)
    clock.sleep(1)
    bench.act(far.name, "fault", {"fault": "silent"})
    with pytest.raises(DeviceSilent):
        one.perform(ShowText("2", "W01", "x", number="A013"))


def test_the_url_switches_a_fault_on(display):
    one, (far, _) = display(BUS + "&fault=exception_03,echo", settings=Settings(echo=True))
    assert far.faults == {"exception_03": 0.8}
    with pytest.raises(DeviceRefused, match="wrong value"):
        one.perform(CALL)


def test_a_lossy_line_shows_the_number_or_says_so(display, bench):
    one, (far, _) = display()
    confirmed = 0
    for fault in ("drop", "noise", "stray"):
        bench.act(far.name, "fault", {"fault": fault, "value": 0.005})
    for n in range(150):
        try:
            one.perform(ShowText(str(n), "W01", "x", number=f"A{n:03}"))
        except (DeviceSilent, DeviceGarbled, DeviceBusy):
            continue
        confirmed += 1
        assert far.text == f"A{n:03}"
    assert 30 < confirmed < 150


def test_a_display_moves_and_forgets(display, bench):
    one, (far, _) = display()
    one.perform(CALL)
    bench.act(far.name, "power", {})
    assert far.text == ""


def test_frames_without_a_pause_between_them_are_one_broken_frame(display):
    """The receiver's rule, seen from the receiver: 3.5 characters of silence end a frame."""
    from drivers.protocol import modbus_led

    one, (far, _) = display()
    one._line.send(modbus_led.number(1, 1) + modbus_led.number(1, 2))
    one._line.read(0.5)
    assert (far.frames, far.rejected) == (0, 1)


def test_only_texts_are_its_business(display):
    one, _ = display()
    assert one.perform(PrintSlip("1", "K1", ())).state == "failed"
