"""A window's states and who may work at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.domain import refusals
from server.domain.catalogue import Person, Window, parse_overflow
from server.domain.tickets import State


class WindowState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PAUSED = "paused"


@dataclass(frozen=True)
class Post:
    """A window as it is now: state, who sits there since when, and why it is paused."""

    window: str
    state: WindowState = WindowState.CLOSED
    clerk: str | None = None
    session: str | None = None
    since: datetime | None = None
    pause_reason: str | None = None


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


def check_skills(window: Window, person: Person, on: date) -> None:
    """The person must be rostered for the window (A or B role) or be skilled for one of its queues, and a
    skill for one of them must hold on the day `on`."""
    rostered = window.id == person.a_window or window.id in person.b_windows
    held = {queue for queue in window.queues if person.may_serve(queue, on)}
    if not held or not (rostered or held & set(person.skills)):
        raise refusals.SkillMissing(window=window.id, queues=sorted(window.queues))


def callable_pools(window: Window) -> tuple[tuple[str, str | None], ...]:
    """The pools a window may call from once its own queues are empty: (queue, service or None for all)."""
    return tuple(parse_overflow(entry) for entry in window.overflow)


def possible_acts(post: Post, leg: State | None) -> list[str]:
    """What the clerk of `post` may press now; `leg` is the state of the ticket at the window."""
    if post.state is WindowState.CLOSED:
        return ["open"]
    at_ticket = {
        None: ["close", "unhold"] + (["call-next", "call-choice"] if post.state is WindowState.OPEN else []),
        State.CALLED: ["recall", "start", "no-show", "transfer", "services"],
        State.SERVING: ["finish", "hold", "transfer", "services"],
    }[leg]
    always = ["return", "correct", "emergency", "undo"]
    return [*at_ticket, *always, "resume" if post.state is WindowState.PAUSED else "pause"]
