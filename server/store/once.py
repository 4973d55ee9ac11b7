"""Idempotency (D8): the same request_id of the same caller gets the same answer, at most one effect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from server.domain.audit import canonical
from server.domain.refusals import Refusal, RequestIdConflict
from server.store import tables as t
from server.store.unit import Unit

REMEMBERED = timedelta(hours=48)

Answer = tuple[dict[str, Any], int]


def once(
    unit: Unit, request_id: str, body: Mapping[str, object], deed: Callable[[], dict[str, Any]]
) -> Answer:
    """Do `deed` once per (caller, request_id): (answer, status). A repetition gets the first answer, refusals included.

    Raises RequestIdConflict when the same id comes with another body. A refusal of the deed undoes what it had written.
    """
    body_hash = hashlib.sha256(canonical(dict(body)).encode()).hexdigest()
    row = unit.connection.execute(
        select(t.answered.c.body_hash, t.answered.c.answer, t.answered.c.status).where(
            t.answered.c.client == unit.actor.client, t.answered.c.request_id == request_id
        )
    ).one_or_none()
    if row is not None:
        if row.body_hash != body_hash:
            raise RequestIdConflict(request_id=request_id)
        return row.answer, row.status
    before, status = unit.mark(), 200
    try:
        with unit.connection.begin_nested():
            answer = deed()
    except Refusal as no:
        unit.undo_to(before)
        answer, status = {"refused": no.code, "facts": no.facts}, no.status
    unit.connection.execute(
        insert(t.answered),
        {
            "client": unit.actor.client,
            "request_id": request_id,
            "body_hash": body_hash,
            "status": status,
            "answer": answer,
            "at": unit.now,
        },
    )
    return answer, status


def forget_old_answers(unit: Unit) -> None:
    """Drop answers older than REMEMBERED (at least a day, D8)."""
    unit.connection.execute(delete(t.answered).where(t.answered.c.at < unit.now - REMEMBERED))
