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


QUEUE, WINDOW, CALLS, DAY, RATINGS, DEVICES, SLIPS, APPOINTMENTS = (
    "queue",
    "window",
    "calls",
    "day",
    "ratings",
    "devices",
    "slips",
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


@dataclass(frozen=True)
class TicketHeld(VisitStarted):
    name = "ticket.held"


@dataclass(frozen=True)
class TicketResumed(VisitStarted):
    name = "ticket.resumed"


@dataclass(frozen=True)
class TicketReturned(Event):
    name = "ticket.returned"
    touches = frozenset({QUEUE, DAY, WINDOW})
    ticket: int
    number: str
    queue: str
    window: str | None


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
class TicketCancelled(Event):
    name = "ticket.cancelled"
    touches = frozenset({QUEUE, DAY})
    ticket: int
    number: str
    queue: str


@dataclass(frozen=True)
class WindowOpened(Event):
    name = "window.opened"
    touches = frozenset({WINDOW, QUEUE})
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
class SlipChanged(Event):
    name = "slip.changed"
    touches = frozenset({SLIPS})
    slip: int
    ticket: int
    kiosk: str | None
    state: str
    reason: str
    copy: int


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
    touches = frozenset({DAY, QUEUE, WINDOW, CALLS, RATINGS, SLIPS, APPOINTMENTS})
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
