"""`wucha simulate`: deterministic, quick, strict about its files; the rule alone and the real deeds agree."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.cli import main
from server.domain.appointments import Appointments
from server.domain.rosters import Away, DayShift, Roster
from server.domain.routing import Rules
from server.settings import SettingsError
from server.simulate.arrivals import Citizen, lognormal, read_arrivals, sigma_of
from server.simulate.loop import MISSED, SERVED, Outcome, Play
from server.simulate.measures import measure, percentile
from server.simulate.pure import joined
from server.simulate.real import RealHall, temporary_store
from server.simulate.run import COLUMNS, World, play_pure, simulate
from server.simulate.scenario import (
    Arrival,
    Scenario,
    ServicePlan,
    WindowPlan,
    citizens_of,
    hall_of,
    manners_of,
    queues_of,
    read_scenario,
    shifts_of,
)
from server.store import tables as t
from server.store.verify import check
from tests.conftest import MONDAY_NINE, ROOT

MONDAY = date(2026, 3, 2)
SCENARIOS = sorted((ROOT / "config" / "demo" / "scenarios").glob("*.toml"))


def test_same_seed_same_days_other_seed_others(world: World) -> None:
    scenario = Scenario(back_share=0.3)
    assert simulate(world, scenario, 7, 3, False) == simulate(world, scenario, 7, 3, False)
    assert simulate(world, scenario, 7, 3, False) != simulate(world, scenario, 8, 3, False)
    one, other = (citizens_of(scenario, world.hall, world.arrivals, MONDAY, seed) for seed in (7, 8))
    assert one != other
    assert one == citizens_of(scenario, world.hall, world.arrivals, MONDAY, 7)


@pytest.mark.parametrize("real", [False, True])
def test_a_hall_day_of_400_tickets(world: World, real: bool) -> None:
    """By the pure rule, and with the real deeds, bookings and check-ins included (`wucha bench replay`)."""
    measures = simulate(world, Scenario(tickets=400), 1, 1, real)
    assert measures.tickets + measures.turned_away == 400


@pytest.mark.parametrize("year", [2019, 2026, 2031])
def test_real_days_of_any_year_are_played(world: World, year: int) -> None:
    """The calendar of a year that is not announced yet does not matter here, nor what the computer says."""
    day = date(year, 3, 4)
    measures = simulate(world, Scenario(tickets=20, date=day), 1, 2, True)
    assert (measures.days, measures.tickets + measures.turned_away) == (2, 40)


def test_the_rule_alone_and_the_real_deeds_make_the_same_calls(world: World) -> None:
    """Call by call: who, where, when, by which rule; with appointments booked the evening before, checked in
    early, on time, late or never."""
    scenario = Scenario(tickets=170, appointment_share=0.25, priority_share=0.2, back_share=0.6,
                        missed_share=0.15, window=(WindowPlan("W03", ()),))  # fmt: skip
    wishes = citizens_of(scenario, world.hall, world.arrivals, MONDAY, 3)
    with temporary_store(world.hall) as (store, clock):
        hall = RealHall(store, clock, world.hall, world.template)
        people = hall.begin(MONDAY, wishes)
        pure = play_pure(world, scenario, MONDAY, people)
        real = Play(hall, manners_of(scenario, world.hall, world.arrivals), people,
                    shifts_of(scenario, world.hall, MONDAY))  # fmt: skip
        real.run()
        hall.end()
        assert check(store.engine, store.hall) == []
    assert len(real.calls) > 150
    assert real.calls == pure.calls
    assert {rule for _, _, _, rule in real.calls} >= {"protected", "share"}
    booked = [c for c in people if c.slot_s is not None]
    assert len(booked) > 25
    assert {c.comes for c in booked} == {True, False}


def test_the_day_ends_with_everybody_served_or_lost(world: World) -> None:
    people = citizens_of(Scenario(tickets=300), world.hall, world.arrivals, MONDAY, 5)
    play = play_pure(world, Scenario(tickets=300), MONDAY, people)
    fates = {o.fate for o in play.outcomes.values() if world.hall.catalogue.serving[queue(world, o)]}
    assert fates <= {SERVED, MISSED, "turned_away"}
    lunch = [s for s, window, _, _ in play.calls if 12 * 3600 < s < 14 * 3600 and window == "W02"]
    assert lunch == [], "a window without lunch duty calls nobody over lunch"


def queue(world: World, outcome: Outcome) -> str:
    return world.hall.catalogue.services[outcome.citizen.service].queue


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_every_scenario_of_the_demo_hall_plays(path: Path) -> None:
    answer = CliRunner().invoke(main, ["simulate", "--scenario", str(path), "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)
    assert told["tickets"] > 0
    assert set(told) >= {key for key, _, _ in COLUMNS}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_every_scenario_makes_the_same_calls_by_the_rule_alone_and_by_the_real_deeds(
    world: World, path: Path
) -> None:
    both_ways(world, read_scenario(path, world.hall, world.arrivals))


def test_a_scenarios_rules_and_moves_hold_for_the_real_deeds_too(world: World) -> None:
    moved = Scenario(tickets=150, gate={"gamma": 0.0, "hand": 2.0}, service=(ServicePlan("S101", queue="A"),))
    assert both_ways(world, moved) != both_ways(world, Scenario(tickets=150))


def both_ways(world: World, scenario: Scenario) -> list[tuple[float, str, int, str]]:
    """The calls of the scenario's day, which are the same both ways."""
    wishes = citizens_of(scenario, world.hall, world.arrivals, scenario.date, 1)
    with temporary_store(world.hall, scenario.date) as (store, clock):
        hall = RealHall(store, clock, hall_of(scenario, world.hall), world.template, world.away)
        people = hall.begin(scenario.date, wishes)
        shifts = shifts_of(scenario, world.hall, scenario.date, hall.crew)
        real = Play(hall, manners_of(scenario, world.hall, world.arrivals), people, shifts)
        real.run()
        hall.end()
    assert real.calls == play_pure(world, scenario, scenario.date, people).calls
    return real.calls


def test_a_replayed_list_brings_nobody_else(world: World) -> None:
    scenario = read_scenario(ROOT / "config/demo/scenarios/replay.toml", world.hall, world.arrivals)
    people = citizens_of(scenario, world.hall, world.arrivals, scenario.date, 1)
    assert [round(c.at_s) for c in people] == sorted(round(c.at_s) for c in people)
    play = play_pure(world, scenario, scenario.date, people)
    assert {o.fate for o in play.outcomes.values()} == {SERVED}
    assert len(play.calls) == len(people) + 1, "one missed the call, came back and was called again"
    at_one = [(window, citizen) for _, window, citizen, _ in play.calls if window == "W01"]
    assert at_one[0] == ("W01", 6), (
        "the appointment of nine o'clock is first at the only comprehensive window"
    )


def test_the_command_prints_the_measures() -> None:
    answer = CliRunner().invoke(main, ["simulate", "--days", "2", "--seed", "4"])
    assert answer.exit_code == 0
    for word in ("mean wait", "walk-in p95", "lost", "overtakes"):
        assert word in answer.output


def test_a_scenario_tells_all_its_mistakes_at_once(world: World, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'tickets = -3\nspecial = ["moonlight"]\nback_share = 2.0\n[gate]\nspeed = 1\n'
        '[[window]]\nid = "W99"\nhours = [["11:00:00", "09:00:00"]]\n'
        '[[service]]\nid = "S999"\nqueue = "Q"\nminutes = 0.0\n'
        '[[arrival]]\nat = 09:00:00\nservice = "S000"\nminutes = 5.0\npriority = "king"\nslot = 09:00:00\n',
        "utf-8",
    )
    with pytest.raises(SettingsError) as error:
        read_scenario(path, world.hall, world.arrivals)
    keys = {t.key for t in error.value.troubles}
    assert keys >= {"tickets", "special[0]", "back_share", "gate.speed", "window[0].id", "window[0].hours"}
    assert keys >= {"service[0].id", "service[0].queue", "service[0]"}
    assert keys >= {"arrival[0].service", "arrival[0].priority", "arrival[0].slot"}
    answer = CliRunner().invoke(main, ["simulate", "--scenario", str(path)])
    assert answer.exit_code == 1
    assert "moonlight" in answer.output


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("priority_share = 0.12", "priority_share = 1.2", "priority_share"),
        ("mon = 1.20", "moon = 1.20", "weekday_factor.moon"),
        ('"08:10" = 3.0', '"late" = 3.0', "profile_half_hour.late"),
        ('service = "S001"', 'service = "S0"', "mix[0].service"),
        ("p95 = 90", "p95 = 9000", "call_to_arrival_seconds"),
        ("no_show_base = 0.02", "noshow = 0.02", "noshow"),
    ],
)
def test_the_arrivals_file_is_strict(world: World, tmp_path: Path, old: str, new: str, key: str) -> None:
    text = (ROOT / "config" / "demo" / "arrivals.toml").read_text("utf-8")
    path = tmp_path / "arrivals.toml"
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError) as error:
        read_arrivals(path, world.hall.catalogue)
    assert key in {t.key for t in error.value.troubles}


def test_special_factors_hit_what_their_name_says(world: World) -> None:
    def expected(*special: str) -> dict[str, int]:
        people = [c for seed in range(40) for c in citizens_of(
            Scenario(special=special), world.hall, world.arrivals, MONDAY, seed)]  # fmt: skip
        tax = sum(world.hall.catalogue.services[c.service].queue == "D" for c in people)
        return {"all": len(people), "tax": tax}

    plain, rain, tax = expected(), expected("rain"), expected("tax_filing_1_to_15_queue_D")
    assert rain["all"] / plain["all"] == pytest.approx(0.9, abs=0.03)
    assert tax["tax"] / plain["tax"] == pytest.approx(1.3, abs=0.1)
    assert tax["all"] - plain["all"] == pytest.approx(tax["tax"] - plain["tax"], abs=150)


def test_the_distributions_have_the_means_that_are_written(world: World) -> None:
    sigma = sigma_of(36, 90)
    assert lognormal(36, sigma, 1.6448536) == pytest.approx(90, rel=1e-6)
    people = [c for s in range(30) for c in citizens_of(Scenario(), world.hall, world.arrivals, MONDAY, s)]
    assert sum(c.walk_s for c in people) / len(people) == pytest.approx(36, rel=0.03)
    ids = [c for c in people if c.service == "S103"]
    minutes = world.hall.catalogue.services["S103"].avg_minutes
    assert sum(c.work_s for c in ids) / len(ids) / 60 == pytest.approx(minutes, rel=0.06)
    booked = sum(c.priority == "appointment" for c in people) / len(people)
    first = sum(c.priority not in ("appointment", "ordinary") for c in people) / len(people)
    assert booked == pytest.approx(0.18, abs=0.02)
    assert first == pytest.approx(0.12, abs=0.02)


@pytest.mark.parametrize(
    ("came", "cls", "origin"),
    [
        (9.75, "appointment", 9.95),
        (10.0, "appointment", 9.95),
        (10.1, "appointment", 10.1),
        (10.2, "ordinary", 10.2 - 1 / 6),
        (10.3, "ordinary", 10.3),
    ],
)
def test_where_an_appointments_seniority_starts(came: float, cls: str, origin: float) -> None:
    """On time: three minutes before the slot; within ten minutes: the check-in; later: ordinary, with a small
    credit for a quarter of an hour."""
    booked = Citizen(1, came * 3600, "S001", "appointment", 10 * 3600)
    assert joined(booked, came * 3600, Rules(), Appointments()) == (cls, pytest.approx(origin * 3600))


@pytest.mark.parametrize("came_before", [-12, -5, 0, 14, 40])
def test_who_has_an_appointment_books_and_checks_in(world: World, came_before: int) -> None:
    """The real acts: booked the evening before; who is too early is let in a quarter of an hour before."""
    at = (MONDAY_NINE + timedelta(minutes=60 - came_before)).time()
    mine = Arrival(at, "S001", 8.0, "appointment", slot=time_of_day(10))
    never = Arrival(at, "S001", 8.0, "appointment", slot=time_of_day(10), comes=False)
    scenario = Scenario(arrival=(mine, never))
    with temporary_store(world.hall) as (store, clock):
        hall = RealHall(store, clock, world.hall, world.template)
        people = hall.begin(MONDAY, citizens_of(scenario, world.hall, world.arrivals, MONDAY, 1))
        manners = manners_of(scenario, world.hall, world.arrivals)
        (outcome,) = Play(hall, manners, people, shifts_of(scenario, world.hall, MONDAY)).run()
        hall.end()
        hall.begin(MONDAY + timedelta(days=1))
        with store.read() as connection:
            booked = list(connection.execute(select(t.appointment.c.state).order_by(t.appointment.c.id)))
            leg = connection.execute(select(t.leg.c.priority, t.leg.c.joined_at)).one()
    assert booked == [("checked_in",), ("missed",)]
    assert outcome.fate == SERVED
    assert leg.priority == ("ordinary" if came_before < -10 else "appointment")
    came = leg.joined_at.astimezone(world.hall.zone)
    assert (came.hour * 60 + came.minute) == 600 - min(came_before, 15)


def test_a_full_slot_becomes_the_nearest_free_one(world: World) -> None:
    """More wish for ten o'clock than there are places: all are booked, nobody twice at one place."""
    wishes = [Citizen(i, 36_000 - 60 * i, "S001", "appointment", 36_000) for i in range(1, 13)]
    walk_in = Citizen(99, 36_000, "S301", "appointment", 36_000)  # a queue without appointments
    with temporary_store(world.hall) as (store, clock):
        people = RealHall(store, clock, world.hall, world.template).begin(MONDAY, [*wishes, walk_in])
        with store.read() as connection:
            kept = list(connection.execute(select(t.appointment.c.at, t.appointment.c.place)))
    assert len(set(kept)) == len(kept) == 12
    by_id = {c.id: c for c in people}
    assert len({by_id[c.id].slot_s for c in wishes}) > 1
    assert all(by_id[c.id].slot_s - by_id[c.id].at_s == 60 * c.id for c in wishes), "as punctual as before"
    assert (by_id[99].priority, by_id[99].slot_s) == ("ordinary", None)


def test_the_measures_of_a_day_written_by_hand(world: World) -> None:
    def one(id: int, at: float, called: float | None, priority: str = "ordinary", fate: str = SERVED,
            slot: float | None = None) -> Outcome:  # fmt: skip
        citizen = Citizen(id, at * 60, "S001", priority, None if slot is None else slot * 60)
        return Outcome(citizen, at * 60, fate, None if called is None else called * 60)

    day = [
        one(1, 0, 40), one(2, 1, 10), one(3, 2, 5, "elder"), one(4, 3, 30, "appointment", slot=15),
        one(5, 4, 44, fate=MISSED), one(6, 5, None, fate="turned_away"),
    ]  # fmt: skip
    found = measure([day], queues_of(Scenario(), world.hall))
    assert (found.tickets, found.turned_away) == (5, 1)
    assert found.mean_wait == pytest.approx((40 + 9 + 40 + 15 + 3) / 5)
    assert (found.walk_in_p95, found.walk_in_over_30) == (40.0, pytest.approx(2 / 3))
    assert (found.appointment_over_10_late, found.priority_p95) == (1.0, 3.0)
    assert found.lost == pytest.approx(1 / 5)
    assert found.overtakes == pytest.approx((3 + 1 + 0) / 3)
    assert percentile([], 0.95) is None
    empty = replace(found, mean_wait=None)
    assert empty.row()["mean_wait"] is None


def test_the_roster_says_who_sits_where_and_both_ways_call_the_same(world: World) -> None:
    """Window 2 changes hands at ten and is then able to call less; window 3 has nobody; window 6 is on leave
    without a free stand-in; window 5 has one until its own clerk comes from window 2."""
    windows = {**world.hall.catalogue.windows}
    windows["W02"] = replace(windows["W02"], queues=("A", "B"))
    serving = {q: tuple(w.id for w in windows.values() if q in w.queues) for q in world.hall.catalogue.queues}
    catalogue = replace(world.hall.catalogue, windows=windows, serving=serving)
    rows = (
        DayShift(MONDAY, time_of_day(8, 30), time_of_day(10), "ZW005"),
        DayShift(MONDAY, time_of_day(10), time_of_day(17, 30), "ZW002"),
    )
    nobody = DayShift(MONDAY, time_of_day(8, 30), time_of_day(17, 30), "")
    rosters = {**world.hall.rosters, "W02": Roster("W02", (), rows), "W03": Roster("W03", (), (nobody,))}
    away = (Away("ZW006", *(datetime.combine(d, time_of_day()) for d in (MONDAY, MONDAY + timedelta(1)))),)
    rostered = replace(world, hall=replace(world.hall, catalogue=catalogue, rosters=rosters), away=away)
    scenario = Scenario(tickets=220)
    calls = both_ways(rostered, scenario)
    at = {w: [s for s, window, _, _ in calls if window == w] for w in ("W02", "W03", "W05", "W06")}
    assert at["W03"] == [], "nobody sits there on purpose"
    assert at["W06"] == [], "on leave, and its B sits elsewhere"
    assert min(at["W05"]) < 10 * 3600, "its stand-in is there until its clerk comes"
    assert [s.person for s in rostered.crew(MONDAY) if s.window == "W05"] == ["ZW018", "ZW005"]
    by_id = {c.id: c for c in citizens_of(scenario, rostered.hall, world.arrivals, MONDAY, 1)}
    taken = [(s, queues_of(scenario, rostered.hall)[by_id[c].service]) for s, w, c, _ in calls if w == "W02"]
    assert {q for s, q in taken if s >= 10.2 * 3600} == {"A"}, "who took over has no skill for B"
    assert "B" in {q for s, q in taken if s < 10 * 3600}
