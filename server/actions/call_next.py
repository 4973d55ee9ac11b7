"""叫号: call the next citizen to a window. The rule chooses; one transaction picks and marks."""

from __future__ import annotations

from server.actions.at_window import working_post
from server.actions.caps import capped_classes
from server.domain.catalogue import Window
from server.domain.events import TicketCalled
from server.domain.holding import in_pools
from server.domain.routing import Choice, Situation, choose, is_protected
from server.domain.skills import help_pools, own_pools
from server.domain.tickets import Leg, Move, State
from server.domain.windows import check_may_call
from server.settings import HallSettings
from server.store.deeds import record
from server.store.remote import due_and_away, not_yet_due, save_remote
from server.store.tickets import Pools, add_call, leg_at, move, waiting_heads
from server.store.unit import Unit
from server.store.windows import open_windows


def call_next(unit: Unit, hall: HallSettings, window: str) -> Leg | None:
    """Call the next waiting ticket to `window`. None when nobody waits for it.

    Raises WindowClosed, WindowPaused, WindowForeign, WindowBusy.
    """
    post, clerk = working_post(unit, window)
    current = leg_at(unit.connection, unit.hall, window)
    check_may_call(post, clerk, current.number if current else None)
    chosen = _choose(unit, hall, hall.catalogue.windows[window], clerk)
    if chosen is None:
        return None
    return call(unit, hall, window, clerk, chosen.leg, chosen.rule, chosen.waited)


def call(
    unit: Unit, hall: HallSettings, window: str, clerk: str, leg: Leg, rule: str, waited: int, **more: str
) -> Leg:
    """Announce the waiting `leg` at `window`. `more`: the reason of a call by choice, for its record."""
    unit.protected_run = unit.protected_run + 1 if is_protected(leg, window) else 0
    changes = {"window": window, "clerk": clerk, "called_at": unit.now, "calls": 1}
    why = {"rule": rule, "waited_min": waited, "rules": hall.rules_version}
    called = move(unit, leg, Move.CALL, **changes, **why)
    record(unit, window, Move.CALL, leg, called, **more)
    announced = add_call(unit, called)
    number = hall.catalogue.windows[window].number
    unit.add(TicketCalled(announced, called.ticket, called.number, called.queue, window, number, 1))
    unit.note("ticket.call", f"leg:{called.id}", window=window, **why)
    return called


def _choose(unit: Unit, hall: HallSettings, window: Window, clerk: str) -> Choice | None:
    """The rule's choice from the window's own queues; from its overflow only when those are empty. Only what
    its clerk is able to do."""
    if unit.day is None:
        return None
    person, on = hall.catalogue.people.get(clerk), unit.now.astimezone(hall.zone).date()
    able = (window, person, hall.catalogue, hall.files, on)
    for pools in dict.fromkeys((own_pools(*able), help_pools(*able))):  # none: who was sent here alone
        heads = waiting_heads(unit.connection, unit.hall, unit.day, window.id, pools, clerk)
        at = _situation(unit, hall, window)
        if hall.hall.remote.enabled:
            _mark_due(unit, hall, pools, heads, at)
        chosen = choose(heads, unit.now, hall.rules, at)
        if chosen is not None:
            return chosen
    return None


def _mark_due(unit: Unit, hall: HallSettings, pools: Pools, heads: list[Leg], at: Situation) -> None:
    """Would the rule call somebody who took a number by phone and is not there? Their turn has come; who is
    there is called. While nobody is there, an idle window gives one turn, however often it asks."""
    assert unit.day is not None
    if not heads and any(in_pools(leg, pools) for leg in due_and_away(unit.connection, unit.hall, unit.day)):
        return
    away = [leg for leg in not_yet_due(unit.connection, unit.hall, unit.day) if in_pools(leg, pools)]
    chosen = choose([*heads, *away], unit.now, hall.rules, at) if away else None
    if chosen is not None and chosen.leg.state is State.AWAY:
        save_remote(unit, chosen.leg.ticket, due_at=unit.now)
        unit.note("ticket.due", f"leg:{chosen.leg.id}", window=at.window, rule=chosen.rule)


def _situation(unit: Unit, hall: HallSettings, window: Window) -> Situation:
    services, windows = hall.catalogue.services, hall.catalogue.windows
    special_queues: set[str] = set()
    if window.kind == "comprehensive":
        others = open_windows(unit.connection, unit.hall) - {window.id}
        special_queues = {q for w in others if windows[w].kind != "comprehensive" for q in windows[w].queues}
    return Situation(
        comprehensive=window.kind == "comprehensive",
        mean_minutes=hall.catalogue.mean_minutes,
        mean_all=hall.catalogue.mean_all,
        special_open=frozenset(s.id for s in services.values() if s.queue in special_queues),
        protected_run=unit.protected_run,
        window=window.id,
        capped=capped_classes(unit, hall, window.id),
    )
