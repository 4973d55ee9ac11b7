"""After a restore: numbers go on above the highest that anybody remembers (F19, P2), and what lies between is
told: people may stand in the hall with numbers that the backup does not know.

Who remembers: the database that the restore replaces, the mark beside the database (store/marks.py), who is
asked at the terminal where neither knows, and every host that has printed a number (drivers/begun.py)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.actions.raise_alarm import raise_alarm
from server.domain.blocks import highest, may_lend
from server.domain.catalogue import Queue
from server.domain.marks import (
    GAP,
    Gap,
    Key,
    Mark,
    Memory,
    Word,
    above,
    adopted,
    doubtful,
    gaps,
    left_out,
    read_number,
    taken_back,
    unlent,
)
from server.domain.numbering import as_printed, number
from server.settings import HallSettings
from server.store.days import latest_day
from server.store.marks import begin_era, blocks_from, gaps_of, raise_series, series_from, take_in
from server.store.unit import Unit

DOUBT = timedelta(seconds=10)  # a death between mark and commit leaves less: the heartbeat commits


class NumbersUnknown(RuntimeError):
    """Nobody knows which numbers these queues gave after the backup was made."""

    def __init__(self, queues: Sequence[Queue]) -> None:
        super().__init__(" ".join(queue.prefix for queue in queues))
        self.queues = tuple(queues)


class NumberUnread(RuntimeError):
    """What was said is no number of the hall."""


class NumberOffline(RuntimeError):
    """What was said is a number of those that are given offline: it says nothing of the others. none: how to
    say that the queue gave no other."""

    def __init__(self, number: str, none: str) -> None:
        super().__init__(number)
        self.none = none


@dataclass(frozen=True)
class Leap:
    """What a person's number leaves out. out: how many numbers; left: how many are left today after it."""

    number: str
    out: int
    left: int


class LeavesOutMuch(RuntimeError):
    """What was said leaves out so much that it has to be said twice."""

    def __init__(self, leaps: Sequence[Leap]) -> None:
        super().__init__(" ".join(leap.number for leap in leaps))
        self.leaps = tuple(leaps)


@dataclass(frozen=True)
class Said:
    """What a person knows. numbers: the newest of each queue, as printed, but those given offline (A000: none
    but such); nothing: that no queue but those gave any, offline neither; certain: that it is no mistake,
    much as it leaves out."""

    numbers: tuple[str, ...] = ()
    nothing: bool = False
    certain: bool = False


@dataclass(frozen=True)
class Lost:
    """Numbers first..last, as printed, that may be in people's hands."""

    day: str
    first: str
    last: str

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}～{self.last}"


@dataclass(frozen=True)
class Missing:
    """What the restored hall does not know. until: the last sign of life of the hall that was lost, None when
    nobody knows; lost: by day and queue; left: how many numbers are left today of the queues of which nobody
    knows what was lent; sure: somebody but a person knows it; below: numbers that were said, each with the
    higher one that is known; words: the marks that rest on what was said."""

    until: datetime | None
    lost: tuple[Lost, ...]
    left: tuple[tuple[str, int], ...] = ()
    sure: bool = True
    below: tuple[tuple[str, str], ...] = ()
    words: Mapping[Key, Word] = field(default_factory=dict)


def go_on_above(
    unit: Unit,
    hall: HallSettings,
    made_at: datetime,
    memories: Iterable[Memory],
    said: Said,
    before_this: Mapping[Key, Word],
) -> Missing:
    """Raise the series of a restored hall above what is remembered and what was `said`, take the lent blocks
    in again, and tell who runs the hall. made_at: when the backup was made; before_this: what an earlier
    restore was told, which is taken back for the queues that are named now.

    Raises NumbersUnknown, NumberUnread, NumberOffline, LeavesOutMuch.
    """
    since = latest_day(unit.connection, unit.hall) or ""
    before = series_from(unit.connection, unit.hall, since)
    known = [memory for memory in memories if memory.sure or memory.marks]
    sure = any(memory.sure for memory in known)
    named = _read(hall, said.numbers)
    unnamed = [queue for queue in _giving(hall, before) if queue.prefix not in named]
    if unnamed and not (sure or said.nothing):
        raise NumbersUnknown(unnamed)
    again = {key[1] for key in before_this if key[1] in named}
    known = [taken_back(memory, before_this, named) for memory in known]
    unsure = {prefix for prefix in named if not sure or prefix in again}
    told = _told(unit, hall, before, known, unsure, named)
    words = {key: _word(key, mark, before, known) for key, mark in told.items()}
    leaps = {
        key[1]: Leap(named[key[1]][1], *left_out(hall.catalogue.queues[key[1]], word))
        for key, word in sorted(words.items())
        if doubtful(hall.catalogue.queues[key[1]], word)
    }
    if leaps and not said.certain:
        raise LeavesOutMuch(tuple(leaps.values()))
    known.append(Memory(told))
    found, blocks = _raise(unit, since, before, known)
    until = max((memory.at for memory in known if memory.sure and memory.at is not None), default=None)
    lost = tuple(_named(hall, gap) for gap in found)
    left = {
        prefix: left_out(hall.catalogue.queues[prefix], words[day, prefix])[1]
        for (day, prefix), mark in sorted(told.items())
        if mark.lent_from is not None
    }
    new = {key: word for key, word in words.items() if word.raised != word.witnessed}
    below = _below(hall, named, words)
    missing = Missing(until, lost, tuple(left.items()), sure, below, new)
    _tell(unit, hall, made_at, missing, blocks)
    return missing


def go_on_above_mark(unit: Unit, hall: HallSettings, beside: Memory | None) -> None:
    """At a start: the mark beside the database is younger than what the database did last, so somebody put an
    older one in its place, past `wucha restore`. It goes on above the mark all the same."""
    if beside is None or not beside.sure or beside.at is None or beside.at - unit.stored_at <= DOUBT:
        return
    since = latest_day(unit.connection, unit.hall) or ""
    found, _ = _raise(unit, since, series_from(unit.connection, unit.hall, since), [beside])
    _note_behind(unit, hall, "hall", found)


def _raise(unit: Unit, since: str, before: dict[Key, Mark], known: Sequence[Memory]) -> tuple[list[Gap], int]:
    """The gaps that come of it, and how many blocks were taken in again."""
    keys = {key for memory in known for key in memory.marks if key[0] >= since}
    after: dict[Key, Mark] = {}
    for key in keys:
        mark = above(before.get(key, Mark(0)), [m.marks[key] for m in known if key in m.marks])
        if mark != before.get(key, Mark(0)):
            after[key] = mark
    found = list(gaps(before, after))
    blocks = adopted(
        blocks_from(unit.connection, unit.hall, since),
        [block for memory in known for block in memory.blocks if block.day >= since],
    )
    begin_era(unit)
    raise_series(unit, after)
    take_in(unit, blocks, found)
    return found, len(blocks)


def _word(key: Key, told: Mark, before: Mapping[Key, Mark], known: Sequence[Memory]) -> Word:
    had = before.get(key, Mark(0))
    marks = [memory.marks[key] for memory in known if key in memory.marks]
    return Word(above(had, [*marks, told]), above(had, marks))


def _below(
    hall: HallSettings, named: Mapping[str, tuple[int, str]], words: Mapping[Key, Word]
) -> tuple[tuple[str, str], ...]:
    """The numbers that were said, each with the higher one that is known without them."""
    found: list[tuple[str, str]] = []
    for prefix, (seq, text) in sorted(named.items()):
        known = min(word.witnessed.last for key, word in words.items() if key[1] == prefix)
        if 0 < seq < known:
            found.append((text, as_printed(hall.catalogue.queues[prefix], prefix, known)))
    return tuple(found)


def _read(hall: HallSettings, numbers: Iterable[str]) -> dict[str, tuple[int, str]]:
    """prefix -> the highest place in its series that was said, and how it was said. Raises NumberUnread."""
    named: dict[str, tuple[int, str]] = {}
    for text in numbers:
        found = read_number(hall.catalogue.queues.values(), text)
        if found is None:
            raise NumberUnread(text)
        prefix, seq = found
        named[prefix] = max((seq, text), named.get(prefix, (0, text)))
    return named


def _giving(hall: HallSettings, before: Mapping[Key, Mark]) -> list[Queue]:
    """The queues that may have given numbers: a service leads to them, or the backup knows one."""
    leads = {service.queue for service in hall.catalogue.services.values()} | {key[1] for key in before}
    return [queue for prefix, queue in hall.catalogue.queues.items() if prefix in leads]


def _told(
    unit: Unit,
    hall: HallSettings,
    before: Mapping[Key, Mark],
    known: Sequence[Memory],
    unsure: Container[str],
    named: Mapping[str, tuple[int, str]],
) -> dict[Key, Mark]:
    """The marks of today by what a person said. Where nothing else is sure of it nobody knows what such a
    queue lent either: no more is, today."""
    today = unit.clock_at.astimezone(hall.zone).date().isoformat()
    marks: dict[Key, Mark] = {}
    for prefix, (seq, text) in named.items():
        queue = hall.catalogue.queues[prefix]
        lent = [m.lent_from for memory in (*known, Memory(before)) for m in _of(memory, prefix)]
        limit = min((n for n in lent if n is not None), default=None)
        doubt = prefix in unsure and _lends(hall, queue)
        if limit is None and doubt:
            limit = highest(queue) // 2 + 1
        if limit is not None and seq >= limit:
            raise NumberOffline(text, number(queue, 0 if queue.first_number else 1))
        for day in {today, unit.day or today}:
            last = max(seq, before.get((day, prefix), Mark(0)).last)
            marks[day, prefix] = unlent(queue, last) if doubt else Mark(seq)
    return marks


def _of(memory: Memory, prefix: str) -> list[Mark]:
    return [mark for key, mark in memory.marks.items() if key[1] == prefix]


def _lends(hall: HallSettings, queue: Queue) -> bool:
    return hall.hall.offline.enabled and may_lend(queue, hall.hall.offline.queues)


def _named(hall: HallSettings, gap: Gap) -> Lost:
    queue = hall.catalogue.queues.get(gap.prefix)
    last = min(gap.last, highest(queue)) if queue else gap.last
    names = (as_printed(queue, gap.prefix, seq) for seq in (gap.first, max(gap.first, last)))
    return Lost(gap.day, *names)


def go_on_above_printed(unit: Unit, hall: HallSettings, printed: Iterable[tuple[Key, int]]) -> None:
    """A host tells what it printed last of each day and queue. Where the hall's series is behind that, its
    database is older than the paper, however it came to be: it goes on above it."""
    today = unit.now.astimezone(hall.zone).date().isoformat()
    since = unit.day or latest_day(unit.connection, unit.hall) or today
    before = series_from(unit.connection, unit.hall, since)
    after: dict[Key, Mark] = {}
    for key, seq in printed:
        day, prefix = key
        queue, had = hall.catalogue.queues.get(prefix), before.get(key, Mark(0))
        if queue is None or not since <= day <= max(since, today) or seq > highest(queue):
            continue
        if seq > had.last and (had.lent_from is None or seq < had.lent_from):
            after[key] = Mark(seq, had.lent_from)
    if not after:
        return
    found = list(gaps(before, after))
    raise_series(unit, after)
    take_in(unit, [], found)
    _note_behind(unit, hall, f"device:{unit.actor.id}", found)


def _note_behind(unit: Unit, hall: HallSettings, who: str, found: Sequence[Gap]) -> None:
    """who: by whom it is known."""
    unit.note("hall.behind", who, lost=[f"{gap.day} {_named(hall, gap)}" for gap in found])
    if found:
        _alarm(unit, hall, max(gap.day for gap in found))


def _tell(unit: Unit, hall: HallSettings, made_at: datetime, missing: Missing, blocks: int) -> None:
    """The audit trail keeps all of it; the alarm speaks of the day whose numbers are still in the hall."""
    days: dict[str, list[str]] = {}
    for lost in missing.lost:
        days.setdefault(lost.day, []).append(str(lost))
    until = missing.until.isoformat() if missing.until else None
    facts = {"made": made_at.isoformat(), "until": until, "lost": days, "blocks": blocks}
    unit.note("hall.restore", "hall", **facts)
    if days:
        _alarm(unit, hall, max(days))


def _alarm(unit: Unit, hall: HallSettings, day: str) -> None:
    found = gaps_of(unit.connection, unit.hall, day)
    raise_alarm(unit, GAP, day, "red", numbers="、".join(str(_named(hall, gap)) for gap in found))
