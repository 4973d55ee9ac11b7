from __future__ import annotations

import pytest

from server.domain.slips import SlipTemplate
from server.settings import HallSettings
from server.store.unit import Store
from tests.conftest import Clock
from tests.server.hall_day import HallDay


@pytest.fixture
def day(store: Store, hall: HallSettings, template: SlipTemplate, clock: Clock) -> HallDay:
    return HallDay(store, hall, template, clock)
