"""Which classes must let others go first now: a ratio over the hall (rules.toml), a share at one window
(hall.toml)."""

from __future__ import annotations

from server.domain.routing import APPOINTMENT, ORDINARY, caps
from server.settings import HallSettings
from server.store.tickets import recent_classes
from server.store.unit import Unit

LOOKED_AT = 20  # calls; a ratio of more than so many is no ratio


def capped_classes(unit: Unit, hall: HallSettings, window: str) -> dict[str, str]:
    """class -> the rule that caps it: "ratio" or "max_share"."""
    share = hall.hall.priority.max_share_of_calls
    if unit.day is None or (share >= 1 and not hall.rules.ratio):
        return {}

    def last(place: str | None) -> list[str]:
        found = recent_classes(unit.connection, unit.hall, unit.day or "", place, LOOKED_AT)
        return [p if p in (ORDINARY, APPOINTMENT) else "priority" for p in found]

    return caps(last(window), last(None) if hall.rules.ratio else (), hall.rules, share)
