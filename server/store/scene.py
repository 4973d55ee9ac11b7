"""The true state of the hall, read for the estimator in one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from server.domain.catalogue import Service, Window
from server.domain.estimate.outlook import PRIORITY
from server.domain.estimate.plan import PAUSE, spells_of
from server.domain.estimate.promise import Estimate
from server.domain.estimate.scene import Busy, Desk, Newcomers, Pools, Scene
from server.domain.estimate.times import Learned
from server.domain.tickets import AT_WINDOW, Leg, State
from server.domain.windows import WindowState, callable_pools
from server.settings import HallSettings
from server.store import tables as t
from server.store.days import find_day
from server.store.estimates import forecast_for
from server.store.tickets import legs_in

BY_HAND = 240.0  # minutes in which newcomers are expected on a day without hours

_POSTS = select(t.post.c.window, t.post.c.state).where(t.post.c.hall == bindparam("hall"))
_HALL = select(t.hall.c.day, t.hall.c.last_at, t.hall.c.protected_run).where(t.hall.c.id == bindparam("hall"))


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
    legs = legs_in(connection, hall, day.day, State.WAITING, *AT_WINDOW)
    at_desk = {leg.window: leg for leg in legs if leg.state in AT_WINDOW}
    posts = {r.window: WindowState(r.state) for r in connection.execute(_POSTS, {"hall": hall})}
    desks = []
    for window in settings.catalogue.windows.values():
        state = posts.get(window.id, WindowState.CLOSED)
        desks.append(
            Desk(
                window=window.id,
                pools=_pools(window),
                comprehensive=window.kind == "comprehensive",
                spells=spells_of(window, state, local, hours, day.by_hand),
                busy=_busy(at_desk.get(window.id), now),
                pause_left=PAUSE if state is WindowState.PAUSED else 0.0,
            )
        )
    services = settings.catalogue.services
    call = settings.hall.call
    until = BY_HAND
    if hours:
        stop = datetime.combine(local.date(), hours[-1][1]) - settings.calendar.stop_before_close
        until = (stop - local).total_seconds() / 60
    return Scene(
        now=now,
        waiting=tuple(leg for leg in legs if leg.state is State.WAITING),
        desks=tuple(desks),
        rules=settings.rules,
        queue_of={s.id: s.queue for s in services.values()},
        mean_minutes={s.id: s.avg_minutes for s in services.values()},
        times=past.times,
        pace=past.pace,
        no_show=past.no_show,
        miss_minutes=(call.no_show_wait_seconds + call.recalls_before_no_show * call.recall_interval_seconds)
        / 60,
        protected_run=row.protected_run,
        newcomers=_newcomers(settings, past, until) if day.state == "open" else (),
    )


def _pools(window: Window) -> tuple[Pools, ...]:
    own = tuple((queue, None) for queue in window.queues)
    overflow = callable_pools(window)
    return (own, overflow) if overflow else (own,)


def _busy(leg: Leg | None, now: datetime) -> Busy | None:
    if leg is None or leg.called_at is None:
        return None
    return Busy(leg.service, max((now - leg.called_at).total_seconds() / 60, 0.0))


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


def _newcomers(settings: HallSettings, past: Learned, until: float) -> tuple[Newcomers, ...]:
    """Only protected classes: an ordinary newcomer stands behind who waits."""
    usual = usual_services(settings)
    return tuple(
        Newcomers(queue, usual[queue].id, PRIORITY, rate, until)
        for queue, rate in (past.protected_per_minute or {}).items()
        if queue in usual
    )
