"""The citizen's own page: complete without script, private, cheap to poll."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.actions.day import open_day
from server.actions.take_number import take_number
from server.app import App
from server.domain.actors import SYSTEM
from server.store import tables
from tests.conftest import KIOSK, Clock
from tests.server.hall_day import HallDay


@pytest.fixture
def hall_day(app: App, clock: Clock) -> HallDay:
    return HallDay(app.house.store, app.house.hall, app.house.slip, clock).open("W01")


@pytest.fixture
def phone(app: App) -> FlaskClient:
    return app.flask.test_client()


def test_the_page_says_it_all_without_script(hall_day: HallDay, phone: FlaskClient) -> None:
    hall_day.take()
    link = hall_day.take().ticket.link
    page = phone.get(f"/t/{link}")
    text = page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "no-store"
    assert "A002" in text
    assert "公司设立登记" in text
    assert re.search(r"<time[^>]*>09:00</time>", text), "the hall's own time"
    assert "Company registration" in phone.get(f"/t/{link}?lang=en").get_data(as_text=True)


def test_polling_costs_nothing_while_nothing_changes(hall_day: HallDay, phone: FlaskClient) -> None:
    link = hall_day.take().ticket.link
    first = phone.get(f"/api/my/{link}")
    again = phone.get(f"/api/my/{link}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    hall_day.call("W01")
    called = phone.get(f"/api/my/{link}", headers={"If-None-Match": first.headers["ETag"]})
    assert (called.status_code, called.json["ticket"]["window"]) == (200, "1")


def test_cancel_by_form(hall_day: HallDay, phone: FlaskClient) -> None:
    link = hall_day.take().ticket.link
    assert phone.post(f"/t/{link}/cancel", headers={"Origin": "http://evil.example"}).status_code == 403
    assert phone.post(f"/t/{link}/cancel", headers={"Origin": "http://localhost"}).status_code == 303
    assert phone.get(f"/api/my/{link}").json["ticket"]["state"] == "cancelled"
    again = phone.post(f"/t/{link}/cancel", headers={"Origin": "http://localhost"})
    assert again.status_code == 409
    assert "已取消" in again.get_data(as_text=True)


def test_rate_by_form_once(hall_day: HallDay, phone: FlaskClient) -> None:
    taken = hall_day.take()
    hall_day.call("W01")
    hall_day.serve("W01")
    url, own = f"/t/{taken.ticket.link}/rate", {"Origin": "http://localhost"}
    bad = phone.post(url, data={"leg": taken.leg.id, "level": 1}, headers=own)
    assert bad.status_code == 422, "a bad rating needs a reason"
    assert phone.post(url, data={"leg": "x", "level": 1}, headers=own).status_code == 422
    assert (
        phone.post(url, data={"leg": taken.leg.id, "level": 1, "reasons": "108"}, headers=own).status_code
        == 303
    )
    assert phone.get(f"/api/my/{taken.ticket.link}").json["rating"] == {
        "can": False,
        "leg": taken.leg.id,
        "given": 1,
    }


def test_one_link_cannot_rate_anothers_visit(hall_day: HallDay, phone: FlaskClient) -> None:
    mine, other = hall_day.take(), hall_day.take()
    hall_day.call("W01")
    hall_day.serve("W01")
    body = {"request_id": "not-my-visit", "leg": mine.leg.id, "level": 5}
    assert phone.post(f"/api/my/{other.ticket.link}/rate", json=body).json["refused"] == "rating-not-asked"


def test_an_unknown_link_says_nothing(app: App, phone: FlaskClient) -> None:
    with app.house.store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=False)
    with app.house.store.unit(KIOSK) as unit:
        take_number(unit, app.house.hall, app.house.slip, "http://localhost", "S001")
    guess = phone.get("/api/my/AAAAAAAAAAAAAAAAAAAAAA")
    assert (guess.status_code, guess.json["refused"]) == (404, "ticket-unknown")


def test_letting_three_go_first_once(app: App, hall_day: HallDay, phone: FlaskClient) -> None:
    mine = hall_day.take()
    own, url = {"Origin": "http://localhost"}, f"/t/{mine.ticket.link}/postpone"
    alone = phone.post(url, data={"by": "people"}, headers=own)
    assert (alone.status_code, "不用顺延" in alone.get_data(as_text=True)) == (409, True)
    for _ in range(4):
        hall_day.clock.forward(minutes=1)
        hall_day.take()
    value = phone.get(f"/api/my/{mine.ticket.link}").json["ticket"]
    assert (value["ahead"], value["postpone"]) == (0, {"people": 3, "minutes": 15})
    assert (
        phone.post(url, data={"by": "people"}, headers={"Origin": "http://evil.example"}).status_code == 403
    )
    assert phone.post(url, data={"by": "years"}, headers=own).status_code == 422
    assert phone.post(url, data={"by": "people"}, headers=own).status_code == 303
    value = phone.get(f"/api/my/{mine.ticket.link}").json["ticket"]
    assert (value["ahead"], value["postpone"], value["postponed"]) == (3, None, True)
    body = {"request_id": "step-back-again", "by": "minutes"}
    assert phone.post(f"/api/my/{mine.ticket.link}/postpone", json=body).json["refused"] == "postpones-spent"
    called = []
    for _ in range(4):
        called.append(hall_day.call("W01").number)  # type: ignore[union-attr]
        hall_day.serve("W01", 1)
    assert called == ["A002", "A003", "A004", "A001"]
    with app.house.store.read() as connection:
        trail = connection.execute(select(tables.audit.c.line)).scalars()
        assert any("ticket.postpone" in line for line in trail)


def test_whoever_serves_is_on_the_phone(hall_day: HallDay, phone: FlaskClient) -> None:
    """B9: the badge of who calls, not of who usually sits there."""
    link = hall_day.take("S001").ticket.link
    assert "陈静" not in phone.get(f"/t/{link}").get_data(as_text=True)
    hall_day.call("W01")
    page = phone.get(f"/t/{link}").get_data(as_text=True)
    assert "陈静" in page
    assert "ZW001" in page
