"""设备维护: a manager sets the kiosks' PIN; who enters it at a kiosk may look after it for some minutes.

A wrong PIN must be counted although it is a "no", so `enter` returns its refusals instead of raising them, as
signing in does.
"""

from __future__ import annotations

from server.domain import refusals
from server.domain.refusals import Refusal
from server.domain.sessions import LOCKED_FOR, Failures
from server.domain.upkeep import TRIES
from server.store.unit import Unit
from server.store.upkeep import Pin, failures_at, find_pin, save_failures, save_pin

MINUTES = int(LOCKED_FOR.total_seconds() // 60)


def set_pin(unit: Unit, hashed: str) -> None:
    """One PIN for all kiosks of the hall."""
    save_pin(unit, hashed)
    unit.note("kiosk.pin", f"hall:{unit.hall}")


def enter(unit: Unit, kiosk: str, seen: Pin | None, right: bool) -> Refusal | None:
    """None when the way is open. `right`: what was typed is the PIN `seen`, compared before the transaction.

    Returns PinUnset, PinLocked, PinWrong.
    """
    now = find_pin(unit.connection, unit.hall)
    if now is None or seen is None:
        return refusals.PinUnset()
    failed = failures_at(unit.connection, unit.hall, kiosk)
    if failed.is_locked(unit.now):
        unit.note("kiosk.upkeep", f"kiosk:{kiosk}", "refused", why="locked")
        return refusals.PinLocked(minutes=MINUTES)
    if not right or now.hash != seen.hash:
        after = failed.one_more(unit.now, TRIES)
        save_failures(unit, kiosk, after)
        unit.note("kiosk.upkeep", f"kiosk:{kiosk}", "refused", failures=failed.count + 1)
        return refusals.PinLocked(minutes=MINUTES) if after.locked_until else refusals.PinWrong()
    save_failures(unit, kiosk, Failures())
    unit.note("kiosk.upkeep", f"kiosk:{kiosk}")
    return None
