"""How every state-changing request is done: one unit, the caller's right read again inside it, once per
request_id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from server.api.access import current_actor, recheck
from server.api.bodies import Act
from server.api.problems import answer
from server.house import house
from server.store.once import once
from server.store.snapshots.view import View
from server.store.unit import Unit


def act(
    body: Act,
    deed: Callable[[Unit], dict[str, Any]],
    good: int = 200,
    show: Callable[[View], dict[str, Any]] | None = None,
    instead: Mapping[str, Any] | None = None,
) -> ResponseReturnValue:
    """Do `deed` in one transaction and reply with its answer, or with the refusal it raised.

    The answer is remembered for a repeated request. What `show` adds is not: it is read after the commit,
    each time anew, so that every reply shows the present and the writers' line is short. instead: what is
    hashed in place of fields that hold a number of identity or a phone: a plain hash of those could be
    guessed.
    """
    h = house()
    asked = {"path": request.path, **body.model_dump(mode="json"), **(instead or {})}
    with h.store.unit(current_actor()) as unit:
        recheck(unit)
        said, status = once(unit, body.request_id, asked, lambda: deed(unit))
    if show is not None and "refused" not in said:
        with h.store.read() as connection:
            said = {**said, **show(View.of(connection, h.store.hall, h.hall, h.texts))}
    return answer((said, status), good)
