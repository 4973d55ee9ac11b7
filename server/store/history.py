"""What the hall's own past days teach the estimator."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, bindparam, func, select

from server.domain.catalogue import Catalogue
from server.domain.estimate.times import ROUGH_DAYS, Learned, Visit, learn
from server.domain.routing import ORDINARY
from server.domain.tickets import State
from server.store import tables as t

WINDOW = timedelta(days=60)  # about 40 working days
DAY_MINUTES = 420.0  # of opening hours, for rates per minute
NO_SHOW, NO_SHOW_WEIGHT = (
    0.05,
    100,
)  # what is believed before anything was seen, and with how many calls' weight

_LEG = t.leg.c
_PAST = (_LEG.hall == bindparam("hall"), _LEG.day >= bindparam("first"), _LEG.day < bindparam("today"))
_VISITS = select(_LEG.service, _LEG.queue, _LEG.window, _LEG.called_at, _LEG.ended_at).where(
    *_PAST, _LEG.state == State.DONE, _LEG.called_at.is_not(None), _LEG.ended_at.is_not(None)
)
_MISSED = select(func.count().filter(_LEG.outcome.is_(None) & _LEG.started_at.is_(None)), func.count()).where(
    *_PAST, _LEG.calls > 0
)
_DAYS = select(func.count(_LEG.day.distinct())).where(*_PAST, _LEG.state == State.DONE)
_PROTECTED = select(_LEG.queue, func.count()).where(*_PAST, _LEG.priority != ORDINARY).group_by(_LEG.queue)


def learned(connection: Connection, hall: str, catalogue: Catalogue, today: str) -> Learned:
    """From the finished legs of the last WINDOW before `today` (ISO date)."""
    which = {"hall": hall, "today": today, "first": (date.fromisoformat(today) - WINDOW).isoformat()}
    visits = (
        Visit(r.service, r.queue, r.window, (r.ended_at - r.called_at).total_seconds() / 60)
        for r in connection.execute(_VISITS, which)
    )
    listed = {s.id: s.avg_minutes for s in catalogue.services.values()}
    times, pace = learn(visits, listed, {s.id: s.queue for s in catalogue.services.values()})
    days = connection.execute(_DAYS, which).scalar_one()
    missed, called = connection.execute(_MISSED, which).one()
    protected = connection.execute(_PROTECTED, which)
    return Learned(
        times=times,
        pace=pace,
        rough=days < ROUGH_DAYS,
        no_show=(missed + NO_SHOW * NO_SHOW_WEIGHT) / (called + NO_SHOW_WEIGHT),
        protected_per_minute={queue: n / (days * DAY_MINUTES) for queue, n in protected} if days else {},
    )
