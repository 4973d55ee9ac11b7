"""Clerks, kiosk, phone, guide and leader at once through the API, in any order and over midnight: nothing
breaks, nobody is lost, and what a desk offers is done when it is pressed. Some come from home with a number
from their phone, some with a batch."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from server.app import App, create_app
from server.domain.actors import SYSTEM
from server.domain.tickets import State
from server.settings import HallSettings, Settings
from server.store import tables as t
from server.store.verify import check
from server.tick import tick
from tests.conftest import Clock
from tests.server.callers import Caller, device, person_of, staff

WINDOWS = {"W01": "ZW001", "W02": "ZW002", "W05": "ZW005", "W07": "ZW007"}
SERVICES = ("S001", "S003", "S016", "S101", "S201")
_ids = itertools.count()


class Hall:
    """Everybody at work; `rng` decides who does what next."""

    def __init__(self, app: App, clock: Clock, seed: int) -> None:
        self.app, self.clock, self.rng = app, clock, Random(seed)
        self.leader, self.kiosk, self.guide = (
            staff(app, "duty_leader"),
            device(app, "kiosk"),
            staff(app, "guide"),
        )
        self.clerks = {w: person_of(app, p) for w, p in WINDOWS.items()}
        self.links: list[str] = []
        self.batches: list[str] = []  # codes
        self.seen: Counter[str] = Counter()

    def ask(self, who: Caller, path: str, **body: Any) -> Any:
        """Every answer is a deed or an explained refusal."""
        reply = who.ask("POST", path, {"request_id": f"attack-{next(_ids)}", **body})
        assert reply.status_code < 500, (path, body, reply.text[:500])
        if reply.status_code >= 400:
            assert reply.json["text"]["zh"], (path, body, reply.json)
            assert reply.status_code != 401, (path, reply.json)
            self.seen[reply.json["refused"]] += 1
        else:
            self.seen[path.rpartition("/")[2]] += 1
        return reply

    def desk(self, window: str) -> dict[str, Any]:
        reply = self.clerks[window].ask("GET", f"/api/state/clerk?window={window}")
        assert reply.status_code == 200, reply.json
        return dict(reply.json["values"]["desk"])

    def step(self) -> None:
        self.clock.forward(seconds=self.rng.choice((1, 3, 11, 21, 61, 61, 130, 400)))
        if self.rng.random() < 0.15:
            beat(self.app)
        deed = self.rng.choice(
            (self.take, self.take, *[self.press] * 4, self.phone, self.lead, self.from_home, self.batch)
        )
        deed()

    def from_home(self) -> None:
        """A number by phone; who has one says at the kiosk that they are there, or a little later."""
        form = {"request_id": f"a-fresh-request-{next(_ids):04d}", "service": self.rng.choice(SERVICES[:2])}
        phone = self.app.flask.test_client()
        taken = phone.post(
            f"/take?service={form['service']}", data=form, headers={"Origin": "http://localhost"}
        )
        assert taken.status_code in (303, 409, 429), taken.text[:300]
        self.seen[f"by phone {taken.status_code}"] += 1
        if taken.status_code == 303:
            self.links.append(taken.headers["Location"].split("/t/")[1].partition("?")[0])
        for link in self.rng.sample(self.links, min(3, len(self.links))):
            mine = phone.get(f"/api/my/{link}").json["ticket"]
            if mine["remote"] and mine["remote"]["absent"] and mine["remote"].get("code"):
                self.ask(self.kiosk, "/api/check-in", code=mine["remote"]["code"])

    def batch(self) -> None:
        """Several matters of one client, agreed with a window; it checks in like an appointment."""
        if self.batches and self.rng.random() < 0.5:
            self.ask(self.kiosk, "/api/check-in", code=self.rng.choice(self.batches))
            return
        wish = {"kind": "batch", "service": "S003", "items": self.rng.randint(2, 6), "name": "青禾商贸"}
        made = self.ask(self.guide, "/api/orders", **wish)
        if made.status_code < 400:
            at = (self.clock() + timedelta(minutes=self.rng.randint(5, 60))).isoformat()
            path = f"/api/orders/{made.json['order']['id']}/batch"
            agreed = self.ask(self.guide, path, at=at, window=self.rng.choice(("W01", "W02")))
            if agreed.status_code == 200:
                self.batches.append(agreed.json["order"]["code"])

    def work(self) -> None:
        for window, who in self.clerks.items():
            self.ask(who, f"/api/windows/{window}/open")
        for _ in range(220):
            self.step()

    def take_one(self) -> str:
        reply = self.ask(self.kiosk, "/api/tickets", service="S001")
        assert reply.status_code == 201, reply.json
        return str(reply.json["ticket"]["number"])

    def take(self) -> None:
        who, more = self.rng.choice(
            ((self.kiosk, {}), (self.guide, {"priority": "elder", "reason": "看过证件"}))
        )
        service = self.rng.choice(SERVICES)
        if self.rng.random() < 0.2:
            more = {**more, "further": [self.rng.choice([s for s in SERVICES if s != service])]}
        reply = self.ask(who, "/api/tickets", service=service, **more)
        if reply.status_code == 201:
            self.links.append(reply.json["ticket"]["link"])

    def phone(self) -> None:
        if not self.links:
            return
        link = self.rng.choice(self.links)
        page = self.kiosk.client.get(f"/t/{link}")
        assert page.status_code == 200, page.text[:300]
        deed = self.rng.choice(("cancel", "postpone", "rate"))
        body = {
            "cancel": {},
            "postpone": {"people": 3},
            "rate": {"leg": self.rng.randint(1, 60), "level": 5},
        }[deed]
        self.ask(self.kiosk, f"/api/my/{link}/{deed}", **body)

    def lead(self) -> None:
        deed = self.rng.choice(("stop", "release", "priority"))
        if deed == "stop" and self.rng.random() < 0.1:
            if self.ask(self.leader, "/api/day/close").json.get("state") == "closing":
                self.ask(self.leader, "/api/day/open", reason="误按")
        elif deed != "stop":
            more = {"priority": "disabled", "reason": "出示证件"} if deed == "priority" else {}
            self.ask(self.leader, f"/api/tickets/{self.rng.randint(1, len(self.links) + 1)}/{deed}", **more)

    def press(self) -> None:
        """One of the buttons that the desk shows; what it offers is done."""
        window = self.rng.choice(list(WINDOWS))
        who, desk, at = self.clerks[window], self.desk(window), f"/api/windows/{window}"
        offered = self.offered(desk)
        if not offered:
            return
        act, body = self.rng.choice(offered)
        reply = self.ask(who, f"{at}/{'transfer' if act == 'release' else act}", **body)
        if reply.status_code >= 400:
            excused = {
                "call-choice": {"number-not-waiting"},
                "recall": {"recall-too-soon", "recalls-spent"},
                "no-show": {"no-show-too-soon"},
                "transfer": {"target-wrong", "person-away", "target-unable"},
                "services": {"service-repeated", "service-twice", "service-unknown", "service-single"},
                "close": {"window-last", "window-holds"},
                "hold": {"hold-limit"},
                "open": {"clerk-elsewhere"},
            }.get(act, set())
            assert reply.json["refused"] in excused, (act, body, reply.json["refused"], reply.json["facts"])

    def offered(self, desk: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """One of each of the desk's buttons, and what brings a visit on twice."""
        bodies = {act: self.bodies(act, desk) for act in desk["can"]}
        once = [(act, self.rng.choice(of)) for act, of in bodies.items() if of]
        return once + [(act, body) for act, body in once if act in ("start", "finish", "hold")]

    def bodies(self, act: str, desk: dict[str, Any]) -> list[dict[str, Any]]:
        now = self.clock().isoformat()
        here = [m["leg"] for m in desk["missed"] if m["until"] and m["until"] > now]
        if act in ("return",):
            return [{"leg": leg} for leg in here]
        if act in ("unhold", "let-go"):
            return [{"leg": h["leg"]} for h in desk["held"]]
        if act == "release":
            return [{"held": h["leg"]} for h in desk["held"]]
        if act == "undo":
            return [{}] if desk["undo"] and desk["undo"]["until"] > now else []
        if act == "pause":
            return [{"reason": "meal"}]
        if act == "transfer":
            return [
                {"queue": "B"},
                {"window": "W02", "back": True},
                {"person": "ZW005"},
                {"queue": "A", "back": True},
            ]
        if act == "services":
            return [{"service": s} for s in SERVICES[:2]]
        if act == "call-choice":
            return [{"number": f"A{self.rng.randint(1, 30):03d}", "reason": "urgent"}]
        if act == "finish":
            return [{"outcome": o} for o in ("accepted", "done", "deferred")]
        if act == "close":
            return [{"held": h, "leave": True} for h in ("queue", "keep")] if self.rng.random() < 0.2 else []
        if act in ("emergency", "correct"):
            return []
        return [{}]

    def evening(self) -> None:
        """The leader ends the day; nobody is stuck."""
        self.clock.forward(minutes=2)
        for window in WINDOWS:
            desk = self.desk(window)
            if desk["ticket"]:
                if desk["ticket"]["state"] == "called":
                    assert self.ask(self.clerks[window], f"/api/windows/{window}/start").status_code == 200
                assert (
                    self.ask(self.clerks[window], f"/api/windows/{window}/finish", outcome="done").status_code
                    == 200
                )
        for _ in range(2):
            self.ask(self.leader, "/api/day/close", leave=True)
        with self.app.house.store.read() as connection:
            standing = select(t.leg.c.state, func.count()).where(t.leg.c.superseded.is_(False))
            counted = dict(connection.execute(standing.group_by(t.leg.c.state)).all())
            tickets = connection.execute(select(func.count()).select_from(t.ticket)).scalar_one()
            day = connection.execute(select(t.day)).mappings().one()
        assert day["state"] == "closed"
        assert sum(counted.values()) == tickets == day["sums"]["taken"]
        assert set(counted) <= {State.DONE, State.EXPIRED, State.CANCELLED, State.TRANSFERRED}, counted
        assert check(self.app.house.store.engine, self.app.house.store.hall) == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.slow
def test_whatever_is_pressed_nothing_breaks_and_what_is_offered_is_done(
    make_settings: Callable[..., Settings], hall: HallSettings, clock: Clock, database: str, seed: int
) -> None:
    app = create_app(make_settings(database=database, hall=patient(hall)), clock)
    try:
        at_work = Hall(app, clock, seed)
        at_work.ask(at_work.leader, "/api/day/open")
        at_work.work()
        assert at_work.seen["by phone 303"] > 0
        assert at_work.batches
        at_work.evening()
    finally:
        app.house.store.engine.dispose()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_a_queue_that_carries_over_midnight_is_one_day(
    make_settings: Callable[..., Settings], hall: HallSettings, clock: Clock, database: str, seed: int
) -> None:
    """From half past ten at night into the small hours; then the day ends and the next one counts anew."""
    all_night = replace(hall.catalogue.queues["A"], hours=((time(8), time(8)),), carry_over=True)
    catalogue = replace(hall.catalogue, queues={**hall.catalogue.queues, "A": all_night})
    app = create_app(
        make_settings(database=database, hall=patient(replace(hall, catalogue=catalogue))), clock
    )
    try:
        clock.at = clock.at.replace(hour=8, minute=30)
        beat(app)
        clock.at = clock.at.replace(hour=22, minute=30)
        at_work = Hall(app, clock, seed)
        at_work.work()
        assert clock.at.day == 3, "it is tomorrow"
        assert at_work.take_one().startswith("A")
        at_work.evening()
        clock.at = clock.at.replace(hour=9)
        beat(app)
        assert at_work.take_one() == "A001"
    finally:
        app.house.store.engine.dispose()


def patient(hall: HallSettings) -> HallSettings:
    """Nobody is signed out while they think."""
    privacy = replace(hall.hall.privacy, session_idle_minutes=600)
    return replace(hall, hall=replace(hall.hall, privacy=privacy))


def beat(app: App) -> None:
    with app.house.store.unit(SYSTEM) as unit:
        tick(unit, app.house)
