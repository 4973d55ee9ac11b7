"""An appointment's life through the verbs, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from server.actions.book import (
    cancel_booking,
    confirm,
    draft,
    expire_drafts,
    move_booking,
    wait_for_place,
)
from server.actions.check_in import check_in, find_booking
from server.actions.day import begin_closing, close_day
from server.actions.keep_appointments import keep_appointments
from server.actions.print_slip import reprint_slip
from server.actions.take_number import Taken
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.appointments import Appointment, Booking
from server.domain.calendar import LocalDay
from server.domain.leave import LeaveState
from server.domain.persons import person_key
from server.domain.placement import Placement, WindowPlace, placed
from server.domain.rosters import DayShift, Roster
from server.keys import NAME, hall_key
from server.settings import HallSettings
from server.store.alarms import all_alarms
from server.store.appointments import by_link
from server.store.leaves import add_leave, save_leave
from server.store.snapshots.slots import day_slots, slot_days
from server.store.verify import check
from tests.conftest import KIOSK, SHANGHAI, Clock, clerk
from tests.server.hall_day import URL, HallDay

CITIZEN = Actor("citizen", "booking", "citizen")
TUESDAY = date(2026, 3, 3)


def tuesday(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 3, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


TEN = tuesday(10)


@dataclass
class Bookings:
    """Short words for the deeds of a citizen, each in its own unit."""

    day: HallDay

    @property
    def clock(self) -> Clock:
        return self.day.clock

    def do(self, deed: Any, *args: Any, actor: Actor = CITIZEN) -> Any:
        with self.day.store.unit(actor) as unit:
            return deed(unit, self.day.hall, *args)

    def draft(self, at: datetime = TEN, service: str = "S001") -> Appointment:
        return self.do(draft, service, at)  # type: ignore[no-any-return]

    def book(self, at: datetime = TEN, service: str = "S001", person: str | None = None) -> Appointment:
        return self.do(confirm, self.draft(at, service), person)  # type: ignore[no-any-return]

    def fill(self, day: date = TUESDAY, service: str = "S001") -> list[Appointment]:
        """Book every place of a day."""
        with self.day.store.read() as connection:
            days = slot_days(connection, self.day.hall, service, self.clock())
        slots = next(d for d in days if d.day == day).slots
        return [self.book(slot.at, service) for slot in slots for _ in slot.free]

    def free(self, at: datetime) -> int:
        with self.day.store.read() as connection:
            days = slot_days(connection, self.day.hall, "S001", self.clock())
        return next(len(s.free) for d in days for s in d.slots if s.at == at)

    def see(self, booking: Appointment) -> Appointment:
        with self.day.store.read() as connection:
            return by_link(connection, self.day.hall.id, booking.link)

    def arrive(self, booking: Appointment, actor: Actor = KIOSK, code: str = "") -> Taken:
        with self.day.store.unit(actor) as unit:
            found = find_booking(unit, self.day.hall, code or booking.code)
            return check_in(unit, self.day.hall, self.day.template, URL, found)

    def open(self, at: datetime, *windows: str) -> None:
        """Open the hall at half past eight of that day, then go to `at`."""
        self.clock.at = max(at.replace(hour=0, minute=30), self.clock.at)
        self.day.open(*windows)
        self.clock.at = at


@pytest.fixture
def b(day: HallDay) -> Iterator[Bookings]:
    yield Bookings(day)
    assert check(day.store.engine, day.hall.id) == []


# --- having one
def test_feature_203_a_draft_keeps_the_place_until_it_is_confirmed(b: Bookings) -> None:
    before = b.free(tuesday(10))
    made = b.draft()
    assert (made.state, made.holds_until) == (Booking.DRAFT, b.clock() + timedelta(minutes=10))
    assert b.free(tuesday(10)) == before - 1
    booked = b.do(confirm, made)
    assert (booked.state, len(booked.code), booked.person) == (Booking.BOOKED, 8, None)
    with pytest.raises(refusals.BookingState):
        b.do(confirm, booked)


def test_feature_207_a_draft_that_nobody_confirms_is_released(b: Bookings) -> None:
    before = b.free(tuesday(10))
    made = b.draft()
    b.clock.forward(minutes=10)
    with pytest.raises(refusals.BookingState):
        b.do(confirm, made)
    b.do(keep_appointments, actor=SYSTEM)
    assert b.see(made).state is Booking.EXPIRED
    assert b.free(tuesday(10)) == before


def test_feature_205_no_slot_takes_more_than_its_places(b: Bookings) -> None:
    for _ in range(b.free(tuesday(10))):
        b.book()
    with pytest.raises(refusals.SlotFull):
        b.draft()


def test_feature_205_places_follow_roster_leave_and_skill(b: Bookings) -> None:
    """Places of queue A at window 1, 2 and 3: a roster that leaves one empty, granted leave whose stand-in
    sits elsewhere, and a skill that ends before the day each take their share."""
    queue, ten = "A", tuesday(10)
    day = ten.astimezone(b.day.hall.zone).date()

    def places(hall: HallSettings = b.day.hall) -> int:
        with b.day.store.read() as connection:
            found = day_slots(connection, hall, queue, day, b.clock()).slots
        return sum(slot.places for slot in found if slot.at >= ten)

    all_three = places()
    nobody = Roster("W02", (), (DayShift(day, time(8, 30), time(12), "", "会议"),))
    assert places(replace(b.day.hall, rosters={**b.day.hall.rosters, "W02": nobody})) < all_three
    people = {**b.day.hall.catalogue.people}
    people["ZW002"] = replace(people["ZW002"], skill_until={"A": day - timedelta(days=1)})
    assert places(replace(b.day.hall, catalogue=replace(b.day.hall.catalogue, people=people))) < all_three
    with b.day.store.unit(clerk("ZW002")) as unit:
        made = add_leave(unit, "ZW002", ten - timedelta(hours=4), ten + timedelta(hours=12), "")
    assert places() == all_three, "asked for is not granted"
    with b.day.store.unit(clerk("ZW024")) as unit:
        granted = save_leave(unit, made, state=LeaveState.APPROVED)
    on_leave = places()
    assert all_three * 0.5 < on_leave < all_three * 0.8, "one of three windows"
    with b.day.store.unit(clerk("ZW002")) as unit:
        save_leave(unit, granted, state=LeaveState.RETURNED)
    assert places() == all_three


@pytest.mark.parametrize(
    ("service", "at", "no"),
    [
        ("S999", tuesday(10), refusals.ServiceUnknown),
        ("X902", tuesday(10), refusals.ServiceNotBookable),
        ("S001", tuesday(10, 5), refusals.SlotUnknown),
        ("S001", tuesday(12, 30), refusals.SlotUnknown),  # lunch
        ("S001", tuesday(10) - timedelta(days=1), refusals.SlotUnknown),  # today
        ("S001", tuesday(10) + timedelta(days=12), refusals.SlotUnknown),
    ],
)
def test_what_cannot_be_booked(b: Bookings, service: str, at: datetime, no: type[refusals.Refusal]) -> None:
    with pytest.raises(no):
        b.draft(at, service)


def test_feature_10_one_person_may_not_book_twice_a_day(b: Bookings) -> None:
    b.book(tuesday(9), person="p1")
    with pytest.raises(refusals.BookingLimit):
        b.book(tuesday(14), person="p1")
    b.book(tuesday(14), person="p2")


def test_feature_46_cancel_in_time_and_not_after(b: Bookings) -> None:
    one, other = b.book(), b.book(tuesday(11))
    before = b.free(tuesday(10))
    b.do(cancel_booking, one)
    assert b.free(tuesday(10)) == before + 1
    b.clock.at = tuesday(9, 1)
    with pytest.raises(refusals.BookingTooLate):
        b.do(cancel_booking, b.see(other))


def test_moving_keeps_link_and_person_and_frees_the_old_place(b: Bookings) -> None:
    made = b.book(person="p1")
    before = b.free(tuesday(10))
    moved = b.do(move_booking, made, tuesday(15))
    seen = b.see(made)
    assert (seen.at, seen.link, seen.person, seen.moves) == (tuesday(15), made.link, "p1", 1)
    assert moved.code == made.code
    assert b.free(tuesday(10)) == before + 1
    other_day = b.do(move_booking, seen, tuesday(10) + timedelta(days=1))
    assert other_day.day == "2026-03-04"


def test_feature_208_no_deed_passes_a_booking_on(b: Bookings) -> None:
    made = b.book(person="p1")
    with pytest.raises(refusals.BookingState):
        b.do(confirm, made, "p2")
    b.do(move_booking, made, tuesday(15))
    assert b.see(made).person == "p1"
    b.do(cancel_booking, b.see(made))
    with pytest.raises(refusals.BookingState):
        b.do(confirm, b.see(made), "p2")
    assert b.see(made).person == "p1", "what was given back is nobody's to pass on"


def test_a_cancelled_place_goes_to_who_waits_for_it(b: Bookings) -> None:
    booked = b.fill()
    first, second = (b.do(wait_for_place, "S001", TUESDAY) for _ in range(2))
    b.do(cancel_booking, booked[0])
    offered = b.see(first)
    assert (offered.state, offered.at) == (Booking.DRAFT, booked[0].at)
    assert b.see(second).state is Booking.WAITLISTED
    with pytest.raises(refusals.SlotFull):
        b.draft(booked[0].at)  # it is kept, not up for grabs
    b.clock.forward(minutes=61)
    b.do(expire_drafts)
    assert b.see(first).state is Booking.EXPIRED
    assert b.do(confirm, b.see(second)).state is Booking.BOOKED


def test_nobody_waits_while_there_is_a_place(b: Bookings) -> None:
    with pytest.raises(refusals.SlotFree):
        b.do(wait_for_place, "S001", TUESDAY)
    with pytest.raises(refusals.SlotUnknown):
        b.do(wait_for_place, "S001", date(2026, 3, 8))


# --- coming
def test_c1_called_within_the_promise_without_a_second_number(b: Bookings) -> None:
    made = b.book()
    b.open(tuesday(9), "W01")
    for _ in range(6):
        b.day.take()
    b.clock.at = tuesday(9, 55)
    taken = b.arrive(made)
    assert taken.ticket.number == "A007", "the next number of the same queue: no second line"
    assert (taken.leg.priority, taken.leg.origin_at) == ("appointment", tuesday(9, 57))
    assert b.day.call("W01").number == "A001", "before its time it is no privilege"  # type: ignore[union-attr]
    b.clock.at = tuesday(9, 58)
    b.day.serve("W01", minutes=4)
    called = b.day.call("W01")
    assert called is not None
    assert (called.number, called.rule) == ("A007", "protected")
    waited = called.called_at - tuesday(10)  # type: ignore[operator]
    assert waited <= timedelta(minutes=b.day.hall.rules.limit["appointment"])


def test_feature_30_the_kiosks_slip_says_appointment(b: Bookings) -> None:
    made = b.book()
    b.open(tuesday(9, 50))
    taken = b.arrive(made)
    assert taken.slip is not None
    assert "预约 10:00" in [part.get("text") for part in taken.slip.facts["parts"]]
    with b.day.store.unit(KIOSK) as unit:
        again = reprint_slip(unit, b.day.hall, b.day.template, URL, taken.ticket.id)
    assert "预约 10:00" in [part.get("text") for part in again.facts["parts"]]
    assert "预约" not in str(b.day.take().slip)


def test_A1_who_booked_a_service_that_moved_waits_where_it_is_called_now(b: Bookings) -> None:
    first, *_, booked = b.fill()
    waits = b.do(wait_for_place, "S001", TUESDAY)
    files = b.day.hall.files
    moved = {s.id: "B" for s in files.services.values() if s.queue == "A"}
    takes = {w.id: WindowPlace(tuple(q for q in w.queues if q != "A")) for w in files.windows.values()}
    b.day.hall = replace(
        b.day.hall, catalogue=placed(files, Placement(services=moved, windows=takes, mode="by_department"))
    )
    assert b.day.hall.catalogue.serving["A"] == ()
    b.do(cancel_booking, first)
    assert b.see(waits).state is Booking.WAITLISTED, "no window takes A any more, so there is no place"
    assert booked.at is not None
    b.open(booked.at, "W05")
    taken = b.arrive(booked)
    assert (taken.leg.queue, taken.ticket.number[0]) == ("B", "B")
    called = b.day.call("W05")
    assert called is not None
    assert called.number == taken.ticket.number


def test_who_booked_a_time_that_was_closed_since_is_told_to_the_manager(b: Bookings) -> None:
    """The hall keeps nobody's telephone number: people have to see to it."""
    b.book(TEN)
    b.book(tuesday(15))

    def told() -> list[dict[str, Any]]:
        b.do(keep_appointments, actor=SYSTEM)
        with b.day.store.read() as connection:
            rows = all_alarms(connection, b.day.hall.id)
        return [dict(row["facts"]) for row in rows if row["kind"] == "booking-shut"]

    assert told() == []
    open_then = b.day.hall
    local = {TUESDAY: LocalDay(TUESDAY, "closed_afternoon")}
    b.day.hall = replace(open_then, calendar=replace(open_then.calendar, local=local))
    assert told() == [{"count": 1, "times": "15:00"}]
    b.day.hall = open_then
    assert told() == []


def test_checking_in_twice_is_one_number(b: Bookings) -> None:
    made = b.book()
    b.open(tuesday(9, 50))
    number = b.arrive(made).ticket.number
    with pytest.raises(refusals.CheckedInAlready) as no:
        b.arrive(made, code=made.link)
    assert no.value.facts["number"] == number


@pytest.mark.parametrize(
    ("at", "no"),
    [
        (tuesday(9, 44), refusals.CheckInEarly),
        (tuesday(10) + timedelta(days=1), refusals.BookingUnknown),  # the code is of one day
        (tuesday(10) - timedelta(days=1), refusals.BookingUnknown),
    ],
)
def test_feature_206_not_at_this_time(b: Bookings, at: datetime, no: type[refusals.Refusal]) -> None:
    made = b.book()
    b.open(at)
    with pytest.raises(no):
        b.arrive(made)


def test_the_link_names_the_day_when_it_is_another(b: Bookings) -> None:
    made = b.book()
    b.day.open()
    with pytest.raises(refusals.CheckInOtherDay):
        b.arrive(made, code=made.link)


def test_on_time_is_let_in_over_lunch_and_late_is_not(b: Bookings) -> None:
    after_lunch = b.book(tuesday(14))
    morning = b.book(tuesday(11))
    b.open(tuesday(13, 45))
    assert b.arrive(after_lunch).leg.priority == "appointment"
    b.clock.at = tuesday(18)
    with pytest.raises(refusals.HoursClosed):
        b.arrive(morning)


def test_c3_an_appointment_is_kept_while_the_hall_is_closing(b: Bookings) -> None:
    made = b.book(tuesday(17))
    b.open(tuesday(16, 50))
    with b.day.store.unit(SYSTEM) as unit:
        begin_closing(unit)
    assert b.arrive(made).ticket.number == "A001"
    with b.day.store.unit(SYSTEM) as unit:
        close_day(unit)
    other = b.book(tuesday(10) + timedelta(days=1))
    b.clock.at = tuesday(10) + timedelta(days=1)
    with pytest.raises(refusals.DayClosed):
        b.arrive(other)


def test_feature_211_who_does_not_come_has_missed_it(b: Bookings) -> None:
    made = b.book(person="p1")
    came = b.book(tuesday(9), person="p2")
    b.open(tuesday(9))
    b.arrive(came)
    b.clock.at = tuesday(20)
    b.do(keep_appointments, actor=SYSTEM)
    assert b.see(made).state is Booking.BOOKED, "the day is not over"
    b.clock.forward(hours=8)
    b.do(keep_appointments, actor=SYSTEM)
    b.do(keep_appointments, actor=SYSTEM)
    assert b.see(made).state is Booking.MISSED
    assert b.see(came).state is Booking.CHECKED_IN


def test_whose_booking_it_was_is_forgotten_when_it_counts_no_more(b: Bookings) -> None:
    made = b.book(person="p1")
    b.clock.forward(days=200)
    b.do(keep_appointments, actor=SYSTEM)
    assert b.see(made).person == "p1"
    b.clock.forward(days=20)
    b.do(keep_appointments, actor=SYSTEM)
    assert b.see(made).person is None


def test_a_phone_number_is_a_key_of_the_hall_and_nothing_else(tmp_path: Any) -> None:
    one = person_key(hall_key(tmp_path), "phone", "138 0000-0001")
    assert one == person_key(hall_key(tmp_path), "phone", "13800000001")
    assert one != person_key(hall_key(tmp_path), "phone", "13800000002")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [NAME]
    (tmp_path / NAME).unlink()
    assert one != person_key(hall_key(tmp_path), "phone", "13800000001"), "another hall's key, another hash"
