"""上门、帮办代办、集约: an order is made, planned, carried out by its team, and ends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from server.actions.take_number import Taken, take_number
from server.domain import refusals
from server.domain.access import BESIDE_CITIZEN
from server.domain.events import OrderChanged
from server.domain.leave import LeaveState
from server.domain.orders import (
    Kind,
    Order,
    OrderState,
    OrderStep,
    check_free,
    check_team,
    check_window,
    lasts,
    stepped,
)
from server.domain.slips import SlipTemplate
from server.settings import HallSettings
from server.store.leaves import leaves_in
from server.store.orders import (
    add_note,
    add_number,
    add_order,
    erase_clients,
    find_order,
    open_orders,
    order_by_code,
    save_order,
)
from server.store.unit import Unit

CODE_DIGITS = 8  # a kiosk takes as many for an appointment


def make_order(
    unit: Unit, hall: HallSettings, kind: Kind, service: str, items: int, note: str, sealed: bytes | None
) -> Order:
    """Turn a request into an order. Who makes an assisted one is its first agent. Raises ServiceUnknown,
    OrderKindWrong when only a batch may hold several matters."""
    if service not in hall.catalogue.services:
        raise refusals.ServiceUnknown(service=service)
    if items > 1 and kind is not Kind.BATCH:
        raise refusals.OrderKindWrong(kind=kind.value)
    team = (unit.actor.id,) if kind is Kind.ASSIST else ()
    made = add_order(unit, kind=kind, service=service, items=items, note=note, sealed=sealed, team=team)
    _told(unit, made, "order.make", service=service, items=items)
    return made


def plan_visit(unit: Unit, hall: HallSettings, order: int, at: datetime, team: Sequence[str]) -> Order:
    """When the team goes, and who. Raises OrderUnknown, OrderKindWrong, OrderStateWrong, TimePassed,
    TeamWrong."""
    found = _of_kind(unit, order, Kind.VISIT)
    _check_time(unit, at)
    _check_people(unit, hall, team, at)
    people = tuple(dict.fromkeys(team))
    planned = save_order(unit, found, state=stepped(found, OrderStep.PLAN), at=at, team=people)
    _told(unit, planned, "order.plan", at=at.isoformat(), team=list(people))
    return planned


def plan_batch(unit: Unit, hall: HallSettings, order: int, at: datetime, window: str) -> Order:
    """The agreed window and time; the code with which the one batch number is taken stays when it is planned
    anew. Raises OrderUnknown, OrderKindWrong, OrderStateWrong, TimePassed, WindowUnknown, TargetWrong,
    BatchOverlap."""
    found = _of_kind(unit, order, Kind.BATCH)
    place, service = hall.catalogue.windows.get(window), hall.catalogue.services[found.service]
    if place is None:
        raise refusals.WindowUnknown(window=window)
    _check_time(unit, at)
    check_window(place, service)
    until = at + lasts(found, service)
    check_free(found.id, window, at, until, open_orders(unit.connection, unit.hall))
    values: dict[str, Any] = {"at": at, "until": until, "window": window}
    values["code"] = found.code or _fresh_code(unit)
    planned = save_order(unit, found, state=stepped(found, OrderStep.PLAN), **values)
    _told(unit, planned, "order.plan", at=at.isoformat(), window=window)
    return planned


def take_mandate(unit: Unit, order: int, document: str) -> Order:
    """The client's written authority is in hand. Raises OrderUnknown, OrderKindWrong, OrderForeign,
    OrderStateWrong."""
    found = _of_kind(unit, order, Kind.ASSIST)
    check_team(found, unit.actor.id)
    planned = save_order(unit, found, state=stepped(found, OrderStep.PLAN), mandate=document)
    _told(unit, planned, "order.mandate", document=document)
    return planned


def take_for_client(
    unit: Unit,
    hall: HallSettings,
    template: SlipTemplate,
    base_url: str,
    order: int,
    service: str | None,
    further: Sequence[str],
) -> Taken:
    """A number in the client's name; its link is the client's, and so is the rating. Raises OrderUnknown,
    OrderKindWrong, OrderForeign, MandateNeeded, OrderStateWrong, and as `take_number`."""
    found = _of_kind(unit, order, Kind.ASSIST)
    check_team(found, unit.actor.id)
    if found.state is OrderState.REQUESTED:
        raise refusals.MandateNeeded()
    if found.state is not OrderState.PLANNED:
        raise refusals.OrderStateWrong(state=found.state.value, step="ticket")
    taken = take_number(unit, hall, template, base_url, service or found.service, further=further)
    add_number(unit, found.id, taken.ticket.id)
    _told(unit, found, "order.ticket", ticket=taken.ticket.id)
    return taken


def note_step(unit: Unit, order: int, text: str) -> Order:
    """A step of the team. Raises OrderUnknown, OrderForeign, OrderStateWrong once it has ended."""
    found = find_order(unit.connection, unit.hall, order)
    check_team(found, unit.actor.id)
    if found.ended_at is not None:
        raise refusals.OrderStateWrong(state=found.state.value, step="note")
    add_note(unit, found.id, text)
    _told(unit, found, "order.step")
    return found


def finish_order(unit: Unit, order: int, text: str) -> Order:
    """The team has done it. Raises OrderUnknown, OrderForeign, OrderStateWrong."""
    found = find_order(unit.connection, unit.hall, order)
    check_team(found, unit.actor.id)
    done = save_order(unit, found, state=stepped(found, OrderStep.FINISH), ended_at=unit.now)
    if text:
        add_note(unit, found.id, text)
    _told(unit, done, "order.finish")
    return done


def cancel_order(unit: Unit, order: int, text: str) -> Order:
    """It will not be done, and why. Raises OrderUnknown, OrderStateWrong."""
    found = find_order(unit.connection, unit.hall, order)
    gone = save_order(unit, found, state=stepped(found, OrderStep.CANCEL), ended_at=unit.now)
    add_note(unit, found.id, text)
    _told(unit, gone, "order.cancel")
    return gone


def read_client(unit: Unit, order: int) -> None:
    """One of the team reads who the client is: it is written down. Raises OrderUnknown, OrderForeign,
    ContactErased."""
    found = find_order(unit.connection, unit.hall, order)
    check_team(found, unit.actor.id)
    if found.sealed is None:
        raise refusals.ContactErased()
    unit.note("order.client", f"order:{found.id}")


def keep_orders(unit: Unit, hall: HallSettings) -> None:
    """Erase on schedule who the clients of ended orders were."""
    erase_clients(unit, unit.now - timedelta(days=hall.hall.privacy.ticket_identity_days))


def _of_kind(unit: Unit, order: int, kind: Kind) -> Order:
    found = find_order(unit.connection, unit.hall, order)
    if found.kind is not kind:
        raise refusals.OrderKindWrong(kind=found.kind.value)
    return found


def _check_time(unit: Unit, at: datetime) -> None:
    if at <= unit.now:
        raise refusals.TimePassed()


def _check_people(unit: Unit, hall: HallSettings, team: Sequence[str], at: datetime) -> None:
    away = {x.person for x in leaves_in(unit.connection, unit.hall, LeaveState.APPROVED) if x.covers(at)}
    for person in team:
        known = hall.catalogue.people.get(person)
        if known is None or known.left or known.role not in BESIDE_CITIZEN or person in away:
            raise refusals.TeamWrong(person=known.name if known else person)


def _fresh_code(unit: Unit) -> str:
    while True:
        code = str(secrets.randbelow(10**CODE_DIGITS)).zfill(CODE_DIGITS)
        try:
            order_by_code(unit.connection, unit.hall, code)
        except refusals.OrderUnknown:
            return code


def _told(unit: Unit, order: Order, act: str, **facts: object) -> None:
    unit.add(OrderChanged(order.id, order.kind.value, order.state.value))
    unit.note(act, f"order:{order.id}", kind=order.kind.value, **facts)
