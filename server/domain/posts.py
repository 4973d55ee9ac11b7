"""AB角: each post has a main person (A) and stand-ins (B). When who is expected there (rosters.py: the
roster, else A) is not there some minutes after the beginning, B is called; after twice that,
the duty leader."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timedelta

from server.domain.catalogue import Person
from server.domain.windows import Post, WindowState


def empty_since(
    hours: Sequence[tuple[time, time]], begun: datetime, local: datetime, left: datetime
) -> datetime:
    """Since when (local) nobody sits there although somebody should: the beginning of the shift, the last
    opening in it, or `left`, when the last one went or the day was opened."""
    opened = (datetime.combine(local.date(), start) for start, _ in hours if start <= local.time())
    return max(begun, left, *opened)


def due(empty_for: timedelta, called: str, minutes: int) -> str | None:
    """Who is called now: "b_called", "leader_called", or None. `called`: who was called already."""
    step = timedelta(minutes=minutes)
    if called == "b_called" and empty_for >= 2 * step:
        return "leader_called"
    return "b_called" if called == "none" and empty_for >= step else None


def main_person(window: str, people: Iterable[Person]) -> Person | None:
    """Role A of a window."""
    return next((p for p in people if p.a_window == window), None)


def stand_ins(window: str, people: Iterable[Person]) -> list[Person]:
    """Role B of a window, in the order of the roster."""
    return [p for p in people if window in p.b_windows]


def post_state(post: Post, expected: Collection[str], called: str) -> str:
    """covered_by_a | away | covered_by_b | uncovered. expected: whom the roster of the day names, else A.
    away: they are not at work there, and nobody has been called to stand in."""
    if post.clerk is not None:
        if post.clerk not in expected:
            return "covered_by_b"
        return "away" if post.state is WindowState.PAUSED else "covered_by_a"
    return "away" if called == "none" else "uncovered"
