"""Loading and saving posts: who sits at which window."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from server.domain.windows import Post, WindowState
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upserting

_POST = [c for c in t.post.c if c.name != "hall"]


def find_post(connection: Connection, hall: str, window: str) -> Post:
    """The window's post; a window nobody ever opened is closed."""
    query = select(*_POST).where(t.post.c.hall == hall, t.post.c.window == window)
    row = connection.execute(query).mappings().one_or_none()
    return Post(**{**row, "state": WindowState(row["state"])}) if row else Post(window)


def post_of(connection: Connection, hall: str, clerk: str) -> Post | None:
    """Where `clerk` is signed in, None when nowhere."""
    query = select(t.post.c.window).where(t.post.c.hall == hall, t.post.c.clerk == clerk)
    window = connection.execute(query).scalar_one_or_none()
    return find_post(connection, hall, window) if window else None


def open_windows(connection: Connection, hall: str) -> set[str]:
    """Ids of the windows that are open (not paused) now."""
    query = select(t.post.c.window).where(t.post.c.hall == hall, t.post.c.state == WindowState.OPEN)
    return set(connection.execute(query).scalars())


def save_post(unit: Unit, window: str, **values: Any) -> None:
    """Set the post of `window`; keys as in domain.windows.Post. `since` is now."""
    row = {"hall": unit.hall, "window": window, "since": unit.now, "pause_reason": None, **values}
    unit.connection.execute(upserting(unit.connection, t.post, row, ("hall", "window")))


def staffed_windows(connection: Connection, hall: str) -> list[str]:
    """Ids of the windows where somebody is signed in, open or paused."""
    query = select(t.post.c.window).where(t.post.c.hall == hall, t.post.c.clerk.is_not(None))
    return list(connection.execute(query.order_by(t.post.c.window)).scalars())
