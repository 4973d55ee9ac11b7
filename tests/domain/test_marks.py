"""How far numbers had got: the rules of what a restored hall goes on above (F19), pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.domain.blocks import Block, cut, highest
from server.domain.catalogue import Queue
from server.domain.marks import (
    AHEAD,
    MUCH,
    Mark,
    Memory,
    Word,
    above,
    adopted,
    ahead,
    doubtful,
    enough,
    gaps,
    heard,
    left_out,
    read_number,
    taken_back,
    unlent,
)
from server.domain.numbering import number
from tests.conftest import MONDAY_NINE

QUEUE = Queue(prefix="A", name="综合", name_en="All", first_number=101, last_number=700)
KEY = ("2026-03-02", "A")


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    """As a series stands: it ends before what is lent."""
    last = draw(st.integers(0, 600))
    return Mark(last, draw(st.none() | st.integers(last + 1, 601)))


@given(marks(), marks(), st.none() | marks())
def test_a_kept_mark_is_enough_for_the_series_and_reaches_into_no_block(
    now: Mark, before: Mark, kept: Mark | None
) -> None:
    made = ahead(now, kept)
    assert enough(now, made)
    assert made.lent_from is None or made.last < made.lent_from
    assert made.last <= max(now.last + AHEAD, kept.last if kept else 0)
    assert not enough(Mark(made.last + 1, now.lent_from), made)


@given(marks(), st.lists(marks(), max_size=4))
def test_a_restored_series_is_above_all_that_is_remembered_and_below_what_is_lent(
    restored: Mark, remembered: list[Mark]
) -> None:
    made = above(restored, remembered)
    known = [restored, *remembered]
    lent = [mark.lent_from for mark in known if mark.lent_from is not None]
    assert made.lent_from == min(lent, default=None)
    for (
        mark
    ) in known:  # a mark written ahead may reach into a block that was lent later: none was given there
        assert made.last >= min(mark.last, min(lent, default=10**6) - 1)
    assert made.lent_from is None or made.last < made.lent_from or made.last == restored.last
    found = list(gaps({KEY: restored}, {KEY: made}))
    skipped = [seq for gap in found for seq in range(gap.first, gap.last + 1)]
    assert skipped == list(range(restored.last + 1, made.last + 1))


@given(st.integers(0, 600), st.integers(1, 50))
def test_where_only_people_know_nothing_is_lent_any_more(last: int, size: int) -> None:
    mark = unlent(QUEUE, last)
    assert mark.lent_from is not None
    assert cut(QUEUE, mark.last, mark.lent_from, size) is None
    assert mark.last < mark.lent_from


@given(marks(), marks(), marks())
def test_a_word_is_taken_back_only_where_no_number_followed_it(now: Mark, raised: Mark, known: Mark) -> None:
    memory, words = Memory({KEY: now}), {KEY: Word(raised, known)}
    assert taken_back(memory, words, ()) == taken_back(memory, {}, "A") == memory
    assert taken_back(Memory({KEY: raised}), words, "A").marks == {KEY: known}
    assert taken_back(memory, words, "A").marks == {KEY: known if now == raised else now}


def test_a_word_that_leaves_out_much_or_leaves_little_is_doubted() -> None:
    def word(last: int, lent_from: int | None = None, known: int = 0) -> Word:
        return Word(Mark(last, lent_from), Mark(known))

    assert left_out(QUEUE, word(30, 301, 20)) == (10, 270)
    for doubted in (word(MUCH + 1), word(541, known=540), word(280, 301, known=270)):
        assert doubtful(QUEUE, doubted)
    for plain in (word(MUCH), word(540, known=539), word(599, known=599), word(0)):
        assert not doubtful(QUEUE, plain)


def test_a_block_is_taken_in_once_and_never_over_another() -> None:
    def block(id: int, first: int, last: int) -> Block:
        return Block(id, *KEY, "K1", "h", first, last, "held", MONDAY_NINE)

    known, same, lower, meets = block(1, 90, 99), block(1, 90, 99), block(2, 80, 89), block(3, 85, 92)
    assert adopted([known], [meets, same, lower, lower]) == [lower]


def test_the_replaced_database_is_believed_alone_only_where_it_knows_everything() -> None:
    early, late = MONDAY_NINE, MONDAY_NINE.replace(hour=10)
    sure, mark = Memory({KEY: Mark(5)}, at=late, sure=True), Memory({KEY: Mark(32)}, at=early)
    assert heard(sure, mark) == [sure]
    for replaced, beside in (
        (Memory({KEY: Mark(5)}, at=late), mark),
        (Memory({KEY: Mark(5)}, at=early, sure=True), Memory({KEY: Mark(32)}, at=late)),
    ):
        assert heard(replaced, beside) == [replaced, beside]
    assert heard(None, mark) == [mark]
    assert heard(None, None) == []


@given(st.integers(1, highest(QUEUE)))
def test_a_printed_number_is_read_back(seq: int) -> None:
    queues = [Queue(prefix="AB", name="", name_en=""), QUEUE]
    assert read_number(queues, number(QUEUE, seq)) == read_number(queues, f"a{100 + seq} ") == ("A", seq)


def test_the_number_before_the_first_one_says_that_none_was_given() -> None:
    assert read_number([QUEUE], "A100") == ("A", 0)


def test_what_no_queue_prints_is_no_number() -> None:
    for text in ("", "A", "A099", "A701", "B101", "A1０1", "A-101", "A" + "1" * 40):
        assert read_number([QUEUE], text) is None
