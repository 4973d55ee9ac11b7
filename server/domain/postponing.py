"""顺延: the holder of a waiting number lets others go first, as often as the hall allows (once, by default).

The place is given up, never lent: seniority (`origin_at`) moves later for good, so everybody who is let go
first gains, nobody behind them loses, and a number cannot be parked at the head of the line. An ordinary
number steps behind the next `people` who wait in its queue, counted by seniority, or gives up `minutes`.
A protected one (appointment, priority) goes first whenever its time has come, so it can only name a later
time: `minutes` from now, and first of its class again from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from server.domain.refusals import MoveRefused, PostponeNeedless, PostponesSpent
from server.domain.routing import is_protected
from server.domain.tickets import Leg, State

By = Literal["people", "minutes"]
JUST_AFTER = timedelta(milliseconds=1)  # equal seniority would go by age, and put the older number in front


def postponable(leg: Leg, times: int) -> bool:
    """May the holder still postpone? One sent back to its window is called first there, whatever its age."""
    return leg.state is State.WAITING and not leg.came_back and leg.postpones < times


def postponed_origin(
    leg: Leg, behind: Sequence[datetime], now: datetime, by: By, *, times: int, people: int, minutes: int
) -> datetime:
    """Where the seniority of `leg` starts once its holder has let others go first.

    behind: seniority of those in the same queue who come after it, oldest first. times, people, minutes: the
    hall's rule. Raises MoveRefused unless it waits, PostponesSpent, PostponeNeedless when nobody is behind.
    """
    if leg.state is not State.WAITING or leg.came_back:
        raise MoveRefused(state=leg.state.value, number=leg.number)
    if leg.postpones >= times:
        raise PostponesSpent(number=leg.number, allowed=times)
    if not behind:
        raise PostponeNeedless(number=leg.number)
    if is_protected(leg):
        return max(leg.origin_at, now) + timedelta(minutes=minutes)
    if by == "minutes":
        return leg.origin_at + timedelta(minutes=minutes)
    return behind[min(people, len(behind)) - 1] + JUST_AFTER
