"""到场确认: who took a number by phone is in the hall, and can be called from now on."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from server.actions.print_slip import Told, owe_slip, printing_place
from server.actions.take_number import Taken
from server.domain import refusals
from server.domain.estimate.promise import Estimate
from server.domain.events import TicketArrived, TicketLapsed
from server.domain.remote import present_by
from server.domain.routing import returned_origin
from server.domain.slips import SlipBook
from server.domain.tickets import Leg, Move, State, Ticket
from server.settings import HallSettings
from server.store.estimates import UNKNOWN, find_promise
from server.store.remote import Remote, due_and_away, find_remote, save_remote
from server.store.slips import Slip
from server.store.tickets import count_ahead, find_ticket, last_leg, move
from server.store.unit import Unit


def arrive(
    unit: Unit, hall: HallSettings, slips: SlipBook, base_url: str, ticket: int, at: str | None = None
) -> Taken:
    """The holder of the number is there: it waits, with the seniority of the moment it was taken. One whose
    turn went by comes back as a missed one does. A kiosk's slip is owed in the same transaction.

    at: the kiosk that prints it when staff see who is there.
    Raises TicketUnknown for a number that was not taken by phone, ArrivedAlready, DayClosed, MoveRefused,
    ReturnTooLate, ReturnsSpent, PrinterUnknown.
    """
    found, remote = find_ticket(unit.connection, unit.hall, ticket), find_remote(unit.connection, ticket)
    if remote is None:
        raise refusals.TicketUnknown(ticket=ticket)
    if found.day != unit.day:
        raise refusals.DayClosed(date=found.day, opens=None)
    if remote.arrived_at is not None:
        raise refusals.ArrivedAlready(number=found.number)
    before = last_leg(unit.connection, ticket)
    here = _back(unit, hall, before) if before.state is State.NO_SHOW else _here(unit, before)
    save_remote(unit, ticket, arrived_at=unit.now)
    ahead = count_ahead(unit.connection, unit.hall, found.day, here)
    estimate = _left(unit, before, remote)
    slip: Slip | None = None
    kiosk = printing_place(unit, at)
    if kiosk:
        slip = owe_slip(unit, hall, slips, base_url, found, Told(ahead, estimate), 1, kiosk)
    unit.add(TicketArrived(ticket, found.number, here.queue))
    facts = {"late": remote.due_at is not None, "returned": here.returns > 0}
    unit.note("ticket.arrive", f"ticket:{ticket}", number=found.number, **facts)
    return Taken(found, here, ahead, slip, estimate)


def _here(unit: Unit, leg: Leg) -> Leg:
    return move(unit, leg, Move.ARRIVE, joined_at=unit.now)


def _back(unit: Unit, hall: HallSettings, leg: Leg) -> Leg:
    rules = hall.hall.call
    if leg.returns >= rules.max_return_times:
        raise refusals.ReturnsSpent(number=leg.number, allowed=rules.max_return_times)
    back_until = timedelta(minutes=rules.no_show_return_minutes)
    if leg.ended_at is not None and unit.now - leg.ended_at > back_until:
        raise refusals.ReturnTooLate(number=leg.number, minutes=rules.no_show_return_minutes)
    origin = returned_origin(leg, unit.now, hall.rules)
    changes = {"origin_at": origin, "returns": leg.returns + 1, "ended_at": None}
    return move(unit, leg, Move.RETURN, joined_at=unit.now, **changes)


def _left(unit: Unit, leg: Leg, remote: Remote) -> Estimate:
    """What is left of what was told with the number; nobody knows for one whose turn went by."""
    promise = find_promise(unit.connection, leg.id)
    if promise is None or remote.due_at is not None:
        return UNKNOWN
    gone = (unit.now - promise.made_at).total_seconds() / 60
    low, high = (max(0, ceil(minutes - gone)) for minutes in (promise.low, promise.high))
    return Estimate("range" if high else "soon", low or None, high or None, promise.rough)


def miss_the_absent(unit: Unit, hall: HallSettings) -> list[Ticket]:
    """Those whose turn has come and who were not there in time are missed; the numbers of them."""
    gone = []
    for leg in due_and_away(unit.connection, unit.hall, unit.day) if unit.day else ():
        ticket, remote = (
            find_ticket(unit.connection, unit.hall, leg.ticket),
            find_remote(unit.connection, leg.ticket),
        )
        assert remote is not None
        assert remote.due_at is not None
        if unit.now < present_by(hall.hall.remote, ticket.taken_at, remote.due_at):
            continue
        move(unit, leg, Move.NO_SHOW, ended_at=unit.now)
        unit.add(TicketLapsed(ticket.id, ticket.number, leg.queue))
        unit.note("ticket.lapse", f"leg:{leg.id}", due=remote.due_at.isoformat())
        gone.append(ticket)
    return gone
