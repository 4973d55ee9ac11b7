"""The journey of one citizen through the verbs, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.actions.day import begin_closing, close_day
from server.actions.finish import finish
from server.actions.hold import hold, unhold
from server.actions.no_show import give_back_place, no_show
from server.actions.rate import close_overdue_questions, rate
from server.actions.recall import recall
from server.actions.staff_window import close_window, open_window, pause_window, resume_window
from server.actions.start import start
from server.actions.transfer import transfer
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.audit import first_break
from server.domain.tickets import State
from server.store import tables as t
from server.store.once import once
from server.store.tickets import find_leg
from tests.conftest import KIOSK, clerk
from tests.server.hall_day import HallDay

PAD_1 = Actor("device", "pad-1", "pad", window="W01")
PAD_2 = Actor("device", "pad-2", "pad", window="W02")


def test_numbers_follow_each_other_per_queue(day: HallDay) -> None:
    day.open()
    assert [day.take(s).ticket.number for s in ("S001", "S101", "S002", "S102")] == [
        "A001",
        "B001",
        "A002",
        "B002",
    ]
    assert day.take("S001").ahead == 2


def test_the_slip_is_owed_in_the_same_transaction(day: HallDay) -> None:
    taken = day.open().take()
    assert taken.slip is not None
    assert taken.slip.state == "queued"
    texts = [str(part.get("text", "")) for part in taken.slip.facts["parts"]]
    assert "A001" in texts
    assert any("公司设立登记" in text for text in texts)
    assert {"qr": f"http://127.0.0.1:8600/t/{taken.ticket.link}", "size": 6} in taken.slip.facts["parts"]


def test_call_serve_finish_rate(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.clock.forward(minutes=3)
    called = day.call("W01")
    assert called is not None
    assert (called.number, called.state, called.window, called.rule) == ("A001", State.CALLED, "W01", "share")
    done = day.serve("W01")
    assert done.outcome == "done"
    with day.store.unit(PAD_1) as unit:
        assert rate(unit, day.hall, taken.leg.id, 5, ["510"]) == 5
    with pytest.raises(refusals.RatingGivenAlready), day.store.unit(PAD_1) as unit:
        rate(unit, day.hall, taken.leg.id, 1, ["108"])


def test_two_windows_get_two_citizens_and_one_window_one(day: HallDay) -> None:
    day.open("W01", "W02")
    day.take()
    day.take()
    first, second = day.call("W01"), day.call("W02")
    assert {first.number, second.number} == {"A001", "A002"}  # type: ignore[union-attr]
    with pytest.raises(refusals.WindowBusy) as no:
        day.call("W01")
    assert no.value.facts["number"] == "A001"


def test_nobody_waits(day: HallDay) -> None:
    day.open("W01")
    assert day.call("W01") is None


def test_special_window_calls_only_its_queue(day: HallDay) -> None:
    day.open("W05")
    day.take("S001")
    assert day.call("W05") is None
    day.take("S101")
    assert day.call("W05").number == "B001"  # type: ignore[union-attr]


@pytest.mark.parametrize("hours_later", [9, 22])  # 18:00 of the same day, 07:00 of the next
def test_outside_hours_no_number_is_given(day: HallDay, hours_later: int) -> None:
    day.open()
    day.clock.forward(hours=hours_later)
    with pytest.raises(refusals.HoursClosed):
        day.take()


def test_lunch_only_where_a_window_stays(day: HallDay) -> None:
    day.open()
    day.clock.at = day.clock.at.replace(hour=12, minute=30)
    assert day.take("S001").ticket.number == "A001"  # W01 works over lunch
    with pytest.raises(refusals.LunchClosed) as no:
        day.take("S201")  # real estate does not
    assert no.value.facts == {"until": "14:00"}


def test_closed_day_unknown_service_staff_only_queue(day: HallDay) -> None:
    with pytest.raises(refusals.DayClosed):
        day.take()
    day.open()
    with pytest.raises(refusals.ServiceUnknown):
        day.take("S999")
    with pytest.raises(refusals.PriorityUnknown):
        day.take("S001", "vip")
    with pytest.raises(refusals.ServiceByStaff):
        day.take("X902")
    assert day.take("X902", actor=clerk("ZW025")).ticket.number == "N001"


def test_a_paused_window_does_not_call(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.at("W01", pause_window, day.hall, "W01", "meal")
    with pytest.raises(refusals.WindowPaused):
        day.call("W01")
    day.at("W01", resume_window, "W01")
    assert day.call("W01") is not None


def test_one_person_one_window_one_clerk(day: HallDay) -> None:
    day.open("W01")
    with pytest.raises(refusals.ClerkElsewhere):
        day.at("W01", open_window, day.hall, "W02")
    with pytest.raises(refusals.WindowTaken), day.store.unit(clerk("ZW002")) as unit:
        open_window(unit, day.hall, "W01")
    with day.store.unit(clerk("ZW002")) as unit:
        open_window(unit, day.hall, "W01", take_over=True)
    with pytest.raises(refusals.WindowForeign):
        day.call("W01")
    with pytest.raises(refusals.SkillMissing), day.store.unit(clerk("ZW010")) as unit:
        open_window(unit, day.hall, "W02")


def test_recall_has_its_spacing(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    with pytest.raises(refusals.RecallTooSoon):
        day.at("W01", recall, day.hall, "W01")
    day.clock.forward(seconds=20)
    assert day.at("W01", recall, day.hall, "W01").calls == 2


def test_no_show_and_return(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    day.call("W01")
    with pytest.raises(refusals.NoShowTooSoon):
        day.at("W01", no_show, day.hall, "W01")
    day.clock.forward(minutes=1)
    day.at("W01", no_show, day.hall, "W01")
    back = day.at("W01", give_back_place, day.hall, "W01", taken.leg.id)
    assert (back.state, back.returns, back.calls, back.window) == (State.WAITING, 1, 0, None)
    assert day.call("W01").number == "A001"  # type: ignore[union-attr]
    day.clock.forward(minutes=1)
    day.at("W01", no_show, day.hall, "W01")
    with pytest.raises(refusals.ReturnsSpent):
        day.at("W01", give_back_place, day.hall, "W01", taken.leg.id)


def test_hold_lets_the_next_one_come(day: HallDay) -> None:
    day.open("W01")
    first = day.take()
    day.take()
    day.call("W01")
    with pytest.raises(refusals.MoveRefused):
        day.at("W01", hold, "W01")  # not begun
    day.at("W01", start, "W01")
    day.at("W01", hold, "W01")
    assert day.call("W01").number == "A002"  # type: ignore[union-attr]
    with pytest.raises(refusals.WindowBusy):
        day.at("W01", unhold, day.hall, "W01", first.leg.id)
    day.serve("W01")
    assert day.at("W01", unhold, day.hall, "W01", first.leg.id).state is State.SERVING


def test_transfer_keeps_number_and_seniority(day: HallDay) -> None:
    day.open("W01", "W05")
    taken = day.take()
    day.clock.forward(minutes=4)
    day.call("W01")
    new = day.at("W01", transfer, day.hall, "W01", "B", None, "医保问题")
    assert (new.number, new.queue, new.origin_at, new.ordinal) == ("A001", "B", taken.leg.origin_at, 2)
    assert day.call("W05").number == "A001"  # type: ignore[union-attr]
    with day.store.read() as connection:
        assert find_leg(connection, day.hall.id, taken.leg.id).state is State.TRANSFERRED


def test_transfer_to_one_window_is_for_it_alone(day: HallDay) -> None:
    day.open("W01", "W02", "W03")
    day.take()
    day.call("W01")
    day.at("W01", transfer, day.hall, "W01", None, "W03")
    assert day.call("W02") is None
    assert day.call("W03").number == "A001"  # type: ignore[union-attr]


def test_rating_is_strict(day: HallDay) -> None:
    day.open("W01")
    taken = day.take()
    with pytest.raises(refusals.RatingNotAsked), day.store.unit(PAD_1) as unit:
        rate(unit, day.hall, taken.leg.id, 5, [])
    day.call("W01")
    day.serve("W01")
    for level, reasons, no in [
        (2, [], refusals.ReasonNeeded),
        (5, ["108"], refusals.ReasonForeign),
        (9, [], refusals.InputInvalid),
    ]:
        with pytest.raises(no), day.store.unit(PAD_1) as unit:
            rate(unit, day.hall, taken.leg.id, level, reasons)
    with pytest.raises(refusals.RatingNotAsked), day.store.unit(PAD_2) as unit:
        rate(unit, day.hall, taken.leg.id, 5, [])
    day.clock.forward(seconds=61)
    with day.store.unit(SYSTEM) as unit:
        close_overdue_questions(unit, day.hall)
    with pytest.raises(refusals.RatingTooLate), day.store.unit(PAD_1) as unit:
        rate(unit, day.hall, taken.leg.id, 5, [])
    with day.store.read() as connection:
        assert connection.execute(select(t.rating.c.state, t.rating.c.level)).one() == ("timed_out", None)


def test_a_pad_that_was_cut_off_hands_over_what_was_pressed_in_time(day: HallDay) -> None:
    """The press counts, not the moment the line was back; once, and for a day at most."""
    day.open("W01")

    def served() -> tuple[int, datetime]:
        leg = day.take().leg.id
        day.call("W01")
        day.serve("W01")
        asked = day.clock.at
        day.clock.forward(minutes=30)
        with day.store.unit(SYSTEM) as unit:
            close_overdue_questions(unit, day.hall)
        return leg, asked

    def hand_over(leg: int, pressed: datetime | None) -> None:
        with day.store.unit(PAD_1) as unit:
            rate(unit, day.hall, leg, 2, ["207"], pressed_at=pressed)

    def stored(leg: int) -> tuple[Any, ...]:
        with day.store.read() as connection:
            row = connection.execute(
                select(t.rating.c.state, t.rating.c.level, t.rating.c.given_at).where(t.rating.c.leg == leg)
            )
            return tuple(row.one())

    leg, asked = served()
    for pressed, no in [
        (None, refusals.RatingTooLate),
        (asked + timedelta(seconds=61), refusals.RatingTooLate),
        (day.clock.at + timedelta(hours=1), refusals.RatingTooLate),  # a clock ahead of ours gains nothing
        (asked - timedelta(minutes=5), refusals.RatingNotAsked),  # meant for an earlier question
    ]:
        with pytest.raises(no):
            hand_over(leg, pressed)
        assert stored(leg) == ("timed_out", None, None)
    hand_over(leg, asked + timedelta(seconds=20))
    assert stored(leg) == ("given", 2, asked + timedelta(seconds=20))
    with pytest.raises(refusals.RatingGivenAlready):
        hand_over(leg, asked + timedelta(seconds=21))

    leg, asked = served()
    day.clock.forward(hours=24)
    with pytest.raises(refusals.RatingTooLate):
        hand_over(leg, asked + timedelta(seconds=20))


def test_closing_serves_everyone_and_then_expires_the_rest(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.take()
    with day.store.unit(SYSTEM) as unit:
        begin_closing(unit)
    with pytest.raises(refusals.DayClosing):
        day.take()
    day.call("W01")
    with pytest.raises(refusals.WindowBusy), day.store.unit(SYSTEM) as unit:
        close_day(unit)
    day.serve("W01")
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    with day.store.read() as connection:
        states = connection.execute(select(t.leg.c.state, func.count()).group_by(t.leg.c.state)).all()
    assert dict(states) == {"done": 1, "expired": 1}


def test_a_repeated_request_gets_the_first_answer(day: HallDay) -> None:
    day.open("W01")

    def deed() -> dict[str, str]:
        return {"number": "A001"}

    with day.store.unit(KIOSK) as unit:
        first = once(unit, "request-1", {"service": "S001"}, deed)
    with day.store.unit(KIOSK) as unit:
        again = once(unit, "request-1", {"service": "S001"}, lambda: {"number": "other"})
    assert first == again == ({"number": "A001"}, 200)
    with pytest.raises(refusals.RequestIdConflict), day.store.unit(KIOSK) as unit:
        once(unit, "request-1", {"service": "S002"}, deed)


def test_a_refusal_undoes_what_its_deed_wrote_and_is_remembered(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")

    def deed() -> dict[str, str]:
        start(unit, "W01")
        finish(unit, day.hall, "W01", "no such outcome")
        return {}

    for _ in range(2):
        with day.store.unit(clerk("ZW001")) as unit:
            answer, status = once(unit, "request-2", {}, deed)
            assert not unit.events
        assert (answer["refused"], status) == ("outcome-unknown", 404)
    with day.store.read() as connection:
        assert connection.execute(select(t.leg.c.state)).scalar_one() == "called"


def test_the_clock_set_back_never_makes_a_negative_wait(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.clock.forward(hours=-1)
    called = day.call("W01")
    assert called is not None
    assert called.called_at is not None
    assert called.called_at >= called.joined_at
    assert day.take().ticket.number == "A002"


def test_the_audit_chain_holds_and_shows_an_edit(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    day.serve("W01")
    day.at("W01", close_window, day.hall, "W01")
    with day.store.read() as connection:
        rows = [tuple(r) for r in connection.execute(select(t.audit.c.seq, t.audit.c.line, t.audit.c.hash))]
    assert first_break(sorted(rows)) is None
    assert len(rows) == 7  # day.open, window.open, take, call, start, finish, window.close
    edited = [(s, line.replace("A001", "A009"), h) if s == 3 else (s, line, h) for s, line, h in sorted(rows)]
    assert first_break(edited) == 3
    assert first_break(sorted(rows)[:2] + sorted(rows)[3:]) == 3


def test_a_kiosk_cannot_give_what_only_staff_may_grant(day: HallDay) -> None:
    day.open()
    with pytest.raises(refusals.PriorityUnknown):
        day.take("S001", "emergency")
    assert day.take("S001", "emergency", actor=clerk("ZW025")).leg.priority == "emergency"


def test_nobody_is_sent_to_a_window_where_nobody_sits(day: HallDay) -> None:
    day.open("W01")
    day.take()
    day.call("W01")
    with pytest.raises(refusals.TargetWrong):
        day.at("W01", transfer, day.hall, "W01", None, "W05")
