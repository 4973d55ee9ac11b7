"""What a closed day was sealed as, compared and put right through the doors, as `wucha recount` does."""

from __future__ import annotations

from typing import Any

import pytest

from server.actions.day import close_day
from server.app import App
from server.domain.actors import SYSTEM
from server.store.days import save_day, sealed_sums
from tests.conftest import Clock
from tests.server.callers import Caller, audit, staff
from tests.server.hall_day import HallDay

DAY = "2026-03-02"
WRONG = {"taken": 3, "done": 1, "expired": 2, "overtime": {"ZW001": {"minutes": 9, "served": 1}}}


@pytest.fixture
def right(app: App, clock: Clock) -> dict[str, Any]:
    """The sums of a day that is closed and was sealed as WRONG."""
    day = HallDay(app.house.store, app.house.hall, app.house.slip, clock).open("W01")
    for _ in range(2):
        day.take()
    day.call("W01")
    day.serve("W01")
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
        sums = sealed_sums(unit.connection, unit.hall, DAY)
        save_day(unit, DAY, sums=WRONG)
    assert sums is not None
    return {**sums, "overtime": WRONG["overtime"]}


def amend(who: Caller, reason: str, nth: int = 1) -> Any:
    return who.ask("POST", f"/api/day/{DAY}/amend", {"request_id": f"{nth:032}", "reason": reason})


def done(app: App) -> list[dict[str, Any]]:
    return [line for line in audit(app, "day.amend") if line["about"] == f"day:{DAY}"]


def test_a_sealed_day_is_compared_by_who_sees_the_trail_and_put_right_by_the_manager(
    app: App, right: dict[str, Any]
) -> None:
    watcher, manager = staff(app, "supervisor"), staff(app, "manager")
    for who in (watcher, manager):
        assert who.ask("GET", f"/api/day/{DAY}/sums").json == {"sealed": WRONG, "counted": right}
    assert staff(app, "clerk").ask("GET", f"/api/day/{DAY}/sums").status_code == 403
    assert amend(watcher, "多程号码重复计算").json["refused"] == "act-forbidden"
    assert amend(manager, " ").status_code == 422
    assert done(app) == [], "looking changes nothing"
    assert amend(manager, "多程号码重复计算", 2).json == {"sealed": right, "counted": right}
    (line,) = done(app)
    assert line["facts"] == {"reason": "多程号码重复计算", "before": WRONG, "sums": right}
    assert line["actor"]["id"] == manager.id
    assert amend(manager, "再算一遍", 3).status_code == 200
    assert len(done(app)) == 1, "a day that is right is left alone"


def test_a_day_that_is_not_closed_has_no_sums(app: App) -> None:
    manager = staff(app, "manager")
    for day in (DAY, "yesterday"):
        nothing = {"sealed": None, "counted": None}
        assert manager.ask("GET", f"/api/day/{day}/sums").json == nothing
