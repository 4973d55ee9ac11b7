"""Idempotency (D8): the same request_id of the same caller gets the same answer, at most one effect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.domain.audit import canonical
from server.domain.refusals import Refusal, RequestIdConflict
from server.store import tables as t
from server.store.unit import Unit

REMEMBERED = timedelta(hours=48)

Answer = tuple[dict[str, Any], int]

_FIND = select(t.answered.c.body_hash, t.answered.c.answer, t.answered.c.status).where(
    t.answered.c.client == bindparam("client"), t.answered.c.request_id == bindparam("request_id")
)
_ADD = insert(t.answered)


def once(
    unit: Unit, request_id: str, body: Mapping[str, object], deed: Callable[[], dict[str, Any]]
) -> Answer:
    """Do `deed` once per (caller, request_id): (answer, status). A repetition gets the first answer, refusals
    included.

    Raises RequestIdConflict when the same id comes with another body. A refusal of the deed undoes all that
    the unit has done: `once` comes first in it.
    """
    body_hash = hashlib.sha256(canonical(dict(body)).encode()).hexdigest()
    key = {"client": unit.actor.client, "request_id": request_id}
    row = unit.connection.execute(_FIND, key).one_or_none()
    if row is not None:
        if row.body_hash != body_hash:
            raise RequestIdConflict(request_id=request_id)
        return row.answer, row.status
    status = 200
    try:
        answer = deed()
    except Refusal as no:
        unit.start_over()
        answer, status = {"refused": no.code, "facts": no.facts}, no.status
    kept = {**key, "body_hash": body_hash, "status": status, "answer": answer, "at": unit.now}
    unit.connection.execute(_ADD, kept)
    return answer, status


def is_answered(connection: Connection, client: str, request_id: str) -> bool:
    """Was this asked before? Then asking again does nothing."""
    key = {"client": client, "request_id": request_id}
    return connection.execute(_FIND, key).one_or_none() is not None


def forget_old_answers(unit: Unit) -> None:
    """Drop answers older than REMEMBERED (at least a day, D8)."""
    unit.connection.execute(delete(t.answered).where(t.answered.c.at < unit.now - REMEMBERED))
