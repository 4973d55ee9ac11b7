"""The day by itself: opened and closed by the calendar, and whatever is wrong with calendar, clock or skills
told to the manager."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from server.actions.day import begin_closing, clock_is_doubtful, close_day, open_day
from server.actions.raise_alarm import clear_alarm, keep_alarms, raise_alarm
from server.domain.opening import day_begins, day_ends, day_stops
from server.domain.refusals import Refusal, WindowBusy
from server.domain.skills import ending_skills
from server.domain.tickets import PRESENT
from server.settings import HallSettings
from server.store.alarms import alarms_of
from server.store.days import Day, find_day, latest_day
from server.store.deeds import last_deed_at
from server.store.tickets import legs_in
from server.store.unit import Unit

log = logging.getLogger(__name__)

CALM = timedelta(minutes=15)


def run_day(unit: Unit, hall: HallSettings, always_open: bool) -> None:
    """What is due at `unit.now`. always_open: the demo hall, which keeps no hours."""
    local = unit.now.astimezone(hall.zone).replace(tzinfo=None)
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None:
        # The demo hall's day begins with the date; one that a person has ended is theirs to open again.
        fresh = always_open and latest_day(unit.connection, unit.hall) != local.date().isoformat()
        if fresh or (not always_open and _is_due(hall, local)):
            _try(lambda: open_day(unit, hall, by_hand=always_open))
    elif not always_open:
        _end(unit, hall, day, local)


def closing_time(hall: HallSettings, day: str) -> datetime | None:
    """When the windows of a business day should close; None on a day that the calendar closes."""
    ends = day_ends(hall.calendar, hall.catalogue, date.fromisoformat(day))
    return ends.replace(tzinfo=hall.zone) if ends else None


def _is_due(hall: HallSettings, local: datetime) -> bool:
    begins = day_begins(hall.calendar, hall.catalogue, local.date())
    stops = day_stops(hall.calendar, hall.catalogue, local.date())
    return begins is not None and stops is not None and begins <= local < stops


def _end(unit: Unit, hall: HallSettings, day: Day, local: datetime) -> None:
    """Stop giving numbers when the last queue does, serve everyone, then close; at the latest when the date
    is over (a queue that carries over: an hour after its end) and nobody is being served any more."""
    on = date.fromisoformat(day.day)
    stops = day_stops(hall.calendar, hall.catalogue, on)
    ends = day_ends(hall.calendar, hall.catalogue, on)
    if day.state == "open" and not day.by_hand and (stops is None or local >= stops):
        begin_closing(unit)
        return
    midnight = datetime.combine(on + timedelta(days=1), time())
    grace = timedelta(minutes=hall.hall.hours.closing_grace_minutes)
    latest = midnight if ends is None else max(midnight, ends + grace if ends > midnight else midnight)
    if ends is not None and not hall.hall.hours.serve_everyone_with_ticket and not day.by_hand:
        latest = ends
    over = day.state == "closing" and not day.by_hand and (ends is None or local >= ends)
    stuck: dict[str, dict[str, object]] = {}
    asked: dict[str, dict[str, object]] = {}
    left = legs_in(unit.connection, unit.hall, day.day, *PRESENT)
    if local >= latest and left and hall.hall.hours.serve_everyone_with_ticket and not _is_calm(unit, day):
        asked = {day.day: {"count": len(left)}}
    elif local >= latest or (over and not left):
        try:
            close_day(unit, closing_time(hall, day.day))
        except WindowBusy as no:
            stuck = {day.day: dict(no.facts)}
    keep_alarms(unit, "day-stuck", "red", stuck)
    keep_alarms(unit, "day-over", "red", asked)


def _is_calm(unit: Unit, day: Day) -> bool:
    """Has the hall been quiet for CALM, by a time that passed evenly? Where people are still being served, or
    the clock has only just come to say that the day is over, a person ends it."""
    last = last_deed_at(unit.connection, unit.hall, day.day)
    moments = [moment for moment in (last, unit.even_since) if moment is not None]
    return not moments or unit.now - max(moments) >= CALM


def watch(unit: Unit, hall: HallSettings) -> None:
    """Keep the alarms about the clock, the calendar and the skills as they ought to be."""
    today = unit.now.astimezone(hall.zone).date()
    _watch_clock(unit, hall)
    missing = hall.calendar.missing_year(today)
    keep_alarms(unit, "calendar", "yellow", {str(missing): {}} if missing else {})
    people = hall.catalogue.people
    ending = {
        who: {
            "name": people[who.partition(":")[0]].name,
            "skill": who.partition(":")[2],
            "until": until.isoformat(),
        }
        for who, until in ending_skills(people, today).items()
    }
    keep_alarms(unit, "skill", "yellow", ending)


def _watch_clock(unit: Unit, hall: HallSettings) -> None:
    """A clock that cannot be believed is told with what it said when it was first seen, not minute by
    minute."""
    if not clock_is_doubtful(unit):
        clear_alarm(unit, "clock", "server")
    elif not alarms_of(unit.connection, unit.hall, "clock"):
        seen = {"clock": unit.clock_at, "stored": unit.stored_at}
        facts = {k: f"{v.astimezone(hall.zone):%Y-%m-%d %H:%M}" for k, v in seen.items()}
        raise_alarm(unit, "clock", "server", "red", **facts)


def _try(deed: Callable[[], object]) -> None:
    """Do it if the rules allow; the next beat tries again."""
    try:
        deed()
    except Refusal as no:
        log.debug("day: %s", no.code)
