"""Working days and opening hours: may a number be given now, and if not, when.

Local times of the hall's zone. 调休 (a weekend that works) and rest days are data; a year without an official
table is "provisional": Monday to Friday, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from server.domain import refusals

Interval = tuple[time, time]


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

    def is_provisional(self, day: date) -> bool:
        return day.year not in self.years

    def intervals(self, day: date) -> Sequence[Interval]:
        """The opening hours of `day`, empty when closed."""
        if day in self.rest_days:
            return ()
        if day in self.work_weekends or day.weekday() < 5:
            return self.weekday
        return self.saturday if day.weekday() == 5 and self.saturday_walk_in else self.sunday

    def check_taking(self, local: datetime, lunch_staffed: bool) -> None:
        """Raises when a walk-in number may not be given at `local` (naive local time of the hall).

        lunch_staffed: some window of the queue works over lunch. Before `kiosk_open` and within
        `stop_before_close` of the last closing time nothing is given; between the intervals only where lunch
        is staffed.
        """
        hours = self.intervals(local.date())
        if not hours:
            raise refusals.DayClosed(date=local.date().isoformat(), opens=self._next_open(local.date()))
        now, last = local.time(), hours[-1][1]
        stop = (datetime.combine(local.date(), last) - self.stop_before_close).time()
        if now < self.kiosk_open or now >= stop:
            raise refusals.HoursClosed(opens=f"{self.kiosk_open:%H:%M}", stops=f"{stop:%H:%M}")
        for (_, end), (start, _) in zip(hours, hours[1:], strict=False):
            if end <= now < start and not lunch_staffed:
                raise refusals.LunchClosed(until=f"{start:%H:%M}")

    def _next_open(self, day: date) -> str | None:
        later = (day + timedelta(days=n) for n in range(1, 15))
        return next((d.isoformat() for d in later if self.intervals(d)), None)
