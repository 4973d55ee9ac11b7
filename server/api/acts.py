"""How every state-changing request is done: one unit, the caller's right read again inside it, once per request_id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from server.api.access import current_actor, recheck
from server.api.bodies import Act
from server.api.problems import answer
from server.house import house
from server.store.once import once
from server.store.unit import Unit


def act(body: Act, deed: Callable[[Unit], dict[str, Any]], good: int = 200) -> ResponseReturnValue:
    """Do `deed` in one transaction and reply with its answer, or with the refusal it raised."""
    asked = {"path": request.path, **body.model_dump(mode="json")}
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        pair = once(unit, body.request_id, asked, lambda: deed(unit))
    return answer(pair, good)
