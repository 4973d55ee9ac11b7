"""`wucha simulate`: days of a scenario, played in memory or with the real deeds, and their measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from server.domain.crew import Seat, seats
from server.domain.rosters import Away
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.simulate.arrivals import Arrivals, Citizen
from server.simulate.loop import Outcome, Play
from server.simulate.measures import Measures, measure
from server.simulate.pure import PureHall
from server.simulate.real import RealHall, temporary_store
from server.simulate.scenario import (
    Scenario,
    citizens_of,
    hall_of,
    manners_of,
    queues_of,
    rules_of,
    shifts_of,
    working_days,
)

COLUMNS = (
    ("mean_wait", "平均等候 mean wait", "min"),
    ("walk_in_p95", "现场九五分位 walk-in p95", "min"),
    ("walk_in_over_30", "现场超30分 walk-ins > 30", "%"),
    ("appointment_over_10_late", "预约晚10分 appointments > 10 late", "%"),
    ("priority_p95", "优先九五分位 priority p95", "min"),
    ("lost", "流失 lost", "%"),
    ("overtakes", "被超越 overtakes per walk-in", ""),
)


@dataclass(frozen=True)
class World:
    """What a scenario is played with. away: granted leave."""

    hall: HallSettings
    arrivals: Arrivals
    template: SlipBook
    away: tuple[Away, ...] = ()

    def crew(self, day: date) -> list[Seat]:
        """Who sits where on `day`."""
        return seats(self.hall.duties, self.away, day)


def play_pure(world: World, scenario: Scenario, day: date, people: Sequence[Citizen]) -> Play:
    """One day in memory, played to its end."""
    crew = world.crew(day)
    rules, queue_of = rules_of(scenario, world.hall), queues_of(scenario, world.hall)
    hall = PureHall(world.hall, day, rules, queue_of, crew=crew)
    play = Play(hall, manners_of(scenario, world.hall, world.arrivals), people,
                shifts_of(scenario, world.hall, day, crew))  # fmt: skip
    play.run()
    return play


def simulate(world: World, scenario: Scenario, seed: int, days: int, real: bool) -> Measures:
    """`days` working days from the scenario's date on. Deterministic by seed."""
    played = _real_days if real else _pure_days
    return measure(played(world, scenario, seed, days), queues_of(scenario, world.hall))


def _pure_days(world: World, scenario: Scenario, seed: int, days: int) -> Iterator[list[Outcome]]:
    for day in working_days(scenario, world.hall, days):
        people = citizens_of(scenario, world.hall, world.arrivals, day, seed)
        yield list(play_pure(world, scenario, day, people).outcomes.values())


def _real_days(world: World, scenario: Scenario, seed: int, days: int) -> Iterator[list[Outcome]]:
    """One database for all days, as in life."""
    with temporary_store(world.hall, scenario.date) as (store, clock):
        hall = RealHall(store, clock, hall_of(scenario, world.hall), world.template, world.away)
        for day in working_days(scenario, world.hall, days):
            people = citizens_of(scenario, world.hall, world.arrivals, day, seed)
            people = hall.begin(day, people)
            play = Play(hall, manners_of(scenario, world.hall, world.arrivals), people,
                        shifts_of(scenario, world.hall, day, hall.crew))  # fmt: skip
            outcomes = play.run()
            hall.end()
            yield outcomes


def table(measures: Measures) -> list[str]:
    """The measures, one line each."""
    found = measures.row()
    many = f"{measures.days} 天 days · {measures.tickets} 张号票 tickets"
    head = f"{many} · 未能取号 turned away {measures.turned_away}"
    return [head, *(f"  {title:<36} {_shown(found[key], unit):>8}" for key, title, unit in COLUMNS)]


def _shown(value: float | int | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value * 100:.1f} %" if unit == "%" else f"{value:.1f}{' ' + unit if unit else ''}"
