"""A trace as a file: what passed by on a line, with times, readable by people and by `replay`.

    # wucha trace 1
    # line /dev/serial/by-id/…   driver onbon_bxk   baud 57600   from 2026-03-02T09:00:00.000+08:00
        0.000000 > a5 a5 … 5a
        0.031250 < a5 …
        1.500000 ! open …

Seconds are counted from the first entry. `>` to the device, `<` from it, `!` a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from drivers.line.record import Passed
from drivers.protocol.explain import Explainer

HEAD: Final = "# wucha trace 1"
TOGETHER_S: Final = 0.03
ROW: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?) ([<>!]) ?(.*)")
BYTES: Final = re.compile(r"((?:[0-9a-f]{2} ?)*)(\([0-9]+ bytes not kept\))?")


class TraceWrong(ValueError):
    """No trace file; the message names the line."""


@dataclass(frozen=True)
class Trace:
    """What one file holds. rows: (seconds, way, bytes or remark)."""

    line: str
    driver: str
    baud: int
    rows: tuple[tuple[float, str, bytes], ...]


def head(line: str, driver: str, baud: int, began: str) -> str:
    """The first lines of a file. began: ISO time of second 0."""
    return f"{HEAD}\n# line {line}   driver {driver}   baud {baud}   from {began}\n"


def row(passed: Passed, began: float) -> str:
    return f"{passed.at - began:12.6f} {passed.way} {passed.hex}\n"


def read(text: str) -> Trace:
    """Raises TraceWrong."""
    lines = text.splitlines()
    about = re.match(r"# line (\S+)   driver (\S*)   baud (\d+)", lines[1]) if len(lines) > 1 else None
    if not lines or lines[0].strip() != HEAD or about is None:
        raise TraceWrong("line 1: 不是记录文件 / no trace file")
    rows = []
    for number, line in enumerate(lines[2:], 3):
        if not line.strip() or line.startswith("#"):
            continue
        found = ROW.fullmatch(line)
        held = BYTES.fullmatch(found[3]) if found else None
        if found is None or (held is None and found[2] != "!"):
            raise TraceWrong(f"line {number}: 读不懂 / cannot be read: {line[:60]}")
        data = found[3].encode() if held is None or found[2] == "!" else bytes.fromhex(held[1])
        rows.append((float(found[1]), found[2], data))
    return Trace(about[1], about[2], int(about[3]), tuple(rows))


def replay(
    trace: Trace, driver: str = "", profile: Any = None
) -> Iterator[tuple[float, str, bytes, list[tuple[str, dict[str, Any]]]]]:
    """Every row with what the decoders of `driver` (the file's own when it is not given) and of this make of
    device make of it.
    """
    explainer = Explainer(driver or trace.driver, profile)
    for at, way, data in trace.rows:
        yield at, way, data, explainer.feed(way, data) if way != "!" else []


Explained = tuple[Passed, list[tuple[str, dict[str, Any]]]]


def explained(entries: Iterable[Passed], driver: str, profile: Any = None) -> list[Explained]:
    """The entries of a record with their meaning."""
    explainer = Explainer(driver, profile)
    return [(one, explainer.feed(one.way, one.data) if one.way != "!" else []) for one in entries]


def together(rows: Iterable[Explained]) -> list[Explained]:
    """Bytes that dripped in are one row: neighbours of one way without `TOGETHER_S` of silence between them.

    A row has the time of its first byte and the number of its last entry.
    """
    out: list[Explained] = []
    heard_at = 0.0
    for passed, said in rows:
        if out and passed.way == out[-1][0].way != "!" and passed.at - heard_at < TOGETHER_S:
            first, before = out[-1]
            data, size = first.data + passed.data, first.size + passed.size
            out[-1] = (Passed(first.at, first.way, data, passed.number, size), before + said)
        else:
            out.append((passed, said))
        heard_at = passed.at
    return out
