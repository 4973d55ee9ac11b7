"""The hall's own heartbeat: opens and closes the day by the calendar, ends what nobody answers. One thread a
process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread

from server.actions.day import begin_closing, close_day, open_day
from server.actions.keep_appointments import keep_appointments
from server.actions.print_slip import give_up_late_slips
from server.actions.rate import close_overdue_questions
from server.domain.actors import SYSTEM
from server.domain.refusals import Refusal
from server.house import House
from server.store.days import find_day
from server.store.once import forget_old_answers
from server.store.unit import Unit

log = logging.getLogger(__name__)

EVERY_S = 1.5  # a revoked device has lost its sockets within 2 s
HOUSEKEEPING = timedelta(hours=1)


def tick(unit: Unit, house: House) -> None:
    """What is due at `unit.now`. Each part is harmless when it was done already."""
    hall = house.hall
    close_overdue_questions(unit, hall)
    give_up_late_slips(unit)
    keep_appointments(unit, hall)
    local = unit.now.astimezone(hall.zone).replace(tzinfo=None)
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None:
        if not house.settings.demo and _giving(house, local):
            _try(lambda: open_day(unit, hall, by_hand=False))
        elif house.settings.demo:
            _try(lambda: open_day(unit, hall, by_hand=True))  # the demo hall is never closed
    elif not day.by_hand and day.state == "open" and not _giving(house, local) and _after_last(house, local):
        begin_closing(unit)
    elif day.day < local.date().isoformat() and not house.settings.demo:
        _try(lambda: close_day(unit))


def _try(deed: Callable[[], object]) -> None:
    """Do it if the rules allow; the next tick tries again."""
    try:
        deed()
    except Refusal as no:
        log.debug("tick: %s", no.code)


def _giving(house: House, local: datetime) -> bool:
    try:
        house.hall.calendar.check_taking(local, lunch_staffed=True)
    except Refusal:
        return False
    return True


def _after_last(house: House, local: datetime) -> bool:
    hours = house.hall.calendar.intervals(local.date())
    return not hours or local.time() >= hours[0][0]


class Ticker:
    """Runs `tick` and then `sweep` (sockets whose right has ended) every EVERY_S seconds until stopped."""

    def __init__(self, house: House, sweep: Callable[[], object]) -> None:
        self._house, self._sweep, self._stop = house, sweep, Event()
        self._tidied: datetime | None = None

    def start(self) -> None:
        Thread(target=self._run, name="ticker", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.once()
                self._sweep()
            except Exception:  # noqa: BLE001  outermost loop of the thread
                log.exception("tick failed; it is tried again")

    def once(self) -> None:
        """One beat, on the caller's thread."""
        with self._house.store.unit(SYSTEM) as unit:
            tick(unit, self._house)
            if self._tidied is None or unit.now - self._tidied > HOUSEKEEPING:
                forget_old_answers(unit)
                self._tidied = unit.now
