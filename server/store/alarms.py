"""What wants a person until it is mended: raised once, cleared when it is well again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from server.store import tables as t
from server.store.unit import Unit

_A = t.alarm.c
_WHICH = (_A.hall == bindparam("of_hall"), _A.kind == bindparam("of_kind"), _A.what == bindparam("of_what"))
_FIND = select(_A.level, _A.facts).where(*_WHICH)
_SAVE = update(t.alarm).where(*_WHICH)
_DROP = delete(t.alarm).where(*_WHICH)
_OF_KIND = select(_A.what).where(_A.hall == bindparam("hall"), _A.kind == bindparam("kind"))
_ALL = select(_A.kind, _A.what, _A.level, _A.facts, _A.since).where(_A.hall == bindparam("hall"))


def put_alarm(unit: Unit, kind: str, what: str, level: str, facts: dict[str, Any]) -> bool:
    """Write the alarm; False when it stands there already, just so."""
    which = {"of_hall": unit.hall, "of_kind": kind, "of_what": what}
    row = unit.connection.execute(_FIND, which).one_or_none()
    if row is None:
        fresh = {
            "hall": unit.hall,
            "kind": kind,
            "what": what,
            "level": level,
            "facts": facts,
            "since": unit.now,
        }
        unit.connection.execute(insert(t.alarm), fresh)
    elif (row.level, row.facts) != (level, facts):
        unit.connection.execute(_SAVE, {**which, "level": level, "facts": facts})
    else:
        return False
    return True


def drop_alarm(unit: Unit, kind: str, what: str) -> bool:
    """False when there was none."""
    which = {"of_hall": unit.hall, "of_kind": kind, "of_what": what}
    return unit.connection.execute(_DROP, which).rowcount > 0


def alarms_of(connection: Connection, hall: str, kind: str) -> set[str]:
    """What has an alarm of this kind."""
    return set(connection.execute(_OF_KIND, {"hall": hall, "kind": kind}).scalars())


def all_alarms(connection: Connection, hall: str) -> list[dict[str, Any]]:
    """Red before yellow, then the oldest."""
    rows = connection.execute(_ALL.order_by(_A.level, _A.since), {"hall": hall}).mappings()
    return [dict(row) for row in rows]
