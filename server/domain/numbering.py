"""A012: prefix, running number, daily restart. What is printed is a pure function of (prefix, seq)."""

from __future__ import annotations

from server.domain.catalogue import Queue
from server.domain.refusals import NumbersExhausted


def number(queue: Queue, seq: int) -> str:
    """The printed number of the `seq`-th ticket of the day, seq from 1.

    Raises NumbersExhausted past the queue's range: a number is never given twice on one day.
    """
    value = queue.first_number + seq - 1
    if value > queue.last_number:
        raise NumbersExhausted(queue=queue.prefix, last=queue.last_number)
    return f"{queue.prefix}{value:0{queue.digits}d}"


def as_printed(queue: Queue | None, prefix: str, seq: int) -> str:
    """The number as people read it; its place in the series where the queue does not print it any more."""
    try:
        return number(queue, seq) if queue and seq > 0 else f"{prefix}#{seq}"
    except NumbersExhausted:
        return f"{prefix}#{seq}"
