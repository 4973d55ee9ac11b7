"""紧急求助: a clerk calls for help; somebody answers for it, and closes it with a word."""

from __future__ import annotations

from server.actions.at_window import working_post
from server.domain import refusals
from server.domain.events import EmergencyAcknowledged, EmergencyClosed, EmergencyRaised
from server.store.emergencies import Emergency, add_emergency, emergency_at, find_emergency, save_emergency
from server.store.unit import Unit


def raise_emergency(unit: Unit, window: str) -> Emergency:
    """Pressed again while it runs, it is the same one. Raises WindowClosed, WindowForeign."""
    _, clerk = working_post(unit, window)
    running = emergency_at(unit.connection, unit.hall, window)
    if running is not None:
        return running
    raised = add_emergency(unit, window, clerk)
    unit.add(EmergencyRaised(raised.id, window))
    unit.note("emergency.raise", f"emergency:{raised.id}", window=window)
    return raised


def acknowledge_emergency(unit: Unit, emergency: int) -> None:
    """The caller answers for it from now on. Raises NotFound, EmergencyClosed."""
    found = _running(unit, emergency)
    if found.owner == unit.actor.id:
        return
    values = {"state": "acknowledged", "owner": unit.actor.id, "acknowledged_at": unit.now}
    save_emergency(unit, emergency, **values)
    unit.add(EmergencyAcknowledged(emergency, found.window))
    unit.note("emergency.acknowledge", f"emergency:{emergency}", window=found.window, before=found.owner)


def close_emergency(unit: Unit, emergency: int, note: str) -> None:
    """It is over; who closes it owns it. Raises NotFound, EmergencyClosed."""
    found = _running(unit, emergency)
    owner = found.owner or unit.actor.id
    save_emergency(unit, emergency, state="closed", owner=owner, note=note, closed_at=unit.now)
    unit.add(EmergencyClosed(emergency, found.window))
    unit.note("emergency.close", f"emergency:{emergency}", window=found.window, note=note)


def _running(unit: Unit, emergency: int) -> Emergency:
    found = find_emergency(unit.connection, unit.hall, emergency)
    if found.state == "closed":
        raise refusals.EmergencyClosed()
    return found
