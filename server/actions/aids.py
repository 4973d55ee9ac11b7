"""帮办: somebody asks for a guide's hand, a guide takes it, and it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.domain import refusals
from server.domain.aids import DOOR, Aid, AidState, AidStep, before_end, stepped
from server.domain.events import AidChanged
from server.settings import HallSettings
from server.store.aids import add_aid, aid_at, find_aid, forget_notes, save_aid
from server.store.devices import devices
from server.store.unit import Unit

AT_KIOSK = "kiosk"  # what whoever presses for help at a kiosk wants: help with it


def ask_aid(unit: Unit, hall: HallSettings, place: str, kind: str, note: str) -> Aid:
    """A new call, or the one that runs at this kiosk already. A kiosk asks for itself. Raises PlaceUnknown,
    AidKindUnknown."""
    if unit.actor.kiosk:
        place, kind, note = f"kiosk:{unit.actor.kiosk}", AT_KIOSK, ""
        running = aid_at(unit.connection, unit.hall, unit.day, unit.actor.kiosk)
        if running is not None:
            return running
    else:
        if kind not in {k.id for k in hall.choices.aid_kind}:
            raise refusals.AidKindUnknown(kind=kind)
        _check_place(unit, hall, place)
    made = add_aid(unit, place, kind, note)
    _told(unit, made, "aid.ask")
    return made


def step_aid(unit: Unit, aid: int, step: AidStep) -> Aid:
    """Take, give back, finish or cancel. A kiosk may only cancel what stands at itself. Raises AidUnknown,
    AidTaken, AidStateWrong."""
    found = find_aid(unit.connection, unit.hall, aid)
    if unit.actor.kiosk and found.kiosk != unit.actor.kiosk:
        raise refusals.AidUnknown()
    state = stepped(found, step, unit.actor.id)
    values: dict[str, Any] = {"state": state}
    if step is AidStep.TAKE:
        values |= {"helper": unit.actor.id, "taken_at": unit.now}
    elif step is AidStep.GIVE_BACK:
        values |= {"helper": None, "taken_at": None}
    else:
        values |= {"ended_by": unit.actor.id, "ended_at": unit.now}
    moved = save_aid(unit, found, **values)
    _told(unit, moved, f"aid.{step.value}")
    return moved


def undo_aid(unit: Unit, hall: HallSettings, aid: int) -> Aid:
    """Take the end back within the seconds a clerk has too. Raises AidUnknown, UndoNothing, UndoTooLate."""
    found = find_aid(unit.connection, unit.hall, aid)
    state: AidState = before_end(found, unit.actor.id, unit.now, hall.hall.call.undo_seconds)
    back = save_aid(unit, found, state=state, ended_by=None, ended_at=None)
    _told(unit, back, "aid.undo")
    return back


def keep_aids(unit: Unit, hall: HallSettings) -> None:
    """What was noted is erased on the schedule of what could name a person."""
    forget_notes(unit, unit.now - timedelta(days=hall.hall.privacy.ticket_identity_days))


def _check_place(unit: Unit, hall: HallSettings, place: str) -> None:
    kind, _, name = place.partition(":")
    windows = hall.catalogue.windows
    known = (
        place == DOOR
        or (kind == "window" and name in windows)
        or (kind == "zone" and name and name in {w.zone for w in windows.values()})
        or (kind == "kiosk" and name in {d.kiosk for d in devices(unit.connection, unit.hall) if d.kiosk})
    )
    if not known:
        raise refusals.PlaceUnknown()


def _told(unit: Unit, aid: Aid, act: str) -> None:
    unit.add(AidChanged(aid.id, aid.kind, aid.place, aid.kiosk, aid.state.value))
    unit.note(act, f"aid:{aid.id}", kind=aid.kind, place=aid.place)
