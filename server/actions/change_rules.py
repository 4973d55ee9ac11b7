"""rules.toml changed: the new rules hold from the next call on, or the old ones stay and the manager
hears why."""

from __future__ import annotations

from server.actions.raise_alarm import clear_alarm, raise_alarm
from server.domain.events import RulesChanged
from server.domain.routing import Rules
from server.settings import HallSettings
from server.store.rules import add_rules
from server.store.unit import Unit

ALARM = "rules"


def change_rules(unit: Unit, hall: HallSettings, rules: Rules) -> int:
    """Put `rules` in force; their version. The same rules again keep their version."""
    clear_alarm(unit, ALARM, "rules.toml")
    if unit.rules and rules == hall.rules:
        return unit.rules
    version = add_rules(unit, rules)
    unit.add(RulesChanged(version))
    unit.note("rules.change", f"rules:{version}", replaces=version - 1)
    return version


def refuse_rules(unit: Unit, troubles: str) -> None:
    """The file is wrong: nothing changes but the alarm."""
    raise_alarm(unit, ALARM, "rules.toml", "red", troubles=troubles)
