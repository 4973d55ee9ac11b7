"""Orders as they are shown: what, when, by whom and how far; never who the client is."""

from __future__ import annotations

from typing import Any

from server.domain.orders import FEE_YUAN, Order
from server.store.orders import notes_of, numbers_for, open_orders
from server.store.snapshots.view import View, iso


def order_row(view: View, order: Order) -> dict[str, Any]:
    catalogue = view.settings.catalogue
    service, window = catalogue.services[order.service], catalogue.windows.get(order.window or "")
    return {
        "id": order.id,
        "kind": order.kind.value,
        "state": order.state.value,
        "service": {"id": service.id, "name": service.name, "name_en": service.name_en},
        "items": order.items,
        "note": order.note,
        "at": iso(order.at),
        "until": iso(order.until),
        "window": {"id": window.id, "number": window.number} if window else None,
        "team": [_person(view, p) for p in order.team],
        "code": order.code,
        "mandate": order.mandate,
        "made_by": _person(view, order.made_by),
        "made_at": iso(order.made_at),
        "ended_at": iso(order.ended_at),
        "fee_yuan": FEE_YUAN,
    }


def order_whole(view: View, order: Order) -> dict[str, Any]:
    """The row with its steps and the numbers taken for it."""
    steps = [
        {"at": iso(n.at), "by": _person(view, n.person), "text": n.text}
        for n in notes_of(view.connection, order.id)
    ]
    numbers = [
        {k: n[k] for k in ("id", "number", "day", "service")} for n in numbers_for(view.connection, order.id)
    ]
    return {**order_row(view, order), "steps": steps, "numbers": numbers}


def orders_value(view: View) -> list[dict[str, Any]]:
    """The open ones, oldest first."""
    return [order_row(view, order) for order in open_orders(view.connection, view.hall)]


def _person(view: View, person: str) -> dict[str, str]:
    known = view.settings.catalogue.people.get(person)
    return {"id": person, "name": known.name if known else person}
