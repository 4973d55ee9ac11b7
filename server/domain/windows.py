"""A window's states and who may work at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.domain import refusals
from server.domain.catalogue import Catalogue, Person, Window, parse_overflow
from server.domain.skills import help_pools, own_pools
from server.domain.tickets import State


class WindowState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"


@dataclass(frozen=True)
class Post:
    """A window as it is now: state, who sits there since when, why it is paused and until when."""

    window: str
    state: WindowState = WindowState.CLOSED
    clerk: str | None = None
    session: str | None = None
    since: datetime | None = None
    pause_reason: str | None = None
    back_at: datetime | None = None  # when the clerk means to be back; None: not said


def check_may_call(post: Post, clerk: str, open_leg: str | None) -> None:
    """Raises the reason why `clerk` may not call the next ticket at `post` now; open_leg is its current
    number."""
    check_works_here(post, clerk)
    if post.state is WindowState.PAUSED:
        raise refusals.WindowPaused(window=post.window)
    if open_leg is not None:
        raise refusals.WindowBusy(window=post.window, number=open_leg)


def check_works_here(post: Post, clerk: str) -> None:
    """Raises unless `clerk` is the one signed in at the window and it is not closed."""
    if post.state is WindowState.CLOSED:
        raise refusals.WindowClosed(window=post.window)
    if post.clerk != clerk:
        raise refusals.WindowForeign(window=post.window)


def check_skills(window: Window, person: Person, now: Catalogue, files: Catalogue, on: date) -> None:
    """The person must be able to do something at the window (B19). Raises SkillMissing."""
    if not own_pools(window, person, now, files, on) and not help_pools(window, person, now, files, on):
        raise refusals.SkillMissing(window=window.id, queues=sorted(window.queues))


def callable_pools(window: Window) -> tuple[tuple[str, str | None], ...]:
    """What a window may call once its own queues are empty, whoever sits there: (queue, service or None)."""
    return tuple(parse_overflow(entry) for entry in window.overflow)


def possible_acts(post: Post, leg: State | None, auto_arrive: bool = False) -> list[str]:
    """What the clerk of `post` may press now; `leg` is the state of the ticket at the window. auto_arrive:
    who is served may only have been taken as arrived, so that they can still be missing."""
    if post.state is WindowState.CLOSED:
        return ["open"]
    absent = ["recall", "no-show"] if auto_arrive else []
    at_ticket = {
        None: ["close", "unhold"] + (["call-next", "call-choice"] if post.state is WindowState.OPEN else []),
        State.CALLED: ["recall", "start", "no-show", "transfer", "services"],
        State.SERVING: ["finish", "hold", "transfer", "services", *absent],
    }[leg]
    always = ["return", "release", "let-go", "correct", "emergency", "undo"]
    return [*at_ticket, *always, "resume" if post.state is WindowState.PAUSED else "pause"]
