"""The true state of the hall, read for the estimator in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from math import inf

from sqlalchemy import Connection, bindparam, func, select

from server.domain.appointments import Booking
from server.domain.catalogue import Service, Window
from server.domain.estimate.coming import Booked, Newcomers
from server.domain.estimate.plan import spells_of
from server.domain.estimate.promise import Estimate
from server.domain.estimate.roll import REMEMBERED
from server.domain.estimate.scene import Busy, Desk, Pools, Scene
from server.domain.estimate.times import SLOW_SPREAD, Learned
from server.domain.routing import APPOINTMENT, kind_of_class
from server.domain.skills import help_pools, own_pools
from server.domain.tickets import AT_WINDOW, STANDING, Leg, State
from server.domain.windows import Post, WindowState, callable_pools
from server.settings import HallSettings
from server.store import tables as t
from server.store.days import find_day
from server.store.estimates import forecast_for
from server.store.history import todays_visits
from server.store.orders import batch_items, planned_batches
from server.store.tickets import legs_in
from server.store.windows import posts

BY_HAND = 240.0  # minutes in which newcomers are expected on a day without hours

_HALL = select(t.hall.c.day, t.hall.c.last_at, t.hall.c.protected_run).where(t.hall.c.id == bindparam("hall"))
_TAKEN = select(func.count()).where(
    t.leg.c.hall == bindparam("hall"),
    t.leg.c.day == bindparam("day"),
    t.leg.c.ordinal == 1,
    t.leg.c.priority != APPOINTMENT,
)
_BOOKED = select(t.appointment.c.service, t.appointment.c.at).where(
    t.appointment.c.hall == bindparam("hall"),
    t.appointment.c.day == bindparam("day"),
    t.appointment.c.state == Booking.BOOKED,
    t.appointment.c.at.is_not(None),
)
_CALLS = (
    select(t.call.c.window, t.leg.c.priority)
    .join_from(t.call, t.leg, t.call.c.leg == t.leg.c.id)
    .where(
        t.call.c.hall == bindparam("hall"),
        t.call.c.day == bindparam("day"),
        t.call.c.n == 1,
        t.call.c.taken_back.is_(False),
    )
    .order_by(t.call.c.id.desc())
    .limit(1000)
)


def read_scene(
    connection: Connection, hall: str, settings: HallSettings, past: Learned, clock_at: datetime
) -> Scene | None:
    """The state at `clock_at`, or at the last commit when the clock was set back. None: no day is open."""
    row = connection.execute(_HALL, {"hall": hall}).one()
    day = find_day(connection, hall, row.day)
    if day is None or day.state == "closed":
        return None
    now = max(clock_at, row.last_at)
    local = now.astimezone(settings.zone).replace(tzinfo=None)
    hours = () if day.by_hand else settings.calendar.intervals(local.date())
    saturday = settings.calendar.kind(local.date()) == "saturday"
    legs = legs_in(connection, hall, day.day, *STANDING, *AT_WINDOW)
    at_desk = {leg.window: leg for leg in legs if leg.state in AT_WINDOW}
    seats = posts(connection, hall)
    items = batch_items(connection, hall, day.day)
    desks = []
    for window in settings.catalogue.windows.values():
        post = seats.get(window.id, Post(window.id))
        shifts = settings.duties.shifts(window.id, local.date()) if settings.rosters else ()
        desks.append(
            Desk(
                window=window.id,
                pools=_pools(settings, window, post, local),
                comprehensive=window.kind == "comprehensive",
                spells=spells_of(
                    window, post.state, local, hours, saturday, day.by_hand, past.pauses.tardy, shifts
                ),
                busy=_busy(at_desk.get(window.id), now, items),
                pause_left=past.pauses.minutes if post.state is WindowState.PAUSED else 0.0,
                clerk=post.clerk,
            )
        )
    services = settings.catalogue.services
    call, share = settings.hall.call, settings.hall.priority.max_share_of_calls
    until = BY_HAND
    if hours:
        stop = datetime.combine(local.date(), hours[-1][1]) - settings.calendar.stop_before_close
        until = (stop - local).total_seconds() / 60
    newcomers = Newcomers()
    if day.state == "open" and past.profile is not None:
        taken = connection.execute(_TAKEN, {"hall": hall, "day": day.day}).scalar_one()
        newcomers = past.profile.ahead(local, settings.calendar.weekday_of(local.date()), until, taken)
    return Scene(
        now=now,
        waiting=tuple(leg for leg in legs if leg.state in STANDING),
        desks=tuple(desks),
        rules=settings.rules,
        queue_of={s.id: s.queue for s in services.values()},
        mean_minutes={s.id: s.avg_minutes for s in services.values()},
        times=past.times,
        pace=past.pace,
        leaving=past.leaving,
        miss_minutes=(call.no_show_wait_seconds + call.recalls_before_no_show * call.recall_interval_seconds)
        / 60,
        protected_run=row.protected_run,
        max_share=share,
        recent=_recent(connection, hall, day.day) if share < 1 or settings.rules.ratio else {},
        booked=tuple(
            Booked(row.service, (row.at - now).total_seconds() / 60)
            for row in connection.execute(_BOOKED, {"hall": hall, "day": day.day})
            if row.service in services
        )
        + _batches(connection, hall, settings, now),
        showing=past.showing,
        newcomers=newcomers,
        pauses=past.pauses,
        slow=past.slow(todays_visits(connection, hall, day.day)),
        slow_spread=SLOW_SPREAD,
        items=items,
        away=frozenset(leg.id for leg in legs if leg.state is State.AWAY),
    )


def closed_desks(connection: Connection, hall: str, settings: HallSettings, scene: Scene) -> list[Desk]:
    """Windows that nobody sits at and no plan opens, as if they called from now to the end of the day:
    the tidal ones first, then by the count of queues they take. What their people are able to do is not
    known."""
    local = scene.now.astimezone(settings.zone).replace(tzinfo=None)
    seats = posts(connection, hall)
    planned = {desk.window for desk in scene.desks if desk.spells}
    windows = [
        w
        for w in settings.catalogue.windows.values()
        if w.id not in planned and seats.get(w.id, Post(w.id)).state is WindowState.CLOSED
    ]
    windows.sort(key=lambda w: (w.default_state != "tidal", -len(w.queues)))
    return [
        Desk(w.id, _pools(settings, w, Post(w.id), local), w.kind == "comprehensive", ((0.0, inf),))
        for w in windows
    ]


def _pools(settings: HallSettings, window: Window, post: Post, local: datetime) -> tuple[Pools, ...]:
    """As `call_next` takes them: own queues, then help; of a person at the window only what that one is able
    to do. Who will sit at a closed window is thought to be able."""
    own: Pools = tuple((queue, None) for queue in window.queues)
    overflow: Pools = callable_pools(window)
    if post.clerk is not None:
        person = settings.catalogue.people.get(post.clerk)
        able = (window, person, settings.catalogue, settings.files, local.date())
        own, overflow = own_pools(*able), help_pools(*able)
    return (own, overflow) if overflow else (own,)


def _busy(leg: Leg | None, now: datetime, items: Mapping[int, int]) -> Busy | None:
    if leg is None or leg.called_at is None:
        return None
    elapsed = max((now - leg.called_at).total_seconds() / 60, 0.0)
    return Busy(leg.service, elapsed, leg.queue, items.get(leg.id, 1))


def _batches(connection: Connection, hall: str, settings: HallSettings, now: datetime) -> tuple[Booked, ...]:
    """The planned batches of today that have not checked in, foreseen as appointments are."""
    today = now.astimezone(settings.zone).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), settings.zone)
    return tuple(
        Booked(batch.service, (batch.at - now).total_seconds() / 60, batch.window, batch.items)
        for batch in planned_batches(connection, hall, midnight)
        if batch.at is not None
        and batch.at.astimezone(settings.zone).date() == today
        and batch.service in settings.catalogue.services
    )


def _recent(connection: Connection, hall: str, day: str) -> dict[str, tuple[str, ...]]:
    """window -> classes of its last calls, newest first; "" = of the whole hall."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(_CALLS, {"hall": hall, "day": day}):
        for place in (row.window, ""):
            found[place].append(kind_of_class(row.priority))
    return {place: tuple(kinds[:REMEMBERED]) for place, kinds in found.items()}


def usual_services(settings: HallSettings) -> dict[str, Service]:
    """queue -> the service that speaks for it: the one of middle length. No services, nobody speaks."""
    found: dict[str, Service] = {}
    for queue in settings.catalogue.queues:
        mine = [s for s in settings.catalogue.services.values() if s.queue == queue]
        if mine:
            found[queue] = sorted(mine, key=lambda s: (s.avg_minutes, s.id))[len(mine) // 2]
    return found


def queue_estimates(connection: Connection, hall: str, settings: HallSettings) -> dict[str, Estimate]:
    """What an ordinary number of each queue may expect."""
    usual = {queue: service.id for queue, service in usual_services(settings).items()}
    found = forecast_for(connection, hall, list(usual.values()))
    return {queue: found[service] for queue, service in usual.items()}
