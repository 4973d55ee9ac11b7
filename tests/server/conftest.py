from __future__ import annotations

import pytest

from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.store.unit import Store
from tests.conftest import Clock
from tests.server.hall_day import HallDay


@pytest.fixture
def day(store: Store, hall: HallSettings, template: SlipBook, clock: Clock) -> HallDay:
    return HallDay(store, hall, template, clock)


@pytest.fixture(scope="session", autouse=True)
def _wired(wired_once: None) -> None:
    """Nearly every module here wires an app."""
