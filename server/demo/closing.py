"""What the demo tells at the end of a day with faults: was a number lost or doubled, was each fault seen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from server.demo.cables import Pulled
from server.store import tables as t
from server.store.unit import Store
from server.store.verify import check


@dataclass(frozen=True)
class Closing:
    """`given`: numbers that the demo's citizens hold. lost: of those, not stored just so; doubled: stored for
    the demo's kiosk though nobody holds it, or handed to two; papers: how the slips stand; unsound: what
    `verify` finds.
    """

    given: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    papers: Mapping[str, int]
    pulled: Sequence[Pulled]
    unsound: Sequence[str]

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.unsound) and all(p.kept for p in self.pulled)


def closing(store: Store, kiosk: str, held: Sequence[tuple[int, str]], pulled: Sequence[Pulled]) -> Closing:
    """Compare what citizens hold, as (ticket, number), with the hall's database.

    kiosk: the id of the device that gave them their numbers.
    """
    with store.read() as connection:
        stored = set(_taken_at(connection, store.hall, kiosk))
        kept = select(t.ticket.c.id, t.ticket.c.number).where(t.ticket.c.hall == store.hall)
        numbers: dict[int, str] = {row.id: row.number for row in connection.execute(kept)}
        slip = t.slip.c
        states = select(slip.state).where(slip.hall == store.hall, slip.ticket.in_(stored))
        papers = Counter(connection.execute(states).scalars())
    twice = [number for (_, number), n in Counter(held).items() if n > 1]
    nobodys = [numbers.get(ticket, str(ticket)) for ticket in stored - {ticket for ticket, _ in held}]
    return Closing(
        given=len(held),
        lost=tuple(sorted(number for ticket, number in held if numbers.get(ticket) != number)),
        doubled=tuple(sorted([*twice, *nobodys])),
        papers=dict(papers),
        pulled=pulled,
        unsound=check(store.engine, store.hall),
    )


def _taken_at(connection: Connection, hall: str, kiosk: str) -> list[int]:
    """The tickets that were given at that device, by the audit trail."""
    lines = connection.execute(select(t.audit.c.line).where(t.audit.c.hall == hall).order_by(t.audit.c.seq))
    known = [json.loads(line) for line in lines.scalars()]
    mine = [x for x in known if x["act"] == "ticket.take" and x["actor"]["id"] == kiosk]
    return [int(x["about"].partition(":")[2]) for x in mine if x["result"] == "done"]


def told(found: Closing) -> list[str]:
    """The report, one line each."""
    papers = ", ".join(f"{state} {n}" for state, n in sorted(found.papers.items())) or "–"
    lines = [
        "故障演练 the day with faults",
        f"  号码 numbers {found.given} · 丢失 lost {len(found.lost)} · 重复 doubled {len(found.doubled)}",
        f"  小票 papers: {papers}",
        f"  {'线路与设备 cable or machine':<34} {'发现 seen':>9} {'须在 within':>9} {'恢复 gone':>9}"
        f" {'次数 times':>9}",
    ]
    rounds: dict[str, list[Pulled]] = {}
    for one in found.pulled:
        rounds.setdefault(one.trouble.name, []).append(one)
    for name, times in rounds.items():  # of each its worst time
        mark = "" if all(one.kept for one in times) else "  ✗"
        seen, gone = _worst([one.seen_s for one in times]), _worst([one.gone_s for one in times])
        limit = f"{times[0].trouble.limit_s:.0f} s"
        lines.append(f"  {name:<38} {_s(seen):>9} {limit:>9} {_s(gone):>9} {len(times):>9}{mark}")
    lines += [f"  {word}" for word in (*found.lost, *found.doubled, *found.unsound)]
    lines.append("  全部合格 all kept" if found.good else "  有不合格项 not all kept")
    return lines


def _worst(times: Sequence[float | None]) -> float | None:
    return None if None in times else max(time for time in times if time is not None)


def _s(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"
