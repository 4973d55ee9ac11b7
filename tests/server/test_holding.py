"""挂起 and 过号 when the window is no longer there: nobody who holds a number is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.actions.auto_arrive import auto_arrive
from server.actions.call_next import call_next
from server.actions.day import begin_closing
from server.actions.hold import hold, let_go, unhold, watch_holds
from server.actions.no_show import give_back_place, no_show
from server.actions.recall import recall
from server.actions.staff_window import close_window, open_window, pause_window
from server.actions.start import start
from server.actions.transfer import release_ticket, transfer
from server.actions.undo import undo
from server.actions.unserved import watch_unserved
from server.app import App
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.tickets import State
from server.store.alarms import all_alarms
from server.store.snapshots.aside import held_value, others_value
from server.store.snapshots.citizen import citizen_value
from server.store.snapshots.desk import desk_value
from server.store.snapshots.view import View
from server.store.tickets import find_leg, find_ticket, last_leg
from server.store.verify import check
from server.text import Texts
from tests.conftest import ROOT, Clock, clerk, fresh_sqlite
from tests.server.callers import device, staff
from tests.server.hall_day import HallDay

TEXTS = Texts(ROOT / "config" / "text")
LEADER = Actor("staff", "ZW021", "duty_leader")


@pytest.fixture
def database(tmp_path: Path) -> str:
    """No statement here is an engine's own: one engine will do."""
    return fresh_sqlite(tmp_path)


@pytest.fixture(autouse=True)
def sound(day: HallDay) -> Any:
    """Whatever a test did, the database is sound after it."""
    yield
    assert check(day.store.engine, day.hall.id) == []


def seen(day: HallDay, look: Any, *more: Any) -> Any:
    with day.store.read() as connection:
        return look(View.of(connection, day.hall.id, day.hall, TEXTS), *more)


def phone(day: HallDay, ticket: int) -> Any:
    with day.store.read() as connection:
        found = find_ticket(connection, day.hall.id, ticket)
    return seen(day, citizen_value, found, day.clock())["ticket"]


def set_aside(day: HallDay, window: str, service: str = "S001") -> Any:
    """A number that was begun at `window` and set aside there."""
    taken = day.take(service)
    day.clock.forward(minutes=2)
    assert day.call(window).number == taken.ticket.number
    day.at(window, start, window)
    day.clock.forward(minutes=3)
    day.at(window, hold, window)
    return taken


def alarms(day: HallDay) -> dict[str, list[str]]:
    with day.store.unit(SYSTEM) as unit:
        watch_holds(unit, day.hall)
        watch_unserved(unit, day.hall)
    found: dict[str, list[str]] = {}
    with day.store.read() as connection:
        for alarm in all_alarms(connection, day.hall.id):
            found.setdefault(alarm["kind"], []).append(alarm["what"])
    return found


# --- a window closes
def test_closing_asks_what_becomes_of_those_set_aside(day: HallDay) -> None:
    day.open("W01", "W02")
    taken = set_aside(day, "W01")
    with pytest.raises(refusals.WindowHolds) as no:
        day.at("W01", close_window, day.hall, "W01")
    assert no.value.facts["numbers"] == taken.ticket.number
    assert seen(day, desk_value, "W01")["window"]["state"] == "open", "a refused deed changes nothing"


def test_back_in_the_queue_they_keep_their_place(day: HallDay) -> None:
    day.open("W01", "W02")
    taken = set_aside(day, "W01")
    day.take()
    day.at("W01", close_window, day.hall, "W01", held="queue")
    assert phone(day, taken.ticket.id)["state"] == "waiting"
    called = day.call("W02")
    assert (called.number, called.origin_at) == (taken.ticket.number, taken.leg.origin_at)
    assert called.id != taken.leg.id, "what was done at the first window stays as it was"
    with day.store.read() as connection:
        first = find_leg(connection, day.hall.id, taken.leg.id)
    assert (first.state, first.window, first.superseded) == (State.TRANSFERRED, "W01", True)


def test_kept_aside_another_able_window_goes_on_with_them(day: HallDay) -> None:
    day.open("W01", "W02", "W05")
    taken = set_aside(day, "W01")
    before = seen(day, others_value, "W02")
    day.at("W01", close_window, day.hall, "W01", held="keep")
    assert before == {"held": [], "missed": []}
    row = seen(day, others_value, "W02")["held"][0]
    assert (row["number"], row["window"]) == (taken.ticket.number, "1")
    assert seen(day, others_value, "W05") == before, "that window does not take the service"
    assert alarms(day)["hold-left"] == [taken.ticket.number]
    told = phone(day, taken.ticket.id)
    assert told["window"] is None
    assert told["windows"] == ["2"], "the phone names windows that are open"
    with pytest.raises(refusals.HeldElsewhere):
        day.at("W05", unhold, day.hall, "W05", taken.leg.id)
    back = day.at("W02", unhold, day.hall, "W02", taken.leg.id)
    assert (back.state, back.window, back.clerk, back.held_at) == (State.SERVING, "W02", "ZW002", None)
    assert alarms(day) == {}


def test_while_its_window_works_nobody_else_takes_them_up_before_the_limit(day: HallDay) -> None:
    day.open("W01", "W02")
    taken = set_aside(day, "W01")
    with pytest.raises(refusals.HeldElsewhere) as no:
        day.at("W02", unhold, day.hall, "W02", taken.leg.id)
    assert no.value.facts == {"number": taken.ticket.number, "window": "1"}
    day.at("W01", pause_window, day.hall, "W01", "meal")
    assert seen(day, others_value, "W02")["held"][0]["leg"] == taken.leg.id
    assert day.at("W02", unhold, day.hall, "W02", taken.leg.id).window == "W02"


def test_who_takes_over_from_a_clerk_who_vanished_finds_them(day: HallDay) -> None:
    day.open("W01")
    taken = set_aside(day, "W01")
    with day.store.unit(clerk("ZW017")) as unit:
        open_window(unit, day.hall, "W01", take_over=True)
        assert unhold(unit, day.hall, "W01", taken.leg.id).clerk == "ZW017"


def test_a_closing_can_be_undone_number_by_number(day: HallDay) -> None:
    day.open("W01")
    taken = set_aside(day, "W01")
    day.at("W01", close_window, day.hall, "W01", held="queue")
    day.at("W01", open_window, day.hall, "W01")
    day.at("W01", undo, day.hall, "W01")
    row = seen(day, desk_value, "W01")["held"][0]
    assert row["leg"] == taken.leg.id
    assert day.call("W01") is None, "the leg that waited is withdrawn"


# --- the limit
def test_a_hold_beyond_its_limit_is_told_and_anybody_able_may_take_it_up(day: HallDay) -> None:
    day.open("W01", "W02")
    taken = set_aside(day, "W01")
    row = seen(day, desk_value, "W01")["held"][0]
    assert row["until"] > row["since"]
    day.clock.forward(minutes=day.hall.hall.call.max_hold_minutes - 0.1)
    assert alarms(day) == {}
    day.clock.forward(minutes=0.1)
    heard: list[str] = []
    day.store.publish = lambda commit: heard.extend(event.name for event in commit.events)
    assert alarms(day) == {"hold": [taken.ticket.number]}
    alarms(day)
    assert heard.count("hold.overdue") == 1, "told once"
    assert [r["number"] for r in seen(day, others_value, "W02")["held"]] == [taken.ticket.number]
    assert day.at("W02", unhold, day.hall, "W02", taken.leg.id).window == "W02"
    assert alarms(day) == {}


def test_who_did_not_come_back_is_let_go_and_asked_nothing(day: HallDay) -> None:
    day.open("W01")
    taken = set_aside(day, "W01")
    gone = day.at("W01", let_go, day.hall, "W01", taken.leg.id)
    assert (gone.state, gone.outcome, gone.served_s) == (State.DONE, "left", None)
    assert seen(day, desk_value, "W01")["figures"]["served"] == 0
    with day.store.read() as connection:
        ticket = find_ticket(connection, day.hall.id, taken.ticket.id)
    assert seen(day, citizen_value, ticket, day.clock())["rating"]["can"] is False
    day.at("W01", undo, day.hall, "W01")
    assert seen(day, desk_value, "W01")["held"][0]["leg"] == taken.leg.id


@pytest.mark.parametrize("to", [{"queue": "A"}, {"queue": "B"}, {"to_window": "W02"}, {"person": "ZW002"}])
def test_a_held_number_is_sent_on_without_being_called_again(day: HallDay, to: dict[str, str]) -> None:
    day.open("W01", "W02")
    taken = set_aside(day, "W01")
    day.take()
    day.call("W01")  # somebody else stands there meanwhile
    where = {"queue": None, "to_window": None, **to}
    new = day.at("W01", transfer, day.hall, "W01", held=taken.leg.id, **where)
    assert (new.state, new.origin_at) == (State.WAITING, taken.leg.origin_at)
    assert seen(day, desk_value, "W01")["held"] == []
    day.at("W01", undo, day.hall, "W01")
    assert seen(day, desk_value, "W01")["held"][0]["leg"] == taken.leg.id


def test_who_sends_a_held_number_on_gets_it_back_when_they_ask_for_it(day: HallDay) -> None:
    """Also when another window had set it aside."""
    day.open("W01", "W02", "W03")
    taken = set_aside(day, "W01")
    day.at("W01", close_window, day.hall, "W01", held="keep")
    day.at("W02", transfer, day.hall, "W02", None, "W03", held=taken.leg.id, back=True)
    assert day.call("W03").number == taken.ticket.number
    day.serve("W03")
    assert day.call("W02").rule == "back"


def test_the_leader_sends_back_what_nobody_took_up(day: HallDay) -> None:
    day.open("W01", "W02")
    taken = set_aside(day, "W01")
    row = seen(day, held_value)[0]
    assert (row["ticket"], row["window"], row["left"]) == (taken.ticket.id, "1", False)
    day.at("W01", close_window, day.hall, "W01", held="keep")
    assert seen(day, held_value)[0]["left"] is True
    with day.store.unit(LEADER) as unit:
        release_ticket(unit, day.hall, taken.ticket.id)
    with pytest.raises(refusals.MoveRefused), day.store.unit(LEADER) as unit:
        release_ticket(unit, day.hall, taken.ticket.id)
    assert day.call("W02").number == taken.ticket.number


# --- missed
def test_who_missed_the_call_comes_back_at_any_window_that_could_serve_them(day: HallDay) -> None:
    day.open("W01", "W02", "W05")
    taken = day.take()
    day.call("W01")
    day.clock.forward(minutes=1)
    day.at("W01", no_show, day.hall, "W01")
    day.at("W01", close_window, day.hall, "W01")
    assert seen(day, others_value, "W05")["missed"] == []
    assert [m["number"] for m in seen(day, others_value, "W02")["missed"]] == [taken.ticket.number]
    with pytest.raises(refusals.MoveRefused):
        day.at("W05", give_back_place, day.hall, "W05", taken.leg.id)
    day.at("W02", give_back_place, day.hall, "W02", taken.leg.id)
    assert day.call("W02").number == taken.ticket.number
    assert seen(day, others_value, "W02")["missed"] == []


def test_who_was_sent_to_a_window_and_missed_it_comes_back_to_the_queue_when_it_has_closed(
    day: HallDay,
) -> None:
    day.open("W01", "W02")
    taken = day.take()
    day.call("W01")
    sent = day.at("W01", transfer, day.hall, "W01", None, "W02")
    assert day.call("W02").number == taken.ticket.number
    day.clock.forward(minutes=1)
    day.at("W02", no_show, day.hall, "W02")
    day.at("W02", close_window, day.hall, "W02")
    day.at("W01", give_back_place, day.hall, "W01", sent.id)
    assert day.call("W01").number == taken.ticket.number, "only W02 could have called it, and it is closed"


def test_the_list_of_the_missed_ends_with_their_time(day: HallDay) -> None:
    day.open("W01", "W02")
    day.take()
    day.call("W01")
    day.clock.forward(minutes=1)
    day.at("W01", no_show, day.hall, "W01")
    day.clock.forward(minutes=day.hall.hall.call.no_show_return_minutes + 1)
    day.take()  # the hall's time moves with its deeds
    assert seen(day, others_value, "W02")["missed"] == []


# --- the evening: everyone with a number is served
def test_the_last_able_window_is_asked_before_it_leaves_people_behind(day: HallDay) -> None:
    day.open("W01", "W02", "W05")
    for _ in range(2):
        day.take()
    set_aside_by_w1 = day.call("W01")
    day.at("W01", start, "W01")
    day.at("W01", hold, "W01")
    with day.store.unit(LEADER) as unit:
        begin_closing(unit)
    day.at("W02", close_window, day.hall, "W02")  # W01 still takes them
    with pytest.raises(refusals.WindowLast) as no:
        day.at("W01", close_window, day.hall, "W01", held="queue")
    assert no.value.facts["count"] == 2
    assert set_aside_by_w1.number in str(no.value.facts["numbers"])
    assert alarms(day) == {}
    day.at("W01", close_window, day.hall, "W01", held="queue", leave=True)
    found = alarms(day)
    assert found["unserved"] == ["A"], "the leader is told"
    day.at("W02", open_window, day.hall, "W02")
    assert alarms(day) == {}
    assert day.call("W02") is not None


def test_at_lunch_nobody_is_asked(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.at("W01", close_window, day.hall, "W01")
    assert alarms(day) == {}


# --- auto_arrive_seconds
def with_auto_arrive(day: HallDay, seconds: int) -> HallDay:
    call = replace(day.hall.hall.call, auto_arrive_seconds=seconds)
    day.hall = replace(day.hall, hall=replace(day.hall.hall, call=call))
    return day


def tick(day: HallDay) -> None:
    with day.store.unit(SYSTEM) as unit:
        auto_arrive(unit, day.hall)


def state(day: HallDay, ticket: int) -> str:
    with day.store.read() as connection:
        return last_leg(connection, ticket).state.value


def test_who_is_called_is_taken_as_arrived_after_the_seconds_since_the_last_call(day: HallDay) -> None:
    with_auto_arrive(day, 30).open("W01")
    taken = day.take()
    day.call("W01")
    day.clock.forward(seconds=25)
    day.at("W01", recall, day.hall, "W01")
    day.clock.forward(seconds=29)
    tick(day)
    assert state(day, taken.ticket.id) == "called"
    day.clock.forward(seconds=1)
    tick(day)
    tick(day)
    assert state(day, taken.ticket.id) == "serving"
    started = seen(day, desk_value, "W01")["ticket"]["started_at"]
    assert datetime.fromisoformat(started) == day.clock.at
    day.clock.forward(minutes=1)
    assert "no-show" in seen(day, desk_value, "W01")["can"]
    missed = day.at("W01", no_show, day.hall, "W01")
    assert (missed.state, missed.started_at) == (State.NO_SHOW, None)
    day.at("W01", undo, day.hall, "W01")
    assert state(day, taken.ticket.id) == "serving"


def test_who_was_taken_as_arrived_and_has_not_come_is_called_again(day: HallDay) -> None:
    """And waited for from that call on; where clerks say who arrived, who is served is not called."""
    with_auto_arrive(day, 30).open("W01")
    taken = day.take()
    day.call("W01")
    day.clock.forward(seconds=31)
    tick(day)
    desk = seen(day, desk_value, "W01")
    assert "recall" in desk["can"]
    assert desk["ticket"]["recall_at"] is not None
    again = day.at("W01", recall, day.hall, "W01")
    assert (again.state, again.calls, again.started_at) == (State.CALLED, 2, None)
    day.clock.forward(seconds=29)
    tick(day)
    assert state(day, taken.ticket.id) == "called"
    day.clock.forward(seconds=1)
    tick(day)
    assert state(day, taken.ticket.id) == "serving"
    with_auto_arrive(day, 0)
    assert "recall" not in seen(day, desk_value, "W01")["can"]
    with pytest.raises(refusals.MoveRefused):
        day.at("W01", recall, day.hall, "W01")


def test_a_call_is_taken_back_also_when_its_citizen_was_taken_as_arrived(day: HallDay) -> None:
    with_auto_arrive(day, 5).open("W01")
    taken = day.take()
    day.call("W01")
    day.clock.forward(seconds=6)
    tick(day)
    assert state(day, taken.ticket.id) == "serving"
    back = day.at("W01", undo, day.hall, "W01")
    assert (back.state, back.started_at, back.window) == (State.WAITING, None, None)
    assert day.call("W01").id == taken.leg.id


def test_where_the_clerk_says_who_arrived_nobody_is_taken_as_arrived(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    day.clock.forward(minutes=20)
    tick(day)
    assert state(day, taken.ticket.id) == "called"
    day.at("W01", start, "W01")
    with pytest.raises(refusals.MoveRefused):
        day.at("W01", no_show, day.hall, "W01")


# --- through the doors
def test_a_clerk_closes_and_a_leader_sends_back_through_the_doors(app: App, clock: Clock) -> None:
    leader = staff(app, "duty_leader")
    assert leader.ask("POST", "/api/day/open", {"request_id": "day-000001"}).status_code == 200
    first = staff(app, "clerk")
    ids = iter(f"held-{n:06}" for n in range(99))

    def do(path: str, **body: object) -> Any:
        return first.ask("POST", f"/api/windows/W01/{path}", {"request_id": next(ids), **body})

    assert do("open").status_code == 200
    taken = (
        device(app, "kiosk").ask("POST", "/api/tickets", {"request_id": next(ids), "service": "S001"}).json
    )
    for deed in ("call-next", "start", "hold"):
        assert do(deed).status_code == 200
    no = do("close")
    assert (no.status_code, no.json["refused"]) == (409, "window-holds")
    assert taken["ticket"]["number"] in no.json["text"]["zh"]
    assert do("close", held="keep").status_code == 200
    path = f"/api/tickets/{taken['ticket']['id']}/release"
    assert first.ask("POST", path, {"request_id": next(ids)}).status_code == 403
    assert leader.ask("POST", path, {"request_id": next(ids)}).json["queue"] == "A"
    close = "/api/day/close"
    assert leader.ask("POST", close, {"request_id": next(ids)}).json["state"] == "closing"
    no = leader.ask("POST", close, {"request_id": next(ids)})
    assert (no.status_code, no.json["refused"], no.json["facts"]["count"]) == (409, "day-unserved", 1)
    done = leader.ask("POST", close, {"request_id": next(ids), "leave": True})
    assert done.json["state"] == "closed"


def test_nobody_is_called_twice_when_two_windows_reach_for_one_hold(day: HallDay) -> None:
    day.open("W01", "W02", "W03")
    taken = set_aside(day, "W01")
    day.at("W01", close_window, day.hall, "W01", held="keep")
    day.at("W02", unhold, day.hall, "W02", taken.leg.id)
    with pytest.raises(refusals.MoveRefused):
        day.at("W03", unhold, day.hall, "W03", taken.leg.id)
    assert day.at("W03", call_next, day.hall, "W03") is None
