"""投诉 by the ticket's own link: answered by those who supervise, seen by its giver, read by no clerk."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.actions.complain import (
    answer,
    assign,
    extend,
    forget_complaints,
    take_up,
    watch_complaints,
)
from server.actions.day import close_day
from server.actions.rate import rate
from server.app import App
from server.domain.actors import SYSTEM, Actor
from server.domain.refusals import (
    ComplaintExtended,
    ComplaintOwnerWrong,
    ComplaintStateWrong,
    ComplaintUnknown,
)
from server.store import tables
from server.store.alarms import all_alarms
from server.store.complaints import find_complaint
from server.store.unit import Unit
from tests.conftest import Clock
from tests.server.callers import audit, person_of, staff
from tests.server.hall_day import HallDay

WATCHER = Actor("staff", "ZW023", "supervisor", proof="session-ZW023")
OWN = {"Origin": "http://localhost"}


@pytest.fixture
def hall_day(app: App, clock: Clock) -> HallDay:
    return HallDay(app.house.store, app.house.hall, app.house.slip, clock).open("W01")


@pytest.fixture
def phone(app: App) -> FlaskClient:
    return app.flask.test_client()


def states(phone: FlaskClient, link: str) -> list[tuple[str, str]]:
    return [(c["state"], c["answer"]) for c in phone.get(f"/api/my/{link}").json["complaints"]]


def test_a_complaint_is_answered_on_the_page_it_came_from(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    link = hall_day.take().ticket.link
    url = f"/t/{link}/complain"
    assert phone.post(url, data={"text": " "}, headers=OWN).status_code == 422
    assert phone.post(url, data={"text": "等了两个小时"}, headers=OWN).status_code == 303
    assert states(phone, link) == [("received", "")]
    again = phone.post(url, data={"text": "还在等"}, headers=OWN)
    assert (again.status_code, "还在处理" in again.get_data(as_text=True)) == (409, True)
    with app.house.store.read() as connection:
        kept = connection.execute(select(tables.complaint.c.sealed)).scalar_one()
        trail = list(connection.execute(select(tables.audit.c.line)).scalars())
    assert "等了两个小时".encode() not in kept
    assert not any("等了两个小时" in line for line in trail)
    with app.house.store.unit(WATCHER) as unit:
        take_up(unit, app.house.hall, 1)
    assert states(phone, link) == [("working", "")]
    with app.house.store.unit(WATCHER) as unit:
        answer(unit, app.house.hall, 1, "已核实，下午增开一个窗口。", declined=False)
    assert "下午增开一个窗口" in phone.get(f"/t/{link}").get_data(as_text=True)
    with pytest.raises(ComplaintStateWrong), app.house.store.unit(WATCHER) as unit:
        take_up(unit, app.house.hall, 1)
    with pytest.raises(ComplaintUnknown), app.house.store.unit(WATCHER) as unit:
        take_up(unit, app.house.hall, 99)


def test_three_of_one_number_at_the_most(app: App, hall_day: HallDay, phone: FlaskClient) -> None:
    link = hall_day.take().ticket.link
    for n in (1, 2, 3):
        body = {"request_id": f"complaint-{n}", "text": "窗口没有人"}
        assert phone.post(f"/api/my/{link}/complain", json=body).status_code == 201
        with app.house.store.unit(WATCHER) as unit:
            answer(unit, app.house.hall, n, "不属于本大厅的事。", declined=True)
    assert {state for state, _ in states(phone, link)} == {"declined"}
    body = {"request_id": "complaint-4", "text": "窗口没有人"}
    assert phone.post(f"/api/my/{link}/complain", json=body).json["refused"] == "complaints-spent"


def test_what_was_written_is_forgotten_the_answer_stays(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    link = hall_day.take().ticket.link
    phone.post(f"/t/{link}/complain", data={"text": "窗口没有人"}, headers=OWN)
    with app.house.store.unit(WATCHER) as unit:
        answer(unit, app.house.hall, 1, "已核实。", declined=False)
    hall_day.clock.forward(minutes=60 * 24 * (app.house.hall.hall.privacy.ticket_identity_days + 1))
    with app.house.store.unit(WATCHER) as unit:
        forget_complaints(unit, app.house.hall)
    with app.house.store.read() as connection:
        assert connection.execute(select(tables.complaint.c.sealed)).scalar_one() is None
    assert states(phone, link) == [("answered", "已核实。")]


def local(at: datetime | None, app: App) -> str:
    assert at is not None
    return f"{at.astimezone(app.house.hall.zone):%m-%d %H:%M}"


def rated(hall_day: HallDay, level: int, reasons: tuple[str, ...] = ("108",)) -> str:
    """A visit that was rated from the pad; the ticket's link."""
    taken = hall_day.take()
    hall_day.call("W01")
    hall_day.serve("W01")
    with hall_day.store.unit(Actor("device", "pad-1", "pad", window="W01")) as unit:
        rate(unit, hall_day.hall, taken.leg.id, level, reasons)
    return taken.ticket.link


def test_F130_a_bad_rating_is_followed_up_with_its_limits(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    link = rated(hall_day, 1)
    (seen,) = phone.get(f"/api/my/{link}").json["complaints"]
    assert (seen["source"], seen["state"], seen["owner"]) == ("rating", "received", None)
    with app.house.store.read() as connection:
        order = find_complaint(connection, app.house.hall.id, 1)
    # Monday 2 March, day 0: 1 working day to take it up, 5 to answer, 15 extended
    assert (local(order.contact_due, app), local(order.answer_due, app)) == ("03-03 17:30", "03-09 17:30")
    assert order.about == "ZW001", "the clerk who served"
    page = phone.get(f"/t/{link}").get_data(as_text=True)
    assert "您的差评" in page
    assert "17:30" in page
    # it stops nobody from writing words too
    body = {"request_id": "complaint-1", "text": "窗口没有人"}
    assert phone.post(f"/api/my/{link}/complain", json=body).status_code == 201


@pytest.mark.parametrize(("level", "reasons"), [(3, ()), (5, ())])
def test_F130_only_a_bad_one_is(
    hall_day: HallDay, phone: FlaskClient, level: int, reasons: tuple[str, ...]
) -> None:
    assert phone.get(f"/api/my/{rated(hall_day, level, reasons)}").json["complaints"] == []


def alarms(unit: Unit) -> dict[str, int]:
    return {a["kind"]: a["facts"]["count"] for a in all_alarms(unit.connection, unit.hall)}


def test_F130_the_manager_hears_at_once_and_in_red_when_late(app: App, hall_day: HallDay) -> None:
    hall = app.house.hall
    rated(hall_day, 2, ("207",))
    with app.house.store.unit(SYSTEM) as unit:
        watch_complaints(unit, hall)
        assert alarms(unit) == {"complaint": 1}
    hall_day.clock.forward(minutes=36 * 60)
    with app.house.store.unit(SYSTEM) as unit:
        watch_complaints(unit, hall)
        assert alarms(unit) == {"complaint-late": 1}
    with app.house.store.unit(WATCHER) as unit:
        take_up(unit, hall, 1)
        watch_complaints(unit, hall)
        assert alarms(unit) == {}
    hall_day.clock.forward(minutes=7 * 24 * 60)
    with app.house.store.unit(SYSTEM) as unit:
        watch_complaints(unit, hall)
        assert alarms(unit) == {"complaint-late": 1}
        with pytest.raises(ComplaintExtended):
            extend(unit_as(unit, WATCHER), hall, 1, "要问部门")
    with app.house.store.unit(WATCHER) as unit:
        answer(unit, hall, 1, "已核实。", declined=False)
        watch_complaints(unit, hall)
        assert alarms(unit) == {}


def unit_as(unit: Unit, actor: Actor) -> Unit:
    unit.actor = actor
    return unit


def test_F130_extended_once_and_the_citizen_reads_why(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    hall, link = app.house.hall, rated(hall_day, 1)
    with pytest.raises(ComplaintStateWrong), app.house.store.unit(WATCHER) as unit:
        extend(unit, hall, 1, "要问部门")
    with app.house.store.unit(WATCHER) as unit:
        take_up(unit, hall, 1)
        assert local(extend(unit, hall, 1, "要问部门").answer_due, app) == "03-23 17:30"
    with pytest.raises(ComplaintExtended), app.house.store.unit(WATCHER) as unit:
        extend(unit, hall, 1, "还要问")
    (seen,) = phone.get(f"/api/my/{link}").json["complaints"]
    assert seen["extended"] == "要问部门"
    person = hall.catalogue.people["ZW023"]
    assert seen["owner"] == {"name": person.name, "name_en": person.name_en}
    assert "要问部门" in phone.get(f"/t/{link}").get_data(as_text=True)


def test_F130_nobody_answers_what_is_about_themselves(app: App, hall_day: HallDay) -> None:
    hall = app.house.hall
    rated(hall_day, 1)
    about = Actor("staff", "ZW001", "manager", proof="session-ZW001")
    for deed in (lambda u: take_up(u, hall, 1), lambda u: answer(u, hall, 1, "没事", declined=True)):
        with pytest.raises(ComplaintOwnerWrong), app.house.store.unit(about) as unit:
            deed(unit)
    manager = next(p.id for p in hall.catalogue.people.values() if p.role == "manager")
    with app.house.store.unit(WATCHER) as unit:
        assert assign(unit, hall, 1, manager).owner == manager
        with pytest.raises(ComplaintOwnerWrong):
            assign(unit, hall, 1, "ZW001")


def test_the_link_asks_no_longer_than_it_may_rate(app: App, hall_day: HallDay, phone: FlaskClient) -> None:
    link = hall_day.take().ticket.link
    hall_day.call("W01")
    hall_day.serve("W01")
    assert phone.get(f"/api/my/{link}").json["rating"]["can"]
    hall_day.clock.at += app.house.hall.rating_rule.link_timeout + timedelta(seconds=1)
    assert not phone.get(f"/api/my/{link}").json["rating"]["can"]


# --- a way to be reached, and a second look
SECRET = "138 0000 1234"


def handler(app: App, person: str) -> Any:
    """ask(complaint, path, **body) as somebody who may answer."""
    who = person_of(app, person)
    turn = count(1)

    def ask(complaint: int, path: str, **body: Any) -> Any:
        known = {"request_id": f"{person}-{next(turn):06d}", **body}
        return who.ask("POST", f"/api/complaints/{complaint}/{path}", known)

    return ask


def test_how_to_reach_who_complains_is_for_whoever_works_on_it(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    link = hall_day.take().ticket.link
    form = {"text": "等了两个小时", "contact": SECRET}
    assert (
        phone.post(f"/t/{link}/complain", data={**form, "contact": "9" * 61}, headers=OWN).status_code == 422
    )
    assert phone.post(f"/t/{link}/complain", data=form, headers=OWN).status_code == 303
    watcher, manager = handler(app, "ZW023"), handler(app, "ZW024")
    assert watcher(1, "contact").json["refused"] == "complaint-state-wrong", "nobody works on it yet"
    assert watcher(1, "take-up").status_code == 200
    assert manager(1, "contact").json["refused"] == "complaint-owner-wrong"
    assert handler(app, "ZW001")(1, "contact").status_code == 403
    again = {"request_id": "the-very-same-look"}
    for _ in range(2):
        assert watcher(1, "contact", **again).json == {"contact": SECRET}
    listed = person_of(app, "ZW023").ask("GET", "/api/complaints")
    assert listed.json["complaints"][0]["contact"] is True
    assert SECRET not in listed.text
    assert SECRET not in phone.get(f"/t/{link}").text
    looks = audit(app, "complaint.contact")
    assert [line["actor"]["id"] for line in looks] == ["ZW023"]
    with app.house.store.read() as connection:
        every = [list(connection.execute(select(table))) for table in tables.metadata.sorted_tables]
    assert SECRET not in repr(every), "not in the clear, in the answered requests neither"
    assert watcher(1, "answer", text="已核实。").status_code == 200
    assert watcher(1, "contact").json["refused"] == "complaint-state-wrong", "it is over"
    hall_day.clock.forward(minutes=60 * 24 * (app.house.hall.hall.privacy.ticket_identity_days + 1))
    with app.house.store.unit(SYSTEM) as unit:
        forget_complaints(unit, app.house.hall)
    with app.house.store.read() as connection:
        assert find_complaint(connection, app.house.hall.id, 1).sealed is None


def test_a_second_look_once_in_time_and_by_somebody_else(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    link = hall_day.take().ticket.link
    watcher, manager = handler(app, "ZW023"), handler(app, "ZW024")
    phone.post(f"/t/{link}/complain", data={"text": "窗口没有人"}, headers=OWN)
    ask = {"nth": "1", "text": "还是没有人"}
    early = phone.post(f"/t/{link}/review", data=ask, headers=OWN)
    assert early.status_code == 409, "there is no answer yet"
    assert watcher(1, "answer", text="已核实。").status_code == 200
    (seen,) = phone.get(f"/api/my/{link}").json["complaints"]
    # Monday 2 March and ten working days
    assert local(datetime.fromisoformat(seen["review"]), app) == "03-16 17:30"
    assert "申请复核" in phone.get(f"/t/{link}").text
    for nth in ("", "0", "2", "x", "²"):
        assert phone.post(f"/t/{link}/review", data={**ask, "nth": nth}, headers=OWN).status_code in (
            404,
            422,
        )
    assert phone.post(f"/t/{link}/review", data=ask, headers={"Origin": "http://evil"}).status_code == 403
    assert phone.post(f"/t/{link}/review", data=ask, headers=OWN).status_code == 303
    assert phone.post(f"/t/{link}/review", data=ask, headers=OWN).status_code == 409
    first, second = phone.get(f"/api/my/{link}").json["complaints"]
    assert (first["review"], second["source"], second["state"]) == (None, "review", "received")
    assert watcher(2, "take-up").json["refused"] == "complaint-owner-wrong", "who answered first"
    assert manager(2, "assign", owner="ZW023").json["refused"] == "complaint-owner-wrong"
    shown = person_of(app, "ZW023").ask("GET", "/api/complaints").json["complaints"][0]
    assert (shown["answered_first"], shown["first"]["answer"]) == (True, "已核实。")
    assert manager(2, "take-up").status_code == 200
    assert manager(2, "answer", text="已增开窗口。").status_code == 200
    page = phone.get(f"/t/{link}").text
    assert "这是复核的答复" in page
    assert "/review?" not in page, "there is no third look"
    assert phone.post(f"/t/{link}/review", data={**ask, "nth": "2"}, headers=OWN).status_code == 409


def test_a_second_look_has_its_end(app: App, hall_day: HallDay, phone: FlaskClient) -> None:
    links = rated(hall_day, 1), rated(hall_day, 2, ("207",))
    watcher = handler(app, "ZW023")
    assert {watcher(n, "answer", text="已核实。").status_code for n in (1, 2)} == {200}
    body = {"nth": 1, "text": "还是没有人"}

    def ask(link: str, n: int) -> Any:
        return phone.post(f"/api/my/{link}/review", json={**body, "request_id": f"review-{n:04d}"})

    hall_day.clock.at = datetime(2026, 3, 16, 17, 30, tzinfo=app.house.hall.zone)
    assert ask(links[0], 1).status_code == 201
    hall_day.clock.forward(seconds=1)
    assert phone.get(f"/api/my/{links[1]}").json["complaints"][0]["review"] is None
    assert ask(links[1], 2).json["refused"] == "review-late"
    with app.house.store.read() as connection:
        again = find_complaint(connection, app.house.hall.id, 3)
    assert (again.about, again.leg is None) == ("ZW001", False), "about the same person, a rating's limits"


def test_C12_outside_hours_messages_complaints_and_bookings_are_taken(
    app: App, hall_day: HallDay, phone: FlaskClient, clock: Clock
) -> None:
    """The evening after a working day: nobody is there, no number is given, and everybody is heard."""
    held = hall_day.take().ticket.link
    with app.house.store.unit(SYSTEM) as unit:
        close_day(unit)
    clock.forward(hours=11)  # 20:00
    assert phone.get(f"/t/{held}").status_code == 200
    complaint = {"text": "等到下班也没叫到"}
    assert phone.post(f"/t/{held}/complain", data=complaint, headers=OWN).status_code == 303
    assert states(phone, held) == [("received", "")]
    assert phone.get("/book?service=S001").status_code == 200
    at = next(
        s["at"] for d in phone.get("/api/slots?service=S001").json["days"] for s in d["slots"] if s["free"]
    )
    booked = phone.post("/book?service=S001", data={"request_id": "r" * 32, "at": at}, headers=OWN)
    assert (booked.status_code, "/b/" in booked.headers["Location"]) == (303, True)

    for lang, send in (("zh", "提交留言"), ("en", "Send")):
        shown = phone.get(f"/message?lang={lang}").text
        assert send in shown
        assert "<script" not in shown
    words = {"request_id": "m" * 32, "text": "周六能办社保卡吗", "contact": "138 0000 0000"}
    no = phone.post("/message", data={**words, "text": " ", "request_id": "n" * 32}, headers=OWN)
    assert (no.status_code, "138 0000 0000" in no.text) == (409, True), "what was typed stays"
    assert phone.post("/message", data=words, headers={"Origin": "http://elsewhere"}).status_code == 403
    told = [phone.post("/message", data=words, headers=OWN).headers["Location"] for _ in range(2)]
    assert told[0] == told[1], "sent twice, kept once"
    page = phone.get(told[0]).text
    assert "已收到" in page
    assert "3月3日" in page, "taken up on the next working day"
    assert "周六能办社保卡吗" not in page

    manager = staff(app, "manager")
    rows = manager.ask("GET", "/api/complaints").json["complaints"]
    row = next(r for r in rows if r["source"] == "message")
    assert len(rows) == 2
    assert (row["text"], row["number"], row["window"], row["contact"]) == (words["text"], "#2", None, True)
    with app.house.store.read() as connection:
        trail = list(connection.execute(select(tables.audit.c.line)).scalars())
    assert not any("社保卡" in line or "138" in line for line in trail)
    answered = {"text": "周六上午可以，请先预约。"}
    for n, (step, body) in enumerate((("take-up", {}), ("answer", answered))):
        path = f"/api/complaints/{row['id']}/{step}"
        assert manager.ask("POST", path, {"request_id": f"{n:032}", **body}).status_code == 200
    assert "周六上午可以，请先预约。" in phone.get(told[0]).text
    lost = phone.get("/m/" + "x" * 22)
    assert (lost.status_code, "没有这条留言" in lost.text, "小票" in lost.text) == (404, True, False)
    assert "小票" in phone.get("/t/" + "x" * 22).text
    more = [
        phone.post("/message", data={"request_id": f"{n:032}", "text": "再问一件事"}, headers=OWN)
        for n in range(31)
    ]
    most = app.house.hall.hall.messages.per_hour
    assert most == 30, "a whole hall may be behind one address"
    assert [one.status_code for one in more] == [303] * (most - 1) + [409, 409], "nor can one address bury it"
    again = phone.post("/message", data=words, headers=OWN)
    assert again.headers["Location"] == told[0], "sent once more, it is not counted and not refused"
