"""The report of a day with faults: what it compares, and that it can say no."""

from __future__ import annotations

from server.demo.cables import Pulled, Trouble, is_well, round_of
from server.demo.closing import closing, told
from server.domain.slips import SlipTemplate
from server.settings import HallSettings
from server.store.unit import Store
from tests.conftest import Clock
from tests.server.hall_day import HallDay

PRINTER = {"line": "slips", "kind": "printer", "state": "ok", "reason": ""}
STRIP = {**PRINTER, "line": "strips", "kind": "strip"}
KEYPAD = {**PRINTER, "line": "keys", "kind": "keypad"}
FELT = {
    "P1": ["paper_out", "jam"], "S1": ["silent"], "S2": ["silent", "no_ack"], "K1": [], "gone": ["head"]
}  # fmt: skip
CABLE = Trouble("slips", "P1", frozenset({"P1"}), {"act": "unplug"}, {"act": "replug"}, 5.0)


def test_every_cable_once_then_what_single_machines_suffer() -> None:
    devices = {
        "P1": PRINTER,
        "S1": STRIP,
        "S2": STRIP,
        "K1": KEYPAD,
        "real": {**STRIP, "line": "/dev/ttyUSB0"},
    }
    found = round_of(devices, FELT)
    assert [(x.name, x.limit_s) for x in found] == [
        ("keys", 10.0), ("slips", 5.0), ("strips", 10.0), ("P1 paper_out", 5.0), ("S1 silent", 10.0),
    ]  # fmt: skip
    assert found[2].machines == {"S1", "S2"}
    assert [x.name for x in round_of(devices, FELT, 1)[3:]] == ["P1 jam", "S2 no_ack"]  # in turn
    assert found[3].mend == {"act": "clear", "fault": "paper_out"}


def test_a_keypad_nobody_pressed_is_well_and_a_lost_host_is_not() -> None:
    assert is_well({**KEYPAD, "state": "unknown", "reason": "not_pressed_yet"})
    assert not is_well({**KEYPAD, "state": "unknown", "reason": "host_lost"})
    assert is_well({**STRIP, "state": "unknown", "reason": ""})
    assert not is_well({**STRIP, "state": "warn", "reason": "busy"})


def test_a_fault_that_is_seen_late_or_stays_is_no_good_report() -> None:
    assert Pulled(CABLE, 4.9, 30.0).kept
    assert not Pulled(CABLE, 5.1, 1.0).kept
    assert not Pulled(CABLE, None, 1.0).kept
    assert not Pulled(CABLE, 1.0, None).kept


def test_lost_and_doubled_numbers_are_found(
    store: Store, hall: HallSettings, template: SlipTemplate, clock: Clock
) -> None:
    day = HallDay(store, hall, template, clock).open("W01")
    taken = [day.take("S001").ticket for _ in range(3)]
    held = [(x.id, x.number) for x in taken]
    device = "kiosk-1"
    good = closing(day.store, device, held, [Pulled(CABLE, 1.0, 1.0)])
    assert (good.given, good.lost, good.doubled, good.good) == (3, (), (), True)
    assert "all kept" in told(good)[-1]
    often = closing(day.store, device, held, [Pulled(CABLE, 1.0, 0.5), Pulled(CABLE, 4.0, None)])
    (row,) = [line.split() for line in told(often) if line.startswith("  slips")]
    assert row == ["slips", "4.0", "s", "5", "s", "–", "2", "✗"]  # once in the report, its worst times
    lost = closing(day.store, device, [*held, (999, "A009")], [])
    assert (lost.lost, lost.good) == (("A009",), False)
    nobodys = closing(day.store, device, held[1:], [])
    assert (nobodys.doubled, nobodys.good) == (("A001",), False)
    twice = closing(day.store, device, [*held, held[0]], [])
    assert (twice.doubled, twice.good) == (("A001",), False)
    assert not closing(day.store, device, held, [Pulled(CABLE, None, None)]).good
