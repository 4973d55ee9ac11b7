"""Numbers, moves, hours, slips, refusals: small rules, row by row."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import refusals
from server.domain.audit import canonical, chained, first_break
from server.domain.calendar import HallCalendar
from server.domain.catalogue import Queue
from server.domain.numbering import number
from server.domain.refusals import ALL, HoursClosed, LunchClosed, MoveRefused, NumbersExhausted
from server.domain.slips import Line, SlipTemplate, compose
from server.domain.tickets import MOVES, Move, State, moved
from server.settings import HallSettings

QUEUE = Queue("A", "综合", "Any", first_number=1, last_number=999, digits=3)


@given(st.integers(1, 999), st.integers(1, 999))
def test_a_number_is_a_pure_function_of_its_place(a: int, b: int) -> None:
    assert (number(QUEUE, a) == number(QUEUE, b)) == (a == b)


def test_numbers_end_with_the_range() -> None:
    assert number(QUEUE, 999) == "A999"
    with pytest.raises(NumbersExhausted):
        number(QUEUE, 1000)


@pytest.mark.parametrize(("state", "move"), sorted(product(State, Move)))
def test_every_arrow_that_is_not_drawn_is_refused(state: State, move: Move) -> None:
    if (state, move) in MOVES:
        assert moved(state, move) is MOVES[state, move]
    else:
        with pytest.raises(MoveRefused):
            moved(state, move)


def test_nothing_leaves_a_final_state() -> None:
    final = {State.DONE, State.CANCELLED, State.EXPIRED, State.TRANSFERRED}
    assert not {s for s, _ in MOVES} & final


CALENDAR = HallCalendar(
    kiosk_open=time(8, 10),
    weekday=((time(8, 30), time(12, 0)), (time(14, 0), time(17, 30))),
    saturday=((time(9, 0), time(12, 0)),),
    sunday=(),
    stop_before_close=timedelta(minutes=15),
    rest_days=frozenset({date(2026, 10, 1)}),
    work_weekends=frozenset({date(2026, 2, 28)}),
    years=frozenset({2026}),
    saturday_walk_in=False,
)


@pytest.mark.parametrize(
    ("at", "lunch", "no"),
    [
        ("2026-03-02T08:09", False, HoursClosed),
        ("2026-03-02T08:10", False, None),
        ("2026-03-02T11:59", False, None),
        ("2026-03-02T12:00", False, LunchClosed),
        ("2026-03-02T12:00", True, None),
        ("2026-03-02T14:00", False, None),
        ("2026-03-02T17:14", False, None),
        ("2026-03-02T17:15", False, HoursClosed),
        ("2026-02-28T10:00", False, None),  # a Saturday that works (调休)
        ("2026-03-07T10:00", False, refusals.DayClosed),  # an ordinary Saturday: appointments only
        ("2026-03-08T10:00", False, refusals.DayClosed),
        ("2026-10-01T10:00", False, refusals.DayClosed),
    ],
)
def test_hours(at: str, lunch: bool, no: type[refusals.Refusal] | None) -> None:
    local = datetime.fromisoformat(at)
    if no is None:
        CALENDAR.check_taking(local, lunch)
    else:
        with pytest.raises(no):
            CALENDAR.check_taking(local, lunch)


def test_a_year_without_an_official_table_is_provisional(hall: HallSettings) -> None:
    assert not hall.calendar.is_provisional(date(2026, 5, 1))
    assert hall.calendar.is_provisional(date(2027, 5, 1))


def test_the_demo_calendar_knows_the_make_up_days(hall: HallSettings) -> None:
    # the State Council's notice of 2025-11-04
    works = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
    assert all(hall.calendar.intervals(date.fromisoformat(day)) for day in works)
    assert not hall.calendar.intervals(date(2026, 2, 17))


def test_a_slip_leaves_out_what_is_not_so() -> None:
    lines = (
        Line(text="{number}", size=4),
        Line(text="补打", when="reprint"),
        Line(text="{service_en}"),
        Line(rule=True),
    )
    facts = {"number": "A001", "reprint": False, "service_en": ""}
    assert compose(SlipTemplate(lines), facts) == [
        {"text": "A001", "size": 4, "align": "left", "bold": False},
        {"rule": True},
    ]


def test_refusal_codes_are_stable_and_unique() -> None:
    codes = [no.code for no in ALL]
    assert len(set(codes)) == len(codes)
    assert all(code == code.lower() and " " not in code for code in codes)


@given(
    st.lists(
        st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=3), min_size=1
    )
)
def test_any_edit_breaks_the_chain(lines: list[dict[str, object]]) -> None:
    rows, head = [], ""
    for n, line in enumerate(lines, 1):
        text = canonical(line)
        head = chained(head, text)
        rows.append((n, text, head))
    assert first_break(rows) is None
    seq, text, hash_ = rows[len(rows) // 2]
    edited = [(s, t + " " if s == seq else t, h) for s, t, h in rows]
    assert first_break(edited) == seq
