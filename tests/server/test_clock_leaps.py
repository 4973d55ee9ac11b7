"""A clock that leaps ahead by hours: past the evening, past midnight, while the hall works or the computer is
off (F9, F10). Nobody loses a number by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from server.actions.day import trust_clock
from server.actions.run_day import CALM, run_day, watch
from server.clock import JUMP, TRUST
from server.domain import refusals
from server.domain.actors import SYSTEM
from server.store.days import find_day
from server.store.unit import Store
from tests.conftest import fresh_sqlite
from tests.server.hall_day import HallDay
from tests.server.test_clock import Machine, alarms, day, machine

__all__ = ["day", "machine"]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """No statement here is an engine's own: one engine will do."""
    return fresh_sqlite(tmp_path)


def tick(day: HallDay) -> None:
    with day.store.unit(SYSTEM) as unit:
        watch(unit, day.hall)
        run_day(unit, day.hall, always_open=False)


def day_state(day: HallDay) -> str:
    with day.store.read() as connection:
        return find_day(connection, day.hall.id, "2026-03-02").state


@pytest.mark.parametrize("hours", [1, 9, 14, 24 * 30])
def test_F9_a_clock_that_leaps_while_the_hall_works_ends_no_day_and_is_forgotten_when_set_right(
    day: HallDay, machine: Machine, hours: int
) -> None:
    waits = day.take()
    tick(day)
    machine.wait(60)
    day.clock.at += timedelta(hours=hours)
    for _ in range(20):
        machine.wait(2)
        tick(day)
    assert (day_state(day), alarms(day)) == ("open", ["clock"])
    assert day.take().ticket.number == "A002", "numbers are given by the hall's own time"
    assert day.call("W01").number == waits.ticket.number
    day.clock.at -= timedelta(hours=hours)
    machine.wait(30)
    tick(day)
    assert (day_state(day), alarms(day)) == ("open", [])
    with day.store.unit(SYSTEM) as unit:
        assert unit.now == day.clock.at


def test_F9_a_person_says_that_a_clock_that_leapt_is_right(day: HallDay, machine: Machine) -> None:
    day.take()
    day.clock.at += timedelta(hours=3)
    tick(day)
    assert alarms(day) == ["clock"]
    with day.store.unit(SYSTEM) as unit:
        trust_clock(unit, day.hall)
    assert alarms(day) == []
    with day.store.unit(SYSTEM) as unit:
        assert unit.now == day.clock.at
        day.clock.at -= timedelta(hours=3)
    with pytest.raises(refusals.ClockInsane), day.store.unit(SYSTEM) as unit:
        trust_clock(unit, day.hall)


def test_a_clock_that_leapt_and_runs_on_evenly_is_believed_in_the_end(day: HallDay, machine: Machine) -> None:
    """A virtual machine was stopped for two hours, and nobody looks at the alarm."""
    day.take()
    day.clock.at += timedelta(hours=2)
    tick(day)
    for _ in range(4):
        machine.wait(TRUST.total_seconds() / 5)
        tick(day)
    assert alarms(day) == ["clock"]
    machine.wait(TRUST.total_seconds() / 5)
    tick(day)
    assert alarms(day) == []
    with day.store.unit(SYSTEM) as unit:
        assert unit.now == day.clock.at


def test_a_clock_put_right_by_minutes_is_followed_at_once(day: HallDay, machine: Machine) -> None:
    day.take()
    machine.wait(60)
    day.clock.at += JUMP - timedelta(minutes=1)
    tick(day)
    assert alarms(day) == []
    with day.store.unit(SYSTEM) as unit:
        assert unit.now == day.clock.at


def test_a_restart_into_the_next_day_asks_before_people_lose_their_numbers(
    day: HallDay, machine: Machine
) -> None:
    """A power cut, and a dead battery: the computer comes back a day ahead while people wait."""
    day.take()
    day.take()
    day.call("W01")
    day.serve("W01")
    day.clock.at += timedelta(days=1)
    day.store = Store(day.store.engine, day.store.hall, day.clock, steady=lambda: machine.seconds)
    for _ in range(6):
        tick(day)
        machine.wait(120)
    assert day_state(day) != "closed"
    assert alarms(day) == ["day-over"]
    assert day.call("W01").number == "A002", "whoever is there is served meanwhile"
    day.serve("W01", minutes=0)
    tick(day)
    assert (day_state(day), alarms(day)) == ("closed", []), "nobody is left"


def test_a_machine_switched_off_over_night_ends_yesterday_by_itself(day: HallDay, machine: Machine) -> None:
    """Somebody went away without a word: their number keeps no hall shut in the morning."""
    day.take()
    day.clock.at += timedelta(hours=23)
    day.store = Store(day.store.engine, day.store.hall, day.clock, steady=lambda: machine.seconds)
    tick(day)
    tick(day)
    assert alarms(day) == ["day-over"]
    for _ in range(8):
        machine.wait(CALM.total_seconds() / 8)
        tick(day)
    assert (day_state(day), alarms(day)) == ("closed", [])
    machine.wait(2)
    tick(day)
    with day.store.read() as connection:
        assert find_day(connection, day.hall.id, "2026-03-03").state == "open"


def test_F10_nobody_is_sent_home_at_midnight_while_windows_serve(day: HallDay, machine: Machine) -> None:
    for _ in range(3):
        day.take()
    machine.wait(14.9 * 3600)
    day.call("W01")
    tick(day)
    machine.wait(10 * 60)
    day.serve("W01", minutes=0)
    tick(day)
    assert day_state(day) == "closing"
    assert alarms(day) == ["day-over"]
    machine.wait(CALM.total_seconds())
    tick(day)
    assert day_state(day) == "closed", "nobody serves any more"
