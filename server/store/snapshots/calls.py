"""The calls of a day, each with its rule in one sentence: what supervision reads (办事不求人)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select

from server.store import tables as t
from server.store.snapshots.view import View, iso
from server.store.snapshots.why import why
from server.store.tickets import find_leg

IN_ORDER = ("share", "hard")  # rules by which the turn of an ordinary number comes; all others are exceptions
MOST = 200


def explained_calls(
    view: View, day: str | None, out_of_order: bool, before: int | None
) -> tuple[list[dict[str, Any]], int | None]:
    """(first calls of `day` (None: the business day), newest first, those taken back left out; the `before`
    of the next page or None). out_of_order: only those that did not follow from waiting alone, with the
    person's reason when somebody chose."""
    c, leg, d = t.call.c, t.leg.c, t.deed.c
    chosen = and_(d.leg == c.leg, d.at == c.at, d.move == "call")
    query = (
        select(c.id, c.leg, c.at, c.window, leg.clerk, d.choice)
        .join_from(t.call, t.leg, c.leg == leg.id)
        .join(t.deed, chosen, isouter=True)
        .where(c.hall == view.hall, c.day == (day or view.day), c.n == 1, c.taken_back.is_(False))
    )
    if out_of_order:
        query = query.where(leg.rule.not_in(IN_ORDER))
    if before is not None:
        query = query.where(c.id < before)
    rows = view.connection.execute(query.order_by(c.id.desc()).limit(MOST)).all()
    calls = [_call(view, row) for row in rows]
    return calls, rows[-1].id if len(rows) == MOST else None


def _call(view: View, row: Any) -> dict[str, Any]:
    leg, catalogue = find_leg(view.connection, view.hall, row.leg), view.names_at(row.at)
    service, person = catalogue.services[leg.service], catalogue.people.get(row.clerk or "")
    reason = next((r for r in view.settings.choices.choice_reason if r.id == row.choice), None)
    return {
        "call": row.id,
        "number": leg.number,
        "service": {"id": service.id, "name": service.name, "name_en": service.name_en},
        "priority": leg.priority,
        "window": catalogue.windows[row.window].number,
        "clerk": {"id": row.clerk, "name": person.name if person else ""},
        "at": iso(row.at),
        "why": why(view, leg),
        "reason": {"id": reason.id, "zh": reason.zh, "en": reason.en} if reason else None,
    }
