"""What managers published is what `wucha simulate` and the what-if play: services, windows, hours, rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from server.actions.change_rules import change_rules
from server.actions.publish_placement import publish_placement
from server.cli import main
from server.domain.actors import SYSTEM
from server.domain.catalogue import Mandate
from server.domain.placement import Placement, WindowPlace
from server.domain.routing import Rules
from server.simulate.arrivals import Citizen, as_published, read_arrivals
from server.simulate.pure import PureHall
from server.simulate.run import World, simulate
from server.simulate.scenario import Scenario
from tests.conftest import ROOT
from tests.server.conftest import day
from tests.server.hall_day import HallDay
from tests.server.test_config import MANAGER, ONE_ENGINE, Configured

__all__ = ["day"]
DEMO = ROOT / "config" / "demo"
pytestmark = ONE_ENGINE


@pytest.fixture
def hall_of(day: HallDay) -> Configured:
    return Configured(day)


def played(data: Path, *words: str, exit_code: int = 0) -> Any:
    found = CliRunner(env={"WUCHA_DATA": str(data)}).invoke(main, ["simulate", "--json", *words])
    assert found.exit_code == exit_code, found.output
    return json.loads(found.stdout) if exit_code == 0 else found.output


def of_database(hall_of: Configured) -> dict[str, Any]:
    """The measures of a day in the hall as it is published."""
    hall_of.beat()
    now, files = hall_of.day.hall, hall_of.current.files.catalogue
    arrivals = as_published(read_arrivals(DEMO / "arrivals.toml", files), files, now.catalogue)
    return json.loads(json.dumps(simulate(World(now, arrivals, now.slips), Scenario(), 1, 1, False).row()))


def told(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("scenario", "seed")}


def test_what_a_manager_published_is_played_and_a_named_folder_is_not(
    hall_of: Configured, tmp_path: Path
) -> None:
    files = told(played(tmp_path, "--hall", str(DEMO)))
    assert told(played(tmp_path)) == files, "nothing is published yet"
    seen = [files]

    def differs(what: str) -> None:
        found = told(played(tmp_path))
        assert found not in seen, f"{what} does not show"
        assert found == of_database(hall_of), what
        seen.append(found)

    hall_of.publish("hours", {"hall": {"weekday": [["08:30", "12:00"], ["14:00", "16:00"]]}})
    differs("the hall closes earlier")
    hall_of.publish("windows", {"W02": {"out": "repair"}, "W03": {"out": "repair"}})
    differs("two windows are out of use")
    item = hall_of.day.hall.catalogue.services["S101"]
    both = (*hall_of.day.hall.catalogue.windows["W05"].queues, "A")
    wish = Placement(services={"S101": "A"}, windows={"W05": WindowPlace(both)},
                     mandates=(Mandate(item.department, "*", date(2026, 1, 1)),))  # fmt: skip
    with hall_of.day.store.unit(MANAGER) as unit:
        publish_placement(unit, hall_of.day.hall, wish, 0, "试行")
    differs("a service and a window moved")
    with hall_of.day.store.unit(SYSTEM) as unit:
        change_rules(unit, hall_of.day.hall, Rules(gamma=0.0, hand=0.0))
    differs("other rules")
    assert told(played(tmp_path, "--hall", str(DEMO))) == files, "a named folder is played as it stands"
    assert told(played(tmp_path, "--real"))["tickets"] > 200


def test_who_comes_follows_what_is_offered(hall_of: Configured) -> None:
    files = hall_of.current.files.catalogue
    told = read_arrivals(DEMO / "arrivals.toml", files)
    new = {"name": "新事项", "name_en": "New", "queue": "A", "avg_minutes": 12}
    hall_of.publish("services", {"S001": {"closed": True}, "S777": new})
    hall_of.beat()
    now = hall_of.day.hall.catalogue
    mix = {m.service: m.share for m in as_published(told, files, now).mix}
    assert "S001" not in mix, "nobody comes for what is closed"
    assert min(mix.values()) < mix["S777"] < max(mix.values()), (
        "a new one is wanted as often as the middle one"
    )
    assert {s: share for s, share in mix.items() if s != "S777"} == {
        m.service: m.share for m in told.mix if m.service != "S001"
    }
    nothing = {s: replace(item, closed=True) for s, item in now.services.items()}
    assert as_published(told, files, replace(now, services=nothing)).base_tickets_per_day == 0
    hall_of.day.open()
    pure = PureHall(hall_of.day.hall, date(2026, 3, 2))
    pure.at(9 * 3600)
    assert pure.take(Citizen(1, 9 * 3600, "S001")) is None, "as the kiosk refuses it"
    assert pure.take(Citizen(2, 9 * 3600, "S777")) == 0.0


def test_a_queues_own_hours_are_kept_by_the_rule_alone_as_by_the_kiosk(hall_of: Configured) -> None:
    hall_of.publish("queues", {"B": {"last_ticket": "10:00"}})
    hall_of.beat()
    hall = hall_of.day.hall
    service = next(s.id for s in hall.catalogue.services.values() if s.queue == "B")
    pure = PureHall(hall, date(2026, 3, 2))
    for hour, given in ((9, 0.0), (10.5, None)):
        pure.at(hour * 3600)
        assert pure.take(Citizen(1, hour * 3600, service)) == given


def test_a_database_of_another_release_is_left_alone(hall_of: Configured, tmp_path: Path) -> None:
    with hall_of.day.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "--hall" in played(tmp_path, exit_code=1)
    assert played(tmp_path, "--hall", str(DEMO))["days"] == 1
