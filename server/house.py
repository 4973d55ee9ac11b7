"""What create_app wired together, for the doors to use."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from server.clock import Clock
from server.domain.slips import SlipTemplate
from server.settings import HallSettings, Settings
from server.store.unit import Store
from server.text import Texts


@dataclass(frozen=True)
class House:
    """One hall's server: its settings, its database, its words."""

    settings: Settings
    store: Store
    texts: Texts
    slip: SlipTemplate
    clock: Clock

    @property
    def hall(self) -> HallSettings:
        return self.settings.hall


def house() -> House:
    """The house of the current request."""
    found = current_app.extensions["wucha"]
    assert isinstance(found, House)
    return found
