"""A disk that is really full: SQLite may not take one page more, until the end of the block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from server.app import App
from server.domain.actors import SYSTEM
from server.domain.refusals import StorageFailed
from server.store.unit import Store

MOST = 4_294_967_294


@contextmanager
def full_disk(app: App) -> Iterator[None]:
    """`PRAGMA max_page_count` at what there is (SQLITE_FULL), and no room left in the audit trail's last
    page."""
    engine, limit = app.house.store.engine, {"pages": 1}  # 1: SQLite takes the size of now

    def measure(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit['pages']}")

    event.listen(engine, "checkout", measure)
    try:
        fill(app.house.store)
        yield
    finally:
        limit["pages"] = MOST


def fill(store: Store) -> None:
    """Write lines, ever shorter, until not even the shortest goes in."""
    for length in (4000, 1000, 200, 40, 1):
        try:
            while True:
                with store.unit(SYSTEM) as unit:
                    unit.note("test.fill", "x" * length)
        except StorageFailed:
            continue
