"""How far the numbers of a day had got, as far as somebody remembers it: what a restored backup must not fall
behind (F19).

A backup knows what was given until it was made. Who holds a later number stands in the hall all the same, so
the restored series goes on above the highest number that anybody remembers, and lends below the lowest that
was lent. What lies between is a gap: numbers that people may hold and that the hall does not know."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from server.domain.blocks import Block, highest
from server.domain.catalogue import Queue

GAP: Final = "numbers-lost"  # the alarm
AHEAD: Final = 32  # numbers that may be given before the mark outside of the database is written again
MUCH: Final = 200  # numbers that a person's word may leave out unasked
MOST: Final = 10**6  # no day gets that far: whatever says so is damaged

Key = tuple[str, str]  # (day, prefix)


@dataclass(frozen=True)
class Mark:
    """Of one day and prefix: every number that was given in the ordinary way is at most `last`, every lent
    one at least `lent_from` (None: none was lent)."""

    last: int
    lent_from: int | None = None


@dataclass(frozen=True)
class Word:
    """A mark that rests on a person's word alone: what it was raised to, and how far others knew it."""

    raised: Mark
    witnessed: Mark


@dataclass(frozen=True)
class Memory:
    """What one source remembers. at: its last sign of life. sure: it is of this very hall and saw all that
    the backup did not. words: the marks that a person raised and no number has followed."""

    marks: Mapping[Key, Mark] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    at: datetime | None = None
    sure: bool = False
    words: Mapping[Key, Word] = field(default_factory=dict)


@dataclass(frozen=True)
class Gap:
    """Sequence numbers first..last of one day and prefix, which people may hold and nobody knows of."""

    day: str
    prefix: str
    first: int
    last: int


def heard(replaced: Memory | None, beside: Memory | None) -> list[Memory]:
    """Whom to believe: the replaced database alone where it knows everything, so that no number is skipped
    for nothing; else also the mark beside it, which was written ahead."""
    found = [memory for memory in (replaced, beside) if memory is not None]
    if len(found) == 2 and found[0].sure and found[0].at and found[1].at and found[1].at <= found[0].at:
        return found[:1]
    return found


def taken_back(memory: Memory, words: Mapping[Key, Word], prefixes: Container[str]) -> Memory:
    """What is remembered without what a person had said of these queues, where no number was given since."""
    marks = {
        key: words[key].witnessed
        if key[1] in prefixes and key in words and words[key].raised == mark
        else mark
        for key, mark in memory.marks.items()
    }
    return replace(memory, marks=marks)


def left_out(queue: Queue, word: Word) -> tuple[int, int]:
    """(how many numbers a person's word leaves out, how many are left after it)."""
    raised = word.raised
    end = highest(queue) + 1 if raised.lent_from is None else raised.lent_from
    return max(raised.last - word.witnessed.last, 0), max(end - 1 - raised.last, 0)


def doubtful(queue: Queue, word: Word) -> bool:
    """Is this rather a typing mistake: more than MUCH left out, or less than a tenth of the range left?"""
    out, left = left_out(queue, word)
    return out > MUCH or (out > 0 and left * 10 < highest(queue))


def enough(mark: Mark, known: Mark | None) -> bool:
    """Does the kept mark `known` cover a series that stands at `mark`?"""
    return known is not None and known.last >= mark.last and known.lent_from == mark.lent_from


def ahead(mark: Mark, known: Mark | None) -> Mark:
    """The mark to be kept where the series stands at `mark`: the one that is kept already while half of what
    it was written ahead is left, so that it is seldom written. It never reaches into what is lent."""
    far = known is not None and known.last >= mark.last + AHEAD // 2
    most = known.last if known is not None and far else mark.last + AHEAD
    if mark.lent_from is not None:
        most = min(most, mark.lent_from - 1)
    return Mark(max(most, mark.last), mark.lent_from)


def above(restored: Mark, remembered: Iterable[Mark]) -> Mark:
    """Where a restored series goes on: above all that is remembered, and lending below it."""
    known = [restored, *remembered]
    lent = min((m.lent_from for m in known if m.lent_from is not None), default=None)
    last = max(m.last for m in known)
    return Mark(last if lent is None else max(restored.last, min(last, lent - 1)), lent)


def unlent(queue: Queue, last: int) -> Mark:
    """The mark of a queue of which only people know how far it had got: whoever was lent numbers that nobody
    remembers holds them for ever, so none of the range's upper half is given or lent any more."""
    return Mark(last, max(last, highest(queue) // 2) + 1)


def gaps(before: Mapping[Key, Mark], after: Mapping[Key, Mark]) -> Iterator[Gap]:
    """What lies between the series as they were restored and where they go on."""
    for (day, prefix), mark in sorted(after.items()):
        had = before.get((day, prefix), Mark(0)).last
        if mark.last > had:
            yield Gap(day, prefix, had + 1, mark.last)


def adopted(known: Iterable[Block], remembered: Iterable[Block]) -> list[Block]:
    """The blocks that a restored hall takes in again: those it does not know, that meet none it knows."""
    taken = list(known)
    fresh: list[Block] = []
    for block in sorted(remembered, key=lambda b: b.id):
        if not any(block.id == other.id or _meet(block, other) for other in taken):
            taken.append(block)
            fresh.append(block)
    return fresh


def _meet(one: Block, other: Block) -> bool:
    same = (one.day, one.prefix) == (other.day, other.prefix)
    return same and one.first <= other.last and other.first <= one.last


def read_number(queues: Iterable[Queue], text: str) -> tuple[str, int] | None:
    """(prefix, place in its series) of a number as it is printed, in small letters too; the number before the
    first one is place 0; None for what no queue prints."""
    plain = text.strip().upper()
    for queue in queues:
        digits = plain.removeprefix(queue.prefix)
        known = plain.startswith(queue.prefix) and digits.isascii() and digits.isdigit() and len(digits) <= 9
        if known and queue.first_number - 1 <= int(digits) <= queue.last_number:
            return queue.prefix, int(digits) - queue.first_number + 1
    return None
