"""Whoever holds a number is served (延时服务): who is left over when one window closes after the other."""

from __future__ import annotations

from collections.abc import Sequence

from server.actions.at_window import able_pools
from server.actions.raise_alarm import keep_alarms
from server.domain.holding import in_pools
from server.domain.skills import Pool
from server.domain.tickets import Leg, State
from server.settings import HallSettings
from server.store.days import find_day
from server.store.tickets import held_at, legs_in
from server.store.unit import Unit
from server.store.windows import staffed_windows

SHOWN = 5  # numbers that a sentence names


def only_served_by(unit: Unit, hall: HallSettings, window: str) -> list[Leg]:
    """Who still waits, or is set aside at `window`, in a hall that gives no new numbers, and can be called by
    this window alone.

    While the hall is open (lunch, a change of shifts) nobody: others will come.
    """
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None or day.state != "closing":
        return []
    others = _pools(unit, hall, set(staffed_windows(unit.connection, unit.hall)) - {window})
    here = {window: able_pools(unit, hall, window)}
    mine = [leg for leg in _waiting(unit) if _served(leg, here)]
    mine += held_at(unit.connection, unit.hall, day.day, window)
    return [leg for leg in mine if not _served(leg, others)]


def watch_unserved(unit: Unit, hall: HallSettings) -> None:
    """An alarm per queue in which somebody waits, or is set aside, while the hall is closing and nobody sits
    at a window that could call them."""
    day = find_day(unit.connection, unit.hall, unit.day)
    left: dict[str, list[Leg]] = {}
    if day is not None and day.state == "closing":
        staffed = _pools(unit, hall, set(staffed_windows(unit.connection, unit.hall)))
        for leg in (*_waiting(unit), *legs_in(unit.connection, unit.hall, day.day, State.HELD)):
            if leg.window not in staffed and not _served(leg, staffed):
                left.setdefault(leg.queue, []).append(leg)
    facts = {q: {"count": len(legs), "numbers": some_numbers(legs)} for q, legs in left.items()}
    keep_alarms(unit, "unserved", "red", facts)


def some_numbers(legs: Sequence[Leg]) -> str:
    """The first numbers of these legs, as a sentence names them."""
    return "、".join(leg.number for leg in legs[:SHOWN])


def _waiting(unit: Unit) -> list[Leg]:
    return legs_in(unit.connection, unit.hall, unit.day or "", State.WAITING)


def _pools(unit: Unit, hall: HallSettings, windows: set[str]) -> dict[str, tuple[Pool, ...]]:
    return {window: able_pools(unit, hall, window) for window in windows if window in hall.catalogue.windows}


def _served(leg: Leg, windows: dict[str, tuple[Pool, ...]]) -> bool:
    """Could one of these windows call the leg? Who was sent to a window is called by that one whatever it
    takes; when it closes they are everybody's."""
    return leg.target_window in windows or any(in_pools(leg, pools) for pools in windows.values())
