"""Every fact, past tense, one frozen dataclass each. What a fact touches tells the push which rows to send
again.

The fields are public unless said otherwise: no event carries a person's name or number of identity.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import ClassVar


@dataclass(frozen=True)
class Event:
    """Base. `name` is the word on the wire; `touches` names the collections whose rows it changes."""

    name: ClassVar[str] = ""
    touches: ClassVar[frozenset[str]] = frozenset()

    def wire(self) -> dict[str, object]:
        """{"name": …, and every field}."""
        return {"name": self.name, **asdict(self)}

    def ids(self, field: str) -> set[str]:
        """The value of `field` as a set, empty when the event has no such field or it is None."""
        value = getattr(self, field, None)
        return set() if value is None else {str(value)}


ALARMS, LEAVES, ORDERS, ASIDE = "alarms", "leaves", "orders", "aside"
AIDS, ENQUIRIES, FACTS = "aids", "enquiries", "facts"
QUEUE, WINDOW, CALLS, DAY, RATINGS, DEVICES, SLIPS, POSTS, EMERGENCIES, TIDAL, CHOICES, APPOINTMENTS = (
    "queue",
    "window",
    "calls",
    "day",
    "ratings",
    "devices",
    "slips",
    "posts",
    "emergencies",
    "tidal",
    "choices",
    "appointments",
)


@dataclass(frozen=True)
class TicketTaken(Event):
    name = "ticket.taken"
    touches = frozenset({QUEUE, DAY, SLIPS})
    ticket: int
    number: str
    queue: str


@dataclass(frozen=True)
class TicketCalled(Event):
    """The first call of a leg. `call` identifies the announcement."""

    name = "ticket.called"
    touches = frozenset({QUEUE, WINDOW, CALLS, DAY})
    call: int
    ticket: int
    number: str
    queue: str
    window: str
    window_number: str
    n: int


@dataclass(frozen=True)
class TicketRecalled(TicketCalled):
    name = "ticket.recalled"


@dataclass(frozen=True)
class VisitStarted(Event):
    name = "visit.started"
    touches = frozenset({QUEUE, WINDOW, DAY})
    ticket: int
    number: str
    queue: str
    window: str


@dataclass(frozen=True)
class VisitFinished(VisitStarted):
    name = "visit.finished"
    outcome: str = "done"


@dataclass(frozen=True)
class TicketNoShow(VisitStarted):
    name = "ticket.no_show"
    touches = frozenset({QUEUE, WINDOW, DAY, ASIDE})


@dataclass(frozen=True)
class TicketHeld(VisitStarted):
    name = "ticket.held"
    touches = frozenset({QUEUE, WINDOW, DAY, ASIDE})


@dataclass(frozen=True)
class TicketResumed(TicketHeld):
    """`from_window`: where it had been set aside."""

    name = "ticket.resumed"
    from_window: str | None = None

    def ids(self, field: str) -> set[str]:
        return super().ids(field) | (super().ids("from_window") if field == "window" else set())


@dataclass(frozen=True)
class TicketLetGo(TicketResumed):
    """Who was set aside did not come back."""

    name = "ticket.let_go"


@dataclass(frozen=True)
class HoldOverdue(Event):
    """Set aside longer than the hall allows: other windows may take it up."""

    name = "hold.overdue"
    touches = frozenset({ASIDE})
    ticket: int
    number: str
    queue: str
    window: str


@dataclass(frozen=True)
class TicketReturned(Event):
    """`from_window`: where the call was missed; `window`: where its holder said that they are back."""

    name = "ticket.returned"
    touches = frozenset({QUEUE, DAY, WINDOW, ASIDE})
    ticket: int
    number: str
    queue: str
    window: str | None
    from_window: str | None = None

    def ids(self, field: str) -> set[str]:
        return super().ids(field) | (super().ids("from_window") if field == "window" else set())


@dataclass(frozen=True)
class TicketTransferred(Event):
    """From a window to a queue (and perhaps one window of it)."""

    name = "ticket.transferred"
    touches = frozenset({QUEUE, WINDOW, DAY})
    ticket: int
    number: str
    queue: str
    window: str
    to_queue: str
    to_window: str | None

    def ids(self, field: str) -> set[str]:
        target = {"queue": self.to_queue, "window": self.to_window}.get(field)
        return super().ids(field) | ({target} if target is not None else set())


@dataclass(frozen=True)
class TicketReleased(TicketTransferred):
    """Who was set aside at `from_window` waits again, for a queue, a window or a person; `window` sent it."""

    name = "ticket.released"
    touches = frozenset({QUEUE, WINDOW, DAY, ASIDE})
    from_window: str | None = None

    def ids(self, field: str) -> set[str]:
        return super().ids(field) | (super().ids("from_window") if field == "window" else set())


@dataclass(frozen=True)
class TicketCancelled(Event):
    name = "ticket.cancelled"
    touches = frozenset({QUEUE, DAY})
    ticket: int
    number: str
    queue: str


@dataclass(frozen=True)
class TicketArrived(TicketCancelled):
    """The holder of a number taken by phone is in the hall: from now on it can be called."""

    name = "ticket.arrived"


@dataclass(frozen=True)
class TicketLapsed(TicketCancelled):
    """Its turn came and its holder was not there in time: missed, as after a call."""

    name = "ticket.lapsed"


@dataclass(frozen=True)
class TicketReclassed(TicketCancelled):
    """Staff verified the class of a waiting number; its place in time stays."""

    name = "ticket.reclassed"


@dataclass(frozen=True)
class TicketPostponed(TicketCancelled):
    """Its holder lets others go first: the same line, in another order."""

    name = "ticket.postponed"


@dataclass(frozen=True)
class WindowOpened(Event):
    name = "window.opened"
    touches = frozenset({WINDOW, QUEUE, POSTS, ASIDE})
    window: str

    def ids(self, field: str) -> set[str]:
        # a window's state changes how many windows every queue has: "*" asks for all rows
        return {"*"} if field == "queue" else super().ids(field)


@dataclass(frozen=True)
class WindowClosed(WindowOpened):
    name = "window.closed"


@dataclass(frozen=True)
class WindowPaused(WindowOpened):
    name = "window.paused"
    reason: str = ""


@dataclass(frozen=True)
class WindowResumed(WindowOpened):
    name = "window.resumed"


@dataclass(frozen=True)
class RatingAsked(Event):
    name = "rating.asked"
    touches = frozenset({WINDOW, RATINGS})
    window: str
    leg: int


@dataclass(frozen=True)
class RatingGiven(RatingAsked):
    name = "rating.given"
    level: int = 0


@dataclass(frozen=True)
class RatingTimedOut(RatingAsked):
    name = "rating.timed_out"


@dataclass(frozen=True)
class RatingWithdrawn(RatingAsked):
    """The finish was taken back before anybody rated: nobody is asked."""

    name = "rating.withdrawn"


@dataclass(frozen=True)
class DeedUndone(Event):
    """A clerk took back the last move; the leg is again what it was. `to_queue`: where a further leg had
    gone."""

    name = "deed.undone"
    touches = frozenset({QUEUE, WINDOW, CALLS, DAY, CHOICES, ASIDE})
    ticket: int
    number: str
    queue: str
    window: str
    move: str
    to_queue: str | None

    def ids(self, field: str) -> set[str]:
        return super().ids(field) | (super().ids("to_queue") if field == "queue" else set())


@dataclass(frozen=True)
class LegAdded(Event):
    """A visit is finished and its ticket waits again: for a further service, or back at the window that sent
    it."""

    name = "leg.added"
    touches = frozenset({QUEUE, WINDOW, DAY})
    ticket: int
    number: str
    queue: str
    window: str | None


@dataclass(frozen=True)
class ServiceAdded(Event):
    """A further service stands on the ticket."""

    name = "service.added"
    touches = frozenset({WINDOW})
    ticket: int
    number: str
    window: str


@dataclass(frozen=True)
class VisitCorrected(Event):
    name = "visit.corrected"
    touches = frozenset({WINDOW})
    ticket: int
    number: str
    window: str


@dataclass(frozen=True)
class TicketChosen(Event):
    """A number was called by choice and not by the rule."""

    name = "ticket.chosen"
    touches = frozenset({CHOICES})
    ticket: int
    number: str
    window: str
    reason: str


@dataclass(frozen=True)
class EmergencyRaised(Event):
    name = "emergency.raised"
    touches = frozenset({EMERGENCIES})
    emergency: int
    window: str


@dataclass(frozen=True)
class EmergencyAcknowledged(EmergencyRaised):
    name = "emergency.acknowledged"


@dataclass(frozen=True)
class EmergencyClosed(EmergencyRaised):
    name = "emergency.closed"


@dataclass(frozen=True)
class TidalRequested(Event):
    """The load asks for a tidal window."""

    name = "tidal.requested"
    touches = frozenset({TIDAL})
    window: str


@dataclass(frozen=True)
class TidalConfirmed(TidalRequested):
    name = "tidal.confirmed"


@dataclass(frozen=True)
class TidalDeclined(TidalRequested):
    name = "tidal.declined"


@dataclass(frozen=True)
class TidalCleared(TidalRequested):
    """The load has gone: the window is needed no longer."""

    name = "tidal.cleared"


@dataclass(frozen=True)
class StandInCalled(Event):
    """The main person of a post has not come: the stand-in is asked to take it."""

    name = "post.stand_in_called"
    touches = frozenset({POSTS})
    window: str


@dataclass(frozen=True)
class LeaderCalled(StandInCalled):
    """The stand-in has not come either."""

    name = "post.leader_called"


@dataclass(frozen=True)
class CoverEnded(StandInCalled):
    """Nobody is expected there any more."""

    name = "post.cover_ended"


@dataclass(frozen=True)
class LeaveChanged(Event):
    """Somebody's leave was asked for, decided, taken back or closed."""

    name = "leave.changed"
    touches = frozenset({POSTS, LEAVES})
    leave: int
    state: str


@dataclass(frozen=True)
class ComplaintChanged(Event):
    """A complaint came in or moved on. What it says, no event says."""

    name = "complaint.changed"
    touches = frozenset({DAY})
    complaint: int
    state: str


@dataclass(frozen=True)
class OrderChanged(Event):
    """A home visit, an assisted errand or a batch moved on. Whose it is, no event says."""

    name = "order.changed"
    touches = frozenset({ORDERS})
    order: int
    kind: str
    state: str


@dataclass(frozen=True)
class AidChanged(Event):
    """A call for a guide's hand came in or moved on. `kiosk`: where it is, when it is at one."""

    name = "aid.changed"
    touches = frozenset({AIDS})
    aid: int
    kind: str
    place: str
    kiosk: str | None
    state: str


@dataclass(frozen=True)
class EnquiryRegistered(Event):
    name = "enquiry.registered"
    touches = frozenset({ENQUIRIES})
    enquiry: int
    kind: str


@dataclass(frozen=True)
class EnquiryWithdrawn(EnquiryRegistered):
    name = "enquiry.withdrawn"


@dataclass(frozen=True)
class SlipChanged(Event):
    name = "slip.changed"
    touches = frozenset({SLIPS})
    slip: int
    ticket: int | None  # None: a notice for somebody without a number
    kiosk: str | None
    state: str
    reason: str
    copy: int


@dataclass(frozen=True)
class RollChanged(Event):
    """A kiosk's printer has a new roll of paper."""

    name = "roll.changed"
    touches = frozenset({SLIPS})
    kiosk: str


@dataclass(frozen=True)
class SlipsPublished(Event):
    """Templates of slips were published; they hold for the next paper."""

    name = "slips.published"
    touches = frozenset({SLIPS})
    version: int


@dataclass(frozen=True)
class DeviceChanged(Event):
    name = "device.changed"
    touches = frozenset({DEVICES})
    device: str
    kind: str
    kiosk: str | None
    window: str | None
    state: str
    reason: str


@dataclass(frozen=True)
class DayOpened(Event):
    name = "day.opened"
    touches = frozenset(
        {
            *(DAY, QUEUE, WINDOW, CALLS, RATINGS, SLIPS, POSTS, EMERGENCIES, TIDAL, CHOICES, APPOINTMENTS),
            *(ASIDE, AIDS, ENQUIRIES),
        }
    )
    day: str

    def ids(self, field: str) -> set[str]:
        return {"*"} if field in ("queue", "window") else super().ids(field)


@dataclass(frozen=True)
class DayClosing(Event):
    name = "day.closing"
    touches = frozenset({DAY})
    day: str


@dataclass(frozen=True)
class DayClosed(DayOpened):
    name = "day.closed"


@dataclass(frozen=True)
class EstimatesChanged(Event):
    """What a new number of this queue may expect is shown differently now."""

    name = "estimates.changed"
    touches = frozenset({QUEUE})
    queue: str


@dataclass(frozen=True)
class AlarmChanged(Event):
    """Something wants a manager, or no longer does."""

    name = "alarm.changed"
    touches = frozenset({ALARMS})
    kind: str
    what: str


@dataclass(frozen=True)
class AlarmAnswered(Event):
    """Somebody has taken an alarm on."""

    name = "alarm.answered"
    touches = frozenset({ALARMS})
    alarm: str
    person: str


@dataclass(frozen=True)
class PlacementPublished(Event):
    """Services, queues or windows were placed anew; it holds for the next number."""

    name = "placement.published"
    touches = frozenset({QUEUE, WINDOW, FACTS})
    version: int

    def ids(self, field: str) -> set[str]:
        return {"*"} if field in ("queue", "window", "kiosk") else super().ids(field)


@dataclass(frozen=True)
class ConfigChanged(Event):
    """Something configured came into force: services, queues, hours, people, windows, boards."""

    name = "config.changed"
    touches = frozenset({QUEUE, WINDOW, CALLS, DAY, POSTS, CHOICES, APPOINTMENTS, EMERGENCIES, TIDAL, FACTS})
    version: int
    area: str

    def ids(self, field: str) -> set[str]:
        return {"*"} if field in ("queue", "window", "kiosk") else super().ids(field)


@dataclass(frozen=True)
class ConfigDrafted(Event):
    """Somebody saved, dropped or published a draft, or took a waiting version back."""

    name = "config.drafted"
    touches = frozenset()
    area: str


@dataclass(frozen=True)
class RulesChanged(Event):
    """Another version of the rules is in force."""

    name = "rules.changed"
    touches = frozenset({ALARMS})
    version: int


@dataclass(frozen=True)
class AppointmentBooked(Event):
    """`at`: the agreed time, ISO 8601 in UTC."""

    name = "appointment.booked"
    touches = frozenset({APPOINTMENTS})
    appointment: int
    queue: str
    at: str

    def ids(self, field: str) -> set[str]:
        # every desk hears of them: which windows serve the queue is the hall's business
        return {"*"} if field == "window" else super().ids(field)


@dataclass(frozen=True)
class AppointmentCancelled(AppointmentBooked):
    name = "appointment.cancelled"


@dataclass(frozen=True)
class AppointmentMissed(AppointmentBooked):
    name = "appointment.missed"


@dataclass(frozen=True)
class AppointmentMoved(AppointmentBooked):
    name = "appointment.moved"
    was: str = ""


@dataclass(frozen=True)
class AppointmentCheckedIn(AppointmentBooked):
    name = "appointment.checked_in"
    ticket: int = 0
    number: str = ""


def _all(base: type[Event]) -> list[type[Event]]:
    return [c for sub in base.__subclasses__() for c in (sub, *_all(sub))]


EVENTS: dict[str, type[Event]] = {cls.name: cls for cls in _all(Event)}


def payload(cls: type[Event]) -> dict[str, str]:
    """Field name -> type, as written in the class: what EVENTS.md and contract.ts are made from."""
    return {f.name: str(f.type) for f in fields(cls)}
