"""What-if: the present rolled forward twice with the same people; quick, deterministic, with its range."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest

from server.domain.estimate.coming import Showing
from server.domain.estimate.leaving import AGES, Leaving
from server.domain.rosters import Away, DayShift, Roster
from server.domain.tickets import Leg, State
from server.simulate.holders import Booked
from server.simulate.run import World
from server.simulate.what_if import (
    PATHS,
    PEOPLE_PER_ANSWER,
    Answer,
    Change,
    Habits,
    Present,
    _Hall,
    what_if,
)
from tests.conftest import SHANGHAI

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI).astimezone(UTC)
MONDAY = date(2026, 3, 2)
OPEN = frozenset({"W01", "W02", "W03", "W05", "W06", "W07", "W08", "W09", "W10", "W11", "W12", "W14"})


def present(world: World, waiting: int = 40, at: datetime = TEN, open: frozenset[str] = OPEN) -> Present:
    """So many wait for what the profile's mix asks, every open window is at work."""
    rng = Random(5)
    services = world.hall.catalogue.services
    mix = [m.service for m in world.arrivals.mix]
    legs = []
    for i in range(1, waiting + 1):
        service, since = rng.choice(mix), at - timedelta(minutes=rng.uniform(0, 25))
        cls = rng.choice(["ordinary"] * 8 + ["elder", "appointment"])
        legs.append(Leg(i, i, 1, f"A{i}", service, services[service].queue, cls, State.WAITING, since, since))
    for i, window in enumerate(sorted(open), 1000):
        queue = world.hall.catalogue.windows[window].queues[0]
        service = next(s for s in mix if services[s].queue == queue)
        began = at - timedelta(minutes=rng.uniform(0.1, 12))
        busy = Leg(i, i, 1, f"B{i}", service, queue, "ordinary", State.SERVING, began, began, window=window)
        legs.append(replace(busy, called_at=began, started_at=began))
    return Present(at, tuple(legs), open, taken=150, taken_last_hour=60)


def test_one_more_comprehensive_window_shortens_the_wait(world: World) -> None:
    answer = what_if(present(world), Change("open", "W04"), world.hall, world.arrivals)
    assert answer.people == 40
    assert answer.waiting is not None
    assert answer.joining is not None
    assert answer.over is not None
    assert answer.waiting.difference.mean < -0.5
    assert answer.joining.difference.high <= 0.5
    assert answer.waiting.difference.low <= answer.waiting.difference.mean <= answer.waiting.difference.high
    assert answer.waiting.after - answer.waiting.before == pytest.approx(answer.waiting.difference.mean)


def test_closing_a_window_lengthens_it_and_less_so_until_soon(world: World) -> None:
    now = present(world)
    gone = what_if(now, Change("close", "W06"), world.hall, world.arrivals)
    brief = what_if(
        now, Change("close", "W06", until=TEN + timedelta(minutes=20)), world.hall, world.arrivals
    )
    assert gone.joining is not None
    assert brief.joining is not None
    assert gone.joining.difference.mean > 1
    assert brief.joining.difference.mean < gone.joining.difference.mean


def test_moving_a_service_concerns_who_joins(world: World) -> None:
    moved = what_if(present(world), Change("move", service="S103", queue="A"), world.hall, world.arrivals)
    assert moved.joining is not None
    assert moved.joining.difference.mean != 0


def test_more_appointments_concern_who_joins(world: World) -> None:
    """The same people, more of them by appointment; the share that has booked changes nothing."""
    now = present(world)
    more = what_if(now, Change("share", share=0.45), world.hall, world.arrivals)
    assert more.joining is not None
    assert more.joining.difference.mean != 0
    assert more.joining.difference.low <= more.joining.difference.mean <= more.joining.difference.high
    same = what_if(now, Change("share", share=0.0), world.hall, world.arrivals, paths=12)
    for effect in (same.waiting, same.joining, same.over):
        assert effect is not None
        assert (effect.difference.mean, effect.difference.low, effect.difference.high) == (0, 0, 0)


def test_the_share_of_appointments_that_is_asked_for_is_played(world: World) -> None:
    """As many people in both plans, nobody before now, and of them so many by appointment as asked."""
    there = _Hall(present(world, 0), world.hall, world.arrivals)
    counts: dict[float, list[int]] = {share: [0, 0] for share in (0.0, 0.2, 0.4)}
    for path in range(60):
        future = there.future(f"1/{path}")
        for share, count in counts.items():
            coming = there.shared(future, f"1/{path}", share).coming
            assert {c.id for c in coming} == {c.id for c in future.coming}
            assert all(c.at_s >= 36_000 for c in coming)
            count[0] += len(coming)
            count[1] += sum(c.slot_s is not None for c in coming)
    for share, (all_, booked) in counts.items():
        assert booked / all_ == pytest.approx(share, abs=0.03)


def test_who_has_booked_today_is_played_and_a_share_asks_only_those_who_have_not(world: World) -> None:
    """Eight people a slot at two slots ahead, one slot that is over: they come as people of this hall come,
    whatever share is asked, and of the others so many more book that the share comes out."""
    slots = [*[10.5 * 3600] * 8, *[11 * 3600] * 8, *[8.5 * 3600] * 8]
    now = replace(present(world, 0), booked=tuple(Booked("S001", s) for s in slots))
    there = _Hall(now, world.hall, world.arrivals, Habits(showing=Showing(0.75, 5.0, 6.0)))
    counts: dict[float, list[int]] = {share: [0, 0, 0] for share in (0.0, 0.1, 0.5)}
    for path in range(60):
        future = there.future(f"1/{path}")
        held = [c for c in future.coming if c.slot_s is not None]
        assert {c.service for c in held} == {"S001"}
        for share, count in counts.items():
            coming = there.shared(future, f"1/{path}", share).coming
            assert [c for c in coming if c in held] == held, "who has booked has booked"
            count[0] += len(coming)
            count[1] += sum(c.slot_s is not None for c in coming)
            count[2] += len(held)
    for _, appointments, held_ in counts.values():
        assert held_ / 60 == pytest.approx(12, abs=0.8), "three in four of sixteen, none of half past eight"
        assert appointments >= held_
    all_, booked, held_ = counts[0.0]
    assert booked == held_
    assert there.booked_share() == pytest.approx(booked / all_, abs=0.01)
    all_, booked, _ = counts[0.5]
    assert booked / all_ == pytest.approx(0.5, abs=0.03)


def test_who_does_not_answer_is_as_the_halls_past_had_it(world: World) -> None:
    """Nobody who ever misses a call, and every second: the window loses its minutes to them."""
    now = present(world)
    waits = []
    for share in (0.0, 0.5):
        habits = Habits(leaving=Leaving(missing=(share,) * len(AGES)))
        answer = what_if(now, Change("open", "W04"), world.hall, world.arrivals, paths=20, habits=habits)
        assert answer.waiting is not None
        waits.append(answer.waiting.before)
    assert waits[1] < waits[0] - 3, "who stays away takes a minute, who comes a quarter of an hour"


def test_a_change_that_changes_nothing_is_told_as_nothing(world: World) -> None:
    """The same people in both plans: no noise is left."""
    same = what_if(present(world), Change("move", service="S103", queue="B"), world.hall, world.arrivals)
    for effect in (same.waiting, same.joining, same.over):
        assert effect is not None
        assert (effect.difference.mean, effect.difference.low, effect.difference.high) == (0, 0, 0)


def test_the_same_seed_gives_the_same_answer(world: World) -> None:
    asked = (present(world), Change("open", "W04"), world.hall, world.arrivals)
    assert what_if(*asked, seed=3, paths=12) == what_if(*asked, seed=3, paths=12)
    assert what_if(*asked, seed=3, paths=12) != what_if(*asked, seed=4, paths=12)


@pytest.mark.parametrize("change", [Change("open", "W04"), Change("share", share=0.4)])
@pytest.mark.parametrize("waiting", [0, 60, 200])
def test_the_more_people_the_fewer_paths(world: World, waiting: int, change: Change) -> None:
    """An answer costs about the same with everybody there (`wucha bench replay` measures it)."""
    answer = what_if(present(world, waiting), change, world.hall, world.arrivals)
    assert (answer.waiting is None) == (waiting == 0)
    assert PATHS[0] <= answer.paths <= PATHS[1]
    assert answer.paths * waiting <= PEOPLE_PER_ANSWER


def test_an_empty_hall_at_night_has_nothing_to_tell(world: World) -> None:
    night = Present(TEN + timedelta(hours=13), (), OPEN)
    answer = what_if(night, Change("open", "W04"), world.hall, world.arrivals)
    assert (answer.waiting, answer.joining, answer.over) == (None, None, None)


def test_at_night_the_last_hour_says_how_many_come(world: World) -> None:
    """A demo hall is never closed: outside the profile's hours the present goes on."""
    night = Present(TEN + timedelta(hours=13), (), frozenset({"W01"}), taken=90, taken_last_hour=30)
    answer = what_if(night, Change("open", "W02"), world.hall, world.arrivals, paths=12)
    assert answer.joining is not None
    assert answer.joining.difference.mean <= 0


def test_nobody_is_called_over_lunch(world: World) -> None:
    """At 11:55 a window without lunch duty takes nobody before 14:00: opening one more helps over lunch."""
    noon = present(world, 30, TEN + timedelta(minutes=115))
    stays = Change("open", "W04", until=noon.at + timedelta(hours=2))
    answer = what_if(noon, stays, world.hall, world.arrivals, paths=12)
    assert answer.waiting is not None
    assert answer.waiting.before > 20
    assert answer.waiting.difference.mean < -2


def test_a_ticket_for_one_window_only_waits_for_that_window(world: World) -> None:
    since = TEN - timedelta(minutes=5)
    only = Leg(1, 1, 1, "A1", "S001", "A", "ordinary", State.WAITING, since, since, target_window="W03")
    now = Present(TEN, (only,), frozenset({"W01", "W02"}), taken=0)
    quiet = replace(world.arrivals, base_tickets_per_day=0.0)
    opened = what_if(now, Change("open", "W03"), world.hall, quiet, paths=12)
    assert opened.waiting is not None
    assert opened.waiting.before > 120
    assert opened.waiting.after == pytest.approx(5)


def test_the_roster_says_who_comes_and_goes(world: World) -> None:
    """At ten, and before the hall opens: where nobody is to sit later on, and who is on leave."""
    nobody = DayShift(MONDAY, time(10, 30), time(17, 30), "")
    rosters = {**world.hall.rosters, "W02": Roster("W02", (), (nobody,))}
    rostered = replace(world.hall, rosters=rosters)
    one = Change("share", share=0.18)
    now = replace(present(world), sitting={"W01": "ZW001", "W02": "ZW002"})
    usual, short = (what_if(now, one, hall, world.arrivals) for hall in (world.hall, rostered))
    assert joining(short) > joining(usual) + 3, "window 2 is left alone at half past ten"
    gone = Away("ZW002", *(datetime.combine(MONDAY, time(h)) for h in (8, 18)))
    before = TEN - timedelta(hours=1, minutes=40)  # nobody is there yet
    early = Present(before, (), frozenset(), taken=0)
    there, on_leave = (
        what_if(replace(early, away=away), one, world.hall, world.arrivals) for away in ((), (gone,))
    )
    assert joining(on_leave) > joining(there) + 1, "one comprehensive window less"


def test_who_sits_there_now_calls_what_that_person_may(world: World) -> None:
    people = {**world.hall.catalogue.people}
    people["ZW001"] = replace(people["ZW001"], skill_until={"A": MONDAY - timedelta(days=1)})
    ended = replace(world.hall, catalogue=replace(world.hall.catalogue, people=people))
    now = replace(present(world), sitting={"W01": "ZW001", "W02": "ZW002"})
    able, unable = (what_if(now, Change("open", "W04"), hall, world.arrivals) for hall in (world.hall, ended))
    assert able.waiting is not None
    assert unable.waiting is not None
    assert unable.waiting.before > able.waiting.before + 3


def joining(answer: Answer) -> float:
    assert answer.joining is not None
    return answer.joining.before
