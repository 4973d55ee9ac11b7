"""Something wants a manager, or no longer does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from server.domain.events import AlarmChanged
from server.store.alarms import alarms_of, drop_alarm, put_alarm
from server.store.unit import Unit


def raise_alarm(unit: Unit, kind: str, what: str, level: Literal["red", "yellow"], **facts: Any) -> None:
    """Raise it, or change what it says. An alarm that stands just so is left alone."""
    if put_alarm(unit, kind, what, level, facts):
        unit.add(AlarmChanged(kind, what))
        unit.note("alarm.raise", f"alarm:{kind}:{what}", level=level, **facts)


def clear_alarm(unit: Unit, kind: str, what: str) -> None:
    """It is well again. Nothing happens when there was no alarm."""
    if drop_alarm(unit, kind, what):
        unit.add(AlarmChanged(kind, what))
        unit.note("alarm.clear", f"alarm:{kind}:{what}")


def keep_alarms(
    unit: Unit, kind: str, level: Literal["red", "yellow"], found: Mapping[str, dict[str, Any]]
) -> None:
    """Make the alarms of one kind be exactly `found`: what -> facts."""
    for what in alarms_of(unit.connection, unit.hall, kind) - found.keys():
        clear_alarm(unit, kind, what)
    for what, facts in found.items():
        raise_alarm(unit, kind, what, level, **facts)
