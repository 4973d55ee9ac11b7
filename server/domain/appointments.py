"""预约: when one may come by appointment, how many per slot, and where the seniority of who came begins.

A slot's places are a share of what the queue's windows can do in it: windows with somebody able (crew.py) x
slot minutes / mean minutes x `capacity_share`; the rest is for walk-ins. Who checks in gets a number of the
same queue at once: GATE alone (domain/routing.py) turns the agreed time into seniority, so there is no second
line. Times of day are the hall's local time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise
from math import floor
from typing import ClassVar, Literal

from server.domain import refusals
from server.domain.calendar import HallCalendar, Interval
from server.domain.catalogue import STRICT, Catalogue, Queue, Service
from server.domain.routing import APPOINTMENT, ORDINARY, Rules


@dataclass(frozen=True)
class Appointments:
    """hall.toml [appointment]: what the hall publishes."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    slot_minutes: int = 30
    capacity_share: float = 0.4  # of the modelled capacity of a slot; the rest is for walk-ins
    earliest_workdays_ahead: int = 1
    latest_workdays_ahead: int = 5
    cancel_hours_before: int = 2  # the same for moving
    early_minutes: int = 15  # check-in is accepted from so long before the time
    grace_minutes: int = 15  # who is later than GATE allows, but not than this, keeps late_credit_minutes
    late_credit_minutes: int = 10
    max_per_person_per_day: int = 1
    max_per_person_per_week: int = 2
    max_per_person_per_month: int = 6
    no_show_ban_after: int = 2  # missed appointments ...
    no_show_ban_days: int = 90  # ... within so many days, and for so many days after the last
    remind_before_minutes: int = 60  # the reminder in the calendar entry that the citizen may keep
    draft_minutes: int = 10  # a place is kept so long before it must be confirmed
    offer_minutes: int = 60  # the same for a place that the waiting list offers
    ask_id_card: bool = False  # the same of an identity card, which then checks in; staff may always note it
    ask_phone: bool = False  # a phone number may be given; only its keyed hash is kept
    closed: tuple[date, ...] = ()  # no appointments on these days

    @property
    def remembered(self) -> timedelta:
        """How long after its day a booking may still count against its person."""
        return timedelta(days=2 * self.no_show_ban_days + 31)


Moment = Literal["early", "ready", "late"]


class Booking(StrEnum):
    """The states of an appointment."""

    WAITLISTED = "waitlisted"
    DRAFT = "draft"
    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    MISSED = "missed"
    EXPIRED = "expired"


class Step(StrEnum):
    OFFER = "offer"
    CONFIRM = "confirm"
    MOVE = "move"
    CANCEL = "cancel"
    CHECK_IN = "check_in"
    MISS = "miss"
    EXPIRE = "expire"


STEPS: dict[tuple[Booking, Step], Booking] = {
    (Booking.WAITLISTED, Step.OFFER): Booking.DRAFT,
    (Booking.WAITLISTED, Step.CANCEL): Booking.CANCELLED,
    (Booking.WAITLISTED, Step.EXPIRE): Booking.EXPIRED,
    (Booking.DRAFT, Step.CONFIRM): Booking.BOOKED,
    (Booking.DRAFT, Step.CANCEL): Booking.CANCELLED,
    (Booking.DRAFT, Step.EXPIRE): Booking.EXPIRED,
    (Booking.BOOKED, Step.MOVE): Booking.BOOKED,
    (Booking.BOOKED, Step.CANCEL): Booking.CANCELLED,
    (Booking.BOOKED, Step.CHECK_IN): Booking.CHECKED_IN,
    (Booking.BOOKED, Step.MISS): Booking.MISSED,
}

HOLDING = (Booking.DRAFT, Booking.BOOKED, Booking.CHECKED_IN, Booking.MISSED)  # these keep a place of a slot
COUNTED = (Booking.BOOKED, Booking.CHECKED_IN, Booking.MISSED)  # these count against a person's limits


def stepped(state: Booking, step: Step) -> Booking:
    """The state after `step`. Raises BookingState for every arrow that is not in STEPS."""
    try:
        return STEPS[state, step]
    except KeyError:
        raise refusals.BookingState(state=state.value, step=step.value) from None


@dataclass(frozen=True)
class Appointment:
    """One booking. `link` is the citizen's 128-bit capability, `code` what is typed at the kiosk, `person`
    the keyed hash of a phone number, None when none was given; it never changes, so a place cannot be traded.

    `at`, `place` are None while it stands on the waiting list. `said`: why the hall itself moved or cancelled
    it last.
    """

    id: int
    queue: str
    service: str
    day: str  # ISO date in the hall's zone
    at: datetime | None
    place: int | None
    state: Booking
    link: str
    code: str
    person: str | None
    holds_until: datetime | None
    made_at: datetime
    channel: str
    lang: str
    moves: int = 0
    ticket: int | None = None
    said: str | None = None


# --- what and when
def takes_appointments(catalogue: Catalogue, service: Service) -> bool:
    return service.appointment and catalogue.queues[service.queue].appointments


def is_workday(calendar: HallCalendar, day: date) -> bool:
    return calendar.kind(day) == "working" and bool(calendar.intervals(day))


def booking_hours(calendar: HallCalendar, queue: Queue, day: date) -> Sequence[Interval]:
    """The hours in which appointments are kept, the queue's own where it has some, as the hall's decision for
    that date leaves them; Saturday's count even where it takes no walk-ins."""
    own = {"working": queue.hours, "saturday": queue.saturday}.get(calendar.kind(day), ())
    return calendar.cut(day, own) if own else calendar.intervals(day)


def bookable_days(calendar: HallCalendar, today: date, terms: Appointments) -> list[date]:
    """From the earliest to the latest working day ahead, and the open weekend days between them."""
    days: list[date] = []
    ahead, day = 0, today
    if terms.earliest_workdays_ahead == 0 and is_workday(calendar, today):
        days.append(today)
    while ahead < terms.latest_workdays_ahead and day < today + timedelta(days=60):
        day += timedelta(days=1)
        ahead += is_workday(calendar, day)
        if ahead >= terms.earliest_workdays_ahead and calendar.intervals(day):
            days.append(day)
    return [d for d in days if d not in terms.closed]


def slot_times(hours: Iterable[Interval], slot_minutes: int) -> list[time]:
    """The starts of the whole slots in `hours`."""
    span, starts = timedelta(minutes=slot_minutes), []
    for first, last in hours:
        at, end = datetime.combine(date.min, first), datetime.combine(date.min, last)
        while at + span <= end:
            starts.append(at.time())
            at += span
    return starts


# --- how many
def capacity(windows: float, slot_minutes: float, mean_minutes: float, share: float) -> float:
    """How many appointments a slot bears on average."""
    return share * windows * slot_minutes / mean_minutes


def places(bears: Iterable[float]) -> list[int]:
    """The places of the day's slots, of which each bears so many: fractions are carried from slot to slot, so
    that the day as a whole keeps the share."""
    up_to = [floor(total + 1e-9) for total in accumulate(bears, initial=0.0)]
    return [b - a for a, b in pairwise(up_to)]


# --- who
def check_person(
    earlier: Iterable[tuple[date, Booking]], day: date, today: date, terms: Appointments
) -> None:
    """May the person with these `earlier` appointments book one more on `day`?

    Raises BookingBanned, BookingLimit.
    """
    known = list(earlier)
    missed = sorted(d for d, state in known if state is Booking.MISSED)[-terms.no_show_ban_after :]
    ban = timedelta(days=terms.no_show_ban_days)
    together = len(missed) == terms.no_show_ban_after and missed and missed[-1] - missed[0] <= ban
    if together and today <= missed[-1] + ban:
        raise refusals.BookingBanned(missed=len(missed), until=(missed[-1] + ban).isoformat())
    days = [d for d, state in known if state in COUNTED]
    for span, most, same in (
        ("day", terms.max_per_person_per_day, [d for d in days if d == day]),
        ("week", terms.max_per_person_per_week, [d for d in days if _week(d) == _week(day)]),
        ("month", terms.max_per_person_per_month, [d for d in days if f"{d:%Y%m}" == f"{day:%Y%m}"]),
    ):
        if len(same) >= most:
            raise refusals.BookingLimit(span=span, allowed=most)


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def check_change(at: datetime, now: datetime, terms: Appointments) -> None:
    """Raises BookingTooLate when it is too late to cancel or move."""
    if now > at - timedelta(hours=terms.cancel_hours_before):
        raise refusals.BookingTooLate(hours=terms.cancel_hours_before)


# --- coming
def moment(at: datetime, now: datetime, rules: Rules, terms: Appointments) -> Moment:
    """Where `now` stands to the agreed time, in the steps of `arrival`."""
    if now < at - timedelta(minutes=terms.early_minutes):
        return "early"
    return "ready" if now <= at + timedelta(minutes=rules.late) else "late"


def arrival(at: datetime, now: datetime, rules: Rules, terms: Appointments) -> tuple[str, datetime]:
    """(priority class, where the seniority begins) of who checks in at `now` for `at`, by GATE.

    On time or early: the agreed time − lead. Late: from check-in. Later than `late`: an ordinary ticket from
    check-in, with a small credit up to `grace_minutes`. Raises CheckInEarly, which names `at` by the clock of
    its own zone.
    """
    opens = at - timedelta(minutes=terms.early_minutes)
    if now < opens:
        raise refusals.CheckInEarly(at=at.isoformat(), time=f"{at:%H:%M}", start=f"{opens:%H:%M}")
    if now <= at:
        return APPOINTMENT, at - timedelta(minutes=rules.lead)
    if now <= at + timedelta(minutes=rules.late):
        return APPOINTMENT, now
    if now <= at + timedelta(minutes=terms.grace_minutes):
        return ORDINARY, now - timedelta(minutes=terms.late_credit_minutes)
    return ORDINARY, now
