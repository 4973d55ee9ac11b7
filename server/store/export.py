"""The hall's own data as rows for other programs: tickets, ratings, the audit trail, by business day.

No personal data leaves here: a person stands as nothing at all (the keyed hash stays inside), a ticket's
link, which opens the citizen's page, is left out, and so are the words a citizen wrote with a rating and the
note a clerk wrote at a leg. `COLUMNS` is the written contract of what is exported; new columns are added at
the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from server.store import tables as t

CHUNK: Final = 1000


@dataclass(frozen=True)
class Column:
    """zh, en: what it holds, for `wucha export columns`."""

    name: str
    zh: str
    en: str


COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "tickets": (
        Column("day", "业务日", "business day, ISO date"),
        Column("number", "号码", "number on the slip"),
        Column("leg", "第几程（0 起）", "leg of the ticket, from 0"),
        Column("service", "事项", "service id"),
        Column("queue", "队列", "queue"),
        Column("priority", "优先类别", "priority class"),
        Column("channel", "取号渠道", "where it was taken: kiosk:K1, staff:ZW001, citizen"),
        Column("taken_at", "取号时间", "when the number was taken, ISO 8601 UTC"),
        Column("joined_at", "进入队列时间", "when this leg began to wait"),
        Column("called_at", "叫号时间", "first call; empty: never called"),
        Column("started_at", "开始办理时间", "service began"),
        Column("ended_at", "结束时间", "leg ended"),
        Column("state", "状态", "state of the leg"),
        Column("outcome", "结果", "outcome of the visit"),
        Column("window", "窗口", "window id"),
        Column("clerk", "工作人员", "staff number"),
        Column("calls", "叫号次数", "how often it was called"),
        Column("returns", "过号返回次数", "how often it came back after no-show"),
        Column("served_s", "办理秒数", "seconds of service"),
        Column("rule", "叫号依据", "which rule called it"),
        Column("superseded", "是否被改正", "true: a later correction counts instead"),
    ),
    "ratings": (
        Column("day", "业务日", "business day, ISO date"),
        Column("number", "号码", "number on the slip"),
        Column("leg", "第几程（0 起）", "leg of the ticket, from 0"),
        Column("round", "第几次询问", "round of the question"),
        Column("window", "窗口", "window id"),
        Column("clerk", "工作人员", "staff number"),
        Column("service", "事项", "service id"),
        Column("state", "状态", "asked, given, timed_out, withdrawn"),
        Column("level", "评价等级（5 最好）", "level, 5 is best; empty: not given"),
        Column("reasons", "原因代码", "reason codes, separated by ;"),
        Column("channel", "评价渠道", "pad, link, keypad"),
        Column("asked_at", "询问时间", "when asked, ISO 8601 UTC"),
        Column("given_at", "评价时间", "when given"),
    ),
    "enquiries": (
        Column("day", "业务日", "business day, ISO date"),
        Column("kind", "咨询类型", "kind of enquiry"),
        Column("service", "事项", "service id; empty: none named"),
        Column("clerk", "首问人员", "staff number of who was asked first"),
        Column("at", "登记时间", "when registered, ISO 8601 UTC"),
        Column("withdrawn_at", "撤销时间", "taken back: does not count"),
    ),
    "aids": (
        Column("day", "业务日", "business day, ISO date"),
        Column("place", "地点", "door, kiosk:K1, window:W01, zone:…"),
        Column("kind", "帮办类型", "kind of help"),
        Column("state", "状态", "open, taken, done, cancelled"),
        Column("helper", "帮办人员", "staff number of who helped"),
        Column("asked_at", "请求时间", "when asked for, ISO 8601 UTC"),
        Column("taken_at", "接手时间", "when a guide took it"),
        Column("ended_at", "结束时间", "when it ended"),
    ),
    "audit": (
        Column("seq", "序号", "sequence number, without gaps"),
        Column("at", "时间", "ISO 8601 UTC"),
        Column("line", "记录原文（参与哈希）", "the line itself, canonical JSON, as it is hashed"),
        Column("hash", "哈希", "SHA-256 of the hash before and this line"),
    ),
}


def rows(connection: Connection, hall: str, what: str, first: str, last: str) -> Iterator[list[Any]]:
    """The rows of `what` from business day `first` to `last` (ISO dates, both included), read as they are
    written: no table is held in memory. The audit trail is cut by the UTC date of its lines.
    """
    yield from SOURCES[what](connection, hall, first, last)


def _tickets(connection: Connection, hall: str, first: str, last: str) -> Iterator[list[Any]]:
    k, g = t.ticket.c, t.leg.c
    query = (
        select(
            *(g.day, g.number, g.ordinal, g.service, g.queue, g.priority, k.channel, k.taken_at, g.joined_at),
            *(g.called_at, g.started_at, g.ended_at, g.state, g.outcome, g.window, g.clerk, g.calls),
            *(g.returns, g.served_s, g.rule, g.superseded),
        )
        .join_from(t.leg, t.ticket, g.ticket == k.id)
        .where(g.hall == hall, g.day.between(first, last))
        .order_by(g.day, g.ticket, g.ordinal)
    )
    yield from _stream(connection, query)


def _ratings(connection: Connection, hall: str, first: str, last: str) -> Iterator[list[Any]]:
    r, g = t.rating.c, t.leg.c
    query = (
        select(
            *(r.day, g.number, g.ordinal, r.round, r.window, r.clerk, g.service, r.state, r.level),
            *(r.reasons, r.channel, r.asked_at, r.given_at),
        )
        .join_from(t.rating, t.leg, r.leg == g.id)
        .where(r.hall == hall, r.day.between(first, last))
        .order_by(r.day, r.leg, r.round)
    )
    for row in _stream(connection, query):
        row[9] = ";".join(row[9] or ())
        yield row


def _enquiries(connection: Connection, hall: str, first: str, last: str) -> Iterator[list[Any]]:
    e = t.enquiry.c
    query = select(e.day, e.kind, e.service, e.person, e.at, e.withdrawn_at)
    yield from _stream(connection, query.where(e.hall == hall, e.day.between(first, last)).order_by(e.id))


def _aids(connection: Connection, hall: str, first: str, last: str) -> Iterator[list[Any]]:
    a = t.aid.c
    query = select(a.day, a.place, a.kind, a.state, a.helper, a.asked_at, a.taken_at, a.ended_at)
    yield from _stream(connection, query.where(a.hall == hall, a.day.between(first, last)).order_by(a.id))


def _audit(connection: Connection, hall: str, first: str, last: str) -> Iterator[list[Any]]:
    a = t.audit.c
    query = select(a.seq, a.line, a.hash).where(a.hall == hall).order_by(a.seq)
    for seq, line, digest in _stream(connection, query):
        at = str(json.loads(line).get("at", ""))
        if first <= at[:10] <= last:
            yield [seq, at, line, digest]


def _stream(connection: Connection, query: Select[Any]) -> Iterator[list[Any]]:
    for row in connection.execution_options(yield_per=CHUNK).execute(query):
        yield [value.isoformat() if isinstance(value, datetime) else value for value in row]


SOURCES: Final[dict[str, Callable[[Connection, str, str, str], Iterator[list[Any]]]]] = {
    "tickets": _tickets,
    "ratings": _ratings,
    "enquiries": _enquiries,
    "aids": _aids,
    "audit": _audit,
}
