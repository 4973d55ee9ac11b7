"""离线号段: numbers that a kiosk's device host holds ahead of time and gives while the server cannot be
reached.

A block is cut from the upper end of its queue's range and never given back to the series: the server counts
up from below, each block counts up inside itself, and the two never meet. So no interleaving of lending,
giving, dying and handing over gives a number twice (P2), and people see from the number itself that it was
given offline. What nobody was given of a block stays void and is told with the day.

Block rule (I8 for such numbers): a number that is handed over joins its queue with the time it was given as
its origin, as if it had stood there since; who was called meanwhile stays called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from server.domain.catalogue import Identity, Queue, Service
from server.domain.routing import ORDINARY

OFFLINE: Final = "offline"  # the channel of such a ticket: offline:K1
LINK: Final = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 bits, made where the number was given
OPEN: Final = ("lent", "held")
# Alarms: a kiosk that may be giving numbers alone; a lost block; numbers that could not be entered.
ALONE, LOST, UNUSUAL = "offline-alone", "offline-lost", "offline-"
SLIP_ENDS: Final = ("printed", "unsure", "failed")


@dataclass(frozen=True)
class Block:
    """Sequence numbers first..last of one series and day, lent to one kiosk's host. `state`: lent (the host
    may not have heard of it) | held (it has said that it has it) | returned (it gives no more of it) | lost
    (it no longer knows of it: what it gave is known to nobody)."""

    id: int
    day: str
    prefix: str
    kiosk: str
    host: str
    first: int
    last: int
    state: str
    lent_at: datetime

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Given:
    """One number as the host gave it. at: when, as the host tells it. slip: how its paper ended. priority:
    the class its holder named; further: the services that follow on it."""

    request_id: str
    block: int
    seq: int
    service: str
    lang: str
    at: datetime
    link: str
    slip: str
    reason: str = ""
    copies: int = 1
    priority: str = ORDINARY
    further: tuple[str, ...] = ()


def highest(queue: Queue) -> int:
    """The last sequence number that can be printed."""
    return queue.last_number - queue.first_number + 1


def cut(queue: Queue, given: int, lent_from: int | None, size: int) -> tuple[int, int] | None:
    """The next block below `lent_from` (None: nothing was lent yet) of at most `size` numbers, None when
    there is no room.

    given: the last sequence number of the ordinary series. Blocks take the upper half of the range at most,
    so that lost ones cannot use up a day."""
    last = (highest(queue) + 1 if lent_from is None else lent_from) - 1
    first = max(last - size + 1, given + 1, highest(queue) // 2 + 1)
    return (first, last) if size > 0 and first <= last else None


def missing(left: int, size: int) -> int:
    """How many numbers a kiosk that has `left` is lent now: filled up once half is gone, not one by one."""
    return size - left if left * 2 <= size else 0


def may_lend(queue: Queue, only: Collection[str]) -> bool:
    """A queue whose numbers citizens take themselves, without a limit that nobody could count meanwhile."""
    limited = queue.day_quota or queue.slot_quota
    return queue.self_register and not limited and (not only or queue.prefix in only)


def may_offer(item: Service, identity: Identity) -> bool:
    """Without the server no card is checked and no quota counted."""
    return not item.closed and identity != "id_card_required" and not item.day_quota


def believed(at: datetime, lent_at: datetime, now: datetime) -> datetime:
    """When a number was given: after its block was lent and not in the future, whatever the host's clock
    said (I15)."""
    return min(max(at, lent_at), now)


def as_asked(given: Given, services: Collection[str], classes: Collection[str]) -> Given:
    """The class and the further services of a number, less what the hall does not know any more: neither is a
    reason to leave somebody without a place. A class that only staff give is not in `classes`."""
    further = tuple(s for s in dict.fromkeys(given.further) if s in services and s != given.service)
    return replace(given, priority=given.priority if given.priority in classes else ORDINARY, further=further)


End = Literal["entered", "known", "late", "doubled", "unlent", "service-unknown"]


def end_of(
    given: Given, block: Block | None, standing_link: str | None, services: Collection[str], day: str | None
) -> End:
    """What becomes of a number that is handed over.

    standing_link: the link of the ticket that has this number already, None when there is none. day: the
    business day that is open or closing. known: handed over before. doubled: another ticket has it (a copy
    of a host's disk gave it twice). unlent: outside of the block. late: its day is over; it is entered as
    expired."""
    if block is None or not block.first <= given.seq <= block.last:
        return "unlent"
    if standing_link is not None:
        return "known" if standing_link == given.link else "doubled"
    if given.service not in services:
        return "service-unknown"
    return "entered" if block.day == day else "late"

UNENTERED: Final = ("late", "doubled", "unlent", "service-unknown")  # a person has to see to these


@dataclass(frozen=True)
class Account:
    """The lent numbers of a day, without a gap: lent = used + void + out. out: still with a host that has not
    said what it gave."""

    lent: int = 0
    used: int = 0
    void: int = 0
    out: int = 0


def account(blocks: Iterable[tuple[Block, int]]) -> Account:
    """The sums of blocks with the numbers that were entered from each."""
    lent = used = void = out = 0
    for block, entered in blocks:
        lent, used = lent + block.size, used + entered
        left = block.size - entered
        void, out = (void, out + left) if block.state in OPEN else (void + left, out)
    return Account(lent, used, void, out)
