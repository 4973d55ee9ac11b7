"""The rules change while the hall works; each call says which rule and which version called it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from server.actions.take_number import take_number
from server.actions.transfer import transfer
from server.app import App, create_app
from server.domain.routing import ORDINARY, Rules, over_ratio, over_share
from server.settings import Settings
from server.store import tables as t
from server.store.alarms import all_alarms
from server.tick import Ticker
from tests.conftest import ROOT, Clock, clerk
from tests.server.hall_day import URL, HallDay


@pytest.fixture
def common(tmp_path: Path) -> Path:
    """A copy of config/ whose rules.toml may be edited."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    return folder


@pytest.fixture
def wired(make_settings: Callable[..., Settings], common: Path, clock: Clock) -> App:
    return create_app(make_settings(common=common), clock)


def _edit(common: Path, old: str, new: str) -> None:
    file = common / "rules.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def _alarms(app: App) -> list[str]:
    with app.house.store.read() as connection:
        return [a["kind"] for a in all_alarms(connection, app.house.store.hall)]


def test_changed_rules_hold_without_restart_and_have_a_version(wired: App, common: Path):
    ticker = Ticker(wired.house, lambda: None)
    ticker.once()
    ticker.once()
    assert wired.house.hall.rules_version == 1
    _edit(common, "hard = 90.0", "hard = 60.0")
    ticker.once()
    ticker.once()
    assert (wired.house.hall.rules.hard, wired.house.hall.rules_version) == (60.0, 2)
    ticker.once()
    assert wired.house.hall.rules_version == 2


@pytest.mark.parametrize("bad", ["hard = 'soon'", "hard = 90.0\nharsh = 1", "hard ="])
def test_a_bad_file_keeps_the_old_rules_and_tells_the_manager(wired: App, common: Path, bad: str):
    ticker = Ticker(wired.house, lambda: None)
    ticker.once()
    _edit(common, "hard = 90.0", bad)
    ticker.once()
    ticker.once()
    assert (wired.house.hall.rules.hard, wired.house.hall.rules_version) == (90.0, 1)
    assert _alarms(wired) == ["rules"]
    _edit(common, bad, "hard = 90.0")
    ticker.once()
    assert (_alarms(wired), wired.house.hall.rules_version) == ([], 1)


def test_a_second_process_does_not_publish_the_same_rules_again(wired: App, common: Path):
    for _ in range(2):
        Ticker(wired.house, lambda: None).once()
    assert wired.house.hall.rules_version == 1


def test_every_call_stores_rule_and_version(day: HallDay):
    day.hall = replace(day.hall, rules_version=7)
    day.open("W01")
    day.take()
    day.call("W01")
    with day.store.read() as connection:
        assert connection.execute(select(t.leg.c.rule, t.leg.c.rules)).one() == ("share", 7)


def test_max_share_every_second_call_of_a_window_at_most_is_a_priority_call(day: HallDay):
    day.open("W01")
    for priority in ("elder", "elder", "elder", "ordinary", "ordinary"):
        day.take("S001", priority)
    order = []
    for _ in range(5):
        leg = day.call("W01")
        assert leg is not None
        order.append((leg.number, leg.rule))
        day.serve("W01")
    numbers = [n for n, _ in order]
    assert numbers == ["A001", "A004", "A002", "A005", "A003"]
    assert order[1][1] == "max_share"


def test_a_priority_ticket_alone_is_called_again_and_again(day: HallDay):
    day.open("W01")
    day.take("S001", "elder")
    day.take("S001", "elder")
    for number in ("A001", "A002"):
        assert day.call("W01").number == number  # type: ignore[union-attr]
        day.serve("W01")


def test_ratio_two_ordinary_to_one_priority_over_the_hall(day: HallDay):
    hall = day.hall.hall
    generous = replace(hall, priority=replace(hall.priority, max_share_of_calls=1.0))
    day.hall = replace(day.hall, hall=generous, rules=Rules(ratio={"priority": (2, 1)}))
    day.open("W01", "W02")
    for priority in ("elder", "elder", "elder", *[ORDINARY] * 4):
        day.take("S001", priority)
    rules = []
    for n in range(7):
        window = ("W01", "W02")[n % 2]
        leg = day.call(window)
        assert leg is not None
        rules.append((leg.priority, leg.rule))
        day.serve(window)
    kinds = [kind for kind, _ in rules]
    assert kinds == ["elder", ORDINARY, ORDINARY, "elder", ORDINARY, ORDINARY, "elder"]
    assert rules[1][1] == "ratio"


@pytest.mark.parametrize(
    ("recent", "over"),
    [([], False), ([ORDINARY], False), (["priority"], True), ([ORDINARY, "priority"], True)],
)
def test_over_ratio_looks_at_the_pair_alone(recent: list[str], over: bool):
    assert over_ratio(recent, "priority", 2, 1) is over
    assert over_ratio(["appointment", *recent], "priority", 2, 1) is over


@pytest.mark.parametrize(("share", "over"), [(0.0, True), (0.5, True), (0.75, False), (1.0, False)])
def test_over_share_after_one_priority_call(share: float, over: bool):
    assert over_share(["priority"], "priority", share) is over


def test_supplement_goes_first_at_its_first_handlers_window_and_is_ordinary_elsewhere(day: HallDay):
    day.open("W01", "W02")
    for _ in range(3):
        day.take()
    day.clock.forward(minutes=1)
    with day.store.unit(clerk("ZW025")) as unit:
        wish = (day.hall, day.template, URL, "S001", "supplement")
        back = take_number(unit, *wish, first_window="W02")
    assert day.call("W01").number == "A001"  # type: ignore[union-attr]
    leg = day.call("W02")
    assert leg is not None
    assert (leg.number, leg.rule) == (back.ticket.number, "protected")


def test_a_supplement_that_is_sent_on_keeps_its_first_handler(day: HallDay):
    day.open("W01", "W02")
    with day.store.unit(clerk("ZW025")) as unit:
        wish = (day.hall, day.template, URL, "S001", "supplement")
        back = take_number(unit, *wish, first_window="W02").ticket.number
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", "A", None)
    leg = day.call("W02")
    assert leg is not None
    assert (leg.number, leg.rule) == (back, "protected")


def test_another_windows_supplement_is_seen_behind_ones_own(day: HallDay):
    """Who waits long is next after a run of protected calls, though an own supplement came first."""
    priority = replace(day.hall.hall.priority, max_share_of_calls=1.0)
    rules = replace(day.hall.rules, run=1, guard=5.0)
    day.hall = replace(day.hall, rules=rules, hall=replace(day.hall.hall, priority=priority))
    day.open("W01", "W02")
    backs = []
    for window in ("W01", "W01", "W02"):
        with day.store.unit(clerk("ZW025")) as unit:
            wish = (day.hall, day.template, URL, "S001", "supplement")
            backs.append(take_number(unit, *wish, first_window=window).ticket.number)
        day.clock.forward(minutes=1)
    day.clock.forward(minutes=10)
    called = []
    for _ in backs:
        leg = day.call("W01")
        assert leg is not None
        called.append((leg.number, leg.rule))
        day.serve("W01")
    assert called == [(backs[0], "protected"), (backs[2], "guard"), (backs[1], "protected")]


def test_a_supplement_without_a_first_handler_waits_like_everybody(day: HallDay):
    day.open("W01")
    day.take()
    day.clock.forward(minutes=1)
    day.take("S001", "supplement", actor=clerk("ZW025"))
    assert day.call("W01").number == "A001"  # type: ignore[union-attr]
