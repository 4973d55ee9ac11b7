"""A day that is closing gives numbers again: by longer hours, or by the hand of who leads, with a reason."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from server.actions.publish_config import Desk, keep_draft, publish_draft
from server.actions.run_day import run_day
from server.app import App
from server.domain.actors import SYSTEM, Actor
from server.domain.configuration import Body
from server.store.config import drafts_of, newest_of
from server.store.days import find_day, latest_day
from tests.conftest import SHANGHAI, Clock
from tests.server.callers import Caller, audit, device, staff

_ids = itertools.count()
OWN = {"Origin": "http://localhost"}
LATER = [["08:30", "12:00"], ["14:00", "19:00"]]


def at(app: App, clock: Clock, moment: str) -> None:
    """Move the clock on the Monday, and let the hall notice."""
    clock.at = datetime.fromisoformat(f"2026-03-02T{moment}").replace(tzinfo=SHANGHAI)
    beat(app)


def beat(app: App) -> None:
    with app.house.store.unit(SYSTEM) as unit:
        run_day(unit, app.house.hall, always_open=False)


@pytest.fixture
def closing(app: App, clock: Clock) -> App:
    """Twenty past five: the last number was given, somebody still waits."""
    at(app, clock, "09:00")
    assert ask(device(app, "kiosk"), "/api/tickets", service="S001").status_code == 201
    at(app, clock, "17:20")
    assert state(app) == "closing"
    return app


def ask(who: Caller, path: str, **body: Any) -> Any:
    return who.ask("POST", path, {"request_id": f"reopen-{next(_ids)}", **body})


def state(app: App) -> str:
    with app.house.store.read() as connection:
        day = find_day(connection, app.house.store.hall, latest_day(connection, app.house.store.hall))
    assert day is not None
    return day.state


def publish(app: App, area: str, items: Body, when: Any = "now") -> None:
    desk = Desk(app.house.hall, app.house.current.files, app.house.texts.both)
    with app.house.store.unit(Actor("staff", "ZW024", "manager")) as unit:
        draft = drafts_of(unit.connection, unit.hall).get(area)
        base = newest_of(unit.connection, unit.hall, area).version
        rev, _ = keep_draft(unit, desk, area, items, base, draft.rev if draft else 0)
    with app.house.store.unit(Actor("staff", "ZW024", "manager")) as unit:
        publish_draft(unit, desk, area, base, rev, when, "今天延时")


def day_on(wall: Caller) -> str:
    """The state of the day as a board has it."""
    picture = wall.ask("GET", "/api/state/hall")
    assert picture.status_code == 200, picture.json
    return str(picture.json["values"]["day"]["state"])


def takers(app: App) -> list[tuple[str, Any]]:
    """Kiosk, guide and phone each ask for a number."""
    return [
        ("kiosk", ask(device(app, "kiosk"), "/api/tickets", service="S001")),
        ("guide", ask(staff(app, "guide"), "/api/tickets", service="S001")),
        ("duty leader", ask(staff(app, "duty_leader"), "/api/tickets", service="S003")),
    ]


@pytest.mark.parametrize(
    ("area", "items"),
    [
        ("hours", {"hall": {"weekday": LATER}}),
        *(
            pytest.param(*of, marks=pytest.mark.slow)
            for of in (
                ("days", {"2026-03-02": {"kind": "hours", "reason": "延时", "hours": LATER}}),
                ("queues", {"A": {"hours": LATER}}),
                ("queues", {"A": {"stop_minutes_before_close": 0}}),
            )
        ),
    ],
)
def test_longer_hours_published_after_the_last_number_give_numbers_again(
    closing: App, clock: Clock, area: str, items: Body
) -> None:
    for who, reply in takers(closing):
        assert (reply.status_code, reply.json["refused"]) == (409, "day-closing"), who
    wall = device(closing, "board")
    assert day_on(wall) == "closing"
    publish(closing, area, items)
    assert day_on(wall) == "open", "the board takes numbers again"
    for who, reply in takers(closing):
        assert reply.status_code == 201, (who, reply.json)
    here = {"request_id": "a-fresh-request-0001", "service": "S002"}
    phone = closing.flask.test_client().post("/take?service=S002&lang=zh", data=here, headers=OWN)
    in_time = "stop_minutes_before_close" not in items.get("A", {})  # else a phone's holder comes too late
    assert phone.status_code == (303 if in_time else 409)
    beat(closing)
    assert state(closing) == "open", "the next beat does not close it again"
    (line,) = [a for a in audit(closing) if a["act"] == "day.reopen"]
    assert line["actor"]["id"] == "ZW024"
    assert line["facts"]["area"] == area
    at(closing, clock, "19:30")
    assert state(closing) == "closing", "and stops by the new hours"


def test_what_does_not_lengthen_today_reopens_nothing(closing: App) -> None:
    """Published one after the other: not today, another hour than the last, too few minutes, no hours at
    all."""
    short = [["08:30", "12:00"], ["14:00", "17:34"]]
    publish(closing, "hours", {"hall": {"kiosk_open": "08:00"}})
    publish(closing, "hours", {"hall": {"kiosk_open": "08:00", "weekday": short}})
    publish(closing, "services", {"S001": {"avg_minutes": 9}})
    assert state(closing) == "closing"
    publish(closing, "hours", {"hall": {"kiosk_open": "08:00", "weekday": LATER}}, "next_day")
    beat(closing)
    assert state(closing) == "closing"


def test_numbers_that_a_leader_stopped_early_stay_stopped_when_hours_change(app: App, clock: Clock) -> None:
    at(app, clock, "15:00")
    assert ask(staff(app, "duty_leader"), "/api/day/close").json["state"] == "closing"
    publish(app, "hours", {"hall": {"weekday": LATER}})
    beat(app)
    assert state(app) == "closing"


@pytest.mark.parametrize("role", ["duty_leader", pytest.param("manager", marks=pytest.mark.slow)])
def test_who_leads_gives_numbers_again_with_a_reason(closing: App, clock: Clock, role: str) -> None:
    """After hours the day then runs by hand: no hour stops it but the one who leads. Others may not."""
    for other in ("clerk", "guide", "supervisor"):
        assert ask(staff(closing, other), "/api/day/open", reason="x").status_code == 403
    assert day_on(device(closing, "board")) == "closing"
    reply = ask(staff(closing, role), "/api/day/open")
    assert (reply.status_code, reply.json["refused"]) == (422, "day-reason-needed")
    reply = ask(staff(closing, role), "/api/day/open", reason="还有二十多位群众在门外")
    assert (reply.status_code, reply.json["state"]) == (200, "open")
    assert day_on(device(closing, "board")) == "open"
    for who, taken in takers(closing):
        assert taken.status_code == 201, (who, taken.json)
    beat(closing)
    at(closing, clock, "18:30")
    assert state(closing) == "open"
    (line,) = [a for a in audit(closing) if a["act"] == "day.reopen"]
    assert line["facts"]["reason"] == "还有二十多位群众在门外"
    assert line["facts"]["by_hand"] is True
    assert ask(staff(closing, role), "/api/day/close").json["state"] == "closing"


def test_a_stop_by_mistake_is_taken_back_and_the_hours_still_hold(app: App, clock: Clock) -> None:
    at(app, clock, "15:00")
    assert ask(staff(app, "manager"), "/api/day/close").json["state"] == "closing"
    assert ask(staff(app, "manager"), "/api/day/open", reason="按错了").status_code == 200
    beat(app)
    assert state(app) == "open"
    at(app, clock, "17:20")
    assert state(app) == "closing", "the day goes by its hours as before"


def test_what_is_open_or_over_is_not_reopened(app: App, clock: Clock) -> None:
    at(app, clock, "15:00")
    leader = staff(app, "duty_leader")
    assert ask(leader, "/api/day/open", reason="再来").json["refused"] == "day-open-already"
    for _ in range(2):
        assert ask(leader, "/api/day/close").status_code == 200
    assert state(app) == "closed"
    clock.at += timedelta(minutes=1)
    publish(app, "hours", {"hall": {"weekday": LATER}})
    assert state(app) == "closed", "longer hours wake no day that is over"
