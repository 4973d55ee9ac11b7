"""Snapshot + changes = a fresh snapshot while appointments are booked, moved, kept and missed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.actions.book import cancel_booking, move_booking
from server.actions.keep_appointments import keep_appointments
from server.domain.actors import SYSTEM
from server.text import Texts
from tests.conftest import ROOT
from tests.server.hall_day import HallDay
from tests.server.test_booking import Bookings, tuesday
from tests.server.test_push import Wall


@pytest.fixture
def b(day: HallDay) -> Bookings:
    return Bookings(day)


def test_manager_and_clerks_see_appointments_live(b: Bookings) -> None:
    made, moved, gone, other = b.book(), b.book(tuesday(11)), b.book(tuesday(15)), b.book(tuesday(9), "S101")
    b.open(tuesday(9), "W01", "W05")
    wall = Wall(b.day, Texts(ROOT / "config" / "text"))
    wall.check()
    assert [r["queue"] for r in wall.states["clerk", "W01"]["values"]["appointments"]] == ["A"] * 3
    assert [r["queue"] for r in wall.states["clerk", "W05"]["values"]["appointments"]] == ["B"]
    b.arrive(other)
    wall.check()
    b.do(move_booking, b.see(gone), tuesday(10) + timedelta(days=1))
    wall.check()
    b.do(cancel_booking, b.see(moved))
    wall.check()
    b.clock.at = tuesday(9, 50)
    b.arrive(made)
    wall.check()
    rows = wall.states["manager", "all"]["values"]["appointments"]
    assert [(r["state"], r["number"]) for r in rows] == [
        ("checked_in", "B001"),
        ("checked_in", "A001"),
        ("cancelled", None),
    ]
    b.clock.forward(days=2)
    b.do(keep_appointments, actor=SYSTEM)
    wall.check()
    assert {
        "appointment.moved",
        "appointment.cancelled",
        "appointment.checked_in",
        "appointment.missed",
    } <= {event.name for event in wall.heard}
