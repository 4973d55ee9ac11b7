"""投诉 by the ticket's own link: answered by those who supervise, seen by its giver, read by no clerk."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.actions.complain import answer, forget_complaints, take_up
from server.app import App
from server.domain.actors import Actor
from server.domain.refusals import ComplaintStateWrong, ComplaintUnknown
from server.store import tables
from tests.conftest import Clock
from tests.server.hall_day import HallDay

WATCHER = Actor("staff", "ZW030", "supervisor", proof="session-ZW030")
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
        take_up(unit, 1)
    assert states(phone, link) == [("working", "")]
    with app.house.store.unit(WATCHER) as unit:
        answer(unit, 1, "已核实，下午增开一个窗口。", declined=False)
    assert "下午增开一个窗口" in phone.get(f"/t/{link}").get_data(as_text=True)
    with pytest.raises(ComplaintStateWrong), app.house.store.unit(WATCHER) as unit:
        take_up(unit, 1)
    with pytest.raises(ComplaintUnknown), app.house.store.unit(WATCHER) as unit:
        take_up(unit, 99)


def test_three_of_one_number_at_the_most(app: App, hall_day: HallDay, phone: FlaskClient) -> None:
    link = hall_day.take().ticket.link
    for n in (1, 2, 3):
        body = {"request_id": f"complaint-{n}", "text": "窗口没有人"}
        assert phone.post(f"/api/my/{link}/complain", json=body).status_code == 201
        with app.house.store.unit(WATCHER) as unit:
            answer(unit, n, "不属于本大厅的事。", declined=True)
    assert {state for state, _ in states(phone, link)} == {"declined"}
    body = {"request_id": "complaint-4", "text": "窗口没有人"}
    assert phone.post(f"/api/my/{link}/complain", json=body).json["refused"] == "complaints-spent"


def test_what_was_written_is_forgotten_the_answer_stays(
    app: App, hall_day: HallDay, phone: FlaskClient
) -> None:
    link = hall_day.take().ticket.link
    phone.post(f"/t/{link}/complain", data={"text": "窗口没有人"}, headers=OWN)
    with app.house.store.unit(WATCHER) as unit:
        answer(unit, 1, "已核实。", declined=False)
    hall_day.clock.forward(minutes=60 * 24 * (app.house.hall.hall.privacy.ticket_identity_days + 1))
    with app.house.store.unit(WATCHER) as unit:
        forget_complaints(unit, app.house.hall)
    with app.house.store.read() as connection:
        assert connection.execute(select(tables.complaint.c.sealed)).scalar_one() is None
    assert states(phone, link) == [("answered", "已核实。")]
