"""What every deed at a window begins with: is the caller the clerk of this window, and which ticket stands
there."""

from __future__ import annotations

from server.domain import refusals
from server.domain.actors import Actor
from server.domain.skills import Pool, help_pools, own_pools
from server.domain.tickets import Leg, State
from server.domain.windows import Post, check_works_here
from server.settings import HallSettings
from server.store.tickets import find_leg, leg_at
from server.store.unit import Unit
from server.store.windows import find_post


def working_post(unit: Unit, window: str) -> tuple[Post, str]:
    """The post and the clerk who acts there: the person signed in, or the window's own keypad or the
    automatic dispatch speaking for them.

    Raises WindowClosed, WindowForeign.
    """
    post = find_post(unit.connection, unit.hall, window)
    clerk = _clerk(unit.actor, post)
    check_works_here(post, clerk)
    return post, clerk


def _clerk(actor: Actor, post: Post) -> str:
    if actor.kind == "system" or (actor.kind == "device" and actor.window == post.window):
        return post.clerk or ""
    return actor.id


def ticket_at(unit: Unit, window: str) -> Leg:
    """The called or serving leg of a window the caller works at. Raises WindowIdle too."""
    working_post(unit, window)
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is None:
        raise refusals.WindowIdle(window=window)
    return leg


def able_pools(unit: Unit, hall: HallSettings, window: str) -> tuple[Pool, ...]:
    """All that a staffed window and who sits there may call, its help for others included."""
    clerk = find_post(unit.connection, unit.hall, window).clerk
    on = unit.now.astimezone(hall.zone).date()
    who = (hall.catalogue.windows[window], hall.catalogue.people.get(clerk or ""), hall.catalogue, hall.files)
    return (*own_pools(*who, on), *help_pools(*who, on))


def check_able(unit: Unit, hall: HallSettings, window: str) -> None:
    """Nobody could be called: that must not look like an empty queue when who sits here may take none of the
    window's services (any more). Raises SkillMissing."""
    queues = hall.catalogue.windows[window].queues
    if queues and not able_pools(unit, hall, window):
        raise refusals.SkillMissing(window=window, queues=sorted(queues))


def parked_leg(unit: Unit, window: str, leg: int, state: State) -> Leg:
    """A held or missed leg of this window. Raises TicketUnknown, MoveRefused when it is in another state."""
    found = find_leg(unit.connection, unit.hall, leg)
    if found.window != window or found.state != state:
        raise refusals.MoveRefused(state=found.state.value, number=found.number)
    return found
