"""维护密码: set by a manager, tried at a kiosk five times, and what it opens."""

from __future__ import annotations

from typing import Any

import pytest

from server.actions.device_host import host_arrived
from server.app import App
from server.domain.refusals import PinWeak
from server.domain.upkeep import check_pin
from tests.conftest import Clock
from tests.server.callers import Caller, audit, device, nobody, staff
from tests.server.test_desk_more import ask
from tests.server.test_push import HOST, PRINTER

PIN = "480917"


@pytest.fixture
def kiosk(app: App) -> Caller:
    return device(app, "kiosk")


def put(who: Caller, pin: Any) -> Any:
    return who.ask("PUT", "/api/upkeep/pin", {"pin": pin})


def enter(kiosk: Caller, pin: str = PIN) -> Any:
    return kiosk.ask("POST", "/api/upkeep", {"pin": pin})


@pytest.mark.parametrize(
    "pin",
    ["", "12345", "123456", "654321", "111111", "1234567890123", "48091a", "４８０９１７", "123456789012"],
)
def test_a_weak_pin_is_none(pin: str):
    with pytest.raises(PinWeak):
        check_pin(pin)


def test_good_pins():
    for pin in (PIN, "112233", "000001", "135790357913"):
        check_pin(pin)


def test_who_may_set_it_and_it_is_never_told(app: App, kiosk: Caller):
    manager = staff(app, "manager")
    assert enter(kiosk).json["refused"] == "pin-unset"
    assert put(manager, "123456").json["refused"] == "pin-weak"
    assert put(manager, PIN).status_code == 200
    seen = manager.ask("GET", "/api/upkeep/pin")
    assert (seen.json["set"], PIN in seen.text) == (True, False)
    for role in ("guide", "clerk", "duty_leader", "supervisor"):
        assert put(staff(app, role), PIN).status_code == 403
    assert put(kiosk, PIN).status_code == 403
    assert enter(manager).status_code == 403
    assert nobody(app).ask("POST", "/api/upkeep", {"pin": PIN}).status_code == 401
    assert PIN not in str(audit(app))


def test_five_wrong_ones_lock_this_kiosk_for_ten_minutes(app: App, kiosk: Caller, clock: Clock):
    put(staff(app, "manager"), PIN)
    answers = [enter(kiosk, "999000").json["refused"] for _ in range(5)]
    assert answers == ["pin-wrong"] * 4 + ["pin-locked"]
    assert enter(kiosk).json["refused"] == "pin-locked"  # the right one too
    other = device(app, "kiosk", kiosk="K2")
    assert enter(other).status_code == 200
    clock.forward(minutes=10, seconds=1)
    assert enter(kiosk).status_code == 200
    results = [line["result"] for line in audit(app, "kiosk.upkeep")]
    assert results == ["refused"] * 6 + ["done"] * 2


def test_a_new_pin_ends_the_old_and_the_lock(app: App, kiosk: Caller):
    put(staff(app, "manager"), PIN)
    for _ in range(5):
        enter(kiosk, "999000")
    put(staff(app, "manager"), "771400")
    assert enter(kiosk).json["refused"] == "pin-wrong"
    assert enter(kiosk, "771400").status_code == 200


def test_what_it_opens_at_this_kiosk_for_five_minutes(app: App, kiosk: Caller, clock: Clock):
    with app.house.store.unit(HOST) as unit:
        host_arrived(unit, [PRINTER], [])
    put(staff(app, "manager"), PIN)
    opened = enter(kiosk).json
    assert (opened["kiosk"], opened["machines"][0]["device"]) == ("K1", "printer-K1")
    way = {"pass": opened["pass"]}
    assert ask(kiosk, "/api/upkeep/roll", **way).json["roll"]["slips"] == 0
    assert audit(app, "roll.change")[-1]["actor"]["id"] == kiosk.id
    for deed in ("roll", "trial"):
        assert ask(kiosk, f"/api/upkeep/{deed}", **{"pass": "x" * 60}).json["refused"] == "upkeep-over"
        assert ask(kiosk, f"/api/upkeep/{deed}").status_code == 422
    foreign = device(app, "kiosk", kiosk="K2")
    assert ask(foreign, "/api/upkeep/roll", **way).json["refused"] == "upkeep-over"
    clock.forward(minutes=5, seconds=1)
    assert ask(kiosk, "/api/upkeep/trial", **way).json["refused"] == "upkeep-over"
