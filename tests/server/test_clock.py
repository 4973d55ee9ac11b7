"""The computer's clock is set back, or leaps: the hall's time goes on, nothing is doubled, a manager is told
(F8, F9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.actions.no_show import give_back_place, no_show
from server.actions.recall import recall
from server.actions.run_day import watch
from server.actions.undo import undo
from server.app import App
from server.clock import LEAP, PACE, HallTime
from server.domain import refusals
from server.domain.actors import SYSTEM
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.store.alarms import all_alarms
from server.store.unit import Store
from tests.conftest import MONDAY_NINE, Clock
from tests.server.callers import staff
from tests.server.hall_day import HallDay


class Machine:
    """A computer whose clock may be wrong while its seconds go on."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.seconds = clock, 0.0

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.clock.forward(seconds=seconds)


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(clock)


@pytest.fixture
def day(store: Store, hall: HallSettings, template: SlipBook, clock: Clock, machine: Machine) -> HallDay:
    ours = Store(store.engine, store.hall, clock, steady=lambda: machine.seconds)
    return HallDay(ours, hall, template, clock).open("W01")


def alarms(day: HallDay) -> list[str]:
    with day.store.unit(SYSTEM) as unit:
        watch(unit, day.hall)
    with day.store.read() as connection:
        return [a["kind"] for a in all_alarms(connection, day.hall.id)]


@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(hours=2), timedelta(days=3000)])
def test_F8_a_clock_set_back_does_not_hold_up_recall_and_no_show(
    day: HallDay, machine: Machine, back: timedelta
) -> None:
    day.take()
    called = day.call("W01")
    assert called is not None
    machine.wait(5)
    day.clock.at -= back
    with pytest.raises(refusals.RecallTooSoon):
        day.at("W01", recall, day.hall, "W01")
    machine.wait(day.hall.hall.call.recall_interval_seconds / PACE)
    assert day.at("W01", recall, day.hall, "W01").calls == 2
    machine.wait(day.hall.hall.call.min_service_seconds / PACE)
    missed = day.at("W01", no_show, day.hall, "W01")
    assert missed.ended_at > called.called_at
    machine.wait(day.hall.hall.call.undo_seconds / PACE + 1)
    with pytest.raises(refusals.UndoTooLate):
        day.at("W01", undo, day.hall, "W01")
    machine.wait(60)
    again = day.at("W01", give_back_place, day.hall, "W01", called.id)
    assert again.state == "waiting"


def test_F8_the_manager_is_told_once_until_the_clock_has_caught_up(day: HallDay, machine: Machine) -> None:
    day.take()
    assert alarms(day) == []
    day.clock.at -= timedelta(minutes=20)
    assert alarms(day) == ["clock"]
    with day.store.read() as connection:
        said = all_alarms(connection, day.hall.id)[0]["facts"]
    machine.wait(300)
    assert alarms(day) == ["clock"]
    with day.store.read() as connection:
        assert all_alarms(connection, day.hall.id)[0]["facts"] == said, "told once, not minute by minute"
    assert (said["stored"], said["clock"]) == ("2026-03-02 09:00", "2026-03-02 08:40")
    machine.wait(20 * 60 / (1 - PACE))
    assert alarms(day) == []
    with day.store.unit(SYSTEM) as unit:
        assert unit.now == unit.clock_at == day.clock.at


def test_numbers_go_on_whatever_the_clock_says(day: HallDay, machine: Machine) -> None:
    given = []
    for minutes in (0, -30, 15, -600, 60 * 24 * 500, -60 * 24 * 500):
        day.clock.forward(minutes=minutes)
        machine.wait(20)
        given.append(day.take().ticket)
    assert [t.number for t in given] == [f"A{n:03d}" for n in range(1, 7)]
    taken = [t.taken_at for t in given]
    assert taken == sorted(taken)
    assert taken[-1] - taken[0] < timedelta(hours=1), "a leap ahead took nobody along"


def test_a_new_process_goes_on_from_the_last_stored_moment(day: HallDay, machine: Machine) -> None:
    """A dead battery: the computer starts in the year 2000."""
    day.take()
    day.call("W01")
    day.clock.at = day.clock.at.replace(year=2000)
    day.store = Store(day.store.engine, day.store.hall, day.clock, steady=lambda: machine.seconds)
    with pytest.raises(refusals.NoShowTooSoon):
        day.at("W01", no_show, day.hall, "W01")
    machine.wait(day.hall.hall.call.min_service_seconds / PACE)
    assert day.at("W01", no_show, day.hall, "W01").state == "no_show"


STEPS = st.lists(st.tuples(st.floats(0, 7200), st.floats(-9e7, 9e7), st.booleans()), min_size=1, max_size=30)


@given(STEPS)
def test_the_halls_time_never_goes_back_and_a_doubted_clock_moves_it_by_seconds_only(
    steps: list[tuple[float, float, bool]],
) -> None:
    """Whatever the clock does. `keep`: something is stored at that moment, and the process starts anew."""
    clock, seconds = Clock(MONDAY_NINE), [0.0]
    time, stored = HallTime(clock, lambda: seconds[0]), MONDAY_NINE
    last = time.look(stored).now
    for passed, jump, keep in steps:
        seconds[0] += passed
        clock.forward(seconds=passed + jump)
        moment = time.look(stored)
        assert moment.now >= stored
        if clock.at < stored or moment.leaps:
            assert moment.now <= max(last, stored) + timedelta(seconds=passed)
        else:
            assert moment.now == clock.at <= stored + LEAP
        last = moment.now
        if keep:
            stored, time = moment.now, HallTime(clock, lambda: seconds[0])
            last = time.look(stored).now


@pytest.mark.parametrize("days", [-3, -0.5, 500])
def test_a_wrong_clock_throws_nobody_out_and_shows_no_other_time(app: App, clock: Clock, days: float) -> None:
    """Sessions and what faces are told follow the hall's time, not the computer's."""
    manager = staff(app, "manager")
    assert manager.ask("POST", "/api/day/open", {"request_id": "open-0001"}).status_code == 200
    clerk = staff(app, "clerk")
    clock.forward(days=days)
    staff(app, "duty_leader")  # one more signs in: sessions that are too old are swept then
    opened = clerk.ask("POST", "/api/windows/W01/open", {"request_id": "open-0002"})
    assert opened.status_code == 200, opened.json
    told = manager.ask("GET", "/api/session")
    assert told.status_code == 200
    assert timedelta(0) <= app.house.clock() - MONDAY_NINE < timedelta(minutes=1)
