"""A scenario file: what differs from the hall's ordinary day, or a whole list of arrivals to be replayed.

name = "一个窗口关一上午 / one window closed all morning"
date = 2026-03-02             # decides weekday factor and hours
tickets = 400                 # just so many; without it the profile's number for the day
special = ["rain"]            # keys of arrivals.toml [special_factor]
back_share = 0.3              # of those who missed a call, how many come back
appointment_share = 0.2       # instead of arrivals.toml's
missed_share = 0.1            # of those with an appointment, how many never come

[gate]                        # overrides of config/rules.toml
gamma = 0.0

[[window]]
id = "W04"
hours = [["09:00", "11:30"]]  # instead of the calendar's; [] = stays closed

[[service]]
id = "S101"
queue = "A"                   # moved to another queue
minutes = 12.0
weight = 2.0                  # factor on its part of the mix

[[arrival]]                   # with any of these nobody else comes
at = 09:12:00
service = "S101"
priority = "elder"            # ordinary, appointment (with slot) or a class of the hall
minutes = 14.0                # at the window
shows = true                  # false: misses the call
comes = true                  # false: has an appointment and never comes
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from dataclasses import replace as changed
from datetime import date as Day
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from server.domain.calendar import Interval
from server.domain.catalogue import STRICT
from server.domain.crew import Seat, own_hours, seats, usual_seat
from server.domain.routing import APPOINTMENT, ORDINARY, Rules
from server.settings import HallSettings, Reader, SettingsError
from server.simulate.arrivals import Arrivals, Citizen, Demand, People, draw_day, in_order, second
from server.simulate.loop import Manners, Shift, reach_of

SHOWS, STAYS_AWAY = 1.0, -1.0  # `luck` of somebody whose answer is written down


@dataclass(frozen=True)
class WindowPlan:
    """Hours of one window instead of the calendar's."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    id: str
    hours: tuple[Interval, ...]


@dataclass(frozen=True)
class ServicePlan:
    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    id: str
    queue: str | None = None
    minutes: float | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Arrival:
    """One person of a replayed day."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    at: time
    service: str
    minutes: float
    priority: str = ORDINARY
    slot: time | None = None
    walk_seconds: float = 30.0
    shows: bool = True
    comes: bool = True
    back_minutes: float | None = None


@dataclass(frozen=True)
class Scenario:
    """A scenario file; the defaults are the hall's ordinary Monday."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    name: str = "平常的星期一 / an ordinary Monday"
    date: Day = Day(2026, 3, 2)
    tickets: int | None = None
    special: tuple[str, ...] = ()
    appointment_share: float | None = None
    priority_share: float | None = None
    back_share: float = 0.0
    missed_share: float = 0.0
    gate: Mapping[str, Any] = field(default_factory=dict)
    window: tuple[WindowPlan, ...] = ()
    service: tuple[ServicePlan, ...] = ()
    arrival: tuple[Arrival, ...] = ()


def read_scenario(path: Path, hall: HallSettings, arrivals: Arrivals) -> Scenario:
    """The file, checked against the hall. Raises SettingsError with every trouble found."""
    r = Reader()
    found = r.parse(Scenario, r.load(path), path)
    if found is not None:
        _check(r, path, found, hall, arrivals)
    if found is None or r.troubles:
        raise SettingsError(r.troubles)
    return found


def _check(r: Reader, path: Path, found: Scenario, hall: HallSettings, arrivals: Arrivals) -> None:
    catalogue = hall.catalogue
    r.parse(Rules, {**asdict(hall.rules), **found.gate}, path, "gate")
    if found.tickets is not None and not 0 <= found.tickets <= 20_000:
        r.no(path, "tickets", "应在 0 到 20000 之间", "must be within 0..20000")
    for key in ("appointment_share", "priority_share", "back_share", "missed_share"):
        value = getattr(found, key)
        if value is not None and not 0 <= value <= 1:
            r.no(path, key, "应在 0 到 1 之间", "must be within 0..1")
    for i, word in enumerate(found.special):
        if word not in (arrivals.special_factor or {}):
            r.no(path, f"special[{i}]", f"没有因素 {word}", f"no special factor {word}")
    for i, window in enumerate(found.window):
        if window.id not in catalogue.windows:
            r.no(path, f"window[{i}].id", f"没有窗口 {window.id}", f"no window {window.id}")
        times = [at for pair in window.hours for at in pair]
        if times != sorted(times):
            r.no(path, f"window[{i}].hours", "时间顺序不对", "the hours are not in order")
    for i, service in enumerate(found.service):
        if service.id not in catalogue.services:
            r.no(path, f"service[{i}].id", f"没有事项 {service.id}", f"no service {service.id}")
        if service.queue is not None and service.queue not in catalogue.queues:
            r.no(path, f"service[{i}].queue", f"没有队列 {service.queue}", f"no queue {service.queue}")
        if service.weight < 0 or (service.minutes is not None and service.minutes <= 0):
            r.no(path, f"service[{i}]", "应为正数", "must be positive")
    classes = {ORDINARY, APPOINTMENT, *(c.id for c in hall.hall.priority.classes)}
    for i, a in enumerate(found.arrival):
        if a.service not in catalogue.services:
            r.no(path, f"arrival[{i}].service", f"没有事项 {a.service}", f"no service {a.service}")
        if a.priority not in classes:
            r.no(path, f"arrival[{i}].priority", f"没有类别 {a.priority}", f"no class {a.priority}")
        if (a.priority == APPOINTMENT) != (a.slot is not None):
            r.no(
                path, f"arrival[{i}].slot", "预约才有时段，且必须有", "an appointment has a slot, others none"
            )
        if not a.comes and a.slot is None:
            r.no(
                path, f"arrival[{i}].comes", "没有预约的人不来就不必写", "without an appointment it is nobody"
            )
        if a.minutes <= 0 or a.walk_seconds < 0:
            r.no(path, f"arrival[{i}].minutes", "应为正数", "must be positive")


def queues_of(scenario: Scenario, hall: HallSettings) -> dict[str, str]:
    """Service -> queue, moves included."""
    moved = {s.id: s.queue for s in scenario.service if s.queue is not None}
    return {s.id: moved.get(s.id, s.queue) for s in hall.catalogue.services.values()}


def rules_of(scenario: Scenario, hall: HallSettings) -> Rules:
    return changed(hall.rules, **scenario.gate)


def hall_of(scenario: Scenario, hall: HallSettings) -> HallSettings:
    """The hall as the scenario has it: its rules, its services in their queues."""
    queue_of = queues_of(scenario, hall)
    services = {s.id: changed(s, queue=queue_of[s.id]) for s in hall.catalogue.services.values()}
    return changed(hall, rules=rules_of(scenario, hall), catalogue=changed(hall.catalogue, services=services))


def shifts_of(
    scenario: Scenario, hall: HallSettings, day: Day, crew: Sequence[Seat] | None = None
) -> list[Shift]:
    """Who sits where when: the crew of the day, and the hours that the scenario gives a window instead, with
    its A role. Who works until the hall closes serves all that hold a number. crew: instead of the roster's
    with nobody on leave."""
    midnight = datetime.combine(day, time())
    own = {w.id: w.hours for w in scenario.window}
    found = []
    for window, hours in own.items():
        if not hall.catalogue.windows[window].out:
            person = usual_seat(hall.duties, window, day).person
            spans = [(second(begin), second(end)) for begin, end in hours]
            found += [Shift(window, a, b, (a, b) == spans[-1], person) for a, b in spans]
    sitting = seats(hall.duties, (), day) if crew is None else crew
    for window in hall.catalogue.windows.values():
        mine = [s for s in sitting if s.window == window.id and window.id not in own]
        hours = own_hours(hall.duties, window, day)
        closes = datetime.combine(day, hours[-1][1]) if hours else midnight
        for seat in mine:
            a, b = ((at - midnight).total_seconds() for at in (seat.start, seat.end))
            found.append(Shift(window.id, a, b, seat.end >= closes, seat.person))
    return found


def manners_of(scenario: Scenario, hall: HallSettings, arrivals: Arrivals) -> Manners:
    call = hall.hall.call
    patience = call.recalls_before_no_show * call.recall_interval_seconds + call.no_show_wait_seconds
    queue_of = queues_of(scenario, hall)
    return Manners(arrivals, patience, reach_of(hall.catalogue, queue_of), queue_of)


def demand_of(scenario: Scenario, hall: HallSettings, arrivals: Arrivals, day: Day) -> Demand:
    """How many come on `day` and what for."""
    weights = {s.id: s.weight for s in scenario.service}
    total = arrivals.expected(day, hall.calendar)
    for word in scenario.special:
        factor = (arrivals.special_factor or {})[word]
        hit = _hit(word, hall)
        total *= 1.0 if hit else factor
        for service in hit:
            weights[service] = weights.get(service, 1.0) * factor
    parts = {m.service: m.share for m in arrivals.mix}
    if scenario.tickets is None:  # heavier services bring more people, they do not push others out
        total *= sum(p * weights.get(s, 1.0) for s, p in parts.items()) / sum(parts.values())
    given = scenario.appointment_share, scenario.priority_share
    booked, first = given[0], given[1]
    return Demand(
        tickets=total if scenario.tickets is None else scenario.tickets,
        exact=scenario.tickets is not None,
        appointment_share=arrivals.appointment_share if booked is None else booked,
        priority_share=arrivals.priority_share if first is None else first,
        back_share=scenario.back_share,
        missed_share=scenario.missed_share,
        weights=weights,
        minutes={s.id: s.minutes for s in scenario.service if s.minutes is not None},
    )


def _hit(word: str, hall: HallSettings) -> list[str]:
    """The services a special factor's name speaks of ("..._queue_D", "..._S406_S407"); none: all of them."""
    services = hall.catalogue.services
    named = [part for part in word.split("_") if part in services]
    queue = re.search(r"_queue_([A-Z])$", word)
    return named + [s.id for s in services.values() if queue and s.queue == queue.group(1)]


def citizens_of(
    scenario: Scenario, hall: HallSettings, arrivals: Arrivals, day: Day, seed: int
) -> list[Citizen]:
    """Everybody who comes on `day`: the replayed list, or drawn by `seed`."""
    if scenario.arrival:
        return in_order([_replayed(i, a) for i, a in enumerate(scenario.arrival, 1)])
    rng = Random(f"{seed}/{day.isoformat()}")
    demand = demand_of(scenario, hall, arrivals, day)
    return draw_day(People(arrivals, hall, demand, rng), arrivals, demand, rng)


def _replayed(id: int, a: Arrival) -> Citizen:
    return Citizen(
        id=id,
        at_s=second(a.at),
        service=a.service,
        priority=a.priority,
        slot_s=None if a.slot is None else second(a.slot),
        work_s=a.minutes * 60,
        walk_s=a.walk_seconds,
        luck=SHOWS if a.shows else STAYS_AWAY,
        back_s=None if a.back_minutes is None else a.back_minutes * 60,
        comes=a.comes,
    )


def working_days(scenario: Scenario, hall: HallSettings, days: int) -> list[Day]:
    """`days` dates from the scenario's on: its own, then the next ones on which the hall is open."""
    found = [scenario.date]
    while len(found) < days:
        day = found[-1] + timedelta(days=1)
        while not hall.calendar.intervals(day):
            day += timedelta(days=1)
        found.append(day)
    return found
