"""What the manager asks of the day: today beside a usual day, and the next two hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from server.actions.book import confirm, draft
from server.app import App
from server.domain.actors import Actor
from server.domain.leave import LeaveState
from server.store import tables as t
from server.store.leaves import add_leave, save_leave
from tests.server.callers import Caller, staff
from tests.server.test_what_if import busy

__all__ = ["busy"]


def past_days(app: App, *back: int) -> None:
    """The day as it stands, once more so many days ago; everybody then waited as many minutes."""
    with app.house.store.engine.begin() as db:
        today = db.execute(select(t.day)).mappings().one()
        tickets = [dict(row) for row in db.execute(select(t.ticket)).mappings()]
        legs = [dict(row) for row in db.execute(select(t.leg)).mappings()]
        for n in back:
            ago = timedelta(days=n)
            then = (date.fromisoformat(today["day"]) - ago).isoformat()
            db.execute(
                insert(t.day),
                {**today, "day": then, "state": "closed", "opened_at": today["opened_at"] - ago},
            )
            for ticket, leg in zip(tickets, legs, strict=True):
                id = 1000 * n + ticket["id"]
                taken = ticket["taken_at"] - ago
                db.execute(
                    insert(t.ticket), {**ticket, "id": id, "day": then, "link": f"{id}", "taken_at": taken}
                )
                called = taken + timedelta(minutes=n)
                moments = {"joined_at": taken, "origin_at": taken, "called_at": called, "started_at": called}
                own = {"id": id, "ticket": id, "day": then, "state": "done", "window": "W01", **moments}
                db.execute(insert(t.leg), {**leg, **own, "ended_at": called + timedelta(minutes=9)})


@pytest.fixture
def manager(busy: App) -> Caller:
    return staff(busy, "manager")


def test_today_beside_a_usual_day(busy: App, manager: Caller) -> None:
    told = manager.ask("GET", "/api/usual-day").json
    assert (told["basis"], told["days"], told["usual_so_far"]) == (None, [], None), "a first day has no past"
    assert told["so_far"]["arrivals"] == 21
    assert all(half["usual"] is None for half in told["halves"])
    assert sum(half["today"]["arrivals"] for half in told["halves"] if half["today"]) == 21

    past_days(busy, 7, 14, 21, 1)
    busy.flask.extensions["wucha-today"].past = None  # yesterday was read already
    told = manager.ask("GET", "/api/usual-day").json
    assert told["basis"] == "weekday"
    assert len(told["days"]) == 3
    assert told["usual_so_far"]["arrivals"] == told["so_far"]["arrivals"] == 21
    first = next(half for half in told["halves"] if half["usual"] and half["usual"]["arrivals"])
    assert first["usual"]["wait"] == 14.0, "the median of 7, 14 and 21 minutes"
    assert first["today"]["arrivals"] == first["usual"]["arrivals"]


def test_two_hours_ahead_with_the_window_that_helps(busy: App, manager: Caller) -> None:
    told = manager.ask("GET", "/api/forecast").json
    assert told["basis"] == "file"
    queue = told["queues"]["A"]
    assert (queue["target"], queue["goal"]) == (30, 0.8)
    assert len(queue["parts"]) == 4
    for part in queue["parts"]:
        assert part["arrivals"]["low"] <= part["arrivals"]["middle"] <= part["arrivals"]["high"]
        assert part["needed"] >= 1
    assert told["queues"]["B"]["parts"] is None, "nobody sits there and no plan opens it"
    advice = told["advice"]
    assert advice["queue"] == "A"
    assert advice["wait"] is None or advice["wait"] > 30
    assert advice["windows"][0] == {"id": "W04", "number": "4", "tidal": True}
    assert manager.ask("GET", "/api/forecast").json == told, "the same answer while nothing happened"

    past_days(busy, *range(1, 8))
    busy.flask.extensions["wucha-today"].learned = busy.flask.extensions["wucha-today"].forecast = None
    assert manager.ask("GET", "/api/forecast").json["basis"] == "learned"
    for path in ("/api/forecast", "/api/usual-day"):
        assert staff(busy, "duty_leader").ask("GET", path).status_code == 200
        assert staff(busy, "clerk").ask("GET", path).status_code == 403


def test_nobody_knows_and_no_day_are_said(app: App, tmp_path: Path) -> None:
    manager = staff(app, "manager")
    told = manager.ask("GET", "/api/forecast").json
    assert (told["basis"], told["queues"], told["advice"]) == ("closed", {}, None)
    assert manager.ask("POST", "/api/day/open", {"request_id": "today-open"}).status_code == 200
    assert (
        staff(app, "clerk").ask("POST", "/api/windows/W01/open", {"request_id": "today-window"}).status_code
        == 200
    )
    object.__setattr__(app.house.settings, "config", tmp_path)  # a hall without arrivals.toml
    told = manager.ask("GET", "/api/forecast").json
    assert told["basis"] == "none"
    known = [queue["parts"] for queue in told["queues"].values() if queue["parts"]]
    assert known, "a window is open"
    assert all(part["arrivals"] is part["wait"] is None for parts in known for part in parts)


def test_tomorrow_against_the_roster_and_who_has_booked(busy: App, manager: Caller) -> None:
    told = manager.ask("GET", "/api/day-ahead").json
    assert (told["day"], told["basis"], told["booked"]) == ("2026-03-03", "file", 0)
    assert told["expected"] == round(300 * 1.05 * (1 - 0.18))
    ten = next(half for half in told["halves"] if half["at"] == "10:00")
    queue = next(q for q in ten["queues"] if q["queue"] == "A")
    assert queue["rostered"] == 3
    assert queue["guess"] >= 1
    assert 0 <= queue["within"] <= 1
    assert ten["arrivals"] == pytest.approx(sum(q["arrivals"] for q in ten["queues"]), abs=1)
    kept = manager.ask("GET", "/api/day-ahead")
    assert kept.json == told, "as it was, until something changes"

    manager_id = Actor("staff", "ZW024", "manager")
    store, nine = busy.house.store, busy.house.clock()
    with store.unit(manager_id) as unit:
        made = add_leave(unit, "ZW002", nine + timedelta(hours=12), nine + timedelta(hours=36), "")
        save_leave(unit, made, state=LeaveState.APPROVED)
        draft_ = draft(unit, busy.house.hall, "S001", datetime(2026, 3, 3, 10, tzinfo=busy.house.hall.zone))
        confirm(unit, busy.house.hall, draft_)
    again = manager.ask("GET", "/api/day-ahead").json
    assert again["booked"] == 1
    ten = next(half for half in again["halves"] if half["at"] == "10:00")
    assert next(q for q in ten["queues"] if q["queue"] == "A")["rostered"] == 2, "one is on leave"


def test_which_day_may_be_asked_for(app: App) -> None:
    leader = staff(app, "duty_leader")
    for day in ("2026-03-02", "2026-04-02", "soon"):
        assert leader.ask("GET", f"/api/day-ahead?day={day}").status_code == 422, day
    assert leader.ask("GET", "/api/day-ahead?day=2026-03-08").json["day"] is None, "a Sunday"
    assert leader.ask("GET", "/api/day-ahead?day=2026-03-06").json["day"] == "2026-03-06"
    assert staff(app, "clerk").ask("GET", "/api/day-ahead").status_code == 403


def test_a_day_is_foreseen_from_the_halls_own_past(busy: App, manager: Caller) -> None:
    past_days(busy, 3, 4, 5, 6, 7)
    told = manager.ask("GET", "/api/day-ahead").json
    assert told["basis"] == "learned"
    assert 15 < told["expected"] < 30, "twenty-one on each of the past days"
