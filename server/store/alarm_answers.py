"""Who has taken an alarm on, and when. An answer is of one day: the next one asks anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.store import tables as t
from server.store.unit import Unit

KEPT = timedelta(hours=16)

_A = t.alarm_answer.c
_OLD = delete(t.alarm_answer).where(
    _A.hall == bindparam("of_hall"), (_A.at < bindparam("before")) | (_A.alarm == bindparam("of_alarm"))
)
_ALL = select(_A.alarm, _A.level, _A.since, _A.person, _A.at).where(_A.hall == bindparam("hall"))


def put_answer(unit: Unit, alarm: str, level: str, since: datetime | None) -> None:
    """The unit's actor answers for it; what an earlier one said is replaced."""
    which = {"of_hall": unit.hall, "of_alarm": alarm, "before": unit.now - KEPT}
    unit.connection.execute(_OLD, which)
    row = {"hall": unit.hall, "alarm": alarm, "level": level, "since": since, "at": unit.now}
    unit.connection.execute(insert(t.alarm_answer), {**row, "person": unit.actor.id})


def answers(connection: Connection, hall: str) -> list[dict[str, Any]]:
    """The latest first."""
    rows = connection.execute(_ALL.order_by(_A.at.desc(), _A.alarm), {"hall": hall}).mappings()
    return [dict(row) for row in rows]
