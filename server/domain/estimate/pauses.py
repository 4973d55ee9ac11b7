"""When a window that could call does not: pauses in the middle of the day, and openings after the hour.

Learned from the posts' own changes of state. Until a hall has seen pauses, none are reckoned with, and a
paused window is thought to stay away for 10 minutes on average; an opening is 3 minutes late. Both lean on
these with the weight of 10 pauses and 10 openings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

LASTING, TARDY, WEIGHT = 10.0, 3.0, 10.0
LONGEST = 240.0  # minutes: what lasts longer was no pause
EXPECTED_LATE = 60.0  # minutes: who opens later than this after the hour came for something else


@dataclass(frozen=True)
class Pauses:
    """`per_minute`: how often an open window pauses; `minutes`: how long on average; `tardy`: how long after
    the hour a window opens."""

    per_minute: float = 0.0
    minutes: float = LASTING
    tardy: float = TARDY


@dataclass(frozen=True)
class Change:
    """A post's new state at a moment of local time."""

    window: str
    state: str  # closed, open or paused
    at: datetime


def learn_pauses(changes: Iterable[Change], opening: Mapping[date, time]) -> Pauses:
    """From past changes of posts in order of time; `opening`: when the hall opened on those days."""
    since: dict[str, Change] = {}
    opened, paused, count = 0.0, 0.0, 0
    late: list[float] = []
    for change in changes:
        before = since.get(change.window)
        since[change.window] = change
        if before is None or before.at.date() != change.at.date():
            hour = opening.get(change.at.date())
            if change.state == "open" and hour is not None:
                late.append((change.at - datetime.combine(change.at.date(), hour)).total_seconds() / 60)
            continue
        lasted = (change.at - before.at).total_seconds() / 60
        if before.state == "open":
            opened += lasted
        elif before.state == "paused" and lasted <= LONGEST:
            paused += lasted
            count += 1
    known = [max(minutes, 0.0) for minutes in late if -EXPECTED_LATE <= minutes <= EXPECTED_LATE]
    return Pauses(
        per_minute=count / opened if opened else 0.0,
        minutes=(paused + LASTING * WEIGHT) / (count + WEIGHT),
        tardy=(sum(known) + TARDY * WEIGHT) / (len(known) + WEIGHT),
    )
