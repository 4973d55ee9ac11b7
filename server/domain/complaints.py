"""投诉, and 差评 that is followed up: what must be answered; how far it has come, both sides see.

    received -> working -> answered        received|working -> declined (the citizen is told why)

Taken in at one place, answered in any case (DOMAIN 4.13, 4.11.8), by a person who is not the one it is
about. Taking it up is due first, the answer second; before that is over it may be extended, once, with the
reason. A declined one says why, in words.

留言: a message needs no ticket and no open hall; it is answered like a complaint.

复核: whoever is not content with an answer may ask once for a second look, in time. That is a complaint of
its own with the same limits; neither whom it is about nor who answered first may answer it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from server.domain import refusals
from server.domain.calendar import HallCalendar
from server.domain.deadlines import Limits, due_at

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
Source = Literal["words", "rating", "review", "message"]


@dataclass(frozen=True)
class Complaint:
    """`sealed`: the citizen's words, and how to reach them if they said so, encrypted; None once erased, and
    for a rating, which keeps its own. `window`: where the ticket stood last, None when it was never called.
    `about`: the person who served. No name and no phone is needed: the ticket's own link carries the answer.
    `contact_due`, `answer_due`: None where it came in before there were limits. `extended`: why, empty while
    it was not. `review_of`: the complaint that is looked at again, `first_by`: who answered that.
    A message has no ticket: `number` counts it, and its own `link` carries the answer."""

    id: int
    ticket: int | None
    number: str
    window: str | None
    state: ComplaintState
    sealed: bytes | None
    made_at: datetime
    answer: str = ""
    answered_by: str | None = None
    ended_at: datetime | None = None
    source: Source = "words"
    leg: int | None = None
    about: str | None = None
    owner: str | None = None
    contact_due: datetime | None = None
    answer_due: datetime | None = None
    contacted_at: datetime | None = None
    extended: str = ""
    review_of: int | None = None
    first_by: str | None = None
    link: str | None = None

    @property
    def due(self) -> datetime | None:
        """What is due next; None when it has ended."""
        if self.state not in OPEN:
            return None
        return self.contact_due if self.state is ComplaintState.RECEIVED else self.answer_due

    def is_late(self, now: datetime) -> bool:
        return self.due is not None and now > self.due


def check_new(before: Sequence[Complaint]) -> None:
    """May the holder of a ticket complain (again)? A bad rating that is followed up stops nobody. Raises
    ComplaintOpen, ComplaintsSpent."""
    before = [one for one in before if one.source == "words"]
    if any(one.state in OPEN for one in before):
        raise refusals.ComplaintOpen()
    if len(before) >= MOST:
        raise refusals.ComplaintsSpent(allowed=MOST)


def review_until(
    complaint: Complaint, limits: Limits, calendar: HallCalendar, zone: ZoneInfo
) -> datetime | None:
    """Until when a second look may be asked for; None where there is no answer yet, or the hall has none."""
    if complaint.ended_at is None or not limits.review_workdays:
        return None
    return due_at(calendar, zone, complaint.ended_at, limits.review_workdays)


def check_review(
    before: Sequence[Complaint], complaint: Complaint, until: datetime | None, now: datetime
) -> None:
    """May the holder of the ticket ask for a second look at `complaint`? before: all of the ticket. Raises
    ComplaintStateWrong, ReviewSpent, ReviewLate."""
    if complaint.state in OPEN:
        raise refusals.ComplaintStateWrong(state=complaint.state.value, step="review")
    if complaint.source == "review" or any(one.review_of == complaint.id for one in before):
        raise refusals.ReviewSpent()
    if until is None or now > until:
        raise refusals.ReviewLate()


def check_owner(complaint: Complaint, owner: str, able: Collection[str]) -> None:
    """Raises ComplaintOwnerWrong: only who may answer at all does, and nobody what is about themselves or
    what they have answered before, unless the hall has nobody else."""
    others = set(able) - {complaint.about}
    fresh = others - {complaint.first_by}
    if owner not in (fresh or others or able):
        raise refusals.ComplaintOwnerWrong()


def check_reader(complaint: Complaint, reader: str) -> None:
    """How to reach its giver is for whoever works on it, and only meanwhile. Raises ComplaintStateWrong,
    ComplaintOwnerWrong."""
    if complaint.state is not ComplaintState.WORKING:
        raise refusals.ComplaintStateWrong(state=complaint.state.value, step="contact")
    if complaint.owner != reader:
        raise refusals.ComplaintOwnerWrong()


def check_extension(complaint: Complaint, now: datetime) -> None:
    """Once, while somebody works on it, and before its end. Raises ComplaintStateWrong, ComplaintExtended."""
    if complaint.state is not ComplaintState.WORKING:
        raise refusals.ComplaintStateWrong(state=complaint.state.value, step="extended")
    if complaint.extended or complaint.answer_due is None or now > complaint.answer_due:
        raise refusals.ComplaintExtended()


def check_step(complaint: Complaint, step: ComplaintState) -> None:
    """Raises ComplaintStateWrong for every arrow that is not in STEPS."""
    if step not in STEPS[complaint.state]:
        raise refusals.ComplaintStateWrong(state=complaint.state.value, step=step.value)
