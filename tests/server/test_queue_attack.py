"""Clerks, kiosk, phone, guide and leader at once through the API, in any order: nothing breaks, nobody is
lost, and what a desk offers is done when it is pressed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
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
            with self.app.house.store.unit(SYSTEM) as unit:
                tick(unit, self.app.house)
        deed = self.rng.choice(
            (self.take, self.take, self.press, self.press, self.press, self.press, self.phone, self.lead)
        )
        deed()

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
        offered: list[tuple[str, dict[str, Any]]] = []
        for act in desk["can"]:
            offered += [(act, body) for body in self.bodies(act, desk)]
        if not offered:
            return
        act, body = self.rng.choice(offered)
        reply = self.ask(who, f"{at}/{act}", **body)
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

    def bodies(self, act: str, desk: dict[str, Any]) -> list[dict[str, Any]]:
        now = self.clock().isoformat()
        here = [m["leg"] for m in desk["missed"] if m["until"] and m["until"] > now]
        if act in ("return",):
            return [{"leg": leg} for leg in here]
        if act in ("unhold", "release", "let-go"):
            return [{"leg": h["leg"]} for h in desk["held"]]
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
    privacy = replace(hall.hall.privacy, session_idle_minutes=600)
    patient = replace(hall, hall=replace(hall.hall, privacy=privacy))
    app = create_app(make_settings(database=database, hall=patient), clock)
    try:
        at_work = Hall(app, clock, seed)
        at_work.ask(at_work.leader, "/api/day/open")
        for window, who in at_work.clerks.items():
            at_work.ask(who, f"/api/windows/{window}/open")
        for _ in range(220):
            at_work.step()
        at_work.evening()
    finally:
        app.house.store.engine.dispose()
