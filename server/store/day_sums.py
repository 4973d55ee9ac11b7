"""What a business day came to: as its events give it, and as it was sealed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from server.domain.blocks import account
from server.store.blocks import blocks_of, used_of
from server.store.days import sealed_sums, sum_day


def sums_of(connection: Connection, hall: str, day: str) -> dict[str, Any]:
    """How many legs ended how, and where the numbers are that were lent for giving offline."""
    sums: dict[str, Any] = {**sum_day(connection, hall, day)}
    blocks = blocks_of(connection, hall, day)
    if blocks:
        used = used_of(connection, hall, [block.id for block in blocks])
        sums["offline"] = asdict(account((b, used.get(b.id, (0, 0))[0]) for b in blocks))
    return sums


def recounted(connection: Connection, hall: str, day: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """(sums as they are sealed, sums as its events give them now) of a closed day; None: it is not closed.

    Overtime stays as it was sealed: the hours that held on the day may not hold any more.
    """
    before = sealed_sums(connection, hall, day)
    if before is None:
        return None
    kept = {k: v for k, v in before.items() if k == "overtime"}
    return before, {**kept, **sums_of(connection, hall, day)}
