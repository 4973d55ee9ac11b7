"""The life of a ticket: one number, one or more legs, and the table of allowed moves.

A leg is one wait and one service in one queue. Every arrow of the machine is one row of MOVES; what is not
there is refused. DESIGN section 4 draws the same machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from server.domain.refusals import MoveRefused


class State(StrEnum):
    AWAY = "away"  # taken by phone, its holder is not in the hall yet: nobody can call it
    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    DONE = "done"
    NO_SHOW = "no_show"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Move(StrEnum):
    ARRIVE = "arrive"
    CALL = "call"
    RECALL = "recall"
    START = "start"
    HOLD = "hold"
    UNHOLD = "unhold"
    FINISH = "finish"
    NO_SHOW = "no_show"
    RETURN = "return"
    TRANSFER = "transfer"
    CANCEL = "cancel"
    EXPIRE = "expire"


MOVES: dict[tuple[State, Move], State] = {
    (State.AWAY, Move.ARRIVE): State.WAITING,
    (State.AWAY, Move.NO_SHOW): State.NO_SHOW,
    (State.AWAY, Move.CANCEL): State.CANCELLED,
    (State.AWAY, Move.EXPIRE): State.EXPIRED,
    (State.WAITING, Move.CALL): State.CALLED,
    (State.WAITING, Move.CANCEL): State.CANCELLED,
    (State.WAITING, Move.EXPIRE): State.EXPIRED,
    (State.CALLED, Move.RECALL): State.CALLED,
    (State.CALLED, Move.START): State.SERVING,
    (State.CALLED, Move.NO_SHOW): State.NO_SHOW,
    (State.CALLED, Move.TRANSFER): State.TRANSFERRED,
    (State.SERVING, Move.RECALL): State.CALLED,  # was only taken as arrived: call.auto_arrive_seconds
    (State.SERVING, Move.HOLD): State.HELD,
    (State.SERVING, Move.NO_SHOW): State.NO_SHOW,  # the same
    (State.SERVING, Move.FINISH): State.DONE,
    (State.SERVING, Move.TRANSFER): State.TRANSFERRED,
    (State.HELD, Move.UNHOLD): State.SERVING,
    (State.HELD, Move.TRANSFER): State.TRANSFERRED,
    (State.HELD, Move.FINISH): State.DONE,  # did not come back
    (State.HELD, Move.EXPIRE): State.EXPIRED,
    (State.NO_SHOW, Move.RETURN): State.WAITING,
    (State.NO_SHOW, Move.EXPIRE): State.EXPIRED,
}

# What may be taken back within seconds: the reversal is a record, and the leg is again what it was.
UNDOABLE = (Move.CALL, Move.NO_SHOW, Move.FINISH, Move.TRANSFER, Move.HOLD)

STANDING = (State.AWAY, State.WAITING)  # in the line of a queue
AT_WINDOW = (State.CALLED, State.SERVING)
PRESENT = (State.WAITING, *AT_WINDOW, State.HELD)  # in the hall, and not done
OPEN = (State.AWAY, *PRESENT)


def moved(state: State, move: Move) -> State:
    """The state after `move`. Raises MoveRefused for every arrow that is not in MOVES."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise MoveRefused(state=state.value, move=move.value) from None


def undone(state: State, move: Move, before: State) -> State:
    """The state a leg has again when `move` is taken back, `before` it. Raises MoveRefused when it has moved
    on since."""
    if move not in UNDOABLE or MOVES.get((before, move)) is not state:
        raise MoveRefused(state=state.value, move=f"undo-{move.value}")
    return before


@dataclass(frozen=True)
class Leg:
    """One wait and one service in one queue. Times are aware UTC; None = has not happened."""

    id: int
    ticket: int
    ordinal: int
    number: str
    service: str
    queue: str
    priority: str  # "ordinary", "appointment" or a priority class of the hall
    state: State
    joined_at: datetime  # when it joined this queue
    origin_at: datetime  # where its seniority starts; a transfer keeps it
    called_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    window: str | None = None
    clerk: str | None = None
    target_window: str | None = None  # only this window may call it
    from_window: str | None = None  # transferred from here
    calls: int = 0
    returns: int = 0
    outcome: str | None = None
    note: str = ""
    rule: str = ""  # which routing rule called it
    waited_min: int = 0  # whole minutes of seniority at that call
    served_s: int | None = None  # from start to finish, once it is done
    first_window: str | None = None  # supplement class: the first handler's window, where it goes first
    rules: int = 0  # version of the rules that called it
    target_clerk: str | None = None  # only the window where this person is signed in may call it
    back_to: str | None = None  # the window it returns to when this leg is done
    came_back: bool = False  # it has returned: its window calls it first
    superseded: bool = False  # another leg of the ticket says how the ticket stands
    postpones: int = 0  # how often its holder let others go first
    held_at: datetime | None = None  # set aside since


def senders(legs: Sequence[Leg]) -> list[str]:
    """The windows to which a ticket with these legs, oldest first, has still to come back: who sent it on
    last is its next."""
    waiting: list[str] = []
    kept = [leg for leg in legs if leg.state is not State.CANCELLED]
    for leg, following in pairwise(kept):
        last = waiting[-1] if waiting else None
        if leg.state is State.TRANSFERRED:
            if leg.window is not None and following.back_to == leg.window != last:
                waiting.append(leg.window)
        elif last is not None and leg.back_to == last:
            waiting.pop()
    return waiting


@dataclass(frozen=True)
class Ticket:
    """A number for one hall and one business day. `link` is the citizen's 128-bit capability."""

    id: int
    day: str
    prefix: str
    seq: int
    number: str
    service: str
    priority: str
    taken_at: datetime
    channel: str
    link: str
    lang: str
    person: str | None = None  # keyed hash of whoever took it, where the hall asks
