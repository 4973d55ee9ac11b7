"""A fresh bench per test, and a clock that jumps: no test of a driver waits."""

from __future__ import annotations

import pytest

from drivers.line.clock import JumpClock
from drivers.line.serial_line import SerialLine, Settings
from drivers.virtual.bench import BENCH


@pytest.fixture(autouse=True)
def bench():
    BENCH.forget()
    yield BENCH
    BENCH.forget()


@pytest.fixture
def clock():
    return JumpClock()


@pytest.fixture
def plug(bench, clock):
    """(line, far ends) for a virtual URL."""

    def make(url: str, settings: Settings | None = None):
        line = SerialLine(url, settings, clock)
        line.open()
        name = url.removeprefix("virtual://").split("?")[0]
        cable = bench.cable(name)
        cable.random.seed(7)
        return line, cable.peers

    return make
