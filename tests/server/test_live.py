"""Every face over its socket: who is let in, what it is shown, and that it stays in step with plain HTTP."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from server.actions.day import open_day
from server.app import App
from server.domain.access import DEVICES, LISTENING, STAFF, may
from server.domain.actors import SYSTEM
from server.live import publish
from tests.conftest import Clock
from tests.server.callers import PLACES, Caller, caller, device, nobody, staff
from tests.server.listeners import Listener, knock

FACES = ("/hall", "/window", "/kiosk", "/pad", "/clerk", "/manager")
_ids = itertools.count()


def do(who: Caller, path: str, **body: Any) -> Any:
    """An act over HTTP that must succeed."""
    reply = who.ask("POST", path, {"request_id": f"request-{next(_ids)}", **body})
    assert reply.status_code in (200, 201), reply.json
    return reply.json


@pytest.fixture
def manager(app: App) -> Caller:
    who = staff(app, "manager")
    do(who, "/api/day/open")
    return who


@pytest.fixture
def clerk(app: App, manager: Caller) -> Caller:
    who = staff(app, "clerk")
    do(who, "/api/windows/W01/open")
    return who


@pytest.fixture
def kiosk(app: App, manager: Caller) -> Caller:
    return device(app, "kiosk")


# --- the door
@pytest.mark.parametrize("role", [*DEVICES, *STAFF])
def test_each_namespace_lets_in_its_callers_and_nobody_else(app: App, role: str):
    who = caller(app, role)
    for namespace, act in LISTENING.items():
        got = knock(app, who, namespace, window="W01")
        assert got.admitted == may(role, act), namespace
        if got.admitted and namespace in FACES:
            assert set(got.state) == {"revision", "rows", "values"}


@pytest.mark.parametrize("namespace", LISTENING)
@pytest.mark.parametrize(
    "auth",
    [None, {}, [], "x", 7, {"key": "x" * 43}, {"key": 7}, {"key": None}, {"csrf": "x" * 43}, {"csrf": ["x"]}],
)
def test_strangers_are_refused_and_shown_nothing(app: App, namespace: str, auth: Any):
    got = knock(app, nobody(app), namespace, auth)
    assert not got.admitted
    assert got.state == {}


@pytest.mark.parametrize("kind", PLACES)
def test_a_revoked_device_is_refused(app: App, kind: str):
    who = device(app, kind)
    namespace = next(n for n, act in LISTENING.items() if may(kind, act))
    assert knock(app, who, namespace).admitted
    staff(app, "admin").ask("DELETE", f"/api/devices/{who.id}")
    assert not knock(app, who, namespace).admitted


def test_who_signed_out_is_refused(app: App):
    who = staff(app, "manager")
    csrf = who.headers["X-Wucha-CSRF"]
    assert knock(app, who, "/manager").admitted
    assert who.ask("DELETE", "/api/session").status_code == 200
    assert not knock(app, who, "/manager", {"csrf": csrf}).admitted


@pytest.mark.parametrize("window", [None, "", "W99", "all", 7, ["W01"], {"W01": 1}])
def test_a_clerk_must_name_a_window_of_the_hall(app: App, window: Any):
    assert not knock(app, staff(app, "clerk"), "/clerk", window=window).admitted


def test_a_device_cannot_choose_another_window(app: App, manager: Caller):
    got = knock(app, device(app, "pad"), "/pad", window="W02")
    assert got.state["values"]["pad"]["window"]["id"] == "W01"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example"])
def test_a_foreign_page_is_refused_before_it_gets_a_session(app: App, origin: str):
    assert not knock(app, device(app, "board"), "/hall", origin=origin).admitted
    shake = app.flask.test_client().get("/socket.io/?EIO=4&transport=polling", headers={"Origin": origin})
    assert shake.status_code == 400
    assert b"sid" not in shake.data


# --- the picture
def test_a_newcomer_is_shown_what_http_shows(app: App, clerk: Caller, kiosk: Caller, manager: Caller):
    do(kiosk, "/api/tickets", service="S001")
    do(clerk, "/api/windows/W01/call-next")
    for kind, namespace in (
        ("board", "/hall"),
        ("window_screen", "/window"),
        ("kiosk", "/kiosk"),
        ("pad", "/pad"),
    ):
        got = knock(app, device(app, kind), namespace)
        assert got.state == got.fresh(), namespace
    desk = knock(app, clerk, "/clerk", window="W01")
    assert desk.state == desk.fresh("?window=W01")
    office = knock(app, manager, "/manager")
    assert office.state == office.fresh()


def every_face(app: App, clerk: Caller, kiosk: Caller, manager: Caller) -> dict[str, tuple[Listener, str]]:
    """name -> (listener, query of its state over HTTP)"""
    app.publisher.flush()  # what came before is in the snapshot
    return {
        "board": (knock(app, device(app, "board"), "/hall"), ""),
        "screen 1": (knock(app, device(app, "window_screen"), "/window"), ""),
        "screen 2": (knock(app, device(app, "window_screen", window="W02"), "/window"), ""),
        "kiosk 1": (knock(app, kiosk, "/kiosk"), ""),
        "kiosk 2": (knock(app, device(app, "kiosk", kiosk="K2"), "/kiosk"), ""),
        "pad 1": (knock(app, device(app, "pad"), "/pad"), ""),
        "pad 2": (knock(app, device(app, "pad", window="W02"), "/pad"), ""),
        "desk": (knock(app, clerk, "/clerk", window="W01"), "?window=W01"),
        "office": (knock(app, manager, "/manager"), ""),
    }


def test_every_face_follows_a_whole_journey(
    app: App, clerk: Caller, kiosk: Caller, manager: Caller, clock: Clock
):
    faces = every_face(app, clerk, kiosk, manager)

    def step(who: Caller, path: str, **body: Any) -> Any:
        answer = do(who, path, **body)
        app.publisher.flush()
        for name, (face, query) in faces.items():
            face.listen()
            assert face.state == face.fresh(query), f"{name} after {path}"
        return answer

    first = step(kiosk, "/api/tickets", service="S001")["ticket"]
    step(kiosk, "/api/tickets", service="S001")
    step(kiosk, "/api/tickets", service="S101")
    step(kiosk, f"/api/tickets/{first['id']}/reprint")
    leg = step(clerk, "/api/windows/W01/call-next")["desk"]["ticket"]["leg"]
    clock.forward(seconds=30)
    step(clerk, "/api/windows/W01/recall")
    step(clerk, "/api/windows/W01/start")
    step(clerk, "/api/windows/W01/hold")
    second = step(clerk, "/api/windows/W01/call-next")["desk"]["ticket"]["leg"]
    clock.forward(minutes=1)
    step(clerk, "/api/windows/W01/no-show")
    step(clerk, "/api/windows/W01/return", leg=second)
    step(clerk, "/api/windows/W01/unhold", leg=leg)
    step(clerk, "/api/windows/W01/finish", outcome="done")
    step(faces["pad 1"][0].who, "/api/ratings", leg=leg, level=5)
    step(clerk, "/api/windows/W01/pause", reason="meal")
    step(clerk, "/api/windows/W01/resume")
    step(clerk, "/api/windows/W01/call-next")
    step(clerk, "/api/windows/W01/transfer", queue="B")
    third = step(kiosk, "/api/tickets", service="S001")["ticket"]
    step(nobody(app), f"/api/my/{third['link']}/cancel")
    step(clerk, "/api/windows/W01/close")
    step(manager, "/api/day/close")
    step(manager, "/api/day/close", leave=True)
    heard = {name: [event["name"] for event in face.events] for name, (face, _) in faces.items()}
    assert heard["board"].count("ticket.called") == 3
    assert heard["pad 1"] == [
        *("rating.asked", "rating.given", "window.paused", "window.resumed", "window.closed"),
    ]
    assert "rating.given" not in heard["desk"], "a clerk does not watch the ratings come"
    assert heard["kiosk 1"] == ["slip.changed"] * 5
    assert heard["kiosk 2"] == heard["screen 2"] == heard["pad 2"] == []


def test_a_window_hears_its_own_alone(app: App, clerk: Caller, kiosk: Caller):
    """The other window's picture moves on in revision, with nothing in it."""
    app.publisher.flush()
    mine = knock(app, device(app, "pad"), "/pad")
    other = knock(app, device(app, "pad", window="W02"), "/pad")
    do(kiosk, "/api/tickets", service="S001")
    do(clerk, "/api/windows/W01/call-next")
    do(clerk, "/api/windows/W01/start")
    do(clerk, "/api/windows/W01/finish")
    app.publisher.flush()
    theirs = [body for _, body in other.received()]
    assert [(b["events"], b["rows"], b["values"]) for b in theirs] == [([], {}, {})] * len(theirs)
    mine.listen()
    assert mine.state["values"]["pad"]["ask"]["number"] == "A001"


def test_a_call_carries_its_voice_and_its_words(app: App, clerk: Caller, kiosk: Caller):
    board = knock(app, device(app, "board"), "/hall")
    do(kiosk, "/api/tickets", service="S001")
    do(clerk, "/api/windows/W01/call-next")
    board.hear()
    said = next(e for e in board.events if e["name"] == "ticket.called")
    assert said["voice"] == f"/api/voice/{said['call']}.wav"
    assert said["text"]["en"] == "Number A001, please go to window 1."
    assert (said["number"], said["window"], said["window_number"], said["n"]) == ("A001", "W01", "1", 1)


# --- healing
def test_resync_shows_the_picture_of_now(app: App, clerk: Caller, kiosk: Caller):
    board = knock(app, device(app, "board"), "/hall")
    do(kiosk, "/api/tickets", service="S001")
    assert board.resync() == ["snapshot"]  # the push itself has not gone out yet
    assert board.state == board.fresh()
    board.hear()
    assert board.state == board.fresh()
    board.socket.emit("resync", {"revision": 3}, namespace="/hall")
    assert board.listen() == ["snapshot"]


def test_who_left_hears_nothing_and_costs_nothing(app: App, clerk: Caller, kiosk: Caller):
    board, other = (knock(app, device(app, "board", name=n), "/hall") for n in ("B1", "B2"))
    board.leave()
    do(kiosk, "/api/tickets", service="S001")
    assert other.hear() == ["changes"]
    assert board.received() == []
    other.leave()
    do(kiosk, "/api/tickets", service="S001")
    app.publisher.flush()
    assert other.received() == []


def test_a_pulse_tells_the_revision_when_nothing_happens(
    app: App, kiosk: Caller, monkeypatch: pytest.MonkeyPatch
):
    """The push thread itself, with a faster heart."""
    app.publisher.flush()
    board = knock(app, device(app, "board"), "/hall")
    monkeypatch.setattr(publish, "PULSE_S", 0.01)
    app.publisher.start()
    beats: list[tuple[str, Any]] = []
    end = time.monotonic() + 10
    while not beats and time.monotonic() < end:
        beats = board.received()
    app.publisher.stop()
    assert beats[0] == ("pulse", {"revision": board.state["revision"], "at": "2026-03-02T09:00:00+08:00"})


def test_a_live_face_asks_without_the_desk(app: App) -> None:
    clerk = staff(app, "clerk")
    with app.house.store.unit(SYSTEM) as unit:
        open_day(unit, app.house.hall, by_hand=True)
    body = {"request_id": "open-window-1"}
    assert clerk.ask("POST", "/api/windows/W01/open?desk=0", body).json == {}
    call = {"request_id": "call-next-1"}
    assert clerk.ask("POST", "/api/windows/W01/call-next?desk=0", call).json == {"none": True}
    again = clerk.ask("POST", "/api/windows/W01/call-next", call).json
    assert (again["none"], again["desk"]["window"]["state"]) == (True, "open")
