"""Appointments over HTTP: the phone's pages without script, the kiosk's door, the desks' picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.actions.day import open_day
from server.actions.run_day import run_day
from server.app import App, create_app
from server.domain.actors import SYSTEM
from server.settings import HallSettings, Settings
from server.store import tables as t
from tests.conftest import SHANGHAI, Clock
from tests.server.callers import Caller, device, nobody, staff

OWN = {"Origin": "http://localhost"}
QR = 'shape-rendering="crispEdges"'  # what a kiosk reads


def slot(hour: int, minute: int = 0, day: int = 3) -> str:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC).isoformat()


def go(app: App, clock: Clock, hour: int, minute: int) -> None:
    """Tuesday, the hall is open."""
    clock.at = datetime(2026, 3, 3, hour, minute, tzinfo=SHANGHAI)
    with app.house.store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=False)


@pytest.fixture
def citizen(app: App) -> Caller:
    return nobody(app)


@pytest.fixture
def phone(app: App) -> FlaskClient:
    return app.flask.test_client()


def book(who: Caller, at: str = slot(10), n: int = 1) -> str:
    """The link of a confirmed booking."""
    made = who.ask("POST", "/api/appointments", {"request_id": f"draft-{n:04d}", "service": "S001", "at": at})
    assert made.status_code == 201, made.json
    link = made.json["link"]
    done = who.ask("POST", f"/api/booking/{link}/confirm", {"request_id": f"confirm-{n:04d}"})
    assert (done.status_code, done.json["appointment"]["state"]) == (200, "booked"), done.json
    return str(link)


def test_slots_say_what_is_free_and_by_what_rules(citizen: Caller) -> None:
    body = citizen.ask("GET", "/api/slots?service=S001").json
    assert [d["date"] for d in body["days"]][:2] == ["2026-03-03", "2026-03-04"]
    first = body["days"][0]["slots"][0]
    assert first["time"] == "08:30"
    assert 0 < first["free"] <= first["places"]
    assert body["rules"]["cancel_hours_before"] == 2
    strange = citizen.ask("GET", "/api/slots?service=<script>alert(1)</script>")
    assert (strange.status_code, strange.json["refused"]) == (404, "service-unknown")
    assert "script" not in strange.text


def test_the_same_request_is_one_draft(citizen: Caller) -> None:
    body = {"request_id": "pressed-twice", "service": "S001", "at": slot(10)}
    links = {citizen.ask("POST", "/api/appointments", body).json["link"] for _ in range(3)}
    assert len(links) == 1


@pytest.mark.parametrize("at", ["nonsense", "2026-03-03T10:00:00", "0001-01-01T00:00:00+14:00", True, None])
def test_a_time_that_is_none(citizen: Caller, at: Any) -> None:
    body = {"request_id": "strange-time", "service": "S001", "at": at}
    reply = citizen.ask("POST", "/api/appointments", body)
    assert (reply.status_code, reply.json["refused"]) == (422, "input-invalid")


def test_move_and_cancel_by_link(citizen: Caller) -> None:
    link = book(citizen)
    body = {"request_id": "move-0001", "at": slot(14, 30)}
    moved = citizen.ask("POST", f"/api/booking/{link}/move", body)
    assert moved.json["appointment"]["time"] == "14:30"
    gone = citizen.ask("POST", f"/api/booking/{link}/cancel", {"request_id": "cancel-0001"})
    assert gone.json["appointment"]["state"] == "cancelled"
    assert citizen.ask("GET", f"/api/booking/{'A' * 22}").json["refused"] == "booking-unknown"


@pytest.fixture
def asking(make_settings: Callable[..., Settings], hall: HallSettings, clock: Clock) -> Iterator[App]:
    """A hall that asks for a phone number."""
    terms = replace(hall.hall, appointment=replace(hall.hall.appointment, ask_phone=True))
    made = create_app(make_settings(hall=replace(hall, hall=terms)), clock)
    yield made
    made.house.store.engine.dispose()


def test_feature_208_no_door_gives_a_booking_to_somebody_else(asking: App) -> None:
    """Whatever may be posted to a booking's address, another phone number named with it changes nobody."""
    who = nobody(asking)
    draft_ = {"request_id": "draft-0001", "service": "S001", "at": slot(10)}
    link = who.ask("POST", "/api/appointments", draft_).json["link"]
    mine = {"request_id": "confirm-0001", "phone": "13800000001"}
    assert who.ask("POST", f"/api/booking/{link}/confirm", mine).status_code == 200

    def holder() -> Any:
        with asking.house.store.read() as connection:
            return connection.execute(select(t.appointment.c.person, t.appointment.c.state)).one()

    before = holder()
    assert before.person is not None
    doors = [r.rule for r in asking.flask.url_map.iter_rules() if r.rule.startswith("/api/booking/<link>/")]
    assert len(doors) >= 3, doors
    for n, door in enumerate(doors):
        for more in ({}, {"at": slot(14, 30)}):
            other = {"request_id": f"trade-{n:04d}-{len(more)}", "phone": "13900000009", **more}
            reply = who.ask("POST", door.replace("<link>", link), other)
            assert 400 <= reply.status_code < 500, (door, reply.json)
            assert holder() == before, door


def test_feature_30_check_in_at_the_kiosk_by_code_and_by_link(
    app: App, clock: Clock, citizen: Caller
) -> None:
    links = [book(citizen, n=1), book(citizen, slot(10), n=2)]
    code = citizen.ask("GET", f"/api/booking/{links[0]}").json["appointment"]["code"]
    go(app, clock, 9, 50)
    kiosk = device(app, "kiosk")
    first = kiosk.ask("POST", "/api/check-in", {"request_id": "here-0001", "code": code})
    second = kiosk.ask("POST", "/api/check-in", {"request_id": "here-0002", "code": links[1]})
    assert [r.json["ticket"]["number"] for r in (first, second)] == ["A001", "A002"]
    assert first.json["slip"]["state"] == "queued"
    seen = citizen.ask("GET", f"/api/booking/{links[0]}").json["appointment"]
    assert (seen["state"], seen["ticket"]["number"], seen["code"]) == ("checked_in", "A001", None)


def test_guessing_codes_ends_soon(app: App, clock: Clock) -> None:
    go(app, clock, 9, 50)
    kiosk = device(app, "kiosk")
    tries = [
        kiosk.ask("POST", "/api/check-in", {"request_id": f"guess-{n:04d}", "code": f"{n:08d}"})
        for n in range(11)
    ]
    assert {r.json["refused"] for r in tries[:10]} == {"booking-unknown"}
    assert tries[10].json["refused"] == "too-fast"
    clock.forward(minutes=6)
    again = kiosk.ask("POST", "/api/check-in", {"request_id": "guess-9999", "code": "00000000"})
    assert again.json["refused"] == "booking-unknown"


def test_feature_204_214_staff_book_for_somebody_and_check_in_at_the_desk(app: App, clock: Clock) -> None:
    guide = staff(app, "guide")
    body = {"request_id": "by-staff-1", "service": "S001", "at": slot(10)}
    link = guide.ask("POST", "/api/appointments/by-staff", body).json["link"]
    assert nobody(app).ask("POST", "/api/appointments/by-staff", body).status_code == 401
    code = nobody(app).ask("GET", f"/api/booking/{link}").json["appointment"]["code"]
    go(app, clock, 9, 50)
    reply = staff(app, "clerk").ask("POST", "/api/check-in", {"request_id": "at-desk-1", "code": code})
    assert (reply.status_code, reply.json["ticket"]["number"], reply.json["slip"]) == (201, "A001", None)


def test_the_desk_and_the_manager_see_todays_appointments(app: App, clock: Clock, citizen: Caller) -> None:
    link = book(citizen)
    go(app, clock, 9, 50)
    manager = staff(app, "manager")
    rows = manager.ask("GET", "/api/state/manager").json["values"]["appointments"]
    assert [(r["state"], r["number"]) for r in rows] == [("booked", None)]
    citizen.ask("POST", f"/api/booking/{link}/check-in", {"request_id": "on-phone-1"})
    rows = manager.ask("GET", "/api/state/manager").json["values"]["appointments"]
    assert [(r["state"], r["number"]) for r in rows] == [("checked_in", "A001")]
    assert link not in str(rows)


def test_one_address_cannot_keep_every_place(citizen: Caller) -> None:
    replies = []
    for n in range(40):
        body = {"request_id": f"grab-{n:05d}", "service": "S001", "at": slot(8, 30)}
        replies.append(citizen.ask("POST", "/api/appointments", body).json.get("refused"))
    assert replies[-1] == "too-fast"


def test_a_phone_number_only_where_the_hall_asks_for_it(asking: App) -> None:
    who = nobody(asking)
    for n, (at, wanted) in enumerate([(slot(10), 200), (slot(14), 409)]):
        body = {"request_id": f"draft-{n:04d}", "service": "S001", "at": at}
        link = who.ask("POST", "/api/appointments", body).json["link"]
        body = {"request_id": f"confirm-{n:04d}", "phone": "138 0000 0001"}
        reply = who.ask("POST", f"/api/booking/{link}/confirm", body)
        assert reply.status_code == wanted, reply.json
    assert reply.json["refused"] == "booking-limit"
    assert "13800000001" not in str(reply.json)
    assert 'name="phone"' in asking.flask.test_client().get(f"/b/{link}").text


def test_a_phone_number_that_nobody_asked_for_is_refused(citizen: Caller) -> None:
    body = {"request_id": "draft-0001", "service": "S001", "at": slot(10)}
    link = citizen.ask("POST", "/api/appointments", body).json["link"]
    body = {"request_id": "confirm-0001", "phone": "13800000001"}
    reply = citizen.ask("POST", f"/api/booking/{link}/confirm", body)
    assert (reply.status_code, reply.json["refused"]) == (422, "input-invalid")
    assert 'name="phone"' not in citizen.client.get(f"/b/{link}").text


# --- without script
def hidden(page: str, action: str) -> str:
    """The request_id of the form that posts to `action`."""
    form = re.search(rf'action="{re.escape(action)}.*?</form>', page, re.DOTALL)
    assert form is not None, action
    found = re.search(r'name="request_id" value="([^"]+)"', form[0])
    assert found is not None
    return found[1]


def test_feature_203_book_move_check_in_by_forms(app: App, clock: Clock, phone: FlaskClient) -> None:
    assert "公司设立登记" in phone.get("/book").text
    assert "Company registration" in phone.get("/book?lang=en&q=company").text
    page = phone.get("/book?service=S001").text
    form = {"request_id": hidden(page, "/book"), "at": slot(10)}
    assert (
        phone.post("/book?service=S001", data=form, headers={"Origin": "http://evil.example"}).status_code
        == 403
    )
    made = phone.post("/book?service=S001", data=form, headers=OWN)
    assert made.status_code == 303
    twice = phone.post("/book?service=S001", data=form, headers=OWN)
    assert twice.headers["Location"] == made.headers["Location"], "a reload books nothing more"
    link = made.headers["Location"].partition("?")[0].removeprefix("/b/")
    page = phone.get(f"/b/{link}").text
    assert "09:10" in page, "until when it is kept, in the hall's time"
    confirmed = phone.post(
        f"/b/{link}/confirm", data={"request_id": hidden(page, f"/b/{link}/confirm")}, headers=OWN
    )
    assert confirmed.status_code == 303
    page = phone.get(f"/book?service=S001&move={link}").text
    form = {"request_id": hidden(page, f"/b/{link}/move"), "at": slot(11)}
    assert phone.post(f"/b/{link}/move", data=form, headers=OWN).status_code == 303
    page = phone.get(f"/b/{link}")
    assert page.headers["Cache-Control"] == "no-store"
    assert "11:00" in page.text
    assert QR in page.text
    assert "已改到这个时间" in page.text
    assert "Tue 3 Mar" in phone.get(f"/b/{link}?lang=en").text
    go(app, clock, 10, 50)
    page = phone.get(f"/b/{link}").text
    assert "现在可以签到" in page
    assert "calendar.ics" not in page, "an hour before has passed"
    here = phone.post(
        f"/b/{link}/check_in", data={"request_id": hidden(page, f"/b/{link}/check_in")}, headers=OWN
    )
    assert here.headers["Location"].startswith("/t/")
    assert "A001" in phone.get(f"/b/{link}?lang=en").text


def test_a_refused_form_says_why(phone: FlaskClient, citizen: Caller, clock: Clock) -> None:
    link = book(citizen)
    clock.at = datetime(2026, 3, 3, 9, 0, tzinfo=SHANGHAI)
    reply = phone.post(f"/b/{link}/cancel", data={"request_id": "too-late-now"}, headers=OWN)
    assert reply.status_code == 409
    assert "须提前 2 小时" in reply.text
    assert phone.post(f"/b/{link}/cancel", data={"request_id": "x"}, headers=OWN).status_code == 409
    assert phone.get(f"/b/{'A' * 22}").status_code == 404
    odd = phone.post("/book?service=S001", data={"request_id": "odd-time", "at": "soon"}, headers=OWN)
    assert odd.status_code == 409


def test_F210_a_day_that_a_manager_closes_has_no_appointments(app: App, citizen: Caller) -> None:
    """From the next look on: not offered, and not given to who still has the old page; one day more ahead."""

    def offered() -> list[str]:
        return [d["date"] for d in citizen.ask("GET", "/api/slots?service=S001").json["days"]]

    before, manager = offered(), staff(app, "manager")
    assert "2026-03-04" in before
    wish = {"request_id": "on-wednesday", "items": {"2026-03-04": {"kind": "closed"}}}
    draft = manager.ask("POST", "/api/config/days/draft", {**wish, "base": 0, "rev": 0})
    assert offered() == before, "a draft changes nothing"
    publish = {"request_id": "publish-it", "base": 0, "rev": draft.json["rev"]}
    assert manager.ask("POST", "/api/config/days", publish).status_code == 200
    after = offered()
    assert "2026-03-04" not in after
    assert len(after) == len(before)
    body = {"request_id": "old-page-1", "service": "S001", "at": slot(10, day=4)}
    said = citizen.ask("POST", "/api/appointments", body)
    assert (said.status_code, said.json["refused"]) == (404, "slot-unknown")


def test_a_full_day_offers_to_wait(app: App, phone: FlaskClient, citizen: Caller) -> None:
    days = citizen.ask("GET", "/api/slots?service=S001").json["days"]
    clerk = staff(app, "clerk")
    n = 0
    for one in days[0]["slots"]:
        for _ in range(one["free"]):
            n += 1
            body = {"request_id": f"fill-{n:05d}", "service": "S001", "at": one["at"]}
            assert clerk.ask("POST", "/api/appointments/by-staff", body).status_code == 201
    page = phone.get("/book?service=S001").text
    assert "约满" in page
    form = {"request_id": "wait-for-a-place", "day": days[0]["date"]}
    made = phone.post("/book?service=S001", data=form, headers=OWN)
    page = phone.get(made.headers["Location"]).text
    assert "候补中" in page
    assert "您排在候补的第一位" in page
    second = phone.post("/book?service=S001", data={**form, "request_id": "wait-too-please"}, headers=OWN)
    assert "前面还有 1 人候补" in phone.get(second.headers["Location"]).text


@pytest.mark.parametrize(("minutes", "late"), [(-15, False), (10, False), (11, True), (40, True)])
def test_the_glass_tells_whether_the_agreed_time_still_counts(
    app: App, clock: Clock, citizen: Caller, minutes: int, late: bool
) -> None:
    link = book(citizen)
    code = citizen.ask("GET", f"/api/booking/{link}").json["appointment"]["code"]
    go(app, clock, 9, 45)
    clock.forward(minutes=15 + minutes)
    body = {"request_id": f"here-{abs(minutes):04}", "code": code}
    told = device(app, "kiosk").ask("POST", "/api/check-in", body).json["ticket"]["appointment"]
    assert told["late"] is late
    assert datetime.fromisoformat(told["at"]) == datetime.fromisoformat(slot(10))


def test_the_page_of_a_booking_knows_when_it_is_too_late(app: App, clock: Clock, citizen: Caller) -> None:
    link = book(citizen)

    def look() -> tuple[str, bool]:
        found = citizen.ask("GET", f"/api/booking/{link}").json["appointment"]
        return found["phase"], found["can"]["check_in"]

    go(app, clock, 9, 44)
    assert look() == ("early", False)
    clock.forward(minutes=1)
    assert look() == ("ready", True)
    clock.forward(minutes=15 + 11)
    assert look() == ("late", True)
    page = citizen.ask("GET", f"/b/{link}").text
    assert "按普通号排队" in page
    assert "crispEdges" in page
    clock.at = datetime(2026, 3, 3, 19, 0, tzinfo=SHANGHAI)
    with app.house.store.unit(SYSTEM) as unit:
        run_day(unit, app.house.hall, always_open=False)
    assert look() == ("over", False)
    page = citizen.ask("GET", f"/b/{link}").text
    assert "这个预约没有用上" in page
    assert QR not in page, "no code that no kiosk would take"
