"""Forecasts for new numbers, promises made with them, what is expected now, and how promises are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from server.domain.estimate.outlook import PRIORITY, Question
from server.domain.estimate.promise import Estimate, Forecast, Known, before_its_time, shown
from server.domain.routing import ORDINARY
from server.domain.tickets import STANDING, Leg, State
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert_all

Occasion = Literal["taken", "moved"]
UNKNOWN = Estimate("unknown", None, None, rough=True)


@dataclass(frozen=True)
class Foreseen:
    """What a number of one service and class may expect. Seconds; None = unknown."""

    service: str
    priority: str
    state: Known
    low: int | None
    high: int | None
    rough: bool
    p50_s: int | None
    at_most_s: int | None

    @property
    def estimate(self) -> Estimate:
        return Estimate(self.state, self.low, self.high, self.rough)


@dataclass(frozen=True)
class Promise:
    """What was told with the number of a leg, or when it moved on, and what came true."""

    leg: int
    queue: str
    state: Known
    low: int
    high: int
    rough: bool
    p50_s: int
    at_most_s: int
    made_at: datetime
    occasion: Occasion
    waited_s: int | None = None

    @property
    def broken(self) -> bool:
        return (self.waited_s or 0) > self.at_most_s

    @property
    def estimate(self) -> Estimate:
        return Estimate(self.state, self.low, self.high, self.rough)


@dataclass(frozen=True)
class Expected:
    """What the holder of a waiting leg is shown: the smoothed clock time of the call, said `at`."""

    leg: int
    state: str
    rough: bool
    expected_at: datetime | None
    at: datetime


_FORESEEN = [t.forecast.c[f.name] for f in fields(Foreseen)]
_PROMISE = [t.promise.c[f.name] for f in fields(Promise)]
_EXPECTED = [t.expectation.c[f.name] for f in fields(Expected)]
_FORECASTS = select(*_FORESEEN).where(t.forecast.c.hall == bindparam("hall"))
_FORECAST = _FORECASTS.where(
    t.forecast.c.service == bindparam("service"), t.forecast.c.priority == bindparam("priority")
)
_ORDINARY = _FORECASTS.where(
    t.forecast.c.service.in_(bindparam("services", expanding=True)), t.forecast.c.priority == ORDINARY
)
_ADD_PROMISE = insert(t.promise)
_UNPROMISED = select(t.leg.c.id, t.leg.c.queue).where(
    t.leg.c.hall == bindparam("hall"),
    t.leg.c.day == bindparam("day"),
    t.leg.c.state == State.WAITING,
    t.leg.c.ordinal > 1,
    t.leg.c.id.not_in(select(t.promise.c.leg)),
)
_FIND_PROMISE = select(*_PROMISE).where(t.promise.c.leg == bindparam("leg"))
_TOLD_WITH = (
    select(*_PROMISE)
    .join_from(t.promise, t.leg, t.leg.c.id == t.promise.c.leg)
    .where(t.leg.c.ticket == bindparam("ticket"), t.leg.c.ordinal == 1)
)
_FIND_EXPECTED = select(*_EXPECTED).where(t.expectation.c.leg == bindparam("leg"))
_ALL_EXPECTED = select(*_EXPECTED).where(t.expectation.c.hall == bindparam("hall"))
_WAITING = select(t.leg.c.id).where(
    t.leg.c.hall == bindparam("hall"), t.leg.c.day == bindparam("day"), t.leg.c.state.in_(STANDING)
)
_FORGET = delete(t.expectation).where(
    t.expectation.c.hall == bindparam("hall"), t.expectation.c.leg.not_in(_WAITING)
)
_CALLED = (  # promises whose leg has had a first call that stands
    select(*_PROMISE[:-1], func.min(t.call.c.at).label("called_at"))
    .join_from(t.promise, t.call, t.call.c.leg == t.promise.c.leg)
    .join(t.leg, t.leg.c.id == t.promise.c.leg)
    .outerjoin(t.remote, t.remote.c.ticket == t.leg.c.ticket)
    .add_columns(t.remote.c.arrived_at)
    .where(
        t.promise.c.hall == bindparam("hall"),
        t.promise.c.day == bindparam("day"),
        t.promise.c.waited_s.is_(None),
        t.call.c.taken_back.is_(False),
        t.leg.c.postpones == 0,  # who lets others go first takes the promise back
        t.remote.c.due_at.is_(None),  # by phone, and not there when its turn came
    )
    .group_by(*_PROMISE[:-1], t.remote.c.arrived_at)
    .having(func.min(t.call.c.at) < bindparam("before"))
    .order_by(func.min(t.call.c.at), t.promise.c.leg)
)
_SETTLED = select(t.promise.c.made_at, t.promise.c.waited_s, t.promise.c.at_most_s).where(
    t.promise.c.hall == bindparam("hall"),
    t.promise.c.day == bindparam("day"),
    t.promise.c.waited_s.is_not(None),
)
_SETTLE = update(t.promise).where(t.promise.c.leg == bindparam("of_leg"))
_CALIBRATION = select(t.calibration.c.bucket, t.calibration.c.c, t.calibration.c.calls).where(
    t.calibration.c.hall == bindparam("hall")
)


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """{state, low, high, rough}: minutes, None when unknown."""
    return vars(estimate).copy()


def forecasts(connection: Connection, hall: str) -> dict[Question, Foreseen]:
    """Every answer that was last given."""
    rows = connection.execute(_FORECASTS, {"hall": hall})
    return {(row.service, row.priority): Foreseen(*row) for row in rows}


def forecast_for(connection: Connection, hall: str, services: Sequence[str]) -> dict[str, Estimate]:
    """What an ordinary number of each of `services` may expect; unknown when nobody has looked."""
    rows = connection.execute(_ORDINARY, {"hall": hall, "services": list(services)})
    found = {row.service: Foreseen(*row).estimate for row in rows}
    return {service: found.get(service, UNKNOWN) for service in services}


def save_forecasts(unit: Unit, rows: Sequence[Foreseen]) -> None:
    values = [{"hall": unit.hall, "at": unit.now, **vars(row)} for row in rows]
    upsert_all(unit.connection, t.forecast, values, ("hall", "service", "priority"))


def make_promise(unit: Unit, leg: Leg) -> Estimate:
    """Write down what this fresh leg is told: a look-up, no future is played. Unknown is told and not
    promised."""
    told = _foreseen(unit, leg.service, ORDINARY if leg.priority == ORDINARY else PRIORITY)
    if told is not None and leg.origin_at > unit.now:  # an appointment before its time
        told = _before_its_time(told, _foreseen(unit, leg.service, ORDINARY), leg.origin_at - unit.now)
    if told is None:
        return UNKNOWN
    _promise(unit, leg.id, leg.queue, told, "taken")
    return told.estimate


def _foreseen(unit: Unit, service: str, priority: str) -> Foreseen | None:
    which = {"hall": unit.hall, "service": service, "priority": priority}
    row = unit.connection.execute(_FORECAST, which).one_or_none()
    return Foreseen(*row) if row is not None and row.p50_s is not None else None


def _before_its_time(told: Foreseen, ordinary: Foreseen | None, ahead: timedelta) -> Foreseen:
    at_once, alone = (_minutes(x) for x in (told, ordinary or told))
    found = before_its_time(at_once, alone, ahead.total_seconds() / 60)
    said = shown(found, found.p90, told.rough)
    p50_s, most_s = round(found.p50 * 60), round(found.p90 * 60)
    return Foreseen(told.service, told.priority, said.state, said.low, said.high, told.rough, p50_s, most_s)


def _minutes(told: Foreseen) -> Forecast:
    """p50 and the promise, in minutes."""
    return Forecast((told.p50_s or 0) / 60, (told.at_most_s or 0) / 60)


def _promise(unit: Unit, leg: int, queue: str, told: Foreseen, occasion: Occasion) -> None:
    facts = {k: v for k, v in vars(told).items() if k not in ("service", "priority")}
    place = {"leg": leg, "hall": unit.hall, "day": unit.day, "queue": queue, "made_at": unit.now}
    unit.connection.execute(_ADD_PROMISE, {**place, **facts, "occasion": occasion})


def promise_moved(unit: Unit, found: Mapping[int, Foreseen]) -> None:
    """Tell anew those who were sent on, or go on to a further service, and have not been told since."""
    for row in unit.connection.execute(_UNPROMISED, {"hall": unit.hall, "day": unit.day}).all():
        told = found.get(row.id)
        if told is not None:
            _promise(unit, row.id, row.queue, told, "moved")


def find_promise(connection: Connection, leg: int) -> Promise | None:
    """None: nothing was known when the number was taken."""
    row = connection.execute(_FIND_PROMISE, {"leg": leg}).one_or_none()
    return Promise(*row) if row else None


def told_with(connection: Connection, ticket: int) -> Estimate:
    """What was said when the number was taken, for every paper of it."""
    row = connection.execute(_TOLD_WITH, {"ticket": ticket}).one_or_none()
    return Promise(*row).estimate if row else UNKNOWN


def called_promises(connection: Connection, hall: str, day: str, before: datetime) -> list[Promise]:
    """Promises of the day that a call `before` that moment has settled, with what came true, in the order of
    the calls. A call that was taken back settles nothing, nor does one of somebody who took the number by
    phone and came later than the promise said."""
    rows = connection.execute(_CALLED, {"hall": hall, "day": day, "before": before})
    return [
        Promise(*row[:-2], waited_s=_seconds(row.made_at, row.called_at))
        for row in rows
        if row.arrived_at is None or _seconds(row.made_at, row.arrived_at) <= row.at_most_s
    ]


def broken_promises(connection: Connection, hall: str, day: str) -> list[bool]:
    """Of every promise of the day that is settled: was it broken? In the order of the calls."""
    rows = connection.execute(_SETTLED, {"hall": hall, "day": day}).all()
    rows.sort(key=lambda row: row.made_at + timedelta(seconds=row.waited_s))
    return [row.waited_s > row.at_most_s for row in rows]


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds()))


def settle(unit: Unit, promises: Sequence[Promise]) -> None:
    """Store what came true."""
    for promise in promises:
        unit.connection.execute(_SETTLE, {"of_leg": promise.leg, "waited_s": promise.waited_s})


def expectation(connection: Connection, leg: int) -> Expected | None:
    row = connection.execute(_FIND_EXPECTED, {"leg": leg}).one_or_none()
    return Expected(*row) if row else None


def expectations(connection: Connection, hall: str) -> dict[int, Expected]:
    return {row.leg: Expected(*row) for row in connection.execute(_ALL_EXPECTED, {"hall": hall})}


def save_expectations(unit: Unit, rows: Sequence[Expected]) -> None:
    """Save `rows`, and forget those of legs that wait no more."""
    upsert_all(unit.connection, t.expectation, [{"hall": unit.hall, **vars(r)} for r in rows], ("leg",))
    unit.connection.execute(_FORGET, {"hall": unit.hall, "day": unit.day})


def calibration(connection: Connection, hall: str) -> dict[int, tuple[float, int]]:
    """bucket -> (c, calls it has learned from)."""
    return {row.bucket: (row.c, row.calls) for row in connection.execute(_CALIBRATION, {"hall": hall})}


def save_calibration(unit: Unit, values: Mapping[int, tuple[float, int]]) -> None:
    rows: list[dict[str, Any]] = [
        {"hall": unit.hall, "bucket": bucket, "c": c, "calls": calls} for bucket, (c, calls) in values.items()
    ]
    upsert_all(unit.connection, t.calibration, rows, ("hall", "bucket"))
