"""挂起: until when somebody may be set aside, and who may take up or call back whom another window left."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from server.domain.skills import Pool
from server.domain.tickets import Leg, State
from server.domain.windows import Post, WindowState


def held_until(leg: Leg, minutes: int) -> datetime | None:
    """When a held leg must be taken up, sent on or closed; None for a leg that is not held.

    minutes: hall.toml call.max_hold_minutes.
    """
    since = leg.held_at or leg.started_at
    return since + timedelta(minutes=minutes) if leg.state is State.HELD and since else None


def is_overdue(leg: Leg, minutes: int, now: datetime) -> bool:
    until = held_until(leg, minutes)
    return until is not None and now >= until


def is_open_to_others(leg: Leg, post: Post, minutes: int, now: datetime) -> bool:
    """May another able window take up this held leg of `post`? When nobody works there, or the hold has
    lasted beyond its limit."""
    return post.state is not WindowState.OPEN or is_overdue(leg, minutes, now)


def in_pools(leg: Leg, pools: Collection[Pool]) -> bool:
    """Does what a window and its person may call hold the leg's queue, or its service?"""
    return (leg.queue, None) in pools or (leg.queue, leg.service) in pools


def may_return(leg: Leg, returns: int, minutes: int, now: datetime) -> bool:
    """May somebody who missed the call still come back? returns, minutes: call.max_return_times,
    call.no_show_return_minutes."""
    in_time = leg.ended_at is None or now - leg.ended_at <= timedelta(minutes=minutes)
    return leg.returns < returns and in_time
