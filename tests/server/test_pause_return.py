"""A window that pauses may say when it goes on; every screen shows it, and it goes with the pause."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from server.app import App
from tests.conftest import Clock
from tests.server.callers import Caller, device, staff
from tests.server.test_desk_more import ask, do


@pytest.fixture
def clerk(app: App) -> Caller:
    do(staff(app, "manager"), "/api/day/open")
    who = staff(app, "clerk")
    do(who, "/api/windows/W01/open")
    return who


def on_board(app: App) -> dict[str, Any]:
    return dict(device(app, "board").ask("GET", "/api/state/hall").json["rows"]["windows"]["W01"])


def test_the_time_of_return_is_on_the_board_and_goes_with_the_pause(app: App, clerk: Caller, clock: Clock):
    desk = do(clerk, "/api/windows/W01/pause", reason="meal", minutes=30)["desk"]
    shown = on_board(app)["pause"]
    assert datetime.fromisoformat(shown["back_at"]) == clock() + timedelta(minutes=30)
    assert desk["window"]["pause"] == shown
    do(clerk, "/api/windows/W01/resume")
    assert on_board(app)["pause"] is None
    do(clerk, "/api/windows/W01/pause", reason="meal")
    assert on_board(app)["pause"]["back_at"] is None


@pytest.mark.parametrize("minutes", [0, -5, 481, "soon"])
def test_a_return_that_is_no_time_of_this_day_is_refused(clerk: Caller, minutes: object):
    assert ask(clerk, "/api/windows/W01/pause", reason="meal", minutes=minutes).status_code == 422
