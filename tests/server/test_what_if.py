"""POST /api/what-if: who may ask, what is refused, and that nothing changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from server.actions.publish_config import Desk, keep_draft, publish_draft
from server.app import App, create_app
from server.domain.actors import SYSTEM, Actor
from server.domain.appointments import Booking
from server.settings import Settings
from server.store.appointments import add_appointment
from server.store.tickets import add_leg, add_ticket
from tests.conftest import Clock
from tests.server.callers import Caller, device, staff

_ids = itertools.count()
WINDOW = {"number": "88", "name": "新", "kind": "special", "queues": ["A"], "default_state": "open"}


@pytest.fixture
def busy(app: App, clock: Clock) -> App:
    """A quarter past nine: one comprehensive window at work, twenty people waiting."""
    do(staff(app, "manager"), "/api/day/open")
    clerk, kiosk = staff(app, "clerk"), device(app, "kiosk")
    do(clerk, "/api/windows/W01/open")
    for i in range(21):
        do(kiosk, "/api/tickets", service=("S001", "S003", "S016")[i % 3])
        clock.forward(seconds=30)
    do(clerk, "/api/windows/W01/call-next")
    clock.forward(minutes=1)
    do(clerk, "/api/windows/W01/start")
    clock.forward(minutes=4)
    return app


def do(who: Caller, path: str, **body: Any) -> Any:
    reply = who.ask("POST", path, {"request_id": f"what-if-{next(_ids)}", **body})
    assert reply.status_code in (200, 201), reply.json
    return reply.json


def ask(who: Caller, **change: Any) -> Any:
    return who.ask("POST", "/api/what-if", {"change": change})


@pytest.mark.parametrize("role", ["manager", "duty_leader"])
def test_one_more_window_is_answered_with_a_range(busy: App, role: str) -> None:
    reply = ask(staff(busy, role), kind="open", window="W02")
    assert reply.status_code == 200
    told = reply.json
    assert told["people"] == 20
    assert told["within_s"] == 7200
    gain = told["waiting"]["difference"]
    assert gain["mean"] < -5
    assert gain["low"] <= gain["mean"] <= gain["high"] < 0
    assert told["waiting"]["after"] < told["waiting"]["before"]
    assert 0 <= told["over"]["after"] <= told["over"]["before"] <= 1


def test_asking_changes_nothing(busy: App) -> None:
    def revision() -> int:
        with busy.house.store.read() as connection:
            from sqlalchemy import select

            from server.store import tables as t

            return int(connection.execute(select(t.hall.c.revision)).scalar_one())

    manager, before = staff(busy, "manager"), revision()
    first, second = (ask(manager, kind="open", window="W02").json for _ in range(2))
    assert first == second
    assert revision() == before


def test_close_and_move_are_answered_too(busy: App, clock: Clock) -> None:
    manager = staff(busy, "manager")
    until = (clock() + timedelta(minutes=30)).isoformat()
    closed = ask(manager, kind="close", window="W01", until=until).json
    assert closed["waiting"]["difference"]["mean"] > 5
    shared = ask(manager, kind="share", share=0.5).json
    assert (shared["basis"], shared["usual_share"]) == ("file", 0.18)
    assert shared["joining"]["difference"]["mean"] != 0
    moved = ask(manager, kind="move", service="S101", queue="A").json
    assert moved["joining"]["difference"]["mean"] != 0


@pytest.mark.parametrize(("days", "basis", "share"), [(4, "file", 0.18), (5, "learned", 0.5)])
def test_the_halls_own_past_says_who_comes_once_there_is_enough(
    busy: App, days: int, basis: str, share: float
) -> None:
    """Whole days of half an hour each for queue E, half of it by appointment."""
    for n in range(1, days + 1):
        past_day(busy, timedelta(days=n), 40)
    told = ask(staff(busy, "manager"), kind="share", share=0.5).json
    assert (told["basis"], told["usual_share"]) == (basis, share)
    assert told["booked_share"] == 0, "nobody has booked today"
    if basis == "learned":
        assert told["joining"]["before"] > 30, "they all come for E now, and take as long as they did"


def test_todays_bookings_are_what_the_future_starts_from(busy: App, clock: Clock) -> None:
    """As many as stand in the hall's book for the next two hours; who gave the place back is nobody."""
    manager = staff(busy, "manager")
    before = ask(manager, kind="open", window="W02").json
    assert before["booked_share"] == 0
    with busy.house.store.unit(SYSTEM) as unit:
        for n in range(20):
            at, state = clock() + timedelta(minutes=30 + n), ("booked", "cancelled")[n % 2]
            when = {"at": at, "day": "2026-03-02", "queue": "A", "service": "S001", "place": n + 1}
            add_appointment(unit, **when, state=Booking(state), lang="zh")
    after = ask(manager, kind="open", window="W02").json
    assert 0.05 < after["booked_share"] < 0.6
    assert after["joining"]["before"] != before["joining"]["before"]


def past_day(app: App, ago: timedelta, people: int) -> None:
    """They came from 09:00 on, one every three minutes, and were served at once for half an hour."""
    at = app.house.store.clock().replace(minute=0, second=0) - ago
    with app.house.store.unit(SYSTEM) as unit:
        for i in range(people):
            came, cls = at + timedelta(minutes=3 * i), ("ordinary", "appointment")[i % 2]
            day = {"day": came.date().isoformat()}
            ticket = add_ticket(unit, "E", i, f"E{i}", "S401", cls, "zh", taken_at=came, **day)
            ended = {"state": "done", "called_at": came, "started_at": came, "window": "W10"}
            add_leg(unit, ticket, 1, "E", joined_at=came, **ended, ended_at=came + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": "open", "window": "W99"}, 404, "window-unknown"),
        ({"kind": "open", "window": "W01"}, 409, "window-open"),
        ({"kind": "close", "window": "W02"}, 409, "window-closed"),
        ({"kind": "move", "service": "S999", "queue": "A"}, 404, "service-unknown"),
        ({"kind": "move", "service": "S001", "queue": "A"}, 409, "target-wrong"),
        ({"kind": "move", "service": "S001", "queue": "Q"}, 409, "target-wrong"),
        ({"kind": "open", "window": "W02", "until": "2020-01-01T00:00:00Z"}, 422, "input-invalid"),
        ({"kind": "open", "window": "W02", "until": "soon"}, 422, "input-invalid"),
        ({"kind": "share", "share": 1.5}, 422, "input-invalid"),
        ({"kind": "share"}, 422, "input-invalid"),
        ({"kind": "burn", "window": "W02"}, 422, "input-invalid"),
        ({"kind": "open"}, 422, "input-invalid"),
        ({"kind": "open", "window": "W02", "paths": 10**9}, 422, "input-invalid"),
    ],
)
def test_what_is_no_question(busy: App, change: dict[str, Any], status: int, code: str) -> None:
    reply = ask(staff(busy, "manager"), **change)
    assert (reply.status_code, reply.json["refused"]) == (status, code)


def test_a_closed_hall_has_no_present(app: App) -> None:
    reply = ask(staff(app, "manager"), kind="open", window="W02")
    assert (reply.status_code, reply.json["refused"]) == (409, "day-closed")


@pytest.mark.parametrize("role", ["clerk", "guide", "supervisor", "admin"])
def test_others_may_not_ask(busy: App, role: str) -> None:
    reply = ask(staff(busy, role), kind="open", window="W02")
    assert (reply.status_code, reply.json["refused"]) == (403, "act-forbidden")


def test_what_a_manager_published_in_another_process_holds(
    busy: App, make_settings: Callable[..., Settings], clock: Clock
) -> None:
    """A window that this process has not heard of yet, and a service that nobody comes for any more."""
    other, manager = create_app(make_settings(), clock), staff(busy, "manager")
    told = ask(manager, kind="share", share=0.18).json
    actor = Actor("staff", "ZW024", "manager", proof="x")
    for area, items in (
        ("windows", {"W88": WINDOW}),
        ("services", {s: {"closed": True} for s in busy.house.hall.catalogue.services if s != "S001"}),
    ):
        desk = Desk(other.house.hall, other.house.current.files, other.house.texts.both)
        with other.house.store.unit(actor) as unit:
            rev, looked = keep_draft(unit, desk, area, items, 0, 0)
        with other.house.store.unit(actor) as unit:
            publish_draft(unit, desk, area, 0, rev, "now", "")
    assert "W88" not in busy.house.hall.catalogue.windows, "this process has not looked yet"
    assert ask(manager, kind="open", window="W88").status_code == 200
    after = ask(manager, kind="share", share=0.18).json
    assert after["joining"]["before"] != told["joining"]["before"], "all newcomers want what is left"
    other.house.store.engine.dispose()
