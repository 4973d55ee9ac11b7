"""When the numbers of one queue are given on a business day: the hall's hours, or the queue's own where it
has some (early, late, staggered, Saturday, round the clock). Naive local times of the hall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain import refusals
from server.domain.calendar import HallCalendar
from server.domain.catalogue import Catalogue, Queue, Span, Window

Stretch = tuple[datetime, datetime]
DayHours = tuple[HallCalendar, Catalogue]


@dataclass(frozen=True)
class Opening:
    """One queue on one business day: numbers from `first` until `stop`; `serves` are its hours."""

    first: datetime
    stop: datetime
    serves: tuple[Stretch, ...]

    @property
    def end(self) -> datetime:
        return self.serves[-1][1]


def opening(calendar: HallCalendar, queue: Queue, windows: Sequence[Window], day: date) -> Opening | None:
    """None when the queue gives no walk-in number on `day`.

    windows: those that take the queue; on Saturdays at least one must work on Saturdays.
    """
    kind = calendar.kind(day)
    if not calendar.walk_in(day) and not queue.saturday:
        return None
    if kind == "saturday" and not any(w.saturday for w in windows):
        return None
    own = {"working": queue.hours, "saturday": queue.saturday}.get(kind, ())
    hours = calendar.cut(day, own) if own else calendar.intervals(day)
    if queue.carry_over and kind != "rest":
        hours = queue.hours or hours
    if not hours:
        return None
    serves = tuple(_stretch(day, span, queue.carry_over) for span in hours)
    begins, end = serves[0][0], serves[-1][1]
    first = datetime.combine(day, queue.kiosk_open or calendar.kiosk_open)
    if queue.kiosk_open is None and own:
        first = begins - max(timedelta(0), _lead(calendar, day))
    if queue.carry_over and queue.kiosk_open is None:
        first = begins
    spare = queue.stop_minutes_before_close
    stop = end - (calendar.stop_before_close if spare is None else timedelta(minutes=spare))
    if queue.last_ticket is not None:
        stop = min(stop, datetime.combine(day, queue.last_ticket))
    return Opening(first, stop, serves)


def _stretch(day: date, span: Span, carry_over: bool) -> Stretch:
    begins, ends = (datetime.combine(day, t) for t in span)
    return begins, ends + timedelta(days=1) if carry_over and ends <= begins else ends


def _lead(calendar: HallCalendar, day: date) -> timedelta:
    """How long before the windows the hall's kiosk opens."""
    hours = calendar.weekday
    opens = hours[0][0] if hours else calendar.kiosk_open
    return datetime.combine(day, opens) - datetime.combine(day, calendar.kiosk_open)


def check_queue(
    calendar: HallCalendar, queue: Queue, windows: Sequence[Window], day: date, local: datetime
) -> None:
    """Raises when no walk-in number of `queue` may be given at `local` on the business day `day`.

    Raises DayClosed, AppointmentOnly, HoursClosed, LunchClosed; each says when numbers are given again.
    """
    found = opening(calendar, queue, windows, day)
    if found is None:
        if not calendar.walk_in(day) and calendar.intervals(day):
            raise refusals.AppointmentOnly(date=day.isoformat(), opens=calendar.next_open(day))
        raise refusals.DayClosed(date=day.isoformat(), opens=calendar.next_open(day))
    if not found.first <= local < found.stop:
        raise refusals.HoursClosed(opens=f"{found.first:%H:%M}", stops=f"{found.stop:%H:%M}")
    for end, start in _lunches(queue, windows, found):
        if end <= local < start:
            raise refusals.LunchClosed(until=f"{start:%H:%M}")


def _lunches(queue: Queue, windows: Sequence[Window], found: Opening) -> list[Stretch]:
    """The pauses in which nobody calls the queue, so that no number of it is given."""
    staffed = {"open": True, "closed": False, "staffed": any(w.lunch_duty for w in windows)}[queue.lunch]
    gaps = zip(found.serves, found.serves[1:], strict=False)
    return [] if staffed else [(end, start) for (_, end), (start, _) in gaps]


def giving(calendar: HallCalendar, queue: Queue, windows: Sequence[Window], day: date) -> list[Stretch]:
    """When `check_queue` lets a number of `queue` be given on `day`, for whom nobody can ask then."""
    found = opening(calendar, queue, windows, day)
    if found is None:
        return []
    edges = [found.first, *(edge for gap in _lunches(queue, windows, found) for edge in gap), found.stop]
    spans = [(a, min(b, found.stop)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(a, b) for a, b in spans if a < b]


def openings(calendar: HallCalendar, catalogue: Catalogue, day: date) -> list[Opening]:
    """Of every queue that gives numbers on `day`."""
    found = (
        opening(calendar, q, [catalogue.windows[w] for w in catalogue.serving[q.prefix]], day)
        for q in catalogue.queues.values()
    )
    return [o for o in found if o is not None]


def day_begins(calendar: HallCalendar, catalogue: Catalogue, day: date) -> datetime | None:
    """When the business day may open: the first number, or the first appointment of a day for these alone."""
    first = min((o.first for o in openings(calendar, catalogue, day)), default=None)
    if first is None and calendar.intervals(day):
        first = datetime.combine(day, calendar.kiosk_open)
    return first


def day_stops(calendar: HallCalendar, catalogue: Catalogue, day: date) -> datetime | None:
    """When the last number of the business day is given; on a day for appointments alone, when it closes."""
    last = max((o.stop for o in openings(calendar, catalogue, day)), default=None)
    return last or day_ends(calendar, catalogue, day)


def day_ends(calendar: HallCalendar, catalogue: Catalogue, day: date) -> datetime | None:
    """When the windows of the business day close, past midnight where a queue carries over."""
    ends = [o.end for o in openings(calendar, catalogue, day)]
    ends += [datetime.combine(day, b) for _, b in calendar.intervals(day)]
    return max(ends, default=None)


def is_lengthened(before: DayHours, after: DayHours, day: date, local: datetime) -> bool:
    """Were the numbers of the business day `day` over at `local` by the hours `before`, and are no more by
    those `after`?"""
    stopped, stops = day_stops(*before, day), day_stops(*after, day)
    return (stopped is None or stopped <= local) and stops is not None and local < stops


def slot_start(local: datetime, minutes: int) -> datetime:
    """The beginning of the slot of the day that `local` is in."""
    midnight = datetime.combine(local.date(), datetime.min.time())
    return midnight + (local - midnight) // timedelta(minutes=minutes) * timedelta(minutes=minutes)
