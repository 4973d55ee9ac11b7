"""A fresh bench per test, and a clock that jumps: no test of a driver waits."""

from __future__ import annotations

import pytest

from drivers.line.clock import JumpClock
from drivers.line.serial_line import SerialLine, Settings
from drivers.spec import CONFIG, load
from drivers.virtual.bench import BENCH

ROW = """
[[device]]
name = "d{}"
model = "{}"
address = {}
line = "{}"
window = "{}"
"""


@pytest.fixture(autouse=True)
def bench():
    BENCH.forget()
    yield BENCH
    BENCH.forget()


@pytest.fixture
def clock():
    return JumpClock()


@pytest.fixture
def declare(tmp_path):
    """A hall of (model, address, line, window) rows, as config/devices.toml would declare it."""

    def make(*rows):
        path = tmp_path / "devices.toml"
        path.write_text("".join(ROW.format(n, *row) for n, row in enumerate(rows)), "utf-8")
        return load(path, CONFIG / "profiles")

    return make


@pytest.fixture
def seen(bench):
    """What a device's far end shows by now: bytes that nobody waited for have gone over too."""
    return lambda far: bench.look()[far.name]["text"]


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
