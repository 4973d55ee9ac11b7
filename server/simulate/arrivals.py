"""Who comes when, for what, and how long it takes: arrivals.toml, and one day drawn from it by a seed.

Every person draws the same count of random numbers in the same order, so that two plans played with the same
people differ by the plan alone (common random numbers).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median
from typing import ClassVar, Literal

from server.domain.appointments import takes_appointments
from server.domain.calendar import HallCalendar
from server.domain.catalogue import STRICT, Catalogue
from server.domain.estimate.coming import Newcomers
from server.domain.routing import APPOINTMENT, ORDINARY
from server.settings import HallSettings, Reader, SettingsError

HALF_HOUR_S, DAY_S = 1800, 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Z95 = 1.6448536269514722  # the 95th percentile of the standard normal distribution
EARLY_MIN = (6.0, 6.0)  # mean and spread of the minutes by which an appointment holder is early
BACK_MIN = (3, 25)  # minutes after which somebody comes back who missed a call, least and most
SHOWN_MOST = 0.35  # a call is missed with at most this probability, however long the wait was
ELDER_OF_PRIORITY = 0.07 / 0.12
ELDER = "elder"
TOLD_WEIGHT = 20.0  # numbers: how much the file weighs against what today has shown


@dataclass(frozen=True)
class ServiceTime:
    """Mean: the service's avg_minutes; sigma of the logarithm."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    distribution: Literal["lognormal"]
    sigma: float
    minimum_minutes: float = 0.0


@dataclass(frozen=True)
class Walk:
    """Seconds from the call to standing at the window, lognormal."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    mean: float
    p95: float


@dataclass(frozen=True)
class Share:
    """One service's part of all tickets; parts are normalised."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    service: str
    share: float


@dataclass(frozen=True)
class Arrivals:
    """arrivals.toml: the demand on an ordinary day (weekday factor 1), shares as fractions."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT
    base_tickets_per_day: float
    appointment_share: float
    no_show_base: float
    no_show_per_minute_over_10: float
    priority_share: float
    service_time: ServiceTime
    call_to_arrival_seconds: Walk
    weekday_factor: Mapping[str, float]
    profile_half_hour: Mapping[str, float]  # "08:30" -> share of the day that comes in that half hour
    mix: tuple[Share, ...]
    special_factor: Mapping[str, float] | None = None

    def profile(self) -> list[tuple[int, int, float]]:
        """(begin, end, share) in order, seconds of the day; a span ends with its half hour or where the next
        one begins, and the shares sum to 1."""
        total = sum(self.profile_half_hour.values())
        parts = sorted(
            (second(time.fromisoformat(at)), s / total) for at, s in self.profile_half_hour.items()
        )
        begins = [at for at, _ in parts]
        ends = [min(a + HALF_HOUR_S, b) for a, b in zip(begins, [*begins[1:], DAY_S], strict=True)]
        return [(at, end, share) for (at, share), end in zip(parts, ends, strict=True)]

    def expected(self, day: date, calendar: HallCalendar) -> float:
        """Tickets on `day`; a weekend day that works has no weekday's factor."""
        weekday = calendar.weekday_of(day)
        factor = 1.0 if weekday is None else self.weekday_factor.get(WEEKDAYS[weekday], 1.0)
        return self.base_tickets_per_day * factor

    def missing_share(self, waited_min: float) -> float:
        """How probable it is that somebody called after so long does not answer."""
        return min(
            SHOWN_MOST, self.no_show_base + self.no_show_per_minute_over_10 * max(0.0, waited_min - 10)
        )


@dataclass(frozen=True)
class Citizen:
    """Somebody who comes. Times in seconds of the local day; durations in seconds.

    `luck` in 0..1: the call is missed when it lies under the share of misses for the wait so far.
    """

    id: int
    at_s: float
    service: str
    priority: str = ORDINARY
    slot_s: float | None = None  # the appointment's time
    work_s: float = 600.0
    walk_s: float = 36.0
    luck: float = 1.0
    back_s: float | None = None  # after a missed call they come back so much later; None: never
    comes: bool = True  # False: booked and never seen
    # who waited already when the play begins (a what-if): where their seniority starts
    origin_s: float | None = None


def second(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def read_arrivals(path: Path, catalogue: Catalogue) -> Arrivals:
    """The file, checked against the hall. Raises SettingsError with every trouble found."""
    r = Reader()
    found = r.parse(Arrivals, r.load(path), path)
    if found is not None:
        _check(r, path, found, catalogue)
    if found is None or r.troubles:
        raise SettingsError(r.troubles)
    return found


def told_newcomers(
    arrivals: Arrivals, calendar: HallCalendar, local: datetime, until: float, taken: int
) -> Newcomers:
    """Who will walk in within `until` minutes of `local`, as the file has it, while the hall's own past
    says nothing: its profile at the pace of today, of which `taken` walk-ins are known."""
    usual = arrivals.expected(local.date(), calendar) * (1 - arrivals.appointment_share)
    day = arrivals.profile()
    now_s = second(local.time())
    past = usual * sum(share * min(1.0, max(0.0, (now_s - a) / (b - a))) for a, b, share in day)
    today = (taken + TOLD_WEIGHT) / (past + TOLD_WEIGHT)
    steps = []
    for a, b, share in day:
        start, end = max((a - now_s) / 60, 0.0), min((b - now_s) / 60, until)
        if start < end:
            steps.append((start, end, usual * today * share / ((b - a) / 60)))
    total, kinds = sum(s.share for s in arrivals.mix), []
    for s in arrivals.mix:
        share = s.share / total
        kinds += [
            (share * (1 - arrivals.priority_share), s.service, ORDINARY),
            (share * arrivals.priority_share, s.service, ELDER),
        ]
    return Newcomers(tuple(steps), tuple(kinds), 1 / math.sqrt(TOLD_WEIGHT + taken))


def published_arrivals(path: Path, files: Catalogue, now: Catalogue) -> Arrivals:
    """arrivals.toml for the hall as it is published. files: of the hall's own files, which the file was
    written for. Raises SettingsError."""
    known = replace(files, services={**files.services, **now.services})
    return as_published(read_arrivals(path, known), files, now)


def as_published(arrivals: Arrivals, files: Catalogue, now: Catalogue) -> Arrivals:
    """Nobody comes for a service that was closed or taken away since; one that the files do not have is
    wanted as often as the middle one of those they have, until the file says how often."""
    offered = {s.id for s in now.services.values() if not s.closed}
    told = {m.service for m in arrivals.mix}
    usual = median(m.share for m in arrivals.mix)
    new = (s for s in now.services if s in offered and s not in told and s not in files.services)
    mix = (*(m for m in arrivals.mix if m.service in offered), *(Share(s, usual) for s in new))
    if sum(m.share for m in mix) <= 0:
        return replace(arrivals, base_tickets_per_day=0.0)
    return replace(arrivals, mix=mix)


def usual_arrivals(config: Path, files: Catalogue, now: Catalogue) -> Arrivals:
    """Of the hall as it is published (`now`), by the arrivals.toml in the folder `config`; without one an
    even demand over the day and all services."""
    path = config / "arrivals.toml"
    if path.exists():
        return published_arrivals(path, files, now)
    return Arrivals(
        base_tickets_per_day=300,
        appointment_share=0.0,
        no_show_base=0.05,
        no_show_per_minute_over_10=0.0,
        priority_share=0.1,
        service_time=ServiceTime("lognormal", 0.63),  # coefficient of variation 0.7
        call_to_arrival_seconds=Walk(36, 90),
        weekday_factor={},
        profile_half_hour={f"{h:02d}:{m:02d}": 1.0 for h in (9, 10, 11, 14, 15, 16) for m in (0, 30)},
        mix=tuple(Share(s.id, 1.0) for s in now.services.values() if not s.closed),
    )


def _check(r: Reader, path: Path, found: Arrivals, catalogue: Catalogue) -> None:
    for key in ("appointment_share", "priority_share", "no_show_base"):
        if not 0 <= getattr(found, key) <= 1:
            r.no(path, key, "应在 0 到 1 之间", "must be within 0..1")
    for key in found.weekday_factor.keys() - set(WEEKDAYS):
        r.no(path, f"weekday_factor.{key}", "不是星期", "no day of the week")
    for key in found.profile_half_hour:
        try:
            time.fromisoformat(key)
        except ValueError:
            r.no(path, f"profile_half_hour.{key}", "不是时刻", "not a time of day")
    for key, parts in (("profile_half_hour", found.profile_half_hour.values()),
                       ("mix", [m.share for m in found.mix])):  # fmt: skip
        if min(parts, default=0) < 0 or sum(parts) <= 0:
            r.no(path, key, "份额应为正", "the shares must be positive")
    for i, part in enumerate(found.mix):
        if part.service not in catalogue.services:
            r.no(path, f"mix[{i}].service", f"没有事项 {part.service}", f"no service {part.service}")
    walk = found.call_to_arrival_seconds
    if not 0 < walk.mean <= walk.p95 <= walk.mean * math.exp(Z95**2 / 2):
        r.no(path, "call_to_arrival_seconds", "均值和九五分位不相容", "no lognormal has this mean and p95")


def lognormal(mean: float, sigma: float, normal: float) -> float:
    """The value of a lognormal of that mean at the standard normal `normal`."""
    return mean * math.exp(sigma * normal - sigma * sigma / 2)


def sigma_of(mean: float, p95: float) -> float:
    """The sigma of a lognormal with this mean and 95th percentile."""
    return Z95 - math.sqrt(max(0.0, Z95**2 - 2 * math.log(p95 / mean)))


@dataclass(frozen=True)
class Demand:
    """A day's wishes: how many, and what differs from the ordinary (scenario files)."""

    tickets: float  # expected number
    exact: bool = False  # just so many instead of a Poisson number
    appointment_share: float = 0.0
    priority_share: float = 0.0
    back_share: float = 0.0  # of those who missed a call, how many come back
    missed_share: float = 0.0  # of those with an appointment, how many never come
    weights: Mapping[str, float] | None = None  # service -> factor on its part of the mix
    minutes: Mapping[str, float] | None = None  # service -> mean minutes instead of the catalogue's


class People:
    """Draws citizens. One `Random` makes the whole stream."""

    def __init__(self, arrivals: Arrivals, hall: HallSettings, demand: Demand, rng: Random) -> None:
        self._arrivals, self._hall, self._demand, self._rng = arrivals, hall, demand, rng
        weights = demand.weights or {}
        self._services = [m.service for m in arrivals.mix]
        parts = [m.share * weights.get(m.service, 1.0) for m in arrivals.mix]
        self._up_to = list(accumulate(parts))
        booked = {s for s in self._services if self._bookable(s)}
        bookable = sum(p for s, p in zip(self._services, parts, strict=True) if s in booked)
        self._booked = booked
        share = demand.appointment_share * self._up_to[-1]
        self._appointment = min(1.0, share / bookable) if bookable else 0.0
        walk = arrivals.call_to_arrival_seconds
        self._walk = (walk.mean, sigma_of(walk.mean, walk.p95))
        classes = [c.id for c in hall.hall.priority.classes if not c.by_staff_only]
        self._elder = ELDER if ELDER in classes else None
        self._others = [c for c in classes if c != ELDER]

    def _bookable(self, service: str) -> bool:
        return takes_appointments(self._hall.catalogue, self._hall.catalogue.services[service])

    def draw(self, id: int, at_s: float) -> Citizen:
        """One person who would come at `at_s`; an appointment holder comes a little before the slot."""
        rng, demand, arrivals = self._rng, self._demand, self._arrivals
        which, cls, kind = rng.random(), rng.random(), rng.random()
        work, walk, early = rng.gauss(0, 1), rng.gauss(0, 1), rng.gauss(*EARLY_MIN)
        luck, back, back_min = rng.random(), rng.random(), rng.uniform(*BACK_MIN)
        service = self._pick(which)
        minutes = (demand.minutes or {}).get(service, self._hall.catalogue.services[service].avg_minutes)
        priority, slot_s, comes = ORDINARY, None, True
        if service in self._booked and cls < self._appointment:
            step = self._hall.hall.appointment.slot_minutes * 60
            priority, slot_s = APPOINTMENT, round(at_s / step) * step
            at_s = slot_s - max(-20.0, min(early, 20.0)) * 60
            comes = kind >= demand.missed_share
        elif cls > 1 - demand.priority_share:
            priority = self._class(kind)
        sigma, least = arrivals.service_time.sigma, arrivals.service_time.minimum_minutes
        work_s = max(lognormal(minutes, sigma, work), least) * 60
        back_s = back_min * 60 if back < demand.back_share else None
        walk_s = lognormal(*self._walk, walk)
        return Citizen(id, at_s, service, priority, slot_s, work_s, walk_s, luck, back_s, comes)

    def _pick(self, u: float) -> str:
        aim = u * self._up_to[-1]
        return next((s for s, up in zip(self._services, self._up_to, strict=True) if aim < up),
                    self._services[-1])  # fmt: skip

    def _class(self, u: float) -> str:
        if self._elder and (u < ELDER_OF_PRIORITY or not self._others):
            return self._elder
        if not self._others:
            return ORDINARY
        return self._others[int(u * 1000) % len(self._others)]


def draw_day(people: People, arrivals: Arrivals, demand: Demand, rng: Random) -> list[Citizen]:
    """Everybody of one day, in order of their coming."""
    many = round(demand.tickets) if demand.exact else poisson(demand.tickets, rng)
    profile = arrivals.profile()
    up_to = list(accumulate(share for _, _, share in profile))
    found = []
    for i in range(many):
        u, within = rng.random() * up_to[-1], rng.random()
        begin, end, _ = next((p for p, up in zip(profile, up_to, strict=True) if u < up), profile[-1])
        found.append(people.draw(i + 1, begin + within * (end - begin)))
    return in_order(found)


def draw_span(
    people: People, rate: Callable[[float], float], from_s: float, to_s: float, most: float, rng: Random
) -> list[Citizen]:
    """Everybody who would come within from_s..to_s, `rate(s)` a second, never more than `most` (thinning);
    an appointment moves its holder to shortly before the slot, even out of the span."""
    found: list[Citizen] = []
    at = from_s
    while most > 0:
        at += rng.expovariate(most)
        if at >= to_s:
            break
        if rng.random() * most < rate(at):
            found.append(people.draw(len(found) + 1, at))
    return in_order(found)


def in_order(people: Sequence[Citizen]) -> list[Citizen]:
    return sorted(people, key=lambda c: (c.at_s, c.id))


def poisson(mean: float, rng: Random) -> int:
    """A Poisson number: how many exponential gaps fit into `mean`."""
    count, at = -1, 0.0
    while at <= mean:
        at += rng.expovariate(1.0)
        count += 1
    return count
