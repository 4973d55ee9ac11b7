"""Who has been called to cover an empty post."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_ALL = select(t.cover.c.window, t.cover.c.state, t.cover.c.at).where(t.cover.c.hall == bindparam("hall"))


def covers(connection: Connection, hall: str) -> dict[str, str]:
    """window -> none | b_called | leader_called; a window that is not in it: none."""
    return {row.window: row.state for row in connection.execute(_ALL, {"hall": hall})}


def set_cover(unit: Unit, window: str, state: str) -> None:
    row = {"hall": unit.hall, "window": window, "state": state, "at": unit.now}
    upsert(unit.connection, t.cover, row, ("hall", "window"))
