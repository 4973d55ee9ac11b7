"""The hall's own heartbeat: opens and closes the day by the calendar, ends what nobody answers. One thread a
process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from server.actions.aids import keep_aids
from server.actions.arrive import miss_the_absent
from server.actions.auto_arrive import auto_arrive
from server.actions.change_rules import change_rules, refuse_rules
from server.actions.complain import forget_complaints, watch_complaints
from server.actions.dispatch import dispatch
from server.actions.hold import watch_holds
from server.actions.keep_appointments import keep_appointments
from server.actions.leave import watch_leaves
from server.actions.orders import keep_orders
from server.actions.overbooked import PlacesWatch
from server.actions.print_slip import give_up_late_slips
from server.actions.publish_config import begin_due
from server.actions.rate import close_overdue_questions
from server.actions.run_day import run_day, watch
from server.actions.stand_in import call_stand_ins
from server.actions.tidal import watch_load
from server.actions.unserved import watch_unserved
from server.domain.actors import SYSTEM
from server.domain.refusals import StorageFailed
from server.house import House
from server.settings import HallSettings, SettingsError, read_rules
from server.store.once import forget_old_answers
from server.store.tickets import forget_persons
from server.store.unit import Unit

log = logging.getLogger(__name__)

EVERY_S = 1.5  # a revoked device has lost its sockets within 2 s
HOUSEKEEPING = timedelta(hours=1)


def forget_visitors(unit: Unit, hall: HallSettings) -> None:
    """hall.toml privacy.ticket_identity_days: then nobody can tell whose an old number was."""
    today = unit.now.astimezone(hall.zone).date()
    forget_persons(unit, today - timedelta(days=hall.hall.privacy.ticket_identity_days))


def tick(unit: Unit, house: House) -> None:
    """What is due at `unit.now`. Each part is harmless when it was done already."""
    hall = house.hall
    close_overdue_questions(unit, hall)
    give_up_late_slips(unit)
    watch(unit, hall)
    watch_load(unit, hall)
    watch_leaves(unit, hall)
    watch_complaints(unit, hall)
    call_stand_ins(unit, hall)
    auto_arrive(unit, hall)
    watch_holds(unit, hall)
    watch_unserved(unit, hall)
    dispatch(unit, hall)
    keep_appointments(unit, hall)
    miss_the_absent(unit, hall)
    run_day(unit, hall, always_open=house.settings.demo)


class RulesFile:
    """rules.toml under watch: read again when its text changes, by the process that sees the change."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, b""

    def look(self, unit: Unit, hall: HallSettings) -> None:
        """Put a changed file in force, or tell the manager what is wrong with it."""
        try:
            text = self._path.read_bytes()
        except OSError as error:
            text = str(error).encode()
        if text == self._seen:
            return
        self._seen = text
        try:
            change_rules(unit, hall, read_rules(self._path))
        except SettingsError as error:
            refuse_rules(unit, "；".join(f"{trouble.key}: {trouble.zh}" for trouble in error.troubles))


class Ticker:
    """Runs `tick` and then `sweep` (sockets whose right has ended) every EVERY_S seconds until stopped."""

    def __init__(self, house: House, sweep: Callable[[], object]) -> None:
        self._house, self._sweep, self._stop = house, sweep, Event()
        self._tidied: datetime | None = None
        self._places = PlacesWatch()
        self._rules = RulesFile(house.settings.common / "rules.toml")

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
            self._rules.look(unit, self._house.hall)
            begin_due(unit, self._house.hall)
        with self._house.store.unit(SYSTEM) as unit:
            tick(unit, self._house)
            self._places.look(unit, self._house.hall)
            if self._tidied is None or unit.now - self._tidied > HOUSEKEEPING:
                forget_old_answers(unit)
                forget_visitors(unit, self._house.hall)
                keep_orders(unit, self._house.hall)
                keep_aids(unit, self._house.hall)
                forget_complaints(unit, self._house.hall)
                self._tidied = unit.now
        self._places.kept()
        marks = self._house.store.marks
        if marks is not None and marks.due:  # so that no number has to wait for it
            with suppress(StorageFailed), self._house.store.unit(SYSTEM) as unit:
                marks.keep(unit)  # where the disk takes none, the number that needs it is refused
