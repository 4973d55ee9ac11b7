"""What the estimator found becomes what people are told: settle what came true, then look ahead."""

from __future__ import annotations

from datetime import timedelta

from server.domain.estimate.outlook import Outlook
from server.domain.estimate.promise import (
    SOON,
    Forecast,
    Widths,
    at_most,
    bucket,
    moved,
    shown,
    steady,
    surcharge,
)
from server.domain.events import EstimatesChanged
from server.domain.routing import ORDINARY
from server.settings import HallSettings
from server.store.days import latest_day
from server.store.estimates import (
    Expected,
    Foreseen,
    broken_promises,
    calibration,
    called_promises,
    expectations,
    forecasts,
    promise_moved,
    save_calibration,
    save_expectations,
    save_forecasts,
    settle,
)
from server.store.scene import usual_services
from server.store.unit import Unit

STILL = timedelta(seconds=20)  # an expectation that moves less is left alone


def refresh_estimates(unit: Unit, hall: HallSettings, outlook: Outlook, rough: bool) -> None:
    """Keep the answers of `outlook`; queues whose shown range changed are told to the faces."""
    widths = settle_promises(unit, timedelta(seconds=hall.hall.call.undo_seconds))
    before = forecasts(unit.connection, unit.hall)
    fresh = []
    for (service, priority), forecast in outlook.fresh.items():
        new = _foreseen(service, priority, forecast, widths, rough)
        old = before.get((service, priority))
        if old is not None:
            kept = steady(old.estimate, new.estimate)
            new = Foreseen(
                service, priority, kept.state, kept.low, kept.high, rough, new.p50_s, new.at_most_s
            )
        if new != old:
            fresh.append(new)
    save_forecasts(unit, fresh)
    changed = {
        row.service
        for row in fresh
        if row.priority == ORDINARY
        and ((old := before.get((row.service, ORDINARY))) is None or old.estimate != row.estimate)
    }
    for queue, usual in usual_services(hall).items():
        if usual.id in changed:
            unit.add(EstimatesChanged(queue))
    _expect(unit, outlook, rough)
    found = {leg: f for leg, f in outlook.legs.items() if f is not None}
    promise_moved(unit, {leg: _foreseen("", "", f, widths, rough) for leg, f in found.items()})


def settle_promises(unit: Unit, rest: timedelta) -> Widths:
    """Learn from the promises that calls have settled; how wide promises are now. rest: for so long a
    call may be taken back, and settles nothing yet."""
    known = calibration(unit.connection, unit.hall)
    before = unit.now - rest
    day = latest_day(unit.connection, unit.hall)  # its last calls settle after closing
    widths = Widths({size: c for size, (c, _) in known.items()})
    for broken in broken_promises(unit.connection, unit.hall, day) if day else ():
        widths.today = surcharge(widths.today, broken)
    called = called_promises(unit.connection, unit.hall, day, before) if day else []
    calls = {size: many for size, (_, many) in known.items()}
    for promise in called:
        size = bucket(promise.p50_s / 60)
        widths.learn(size, promise.broken)
        calls[size] = calls.get(size, 0) + 1
    if called:
        settle(unit, called)
        save_calibration(unit, {size: (c, calls[size]) for size, c in widths.by_size.items()})
    return widths


def _foreseen(
    service: str, priority: str, forecast: Forecast | None, widths: Widths, rough: bool
) -> Foreseen:
    if forecast is None:
        return Foreseen(service, priority, "unknown", None, None, rough, None, None)
    most = at_most(forecast, widths.of(bucket(forecast.p50)))
    told = shown(forecast, most, rough)
    p50_s, at_most_s = round(forecast.p50 * 60), round(most * 60)
    return Foreseen(service, priority, told.state, told.low, told.high, rough, p50_s, at_most_s)


def _expect(unit: Unit, outlook: Outlook, rough: bool) -> None:
    before = expectations(unit.connection, unit.hall)
    rows = []
    for leg, forecast in outlook.legs.items():
        old = before.get(leg)
        if forecast is None:
            new = Expected(leg, "unknown", rough, None, unit.now)
        else:
            state = "soon" if forecast.p50 < SOON else "range"
            was = (old.expected_at, old.at) if old else (None, None)
            new = Expected(leg, state, rough, moved(was[0], forecast, was[1], unit.now), unit.now)
        if old is None or _differs(old, new):
            rows.append(new)
    save_expectations(unit, rows)


def _differs(old: Expected, new: Expected) -> bool:
    if (old.state, old.rough) != (new.state, new.rough):
        return True
    if old.expected_at is None or new.expected_at is None:
        return False
    return abs(new.expected_at - old.expected_at) >= STILL
