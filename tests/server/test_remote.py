"""Numbers taken by phone: away until their holder is in the hall, and nobody waits for an empty chair."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.actions.arrive import arrive, miss_the_absent
from server.actions.day import begin_closing
from server.actions.run_day import run_day
from server.actions.take_number import Taken
from server.actions.take_remote import take_remote
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.remote import RemoteRules
from server.domain.tickets import State
from server.settings import HallSettings
from server.store.remote import find_remote
from server.store.tickets import last_leg
from server.store.verify import check
from tests.server.hall_day import URL, HallDay

PHONE = Actor("citizen", "remote", "citizen")


def with_rules(hall: HallSettings, **changes: Any) -> HallSettings:
    return replace(hall, hall=replace(hall.hall, remote=replace(hall.hall.remote, **changes)))


def by_phone(day: HallDay, who: str = "session:a", service: str = "S001") -> Taken:
    with day.store.unit(PHONE) as unit:
        return take_remote(unit, day.hall, day.template, URL, service, "zh", who)


def comes(day: HallDay, taken: Taken, actor: Actor = PHONE) -> Taken:
    with day.store.unit(actor) as unit:
        return arrive(unit, day.hall, day.template, URL, taken.ticket.id)


def beat(day: HallDay) -> None:
    with day.store.unit(SYSTEM) as unit:
        miss_the_absent(unit, day.hall)


def state(day: HallDay, taken: Taken) -> State:
    with day.store.read() as connection:
        return last_leg(connection, taken.ticket.id).state


def due(day: HallDay, taken: Taken) -> bool:
    with day.store.read() as connection:
        remote = find_remote(connection, taken.ticket.id)
    assert remote is not None
    return remote.due_at is not None


def test_F36_who_is_away_is_not_called_and_keeps_the_place_by_coming_in_time(day: HallDay) -> None:
    day.open("W01")
    day.take()
    taken = by_phone(day)
    day.clock.forward(minutes=1)
    after = day.take()
    assert (taken.leg.state, taken.ahead, after.ahead) == (State.AWAY, 1, 1)
    called = day.call("W01")
    assert called is not None
    assert called.number == "A001"
    assert not due(day, taken), "its turn has not come"
    comes(day, taken)
    day.serve("W01")
    called = day.call("W01")
    assert called is not None
    assert called.number == taken.ticket.number, "earlier than who came to the kiosk after it was taken"
    assert check(day.store.engine, day.store.hall) == []


def test_F36_nobody_in_the_hall_waits_for_an_empty_chair(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(minutes=25)
    there = day.take()
    called = day.call("W01")
    assert called is not None
    assert called.number == there.ticket.number
    assert due(day, taken), "the rule would have called it"
    beat(day)
    assert state(day, taken) is State.AWAY, "within the grace"
    comes(day, taken)
    later = day.take()
    day.serve("W01")
    called = day.call("W01")
    assert called is not None
    assert called.number == taken.ticket.number
    assert later.leg.state is State.WAITING


def test_F36_who_is_not_there_in_time_is_missed_and_comes_back_as_the_missed_do(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(minutes=25)
    day.take()
    day.call("W01")
    day.clock.forward(minutes=9)
    beat(day)
    assert state(day, taken) is State.AWAY
    day.clock.forward(minutes=1)
    beat(day)
    assert state(day, taken) is State.NO_SHOW
    day.clock.forward(minutes=10)
    back = comes(day, taken)
    kept = day.hall.rules.limit["ordinary"] * day.hall.rules.miss
    assert (back.leg.state, back.leg.returns) == (State.WAITING, 1)
    assert (day.clock() - back.leg.origin_at).total_seconds() / 60 == kept, "a share, not all"
    with pytest.raises(refusals.ArrivedAlready):
        comes(day, taken)


def test_F36_after_the_time_to_come_back_the_number_is_gone(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.call("W01")  # an idle window, nobody there: it could have been served
    assert due(day, taken)
    day.clock.forward(minutes=29)
    beat(day)
    assert state(day, taken) is State.AWAY, "nobody is missed sooner than the way takes"
    day.clock.forward(minutes=1)
    beat(day)
    day.clock.forward(minutes=31)
    with pytest.raises(refusals.ReturnTooLate):
        comes(day, taken)
    assert by_phone(day).ticket.id != taken.ticket.id, "it holds nothing any more: another may be taken"


def test_F36_one_turn_comes_with_one_call(day: HallDay) -> None:
    day.open("W01")
    first, second = by_phone(day, "session:a"), by_phone(day, "session:b")
    assert day.call("W01") is None
    assert (due(day, first), due(day, second)) == (True, False)


@pytest.mark.parametrize(
    ("rules", "no"),
    [
        ({"enabled": False}, refusals.RemoteOff),
        ({"queues": ("C",)}, refusals.RemoteNot),
        ({"closed_services": ("S001",)}, refusals.RemoteNot),
        ({"hours": ((RemoteRules, RemoteRules),)}, refusals.RemoteHours),
        ({"day_quota": 1}, refusals.RemoteFull),
        ({"share": 0.5, "share_from": 1}, refusals.RemoteFull),
    ],
)
def test_F36_the_halls_rules_refuse(day: HallDay, rules: dict[str, Any], no: type[refusals.Refusal]) -> None:
    from datetime import time

    if "hours" in rules:
        rules = {"hours": ((time(14), time(16)),)}
    day.open("W01")
    by_phone(day)
    day.hall = with_rules(day.hall, **rules)
    with pytest.raises(no):
        by_phone(day, "session:b")
    day.take()
    day.take()
    if no is refusals.RemoteFull and "share" in rules:
        assert by_phone(day, "session:b").leg.state is State.AWAY, "two of four are half"


def test_F36_one_phone_holds_one_number_and_the_kiosks_rules_hold(day: HallDay) -> None:
    day.open("W01")
    first = by_phone(day)
    again = by_phone(day)
    assert (again.existing, again.ticket.id) == (True, first.ticket.id)
    with pytest.raises(refusals.RemoteLimit):
        by_phone(day, service="S002")
    day.clock.forward(hours=8, minutes=20)  # 17:20: the last number was given
    with pytest.raises(refusals.HoursClosed):
        by_phone(day, "session:b")


def test_F36_an_absent_number_does_not_keep_the_day_open_and_expires_with_it(day: HallDay) -> None:
    day.open("W01")
    taken = by_phone(day)
    day.clock.forward(hours=8, minutes=31)
    with day.store.unit(SYSTEM) as unit:
        begin_closing(unit)
        run_day(unit, day.hall, always_open=False)
    assert state(day, taken) is State.EXPIRED
