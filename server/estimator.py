"""The thread that keeps the estimates fresh: soon after something happened, else every REST_S.

It reads the state, plays the futures without holding the writers' line, and writes the answers in one short
unit. Taking a number only looks them up.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from random import Random
from threading import Event as Signal
from threading import Thread

from sqlalchemy import Connection

from server.actions.refresh_estimates import refresh_estimates
from server.domain.actors import SYSTEM
from server.domain.estimate.outlook import PRIORITY, Outlook, look
from server.domain.estimate.times import Learned
from server.domain.events import QUEUE, EstimatesChanged, Event
from server.domain.routing import ORDINARY
from server.house import House
from server.store.history import learned
from server.store.scene import read_scene

log = logging.getLogger(__name__)

PAUSE_S = 5.0  # at least, between two refreshes
REST_S = 120.0


class Estimator:
    """One per process. Its dice are numbered, so that the same state gives the same answer."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._past: tuple[tuple[str, int], Learned] | None = None
        self._news, self._stop = Signal(), Signal()

    def hear(self, events: Sequence[Event]) -> None:
        """Something was committed; returns at once."""
        if any(QUEUE in e.touches and not isinstance(e, EstimatesChanged) for e in events):
            self._news.set()

    def start(self) -> None:
        Thread(target=self._run, name="estimator", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        self._news.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            try:
                self.once()
            except Exception:  # noqa: BLE001  outermost loop of the thread
                log.exception("the estimates are not fresh; they are tried again")
            if self._stop.wait(PAUSE_S):
                return
            self._news.wait(REST_S - PAUSE_S)

    def once(self) -> Outlook:
        """Refresh everything, on the caller's thread; what was found."""
        store, hall = self._house.store, self._house.hall
        with store.read() as connection:
            past = self._learned(connection)
            scene = read_scene(connection, store.hall, hall, past, store.clock())
        if scene is None:
            services = hall.catalogue.services
            nothing = {(s, kind): None for s in services for kind in (ORDINARY, PRIORITY)}
            outlook = Outlook(legs={}, fresh=nothing, futures=0)
        else:
            outlook = look(scene, Random)
        with store.unit(SYSTEM) as unit:
            refresh_estimates(unit, hall, outlook, past.rough)
        return outlook

    def _learned(self, connection: Connection) -> Learned:
        """Read once a day, as yesterday does not change, and again when what the services list has
        changed."""
        hall = self._house.hall
        today = self._house.store.clock().astimezone(hall.zone).date().isoformat()
        if self._past is None or self._past[0] != (today, hall.config):
            known = learned(
                connection, self._house.store.hall, hall.catalogue, hall.calendar, hall.zone, today
            )
            self._past = (today, hall.config), known
        return self._past[1]
