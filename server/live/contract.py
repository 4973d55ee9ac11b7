"""What goes over the wire: which events each face hears, and with what. The payload types come from
domain.events; `wucha contract` writes EVENTS.md and web/client/events.ts from this table, and a test checks
that they are current."""

from __future__ import annotations

from typing import Any

from server.domain import events as e
from server.settings import HallSettings

_CALLS = {e.TicketCalled.name, e.TicketRecalled.name}
_AT_WINDOW = {
    *_CALLS,
    e.VisitStarted.name,
    e.VisitFinished.name,
    e.TicketNoShow.name,
    e.TicketHeld.name,
    e.TicketResumed.name,
    e.TicketTransferred.name,
    e.TicketReleased.name,
    e.TicketLetGo.name,
    e.DeedUndone.name,
}
_WINDOWS = {e.WindowOpened.name, e.WindowClosed.name, e.WindowPaused.name, e.WindowResumed.name}
_DAYS = {e.DayOpened.name, e.DayClosing.name, e.DayClosed.name}
_APPOINTMENTS = {
    e.AppointmentBooked.name,
    e.AppointmentCancelled.name,
    e.AppointmentMoved.name,
    e.AppointmentCheckedIn.name,
    e.AppointmentMissed.name,
}
_RATINGS = {e.RatingAsked.name, e.RatingGiven.name, e.RatingTimedOut.name, e.RatingWithdrawn.name}
_HELP = {
    *(e.EmergencyRaised.name, e.EmergencyAcknowledged.name, e.EmergencyClosed.name),
    *(e.TidalCleared.name, e.ServiceAdded.name, e.VisitCorrected.name, e.LegAdded.name),
}

# face -> (the events it hears, the field that must be the room's own; "" = all of them)
AUDIENCE: dict[str, tuple[frozenset[str], str]] = {
    "hall": (frozenset({*_CALLS, *_WINDOWS, *_DAYS, e.ConfigChanged.name}), ""),
    "window": (frozenset(_AT_WINDOW | _WINDOWS), "window"),
    "kiosk": (
        frozenset({e.SlipChanged.name, e.PlacementPublished.name, e.ConfigChanged.name}),
        "kiosk",
    ),
    "pad": (frozenset(_RATINGS | _WINDOWS), "window"),
    "clerk": (
        frozenset(
            {*_AT_WINDOW, *_WINDOWS, *_HELP, *_APPOINTMENTS, *_RATINGS, e.ConfigChanged.name}
            - {e.RatingGiven.name}
        ),
        "window",
    ),
    "guide": (frozenset({e.AidChanged.name, e.SlipChanged.name, e.PlacementPublished.name}), ""),
    "manager": (frozenset(e.EVENTS), ""),
}


def heard(face: str, room: str, event: e.Event) -> bool:
    """Does this room of the face hear the event?"""
    names, own = AUDIENCE[face]
    return event.name in names and (not own or not {room, "*"}.isdisjoint(event.ids(own)))


def wire(event: e.Event, settings: HallSettings) -> dict[str, Any]:
    """The event as JSON; a call also says what is spoken and where its voice file is."""
    body = event.wire()
    if isinstance(event, e.TicketCalled):
        body["voice"] = f"/api/voice/{event.call}.wav"
        body["text"] = spoken(event.number, event.window_number, settings, event.window)
    return body


def spoken(number: str, window_number: str, settings: HallSettings, window: str) -> dict[str, str]:
    """The words of an announcement: number and window, never the name of a person. A window whose number is
    a Chinese word is called by its English name in English, where it has one."""
    announce, place = settings.hall.announce, settings.catalogue.windows.get(window)
    english = place.name_en if place and not window_number.isascii() else ""
    return {
        "zh": announce.template_zh.format(ticket=number, window=window_number),
        "en": announce.template_en.format(ticket=number, window=english or window_number),
    }
