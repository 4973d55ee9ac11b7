"""What one line still has to do. Pure: the clock is an argument.

A newer text for a strip replaces the unsent older one, as do newer counts for a keypad; a "stop" removes
the question that was not asked yet. Slips and calls go before ratings and counts, these before pauses, and
welcomes come last. What is told again (a refresh) comes after everything new, and a job whose device was
silent gives way to whatever the others were waiting for meanwhile: a dead address costs them one time-out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from drivers.jobs import AskRating, Job, Outcome, PrintSlip, ShowCounts, ShowText, StopRating

LIMIT: Final = 200  # jobs waiting on one line; a hall of 14 windows never has 60
_TONE: Final = {"call": 0, "serving": 2, "pause": 3, "closed": 3, "welcome": 4}


@dataclass(frozen=True)
class Waiting:
    """A job for one device. tries: how often it was tried; not_before and expires in clock seconds.

    arrived: since when it stands in line (a retry stands at the end); taken: when the host got it.
    trial: a test by hand, which never displaces what the hall wants shown. refresh: nothing new, only told
    again.
    """

    job: Job
    device: str
    arrived: float
    expires: float
    not_before: float = 0.0
    tries: int = 0
    trial: bool = False
    taken: float = 0.0
    refresh: bool = False


Dropped = tuple[Waiting, Outcome]


def rank(job: Job) -> int:
    """0 is most urgent."""
    if isinstance(job, ShowText):
        return _TONE[job.tone]
    return 0 if isinstance(job, PrintSlip) else 2 if isinstance(job, ShowCounts) else 1


class Agenda:
    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, new: Waiting) -> list[Dropped]:
        """Take a job in; returns what had to go, with the reason."""
        gone = [w for w in self._waiting if w.device == new.device and _replaces(new.job, w.job)]
        if (new.tries or new.trial) and gone:
            return [(new, Outcome("failed", "replaced"))]  # a retry never displaces something newer
        self._waiting = [w for w in self._waiting if w not in gone]
        if any(not w.refresh for w in gone):
            new = replace(new, refresh=False)  # somebody was waiting for news
        dropped = [(w, Outcome("failed", "replaced")) for w in gone]
        if len(self._waiting) >= self._limit:
            return [*dropped, (new, Outcome("failed", "queue_full"))]
        self._waiting.append(new)
        return dropped

    def expire(self, now: float) -> list[Dropped]:
        late = [w for w in self._waiting if w.expires <= now]
        self._waiting = [w for w in self._waiting if w.expires > now]
        return [(w, Outcome("failed", "deadline")) for w in late]

    def take(self, now: float) -> Waiting | None:
        """The most urgent job that may be done now."""
        ready = [w for w in self._waiting if w.not_before <= now]
        if not ready:
            return None
        best = min(ready, key=_urgency)
        if best.tries:
            others = [w for w in ready if not w.tries and w.device != best.device]
            patient = [w for w in others if w.arrived < best.arrived]
            best = min(patient, key=_urgency, default=best)
        self._waiting.remove(best)
        return best

    def remove(self, device: str) -> list[Waiting]:
        """Everything that waits for a device."""
        gone = [w for w in self._waiting if w.device == device]
        self._waiting = [w for w in self._waiting if w.device != device]
        return gone

    def leave(self) -> list[Waiting]:
        """Everything that waits, which is no longer here."""
        gone, self._waiting = self._waiting, []
        return gone

    def next_at(self) -> float | None:
        """When something becomes ready or too late, in clock seconds."""
        return min((min(max(w.not_before, 0.0), w.expires) for w in self._waiting), default=None)

    def ids(self) -> list[str]:
        return [w.job.id for w in self._waiting if w.job.id]


def _urgency(waiting: Waiting) -> tuple[bool, int, bool, float]:
    return waiting.refresh, rank(waiting.job), waiting.tries > 0, waiting.arrived


def _replaces(new: Job, old: Job) -> bool:
    if isinstance(new, (ShowText, ShowCounts)):
        return type(new) is type(old) and new.window == old.window  # a summary screen shows many windows
    if isinstance(new, AskRating):
        return isinstance(old, (AskRating, StopRating))
    return isinstance(new, StopRating) and isinstance(old, (AskRating, StopRating)) and new.leg == old.leg
