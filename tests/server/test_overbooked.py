"""DOMAIN 4.4 with B12: leave takes places away that people have booked. Who leads is told before and after,
and settles it with a reason that the holder reads."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.actions.overbooked import PlacesWatch, watch_overbooked
from server.app import App
from server.domain.actors import SYSTEM
from server.store.snapshots.overbooked import overbooked
from tests.conftest import Clock
from tests.server.callers import audit, nobody, person_of, staff
from tests.server.test_booking_api import book, slot
from tests.server.test_desk_more import ask, do
from tests.server.test_rows import moment

REASON = "窗口人员请假"


@pytest.fixture
def full(app: App) -> list[str]:
    """The links of everybody who has booked Tuesday at ten, as many as there are places."""
    phone, links = nobody(app), []
    days = phone.ask("GET", "/api/slots?service=S001").json["days"]
    ten = next(s for s in days[0]["slots"] if s["time"] == "10:00")
    for n in range(ten["places"]):
        links.append(book(phone, slot(10), n + 1))
    assert len(links) >= 2
    return links


def alarms(app: App) -> list[dict[str, Any]]:
    with app.house.store.unit(SYSTEM) as unit:
        watch_overbooked(unit, app.house.hall)
    shown = staff(app, "duty_leader").ask("GET", "/api/state/manager").json["values"]["alarms"]
    return [a for a in shown if a["kind"] == "booking-over"]


def leave_of(app: App, person: str) -> int:
    away = {"since": slot(8), "until": slot(18)}
    return int(do(person_of(app, person), "/api/leaves", **away)["leave"]["id"])


def grant(app: App, leave: int) -> None:
    do(staff(app, "duty_leader"), f"/api/leaves/{leave}/decide", approve=True)


def page(app: App, link: str) -> dict[str, Any]:
    return dict(nobody(app).ask("GET", f"/api/booking/{link}").json["appointment"])


def test_leave_is_granted_knowing_whom_it_concerns_and_they_are_settled(app: App, full: list[str]):
    """Window 2, then window 3: the slot is seen before each word, and the bookings made last after it."""
    leader = staff(app, "duty_leader")
    assert alarms(app) == []
    told = []
    for person in ("ZW002", "ZW003"):
        leave = leave_of(app, person)
        (row,) = [x for x in leader.ask("GET", "/api/leaves").json["open"] if x["id"] == leave]
        told += row["over"]
        grant(app, leave)
        assert leader.ask("GET", "/api/leaves").json["open"][-1]["over"] == [], "told before the word, once"
    assert {(x["queue"], x["at"], x["booked"]) for x in told} == {("A", slot(10), len(full))}
    slots = leader.ask("GET", "/api/appointments/over").json["slots"]
    assert [(x["at"], x["over"]) for x in slots] == [(slot(10), told[-1]["over"])]
    (alarm,) = alarms(app)
    assert f"10:00 A +{slots[0]['over']}" in alarm["text"]["zh"]
    late = slots[0]["bookings"]
    assert len(late) == slots[0]["over"]
    assert not any(link in str(slots) or page(app, link)["code"] in str(slots) for link in full)

    path, free = f"/api/appointments/{late[-1]['id']}", moved_to(app)
    assert (
        ask(leader, f"{path}/move", was=slot(10), at=free, reason=" ").json["refused"]
        == "booking-reason-needed"
    )
    assert (
        ask(leader, f"{path}/move", was=slot(10), at=slot(10), reason=REASON).json["refused"] == "slot-full"
    )
    do(leader, f"{path}/move", was=slot(10), at=free, reason=REASON)
    last = page(app, full[-1])
    assert (last["at"], last["state"], last["said"]) == (free, "booked", REASON)
    assert REASON in nobody(app).ask("GET", f"/b/{full[-1]}").text
    for other in late[:-1]:
        do(leader, f"/api/appointments/{other['id']}/cancel", was=slot(10), reason=REASON)
    assert page(app, full[0])["said"] is None, "who booked first keeps the place"
    assert alarms(app) == []
    assert {line["facts"]["reason"] for line in audit(app, "appointment.move")} == {REASON}


def moved_to(app: App) -> str:
    days = nobody(app).ask("GET", "/api/slots?service=S001").json["days"]
    return next(s["at"] for day in days[1:] for s in day["slots"] if s["free"])


def test_the_hall_cancels_later_than_the_citizen_may_and_the_citizen_reads_why(
    app: App, full: list[str], clock: Clock
):
    clock.at = moment("2026-03-03T09:30")
    phone, manager = nobody(app), staff(app, "manager")
    assert ask(phone, f"/api/booking/{full[0]}/cancel").json["refused"] == "booking-too-late"
    rows = {link: page(app, link) for link in full}
    assert all(row["state"] == "booked" for row in rows.values())
    do(manager, "/api/appointments/1/cancel", was=slot(10), reason=REASON)
    gone = page(app, full[0])
    assert (gone["state"], gone["said"]) == ("cancelled", REASON)
    assert REASON in phone.ask("GET", f"/b/{full[0]}?lang=en").text
    again = ask(manager, "/api/appointments/1/cancel", was=slot(10), reason=REASON)
    assert (again.status_code, again.json["refused"]) == (409, "booking-state")
    assert (
        ask(manager, "/api/appointments/99/cancel", was=slot(10), reason=REASON).json["refused"]
        == "booking-unknown"
    )
    for role in ("clerk", "guide", "supervisor", "admin"):
        assert (
            ask(staff(app, role), "/api/appointments/2/cancel", was=slot(10), reason=REASON).status_code
            == 403
        )
        assert staff(app, role).ask("GET", "/api/appointments/over").status_code == 403


def test_what_the_citizen_moves_afterwards_is_the_citizens(app: App, full: list[str]):
    do(staff(app, "manager"), "/api/appointments/1/move", was=slot(10), at=moved_to(app), reason=REASON)
    body = {"request_id": "back-again-1", "at": slot(15)}
    moved = nobody(app).ask("POST", f"/api/booking/{full[0]}/move", body).json["appointment"]
    assert (moved["time"], moved["said"]) == ("15:00", None)


def test_a_booking_that_its_holder_has_moved_meanwhile_is_left_alone(app: App, full: list[str]):
    """The leader's page still shows it at ten, where it was one too many; at three it can be kept."""
    body = {"request_id": "in-between-1", "at": slot(15)}
    moved = nobody(app).ask("POST", f"/api/booking/{full[0]}/move", body).json["appointment"]
    path, leader = "/api/appointments/1", staff(app, "duty_leader")
    for act, more in (("cancel", {}), ("move", {"at": moved_to(app)})):
        no = ask(leader, f"{path}/{act}", was=slot(10), reason=REASON, **more)
        assert (no.status_code, no.json["refused"]) == (409, "booking-state")
        assert ask(leader, f"{path}/{act}", reason=REASON, **more).status_code == 422
    assert page(app, full[0]) == moved
    do(leader, f"{path}/cancel", was=slot(15), reason=REASON)


def test_longer_services_and_a_window_that_opens_again_alarm_nobody(app: App, full: list[str]):
    """Fewer places because matters take longer are nobody's absence; who comes back gives the places back."""
    hall = app.house.hall
    slow = {s.id: replace(s, avg_minutes=s.avg_minutes * 3) for s in hall.catalogue.services.values()}
    with app.house.store.read() as connection:
        longer = replace(hall, catalogue=replace(hall.catalogue, services=slow))
        assert overbooked(connection, longer, app.house.clock()) == []
    leaves = [leave_of(app, person) for person in ("ZW002", "ZW003")]
    for leave in leaves:
        grant(app, leave)
    assert alarms(app)
    do(person_of(app, "ZW003"), f"/api/leaves/{leaves[1]}/cancel")
    do(person_of(app, "ZW002"), f"/api/leaves/{leaves[0]}/cancel")
    assert alarms(app) == []


def test_the_watch_looks_again_only_when_something_has_changed(
    app: App, full: list[str], monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    looked: list[int] = []
    monkeypatch.setattr("server.actions.overbooked.watch_overbooked", lambda unit, hall: looked.append(1))
    places = PlacesWatch()

    def beat() -> int:
        with app.house.store.unit(SYSTEM) as unit:
            places.look(unit, app.house.hall)
        places.kept()
        return len(looked)

    with suppress(OSError), app.house.store.unit(SYSTEM) as unit:
        places.look(unit, app.house.hall)
        raise OSError("the disk took nothing of this beat")
    assert (beat(), beat()) == (2, 2)
    looked.pop()
    assert (beat(), beat()) == (1, 1)
    grant(app, leave_of(app, "ZW002"))
    assert (beat(), beat()) == (2, 2)
    book(nobody(app), slot(15), 90)
    assert beat() == 3
    clock.forward(minutes=5)
    assert beat() == 3


def test_nobody_is_told_of_what_has_been(app: App, full: list[str], clock: Clock):
    for person in ("ZW002", "ZW003"):
        grant(app, leave_of(app, person))
    clock.at = moment("2026-03-03T10:00") + timedelta(seconds=1)
    assert alarms(app) == []


def test_a_draft_says_whose_booked_places_it_would_take_before_it_is_published(
    app: App, full: list[str], clock: Clock
):
    """Nobody at windows 2 and 3 on Tuesday morning: the compare step says what the alarm will say."""
    manager, path = staff(app, "manager"), "/api/config/rosters"
    empty = {"date": "2026-03-03", "start": "08:30", "end": "12:00", "person": "", "reason": "外出"}
    rows = {w: {"days": [empty]} for w in ("W02", "W03")}

    def look(when: str = "now") -> list[tuple[str, str, int]]:
        found = do(manager, f"{path}/compare", when=when)
        assert found["troubles"] == []
        return [(x["at"], x["queue"], x["over"]) for x in found["over"]]

    def draft(items: dict[str, Any], rev: int, base: int = 0) -> None:
        do(manager, f"{path}/draft", items=items, base=base, rev=rev)

    later = {"W02": {"days": [{**empty, "date": "2026-03-04"}]}}
    draft(later, 0)
    assert look() == [], "nobody has booked that day"
    draft(rows, 1)
    told = look()
    assert told
    assert {(at, queue) for at, queue, _ in told} == {(slot(10), "A")}
    assert look("next_day") == told, "it is for tomorrow"
    clock.at = moment("2026-03-03T08:00")
    manager = staff(app, "manager")
    assert look() == told
    assert look("next_day") == [], "today goes as it is"
    counts = [manager.ask("GET", f"/api/config/{area}").json["over"] for area in ("rosters", "hours")]
    assert counts == [True, False]
    assert alarms(app) == [], "a draft alarms nobody"
    do(manager, path, base=0, rev=2, when="now", note="")
    (alarm,) = alarms(app)
    assert f"10:00 A +{told[0][2]}" in alarm["text"]["zh"]
    draft(later, 3, base=1)
    assert look() == [], "what is in force already is nobody's doing"
