"""顺延: a place is given up for good, as often as allowed; those who are let go first gain, nobody loses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.postponing import By, postponable, postponed_origin
from server.domain.refusals import MoveRefused, PostponeNeedless, PostponesSpent
from server.domain.routing import Rules, Situation, choose, key
from server.domain.tickets import Leg, State

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
AT = Situation(comprehensive=True, mean_minutes={"mean": 12.0}, mean_all=12.0)
RULE = {"times": 1, "people": 3, "minutes": 15}


def leg(id: int, waited: float, priority: str = "ordinary") -> Leg:
    since = NOW - timedelta(minutes=waited)
    return Leg(
        id, id, 1, f"A{id:03d}", "mean", "A", priority, State.WAITING, joined_at=since, origin_at=since
    )


def line(waiting: list[Leg]) -> list[int]:
    return [x.id for x in sorted(waiting, key=lambda x: key(x, NOW, Rules(), AT))]


def later(one: Leg, waiting: list[Leg], by: By) -> Leg:
    after = sorted(x.origin_at for x in waiting if (x.origin_at, x.id) > (one.origin_at, one.id))
    return replace(one, origin_at=postponed_origin(one, after, NOW, by, **RULE), postpones=one.postpones + 1)


@pytest.mark.parametrize(
    ("by", "expected"), [("people", [2, 3, 4, 1, 5]), ("minutes", [2, 3, 4, 1, 5])], ids=["people", "minutes"]
)
def test_worked_examples(by: By, expected: list[int]) -> None:
    waiting = [leg(1, 30), leg(2, 25), leg(3, 20), leg(4, 16), leg(5, 10)]
    assert line([later(waiting[0], waiting, by), *waiting[1:]]) == expected


def test_behind_whoever_there_is() -> None:
    waiting = [leg(1, 30), leg(2, 25)]
    assert line([later(waiting[0], waiting, "people"), waiting[1]]) == [2, 1]


def test_equal_seniority_counts_as_behind() -> None:
    waiting = [leg(1, 30), leg(2, 30)]
    assert line([later(waiting[0], waiting, "people"), waiting[1]]) == [2, 1]


def test_a_protected_number_names_a_later_time_and_is_first_again_then() -> None:
    elder, ordinary = leg(1, 5, "elder"), leg(2, 20)
    moved = later(elder, [elder, leg(3, 1, "elder")], "people")
    assert choose([moved, ordinary], NOW, Rules(), AT).leg.id == 2  # type: ignore[union-attr]
    then = NOW + timedelta(minutes=15)
    assert choose([moved, leg(4, 40)], then, Rules(), AT).leg.id == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "behind", "no"),
    [
        ({"state": State.CALLED, "window": "W01"}, [NOW], MoveRefused),
        ({"came_back": True}, [NOW], MoveRefused),
        ({"postpones": 1}, [NOW], PostponesSpent),
        ({}, [], PostponeNeedless),
    ],
)
def test_refusals(changed: dict[str, object], behind: list[datetime], no: type[Exception]) -> None:
    with pytest.raises(no):
        postponed_origin(replace(leg(1, 5), **changed), behind, NOW, "people", **RULE)  # type: ignore[arg-type]


def test_a_hall_may_not_allow_it_at_all() -> None:
    assert not postponable(leg(1, 5), 0)
    with pytest.raises(PostponesSpent):
        postponed_origin(leg(1, 5), [NOW], NOW, "people", times=0, people=3, minutes=15)


@given(
    waits=st.lists(st.integers(0, 80), min_size=2, max_size=12, unique=True),
    who=st.integers(0, 11),
    by=st.sampled_from(["people", "minutes"]),
)
def test_only_the_one_who_steps_back_loses(waits: list[int], who: int, by: By) -> None:
    waiting = [leg(n, waited) for n, waited in enumerate(waits, 1)]
    one = waiting[who % len(waiting)]
    if not any((x.origin_at, x.id) > (one.origin_at, one.id) for x in waiting):
        return
    before = line(waiting)
    after = line([later(x, waiting, by) if x is one else x for x in waiting])
    assert [n for n in before if n != one.id] == [n for n in after if n != one.id], (
        "the others keep their order"
    )
    gone_first = after.index(one.id) - before.index(one.id)
    assert gone_first >= 0, "nobody gains by stepping back"
    if by == "people":
        assert gone_first == min(3, len(before) - 1 - before.index(one.id))
