"""What the hall's own past days teach the estimator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, func, select

from server.domain.appointments import Booking
from server.domain.calendar import HallCalendar
from server.domain.catalogue import Catalogue
from server.domain.estimate.coming import learn_profile, learn_showing, share_coming
from server.domain.estimate.leaving import Wait, learn_leaving
from server.domain.estimate.pauses import Change, learn_pauses
from server.domain.estimate.plan import opening_of
from server.domain.estimate.times import ROUGH_DAYS, Learned, Visit, learn
from server.domain.orders import Kind
from server.domain.routing import APPOINTMENT, kind_of_class
from server.domain.tickets import State
from server.store import tables as t

WINDOW = timedelta(days=60)  # about 40 working days

_LEG = t.leg.c
_PAST = (_LEG.hall == bindparam("hall"), _LEG.day >= bindparam("first"), _LEG.day < bindparam("today"))
_VISIT = select(_LEG.service, _LEG.queue, _LEG.window, _LEG.called_at, _LEG.ended_at)
_BATCHES = (  # many matters in one visit say nothing about one
    select(t.order_ticket.c.ticket)
    .join_from(t.order_ticket, t.service_order, t.order_ticket.c.order == t.service_order.c.id)
    .where(t.service_order.c.hall == bindparam("hall"), t.service_order.c.kind == Kind.BATCH)
)
_DONE = (
    _LEG.state == State.DONE,
    _LEG.called_at.is_not(None),
    _LEG.ended_at.is_not(None),
    _LEG.ticket.not_in(_BATCHES),
)
_VISITS = _VISIT.where(*_PAST, *_DONE)
_TODAYS_VISITS = _VISIT.where(_LEG.hall == bindparam("hall"), _LEG.day == bindparam("today"), *_DONE)
_DAYS = select(func.count(_LEG.day.distinct())).where(*_PAST, _LEG.state == State.DONE)
_R = t.remote.c
_PAST_BY_PHONE = (_R.hall == bindparam("hall"), _R.day >= bindparam("first"), _R.day < bindparam("today"))
_BY_PHONE = select(func.count(_R.arrived_at), func.count()).where(*_PAST_BY_PHONE)
_NEVER_HERE = select(_R.ticket).where(
    *_PAST_BY_PHONE, _R.arrived_at.is_(None)
)  # they did not wait in the hall
_WAITS = select(
    *(_LEG.priority, _LEG.state, _LEG.joined_at, _LEG.called_at, _LEG.started_at, _LEG.ended_at, _LEG.returns)
).where(
    *_PAST,
    _LEG.superseded.is_(False) | (_LEG.state != State.CANCELLED),
    _LEG.ticket.not_in(_NEVER_HERE),
)
_TAKEN = select(_LEG.joined_at, _LEG.service, _LEG.priority).where(
    *_PAST, _LEG.ordinal == 1, _LEG.priority != APPOINTMENT
)
_BY_APPOINTMENT = (
    select(_LEG.service, func.count().label("n"))
    .where(*_PAST, _LEG.ordinal == 1, _LEG.priority == APPOINTMENT)
    .group_by(_LEG.service)
)
_A = t.appointment.c
_PAST_BOOKED = (_A.hall == bindparam("hall"), _A.day >= bindparam("first"), _A.day < bindparam("today"))
_SHOWN = (
    select(_A.at, t.ticket.c.taken_at)
    .join_from(t.appointment, t.ticket, _A.ticket == t.ticket.c.id)
    .where(*_PAST_BOOKED, _A.at.is_not(None))
)
_MISSED = select(func.count()).where(*_PAST_BOOKED, _A.state == Booking.MISSED)
_P = t.post_change.c
_CHANGES = (
    select(_P.window, _P.state, _P.at)
    .where(_P.hall == bindparam("hall"), _P.at >= bindparam("since"), _P.at < bindparam("before"))
    .order_by(_P.at, _P.id)
)


def learned(
    connection: Connection,
    hall: str,
    catalogue: Catalogue,
    calendar: HallCalendar,
    zone: ZoneInfo,
    today: str,
) -> Learned:
    """From what was written down in the last WINDOW before `today` (ISO date)."""
    first = date.fromisoformat(today) - WINDOW
    which = {"hall": hall, "today": today, "first": first.isoformat()}
    listed = {s.id: s.avg_minutes for s in catalogue.services.values()}
    visits = map(_visit, connection.execute(_VISITS, which))
    times, pace = learn(visits, listed, {s.id: s.queue for s in catalogue.services.values()})
    taken = [
        (_local(r.joined_at, zone), r.service, r.priority)
        for r in connection.execute(_TAKEN, which)
        if r.service in listed
    ]
    booked = {r.service: r.n for r in connection.execute(_BY_APPOINTMENT, which) if r.service in listed}
    early = [(r.at - r.taken_at).total_seconds() / 60 for r in connection.execute(_SHOWN, which)]
    changes = list(_changes(connection, hall, zone, first, date.fromisoformat(today)))
    opening = opening_of(calendar, {change.at.date() for change in changes})
    showing = learn_showing(early, connection.execute(_MISSED, which).scalar_one())
    days = connection.execute(_DAYS, which).scalar_one()
    return Learned(
        times=times,
        pace=pace,
        rough=days < ROUGH_DAYS,
        leaving=learn_leaving(_waits(connection, which)),
        profile=learn_profile(taken, calendar.weekday_of) if days >= ROUGH_DAYS else None,
        showing=replace(showing, by_phone=share_coming(*connection.execute(_BY_PHONE, which).one())),
        pauses=learn_pauses(changes, opening),
        by_appointment={service: n / len(taken) for service, n in booked.items()} if taken else {},
    )


def todays_visits(connection: Connection, hall: str, day: str) -> list[Visit]:
    """What was finished on the open day so far."""
    return [_visit(row) for row in connection.execute(_TODAYS_VISITS, {"hall": hall, "today": day})]


def _visit(row: Row[tuple[str, str, str, datetime, datetime]]) -> Visit:
    return Visit(row.service, row.queue, row.window, _minutes(row.called_at, row.ended_at))


def _waits(connection: Connection, which: dict[str, str]) -> Iterator[Wait]:
    """Calls that were answered or not, and numbers given back."""
    for row in connection.execute(_WAITS, which):
        kind = kind_of_class(row.priority)
        if row.state == State.CANCELLED and row.ended_at is not None:
            yield Wait(kind, _minutes(row.joined_at, row.ended_at), "given_back")
        elif row.called_at is not None and row.state != State.TRANSFERRED:
            waited = _minutes(row.joined_at, row.called_at)
            yield Wait(kind, waited, "answered" if row.started_at else "missed", returned=row.returns > 0)


def _changes(connection: Connection, hall: str, zone: ZoneInfo, first: date, today: date) -> Iterator[Change]:
    since, before = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, today))
    for row in connection.execute(_CHANGES, {"hall": hall, "since": since, "before": before}):
        yield Change(row.window, row.state, _local(row.at, zone))


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _minutes(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds() / 60, 0.0)
