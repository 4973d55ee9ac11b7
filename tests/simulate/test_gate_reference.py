"""The rule call by call against an independent reference, over random days of the demo hall and of others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from server.domain.appointments import Appointments
from server.domain.catalogue import Catalogue, Window
from server.domain.routing import Rules
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called, Play
from server.simulate.pure import PureHall, joined
from server.simulate.run import World
from server.simulate.scenario import Scenario, WindowPlan, citizens_of, manners_of, shifts_of
from tests.simulate.gate_reference import Reference

MONDAY = date(2026, 3, 2)
MINUTE = timedelta(minutes=1)


@dataclass
class Watched:
    """A hall whose every call is asked of the reference too."""

    inner: PureHall
    reference: Reference
    minute: float = 0.0
    agreed: list[tuple[str, int, str]] = field(default_factory=list)
    gone: dict[int, dict[str, Any]] = field(default_factory=dict)

    def at(self, now_s: float) -> None:
        self.inner.at(now_s)
        self.minute = timedelta(seconds=now_s) / MINUTE

    def open(self, window: str) -> bool:
        self.reference.open.add(window)
        return self.inner.open(window)

    def leave(self, window: str) -> bool:
        self.reference.open.discard(window)
        return self.inner.leave(window)

    def take(self, citizen: Citizen) -> float | None:
        waits = self.inner.take(citizen)
        if waits != 0:
            return waits
        cls, origin_s = joined(citizen, self.minute * 60, Rules(), Appointments())
        queue = self.inner._queue_of[citizen.service]
        leg = {"id": citizen.id, "service": citizen.service, "queue": queue, "cls": cls}
        self.reference.waiting.append(
            {**leg, "origin": timedelta(seconds=origin_s) / MINUTE, "joined": self.minute}
        )
        return waits

    def call(self, window: str) -> Called | None:
        before = {w["id"]: w for w in self.reference.waiting}
        called, expected = self.inner.call(window), self.reference.call(window, self.minute)
        assert (called and (called.citizen, called.rule)) == expected, f"{window} at minute {self.minute}"
        if called is not None:
            self.agreed.append((window, called.citizen, called.rule))
            self.gone[called.citizen] = before[called.citizen]
        return called

    def start(self, window: str) -> None:
        self.inner.start(window)

    def finish(self, window: str) -> None:
        self.inner.finish(window)

    def miss(self, window: str) -> float:
        return self.inner.miss(window)

    def come_back(self, citizen: int, window: str) -> bool:
        leg = self.gone[citizen]
        origin = Reference.origin_after_a_miss(leg["origin"], leg["cls"], self.minute)
        self.reference.waiting.append({**leg, "origin": origin})
        return self.inner.come_back(citizen, window)


def watched_day(world: World, scenario: Scenario, seed: int) -> Watched:
    catalogue = world.hall.catalogue
    places = {
        w.id: {"kind": w.kind, "queues": w.queues, "overflow": w.overflow} for w in catalogue.windows.values()
    }
    reference = Reference({s.id: s.avg_minutes for s in catalogue.services.values()}, places)
    settings = plain(world.hall)
    hall = Watched(PureHall(settings, MONDAY), reference)
    people = citizens_of(scenario, world.hall, world.arrivals, MONDAY, seed)
    Play(
        hall,
        manners_of(scenario, world.hall, world.arrivals),
        people,
        shifts_of(scenario, settings, MONDAY),
    ).run()
    return hall


def plain(hall: HallSettings) -> HallSettings:
    """GATE as the paper has it: without this hall's own cap on the share of priority calls, and whoever sits
    at a window may call all that it takes."""
    priority = replace(hall.hall.priority, max_share_of_calls=1.0)
    queues = {q.prefix: replace(q, skill="*") for q in hall.catalogue.queues.values()}
    anybody = replace(hall.catalogue, queues=queues)
    return replace(hall, hall=replace(hall.hall, priority=priority), catalogue=anybody)


def mixed_hall(hall: HallSettings, rng: Random) -> HallSettings:
    """The same services in a hall whose windows are of other kinds and take other queues."""
    catalogue: Catalogue = hall.catalogue
    queues = sorted(catalogue.queues)

    def other(window: Window) -> Window:
        mine = tuple(rng.sample(queues, rng.randint(1, 4)))
        spare = tuple(q for q in rng.sample(queues, rng.randint(0, 2)) if q not in mine)
        kind = rng.choice(("comprehensive", "special"))
        return replace(window, kind=kind, queues=mine, overflow=spare, default_state="open")

    windows = {w.id: other(w) for w in catalogue.windows.values()}
    everything = replace(
        windows["W01"], kind="comprehensive", queues=tuple(queues), overflow=(), lunch_duty=True
    )
    windows["W01"] = everything
    serving = {q: tuple(w.id for w in windows.values() if q in w.queues) for q in queues}
    return replace(hall, catalogue=replace(catalogue, windows=windows, serving=serving))


@pytest.mark.parametrize("seed", range(12))
def test_the_rule_agrees_with_the_reference_on_the_demo_hall(world: World, seed: int) -> None:
    shares = {"appointment_share": seed % 4 * 0.15, "priority_share": seed % 3 * 0.1, "back_share": 0.5}
    scenario = Scenario(tickets=250 + 25 * seed, window=(WindowPlan("W04", ()),), **shares)
    assert len(watched_day(world, scenario, seed).agreed) > 200


@pytest.mark.parametrize("seed", range(12))
def test_the_rule_agrees_with_the_reference_in_halls_mixed_anew(world: World, seed: int) -> None:
    mixed = replace(world, hall=mixed_hall(world.hall, Random(seed)))
    scenario = Scenario(
        tickets=380, appointment_share=0.45 if seed % 2 else 0.25, priority_share=0.2, back_share=0.5
    )
    hall = watched_day(mixed, scenario, seed)
    assert len(hall.agreed) > 200


def test_the_days_fire_every_rule(world: World) -> None:
    """The comparison is worth something: all four rules were met."""
    mixed = replace(world, hall=mixed_hall(world.hall, Random(3)))
    crowded = Scenario(tickets=600, appointment_share=0.3, priority_share=0.25, back_share=0.5)
    fired = {rule for s in range(3) for _, _, rule in watched_day(mixed, crowded, s).agreed}
    assert fired == {"protected", "hard", "share", "guard"}
