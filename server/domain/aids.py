"""帮办: somebody in the hall wants a guide's hand at a place: at the kiosk, with a form, on the way to a
window. An errand run for a client with a mandate (代办) is an order (orders.py).

    open -> taken -> done        taken -> open (given back)        open, taken -> cancelled
    done -> taken, cancelled -> what it was before: within seconds, by who ended it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain import refusals

DOOR = "door"  # the entrance, where the guides' desk stands


class AidState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    CANCELLED = "cancelled"


class AidStep(StrEnum):
    TAKE = "take"
    GIVE_BACK = "give_back"
    FINISH = "finish"
    CANCEL = "cancel"


STEPS: dict[tuple[AidState, AidStep], AidState] = {
    (AidState.OPEN, AidStep.TAKE): AidState.TAKEN,
    (AidState.TAKEN, AidStep.GIVE_BACK): AidState.OPEN,
    (AidState.TAKEN, AidStep.FINISH): AidState.DONE,
    (AidState.OPEN, AidStep.CANCEL): AidState.CANCELLED,
    (AidState.TAKEN, AidStep.CANCEL): AidState.CANCELLED,
}
RUNNING = (AidState.OPEN, AidState.TAKEN)


@dataclass(frozen=True)
class Aid:
    """`place`: "door", "kiosk:K1", "window:W01" or "zone:A区". `kiosk`: of a place that is one.
    `asked_by`: the caller, "staff:ZW025" or "device:kiosk-…". `helper`: who took it. `note`: never
    who the person is."""

    id: int
    day: str | None
    place: str
    kiosk: str | None
    kind: str
    note: str
    state: AidState
    asked_by: str
    asked_at: datetime
    helper: str | None = None
    taken_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None


def stepped(aid: Aid, step: AidStep, who: str) -> AidState:
    """The state after `step` of the caller `who`. Raises AidTaken when another helps there already,
    AidStateWrong for every arrow that is not in STEPS."""
    if aid.state is AidState.TAKEN and aid.helper != who:
        raise refusals.AidTaken(helper=aid.helper)
    try:
        return STEPS[aid.state, step]
    except KeyError:
        raise refusals.AidStateWrong(state=aid.state.value, step=step.value) from None


def before_end(aid: Aid, who: str, now: datetime, seconds: int) -> AidState:
    """What an aid was before it ended, for who ended it. Raises UndoNothing, UndoTooLate."""
    if aid.state in RUNNING or aid.ended_by != who or aid.ended_at is None:
        raise refusals.UndoNothing()
    if now - aid.ended_at > timedelta(seconds=seconds):
        raise refusals.UndoTooLate(seconds=seconds)
    return AidState.OPEN if aid.helper is None else AidState.TAKEN


def kiosk_of(place: str) -> str | None:
    """The kiosk that a place is."""
    kind, _, name = place.partition(":")
    return name if kind == "kiosk" else None
