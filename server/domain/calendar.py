"""Working days and opening hours: may a number be given now, and if not, when.

Local times of the hall's zone. 调休 (a weekend that works), rest days and the hall's own closures are data; a
year without an official table is "provisional": Monday to Friday, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from server.domain import refusals
from server.domain.catalogue import STRICT

Interval = tuple[time, time]
NOON = time(12)
SATURDAY = 5  # of date.weekday()
KNOWN_BY = (12, 1)  # month and day from which the next year's table must be there


@dataclass(frozen=True)
class LocalDay:
    """calendar.toml [[local]]: what the hall itself decided for one date."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    date: date
    kind: Literal["closed", "closed_morning", "closed_afternoon", "open", "hours"]
    reason: str = ""
    hours: tuple[Interval, ...] = ()  # kind "hours"


@dataclass(frozen=True)
class Hours:
    """hall.toml [hours]"""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    kiosk_open: time
    weekday: tuple[Interval, ...]
    lunch_duty: tuple[time, time] | None = None  # windows with lunch_duty = true work through it
    saturday: tuple[Interval, ...] = ()
    saturday_mode: Literal["appointment_only", "walk_in"] = "appointment_only"
    sunday: tuple[Interval, ...] = ()
    ticket_stop_minutes_before_close: int = 15
    serve_everyone_with_ticket: bool = True
    closing_grace_minutes: int = 60


@dataclass(frozen=True)
class Holiday:
    """Days of rest in a row."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    name: str = ""


@dataclass(frozen=True)
class Year:
    """calendar.toml [[holiday]]: the official table of one year, rest days and weekends that work (调休)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    year: int
    closed: tuple[Holiday, ...] = ()
    weekend_workdays: tuple[date, ...] = ()


@dataclass(frozen=True)
class HallCalendar:
    """Which days work and in which hours. `years` = years with an official table."""

    kiosk_open: time
    weekday: Sequence[Interval]
    saturday: Sequence[Interval]
    sunday: Sequence[Interval]
    stop_before_close: timedelta
    rest_days: frozenset[date]
    work_weekends: frozenset[date]
    years: frozenset[int]
    saturday_walk_in: bool  # false: Saturday serves appointments only
    local: Mapping[date, LocalDay] = field(default_factory=dict)

    def is_provisional(self, day: date) -> bool:
        return day.year not in self.years

    def missing_year(self, day: date) -> int | None:
        """The year whose table ought to be here by `day` and is not."""
        if self.is_provisional(day):
            return day.year
        late = (day.month, day.day) >= KNOWN_BY
        return day.year + 1 if late and day.year + 1 not in self.years else None

    def kind(self, day: date) -> Literal["working", "saturday", "sunday", "rest"]:
        """What sort of day the official table makes of it."""
        local = self.local.get(day)
        if local and local.kind == "open":
            return "working"
        if day in self.rest_days:
            return "rest"
        if day in self.work_weekends or day.weekday() < SATURDAY:
            return "working"
        return "saturday" if day.weekday() == SATURDAY else "sunday"

    def weekday_of(self, day: date) -> int | None:
        """The day of the week `day` is like, 0 = Monday. None: a weekend day that works (调休, or the hall
        opened it); no official table says which weekday it stands for, so it is an ordinary working day."""
        makes_up = day.weekday() >= SATURDAY and self.kind(day) == "working"
        return None if makes_up else day.weekday()

    def intervals(self, day: date) -> Sequence[Interval]:
        """The hours in which the hall serves on `day`, with or without appointment; empty when closed."""
        return self.cut(
            day,
            {"working": self.weekday, "saturday": self.saturday, "sunday": self.sunday, "rest": ()}[
                self.kind(day)
            ],
        )

    def cut(self, day: date, hours: Sequence[Interval]) -> Sequence[Interval]:
        """`hours` as the hall's own decision for that date leaves them."""
        local = self.local.get(day)
        if local is None or local.kind == "open":
            return hours
        if local.kind == "hours":
            return local.hours
        if local.kind == "closed":
            return ()
        if local.kind == "closed_morning":
            return tuple((max(a, NOON), b) for a, b in hours if b > NOON)
        return tuple((a, min(b, NOON)) for a, b in hours if a < NOON)

    def walk_in(self, day: date) -> bool:
        """Is a number given without appointment on `day`?"""
        return self.kind(day) != "saturday" or self.saturday_walk_in

    def check_taking(self, local: datetime, lunch_staffed: bool) -> None:
        """Raises when a walk-in number may not be given at `local` (naive local time of the hall).

        lunch_staffed: some window of the queue works over lunch. Before `kiosk_open` and within
        `stop_before_close` of the last closing time nothing is given; between the intervals only where lunch
        is staffed.
        """
        hours = self.intervals(local.date()) if self.walk_in(local.date()) else ()
        if not hours:
            raise refusals.DayClosed(date=local.date().isoformat(), opens=self.next_open(local.date()))
        now, last = local.time(), hours[-1][1]
        stop = (datetime.combine(local.date(), last) - self.stop_before_close).time()
        if now < self.kiosk_open or now >= stop:
            raise refusals.HoursClosed(opens=f"{self.kiosk_open:%H:%M}", stops=f"{stop:%H:%M}")
        for (_, end), (start, _) in zip(hours, hours[1:], strict=False):
            if end <= now < start and not lunch_staffed:
                raise refusals.LunchClosed(until=f"{start:%H:%M}")

    def next_open(self, day: date) -> str | None:
        """The next day after `day` with walk-in hours, within two weeks."""
        later = (day + timedelta(days=n) for n in range(1, 15))
        return next((d.isoformat() for d in later if self.walk_in(d) and self.intervals(d)), None)


def calendar_of(hours: Hours, years: Iterable[Year], local: Iterable[LocalDay]) -> HallCalendar:
    """The calendar that the hall's hours, the official tables and the hall's own days make."""
    known = list(years)
    rest = {
        h.first + timedelta(days=n)
        for year in known
        for h in year.closed
        for n in range((h.last - h.first).days + 1)
    }
    return HallCalendar(
        kiosk_open=hours.kiosk_open,
        weekday=hours.weekday,
        saturday=hours.saturday,
        sunday=hours.sunday,
        stop_before_close=timedelta(minutes=hours.ticket_stop_minutes_before_close),
        rest_days=frozenset(rest),
        work_weekends=frozenset(day for year in known for day in year.weekend_workdays),
        years=frozenset(year.year for year in known),
        saturday_walk_in=hours.saturday_mode == "walk_in",
        local={day.date: day for day in local},
    )
