"""A hall at work, for tests: short words for the deeds, each in its own unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.actions.call_next import call_next
from server.actions.day import open_day
from server.actions.finish import finish
from server.actions.staff_window import open_window
from server.actions.start import start
from server.actions.take_number import Taken, take_number
from server.domain.actors import SYSTEM
from server.domain.slips import SlipBook
from server.domain.tickets import Leg
from server.settings import HallSettings
from server.store.unit import Store
from tests.conftest import KIOSK, Clock, clerk

URL = "http://127.0.0.1:8600"
CLERK_AT = {"W01": "ZW001", "W02": "ZW002", "W03": "ZW003", "W05": "ZW005", "W06": "ZW006", "W10": "ZW010"}


@dataclass
class HallDay:
    store: Store
    hall: HallSettings
    template: SlipBook
    clock: Clock

    def open(self, *windows: str) -> HallDay:
        """Open the day and these windows with their A-role clerks."""
        with self.store.unit(SYSTEM) as unit:
            open_day(unit, self.hall, by_hand=False)
        for window in windows:
            with self.store.unit(clerk(CLERK_AT[window])) as unit:
                open_window(unit, self.hall, window)
        return self

    def take(
        self, service: str = "S001", priority: str = "ordinary", actor: Any = KIOSK, **more: Any
    ) -> Taken:
        with self.store.unit(actor) as unit:
            return take_number(unit, self.hall, self.template, URL, service, priority, **more)

    def at(self, window: str, deed: Any, *args: Any, **kwargs: Any) -> Any:
        """Do `deed(unit, …)` as the clerk of `window`."""
        with self.store.unit(clerk(CLERK_AT[window])) as unit:
            return deed(unit, *args, **kwargs)

    def call(self, window: str) -> Leg | None:
        return self.at(window, call_next, self.hall, window)  # type: ignore[no-any-return]

    def serve(self, window: str, minutes: float = 5.0) -> Leg:
        """Start and finish whoever was called to the window."""
        self.at(window, start, window)
        self.clock.forward(minutes=minutes)
        return self.at(window, finish, self.hall, window)  # type: ignore[no-any-return]
