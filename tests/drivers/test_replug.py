"""The cable is pulled at any byte: FAULT, then READY when it is back, and nothing doubled or invented.

One row per driver there is: a driver that is added without one fails here.
"""

from __future__ import annotations

import pytest

from drivers.spec import MODELS
from tests.drivers.rig import Rig

#: driver -> (model, address, place, baud)
ROWS = {
    "escpos": ("slip_80mm", 0, "K1", 115200),
    "onbon_bxk": ("strip_128x16", 1, "W01", 57600),
    "pingan_lihe": ("strip_pingan", 1, "W01", 9600),
    "led_frame": ("frame_a090", 1, "W01", 9600),
    "alpha": ("sign_alpha", 1, "W01", 9600),
    "keypad_ff68": ("keypad_pad5", 1, "W01", 9600),
    "keypad_polled": ("keypad_polled", 1, "W01", 9600),
    "modbus_led": ("digits_4", 1, "W01", 9600),
    "apertum_board": ("apertum_board", 33, "W01", 57600),
    "apertum_box": ("apertum_box", 32, "W01", 57600),
    "idcard_sam": ("idcard_sam", 0, "K1", 115200),
    "scanner": ("scanner", 0, "K1", 9600),
}
KINDS = {name: kind for name, (_, _, kind, _) in MODELS.items()}
PRESS = {"apertum_box": "call_or_recall"}
N8_S = {"printer": 5.0, "keypad": 5.0, "strip": 10.0, "reader": 5.0, "scanner": 5.0}
SLIP = {
    "id": "slip-1",
    "kind": "print_slip",
    "kiosk": "K1",
    "copy": 0,
    "deadline_s": 20,
    "parts": [{"text": "A001", "size": 2, "align": "center", "bold": False}],
}


def test_every_driver_has_its_row():
    assert set(ROWS) == set(MODELS)


@pytest.fixture
def rig(bench, clock, tmp_path):
    def make(driver):
        model, address, place, baud = ROWS[driver]
        lines = {"x": f'url = "virtual://one/{driver}"\nbaud = {baud}\n'}
        made = Rig(bench, clock, tmp_path, lines, [("it", model, "x", address, place)])
        bench.peers()[0][0].random.seed(3)
        made.run(3)
        return made

    return make


def use(one, driver):
    """Ask of the device what it is for, once."""
    kind = KINDS[driver]
    if kind == "printer":
        one.host.submit(SLIP)
    elif kind == "strip":
        one.show("A012", "W01")
    elif kind == "reader":
        one.act("it", "lift")
        one.act("it", "lay", card="adult")
    elif kind == "scanner":
        one.act("it", "scan", code=f"{len(one.said):08}")
    else:
        one.count(3, "A012", "W01")
        one.act("it", "press", key=PRESS.get(driver, "call"))


def pull_after(one, count):
    """Pull the cable when so many more bytes have passed, in either direction."""
    cable = one.bench.peers()[0][0]
    carry, left = cable._carry, [count]

    def counted(talker, when):
        if left[0] > 0:
            carry(talker, when)
        left[0] -= 1
        if left[0] == 0 or (left[0] < 0 and not cable.unplugged):
            cable._carry = carry
            cable.unplug()

    cable._carry = counted
    if not count:
        cable._carry = carry
        cable.unplug()


@pytest.mark.parametrize("driver", sorted(ROWS))
@pytest.mark.parametrize("at", [*range(0, 16), 20, 27, 35, 45, 60, 80, 100])
def test_pulled_at_any_byte_is_fault_then_ready(rig, driver, at):
    one = rig(driver)
    before = one.health("it")[-1]
    assert before[0] in ("ok", "unknown")
    limit = N8_S[KINDS[driver]]
    cable = one.bench.peers()[0][0]
    uses = 0
    pull_after(one, at)
    while uses == 0 or not cable.unplugged:
        use(one, driver)
        uses += 1
        one.run(1.5)
    took = one.run_until(lambda: one.health("it")[-1] == ("down", "line_lost"))
    assert took <= limit  # N8
    one.run(4)
    assert [x for x in one.health("it") if x[0] == "down"] == [("down", "line_lost")]  # told once
    one.act("it", "replug")
    took = one.run_until(lambda: one.health("it")[-1][0] != "down")
    assert took < 10
    assert one.health("it")[-1] in (before, ("ok", ""))
    one.run(4)
    if KINDS[driver] == "keypad":
        assert len(one.keys()) <= uses
    # and it works
    one.said.clear()
    if KINDS[driver] == "printer":
        one.host.submit(SLIP | {"id": "slip-2"})
        one.run(5)
        assert one.results("slip-2")[-1] == ("confirmed", "")
        assert sum("A001" in slip.words() for slip in one.far["it"].slips) <= 2
    elif KINDS[driver] == "strip":
        assert "A012" in one.far["it"].text  # the present is told again by itself
        one.show("A013", "W01", job="t2")
        one.run(2)
        assert "A013" in one.far["it"].text
    elif KINDS[driver] == "reader":
        one.act("it", "lift")
        one.run(4)
        one.said.clear()
        one.act("it", "lay", card="elder")
        one.run(4)
        assert [facts["number"] for _, name, facts in one.said if name == "card"] == ["990123194902030012"]
    elif KINDS[driver] == "scanner":
        one.act("it", "scan", code="12345678")
        one.run(1)
        assert [facts["text"] for _, name, facts in one.said if name == "code"] == ["12345678"]
    else:
        one.act("it", "press", key=PRESS.get(driver, "call"))
        one.run(2)
        assert len(one.keys()) == 1
        one.count(4, "A014", "W01", "c2")
        one.run(2)
        assert "014" in str(one.far["it"].look()["digits"])


@pytest.mark.parametrize("away", [1, 7, 61, 600])
@pytest.mark.parametrize("driver", sorted(ROWS))
def test_found_within_five_seconds_however_long_it_was_away(rig, driver, away):
    one = rig(driver)
    one.act("it", "unplug")
    one.run(away)
    assert one.health("it")[-1] == ("down", "line_lost")
    one.act("it", "replug")
    assert one.run_until(lambda: one.health("it")[-1][0] != "down") < 5  # F56


@pytest.mark.parametrize("driver", sorted(d for d in ROWS if KINDS[d] == "keypad"))
def test_pulled_a_hundred_times_presses_are_counted_right(rig, driver):
    one = rig(driver)
    for _ in range(30):
        before = len(one.keys())
        one.act("it", "press", key=PRESS.get(driver, "call"))
        one.run(0.05)
        one.act("it", "unplug")
        one.run(1.5)
        one.act("it", "replug")
        one.run_until(lambda: one.health("it")[-1][0] != "down")
        one.run(1.5)
        assert len(one.keys()) - before <= 1


@pytest.mark.parametrize(
    "driver", ["keypad_polled", "modbus_led", "onbon_bxk", "pingan_lihe", "idcard_sam", "escpos"]
)
@pytest.mark.parametrize("phase", [0.0, 0.6, 1.3, 2.9, 4.9, 5.9])
def test_a_device_that_falls_silent_is_told_in_time(rig, driver, phase):
    """At whatever moment between two questions, with time left for whoever looks."""
    one = rig(driver)
    one.run(phase)
    one.fault("it", "silent")
    took = one.run_until(lambda: one.health("it")[-1][1] == "silent")  # a printer: unknown
    assert took <= (4.5 if driver == "escpos" else 9.0)  # N8: 5 s, 10 s
    one.act("it", "clear")
    one.run_until(lambda: one.health("it")[-1] == ("ok", ""), 40)
