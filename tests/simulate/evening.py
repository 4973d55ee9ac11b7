"""What must be true of a hall's database in the evening, whatever happened by day (RELIABILITY 4).

`check` of server/store/verify sees what plain SQL sees; these know the story: the audit trail is played again
line by line, and what citizens hold in their hands is compared with what is stored.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from server.domain.tickets import AT_WINDOW, MOVES, Move, State
from server.store import tables as t

MOVE_OF = {  # audit line -> arrow
    "ticket.call": Move.CALL,
    "ticket.recall": Move.RECALL,
    "visit.start": Move.START,
    "visit.finish": Move.FINISH,
    "ticket.no_show": Move.NO_SHOW,
    "ticket.return": Move.RETURN,
    "ticket.hold": Move.HOLD,
    "ticket.unhold": Move.UNHOLD,
    "ticket.transfer": Move.TRANSFER,
    "ticket.release": Move.TRANSFER,
    "ticket.let_go": Move.FINISH,
    "ticket.cancel": Move.CANCEL,
}
ACTS_OF = {  # audit line -> the deeds that write just one
    "ticket.take": ("take", "check_in"),
    "ticket.call": ("call", "choose"),
    "ticket.choose": ("choose",),
    "ticket.recall": ("recall",),
    "visit.start": ("start",),
    "visit.finish": ("finish",),
    "visit.correct": ("correct",),
    "ticket.no_show": ("miss",),
    "ticket.return": ("back",),
    "ticket.hold": ("hold",),
    "ticket.unhold": ("unhold",),
    "ticket.transfer": ("transfer",),
    "ticket.cancel": ("cancel",),
    "deed.undo": ("undo",),
    "service.add": ("errand",),
    "rating.give": ("rate",),
    "window.open": ("open",),
    "window.close": ("close",),
    "window.pause": ("pause",),
    "window.resume": ("resume",),
    "emergency.raise": ("alarm",),
    "emergency.acknowledge": ("acknowledge",),
    "emergency.close": ("over",),
    "appointment.draft": ("draft",),
    "appointment.book": ("confirm",),
}

Line = dict[str, Any]


def audit_lines(connection: Connection) -> list[Line]:
    return [
        json.loads(x) for x in connection.execute(select(t.audit.c.line).order_by(t.audit.c.seq)).scalars()
    ]


def same_counts(lines: list[Line], done: Mapping[str, int]) -> None:
    """I13: as many audit lines as acts that were answered with success."""
    acts = Counter(line["act"] for line in lines if line["result"] == "done")
    for act, words in ACTS_OF.items():
        told = sum(done[word] for word in words)
        assert acts[act] == told, f"{act}: {acts[act]} lines, {told} acts (I13)"


def replayed(lines: list[Line], legs: list[Any]) -> None:
    """I4, I5, I6: the trail played again. Every leg's lines are a path of the machine that ends in its state,
    undos included, and at no line do two tickets stand at one window."""
    at: dict[int, State] = {leg.id: State.WAITING for leg in legs}
    path: defaultdict[int, list[tuple[Move, State]]] = defaultdict(list)  # (move, the state before it)
    here: dict[str, int] = {}  # window -> leg
    for line in lines:
        move, undone = MOVE_OF.get(line["act"]), line["act"] == "deed.undo"
        if move is None and not undone:
            continue
        leg, window = int(line["about"].split(":")[1]), line["facts"].get("window")
        if move is not None:
            path[leg].append((move, at[leg]))
            assert (at[leg], move) in MOVES, f"leg {leg}: {move} while {at[leg]} (I4)"
            at[leg] = MOVES[at[leg], move]
        else:
            while path[leg]:
                last, at[leg] = path[leg].pop()
                if last == line["facts"]["move"]:
                    break
        here = {w: x for w, x in here.items() if x != leg}
        if at[leg] in AT_WINDOW:
            assert window not in here, f"legs {leg} and {here.get(window)} at {window} (I6)"
            here[window] = leg
    for leg in legs:
        said = {at[leg.id], State.EXPIRED}
        if leg.superseded and at[leg.id] is State.WAITING:
            said.add(State.CANCELLED)  # made by a deed that was taken back
        assert leg.state in said, f"leg {leg.id} is {leg.state}, its history says {at[leg.id]} (I4)"


def times_in_order(legs: list[Any]) -> None:
    """I15: no time runs backwards, nothing took less than no time."""
    for leg in legs:
        moments = [m for m in (leg.joined_at, leg.called_at, leg.started_at, leg.ended_at) if m is not None]
        assert moments == sorted(moments), f"leg {leg.id}: times run backwards (I15)"
        assert leg.served_s is None or leg.served_s >= 0


def fair(legs: list[Any], first_call: Mapping[int, tuple[int, Any]], chosen: set[int]) -> None:
    """I8: of one queue, class and service the earlier origin is called first, if it waited by then. Not
    compared: who came back after a miss, who waits for one window or person, who was called by choice.

    first_call: leg -> (order, moment).
    """
    lines: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for leg in legs:
        aside = leg.returns or leg.target_window or leg.target_clerk or leg.came_back or leg.id in chosen
        if leg.id in first_call and not aside:
            lines[(leg.day, leg.queue, leg.service, leg.priority)].append(leg)
    for line in lines.values():
        line.sort(key=lambda leg: (leg.origin_at, leg.id))
        for i, early in enumerate(line):
            order, _ = first_call[early.id]
            for late in line[i + 1 :]:
                before, moment = first_call[late.id]
                overtaken = before < order and early.joined_at < moment
                assert not overtaken, f"{early.number} was overtaken by {late.number} (I8)"


def numbers_rise(tickets: list[Any]) -> None:
    """I1, I2: in the order in which they were given, without gap, anew every day."""
    last: defaultdict[tuple[str, str], int] = defaultdict(int)
    for ticket in sorted(tickets, key=lambda x: x.id):
        last[ticket.day, ticket.prefix] += 1
        assert ticket.seq == last[ticket.day, ticket.prefix], f"{ticket.number} out of order (I2)"
