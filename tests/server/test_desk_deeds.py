"""What a clerk can do to a ticket beyond the plain journey, on both engines: undo, transfer to a person and
back, several services on one number, call by choice, correction, automatic dispatch."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.actions.add_service import add_service
from server.actions.call_chosen import call_chosen
from server.actions.correct import correct
from server.actions.day import close_day
from server.actions.dispatch import dispatch
from server.actions.finish import finish
from server.actions.hold import hold, unhold
from server.actions.no_show import give_back_place, no_show
from server.actions.rate import rate
from server.actions.recall import recall
from server.actions.set_priority import set_priority
from server.actions.staff_window import close_window, open_window
from server.actions.start import start
from server.actions.transfer import transfer
from server.actions.undo import undo
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.tickets import State
from server.settings import Dispatch
from server.store import tables as t
from server.store.snapshots.citizen import citizen_value
from server.store.snapshots.desk import desk_value
from server.store.snapshots.helping import choices_value
from server.store.snapshots.public import calls_value, day_value
from server.store.snapshots.view import View
from server.store.tickets import find_leg, last_leg
from server.store.verify import check
from server.text import Texts
from tests.conftest import ROOT, clerk
from tests.server.hall_day import HallDay

TEXTS = Texts(ROOT / "config" / "text")
PAD_1 = Actor("device", "pad-1", "pad", window="W01")


def seen(day: HallDay, look: Any, *more: Any) -> Any:
    """A part of a picture, read now."""
    with day.store.read() as connection:
        return look(View.of(connection, day.hall.id, day.hall, TEXTS), *more)


def leg_now(day: HallDay, leg: int) -> Any:
    with day.store.read() as connection:
        return find_leg(connection, day.hall.id, leg)


@pytest.fixture(autouse=True)
def sound(day: HallDay) -> Any:
    """Whatever a test did, the database is sound after it."""
    yield
    assert check(day.store.engine, day.hall.id) == []


def test_a_clerk_reads_what_they_did_until_the_day_is_over(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    day.serve("W01", minutes=4)
    mine = {"served": 1, "avg_s": 240, "no_show": 0}
    assert seen(day, desk_value, "W01")["figures"] == mine
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    day.at("W01", open_window, day.hall, "W01")
    assert seen(day, desk_value, "W01")["figures"] == mine
    day.clock.forward(hours=22)
    day.at("W01", close_window, day.hall, "W01")
    day.at("W01", open_window, day.hall, "W01")
    assert seen(day, desk_value, "W01")["figures"]["served"] == 0, "they are of yesterday"


# --- undo
@pytest.mark.parametrize("how", ["call", "no_show", "finish", "hold", "transfer"])
def test_undo_gives_the_exact_former_place_back(day: HallDay, how: str) -> None:
    day.open("W01", "W05")
    first = day.take()
    day.take()
    day.clock.forward(minutes=3)
    if how != "call":
        day.call("W01")
        day.clock.forward(minutes=1)
    if how in ("finish", "hold"):
        day.at("W01", start, "W01")
    before, sums = leg_now(day, first.leg.id), seen(day, day_value)
    {
        "call": lambda: day.call("W01"),
        "no_show": lambda: day.at("W01", no_show, day.hall, "W01"),
        "finish": lambda: day.at("W01", finish, day.hall, "W01"),
        "hold": lambda: day.at("W01", hold, "W01"),
        "transfer": lambda: day.at("W01", transfer, day.hall, "W01", "B", None),
    }[how]()
    assert leg_now(day, first.leg.id) != before
    day.clock.forward(seconds=9)
    day.at("W01", undo, day.hall, "W01")
    assert leg_now(day, first.leg.id) == before
    assert seen(day, day_value) == sums
    with pytest.raises(refusals.UndoNothing):  # the call before is another clerk's matter by now
        day.at("W05", undo, day.hall, "W05")
    with day.store.read() as connection:
        lines = [json.loads(x) for x in connection.execute(select(t.audit.c.line)).scalars()]
        kept = connection.execute(select(func.count()).select_from(t.deed)).scalar_one()
    assert [x["facts"]["move"] for x in lines if x["act"] == "deed.undo"] == [how]
    assert kept == (1 if how == "call" else 2), "the record of what was done stays"


@pytest.mark.parametrize("given", ["elder", "ordinary"])
def test_a_class_that_staff_gave_after_a_transfer_stays_when_the_transfer_is_undone(
    day: HallDay, given: str
) -> None:
    day.open("W01")
    claimed = {"elder": "ordinary", "ordinary": "elder"}[given]
    taken = day.take("S001", claimed)
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", "B", None)
    day.at("W01", set_priority, day.hall, taken.ticket.id, given, "looked at the card")
    restored = day.at("W01", undo, day.hall, "W01")
    assert (restored.id, restored.priority) == (taken.leg.id, given)
    with day.store.read() as connection:
        assert last_leg(connection, taken.ticket.id).priority == given


def test_F6_whose_transfer_was_undone_still_has_the_number(day: HallDay) -> None:
    day.open("W01", "W05")
    taken = day.take(person="card:1")
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", "B", None)
    day.at("W01", undo, day.hall, "W01")
    again = day.take(person="card:1")
    assert (again.existing, again.ticket.id) == (True, taken.ticket.id)


def test_undo_has_its_seconds(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    until = seen(day, desk_value, "W01")["undo"]
    assert (until["move"], until["number"]) == ("call", "A001")
    day.clock.forward(seconds=11)
    with pytest.raises(refusals.UndoTooLate) as no:
        day.at("W01", undo, day.hall, "W01")
    assert no.value.facts == {"seconds": 10}


def test_an_undone_call_leaves_the_board_and_the_next_call_is_the_same_person(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.take()
    day.call("W01")
    day.at("W01", undo, day.hall, "W01")
    assert seen(day, calls_value) == []
    again = day.call("W01")
    assert again is not None
    assert (again.number, again.calls) == ("A001", 1)
    assert [c["number"] for c in seen(day, calls_value)] == ["A001"]


def test_a_rated_finish_stays_finished(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    day.serve("W01")
    with day.store.unit(PAD_1) as unit:
        rate(unit, day.hall, taken.leg.id, 5, [])
    with pytest.raises(refusals.UndoRated):
        day.at("W01", undo, day.hall, "W01")


def test_an_undone_call_is_not_counted_by_the_rules_that_count_calls(day: HallDay) -> None:
    """What the rule counts (protected calls in a row, a class's share of the calls) is as it was before."""
    rules = replace(day.hall.rules, run=2, guard=1.0)
    priority = replace(day.hall.hall.priority, max_share_of_calls=1.0)
    day.hall = replace(day.hall, rules=rules, hall=replace(day.hall.hall, priority=priority))
    day.open("W01")
    day.take("S001")
    for _ in range(4):
        day.take("S001", "elder")
    day.clock.forward(minutes=5)
    for _ in range(2):
        assert day.call("W01").rule == "protected"
        day.serve("W01")
    first = day.call("W01")
    day.at("W01", undo, day.hall, "W01")
    again = day.call("W01")
    assert (first.rule, first.number) == (again.rule, again.number) == ("guard", "A001")
    day.serve("W01")
    shared = replace(day.hall.hall, priority=replace(priority, max_share_of_calls=0.67))
    day.hall = replace(day.hall, hall=shared)
    day.take("S001")
    first = day.call("W01")
    assert first.priority == "elder"
    for _ in range(3):
        day.at("W01", undo, day.hall, "W01")
        assert day.call("W01").number == first.number


def test_a_miss_is_not_taken_back_when_another_window_has_called_since(day: HallDay) -> None:
    call = replace(day.hall.hall.call, undo_seconds=600, min_service_seconds=0)
    day.hall = replace(day.hall, hall=replace(day.hall.hall, call=call))
    day.open("W01", "W02")
    missed = day.take().leg.id
    day.call("W01")
    day.at("W01", no_show, day.hall, "W01")
    day.at("W01", give_back_place, day.hall, "W01", missed)
    day.call("W02")
    day.at("W02", no_show, day.hall, "W02")
    day.take()
    day.call("W02")
    with pytest.raises(refusals.MoveRefused):
        day.at("W01", undo, day.hall, "W01")
    assert check(day.store.engine, day.hall.id) == []


def test_who_is_sent_on_twice_comes_back_by_the_same_windows(day: HallDay) -> None:
    """W01 asks W02, W02 asks W03: the ticket goes back to W02 and then to W01, and is finished there."""
    day.open("W01", "W02", "W03")
    day.take()
    for here, there in (("W01", "W02"), ("W02", "W03")):
        day.call(here)
        day.at(here, start, here)
        day.at(here, transfer, day.hall, here, None, there, back=True)
    day.call("W03")
    day.serve("W03")
    for window in ("W02", "W01"):
        leg = day.call(window)
        assert leg is not None
        assert leg.rule == "back"
        day.serve(window)
    assert [day.call(w) for w in ("W01", "W02", "W03")] == [None, None, None]


def test_protected_calls_in_a_row_are_counted_within_the_day(day: HallDay) -> None:
    day.open("W01")
    day.take("S001", "elder")
    day.call("W01")
    day.serve("W01")
    with day.store.unit(SYSTEM) as unit:
        assert unit.protected_run == 1
        close_day(unit)
    day.clock.forward(days=1)
    day.open("W01")
    with day.store.unit(SYSTEM) as unit:
        assert unit.protected_run == 0


def test_an_undone_finish_asks_nobody_until_it_is_finished_again(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    day.serve("W01")
    day.at("W01", undo, day.hall, "W01")
    with pytest.raises(refusals.RatingNotAsked), day.store.unit(PAD_1) as unit:
        rate(unit, day.hall, taken.leg.id, 5, [])
    day.at("W01", finish, day.hall, "W01")
    with day.store.unit(PAD_1) as unit:
        assert rate(unit, day.hall, taken.leg.id, 5, []) == 5


def test_what_has_gone_on_cannot_be_taken_back(day: HallDay) -> None:
    day.open("W01", "W02")
    day.take()
    day.call("W01")
    day.at("W01", start, "W01")
    with pytest.raises(refusals.MoveRefused):  # the call: the service has begun
        day.at("W01", undo, day.hall, "W01")
    day.at("W01", transfer, day.hall, "W01", None, "W02")
    day.call("W02")
    with pytest.raises(refusals.MoveRefused):  # the transfer: another window has called
        day.at("W01", undo, day.hall, "W01")


def test_undo_waits_for_an_empty_window(day: HallDay) -> None:
    day.open("W01")
    first = day.take()
    day.take()
    day.call("W01")
    day.at("W01", start, "W01")
    day.at("W01", hold, "W01")
    day.call("W01")
    day.at("W01", undo, day.hall, "W01")  # the call
    day.at("W01", undo, day.hall, "W01")  # and the hold before it
    assert leg_now(day, first.leg.id).state is State.SERVING
    day.at("W01", hold, "W01")
    day.at("W01", unhold, day.hall, "W01", first.leg.id)
    with pytest.raises(refusals.MoveRefused):
        day.at("W01", undo, day.hall, "W01")


def test_the_clerk_who_takes_over_undoes_nothing_of_the_one_before(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    day.serve("W01")
    with day.store.unit(clerk("ZW002")) as unit:
        open_window(unit, day.hall, "W01", take_over=True)
    with pytest.raises(refusals.UndoNothing), day.store.unit(clerk("ZW002")) as unit:
        undo(unit, day.hall, "W01")


# --- transfer to a person, and back
def test_a_ticket_for_a_person_is_called_where_that_person_sits(day: HallDay) -> None:
    day.open("W01", "W02", "W03")
    day.take()
    day.call("W01")
    new = day.at("W01", transfer, day.hall, "W01", None, None, "老客户", person="ZW003")
    assert (new.queue, new.target_clerk, new.target_window) == ("A", "ZW003", None)
    assert day.call("W02") is None
    assert day.call("W03").number == "A001"  # type: ignore[union-attr]


def test_a_ticket_for_a_person_who_leaves_falls_back_to_the_queue(day: HallDay) -> None:
    day.open("W01", "W02", "W03")
    day.take()
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", None, None, person="ZW003")
    day.at("W03", close_window, day.hall, "W03")
    assert day.call("W02").number == "A001"  # type: ignore[union-attr]


@pytest.mark.parametrize("person", ["ZW001", "ZW010", "nobody"])
def test_no_transfer_to_oneself_or_to_somebody_who_is_not_there(day: HallDay, person: str) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    with pytest.raises(refusals.PersonAway):
        day.at("W01", transfer, day.hall, "W01", None, None, person=person)


def test_return_to_sender_comes_back_ahead_of_the_line(day: HallDay) -> None:
    day.open("W01", "W02", "W05")
    first = day.take()
    day.clock.forward(minutes=1)
    day.take("S001", "elder")  # protected: goes before any ordinary number of the same age
    day.clock.forward(minutes=1)
    day.at("W01", call_chosen, day.hall, "W01", first.ticket.number, "helped")
    day.at("W01", transfer, day.hall, "W01", "B", None, "先办医保", back=True)
    day.call("W05")
    day.serve("W05")
    with day.store.read() as connection:
        back = last_leg(connection, first.ticket.id)
    assert (back.state, back.queue, back.target_window, back.origin_at) == (
        State.WAITING,
        "A",
        "W01",
        first.leg.origin_at,
    )
    called = day.call("W01")
    assert called is not None
    assert (called.number, called.rule, called.service) == ("A001", "back", first.leg.service)
    assert "A001" in seen(day, desk_value, "W01")["ticket"]["why"]["zh"]
    assert day.call("W02").number == "A002"  # type: ignore[union-attr]


def test_the_way_back_leads_to_the_queue_when_the_sender_has_gone(day: HallDay) -> None:
    day.open("W01", "W02", "W05")
    day.take()
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", "B", None, back=True)
    day.at("W01", close_window, day.hall, "W01")
    day.call("W05")
    day.serve("W05")
    assert day.call("W02").number == "A001"  # type: ignore[union-attr]


# --- several services on one number
def test_a_window_that_only_helps_by_now_is_sent_to_and_come_back_to(day: HallDay) -> None:
    """A placement took W01's own queues away while somebody was on the way."""
    day.open("W01", "W02")
    windows = dict(day.hall.catalogue.windows)
    windows["W01"] = replace(windows["W01"], queues=(), overflow=("A",))
    helping = replace(day.hall, catalogue=replace(day.hall.catalogue, windows=windows))
    number = day.take().ticket.number
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", None, "W02", back=True)
    day.call("W02")
    day.at("W02", start, "W02")
    day.at("W02", finish, helping, "W02")
    assert day.call("W01").number == number  # type: ignore[union-attr]
    day.take()
    day.call("W02")
    sent = day.at("W02", transfer, helping, "W02", None, "W01")
    assert (sent.queue, sent.target_window) == ("A", "W01")


def test_who_waits_for_one_window_is_called_there_although_it_takes_nothing_else(day: HallDay) -> None:
    day.open("W01", "W02")
    number = day.take().ticket.number
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", None, "W02")
    windows = dict(day.hall.catalogue.windows)
    windows["W02"] = replace(windows["W02"], queues=(), overflow=())
    day.hall = replace(day.hall, catalogue=replace(day.hall.catalogue, windows=windows))
    assert day.call("W02").number == number  # type: ignore[union-attr]
    day.serve("W02")
    assert day.call("W02") is None


def test_three_services_one_number(day: HallDay) -> None:
    """A8 一站式, FEATURES 17: moving between windows needs no new number."""
    day.open("W01", "W05", "W10")
    taken = day.take()
    day.call("W01")
    day.at("W01", add_service, day.hall, "W01", "S101")
    day.at("W01", add_service, day.hall, "W01", "S401")
    assert [f["service"]["id"] for f in seen(day, desk_value, "W01")["further"]] == ["S101", "S401"]
    steps = seen(day, citizen_value, taken.ticket, day.clock())["legs"]
    assert [s["state"] for s in steps] == ["called", "planned", "planned"]
    for window, done in (("W01", 0), ("W05", 0), ("W10", 1)):
        if window != "W01":
            assert day.call(window).number == "A001"  # type: ignore[union-attr]
        day.serve(window)
        sums = seen(day, day_value)
        assert (sums["taken"], sums["done"]) == (1, done)
    steps = seen(day, citizen_value, taken.ticket, day.clock())["legs"]
    assert [(s["state"], s["window"]) for s in steps] == [("done", "1"), ("done", "5"), ("done", "10")]
    with day.store.read() as connection:
        legs = connection.execute(select(t.leg.c.number, t.leg.c.origin_at).order_by(t.leg.c.id)).all()
    assert {tuple(x) for x in legs} == {("A001", taken.leg.origin_at)}


def test_who_leaves_gets_no_further_leg_and_a_hall_may_give_one_service_only(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    with pytest.raises(refusals.ServiceUnknown):
        day.at("W01", add_service, day.hall, "W01", "S999")
    single = replace(
        day.hall,
        hall=replace(day.hall.hall, ticket=replace(day.hall.hall.ticket, multi_service_ticket=False)),
    )
    with pytest.raises(refusals.ServiceSingle):
        day.at("W01", add_service, single, "W01", "S101")
    day.at("W01", add_service, day.hall, "W01", "S101")
    day.at("W01", start, "W01")
    day.at("W01", finish, day.hall, "W01", "left")
    assert seen(day, day_value)["waiting"] == 0


def test_undoing_a_finish_withdraws_the_leg_it_opened(day: HallDay) -> None:
    day.open("W01", "W05")
    taken = day.take()
    day.call("W01")
    day.at("W01", add_service, day.hall, "W01", "S101")
    day.serve("W01")
    assert seen(day, day_value)["waiting"] == 1
    day.at("W01", undo, day.hall, "W01")
    assert day.call("W05") is None
    sums = seen(day, day_value)
    assert (sums["taken"], sums["waiting"], sums["serving"], sums["cancelled"]) == (1, 0, 1, 0)
    steps = seen(day, citizen_value, taken.ticket, day.clock())["legs"]
    assert [s["state"] for s in steps] == ["serving", "planned"]
    day.at("W01", finish, day.hall, "W01")
    assert day.call("W05").number == "A001"  # type: ignore[union-attr]


# --- call by choice
def test_call_by_choice_needs_a_reason_and_is_counted(day: HallDay) -> None:
    """FEATURES 83, PAINS 18."""
    day.open("W01", "W05")
    day.take()
    day.take()
    with pytest.raises(refusals.ChoiceReasonUnknown):
        day.at("W01", call_chosen, day.hall, "W01", "A002", "a friend")
    for window, number in (("W05", "A002"), ("W01", "A009")):
        with pytest.raises(refusals.NumberNotWaiting):
            day.at(window, call_chosen, day.hall, window, number, "helped")
    called = day.at("W01", call_chosen, day.hall, "W01", "A002", "helped")
    assert (called.number, called.rule, called.state) == ("A002", "choice", State.CALLED)
    with pytest.raises(refusals.WindowBusy):
        day.at("W01", call_chosen, day.hall, "W01", "A001", "helped")
    day.at("W01", undo, day.hall, "W01")  # taking it back does not make it uncounted
    assert seen(day, choices_value) == [{"clerk": "ZW001", "name": "陈静", "n": 1, "reasons": {"helped": 1}}]


def test_a_number_meant_for_another_window_is_no_choice(day: HallDay) -> None:
    day.open("W01", "W02", "W03")
    day.take()
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", None, "W03")
    with pytest.raises(refusals.NumberNotWaiting):
        day.at("W02", call_chosen, day.hall, "W02", "A001", "helped")
    assert day.at("W03", call_chosen, day.hall, "W03", "A001", "helped").number == "A001"


# --- corrections
def test_a_correction_keeps_both_versions(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    day.serve("W01")
    right = day.at("W01", correct, day.hall, "W01", taken.leg.id, "deferred", "S002", "误按办结")
    assert (right.outcome, right.service, right.state) == ("deferred", "S002", State.DONE)
    assert seen(day, desk_value, "W01")["done"][0]["outcome"] == "deferred"
    with day.store.read() as connection:
        lines = [json.loads(x) for x in connection.execute(select(t.audit.c.line)).scalars()]
    facts = next(x["facts"] for x in lines if x["act"] == "visit.correct")
    assert facts["was"] == {"outcome": "done", "service": "S001"}
    assert facts["now"] == {"outcome": "deferred", "service": "S002"}
    assert facts["reason"] == "误按办结"


def test_only_ones_own_visits_of_today_are_corrected(day: HallDay) -> None:
    day.open("W01", "W02")
    taken = day.take()
    day.call("W01")
    with pytest.raises(refusals.MoveRefused):  # no outcome yet
        day.at("W01", correct, day.hall, "W01", taken.leg.id, "done", None, "理由")
    assert day.at("W01", correct, day.hall, "W01", taken.leg.id, None, "S003", "来办别的").service == "S003"
    day.serve("W01")
    with pytest.raises(refusals.TicketUnknown):
        day.at("W02", correct, day.hall, "W02", taken.leg.id, "done", None, "理由")
    with pytest.raises(refusals.OutcomeUnknown):
        day.at("W01", correct, day.hall, "W01", taken.leg.id, "magic", None, "理由")


def test_yesterday_is_not_corrected(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    day.serve("W01")
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    day.clock.forward(days=1)
    day.open("W01")
    with pytest.raises(refusals.CorrectionLate):
        day.at("W01", correct, day.hall, "W01", taken.leg.id, "done", None, "理由")


# --- recall, skills, dispatch
def test_the_desk_says_when_a_recall_is_possible(day: HallDay) -> None:
    """FEATURES 70: spacing is told ahead, not only refused."""
    day.open("W01")
    day.take()
    called = day.call("W01")
    assert called is not None
    assert called.called_at is not None
    for n in (1, 2):
        at = seen(day, desk_value, "W01")["ticket"]["recall_at"]
        assert datetime.fromisoformat(at) == called.called_at + timedelta(seconds=20 * n)
        with pytest.raises(refusals.RecallTooSoon):
            day.at("W01", recall, day.hall, "W01")
        day.clock.forward(seconds=20)
        day.at("W01", recall, day.hall, "W01")
    day.at("W01", start, "W01")
    assert seen(day, desk_value, "W01")["ticket"]["recall_at"] is None


def test_dispatch_is_off_by_default_and_calls_after_a_rest(day: HallDay) -> None:
    """FEATURES 61."""
    day.open("W01", "W02")
    for _ in range(3):
        day.take()
    day.clock.forward(minutes=5)

    def beat(**rule: Any) -> list[str]:
        with day.store.unit(SYSTEM) as unit:
            return dispatch(unit, replace(day.hall, dispatch=Dispatch(**rule)))

    assert beat() == []
    assert beat(windows=("W01",), rest_s=15) == ["W01"]
    assert beat(windows=("W01",), rest_s=15) == []  # somebody stands there
    assert leg_now(day, 1).clerk == "ZW001"
    day.serve("W01")
    assert beat(windows=("W01",), rest_s=15) == []  # the rest
    day.clock.forward(seconds=15)
    assert beat(windows=("W01",), rest_s=15) == ["W01"]
    day.at("W01", undo, day.hall, "W01")
    assert beat(windows=("W01",), rest_s=15) == [], "what was taken back does not come again at once"


def test_F60_F61_dispatch_chooses_the_window_of_fewest_queues_then_the_longest_idle(day: HallDay) -> None:
    """QUEUEING 2, `idle`: not the first one of a list, over and over."""
    day.hall = replace(day.hall, dispatch=Dispatch(windows=("W01", "W02", "W03"), rest_s=15))
    day.open("W03")
    day.clock.forward(minutes=1)
    with day.store.unit(clerk("ZW002")) as unit:
        open_window(unit, day.hall, "W02")
    day.clock.forward(minutes=1)
    with day.store.unit(clerk("ZW001")) as unit:
        open_window(unit, day.hall, "W01")
    windows = dict(day.hall.catalogue.windows)
    sizes = {w: len(windows[w].queues) for w in ("W01", "W02", "W03")}
    assert len(set(sizes.values())) == 1, "equal but for how long they are idle"
    day.clock.forward(minutes=1)
    turns = []
    for _ in range(4):
        day.take()
        with day.store.unit(SYSTEM) as unit:
            turns += dispatch(unit, day.hall)
        day.serve(turns[-1], minutes=1)
        day.clock.forward(seconds=15)
    assert turns == ["W03", "W02", "W01", "W03"]
    for other in ("W02", "W03"):
        windows[other] = replace(windows[other], queues=(*windows[other].queues, "B"))
    day.hall = replace(day.hall, catalogue=replace(day.hall.catalogue, windows=windows))
    day.take()
    with day.store.unit(SYSTEM) as unit:
        assert dispatch(unit, day.hall) == ["W01"], "it can take the least else"


# --- any comprehensive window
def test_any_comprehensive_window_calls_who_is_next_whatever_the_service(day: HallDay) -> None:
    """A2 无差别受理: ten people with ten services in queue A, three windows, one order."""
    day.open("W01", "W02", "W03")
    services = [s.id for s in day.hall.catalogue.services.values() if s.queue == "A"][:10]
    even = replace(day.hall.rules, gamma=0.0)  # strict first come, first served
    day.hall = replace(day.hall, rules=even)
    for service in services:
        day.take(service)
        day.clock.forward(seconds=30)
    called = []
    for n in range(len(services)):
        window = ("W03", "W01", "W02")[n % 3]
        called.append(day.call(window).number)  # type: ignore[union-attr]
        day.serve(window)
    assert called == [f"A{n:03}" for n in range(1, len(services) + 1)]
    assert len(services) == 10


def test_a_call_by_choice_asks_for_the_skill_too(day: HallDay) -> None:
    """B19: what a person may no longer serve, they may not pick by number either."""
    day.open("W01")
    day.take()
    people = day.hall.catalogue.people
    ended = replace(people["ZW001"], skill_until={"A": day.clock.at.date() - timedelta(days=1)})
    day.hall = replace(day.hall, catalogue=replace(day.hall.catalogue, people={**people, "ZW001": ended}))
    reason = day.hall.choices.choice_reason[0].id
    with pytest.raises(refusals.NumberNotWaiting):
        day.at("W01", call_chosen, day.hall, "W01", "A001", reason)
