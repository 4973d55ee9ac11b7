"""The device host's word: which machines it has, how they are, which keys were pressed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from server.actions.call_next import call_next
from server.actions.emergency import raise_emergency
from server.actions.finish import finish
from server.actions.hold import hold, unhold
from server.actions.no_show import give_back_place, no_show
from server.actions.print_slip import follow_slip
from server.actions.raise_alarm import clear_alarm, raise_alarm
from server.actions.recall import recall
from server.actions.staff_window import pause_window, resume_window
from server.actions.start import start
from server.actions.transfer import transfer
from server.domain import refusals
from server.domain.events import DeviceChanged
from server.domain.tickets import State
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.health import (
    HOST_LOST,
    forget_devices,
    health_of,
    kiosks_served,
    save_device,
    save_health,
)
from server.store.slips import find_slip, slips_in
from server.store.tickets import held_at, leg_at, legs_in
from server.store.unit import Unit
from server.store.windows import find_post

DOUBLED = "host-doubled"
NETWORK = ("socket://", "rfc2217://")
DECLARATION = "declaration"  # the alarm of a device list that could not be taken up


def host_arrived(
    unit: Unit,
    devices: Sequence[Mapping[str, Any]],
    held_jobs: Collection[int],
    before: Collection[str] = (),
    host: str = "",
    troubles: Sequence[str] = (),
) -> None:
    """A host says hello with its machines and the slips it still holds; `before`: those of its last hello.

    `host`: what it calls itself. `troubles`: the mistakes of a changed declaration it could not take up; the
    managers are told as long as they last. A machine it had before, just so, stays as it is known to be.

    Slips that were being sent and that it does not hold are "unsure": they may be on paper, nobody prints
    them again. Machines and slips of another host that is there too are left alone.
    """
    known = {row["device"]: row for row in health_of(unit.connection, unit.hall)}
    for device in devices:
        row = {key: device[key] for key in ("kind", "model", "line", "window", "kiosk")} | {"host": host}
        old = known.get(device["name"], {})
        if device["name"] in before and all(old.get(key) == value for key, value in row.items()):
            continue
        save_device(unit, {"device": device["name"], **row, "state": "unknown", "reason": "", "detail": ""})
        unit.add(_changed(device["name"], row, "unknown", ""))
    names = {d["name"] for d in devices}
    gone = {name for name in known.keys() - names if name in before or known[name]["reason"] == HOST_LOST}
    forget_devices(unit, known.keys() - gone | names)
    for name in sorted(gone):
        unit.add(_changed(name, known[name], "unknown", "removed"))
    elsewhere = _kiosks(known[name] for name in known.keys() - names - gone)
    for slip in slips_in(unit.connection, unit.hall, "sending"):
        if slip.id not in held_jobs and slip.kiosk not in elsewhere:
            follow_slip(unit, slip.id, "unsure", "host_restarted")
    if troubles:
        raise_alarm(unit, DECLARATION, host, "yellow", count=len(troubles), first=troubles[0])
    else:
        clear_alarm(unit, DECLARATION, host)
    unit.note("host.arrive", f"device:{unit.actor.id}", devices=len(devices))


def claimed(
    known: Iterable[Mapping[str, Any]], devices: Sequence[Mapping[str, Any]], before: Collection[str]
) -> list[Mapping[str, Any]]:
    """Of the `known` machines those that another host has and that `devices` claim too, by name, a printer by
    its kiosk, a network line by its address. before: those the claimant has already itself.
    """
    names = {device["name"] for device in devices} - set(before)
    kiosks, lines = _kiosks(devices), {str(d["line"]) for d in devices if d["line"].startswith(NETWORK)}
    found = []
    for row in known:
        printer = row["kind"] == "printer" and row["kiosk"] in kiosks
        if row["reason"] == HOST_LOST or row["device"] in before:
            continue
        if row["device"] in names or printer or row["line"] in lines:
            found.append(row)
    return found


def host_doubled(unit: Unit, claim: str, host: str, machine: str, other: str) -> None:
    """A second host wants what another one has: it gets nothing, and the managers are told."""
    raise_alarm(unit, DOUBLED, claim, "yellow", name=host, machine=machine, other=other)
    unit.note("host.refuse", f"device:{unit.actor.id}", machine=machine, other=other)


def host_single(unit: Unit, claim: str) -> None:
    """It has gone, or may come in now."""
    clear_alarm(unit, DOUBLED, claim)


def host_left(unit: Unit, lost: Collection[str] | None = None) -> None:
    """The host of these machines (None: of all) is away: nobody can know how they are."""
    for row in health_of(unit.connection, unit.hall):
        mine = lost is None or row["device"] in lost
        if mine and (row["state"], row["reason"]) != ("unknown", HOST_LOST):
            save_health(unit, row["device"], "unknown", HOST_LOST, "")
            unit.add(_changed(row["device"], row, "unknown", HOST_LOST))
    unit.note("host.leave", f"device:{unit.actor.id}")


def slip_result(unit: Unit, slip: int, state: str, reason: str, kiosks: Collection[str], mm: int = 0) -> None:
    """A host's word about a slip; `kiosks` are those whose printers it has, `mm` the paper it took. "I
    have no such printer" counts only while no other host has it either. Raises NotFound.
    """
    if (state, reason) == ("failed", "no_device"):
        kiosk = find_slip(unit.connection, unit.hall, slip).kiosk
        if kiosk not in kiosks and kiosk in kiosks_served(unit.connection, unit.hall):
            return
    follow_slip(unit, slip, state, reason, mm)


def _kiosks(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """The kiosks whose printers are among these machines."""
    return {row["kiosk"] for row in rows if row["kind"] == "printer" and row["kiosk"]}


def device_health(unit: Unit, device: str, state: str, reason: str, detail: str) -> None:
    """One machine's state. A device that was never declared is ignored."""
    found = next((r for r in health_of(unit.connection, unit.hall) if r["device"] == device), None)
    if found is None or (found["state"], found["reason"], found["detail"]) == (state, reason, detail):
        return
    save_health(unit, device, state, reason, detail)
    unit.add(_changed(device, found, state, reason))
    unit.note("device.health", f"device:{device}", state=state, reason=reason)


def _changed(device: str, row: Mapping[str, Any], state: str, reason: str) -> DeviceChanged:
    return DeviceChanged(device, row["kind"], row["kiosk"], row["window"], state, reason)


def press_key(
    unit: Unit, hall: HallSettings, window: str, key: str, value: str = "", late: bool = False
) -> str | None:
    """A key of the window's hardware keypad, done in the name of the clerk signed in there. The number it
    moved.

    value: the digits pressed before it; for a transfer the number of the other window. late: it is told too
    long after it was pressed: whom it was meant for may have gone, and the clerk saw that nothing happened.
    Raises what the deed raises, KeyTooLate, and InputInvalid for a key nobody knows.
    """
    if late:
        raise refusals.KeyTooLate()
    if key == "transfer":
        return _transfer(unit, hall, window, value)
    deed = KEYS.get(key)
    if deed is None:
        raise refusals.InputInvalid(
            fields=[{"field": "key", "zh": "不认识的按键", "en": f"unknown key {key}"}]
        )
    return deed(unit, hall, window)


def _call(unit: Unit, hall: HallSettings, window: str) -> str | None:
    """呼叫: the keypad has no "finish" key, so calling ends the service of whoever is being served."""
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is not None and leg.state is State.SERVING:
        finish(unit, hall, window)
    called = call_next(unit, hall, window)
    return called.number if called else None


def _call_or_recall(unit: Unit, hall: HallSettings, window: str) -> str | None:
    """One key for both: who was called is called again. While somebody is served it is refused, for a box
    with this key has another one to end the service.
    """
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is not None and leg.state is State.CALLED:
        return recall(unit, hall, window).number
    called = call_next(unit, hall, window)
    return called.number if called else None


def _end(unit: Unit, hall: HallSettings, window: str) -> str | None:
    """One key for both: who was called did not come, who is served is done."""
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is not None and leg.state is State.CALLED:
        return no_show(unit, hall, window).number
    return finish(unit, hall, window).number


def _transfer(unit: Unit, hall: HallSettings, window: str, number: str) -> str | None:
    """转移 to the window people know by that number; leading zeros do not matter."""
    wanted = number.lstrip("0")
    found = [w.id for w in hall.catalogue.windows.values() if wanted and w.number.lstrip("0") == wanted]
    if not found:
        raise refusals.TargetWrong(window=number)
    return transfer(unit, hall, window, None, found[0]).number


def _pause_begin(unit: Unit, hall: HallSettings, window: str) -> str | None:
    if find_post(unit.connection, unit.hall, window).state is not WindowState.PAUSED:
        pause_window(unit, hall, window, hall.choices.pause_reason[0].id)
    return None


def _pause_end(unit: Unit, _hall: HallSettings, window: str) -> str | None:
    if find_post(unit.connection, unit.hall, window).state is WindowState.PAUSED:
        resume_window(unit, window)
    return None


def _help(unit: Unit, _hall: HallSettings, window: str) -> str | None:
    raise_emergency(unit, window)
    return None


def _rate(unit: Unit, hall: HallSettings, window: str) -> str | None:
    """评价: the keypad has no "arrived" key either; asking for the rating ends the visit, begun or not."""
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is not None and leg.state is State.CALLED:
        start(unit, window)
    return finish(unit, hall, window).number


def _pause(unit: Unit, hall: HallSettings, window: str) -> str | None:
    if find_post(unit.connection, unit.hall, window).state is WindowState.PAUSED:
        resume_window(unit, window)
    else:
        pause_window(unit, hall, window, hall.choices.pause_reason[0].id)
    return None


def _hold(unit: Unit, _hall: HallSettings, window: str) -> str | None:
    """挂起; one that was called and not yet begun is begun first: the citizen stands there."""
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is not None and leg.state is State.CALLED:
        start(unit, window)
    return hold(unit, window).number


def _back(unit: Unit, hall: HallSettings, window: str) -> str | None:
    """回呼: bring back the one who was parked here longest; with nobody parked, the latest one who missed."""
    day = unit.day or ""
    held = held_at(unit.connection, unit.hall, day, window)
    if held:
        return unhold(unit, hall, window, held[0].id).number
    missed = [x for x in legs_in(unit.connection, unit.hall, day, State.NO_SHOW) if x.window == window]
    if not missed:
        raise refusals.WindowIdle(window=window)
    return give_back_place(unit, hall, window, missed[-1].id).number


KEYS: dict[str, Callable[[Unit, HallSettings, str], str | None]] = {
    "call": _call,
    "call_or_recall": _call_or_recall,
    "recall": lambda unit, hall, window: recall(unit, hall, window).number,
    "start": lambda unit, _hall, window: start(unit, window).number,
    "rate": _rate,
    "finish": _rate,
    "end": _end,
    "no_show": lambda unit, hall, window: no_show(unit, hall, window).number,
    "hold": _hold,
    "unhold": _back,
    "pause": _pause,
    "pause_begin": _pause_begin,
    "pause_end": _pause_end,
    "help": _help,
}
