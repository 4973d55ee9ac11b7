"""What people are told about the wait, in the real hall: before taking, on paper, on phone and board."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from server.actions.day import close_day
from server.actions.no_show import give_back_place, no_show
from server.actions.refresh_estimates import settle_promises
from server.actions.staff_window import close_window, pause_window, resume_window
from server.actions.start import start
from server.actions.transfer import transfer
from server.actions.undo import undo
from server.app import App, create_app
from server.domain.actors import SYSTEM
from server.domain.estimate.promise import START, Widths
from server.domain.estimate.times import Learned
from server.domain.events import EstimatesChanged
from server.estimator import Estimator
from server.settings import HallSettings
from server.store import tables as t
from server.store.accuracy import accuracy
from server.store.estimates import UNKNOWN, calibration, find_promise, forecast_for, make_promise
from server.store.history import learned
from server.store.scene import read_scene
from server.store.snapshots.citizen import citizen_value
from server.store.snapshots.desk import desk_value
from server.store.snapshots.public import queue_rows
from server.store.snapshots.view import ALL, View
from server.store.tickets import add_leg, add_ticket, legs_of
from server.text import Texts
from tests.conftest import KIOSK, ROOT, Clock
from tests.server.callers import device, nobody, staff
from tests.server.hall_day import HallDay
from tests.server.test_push import Wall
from tests.server.test_remote import by_phone, comes

TEXTS = Texts(ROOT / "config" / "text")


@pytest.fixture
def estimator(day: HallDay) -> Estimator:
    house = SimpleNamespace(store=day.store, hall=day.hall)
    return Estimator(house)  # type: ignore[arg-type]  # all that it uses of a house


def phone(day: HallDay, ticket: Any) -> Any:
    with day.store.read() as connection:
        return citizen_value(view(day, connection), ticket, day.clock())["ticket"]["estimate"]


def view(day: HallDay, connection: Any) -> View:
    return View.of(connection, day.store.hall, day.hall, TEXTS)


def queue(day: HallDay, name: str = "A") -> Any:
    with day.store.read() as connection:
        row = queue_rows(view(day, connection), ALL)[name]
    assert row is not None
    return row["estimate"]


def test_before_the_first_look_nothing_is_claimed(day: HallDay) -> None:
    taken = day.open("W01").take()
    assert taken.estimate == UNKNOWN
    seen = {"state": "unknown", "rough": True, "expected_at": None, "by": None, "moved": False}
    assert phone(day, taken.ticket) == seen


def test_the_range_is_told_before_taking_and_on_paper(day: HallDay, estimator: Estimator) -> None:
    day.open("W01", "W02")
    for _ in range(8):
        day.take()
    estimator.once()
    shown = queue(day)
    assert shown["state"] == "range"
    assert 0 < shown["low"] < shown["high"]
    assert shown["rough"], "no history of its own yet"
    taken = day.take("S001")
    told = taken.estimate
    assert taken.slip is not None
    assert f"预计等候：{told.low}～{told.high}分钟" in [p.get("text") for p in taken.slip.facts["parts"]]


def test_the_empty_queue_is_called_soon(day: HallDay, estimator: Estimator) -> None:
    day.open("W01", "W02", "W03")
    estimator.once()
    assert queue(day)["state"] == "soon"
    taken = day.take()
    assert taken.slip is not None
    assert "预计等候：马上叫到" in [p.get("text") for p in taken.slip.facts["parts"]]


def test_unknown_when_no_window_is_open_or_planned(day: HallDay, estimator: Estimator) -> None:
    day.clock.forward(hours=1)  # 10:00: who should be open by now is not
    day.open("W01")
    day.take("S101")  # queue B: nobody
    estimator.once()
    assert queue(day, "A")["state"] == "soon"
    assert queue(day, "C")["state"] == "range", "its windows come after lunch"
    day.clock.forward(hours=5)  # 15:00: nobody comes any more
    estimator.once()
    assert queue(day, "B") == {"state": "unknown", "low": None, "high": None, "rough": True}


def test_all_windows_closed_but_planned_to_open(day: HallDay, estimator: Estimator) -> None:
    day.clock.forward(hours=23, minutes=15)  # Tuesday 08:15: numbers are given, windows open at 08:30
    day.open()
    taken = day.take()
    estimator.once()
    shown = queue(day)
    assert shown["state"] == "range"
    assert 15 <= shown["low"] <= 25
    assert phone(day, taken.ticket)["state"] == "range"


@pytest.mark.parametrize(("saturday", "planned"), [("2026-05-09", True), ("2026-03-07", False)])
def test_a_saturday_that_works_is_a_working_day(day: HallDay, saturday: str, planned: bool) -> None:
    """On a day of 调休 the windows come that stay closed on other Saturdays."""
    day.clock.at = datetime.fromisoformat(f"{saturday}T08:15+08:00")
    day.open()
    with day.store.read() as connection:
        scene = read_scene(connection, day.store.hall, day.hall, own_history(day), day.clock())
    assert scene is not None
    spells = {desk.window: desk.spells for desk in scene.desks}
    assert bool(spells["W09"]) is planned, "it has no Saturdays"
    assert spells["W05"], "it has"


def test_lunch_is_told(day: HallDay, estimator: Estimator) -> None:
    day.open("W02")  # not on lunch duty
    day.clock.at = day.clock.at.replace(hour=11, minute=58)
    first, second = day.take(), day.take()
    day.call("W02")
    day.at("W02", start, "W02")
    estimator.once()
    del first
    seen = phone(day, second.ticket)
    assert seen["state"] == "range"
    assert "T06:0" in seen["expected_at"], "14:00 in Shanghai, when the window calls again"


def test_the_only_window_of_a_service_is_paused(day: HallDay, estimator: Estimator) -> None:
    day.clock.at = day.clock.at.replace(hour=15)
    day.open("W10")  # the other window of the queue is closed and no longer expected
    taken = day.take("S401")
    estimator.once()
    assert phone(day, taken.ticket)["state"] == "soon"
    day.at("W10", pause_window, day.hall, "W10", day.hall.choices.pause_reason[0].id)
    estimator.once()
    assert phone(day, taken.ticket)["state"] == "unknown"


def test_a_window_that_closes_is_counted_out(day: HallDay, estimator: Estimator) -> None:
    day.clock.at = day.clock.at.replace(hour=15)
    day.open("W01", "W02")
    for _ in range(6):
        last = day.take()
    day.call("W01")
    estimator.once()
    with_two = phone(day, last.ticket)["expected_at"]
    day.at("W02", close_window, day.hall, "W02")
    day.clock.forward(minutes=10)
    estimator.once()
    assert phone(day, last.ticket)["expected_at"] > with_two


def test_a_leg_transferred_twice_keeps_an_expectation(day: HallDay, estimator: Estimator) -> None:
    day.open("W01", "W05")
    taken = day.take()
    for window, target in (("W01", "B"), ("W05", "A")):
        day.call(window)
        day.at(window, start, window)
        day.at(window, transfer, day.hall, window, target, None)
    estimator.once()
    seen = phone(day, taken.ticket)
    assert seen["state"] == "soon"
    assert seen["moved"], "it was told anew"
    assert seen["by"] is not None
    with day.store.read() as connection:
        legs = legs_of(connection, taken.ticket.id)
        told = [find_promise(connection, leg.id) for leg in legs]
    assert [promise and promise.occasion for promise in told] == [None, None, "moved"]
    day.clock.forward(minutes=3)
    day.call("W01")
    day.clock.forward(seconds=day.hall.hall.call.undo_seconds + 1)
    estimator.once()
    with day.store.read() as connection:
        report = accuracy(connection, day.store.hall, "2026-03-02", "2026-03-02")
    assert (report.taken.calls, report.moved.calls) == (0, 1), "both are told apart"
    assert report.moved.waited_min == 3.0


def test_returned_after_a_miss_to_an_empty_queue_is_soon(day: HallDay, estimator: Estimator) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    day.clock.forward(minutes=2)
    day.at("W01", no_show, day.hall, "W01")
    day.at("W01", give_back_place, day.hall, "W01", taken.leg.id)
    estimator.once()
    assert phone(day, taken.ticket)["state"] == "soon"


def test_the_clock_set_back_spoils_nothing(day: HallDay, estimator: Estimator) -> None:
    day.open("W01")
    taken = [day.take() for _ in range(4)][-1]
    estimator.once()
    before = phone(day, taken.ticket)["expected_at"]
    day.clock.forward(hours=-2)
    estimator.once()
    assert phone(day, taken.ticket)["expected_at"] == before


def test_the_promise_is_kept_as_it_was_and_settled_by_the_call(day: HallDay, estimator: Estimator) -> None:
    day.open("W01")
    for _ in range(3):
        day.take()
    estimator.once()
    taken = day.take()
    day.clock.forward(minutes=1)
    estimator.once()
    with day.store.read() as connection:
        promise = find_promise(connection, taken.leg.id)
        assert promise is not None
        assert (promise.low, promise.high) == (taken.estimate.low, taken.estimate.high)
        assert promise.waited_s is None
    for _ in range(4):
        day.clock.forward(minutes=30)  # far beyond the promise
        day.call("W01")
        day.serve("W01")
    estimator.once()
    with day.store.read() as connection:
        settled = find_promise(connection, taken.leg.id)
        widths = calibration(connection, day.store.hall)
        report = accuracy(connection, day.store.hall, "2026-03-02", "2026-03-02")
    assert settled is not None
    assert settled.waited_s == (1 + 30 * 4 + 5 * 3) * 60
    assert [c for c, _ in widths.values()] == [pytest.approx(START + 0.04 * 0.9)]
    assert (report.taken.calls, report.taken.kept, report.moved.calls) == (1, 0.0, 0)
    assert report.taken.error_min == pytest.approx((settled.waited_s - settled.p50_s) / 60)
    assert report.queues == {"A": report.taken}
    assert report.days == {"2026-03-02": report.taken}


def test_a_broken_promise_widens_those_of_all_sizes_until_the_day_ends(
    day: HallDay, estimator: Estimator
) -> None:
    def widths() -> Widths:
        with day.store.unit(SYSTEM) as unit:
            return settle_promises(unit, timedelta(0))

    day.open("W01")
    estimator.once()
    for _ in range(2):
        day.take()
        day.clock.forward(minutes=50)
        day.call("W01")
        day.serve("W01")
    first = widths()
    assert first.by_size == {0: pytest.approx(START + 2 * 0.036)}
    assert first.of(7) == pytest.approx(START + 2 * 0.036), "a size that nobody was told yet"
    assert widths() == first, "what is settled counts once"
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    day.clock.forward(hours=24)
    day.open()
    assert widths() == Widths(first.by_size)


def test_a_call_that_is_taken_back_settles_no_promise(day: HallDay, estimator: Estimator) -> None:
    """Neither while it may be taken back nor afterwards; the call that stands does."""
    day.open("W01")
    estimator.once()
    taken = day.take()
    day.clock.forward(minutes=1)

    def waited() -> int | None:
        estimator.once()
        with day.store.read() as connection:
            promise = find_promise(connection, taken.leg.id)
        assert promise is not None
        return promise.waited_s

    day.call("W01")
    assert waited() is None, "it may still be taken back"
    day.at("W01", undo, day.hall, "W01")
    day.clock.forward(minutes=9)
    assert waited() is None
    day.call("W01")
    day.clock.forward(seconds=day.hall.hall.call.undo_seconds + 1)
    assert waited() == 10 * 60
    with day.store.read() as connection:
        assert [calls for _, calls in calibration(connection, day.store.hall).values()] == [1]


def test_who_comes_later_than_the_promise_said_breaks_none(day: HallDay, estimator: Estimator) -> None:
    """By phone: nobody was there to be called. One who is there in time counts like everybody."""
    day.open("W01", "W02")
    estimator.once()
    taken = [by_phone(day, who) for who in ("session:a", "session:b")]
    comes(day, taken[0])
    day.call("W01")
    day.clock.forward(minutes=90)
    comes(day, taken[1])
    day.call("W02")
    day.clock.forward(seconds=day.hall.hall.call.undo_seconds + 1)
    estimator.once()
    with day.store.read() as connection:
        told = [find_promise(connection, one.leg.id) for one in taken]
    assert [promise and promise.waited_s for promise in told] == [0, None]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_published_length_counts_at_once(day: HallDay, estimator: Estimator) -> None:
    """Not with the next morning's learning."""
    day.open("W01")
    estimator.once()
    services = {i: replace(s, avg_minutes=240.0) for i, s in day.hall.catalogue.services.items()}
    for _ in range(2):
        day.take()
    day.call("W01")
    estimator.once()
    before = queue(day)
    changed = replace(day.hall, config=1, catalogue=replace(day.hall.catalogue, services=services))
    estimator._house.hall = changed  # type: ignore[misc]
    estimator.once()
    assert queue(day)["high"] > 2 * before["high"]


def test_the_last_call_of_the_day_settles_its_promise_after_closing(
    day: HallDay, estimator: Estimator
) -> None:
    day.open("W01")
    estimator.once()
    taken = day.take()
    day.call("W01")
    day.serve("W01", minutes=0.1)
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    day.clock.forward(minutes=1)
    estimator.once()
    with day.store.read() as connection:
        promise = find_promise(connection, taken.leg.id)
    assert promise is not None
    assert promise.waited_s == 0


def test_a_call_that_is_taken_back_weighs_in_no_ratio(day: HallDay) -> None:
    day.open("W01")
    day.take("S001", "elder")
    day.call("W01")
    day.at("W01", undo, day.hall, "W01")
    with day.store.read() as connection:
        found = read_scene(connection, day.store.hall, day.hall, own_history(day), day.clock())
    assert found is not None
    assert found.recent == {}


def test_the_faces_hear_only_of_what_changed(day: HallDay, estimator: Estimator) -> None:
    day.open("W01")
    heard: list[Any] = []
    day.store.publish = lambda commit: heard.extend(commit.events)
    estimator.once()
    assert {e.queue for e in heard if isinstance(e, EstimatesChanged)} >= {"A", "B"}
    heard.clear()
    estimator.once()
    assert heard == []


def test_equal_dice_give_equal_answers(day: HallDay, estimator: Estimator) -> None:
    day.open("W01", "W02")
    for _ in range(6):
        day.take()
    assert estimator.once().legs == estimator.once().legs


def test_no_day_no_claim(day: HallDay, estimator: Estimator) -> None:
    estimator.once()
    with day.store.read() as connection:
        found = forecast_for(connection, day.store.hall, ["S001"])
        rows = connection.execute(select(t.expectation)).all()
    assert found["S001"].state == "unknown"
    assert rows == []


def test_a_kiosk_asks_before_anybody_takes(app: App, hall: HallSettings, clock: Clock) -> None:
    assert nobody(app).ask("GET", "/api/estimates").status_code == 401
    HallDay(app.house.store, hall, app.house.slip, clock).open("W01")
    Estimator(app.house).once()
    kiosk = device(app, "kiosk")
    said = kiosk.ask("GET", "/api/estimates").get_json()
    assert said["queues"]["A"] == {"state": "soon", "low": 0, "high": 1, "rough": True}
    assert set(said["services"]) == set(hall.catalogue.services)
    body = {"request_id": "take-number-1", "service": "S001"}
    assert kiosk.ask("POST", "/api/tickets", body).get_json()["ticket"]["estimate"]["state"] == "soon"


def test_the_phone_page_tells_the_clock_time(app: App, hall: HallSettings, clock: Clock) -> None:
    hall_day = HallDay(app.house.store, hall, app.house.slip, clock).open("W01")
    for _ in range(2):
        hall_day.take()
    Estimator(app.house).once()
    taken = hall_day.take()
    Estimator(app.house).once()
    page = app.flask.test_client().get(f"/t/{taken.ticket.link}").get_data(as_text=True)
    assert "粗略估计 09:" in page
    assert "取号时估计不晚于 " in page
    clock.forward(hours=8, minutes=45)
    hall_day.at("W01", close_window, hall_day.hall, "W01")
    Estimator(app.house).once()
    page = app.flask.test_client().get(f"/t/{taken.ticket.link}").get_data(as_text=True)
    assert "等候时间现在估计不了" in page


def test_the_clerk_stays_blind(day: HallDay, estimator: Estimator) -> None:
    day.open("W01")
    taken = day.take()
    estimator.once()
    with day.store.read() as connection:
        desk = desk_value(view(day, connection), "W01")
    assert taken.ticket.number not in str(desk)
    assert "estimate" not in desk


def test_every_face_keeps_in_step_with_the_estimates(day: HallDay, estimator: Estimator) -> None:
    wall = Wall(day.open("W01", "W02"), TEXTS)
    for _ in range(3):
        day.take()
        estimator.once()
        wall.check()
    day.at("W02", pause_window, day.hall, "W02", day.hall.choices.pause_reason[0].id)
    estimator.once()
    wall.check()


def test_five_days_of_own_visits_replace_the_catalogue(day: HallDay) -> None:
    """Rough until then; a service that takes half an hour here is known to take half an hour."""
    listed = day.hall.catalogue.services["S401"].avg_minutes
    for n in range(5):
        past = own_history(day)
        assert past.rough
        assert n > 0 or past.times["S401"].mean == pytest.approx(listed, rel=0.01)
        day.open("W10")
        for _ in range(4):
            day.take("S401", "elder")
            day.call("W10")
            day.serve("W10", minutes=30)
        day.at("W10", close_window, day.hall, "W10")
        with day.store.unit(SYSTEM) as unit:
            close_day(unit)
        day.clock.forward(days=1, hours=-2)
    past = own_history(day)
    assert not past.rough
    assert past.times["S401"].mean > 2 * listed
    assert past.leaving.missing[0] < 0.05
    assert past.profile is not None
    assert past.profile.mix == ((1.0, "S401", "elder"),)
    assert sum(past.profile.quarters.values()) == pytest.approx(4, rel=0.1)


def own_history(day: HallDay) -> Learned:
    today = day.clock().date().isoformat()
    with day.store.read() as connection:
        return learned(
            connection, day.store.hall, day.hall.catalogue, day.hall.calendar, day.hall.zone, today
        )


def test_a_hall_that_shows_no_estimates_tells_nobody(day: HallDay, estimator: Estimator) -> None:
    quiet = replace(day.hall.hall, ticket=replace(day.hall.hall.ticket, show_estimated_wait=False))
    day.hall = replace(day.hall, hall=quiet)
    day.open("W01")
    for _ in range(3):
        day.take()
    estimator.once()
    taken = day.take()
    assert taken.slip is not None
    assert not any("预计等候" in p.get("text", "") for p in taken.slip.facts["parts"])
    assert queue(day) is None
    assert phone(day, taken.ticket) is None
    with day.store.read() as connection:
        assert find_promise(connection, taken.leg.id) is not None, "its quality is known all the same"


def test_no_face_asks_what_a_hall_does_not_show(make_settings: Any, hall: HallSettings, clock: Clock) -> None:
    quiet = replace(hall.hall, ticket=replace(hall.hall.ticket, show_estimated_wait=False))
    made = create_app(make_settings(hall=replace(hall, hall=quiet)), clock)
    HallDay(made.house.store, made.house.hall, made.house.slip, clock).open("W01")
    Estimator(made.house).once()
    kiosk = device(made, "kiosk")
    assert kiosk.ask("GET", "/api/estimates").get_json() == {"queues": {}, "services": {}}
    body = {"request_id": "take-number-1", "service": "S001"}
    assert kiosk.ask("POST", "/api/tickets", body).get_json()["ticket"]["estimate"] is None
    assert staff(made, "manager").ask("GET", "/api/accuracy").get_json()["shown"] is False


def test_only_what_the_person_at_the_window_is_able_to_do_counts(day: HallDay, estimator: Estimator) -> None:
    """W01 takes A; whoever sits there after the skill has ended calls nobody of it."""
    people = day.hall.catalogue.people
    unable = {**people, "ZW001": replace(people["ZW001"], skill_until={"A": date(2026, 3, 1)})}
    day.clock.at = day.clock.at.replace(hour=15)  # nobody else is expected any more
    day.open("W01")
    taken = day.take()
    estimator.once()
    assert phone(day, taken.ticket)["state"] == "soon"
    changed = replace(day.hall, catalogue=replace(day.hall.catalogue, people=unable))
    Estimator(SimpleNamespace(store=day.store, hall=changed)).once()  # type: ignore[arg-type]
    assert phone(day, taken.ticket)["state"] == "unknown"


def test_an_appointment_before_its_time_is_not_called_at_once(day: HallDay, estimator: Estimator) -> None:
    day.open("W01")
    for _ in range(12):
        day.take()
    estimator.once()
    soon = day.take(priority="elder")
    assert soon.estimate.state == "soon"
    with day.store.unit(KIOSK) as unit:
        ticket = add_ticket(unit, "A", 900, "A900", "S001", "appointment", "zh")
        leg = add_leg(unit, ticket, 1, "A", origin_at=unit.now + timedelta(minutes=12))
        told = make_promise(unit, leg)
    assert told.state == "range"
    assert told.low == 12, "until its time it stands among the others"


def test_the_manager_sees_how_good_the_estimates_were(app: App, hall: HallSettings, clock: Clock) -> None:
    hall_day = HallDay(app.house.store, hall, app.house.slip, clock).open("W01", "W05")
    Estimator(app.house).once()
    for service, window, minutes in (("S001", "W01", 0), ("S001", "W01", 30), ("S101", "W05", 0)):
        hall_day.take(service)
        clock.forward(minutes=minutes)
        hall_day.call(window)
        hall_day.serve(window)
        Estimator(app.house).once()
    manager = staff(app, "manager")
    told = manager.ask("GET", "/api/accuracy?days=7").get_json()
    assert (told["first"], told["last"], told["shown"]) == ("2026-02-24", "2026-03-02", True)
    assert told["taken"]["calls"] == 3
    assert told["taken"]["kept"] == 0.667
    assert {queue: part["calls"] for queue, part in told["queues"].items()} == {"A": 2, "B": 1}
    assert told["queues"]["A"]["waited_min"] == 15.0
    assert told["queues"]["A"]["kept"] == 0.5
    assert list(told["days"]) == ["2026-03-02"]
    assert told["moved"] == dict.fromkeys(told["moved"]) | {"calls": 0}
    assert manager.ask("GET", "/api/accuracy?days=0").status_code == 422
    assert device(app, "kiosk").ask("GET", "/api/accuracy").status_code == 403


def test_pauses_and_openings_are_written_down_and_learned(day: HallDay) -> None:
    for _ in range(5):
        day.open("W10")
        for _ in range(3):
            day.clock.forward(minutes=20)
            day.at("W10", pause_window, day.hall, "W10", day.hall.choices.pause_reason[0].id)
            day.clock.forward(minutes=30)
            day.at("W10", resume_window, "W10")
        day.take("S401")
        day.call("W10")
        day.serve("W10")
        day.at("W10", close_window, day.hall, "W10")
        with day.store.unit(SYSTEM) as unit:
            close_day(unit)
        day.clock.at = day.clock.at.replace(hour=9, minute=0) + timedelta(days=1)
    pauses = own_history(day).pauses
    assert pauses.per_minute == pytest.approx(3 / (3 * 20 + 5))
    assert 15 < pauses.minutes < 30
    assert pauses.tardy == pytest.approx((5 * 30 + 10 * 3) / 15)


def test_a_busy_day_of_the_hall_is_foreseen(day: HallDay, estimator: Estimator) -> None:
    """After five days of forty numbers in an hour nobody believes that the next one comes alone."""
    for _ in range(5):
        day.open("W10")
        for _ in range(40):
            day.take("S401")
        for _ in range(3):
            day.call("W10")
            day.serve("W10")
        day.at("W10", close_window, day.hall, "W10")
        with day.store.unit(SYSTEM) as unit:
            close_day(unit)
        day.clock.at = day.clock.at.replace(hour=9, minute=0) + timedelta(days=1)
    day.clock.at = day.clock.at.replace(hour=8, minute=45)
    day.open("W10")
    estimator.once()
    with day.store.read() as connection:
        scene = read_scene(connection, day.store.hall, day.hall, own_history(day), day.clock())
    assert scene is not None
    assert sum((end - start) * rate for start, end, rate in scene.newcomers.steps) == pytest.approx(
        40, rel=0.4
    )
    assert scene.desks[[d.window for d in scene.desks].index("W10")].clerk == "ZW010"
