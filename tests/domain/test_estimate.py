"""The estimator on made-up halls: it rolls the rule that calls, and its words keep their promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, inf, log
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain.catalogue import Window
from server.domain.estimate.coming import Booked, Newcomers, Showing
from server.domain.estimate.leaving import AGES, Leaving
from server.domain.estimate.outlook import PRIORITY, days, how_many, look, quantiles
from server.domain.estimate.pauses import TARDY, Pauses
from server.domain.estimate.plan import LATE, spells_of
from server.domain.estimate.promise import (
    LEAST,
    START,
    Estimate,
    Forecast,
    Widths,
    adapted,
    at_most,
    bucket,
    moved,
    on_the_clock,
    shown,
    steady,
)
from server.domain.estimate.roll import Stage, asking, next_moment
from server.domain.estimate.scene import Busy, Desk, Scene
from server.domain.estimate.times import ServiceTime, Visit, cold, learn
from server.domain.routing import (
    APPOINTMENT,
    ORDINARY,
    SUPPLEMENT,
    Rules,
    Situation,
    caps,
    choose,
    is_protected,
    kind_of,
)
from server.domain.tickets import Leg
from server.domain.windows import WindowState

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SERVICES = {"a1": "A", "a2": "A", "b1": "B"}
MINUTES = {"a1": 5.0, "a2": 20.0, "b1": 8.0}
EXACT = {s: ServiceTime(log(m), 1e-9) for s, m in MINUTES.items()}
ODD = {"a1": 5.0137, "a2": 20.0071, "b1": 8.0113}  # so that no age ever equals a limit to the microsecond
ODD_TIMES = {s: ServiceTime(log(m), 1e-12) for s, m in ODD.items()}
ALWAYS = ((0.0, inf),)


def leg(id: int, ago: float, service: str = "a1", priority: str = ORDINARY) -> Leg:
    return asking(id, SERVICES[service], service, priority, NOW - timedelta(minutes=ago))


def desk(window: str, *queues: str, **more: object) -> Desk:
    pools = (tuple((q, None) for q in queues),)
    facts: dict[str, object] = {"comprehensive": len(queues) > 1, "spells": ALWAYS, **more}
    return Desk(window, pools, **facts)  # type: ignore[arg-type]


def scene(*legs: Leg, desks: tuple[Desk, ...] = (desk("1", "A"),), **more: object) -> Scene:
    facts: dict[str, object] = {
        "now": NOW,
        "waiting": legs,
        "desks": desks,
        "rules": Rules(),
        "queue_of": SERVICES,
        "mean_minutes": MINUTES,
        "times": EXACT,
        "pace": {},
        "leaving": Leaving((0.0,) * len(AGES)),
        **more,
    }
    return Scene(**facts)  # type: ignore[arg-type]


LEGS = st.lists(
    st.tuples(st.integers(0, 120), st.sampled_from(["a1", "a2", "b1"]), st.sampled_from([ORDINARY, "elder"])),
    min_size=1,
    max_size=25,
)


@given(LEGS)
@example([(0, "b1", "elder")] * 3 + [(22, "a1", ORDINARY), (66, "a2", ORDINARY)])  # near `hard` at its call
def test_a_future_calls_in_the_order_of_the_rule(drawn: list[tuple[int, str, str]]) -> None:
    legs = [leg(i, ago, service, kind) for i, (ago, service, kind) in enumerate(drawn, 1)]
    found = Stage(scene(*legs, desks=(desk("1", "A", "B"),), times=ODD_TIMES)).play(Random(1))
    waiting, t, run, expected = list(legs), 0.0, 0, {}
    mean_all = sum(MINUTES.values()) / 3
    while waiting:
        at = Situation(True, MINUTES, mean_all, protected_run=run)
        chosen = choose(waiting, NOW + timedelta(minutes=t), Rules(), at)
        assert chosen is not None
        expected[chosen.leg.id] = t
        run = run + 1 if is_protected(chosen.leg) else 0
        waiting.remove(chosen.leg)
        t += ODD[chosen.leg.service]
    assert found == pytest.approx(expected, abs=1e-5)


PERSON = st.tuples(
    st.integers(0, 120),
    st.sampled_from(["a1", "a2", "b1"]),
    st.sampled_from([ORDINARY, ORDINARY, "elder", APPOINTMENT, SUPPLEMENT]),
    st.sampled_from([None, None, None, "1", "2"]),  # sent to a window
    st.booleans(),
)
RULES = st.builds(
    Rules,
    gate=st.sampled_from([0.0, 0.0, 7.0]),
    gamma=st.sampled_from([0.0, 0.5]),
    hand=st.sampled_from([0.0, 10.0]),
    hard=st.sampled_from([40.0, 90.0]),
    run=st.integers(1, 4),
    guard=st.sampled_from([10.0, 45.0]),
    ratio=st.sampled_from([{}, {}, {"priority": (2, 1)}, {"priority": (1, 1), APPOINTMENT: (1, 2)}]),
)


@given(st.lists(PERSON, min_size=1, max_size=25), RULES, st.sampled_from([1.0, 0.5]))
def test_a_future_calls_whom_the_rule_of_the_hall_would_call(
    drawn: list[tuple[int, str, str, str | None, bool]], rules: Rules, share: float
) -> None:
    """Call by call the same as `routing.choose` on the heads that `call_next` would compare."""
    legs = []
    for i, (ago, service, kind, window, flag) in enumerate(drawn, 1):
        person = leg(i, ago, service, kind)
        if kind == APPOINTMENT:  # some are here before their time
            person = replace(person, origin_at=NOW + timedelta(minutes=30 - ago))
        elif kind == SUPPLEMENT:
            person = replace(person, first_window="1" if flag else "2")
        else:
            person = replace(person, target_window=window, came_back=flag and window is not None)
        legs.append(person)
    desks = (
        Desk("1", ((("A", None), ("B", None)),), True, ((0.0, inf),)),
        Desk("2", ((("A", None),), (("B", "b1"),)), False, ((0.37, inf),)),
    )
    found = Stage(scene(*legs, desks=desks, rules=rules, max_share=share, times=ODD_TIMES)).play(Random(1))
    assert found == pytest.approx(_by_the_hall(legs, desks, rules, share), abs=1e-5)


def _by_the_hall(legs: list[Leg], desks: tuple[Desk, ...], rules: Rules, share: float) -> dict[int, float]:
    waiting, expected, run = list(legs), {}, 0
    free = {desk.window: desk.spells[0][0] for desk in desks}
    recent: dict[str, list[str]] = {"1": [], "2": [], "": []}
    while free:
        desk = min((d for d in desks if d.window in free), key=lambda d: free[d.window])
        t = free[desk.window]
        at = Situation(
            desk.comprehensive,
            MINUTES,
            sum(MINUTES.values()) / 3,
            frozenset({"a1", "a2"}) if desk.comprehensive and t >= 0.37 else frozenset(),
            run,
            desk.window,
            caps(recent[desk.window], recent[""], rules, share),
        )
        chosen = None
        for pools in desk.pools:
            heads = _heads(waiting, desk.window, pools)
            chosen = chosen or choose(heads, NOW + timedelta(minutes=t), rules, at)
        if chosen is None:
            del free[desk.window]
            continue
        expected[chosen.leg.id] = t
        waiting.remove(chosen.leg)
        run = run + 1 if is_protected(chosen.leg, desk.window) else 0
        for place in (desk.window, ""):
            recent[place].insert(0, kind_of(chosen.leg))
        free[desk.window] = t + ODD[chosen.leg.service]
    return expected


def _heads(waiting: list[Leg], window: str, pools: tuple[tuple[str, str | None], ...]) -> list[Leg]:
    """As `store.tickets.waiting_heads`."""
    mine = [x for x in waiting if any(q == x.queue and s in (None, x.service) for q, s in pools)]
    lines: dict[tuple[str, str, str], list[Leg]] = {}
    for x in mine:
        if x.target_window is None and x.first_window != window:
            lines.setdefault((x.queue, x.service, x.priority), []).append(x)
    heads = [x for line in lines.values() for x in line if x.origin_at == min(y.origin_at for y in line)]
    heads += [x for x in waiting if x.target_window == window]
    return heads + [x for x in mine if x.target_window is None and x.first_window == window]


@given(LEGS)
def test_who_only_asks_changes_nothing_for_those_who_wait(drawn: list[tuple[int, str, str]]) -> None:
    legs = [leg(i, ago, service, ORDINARY) for i, (ago, service, _) in enumerate(drawn, 1)]
    desks = (desk("1", "A"), desk("2", "A", "B"))
    alone = Stage(scene(*legs, desks=desks)).play(Random(7), day=(0.0, 0.0))
    asked = look(scene(*legs, desks=desks), lambda n: Random(7), futures=1)
    assert {i: f.p50 for i, f in asked.legs.items() if f} == alone


def test_equal_dice_give_equal_answers() -> None:
    many = scene(*(leg(i, i) for i in range(1, 30)), times={s: cold(m) for s, m in MINUTES.items()})
    assert look(many, Random) == look(many, Random)


def test_a_fresh_number_waits_for_those_before_it() -> None:
    found = look(scene(leg(1, 3), leg(2, 2), leg(3, 1)), Random)
    assert found.fresh["a1", ORDINARY] == Forecast(pytest.approx(15), pytest.approx(15))  # type: ignore[arg-type]
    assert found.fresh["a1", PRIORITY] == Forecast(0.0, 0.0)
    assert found.fresh["b1", ORDINARY] is None, "no window takes it"


def test_nobody_eligible_nobody_called() -> None:
    found = look(scene(leg(1, 3, "b1")), Random)
    assert found.legs == {1: None}


def test_ties_are_called_in_the_order_of_their_ids() -> None:
    found = look(scene(leg(2, 5), leg(1, 5)), Random)
    assert [found.legs[i].p50 for i in (1, 2)] == pytest.approx([0, 5])  # type: ignore[union-attr]


def test_a_batch_keeps_its_window_for_all_its_matters() -> None:
    waits = look(scene(leg(1, 3), leg(2, 2), leg(3, 1), items={2: 30}), Random)
    assert [waits.legs[i].p50 for i in (1, 2, 3)] == pytest.approx([0, 5, 155])  # type: ignore[union-attr]
    stands = look(scene(leg(1, 1), desks=(desk("1", "A", busy=Busy("a1", 10.0, "A", items=4)),)), Random)
    assert stands.legs[1].p50 == pytest.approx(10, abs=0.1)  # type: ignore[union-attr]


def test_overflow_only_when_the_own_queues_are_empty() -> None:
    helper = Desk("2", ((("A", None),), (("B", "b1"),)), False, ALWAYS)
    found = look(scene(leg(1, 60, "b1"), leg(2, 1), leg(3, 1), desks=(helper,)), Random)
    assert [found.legs[i].p50 for i in (2, 3, 1)] == pytest.approx([0, 5, 10])  # type: ignore[union-attr]


def test_a_leg_for_one_window_waits_for_that_window() -> None:
    mine = replace(leg(1, 5), target_window="2")
    desks = (desk("1", "A"), desk("2", "A", busy=Busy("a1", 1.0)))
    found = look(scene(mine, desks=desks), Random)
    assert found.legs[1] is not None
    assert found.legs[1].p50 == pytest.approx(4, abs=0.1)


def test_lunch_nobody_is_called_for_an_hour() -> None:
    found = look(
        scene(leg(1, 3), leg(2, 2), leg(3, 1), desks=(desk("1", "A", spells=((0, 8), (68, inf))),)), Random
    )
    assert [found.legs[i].p50 for i in (1, 2, 3)] == pytest.approx([0, 5, 68])  # type: ignore[union-attr]


def test_all_closed_but_planned_to_open() -> None:
    found = look(scene(leg(1, 3), desks=(desk("1", "A", spells=((18, inf),)),)), Random)
    assert found.legs[1] == Forecast(18, 18)


def test_a_window_that_closes_leaves_the_rest_unknown() -> None:
    found = look(scene(leg(1, 3), leg(2, 2), leg(3, 1), desks=(desk("1", "A", spells=((0, 8),)),)), Random)
    assert [found.legs[i] is None for i in (1, 2, 3)] == [False, False, True]


def test_the_only_window_is_paused() -> None:
    paused = desk("1", "A", pause_left=10.0)
    assert look(scene(leg(1, 3), desks=(paused,)), Random).legs[1] is None
    both = look(scene(leg(1, 3), leg(2, 2), desks=(paused, desk("2", "A"))), Random)
    assert both.legs[1] == Forecast(0, 0)
    assert both.legs[2] is not None


def test_an_appointment_before_opening_is_called_at_the_opening() -> None:
    early = leg(1, 10, priority=APPOINTMENT)
    found = look(scene(leg(2, 20), early, desks=(desk("1", "A", spells=((15, inf),)),)), Random)
    assert [found.legs[i].p50 for i in (1, 2)] == pytest.approx([15, 20])  # type: ignore[union-attr]


def test_an_appointment_that_is_still_to_come_is_reckoned_with() -> None:
    sure = {"booked": (Booked("a1", 4.0),), "showing": Showing(1.0, 0.0, 1e-9)}
    found = look(scene(leg(1, 3), leg(2, 2), leg(3, 1), **sure), Random)
    assert [found.legs[i].p50 for i in (1, 2, 3)] == pytest.approx([0, 10, 15])  # type: ignore[union-attr]


@pytest.mark.parametrize(("of_twenty", "kind"), [(4, "elder"), (9, APPOINTMENT)])
def test_a_large_share_of_protected_legs(of_twenty: int, kind: str) -> None:
    """20 % priority, 45 % appointments: the old are still called, protected calls do not run for ever."""
    legs = [leg(i, 60 - i, priority=kind if i % 20 < of_twenty else ORDINARY) for i in range(1, 41)]
    found = look(scene(*legs, desks=(desk("1", "A"), desk("2", "A"))), Random)
    calls = sorted((f.p50, i) for i, f in found.legs.items() if f)
    assert len(calls) == 40
    first = [i % 20 < of_twenty for _, i in calls[:6]]
    assert not all(first), "an old ordinary leg comes after `run` protected ones"


def test_protected_newcomers_lengthen_the_wait() -> None:
    legs = [leg(i, 30 - i) for i in range(1, 20)]
    stream = Newcomers(((0.0, 240.0, 0.1),), ((1.0, "a1", PRIORITY),))
    calm, busy = (look(scene(*legs, newcomers=n), Random).legs[19] for n in (Newcomers(), stream))
    assert calm is not None
    assert busy is not None
    assert busy.p50 > calm.p50 + 20


def test_ordinary_newcomers_with_short_services_come_first() -> None:
    """GATE: a short service reaches its share of the limit earlier."""
    legs = [leg(i, 30 - i, "a2") for i in range(1, 12)]
    stream = Newcomers(((0.0, 240.0, 0.1),), ((1.0, "a1", ORDINARY),))
    calm, busy = (
        look(scene(*legs, newcomers=n, rules=Rules(hard=1000.0)), Random).legs[11]
        for n in (Newcomers(), stream)
    )
    assert calm is not None
    assert busy is not None
    assert busy.p50 > calm.p50 + 10


def test_who_does_not_answer_takes_little_time_and_who_gave_back_none() -> None:
    legs = [leg(i, 30 - i) for i in range(1, 12)]
    stays, silent, back = (
        look(scene(*legs, leaving=gone), Random).legs[11]
        for gone in (
            Leaving((0.0,) * len(AGES)),
            Leaving((0.5,) * len(AGES)),
            Leaving((0.0,) * len(AGES), given_back=(0.05,) * len(AGES)),
        )
    )
    assert stays is not None
    assert silent is not None
    assert back is not None
    assert stays.p50 == pytest.approx(50)
    assert silent.p50 == pytest.approx(5 * 5 + 5 * 1.5, abs=5)
    assert 10 < back.p50 < 45


def test_who_missed_the_call_and_comes_back_is_served_again() -> None:
    legs = [leg(i, 30 - i) for i in range(1, 11)] + [leg(11, 0)]
    away, again = (
        look(scene(*legs, leaving=Leaving((0.5,) * len(AGES), returning=share, back=1.0)), Random).legs[11]
        for share in (0.0, 1.0)
    )
    assert away is not None
    assert again is not None
    assert again.p50 > away.p50 + 3


def test_pauses_and_a_slow_day_lengthen_the_wait() -> None:
    legs = [leg(i, 30 - i) for i in range(1, 12)]
    usual, paused, slow = (
        look(scene(*legs, **more), Random).legs[11]
        for more in ({}, {"pauses": Pauses(0.02, 10.0)}, {"slow": 1.2, "slow_spread": 0.05})
    )
    assert usual is not None
    assert paused is not None
    assert slow is not None
    assert paused.p90 > usual.p90 + 10
    assert slow.p50 == pytest.approx(1.2 * usual.p50, rel=0.05)
    assert slow.p90 > slow.p50 + 2, "nobody knows exactly how slow"


def test_a_leg_for_one_person_waits_where_the_person_sits() -> None:
    mine = replace(leg(1, 5), target_clerk="Li")
    desks = (desk("1", "A"), desk("2", "A", busy=Busy("a1", 1.0), clerk="Li"))
    found = look(scene(mine, desks=desks), Random).legs[1]
    assert found is not None
    assert found.p50 == pytest.approx(4, abs=0.1)
    assert look(scene(mine), Random).legs[1] is None, "the person is not here"


def test_two_thousand_waiting_before_sixty_windows_are_all_answered() -> None:
    """In 0.25 s: `wucha bench estimates`."""
    dice = Random(1)
    services = {f"s{i}": f"Q{i % 8}" for i in range(45)}
    minutes = {s: 4.0 + i % 9 for i, s in enumerate(services)}
    kinds = [ORDINARY] * 8 + ["elder", APPOINTMENT]
    legs = []
    for i in range(1, 2001):
        service = dice.choice(list(services))
        ago = timedelta(minutes=60 * dice.random())
        legs.append(asking(i, services[service], service, dice.choice(kinds), NOW - ago))
    pools = [(f"Q{i % 8}",) if i % 4 else tuple(f"Q{n}" for n in range(8)) for i in range(60)]
    desks = tuple(desk(str(i), *queues) for i, queues in enumerate(pools))
    times = {s: cold(m) for s, m in minutes.items()}
    many = scene(*legs, desks=desks, queue_of=services, mean_minutes=minutes, times=times)
    found = look(many, Random)
    assert all(found.legs.values())


def test_many_waiting_fewer_futures() -> None:
    assert [how_many(n) for n in (0, 50, 200, 2000)] == [100, 100, 80, 8]


def test_quantiles_count_the_futures_without_a_call() -> None:
    assert quantiles(range(1, 91), 100) == (50, 90)
    assert quantiles(range(1, 90), 100) == (50, inf)
    assert quantiles([], 100) == quantiles([], 10) == quantiles([1, 2], 10) == (inf, inf)


def test_few_futures_say_more_together_than_by_rank() -> None:
    """Ten waits of a hall drawn three hundred times: how far the quantiles are from the true ones."""
    dice, true = Random(5), (60.0, 60 + 1.2816 * 15)
    assert quantiles([7] * 10, 10) == (pytest.approx(7), pytest.approx(7))

    def off(count: int, ranks: bool) -> float:
        found = 0.0
        for _ in range(300):
            times = sorted(dice.gauss(60, 15) for _ in range(count))
            said = (times[count // 2 - 1], times[count * 9 // 10 - 1]) if ranks else quantiles(times, count)
            found += sum((a - b) ** 2 for a, b in zip(said, true, strict=True))
        return found

    assert off(10, ranks=False) < 0.9 * off(10, ranks=True)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 10, 80, 100])
def test_every_slice_of_slow_and_of_busy_days_is_met_once(count: int) -> None:
    slow, busy = zip(*days(count), strict=True)
    assert len(set(slow)) == len(set(busy)) == count
    assert sorted(slow) == sorted(busy)
    assert sum(slow) == pytest.approx(0, abs=1e-9)


# ------------------------------------------------------------------ service times


def test_who_has_been_served_long_needs_longer_still() -> None:
    time, dice = cold(10), Random(3)
    fresh = sum(time.remaining(0, dice) for _ in range(4000)) / 4000
    later = sum(time.remaining(20, dice) for _ in range(4000)) / 4000
    assert fresh == pytest.approx(10, rel=0.1)
    assert later > 7, "a long visit does not end because its average is over"
    assert time.remaining(500, dice) >= 0


def test_a_measured_service_leaves_the_catalogue_behind() -> None:
    dice = Random(1)
    visits = [Visit("a1", "A", "1", exp(dice.gauss(log(12), 0.3))) for _ in range(2000)]
    times, _ = learn(visits, MINUTES, SERVICES)
    assert times["a1"].mean == pytest.approx(12 * exp(0.045), rel=0.1)
    assert times["a2"].mean > 20, "the rare one borrows from its queue"
    assert times["b1"].mean == pytest.approx(8, rel=0.25), "another queue learns little from it"


def test_a_slow_window_is_known_and_two_visits_prove_nothing() -> None:
    dice = Random(1)
    visits = [Visit("a1", "A", "quick", exp(dice.gauss(log(5), 0.5))) for _ in range(400)]
    visits += [Visit("a1", "A", "slow", exp(dice.gauss(log(10), 0.5))) for _ in range(400)]
    visits += [Visit("a1", "A", "new", 60.0)] * 2
    _, pace = learn(visits, MINUTES, SERVICES)
    assert pace["slow", "A"] / pace["quick", "A"] == pytest.approx(2, rel=0.15)
    assert pace["new", "A"] < 1.5


# ------------------------------------------------------------------ plan

HOURS = (
    (datetime(2026, 3, 2, 8, 30).time(), datetime(2026, 3, 2, 12).time()),  # noqa: DTZ001  local
    (datetime(2026, 3, 2, 14).time(), datetime(2026, 3, 2, 17, 30).time()),  # noqa: DTZ001
)
WINDOW = Window("W", "1", "", "special", ("A",))


@pytest.mark.parametrize(
    ("clock", "state", "more", "spells"),
    [
        ((9, 0), "open", {}, ((0, 180), (300, inf))),
        ((9, 0), "open", {"lunch_duty": True}, ((0, inf),)),
        ((12, 30), "open", {}, ((90, inf),)),
        ((18, 0), "open", {}, ((0, inf),)),
        ((8, 15), "closed", {}, ((15 + TARDY, 225), (345 + TARDY, inf))),
        ((8, 40), "closed", {}, ((TARDY, 200), (320 + TARDY, inf))),
        ((9, 0), "closed", {}, ((300 + TARDY, inf),)),
        ((15, 0), "closed", {}, ()),
        ((8, 15), "closed", {"default_state": "tidal"}, ()),
    ],
)
def test_when_a_window_calls(
    clock: tuple[int, int], state: str, more: dict[str, object], spells: tuple[tuple[float, float], ...]
) -> None:
    local = datetime(2026, 3, 2, *clock)  # noqa: DTZ001  the hall's local time
    window = replace(WINDOW, **more)  # type: ignore[arg-type]
    assert spells_of(window, WindowState(state), local, HOURS, saturday=False, by_hand=False) == spells


def test_a_day_opened_by_hand_has_no_hours() -> None:
    night = datetime(2026, 3, 1, 23, 0)  # noqa: DTZ001
    assert spells_of(WINDOW, WindowState.OPEN, night, (), saturday=False, by_hand=True) == ALWAYS
    assert spells_of(WINDOW, WindowState.CLOSED, night, (), saturday=False, by_hand=True) == ()
    assert LATE > TARDY


def test_the_next_moment_of_a_plan() -> None:
    assert [next_moment(((0, 8), (68, inf)), t) for t in (3, 8, 100)] == [3, 68, 100]
    assert next_moment(((0, 8),), 9) is None


# ------------------------------------------------------------------ the promise


def test_what_is_shown() -> None:
    assert shown(None, 0, False) == Estimate("unknown", None, None, False)
    assert shown(Forecast(1.5, 2), 4.2, True) == Estimate("soon", 0, 5, True)
    assert shown(Forecast(12.7, 18), 19.1, False) == Estimate("range", 12, 20, False)
    assert shown(Forecast(43, 55), 61, False) == Estimate("range", 40, 65, False)


def test_nine_promises_in_ten_are_kept_when_the_hall_drifts() -> None:
    dice, c, kept = Random(5), START, 0
    for n in range(6000):
        slow = 1 + n / 4000  # every wait grows, the forecast does not know
        broken = 10 * slow * exp(dice.gauss(0, 0.4)) > at_most(Forecast(10, 16), c)
        kept += not broken
        c = adapted(c, broken)
    assert 0.88 <= kept / 6000 <= 0.93
    assert adapted(LEAST, False) == LEAST


def test_a_bad_day_widens_the_promises_of_all_sizes_and_ends_with_the_day() -> None:
    widths = Widths({3: 0.8})
    for _ in range(5):
        widths.learn(3, True)
    assert widths.of(3) == pytest.approx(0.8 + 2 * 5 * 0.036)
    assert widths.of(0) == widths.of(7) == pytest.approx(START + 5 * 0.036)
    for _ in range(45):
        widths.learn(3, False)
    assert (widths.of(0), widths.of(3)) == (pytest.approx(START), pytest.approx(0.8))
    widths.learn(3, False)
    assert widths.of(0) == START, "a good day makes no promise narrower for other sizes"
    assert Widths(widths.by_size).today == 0


def test_each_size_of_wait_has_its_own_width() -> None:
    assert [bucket(p) for p in (0, 0.9, 1, 7.9, 8, 80)] == [0, 0, 1, 2, 3, 8]


def test_the_expected_time_moves_slowly() -> None:
    first = moved(None, Forecast(10, 20), None, NOW)
    assert first == NOW + timedelta(minutes=12)
    two = NOW + timedelta(minutes=2)
    later = moved(first, Forecast(30, 30), NOW, two)
    assert (later - first).total_seconds() == pytest.approx(0.2 * 20 * 60)
    earlier = moved(first, Forecast(0, 0), NOW, two)
    assert (first - earlier).total_seconds() == pytest.approx(0.3 * 10 * 60)
    assert moved(first, Forecast(40, 40), NOW, NOW) == first, "no time, no move, however often one looks"
    assert on_the_clock(NOW + timedelta(minutes=12, seconds=50)) == NOW + timedelta(minutes=12)


def test_a_range_that_is_still_true_stays() -> None:
    old = Estimate("range", 10, 15, False)
    assert steady(old, Estimate("range", 9, 14, False)) is old
    wider, lower = Estimate("range", 10, 16, False), Estimate("range", 7, 13, False)
    assert steady(old, wider) is wider
    assert steady(old, lower) is lower
