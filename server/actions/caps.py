"""Which classes must let others go first now: a ratio over the hall (rules.toml), a share at one window
(hall.toml)."""

from __future__ import annotations

from server.domain.routing import APPOINTMENT, ORDINARY, over_ratio, over_share
from server.settings import HallSettings
from server.store.tickets import recent_classes
from server.store.unit import Unit

LOOKED_AT = 20  # calls; a ratio of more than so many is no ratio


def capped_classes(unit: Unit, hall: HallSettings, window: str) -> dict[str, str]:
    """class -> the rule that caps it: "ratio" or "max_share"."""
    if unit.day is None:
        return {}
    capped: dict[str, str] = {}
    share = hall.hall.priority.max_share_of_calls
    if share < 1:
        here = recent_classes(unit.connection, unit.hall, unit.day, window, LOOKED_AT)
        if over_share([_kind(p) for p in here], "priority", share):
            capped["priority"] = "max_share"
    if hall.rules.ratio:
        everywhere = recent_classes(unit.connection, unit.hall, unit.day, None, LOOKED_AT)
        kinds = [_kind(p) for p in everywhere]
        for kind, (ordinary, of_kind) in hall.rules.ratio.items():
            if over_ratio(kinds, kind, ordinary, of_kind):
                capped[kind] = "ratio"
    return capped


def _kind(priority: str) -> str:
    return priority if priority in (ORDINARY, APPOINTMENT) else "priority"
