"""Snapshot + changes = a fresh snapshot, for every face and room, after every deed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.actions.add_service import add_service
from server.actions.aids import ask_aid, step_aid
from server.actions.call_chosen import call_chosen
from server.actions.correct import correct
from server.actions.day import begin_closing, close_day, open_day
from server.actions.device_host import device_health, host_arrived, host_left
from server.actions.emergency import acknowledge_emergency, close_emergency, raise_emergency
from server.actions.enquiries import register_enquiry
from server.actions.finish import finish
from server.actions.hold import hold, unhold
from server.actions.no_show import give_back_place, no_show
from server.actions.print_slip import follow_slip
from server.actions.publish_config import Desk, keep_draft, publish_draft
from server.actions.rate import close_overdue_questions, rate
from server.actions.recall import recall
from server.actions.run_day import watch
from server.actions.staff_window import close_window, pause_window, resume_window
from server.actions.stand_in import call_stand_ins
from server.actions.start import start
from server.actions.tidal import decide_tidal, watch_load
from server.actions.transfer import transfer
from server.actions.undo import undo
from server.domain.actors import SYSTEM, Actor
from server.domain.aids import AidStep
from server.domain.configuration import Body
from server.domain.events import Event
from server.live.faces import FACES, snapshot
from server.live.publish import Listeners, Publisher
from server.store.current import Current
from server.store.snapshots.view import View
from server.text import Texts
from tests.conftest import KIOSK, ROOT
from tests.server.hall_day import HallDay

ROOMS = {"": ("all",), "window": ("W01", "W02", "W05"), "kiosk": ("K1", "K2")}
PRINTER = {
    "name": "printer-K1",
    "kind": "printer",
    "model": "escpos",
    "line": "virtual://",
    "window": None,
    "kiosk": "K1",
}
KEYPAD = {
    "name": "keypad-W01",
    "kind": "keypad",
    "model": "ff68",
    "line": "virtual://",
    "window": "W01",
    "kiosk": None,
}
LEADER = Actor("staff", "ZW021", "duty_leader")
HOST = Actor("device", "host-1", "host")


def apply(state: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """What every face does with a `changes` message (server/web/client/apply.ts is its twin)."""
    if message["revision"] <= state["revision"]:
        return state
    assert message["since"] <= state["revision"], "a gap: the face would resync"
    rows = {name: dict(old) for name, old in state["rows"].items()}
    for name, changed in message["rows"].items():
        rows[name] = {k: v for k, v in {**rows[name], **changed}.items() if v is not None}
    return {"revision": message["revision"], "rows": rows, "values": {**state["values"], **message["values"]}}


@dataclass
class Wall:
    """All faces at once, each fed only by messages."""

    day: HallDay
    texts: Texts
    listeners: Listeners = field(default_factory=Listeners)
    states: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    heard: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publisher = Publisher(
            self.day.store, self.day.hall, self.texts, self.emit, self.listeners, self.desk
        )
        self.day.store.publish = self.publisher.publish
        for face in FACES.values():
            for room in ROOMS[face.key]:
                self.listeners.join(face.name, room)
                self.states[face.name, room] = self.fresh(face.name, room)

    def desk(self, events: Sequence[Event]) -> None:
        self.heard.extend(events)

    def emit(self, event: str, data: dict[str, Any], namespace: str, rooms: list[str]) -> None:
        assert event == "changes"
        for room in rooms:
            key = (namespace[1:], room)
            self.states[key] = apply(self.states[key], json.loads(json.dumps(data)))

    def fresh(self, face: str, room: str) -> dict[str, Any]:
        with self.day.store.read() as connection:
            view = View.of(connection, self.day.hall.id, self.day.hall, self.texts)
            whole = snapshot(FACES[face], room, view).wire()
        return json.loads(json.dumps({"revision": view.revision, **whole}))  # type: ignore[no-any-return]

    def check(self) -> None:
        self.publisher.flush()
        for (face, room), state in self.states.items():
            assert state == self.fresh(face, room), f"/{face} {room}"


@pytest.fixture
def wall(day: HallDay) -> Wall:
    day.open("W01", "W02", "W05")
    return Wall(day, Texts(ROOT / "config" / "text"))


def test_a_whole_journey_keeps_every_face_in_step(wall: Wall) -> None:
    day = wall.day
    pad = Actor("device", "pad", "pad", window="W01")

    def host(deed: Any, *args: Any) -> None:
        with day.store.unit(HOST) as unit:
            deed(unit, *args)

    host(host_arrived, [PRINTER, KEYPAD], [])
    wall.check()
    host(device_health, "printer-K1", "ok", "", "")
    wall.check()
    first, second = day.take(), day.take()
    third = day.take("S101")
    wall.check()
    assert first.slip is not None
    host(follow_slip, first.slip.id, "sending", "")
    host(follow_slip, first.slip.id, "printed", "")
    host(device_health, "printer-K1", "down", "paper_out", "")
    wall.check()
    day.call("W01")
    wall.check()
    day.clock.forward(seconds=30)
    day.at("W01", recall, day.hall, "W01")
    wall.check()
    day.at("W01", start, "W01")
    wall.check()
    day.at("W01", hold, "W01")
    wall.check()
    day.call("W01")
    day.clock.forward(minutes=1)
    day.at("W01", no_show, day.hall, "W01")
    wall.check()
    day.at("W01", give_back_place, day.hall, "W01", second.leg.id)
    wall.check()
    day.at("W01", unhold, day.hall, "W01", first.leg.id)
    wall.check()
    day.at("W01", finish, day.hall, "W01", "done")
    wall.check()
    with day.store.unit(pad) as unit:
        rate(unit, day.hall, first.leg.id, 2, ["213"])
    wall.check()
    day.at("W01", pause_window, day.hall, "W01", "meal")
    wall.check()
    for deed in (call_stand_ins, watch_load):
        day.clock.forward(minutes=6)
        with day.store.unit(SYSTEM) as unit:
            deed(unit, day.hall)
        wall.check()
    guide = Actor("staff", "ZW025", "guide")
    with day.store.unit(KIOSK) as unit:
        aid = ask_aid(unit, day.hall, "", "", "")
    wall.check()
    for step in (AidStep.TAKE, AidStep.FINISH):
        with day.store.unit(guide) as unit:
            step_aid(unit, aid.id, step)
            register_enquiry(unit, day.hall, "where", None)
        wall.check()
    emergency = day.at("W01", raise_emergency, "W01")
    wall.check()
    with day.store.unit(LEADER) as unit:
        acknowledge_emergency(unit, emergency.id)
        decide_tidal(unit, day.hall, "W04", True)
    wall.check()
    with day.store.unit(LEADER) as unit:
        close_emergency(unit, emergency.id, "")
    wall.check()
    day.at("W01", resume_window, "W01")
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", "B", None)
    wall.check()
    day.at("W01", undo, day.hall, "W01")
    wall.check()
    day.at("W01", add_service, day.hall, "W01", "S101")
    day.at("W01", transfer, day.hall, "W01", None, None, person="ZW005", back=True)
    wall.check()
    for _ in range(2):
        day.call("W05")
        day.serve("W05")
        wall.check()
    back = day.at("W01", call_chosen, day.hall, "W01", "A002", "helped")
    wall.check()
    day.serve("W01")
    wall.check()
    day.at("W01", undo, day.hall, "W01")
    wall.check()
    day.at("W01", finish, day.hall, "W01")
    day.at("W01", correct, day.hall, "W01", back.id, "deferred", None, "误按")
    wall.check()
    day.clock.forward(minutes=2)
    with day.store.unit(SYSTEM) as unit:
        close_overdue_questions(unit, day.hall)
    wall.check()
    day.at("W01", close_window, day.hall, "W01")
    with day.store.unit(SYSTEM) as unit:
        begin_closing(unit)
    host(host_left)
    wall.check()
    assert {
        "ticket.taken",
        "ticket.called",
        "ticket.recalled",
        "rating.given",
        "slip.changed",
        "device.changed",
    } <= {event.name for event in wall.heard}
    assert third.ticket.number == "B001"


def test_the_sums_of_a_day_stand_until_the_next_one_opens(wall: Wall) -> None:
    """In the evening who leads sees what the day came to; a rating by phone still adds to it."""
    day = wall.day
    kept = [day.take(), day.take()]
    with day.store.unit(Actor("staff", "ZW001", "clerk")) as unit:
        call_chosen(unit, day.hall, "W01", kept[0].ticket.number, "helped")
    day.serve("W01")
    with day.store.unit(Actor("staff", "ZW029", "guide")) as unit:
        register_enquiry(unit, day.hall, "where", None)
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    wall.check()

    def told() -> dict[str, Any]:
        values: dict[str, Any] = wall.states["manager", "all"]["values"]
        sums = {k: values["day"][k] for k in ("date", "state", "taken", "done", "expired", "waiting")}
        first = wall.states["manager", "all"]["rows"]["windows"]["W01"]["figures"]
        return {
            **{**sums, "asked": values["ratings"]["asked"], "given": values["ratings"]["counts"]["5"]},
            **{"served": first["served"], "questions": values["guiding"]["enquiries"]["total"]},
            "by_choice": sum(row["n"] for row in values["choices"]),
        }

    evening = {"date": "2026-03-02", "state": "closed", "taken": 2, "done": 1, "expired": 1, "waiting": 0}
    more = {"asked": 1, "served": 1, "questions": 1, "by_choice": 1}
    assert told() == evening | more | {"given": 0}
    day.clock.forward(minutes=5)
    with day.store.unit(Actor("citizen", "1", "citizen")) as unit:
        rate(unit, day.hall, kept[0].leg.id, 5, ())
    wall.check()
    assert told() == evening | more | {"given": 1}
    day.clock.forward(days=1)
    with day.store.unit(SYSTEM) as unit:
        watch(unit, day.hall)
    wall.check()
    assert told() == evening | more | {"given": 1}, "its date says that it is yesterday's"
    with day.store.unit(SYSTEM) as unit:
        open_day(unit, day.hall, by_hand=True)
    wall.check()
    assert told() == {k: 0 for k in told()} | {"date": "2026-03-03", "state": "open"}


def test_what_is_configured_reaches_every_face(day: HallDay) -> None:
    current, texts = Current(day.hall), Texts(ROOT / "config" / "text")
    day.hall, day.store.keep_up = current.hall, current.keep_up
    day.open("W01", "W05")
    day.take("S101")
    wall = Wall(day, texts)

    def publish(area: str, items: Body) -> None:
        desk = Desk(current.hall, current.files, texts.both)
        with day.store.unit(Actor("staff", "ZW024", "manager")) as unit:
            rev, looked = keep_draft(unit, desk, area, items, 0, 0)
            assert not looked.wrongs
            publish_draft(unit, desk, area, 0, rev, "now", "")
        wall.check()

    publish("windows", {"W01": {"name": "一号新窗"}})
    assert wall.states["hall", "all"]["rows"]["windows"]["W01"]["name"] == "一号新窗"
    publish("queues", {"B": {"name": "新队列名"}})
    assert wall.states["kiosk", "K1"]["rows"]["queues"]["B"]["name"] == "新队列名"
    publish("services", {"S101": {"name": "新事项名"}})
    publish("days", {"2026-03-03": {"kind": "closed"}})


def test_no_public_face_hears_a_name(wall: Wall) -> None:
    day = wall.day
    day.take()
    day.call("W01")
    wall.publisher.flush()
    people = {p.name for p in day.hall.catalogue.people.values()}
    public = json.dumps(
        [wall.states["hall", "all"]["values"], wall.states["kiosk", "K1"]], ensure_ascii=False
    )
    assert not {name for name in people if name in public}


def test_a_gap_is_seen(wall: Wall) -> None:
    state = wall.states["hall", "all"]
    late = {"since": state["revision"] + 1, "revision": state["revision"] + 2, "rows": {}, "values": {}}
    with pytest.raises(AssertionError, match="gap"):
        apply(state, late)
