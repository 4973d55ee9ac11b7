"""请销假: leave is asked for, granted by another person, and closed on return. Of those who hold a post (A
and its Bs) one must stay: the public rules say that both may not be away together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain import refusals
from server.domain.catalogue import Person
from server.domain.posts import main_person, stand_ins

LONGEST = timedelta(days=366)


class LeaveState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class LeaveStep(StrEnum):
    APPROVE = "approve"
    DENY = "deny"
    CANCEL = "cancel"
    RETURN = "return"


STEPS: dict[tuple[LeaveState, LeaveStep], LeaveState] = {
    (LeaveState.REQUESTED, LeaveStep.APPROVE): LeaveState.APPROVED,
    (LeaveState.REQUESTED, LeaveStep.DENY): LeaveState.DENIED,
    (LeaveState.REQUESTED, LeaveStep.CANCEL): LeaveState.CANCELLED,
    (LeaveState.APPROVED, LeaveStep.CANCEL): LeaveState.CANCELLED,  # before it has begun
    (LeaveState.APPROVED, LeaveStep.RETURN): LeaveState.RETURNED,  # once it has begun
}


@dataclass(frozen=True)
class Leave:
    """From `since` to `until`; who has not returned is away beyond it, too. Times are aware UTC."""

    id: int
    person: str
    since: datetime
    until: datetime
    state: LeaveState
    note: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    closed_at: datetime | None = None

    def is_away(self, at: datetime) -> bool:
        return self.state is LeaveState.APPROVED and self.since <= at

    def covers(self, at: datetime) -> bool:
        """Is the person meant to be away at this moment?"""
        return self.state is LeaveState.APPROVED and self.since <= at < self.until


def stepped(leave: Leave, step: LeaveStep, now: datetime) -> LeaveState:
    """The state after `step`. Raises LeaveStateWrong for every arrow that is not in STEPS, for a return
    before the leave has begun and a cancelling after it."""
    after = STEPS.get((leave.state, step))
    begun = leave.state is LeaveState.APPROVED and now >= leave.since
    if after is None or (step is LeaveStep.RETURN and not begun) or (step is LeaveStep.CANCEL and begun):
        raise refusals.LeaveStateWrong(state=leave.state.value, step=step.value)
    return after


def check_span(since: datetime, until: datetime, now: datetime) -> None:
    """Raises LeaveInvalid unless it ends after it begins, in the future, and within LONGEST."""
    if not since < until or until <= now or until - since > LONGEST or since < now - LONGEST:
        raise refusals.LeaveInvalid()


def check_cover(
    person: str,
    since: datetime,
    until: datetime,
    now: datetime,
    people: Collection[Person],
    granted: Iterable[Leave],
    missing: Collection[str] = (),
) -> None:
    """Somebody of each post of `person` must stay at every moment of the leave.

    granted: approved leaves of others; missing: who is not at work at `now` without leave. Raises
    LeaveUncovered with the window and who is away. A post that has nobody else is the duty leader's to judge.
    """
    leaves = [x for x in granted if x.person != person]
    moments = {since, *(x.since for x in leaves if since < x.since < until)}
    moments |= {now} if since <= now < until else set()
    me = next(p for p in people if p.id == person)
    for window in dict.fromkeys((*((me.a_window,) if me.a_window else ()), *me.b_windows)):
        main = main_person(window, people)
        others = [p for p in (*((main,) if main else ()), *stand_ins(window, people)) if p.id != person]
        for at in sorted(moments):
            away = {x.person for x in leaves if x.covers(at)} | (set(missing) if at == now else set())
            if others and all(p.id in away for p in others):
                raise refusals.LeaveUncovered(window=window, names="、".join(p.name for p in others))


def check_overlap(person: str, since: datetime, until: datetime, known: Iterable[Leave]) -> None:
    """Raises LeaveOverlap when the person has asked for or has a leave in that time."""
    open_ = (LeaveState.REQUESTED, LeaveState.APPROVED)
    for other in known:
        if other.person == person and other.state in open_ and since < other.until and other.since < until:
            raise refusals.LeaveOverlap(since=other.since.isoformat(), until=other.until.isoformat())
