"""Who helps whom, on both engines: emergencies, tidal windows, A and B of a post."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from server.actions.emergency import acknowledge_emergency, close_emergency, raise_emergency
from server.actions.staff_window import close_window, open_window, pause_window
from server.actions.stand_in import call_stand_ins
from server.actions.tidal import decide_tidal, watch_load
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.events import Event
from server.domain.posts import due
from server.domain.rosters import DayShift, Roster, expected_at
from server.store.snapshots.desk import desk_value
from server.store.snapshots.helping import emergencies_value, posts_value, tidal_value
from tests.conftest import clerk
from tests.server.hall_day import HallDay
from tests.server.test_desk_deeds import seen

LEADER = Actor("staff", "ZW021", "duty_leader", proof="session-ZW021")


def by_leader(day: HallDay, deed: Any, *args: Any) -> None:
    with day.store.unit(LEADER) as unit:
        deed(unit, *args)


def beat(day: HallDay, deed: Any) -> list[Event]:
    with day.store.unit(SYSTEM) as unit:
        deed(unit, day.hall)
        return unit.events


# --- emergencies
def test_an_emergency_has_a_state_and_an_owner(day: HallDay) -> None:
    """FEATURES 95."""
    day.open("W01")
    raised = day.at("W01", raise_emergency, "W01")
    assert day.at("W01", raise_emergency, "W01").id == raised.id, "pressed twice it is one"
    shown = seen(day, emergencies_value)
    assert [(e["window"], e["person"], e["state"], e["owner"]) for e in shown] == [
        ("1", "陈静", "open", None)
    ]
    assert seen(day, desk_value, "W01")["emergency"]["state"] == "open"
    by_leader(day, acknowledge_emergency, raised.id)
    assert seen(day, emergencies_value)[0]["owner"] == day.hall.catalogue.people["ZW021"].name
    by_leader(day, close_emergency, raised.id, "已平息")
    assert seen(day, emergencies_value) == []
    assert seen(day, desk_value, "W01")["emergency"] is None
    for deed in (
        lambda: by_leader(day, acknowledge_emergency, raised.id),
        lambda: by_leader(day, close_emergency, raised.id, ""),
    ):
        with pytest.raises(refusals.EmergencyClosed):
            deed()
    with pytest.raises(refusals.NotFound):
        by_leader(day, acknowledge_emergency, 999)
    assert day.at("W01", raise_emergency, "W01").id != raised.id


# --- tidal windows
def tidal(day: HallDay) -> str:
    return str(seen(day, tidal_value)[0]["state"])


def open_w04(day: HallDay) -> None:
    with day.store.unit(clerk("ZW004")) as unit:
        open_window(unit, day.hall, "W04")


def test_a_tidal_window_is_asked_for_by_load_and_opened_when_the_leader_agrees(day: HallDay) -> None:
    day.open("W01")
    for _ in range(7):
        day.take()
    assert beat(day, watch_load) == []
    assert tidal(day) == "closed"
    with pytest.raises(refusals.WindowTidal):
        open_w04(day)
    day.take()
    assert [e.name for e in beat(day, watch_load)] == ["tidal.requested"]
    assert beat(day, watch_load) == [], "asked once"
    assert (tidal(day), seen(day, tidal_value)[0]["waiting"]) == ("requested", 8)
    with pytest.raises(refusals.WindowTidal):
        open_w04(day)
    by_leader(day, decide_tidal, day.hall, "W04", True)
    open_w04(day)
    assert seen(day, desk_value, "W04")["tidal"] == "confirmed"


def test_one_who_waits_long_asks_too_and_a_calm_hall_lets_go(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.clock.forward(minutes=20)
    assert [e.name for e in beat(day, watch_load)] == ["tidal.requested"]
    by_leader(day, decide_tidal, day.hall, "W04", True)
    open_w04(day)
    day.call("W01")
    beat(day, watch_load)
    day.clock.forward(minutes=19)
    assert beat(day, watch_load) == []
    day.clock.forward(minutes=1)
    assert [e.name for e in beat(day, watch_load)] == ["tidal.cleared"]
    assert seen(day, desk_value, "W04")["tidal"] == "cleared"


def test_a_new_load_starts_the_calm_minutes_again(day: HallDay) -> None:
    day.open("W01", "W02")
    for _ in range(8):
        day.take()
    beat(day, watch_load)
    day.call("W01")
    beat(day, watch_load)
    day.clock.forward(minutes=10)
    day.take()
    beat(day, watch_load)
    day.call("W02")
    beat(day, watch_load)
    day.clock.forward(minutes=9)
    assert beat(day, watch_load) == []
    assert tidal(day) == "requested"


def test_a_declined_request_rests_and_a_leader_may_open_ahead_of_it(day: HallDay) -> None:
    day.open("W01")
    for _ in range(8):
        day.take()
    beat(day, watch_load)
    by_leader(day, decide_tidal, day.hall, "W04", False)
    assert beat(day, watch_load) == []
    day.clock.forward(minutes=20)
    assert [e.name for e in beat(day, watch_load)] == ["tidal.requested"]
    by_leader(day, decide_tidal, day.hall, "W04", False)
    by_leader(day, decide_tidal, day.hall, "W04", True)
    open_w04(day)
    for window in ("W01", "W99"):
        with pytest.raises(refusals.WindowUnknown):
            by_leader(day, decide_tidal, day.hall, window, True)


def test_an_automatic_hall_asks_nobody(day: HallDay) -> None:
    day.hall = replace(day.hall, tidal=replace(day.hall.tidal, needs="automatic"))
    day.open("W01")
    for _ in range(8):
        day.take()
    assert [e.name for e in beat(day, watch_load)] == ["tidal.confirmed"]
    open_w04(day)


# --- A and B
def test_b_is_called_when_a_does_not_come_and_then_the_leader(day: HallDay) -> None:
    """B3 AB角: A does not sign in, B is asked within the set time, then the duty leader."""
    day.open("W01")
    state = lambda: seen(day, posts_value)["W02"]["state"]  # noqa: E731
    day.clock.forward(minutes=4, seconds=59)
    assert beat(day, call_stand_ins) == []
    assert state() == "away"
    day.clock.forward(seconds=1)
    asked = beat(day, call_stand_ins)
    assert {e.name for e in asked} == {"post.stand_in_called"}
    windows = {e.window for e in asked}  # type: ignore[attr-defined]
    assert "W02" in windows
    assert not windows & {"W01", "W04"}, "W01 is covered, W04 is tidal"
    assert beat(day, call_stand_ins) == []
    assert state() == "uncovered"
    day.clock.forward(minutes=5)
    assert {e.name for e in beat(day, call_stand_ins)} == {"post.leader_called"}
    day.at("W01", close_window, day.hall, "W01")
    with day.store.unit(clerk("ZW001")) as unit:  # ZW001 is B of window 2
        open_window(unit, day.hall, "W02")
    assert state() == "covered_by_b"
    assert seen(day, posts_value)["W02"]["called"] == "none"
    assert beat(day, call_stand_ins) == []
    assert seen(day, posts_value)["W01"]["state"] == "away"
    day.clock.forward(minutes=5)
    assert [e.window for e in beat(day, call_stand_ins)] == ["W01"]  # type: ignore[attr-defined]


def test_a_at_the_post_covers_it_unless_paused(day: HallDay) -> None:
    day.open("W01")
    assert seen(day, posts_value)["W01"]["state"] == "covered_by_a"
    day.at("W01", pause_window, day.hall, "W01", "meal")
    assert seen(day, posts_value)["W01"]["state"] == "away"


def test_nobody_is_expected_outside_hours_and_a_call_ends_with_them(day: HallDay) -> None:
    day.open("W01")
    day.clock.forward(minutes=6)
    beat(day, call_stand_ins)
    day.clock.at = day.clock.at.replace(hour=12, minute=30)
    ended = {e.window for e in beat(day, call_stand_ins) if e.name == "post.cover_ended"}  # type: ignore[attr-defined]
    assert "W02" in ended
    assert seen(day, posts_value)["W02"]["called"] == "none"
    assert beat(day, call_stand_ins) == []


@pytest.mark.parametrize(
    ("window", "at", "expected"),
    [
        ("W02", "2026-03-02T08:29", False),
        ("W02", "2026-03-02T08:30", True),
        ("W02", "2026-03-02T12:30", False),
        ("W01", "2026-03-02T12:30", True),  # stays over lunch
        ("W04", "2026-03-02T09:00", False),  # tidal
        ("W02", "2026-03-07T09:00", False),  # not on Saturdays
        ("W01", "2026-03-07T09:00", True),
    ],
)
def test_when_somebody_is_expected(hall: Any, window: str, at: str, expected: bool) -> None:
    local = datetime.fromisoformat(at)
    shift = expected_at(hall.duties.shifts(window, local.date()), local)
    assert (shift is not None) is expected


def test_a_roster_says_who_is_missing_and_who_is_not(day: HallDay) -> None:
    """W02 is ZW017's this morning, W03 is closed on purpose: nobody is called for it."""
    morning = {"date": date(2026, 3, 2), "start": time(8, 30), "end": time(12)}
    rosters = {
        "W02": Roster("W02", days=(DayShift(**morning, person="ZW017"),)),
        "W03": Roster("W03", days=(DayShift(**morning),)),
    }
    day.hall = replace(day.hall, rosters=rosters)
    day.open("W01")
    rows = seen(day, posts_value)
    own = [(s["person"], s["since"][11:16], s["until"][11:16]) for s in rows["W02"]["shifts"]]
    assert own == [(day.hall.catalogue.people["ZW017"].name, "00:30", "04:00"), ("李明远", "06:00", "09:30")]
    assert [s["since"][11:16] for s in rows["W03"]["shifts"]] == ["06:00"]
    day.clock.forward(minutes=6)
    called = {e.window for e in beat(day, call_stand_ins) if e.name == "post.stand_in_called"}  # type: ignore[attr-defined]
    assert "W02" in called
    assert "W03" not in called


@pytest.mark.parametrize(
    ("minutes", "called", "whom"),
    [
        (4, "none", None),
        (5, "none", "b_called"),
        (30, "none", "b_called"),
        (9, "b_called", None),
        (10, "b_called", "leader_called"),
        (99, "leader_called", None),
    ],
)
def test_who_is_called_when(minutes: int, called: str, whom: str | None) -> None:
    assert due(timedelta(minutes=minutes), called, 5) == whom
