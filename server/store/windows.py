"""Loading and saving posts: who sits at which window."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from server.domain.windows import Post, WindowState
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_POST = [c for c in t.post.c if c.name != "hall"]
_HERE = t.post.c.hall == bindparam("hall")
_ALL = select(*_POST).where(_HERE)
_FIND = select(*_POST).where(_HERE, t.post.c.window == bindparam("window"))
_OF_CLERK = select(t.post.c.window).where(_HERE, t.post.c.clerk == bindparam("clerk"))
_OPEN = select(t.post.c.window).where(_HERE, t.post.c.state == WindowState.OPEN)
_ADD_CHANGE = insert(t.post_change)
_STAFFED = select(t.post.c.window).where(_HERE, t.post.c.clerk.is_not(None)).order_by(t.post.c.window)


def find_post(connection: Connection, hall: str, window: str) -> Post:
    """The window's post; a window nobody ever opened is closed."""
    row = connection.execute(_FIND, {"hall": hall, "window": window}).mappings().one_or_none()
    return Post(**{**row, "state": WindowState(row["state"])}) if row else Post(window)


def posts(connection: Connection, hall: str) -> dict[str, Post]:
    """Every post that somebody ever took, by window."""
    rows = connection.execute(_ALL, {"hall": hall}).mappings()
    return {row["window"]: Post(**{**row, "state": WindowState(row["state"])}) for row in rows}


def post_of(connection: Connection, hall: str, clerk: str) -> Post | None:
    """Where `clerk` is signed in, None when nowhere."""
    window = connection.execute(_OF_CLERK, {"hall": hall, "clerk": clerk}).scalar_one_or_none()
    return find_post(connection, hall, window) if window else None


def open_windows(connection: Connection, hall: str) -> set[str]:
    """Ids of the windows that are open (not paused) now."""
    return set(connection.execute(_OPEN, {"hall": hall}).scalars())


def save_post(unit: Unit, window: str, **values: Any) -> None:
    """Set the post of `window`, and keep the change; keys as in domain.windows.Post. `since` is now."""
    row = {
        "hall": unit.hall,
        "window": window,
        "since": unit.now,
        "pause_reason": None,
        "back_at": None,
        **values,
    }
    upsert(unit.connection, t.post, row, ("hall", "window"))
    change = {"hall": unit.hall, "window": window, "state": row["state"], "at": unit.now}
    unit.connection.execute(_ADD_CHANGE, change)


def staffed_windows(connection: Connection, hall: str) -> list[str]:
    """Ids of the windows where somebody is signed in, open or paused."""
    return list(connection.execute(_STAFFED, {"hall": hall}).scalars())
