"""The seldom deeds over HTTP: who may, what the desk answers, and that a repeated request is done once."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from server.actions.stand_in import call_stand_ins
from server.app import App
from server.domain.actors import SYSTEM
from tests.conftest import Clock
from tests.server.callers import Caller, audit, device, person_of, staff

_ids = itertools.count()


def ask(who: Caller, path: str, **body: Any) -> Any:
    return who.ask("POST", path, {"request_id": f"desk-more-{next(_ids)}", **body})


def do(who: Caller, path: str, **body: Any) -> Any:
    reply = ask(who, path, **body)
    assert reply.status_code in (200, 201), reply.json
    return reply.json


@pytest.fixture
def clerk(app: App) -> Caller:
    do(staff(app, "manager"), "/api/day/open")
    who = staff(app, "clerk")
    do(who, "/api/windows/W01/open")
    kiosk = device(app, "kiosk")
    for _ in range(2):
        do(kiosk, "/api/tickets", service="S001")
    return who


def test_undo_over_http_is_done_once(clerk: Caller):
    called = do(clerk, "/api/windows/W01/call-next")["desk"]
    assert called["undo"]["move"] == "call"
    assert called["ticket"]["recall_at"]
    body = {"request_id": "undo-pressed-twice"}
    for _ in range(2):
        reply = clerk.ask("POST", "/api/windows/W01/undo", body)
        assert (reply.status_code, reply.json["desk"]["ticket"]) == (200, None)
    again = ask(clerk, "/api/windows/W01/undo")
    assert (again.status_code, again.json["refused"]) == (409, "undo-nothing")


def test_services_choice_and_correction_over_http(app: App, clerk: Caller):
    reply = ask(clerk, "/api/windows/W01/call-choice", number="A002", reason="because")
    assert (reply.status_code, reply.json["refused"]) == (404, "choice-reason-unknown")
    assert ask(clerk, "/api/windows/W01/call-choice", number="A002").status_code == 422
    desk = do(clerk, "/api/windows/W01/call-choice", number="A002", reason="helped")["desk"]
    assert (desk["ticket"]["number"], desk["ticket"]["why"]["rule"]) == ("A002", "choice")
    desk = do(clerk, "/api/windows/W01/services", service="S101")["desk"]
    assert desk["further"][0]["service"]["id"] == "S101"
    do(clerk, "/api/windows/W01/start")
    leg = do(clerk, "/api/windows/W01/finish")["desk"]["done"][0]["leg"]
    for reason in ("", " ", None):
        assert (
            ask(clerk, "/api/windows/W01/correct", leg=leg, outcome="deferred", reason=reason).status_code
            == 422
        )
    desk = do(clerk, "/api/windows/W01/correct", leg=leg, outcome="deferred", reason="误按")["desk"]
    assert desk["done"][0]["outcome"] == "deferred"
    manager = staff(app, "manager").ask("GET", "/api/state/manager").json["values"]
    assert manager["choices"][0]["n"] == 1
    assert {"ticket.choose", "service.add", "visit.correct"} <= {line["act"] for line in audit(app)}


def test_a_transfer_to_a_person_and_back_over_http(app: App, clerk: Caller):
    other = staff(app, "back_clerk")
    do(clerk, "/api/windows/W01/call-next")
    reply = ask(clerk, "/api/windows/W01/transfer", person=other.id)
    assert reply.json["refused"] == "person-away"
    reply = do(clerk, "/api/windows/W01/transfer", queue="B", back=True)
    assert reply["desk"]["undo"]["move"] == "transfer"


def test_F66_who_is_sent_on_comes_back_ahead_of_the_line_to_who_asked(app: App, clerk: Caller):
    """Over the doors, as desk, phone and number show it; W02 serves the same queue and does not get them."""
    kiosk, other, beside = device(app, "kiosk"), person_of(app, "ZW005"), person_of(app, "ZW002")
    do(other, "/api/windows/W05/open")
    do(beside, "/api/windows/W02/open")
    number = do(clerk, "/api/windows/W01/call-next")["desk"]["ticket"]["number"]
    do(clerk, "/api/windows/W01/start")
    do(clerk, "/api/windows/W01/transfer", queue="B", back=True, note="先办医保")
    do(kiosk, "/api/tickets", service="S001", priority="elder")
    desk = do(other, "/api/windows/W05/call-next")["desk"]
    assert (desk["ticket"]["number"], desk["ticket"]["note"]) == (number, "先办医保")
    do(other, "/api/windows/W05/start")
    do(other, "/api/windows/W05/finish")
    ahead = do(beside, "/api/windows/W02/call-next")["desk"]["ticket"]["number"]
    assert ahead != number, "they come back to who sent them"
    back = do(clerk, "/api/windows/W01/call-next")["desk"]["ticket"]
    assert (back["number"], back["why"]["rule"]) == (number, "back")


def test_the_phone_shows_every_step(app: App, clerk: Caller):
    kiosk = device(app, "kiosk")
    link = do(kiosk, "/api/tickets", service="S001")["ticket"]["link"]
    assert clerk.ask("GET", f"/api/my/{link}").json["legs"] == []
    do(clerk, "/api/windows/W01/call-choice", number="A003", reason="helped")
    do(clerk, "/api/windows/W01/services", service="S101")
    assert [x["state"] for x in clerk.ask("GET", f"/api/my/{link}").json["legs"]] == ["called", "planned"]
    page = clerk.ask("GET", f"/t/{link}").text
    assert "要办的事项" in page
    assert "接着办" in page


def test_an_emergency_over_http(app: App, clerk: Caller):
    leader, supervisor = staff(app, "duty_leader"), staff(app, "supervisor")
    do(clerk, "/api/windows/W01/emergency")
    shown = leader.ask("GET", "/api/state/manager").json["values"]["emergencies"]
    path = f"/api/emergencies/{shown[0]['id']}"
    assert ask(clerk, f"{path}/acknowledge").status_code == 403
    assert ask(supervisor, f"{path}/close").status_code == 403
    do(leader, f"{path}/acknowledge")
    desk = clerk.ask("GET", "/api/state/clerk?window=W01").json["values"]["desk"]
    assert desk["emergency"]["state"] == "acknowledged"
    do(leader, f"{path}/close", note="已平息")
    assert ask(leader, f"{path}/close").json["refused"] == "emergency-closed"
    assert ask(leader, "/api/emergencies/999/close").status_code == 404


def test_a_tidal_window_over_http(app: App, clerk: Caller):
    leader = staff(app, "duty_leader")
    assert ask(clerk, "/api/tidal/W04", confirm=True).status_code == 403
    assert ask(leader, "/api/tidal/W01", confirm=True).json["refused"] == "window-unknown"
    do(leader, "/api/tidal/W04", confirm=True)
    shown = leader.ask("GET", "/api/state/manager").json["values"]["tidal"]
    assert [(x["window"], x["state"]) for x in shown] == [("W04", "confirmed")]


def test_the_stand_in_is_asked_on_the_page_where_windows_are_chosen(app: App, clerk: Caller, clock: Clock):

    assert clerk.ask("GET", "/api/posts/asked").json == {"posts": []}
    for minutes, leader_sees in ((5, False), (5, True)):
        clock.forward(minutes=minutes)
        with app.house.store.unit(SYSTEM) as unit:
            call_stand_ins(unit, app.house.hall)
        asked = clerk.ask("GET", "/api/posts/asked").json["posts"]
        assert asked == [{"window": "W02", "number": "2", "main": "李明远"}]
        leader = staff(app, "duty_leader").ask("GET", "/api/posts/asked").json["posts"]
        assert ("W02" in {x["window"] for x in leader}) == leader_sees
