"""How long a signed-in session lasts, and when a wrong password locks an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.access import ADMIN, MANAGER, SUPERVISOR

ABSOLUTE = timedelta(hours=12)
LOCKED_FOR = timedelta(minutes=10)
CLERK_IDLE_MINUTES = 30  # at least; a clerk who listens to a citizen presses nothing for a while
FAR_REACHING = frozenset({ADMIN, MANAGER, SUPERVISOR})


@dataclass(frozen=True)
class Session:
    """One sign-in of one person. The token itself is only in the browser's cookie."""

    token_hash: str
    person: str
    csrf: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


def idle_limit(role: str, idle_minutes: int) -> timedelta:
    """idle_minutes = hall.toml privacy.session_idle_minutes: exact for far-reaching roles, at least 30
    for all others.
    """
    return timedelta(minutes=idle_minutes if role in FAR_REACHING else max(idle_minutes, CLERK_IDLE_MINUTES))


def is_alive(session: Session, role: str, idle_minutes: int, now: datetime) -> bool:
    """Not ended, not older than 12 h, and seen within its role's idle limit."""
    if session.ended_at is not None or now - session.created_at >= ABSOLUTE:
        return False
    return now - session.seen_at < idle_limit(role, idle_minutes)


@dataclass(frozen=True)
class Failures:
    """Wrong passwords in a row, and until when no password is looked at."""

    count: int = 0
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def one_more(self, now: datetime, allowed: int) -> Failures:
        """After another wrong password: the `allowed`-th in a row locks for LOCKED_FOR and starts the
        count anew.
        """
        count = self.count + 1
        return Failures(0, now + LOCKED_FOR) if count >= allowed else Failures(count)
