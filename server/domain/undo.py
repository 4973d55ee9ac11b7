"""撤销: a clerk takes the last move back within seconds. The record of the deed says what the leg was before;
the record itself is never edited but for the moment it was undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from server.domain import refusals
from server.domain.tickets import Leg, Move, State

_TIMES = {f.name for f in fields(Leg) if f.name.endswith("_at")}


@dataclass(frozen=True)
class Deed:
    """What a clerk did to a leg. `before`: the leg's fields that it changed, as they were; next_leg: the leg
    it made; errand: the further service that leg was for; choice: why it was called by choice."""

    id: int
    window: str
    clerk: str
    move: Move
    leg: int
    number: str
    next_leg: int | None
    errand: int | None
    before: Mapping[str, object]
    choice: str | None
    at: datetime


def changed(before: Leg, after: Leg) -> dict[str, object]:
    """The fields of `before` that are others in `after`, as JSON values."""
    pairs = {f.name: getattr(before, f.name) for f in fields(Leg)}
    kept = {name: old for name, old in pairs.items() if old != getattr(after, name)}
    return {name: old.isoformat() if isinstance(old, datetime) else old for name, old in kept.items()}


def columns(before: Mapping[str, object]) -> dict[str, object]:
    """What `changed` kept, as the leg's own values again."""
    back = {
        name: datetime.fromisoformat(str(old)) if name in _TIMES and old is not None else old
        for name, old in before.items()
    }
    return back | {"state": State(str(before["state"]))}


def check_undo(deed: Deed | None, clerk: str, now: datetime, seconds: int) -> Deed:
    """The deed that may be taken back. Raises UndoNothing, UndoTooLate."""
    if deed is None or deed.clerk != clerk:
        raise refusals.UndoNothing()
    if now - deed.at > timedelta(seconds=seconds):
        raise refusals.UndoTooLate(seconds=seconds)
    return deed
