"""GATE by worked examples and properties: total order, first come first served within a class, no
starvation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.routing import Rules, Situation, choose, is_protected, key, returned_origin
from server.domain.tickets import Leg, State

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MEANS = {"long": 24.0, "mean": 12.0, "short": 6.0}
AT = Situation(comprehensive=True, mean_minutes=MEANS, mean_all=12.0)
RULES = Rules()


def leg(id: int, waited: float, service: str = "mean", priority: str = "ordinary") -> Leg:
    since = NOW - timedelta(minutes=waited)
    return Leg(
        id, id, 1, f"A{id:03d}", service, "A", priority, State.WAITING, joined_at=since, origin_at=since
    )


@pytest.mark.parametrize(
    ("waiting", "number", "rule"),
    [
        ([leg(1, 10), leg(2, 12)], "A002", "share"),  # first come first served
        ([leg(1, 20, "long"), leg(2, 15, "short")], "A002", "share"),  # 20/1.41 = 14.1 < 15/0.71 = 21.2
        ([leg(1, 40), leg(2, 1, priority="elder")], "A002", "protected"),
        ([leg(1, 95), leg(2, 94, "short")], "A001", "hard"),  # over 90 min strictly by age
        ([leg(1, 60), leg(2, 2, priority="elder")], "A002", "protected"),
    ],
)
def test_worked_examples(waiting: list[Leg], number: str, rule: str) -> None:
    chosen = choose(waiting, NOW, RULES, AT)
    assert chosen is not None
    assert (chosen.leg.number, chosen.rule) == (number, rule)


def test_after_four_protected_calls_an_old_ordinary_one_is_next() -> None:
    waiting = [leg(1, 46), leg(2, 50, priority="elder")]
    run = replace(AT, protected_run=4)
    chosen = choose(waiting, NOW, RULES, run)
    assert chosen is not None
    assert (chosen.leg.number, chosen.rule) == ("A001", "guard")
    young = choose([leg(1, 44), leg(2, 50, priority="elder")], NOW, RULES, run)
    assert young is not None
    assert young.rule == "protected"


def test_a_comprehensive_window_leaves_to_the_special_one_what_it_will_soon_take() -> None:
    waiting = [leg(1, 9, "short"), leg(2, 8, "mean")]
    assert choose(waiting, NOW, RULES, AT).leg.number == "A001"  # type: ignore[union-attr]
    special = replace(AT, special_open=frozenset({"short"}))
    assert choose(waiting, NOW, RULES, special).leg.number == "A002"  # type: ignore[union-attr]


def test_nobody_waits() -> None:
    assert choose([], NOW, RULES, AT) is None


def test_who_missed_a_call_keeps_half_the_limit_at_most() -> None:
    assert returned_origin(leg(1, 50), NOW, RULES) == NOW - timedelta(minutes=15)
    assert returned_origin(leg(1, 5), NOW, RULES) == NOW - timedelta(minutes=5)


legs = st.lists(
    st.builds(
        leg,
        st.integers(1, 999),
        st.floats(0, 200),
        st.sampled_from(sorted(MEANS)),
        st.sampled_from(["ordinary", "elder", "appointment"]),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda x: x.id,
)


@given(legs)
def test_the_order_is_total(waiting: list[Leg]) -> None:
    keys = [key(x, NOW, RULES, AT) for x in waiting]
    assert len(set(keys)) == len(keys)


@given(legs, st.integers(0, 6))
def test_within_one_class_and_service_the_first_comes_first(waiting: list[Leg], run: int) -> None:
    chosen = choose(waiting, NOW, RULES, replace(AT, protected_run=run))
    assert chosen is not None
    same = [x for x in waiting if (x.service, x.priority) == (chosen.leg.service, chosen.leg.priority)]
    assert chosen.leg.origin_at == min(x.origin_at for x in same)


@given(legs)
def test_the_heads_of_the_lines_are_enough(waiting: list[Leg]) -> None:
    heads: dict[tuple[str, str], Leg] = {}
    for x in sorted(waiting, key=lambda x: (x.origin_at, x.joined_at, x.id)):
        heads.setdefault((x.service, x.priority), x)
    assert choose(heads.values(), NOW, RULES, AT) == choose(waiting, NOW, RULES, AT)


@given(legs)
def test_gamma_zero_is_first_come_first_served_among_ordinary(waiting: list[Leg]) -> None:
    ordinary = [x for x in waiting if not is_protected(x)]
    if ordinary:
        chosen = choose(ordinary, NOW, replace(RULES, gamma=0.0), AT)
        assert chosen is not None
        assert chosen.leg.origin_at == min(x.origin_at for x in ordinary)
