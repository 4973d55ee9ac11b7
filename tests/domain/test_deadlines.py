"""Limits in working days by the official table: day 0 is the day it came in, weekends that work count."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.appointments import is_workday
from server.domain.deadlines import due_at
from server.settings import HallSettings

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("since", "workdays", "due"),
    [
        ("2026-03-02 09:00", 5, "2026-03-09 17:30"),  # DOMAIN test vector: the 5th working day
        ("2026-03-02 09:00", 0, "2026-03-02 17:30"),
        ("2026-03-02 18:00", 0, "2026-03-03 17:30"),
        ("2026-02-13 10:00", 1, "2026-02-14 17:30"),  # a Saturday that works before 春节
        ("2026-02-14 10:00", 1, "2026-02-24 17:30"),  # after 春节
        ("2026-03-07 10:00", 1, "2026-03-09 17:30"),  # written on a Saturday
        ("2026-09-30 16:00", 1, "2026-10-08 17:30"),
    ],
)
def test_the_end_of_the_last_working_day(hall: HallSettings, since: str, workdays: int, due: str) -> None:
    at = datetime.fromisoformat(since).replace(tzinfo=ZONE)
    assert f"{due_at(hall.calendar, ZONE, at, workdays):%Y-%m-%d %H:%M}" == due


@given(minutes=st.integers(0, 390_000), workdays=st.integers(1, 30))
def test_so_many_working_days_lie_between(hall: HallSettings, minutes: int, workdays: int) -> None:
    since = datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(minutes=minutes)
    day, due = since.date(), due_at(hall.calendar, ZONE, since, workdays)
    between = [day + timedelta(days=n) for n in range(1, (due.date() - day).days + 1)]
    assert sum(is_workday(hall.calendar, one) for one in between) == workdays
    assert is_workday(hall.calendar, due.date())
