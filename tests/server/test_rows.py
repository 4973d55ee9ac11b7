"""Regimes of the queue whose statement names people, windows and days together: each played through the doors
that kiosk, desk, screen, phone and manager use (tests/ROWS.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from server.actions.run_day import run_day, watch
from server.app import App
from server.domain.actors import SYSTEM
from server.domain.placement import Placement
from tests.conftest import SHANGHAI, Clock
from tests.server.callers import Caller, device, nobody, person_of, staff
from tests.server.listeners import knock
from tests.server.test_booking_api import book, go, slot
from tests.server.test_desk_more import ask, do
from tests.server.test_placement import eleven_classes


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def publish(app: App, area: str, items: dict[str, Any]) -> None:
    """As the manager does it: a draft, then in force now."""
    manager = staff(app, "manager")
    seen = manager.ask("GET", f"/api/config/{area}").json
    base, rev = seen["version"], seen["draft"]["rev"]
    saved = do(manager, f"/api/config/{area}/draft", items=items, base=base, rev=rev)
    assert saved["troubles"] == []
    do(manager, f"/api/config/{area}", base=base, rev=saved["rev"])


def place(app: App, **wish: Any) -> None:
    manager = staff(app, "manager")
    base = manager.ask("GET", "/api/placement").json["version"]
    do(manager, "/api/placement", base=base, placement=wish)


def beat(app: App) -> None:
    with app.house.store.unit(SYSTEM) as unit:
        watch(unit, app.house.hall)
        run_day(unit, app.house.hall, always_open=False)


def overnight(app: App, clock: Clock, morning: str) -> None:
    """The day closes by itself, and another begins."""
    clock.at = clock.at.replace(hour=17, minute=40)
    for _ in ("no more numbers", "nobody left"):
        beat(app)
    clock.at = moment(morning)
    beat(app)


def at(who: Caller, deed: str, window: str, **more: Any) -> dict[str, Any]:
    return dict(do(who, f"/api/windows/{window}/{deed}", **more)["desk"])


def take(who: Caller, service: str, **more: Any) -> dict[str, Any]:
    return dict(do(who, "/api/tickets", service=service, **more)["ticket"])


def sit(app: App, window: str, person: str) -> Caller:
    who = person_of(app, person)
    do(who, f"/api/windows/{window}/open")
    return who


@pytest.fixture
def kiosk(app: App) -> Caller:
    """The day has opened by its hours."""
    beat(app)
    return device(app, "kiosk")


def working(kiosk: Caller, queue: str) -> int:
    return int(kiosk.ask("GET", "/api/state/kiosk").json["rows"]["queues"][queue]["windows_open"])


# --- A1, A2, A5 comprehensive windows
def test_A1_what_a_manager_moved_is_told_taken_and_called_where_it_stands_now(app: App, kiosk: Caller):
    """Without a restart, at every door: what the kiosk says, what the number is, who calls it."""
    one, special = sit(app, "W01", "ZW001"), sit(app, "W05", "ZW005")
    before = take(kiosk, "S101")
    mandate = {"department": "D05", "service": "S101", "since": "2026-01-01", "document": "1 号"}
    mandate["department"] = app.house.hall.catalogue.services["S101"].department
    place(app, services={"S101": "A"}, mandates=[mandate])
    told = next(s for s in kiosk.ask("GET", "/api/services").json["services"] if s["id"] == "S101")
    assert "1" in told["windows"]
    assert "5" not in told["windows"]
    after = take(kiosk, "S101")
    assert (before["number"], after["number"]) == ("B001", "A001")
    assert at(one, "call-next", "W01")["ticket"]["number"] == "A001"
    assert at(special, "call-next", "W05")["ticket"]["number"] == "B001", "who waited keeps the place"


def test_A2_whichever_comprehensive_window_is_free_calls_the_same_one(app: App, kiosk: Caller, clock: Clock):
    """Ten people, ten matters, three windows: at each step every window would call the same number, and each
    matter is served where somebody was free."""
    people = {w: sit(app, w, p) for w, p in (("W01", "ZW001"), ("W02", "ZW002"), ("W03", "ZW003"))}
    services = [f"S{n:03d}" for n in range(1, 11)]
    for service in services:
        take(kiosk, service)
        clock.forward(minutes=1, seconds=7)
    served: list[tuple[str, str]] = []
    for step in range(10):
        free = ("W01", "W02", "W03")[step % 3]
        would = []
        for window in people:
            would.append(at(people[window], "call-next", window)["ticket"]["number"])
            at(people[window], "undo", window)
        assert len(set(would)) == 1, f"step {step}: {would}"
        ticket = at(people[free], "call-next", free)["ticket"]
        assert ticket["number"] == would[0]
        at(people[free], "start", free)
        at(people[free], "finish", free)
        served.append((ticket["service"]["id"], free))
        clock.forward(minutes=1)
    assert sorted(s for s, _ in served) == services, "nobody was left because of the matter"
    assert [s for s, _ in served] != services, "the rule decides, not the order of coming alone"


def test_A5_eleven_window_classes_show_on_kiosk_screen_and_report(app: App, kiosk: Caller):
    wish = eleven_classes(app.house.hall)
    place(app, **TypeAdapter(Placement).dump_python(wish, mode="json", exclude={"mode"}))
    told = kiosk.ask("GET", "/api/hall").json
    assert [c["id"] for c in told["classes"]] == [f"K{n}" for n in range(1, 12)]
    of_first = next(w for w in told["windows"] if w["id"] == "W01")
    assert of_first["classes"] == ["K1"]
    screen = device(app, "window_screen").ask("GET", "/api/state/window").json["values"]["window"]
    assert [c["name"] for c in screen["classes"]] == ["第1类"]
    board = device(app, "board").ask("GET", "/api/state/hall").json["rows"]["windows"]["W02"]
    assert [c["name_en"] for c in board["classes"]] == ["Class 2"]
    service = next(s for s, queue in wish.services.items() if queue == "F")
    number = take(staff(app, "guide"), service)["number"]
    assert at(sit(app, "W01", "ZW001"), "call-next", "W01")["ticket"]["number"] == number
    report = {c["id"]: c["called"] for c in nobody(app).ask("GET", "/api/figures").json["classes"]}
    assert (len(report), report["K1"], report["K2"]) == (11, 1, 0)
    assert "第11类" in nobody(app).ask("GET", "/figures").text


# --- B17, B19 skills
def test_B17_B19_a_skill_that_ends_is_told_before_and_then_takes_the_person_out(
    app: App, kiosk: Caller, clock: Clock
):
    """The manager writes its last day; until then nothing changes but the warning, the day after the window
    opens for the other queue alone, and nobody believes that it works for this one."""
    given = [
        {"department": d, "service": "*", "since": "2026-01-01"} for d in app.house.hall.files.departments
    ]
    both = {"W01": {"queues": ["A", "B"], "classes": [], "overflow": []}}
    place(app, windows=both, mandates=given)
    publish(app, "people", {"ZW001": {"skills": ["A", "B"], "skill_until": {"A": "2026-03-02"}}})
    beat(app)
    alarms = staff(app, "manager").ask("GET", "/api/state/manager").json["values"]["alarms"]
    assert [a["kind"] for a in alarms] == ["skill"]
    assert "陈静" in alarms[0]["text"]["zh"]
    one = sit(app, "W01", "ZW001")
    assert (working(kiosk, "A"), working(kiosk, "B")) == (1, 1)
    last = take(kiosk, "S001")["number"]
    assert at(one, "call-next", "W01")["ticket"]["number"] == last
    at(one, "start", "W01")
    at(one, "finish", "W01")
    do(one, "/api/windows/W01/close")
    overnight(app, clock, "2026-03-03T09:00")
    one = sit(app, "W01", "ZW001")
    assert (working(kiosk, "A"), working(kiosk, "B")) == (0, 1)
    take(kiosk, "S001")
    other = take(kiosk, "S101")["number"]
    assert at(one, "call-next", "W01")["ticket"]["number"] == other
    at(one, "start", "W01")
    at(one, "finish", "W01")
    assert do(one, "/api/windows/W01/call-next")["none"]


def test_B19_without_any_skill_for_it_the_window_stays_shut(app: App, kiosk: Caller):
    stranger = person_of(app, "ZW010")
    no = ask(stranger, "/api/windows/W02/open")
    assert (no.status_code, no.json["refused"]) == (409, "skill-missing")
    assert no.json["text"]["zh"]
    assert working(kiosk, "A") == 0


# --- C1 to C3 before, during and after the hours
def test_C1_booked_checked_in_and_called_within_the_promise_on_one_number(app: App, clock: Clock):
    """Before a line of people who came first: in its order until the time, then next, on the first number."""
    link = book(nobody(app), slot(10))
    go(app, clock, 9, 0)
    kiosk, one = device(app, "kiosk"), sit(app, "W01", "ZW001")
    for _ in range(8):
        take(kiosk, "S001")
    clock.at = moment("2026-03-03T09:55")
    one = person_of(app, "ZW001")
    code = nobody(app).ask("GET", f"/api/booking/{link}").json["appointment"]["code"]
    mine = do(kiosk, "/api/check-in", code=code)["ticket"]
    assert mine["number"] == "A009", "the next number of the same line"
    again = ask(kiosk, "/api/check-in", code=code).json
    assert (again["refused"], again["facts"]["number"]) == ("checked-in-already", "A009")
    assert at(one, "call-next", "W01")["ticket"]["number"] == "A001", "before its time it is no privilege"
    clock.at = moment("2026-03-03T10:03")
    at(one, "start", "W01")
    at(one, "finish", "W01")
    called = at(one, "call-next", "W01")["ticket"]
    assert (called["number"], called["why"]["rule"]) == ("A009", "protected")
    late = datetime.fromisoformat(called["called_at"]) - moment("2026-03-03T10:00")
    assert late <= timedelta(minutes=app.house.hall.rules.limit["appointment"])


def test_C2_a_named_window_opens_early_and_the_public_is_told(app: App, kiosk: Caller, clock: Clock):
    early = {"hours": [["07:30", "12:00"], ["14:00", "17:30"]]}
    publish(app, "queues", {"E": early})
    told = {q["id"]: q["hours"] for q in nobody(app).ask("GET", "/api/hall").json["queues"]}
    assert told["E"]["weekday"][0] == ["07:30", "12:00"]
    assert told["A"] is None
    overnight(app, clock, "2026-03-03T07:32")
    no = ask(kiosk, "/api/tickets", service="S001").json
    assert (no["refused"], no["facts"]["opens"]) == ("hours-closed", "08:10")
    number = take(kiosk, "S401")["number"]
    assert at(sit(app, "W10", "ZW010"), "call-next", "W10")["ticket"]["number"] == number


def test_C3_at_closing_the_kiosk_stops_and_who_holds_a_number_is_called(
    app: App, kiosk: Caller, clock: Clock
):
    numbers = [take(kiosk, "S001")["number"] for _ in range(2)]
    clock.at = moment("2026-03-02T17:31")
    beat(app)
    assert ask(kiosk, "/api/tickets", service="S001").json["refused"] == "day-closing"
    one = sit(app, "W01", "ZW001")
    served = []
    for _ in numbers:
        served.append(at(one, "call-next", "W01")["ticket"]["number"])
        at(one, "start", "W01")
        clock.forward(minutes=10)
        at(one, "finish", "W01")
    assert served == numbers
    beat(app)
    manager = staff(app, "manager").ask("GET", "/api/state/manager").json["values"]
    assert manager["day"]["state"] == "closed"
    lines = staff(app, "supervisor").ask("GET", "/api/audit?act=day.close").json["lines"]
    assert lines[0]["facts"]["sums"]["overtime"] == {"ZW001": {"minutes": 21, "served": 2}}


def test_F59_F206_when_somebody_with_an_appointment_comes_decides_the_class(app: App, clock: Clock):
    """Too early it is refused with the time; early and on time it is an appointment, a little late too, later
    an ordinary number, and each is called among who walked in by when it is due."""
    links = [
        book(nobody(app), slot(10), 1),
        book(nobody(app), slot(10, 30), 2),
        book(nobody(app), slot(11), 3),
    ]
    codes = [nobody(app).ask("GET", f"/api/booking/{x}").json["appointment"]["code"] for x in links]
    go(app, clock, 9, 0)
    kiosk = device(app, "kiosk")
    clock.at = moment("2026-03-03T10:10")
    take(kiosk, "S001")
    early = ask(kiosk, "/api/check-in", code=codes[1]).json
    assert early["refused"] == "check-in-early"
    assert early["text"]["zh"] == "您的预约是 10:30，10:15 起可以签到。"
    comes = (("10:16", 0), ("10:20", 1), ("11:08", 2))  # too late, early, a little late
    for clock_time, which in comes:
        clock.at = moment(f"2026-03-03T{clock_time}")
        do(kiosk, "/api/check-in", code=codes[which])
    seen = [
        staff(app, "guide").ask("GET", f"/api/tickets/by-number/A00{n}").json["ticket"] for n in (2, 3, 4)
    ]
    assert [x["priority"] for x in seen] == ["ordinary", "appointment", "appointment"]
    one = sit(app, "W01", "ZW001")
    order = []
    for _ in range(4):
        ticket = at(one, "call-next", "W01")["ticket"]
        order.append((ticket["number"], ticket["why"]["rule"]))
        at(one, "start", "W01")
        at(one, "finish", "W01")
    assert order == [("A003", "protected"), ("A004", "protected"), ("A001", "share"), ("A002", "share")]


# --- the rule at the desk
def test_F58_the_very_old_one_goes_before_the_matter_whose_share_is_larger(
    app: App, kiosk: Caller, clock: Clock
):
    """A minute before the limit the short matter is next, a minute after it the old one."""
    take(kiosk, "S008")  # half an hour at the window
    clock.forward(minutes=20)
    take(kiosk, "S014")  # ten minutes
    clock.forward(minutes=69)
    one = sit(app, "W01", "ZW001")
    short = at(one, "call-next", "W01")["ticket"]
    assert (short["number"], short["why"]["rule"]) == ("A002", "share")
    at(one, "undo", "W01")
    clock.forward(minutes=2)
    old = at(one, "call-next", "W01")["ticket"]
    assert (old["number"], old["why"]["rule"]) == ("A001", "hard")


def test_F62_nobody_who_will_call_hears_who_is_next(app: App, kiosk: Caller):
    """Neither in the picture nor in what is pushed: no number, no link, no matter of anybody who waits."""
    one = sit(app, "W01", "ZW001")
    desk = knock(app, one, "/clerk", window="W01")
    heard = []
    ticket = take(kiosk, "S014", priority="elder")
    app.publisher.flush()
    heard = desk.received()
    assert heard, "the counts have changed"
    shown = one.ask("GET", "/api/state/clerk?window=W01").text
    for secret in (ticket["number"], ticket["link"], "S014"):
        assert secret not in repr(heard)
        assert secret not in shown
    looked = one.ask("GET", "/api/tickets/by-number/A001").json["ticket"]
    assert (looked["number"], looked["service"], looked["ahead"]) == ("A001", None, None)
    beside = staff(app, "guide").ask("GET", "/api/tickets/by-number/A001").json["ticket"]
    assert (beside["service"]["id"], beside["ahead"]) == ("S014", 0), "who calls nobody may know"
    assert at(one, "call-next", "W01")["ticket"]["number"] == ticket["number"]
