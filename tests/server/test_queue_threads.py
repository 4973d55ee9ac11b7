"""Several hands at the same windows at the same moment, each in a thread of its own: nothing breaks, nobody
is called twice, nobody is stuck, and the sums of the day are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Barrier, Lock
from typing import Any

import pytest

from server.api.access import COOKIE
from server.app import App, create_app
from server.settings import HallSettings, Settings
from tests.conftest import Clock
from tests.server.callers import Caller, audit
from tests.server.test_queue_attack import Hall, patient

HANDS = 3  # at each of the two desks
RESTING = {"close", "pause"}  # a window that rests calls nobody
COMES = {"ticket.call", "ticket.unhold"}
LEAVES = {"visit.finish", "ticket.no_show", "ticket.hold", "ticket.transfer"}


class SharedClock(Clock):
    """Everybody's time; it never loses a step."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def forward(self, **span: float) -> None:
        with self._lock:
            super().forward(**span)


class Hand(Hall):
    """One of several at work in the hall of `others`, with tabs of its own for the same people."""

    def __init__(self, others: Hall, seed: str) -> None:
        self.app, self.clock, self.rng = others.app, others.clock, Random(seed)
        self.leader, self.kiosk, self.guide = (
            self.tab(who) for who in (others.leader, others.kiosk, others.guide)
        )
        self.clerks = {window: self.tab(who) for window, who in others.clerks.items()}
        self.links, self.seen, self.batches = [], Counter(), []

    def tab(self, who: Caller) -> Caller:
        """The same person or machine in another browser."""
        client = self.app.flask.test_client()
        if who.secret and "Authorization" not in who.headers:
            client.set_cookie(COOKIE, who.secret)
        return replace(who, client=client)

    def race(self, start: Barrier, presses: int) -> None:
        """At W01 and W02 alone; what crossed is refused with a reason (`ask` looks at it)."""
        start.wait(30)
        for _ in range(presses):
            self.clock.forward(seconds=self.rng.choice((1, 7, 21, 61)))
            window = self.rng.choice(("W01", "W01", "W02"))
            desk = self.desk(window)
            offered = [(act, body) for act, body in self.offered(desk) if act not in RESTING]
            act, body = self.rng.choice(offered) if offered else ("call-next", {})
            path = "transfer" if act == "release" else act
            self.ask(self.clerks[window], f"/api/windows/{window}/{path}", **body)


def crossings(lines: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """(how often somebody came to a window, those of them who were at one already or found somebody there),
    by the audit trail."""
    at: dict[str, str] = {}  # leg -> window
    comings, wrong = 0, []
    for line in lines:
        if line["result"] != "done":
            continue
        act, leg, window = line["act"], line["about"], line["facts"].get("window")
        undone = line["facts"].get("move") if act == "deed.undo" else None
        if act in LEAVES or undone == "call":
            at.pop(leg, None)
        elif act in COMES or undone is not None:
            comings += 1
            if leg in at or window in at.values():
                wrong.append(f"{leg} {act} at {window}")
            at[leg] = window
    return comings, wrong


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.slow
def test_many_hands_at_the_same_desks_lose_and_double_nobody(
    make_settings: Callable[..., Settings], hall: HallSettings, database: str, seed: int
) -> None:
    clock = SharedClock()
    app: App = create_app(make_settings(database=database, hall=patient(hall)), clock)
    try:
        at_work = Hall(app, clock, seed)
        at_work.ask(at_work.leader, "/api/day/open")
        for window, who in at_work.clerks.items():
            at_work.ask(who, f"/api/windows/{window}/open")
        for _ in range(40):
            at_work.take()
        hands = [Hand(at_work, f"{seed}/{n}") for n in range(HANDS * 2)]
        start = Barrier(len(hands))
        with ThreadPoolExecutor(len(hands)) as pool:
            for end in [pool.submit(hand.race, start, 60) for hand in hands]:
                end.result()
        done = sum((hand.seen for hand in hands), Counter())
        assert {"call-next", "start", "finish", "transfer", "hold", "no-show"} <= done.keys(), done
        comings, crossed = crossings(audit(app))
        assert crossed == []
        assert comings > 10
        at_work.evening()
    finally:
        app.house.store.engine.dispose()
