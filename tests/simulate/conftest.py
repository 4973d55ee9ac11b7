from __future__ import annotations

import pytest

from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.simulate.arrivals import read_arrivals
from server.simulate.run import World
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def world(hall: HallSettings, template: SlipBook) -> World:
    """The demo hall and its demand."""
    return World(hall, read_arrivals(ROOT / "config" / "demo" / "arrivals.toml", hall.catalogue), template)
