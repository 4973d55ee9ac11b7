"""A manager places services, queues and windows anew; it holds for the next number, in every process."""

from __future__ import annotations

from dataclasses import replace

from server.domain import refusals
from server.domain.catalogue import Catalogue
from server.domain.events import PlacementPublished
from server.domain.holding import may_return
from server.domain.placement import Change, Placement, check_placement, differences
from server.domain.tickets import OPEN, State
from server.settings import HallSettings
from server.store.placements import add_placement, find_placement
from server.store.tickets import legs_in
from server.store.unit import Unit


def compare_placement(unit: Unit, hall: HallSettings, wish: Placement) -> list[Change]:
    """What publishing `wish` would change. Raises what publishing would raise."""
    return differences(hall.catalogue, _checked(unit, hall, wish))


def publish_placement(
    unit: Unit, hall: HallSettings, wish: Placement, base: int, note: str, rolled_back_to: int | None = None
) -> int:
    """Publish `wish`, which was made from version `base`; its number. Present tickets keep their queue.

    Raises PlacementStale, PlacementSame, and as `check_placement`.
    """
    if base != unit.placement:
        raise refusals.PlacementStale(version=unit.placement, base=base)
    wish = _with_queues_of(unit, wish)
    changes = differences(hall.catalogue, _checked(unit, hall, wish))
    if not changes:
        raise refusals.PlacementSame(version=unit.placement)
    version = add_placement(unit, wish, changes, note, rolled_back_to)
    unit.add(PlacementPublished(version))
    unit.note(
        "placement.publish",
        f"placement:{version}",
        base=base,
        rolled_back_to=rolled_back_to,
        changes=[f"{c.kind} {c.what}: {c.before} -> {c.after}" for c in changes],
    )
    return version


def roll_back(unit: Unit, hall: HallSettings, version: int, base: int) -> int:
    """Put an older version in force again, as a new one (0 = the files). Raises PlacementUnknown too."""
    try:
        old = find_placement(unit.connection, unit.hall, version)
    except LookupError:
        raise refusals.PlacementUnknown(kind="version", what=str(version)) from None
    return publish_placement(unit, hall, old.body, base, "", rolled_back_to=version)


def _with_queues_of(unit: Unit, wish: Placement) -> Placement:
    """Queues that were once defined stay: somebody may hold a number of theirs."""
    now = find_placement(unit.connection, unit.hall, unit.placement).body
    named = {q.prefix for q in wish.queues}
    return replace(wish, queues=(*wish.queues, *(q for q in now.queues if q.prefix not in named)))


def _checked(unit: Unit, hall: HallSettings, wish: Placement) -> Catalogue:
    on = unit.now.astimezone(hall.zone).date()
    return check_placement(hall.files, wish, on, needed_queues(unit, hall))


def needed_queues(unit: Unit, hall: HallSettings) -> set[str]:
    """The queues in which somebody waits, or who missed the call may wait again."""
    rules = hall.hall.call
    legs = legs_in(unit.connection, unit.hall, unit.day, *OPEN, State.NO_SHOW) if unit.day else []
    return {
        leg.queue
        for leg in legs
        if not leg.target_window
        and (
            leg.state is not State.NO_SHOW
            or may_return(leg, rules.max_return_times, rules.no_show_return_minutes, unit.now)
        )
    }
