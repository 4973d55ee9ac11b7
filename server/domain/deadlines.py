"""Limits in working days: 期限. The day something comes in is day 0; the limit ends when the hall closes on
its last day (DOMAIN 4.7; the official table says which days work, a hall's own closing prolongs nothing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from server.domain.appointments import is_workday
from server.domain.calendar import HallCalendar
from server.domain.catalogue import STRICT


@dataclass(frozen=True)
class Limits:
    """rating.toml [complaint] and the same of [bad]: working days until somebody has taken it up, until it
    is answered, and until it is answered when the limit was extended. review: so long after the answer its
    giver may ask for a second look by somebody else; 0 = never."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    contact_workdays: Annotated[int, Field(ge=0, le=60)] = 1
    answer_workdays: Annotated[int, Field(ge=1, le=60)] = 5
    extended_workdays: Annotated[int, Field(ge=1, le=60)] = 15
    review_workdays: Annotated[int, Field(ge=0, le=60)] = 10


def due_at(calendar: HallCalendar, zone: ZoneInfo, since: datetime, workdays: int) -> datetime:
    """The end of the last of so many working days after `since`. 0: the next end of a working day."""
    local = since.astimezone(zone)
    day, left = local.date(), workdays
    if not workdays and is_workday(calendar, day):
        end = _closing(calendar, zone, day)
        if end > local:
            return end
    left = max(left, 1)
    while left:
        day += timedelta(days=1)
        left -= is_workday(calendar, day)
    return _closing(calendar, zone, day)


def _closing(calendar: HallCalendar, zone: ZoneInfo, day: date) -> datetime:
    """When the hall's ordinary hours end on `day`."""
    return datetime.combine(day, calendar.weekday[-1][1], zone)
