"""投诉: words of a citizen about one ticket that must be answered; how far they have come, both sides see.

    received -> working -> answered        received|working -> declined (the citizen is told why)

Taken in at one place, answered in any case (DOMAIN 4.13). A declined one says why, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.domain import refusals

MOST = 3  # complaints of one ticket


class ComplaintState(StrEnum):
    RECEIVED = "received"
    WORKING = "working"
    ANSWERED = "answered"
    DECLINED = "declined"


STEPS: dict[ComplaintState, tuple[ComplaintState, ...]] = {
    ComplaintState.RECEIVED: (ComplaintState.WORKING, ComplaintState.ANSWERED, ComplaintState.DECLINED),
    ComplaintState.WORKING: (ComplaintState.ANSWERED, ComplaintState.DECLINED),
    ComplaintState.ANSWERED: (),
    ComplaintState.DECLINED: (),
}
OPEN = (ComplaintState.RECEIVED, ComplaintState.WORKING)


@dataclass(frozen=True)
class Complaint:
    """`sealed`: the citizen's words, encrypted; None once erased. `window`: where the ticket stood last, None
    when it was never called. No name and no phone is asked for: the ticket's own link carries the answer."""

    id: int
    ticket: int
    number: str
    window: str | None
    state: ComplaintState
    sealed: bytes | None
    made_at: datetime
    answer: str = ""
    answered_by: str | None = None
    ended_at: datetime | None = None


def check_new(before: Sequence[Complaint]) -> None:
    """May the holder of a ticket complain (again)? Raises ComplaintOpen, ComplaintsSpent."""
    if any(one.state in OPEN for one in before):
        raise refusals.ComplaintOpen()
    if len(before) >= MOST:
        raise refusals.ComplaintsSpent(allowed=MOST)


def check_step(complaint: Complaint, step: ComplaintState) -> None:
    """Raises ComplaintStateWrong for every arrow that is not in STEPS."""
    if step not in STEPS[complaint.state]:
        raise refusals.ComplaintStateWrong(state=complaint.state.value, step=step.value)
